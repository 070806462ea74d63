package staff

import (
	"context"
	"slices"
	"strings"
	"testing"
)

func TestReach(t *testing.T) {
	a := &Actor{Kind: KindStaff, ID: 1, Teams: nil, Departments: nil, Grants: Grants{}}
	a.Teams = append(a.Teams, 10)
	a.Departments = append(a.Departments, 20, 21)
	for s, want := range map[Scope][4]bool{ // own, team's, department's, foreign
		ScopeNone: {}, ScopeOwn: {true}, ScopeTeam: {true, true}, ScopeDepartment: {true, true, true}, ScopeAll: {true, true, true, true},
	} {
		a.Grants[TicketRead] = s
		got := [4]bool{a.In(TicketRead, 1, 0, 0), a.In(TicketRead, 2, 10, 99), a.In(TicketRead, 2, 99, 21), a.In(TicketRead, 2, 99, 99)}
		if got != want {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
		if a.Reach(TicketRead).Nothing() != (s == ScopeNone) {
			t.Errorf("%s: nothing is wrong", s)
		}
		if a.In(TicketRead, 0, 0, 0) != (s == ScopeAll) {
			t.Errorf("%s: what belongs to nobody", s)
		}
	}
	if s := System(1); !s.In(TicketRead, 0, 0, 0) || !s.covers(Grants{RoleManage: ScopeAll}) {
		t.Error("the system may not do all")
	}
}

func TestCatalogueIsWhole(t *testing.T) {
	seen := map[Permission]bool{}
	for _, e := range Catalogue {
		if seen[e.Name] || e.ZH == "" || e.EN == "" || e.Group == "" {
			t.Errorf("entry %+v", e)
		}
		seen[e.Name] = true
	}
	for _, r := range shipped() {
		if got, err := r.grants.Check(); err != nil || len(got) != len(r.grants) {
			t.Errorf("role %s: %v", r.key, err)
		}
	}
}

func TestScopeText(t *testing.T) {
	for s := ScopeNone; s <= ScopeAll; s++ {
		var back Scope
		if err := back.UnmarshalText([]byte(s.String())); err != nil || back != s {
			t.Errorf("%s: %v %v", s, back, err)
		}
	}
}

func TestPasswords(t *testing.T) {
	h := newHasher()
	ctx := context.Background()
	stored, err := h.hash(ctx, "correct horse battery")
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatal(stored, err)
	}
	for password, want := range map[string]bool{"correct horse battery": true, "correct horse batterz": false, "": false} {
		if got, err := h.verify(ctx, password, stored); got != want || err != nil {
			t.Errorf("%q: %v %v", password, got, err)
		}
	}
	if got, err := h.verify(ctx, "", ""); got || err != nil {
		t.Error("no password is a password")
	}
	if _, err := h.verify(ctx, "x", "$argon2id$v=19$m=99999999,t=2,p=1$AA$AA"); err == nil {
		t.Error("a hash that takes all memory is computed")
	}
	// An account that is not there costs as much as one that is: the same hash
	// with the same settings is computed, whatever comes of it.
	cost := func(stored string) (settings []uint32) {
		derive := h.derive
		defer func() { h.derive = derive }()
		h.derive = func(password, salt []byte, time, memory uint32, threads uint8, length uint32) []byte {
			settings = append(settings, uint32(len(password)), uint32(len(salt)), time, memory, uint32(threads), length)
			return derive(password, salt, time, memory, threads, length)
		}
		h.verify(ctx, "wrong password", stored)
		return settings
	}
	if known, unknown := cost(stored), cost(""); len(known) == 0 || !slices.Equal(known, unknown) {
		t.Errorf("known %v, unknown %v", known, unknown)
	}
}

// However many sign in, only a few hashes take memory at once.
func TestHashingIsBounded(t *testing.T) {
	h := newHasher()
	var leaves []func()
	for range cap(h.slots) {
		leave, err := h.enter(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.enter(ctx); err == nil {
		t.Error("one too many runs")
	}
	for _, leave := range leaves {
		leave()
	}
	leave, err := h.enter(context.Background())
	if err != nil {
		t.Fatal("a slot was lost")
	}
	leave()
	if len(h.slots) != 0 || len(h.line) != 0 {
		t.Error("places are not given back")
	}
}

func FuzzParseCredential(f *testing.F) {
	s, _ := newSecret(tokenPrefix, 123456)
	for _, seed := range []string{s, "zdt__", "zdt_zz_", "zds_1_" + strings.Repeat("A", 43), ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, token := range []bool{true, false} {
			if c, ok := parseCredential(s, token); ok && (c.tenant <= 0 || len(s) > 100) {
				t.Errorf("%q gives %+v", s, c)
			}
		}
	})
}
