package secret_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/secret"
)

const noon = clock.Time(1_795_000_000_000)

var ids = id.NewSource(1, nil)

func open(t testing.TB, d *db.DB, c secret.Config) *secret.Vault {
	t.Helper()
	v, err := tryOpen(t, d, c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func tryOpen(t testing.TB, d *db.DB, c secret.Config) (*secret.Vault, error) {
	t.Helper()
	c.DB, c.IDs = d, ids
	if c.MasterFile == "" && c.MasterKey.Reveal() == "" {
		c.MasterFile = filepath.Join(t.TempDir(), "master.key")
	}
	return secret.Open(t.Context(), c)
}

func tenant(t testing.TB, v *secret.Vault, tenant id.ID) *secret.Tenant {
	t.Helper()
	k, err := v.Tenant(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestSealedValuesOpenOnlyWhereTheyBelong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := open(t, d, secret.Config{})
		a, b := tenant(t, v, 1), tenant(t, v, 2)
		plain := []byte("13800138000")
		sealed := must(a.Seal("phone:7", plain))
		if bytes.Contains(sealed, plain) {
			t.Fatal("the sealed value shows the plain one")
		}
		if got := must(a.Open("phone:7", sealed)); !bytes.Equal(got, plain) {
			t.Fatalf("got %q", got)
		}
		if _, err := a.Open("phone:8", sealed); err != secret.ErrSealed {
			t.Errorf("other purpose: %v", err)
		}
		if _, err := b.Open("phone:7", sealed); err != secret.ErrSealed {
			t.Errorf("other tenant: %v", err)
		}
		for bit := range len(sealed) * 8 {
			bad := bytes.Clone(sealed)
			bad[bit/8] ^= 1 << (bit % 8)
			if got, err := a.Open("phone:7", bad); err != secret.ErrSealed {
				t.Fatalf("bit %d flipped: %q, %v", bit, got, err)
			}
		}
		for n := range sealed {
			if _, err := a.Open("phone:7", sealed[:n]); err != secret.ErrSealed {
				t.Fatalf("cut to %d bytes: %v", n, err)
			}
		}
		if bytes.Equal(sealed, must(a.Seal("phone:7", plain))) {
			t.Error("sealing twice gives the same bytes")
		}
	})
}

func TestBlindIndexAndCommitment(t *testing.T) {
	v := open(t, dbtest.SQLite(t), secret.Config{})
	a, b := tenant(t, v, 1), tenant(t, v, 2)
	x := must(a.Blind("phone", "+8613800138000"))
	if len(x) != secret.BlindSize || !bytes.Equal(x, must(a.Blind("phone", "+8613800138000"))) {
		t.Error("a blind index is not repeatable")
	}
	for _, other := range [][]byte{
		must(b.Blind("phone", "+8613800138000")),
		must(a.Blind("whatsapp", "+8613800138000")),
		must(a.Blind("phone", "+8613800138001")),
	} {
		if bytes.Equal(x, other) {
			t.Error("different things have one blind index")
		}
	}
	c := must(a.Commitment("张伟"))
	if c != must(a.Commitment("张伟")) || c == must(b.Commitment("张伟")) || c == must(a.Commitment("张炜")) {
		t.Error("commitments must be equal for equal values of one tenant only")
	}
	if enc := base64.RawURLEncoding.EncodeToString(must(a.Blind("", "张伟"))); enc == c {
		t.Error("a commitment can be matched with a blind index")
	}
}

func TestRotationSealsAnewAndStillOpensOld(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		file := filepath.Join(t.TempDir(), "master.key")
		v := open(t, d, secret.Config{MasterFile: file})
		other := open(t, d, secret.Config{MasterFile: file}) // a second node
		k, k2 := tenant(t, v, 1), tenant(t, other, 1)
		old := must(k.Seal("x", []byte("old")))
		oldToken := must(k.Sign("p", "o", nil, 0))
		blind := must(k.Blind("phone", "1"))
		for _, p := range []string{secret.PurposeField, secret.PurposeSign} {
			if err := v.Rotate(t.Context(), 1, p); err != nil {
				t.Fatal(err)
			}
		}
		fresh := must(k.Seal("x", []byte("fresh")))
		freshToken := must(k.Sign("p", "o", nil, 0))
		if bytes.Equal(old[:5], fresh[:5]) {
			t.Error("the old key still seals after a rotation")
		}
		restarted := tenant(t, open(t, d, secret.Config{MasterFile: file}), 1)
		for name, k := range map[string]*secret.Tenant{"this node": k, "other node": k2, "restarted": restarted} {
			if got, err := k.Open("x", old); err != nil || string(got) != "old" {
				t.Errorf("%s: old value: %q, %v", name, got, err)
			}
			if got, err := k.Open("x", fresh); err != nil || string(got) != "fresh" {
				t.Errorf("%s: fresh value: %q, %v", name, got, err)
			}
			for _, tok := range []string{oldToken, freshToken} {
				if _, err := k.Verify("p", "o", tok); err != nil {
					t.Errorf("%s: token: %v", name, err)
				}
			}
			if !bytes.Equal(blind, must(k.Blind("phone", "1"))) {
				t.Errorf("%s: the blind index changed", name)
			}
		}
		if err := v.Rotate(t.Context(), 1, secret.PurposeBlind); fault.KindOf(err) != fault.Invalid {
			t.Errorf("rotating the blind key would lose every look-up, but: %v", err)
		}
	})
}

func TestNodesThatStartAtOnceShareTheKeys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		file := filepath.Join(t.TempDir(), "master.key")
		const n = 8
		var blinds, sealed [n][]byte
		var vaults [n]*secret.Vault
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				v, err := secret.Open(context.Background(), secret.Config{DB: d, IDs: ids, MasterFile: file})
				if err != nil {
					t.Error(err)
					return
				}
				k, err := v.Tenant(context.Background(), 9)
				if err != nil {
					t.Error(err)
					return
				}
				vaults[i], blinds[i], sealed[i] = v, must(k.Blind("phone", "1")), must(k.Seal("p", []byte("v")))
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		for i := range n {
			if !bytes.Equal(blinds[0], blinds[i]) {
				t.Error("two nodes have different blind keys")
			}
			if _, err := tenant(t, vaults[n-1-i], 9).Open("p", sealed[i]); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestMasterKeyIsCheckedAtStart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		file := filepath.Join(dir, "master.key")
		sealed := must(tenant(t, open(t, d, secret.Config{MasterFile: file}), 1).Seal("p", []byte("v")))
		st, err := os.Stat(file)
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Fatalf("master key file: %v, %v", st.Mode(), err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, ".master-*")); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
		if got, err := tenant(t, open(t, d, secret.Config{MasterFile: file}), 1).Open("p", sealed); err != nil || string(got) != "v" {
			t.Fatalf("after a restart: %q, %v", got, err)
		}
		text := string(must(os.ReadFile(file)))

		for name, c := range map[string]struct{ content, say string }{
			"missing": {"", "missing"},
			"wrong":   {strings.Repeat("ab", 32), "wrong master key"},
			"empty":   {"# nothing\n", "holds no master key"},
			"garbage": {"hello", "32 random bytes"},
		} {
			other := filepath.Join(t.TempDir(), "master.key")
			if c.content != "" {
				if err := os.WriteFile(other, []byte(c.content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := tryOpen(t, d, secret.Config{MasterFile: other})
			if err == nil || !strings.Contains(err.Error(), c.say) {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := os.Stat(other); name == "missing" && err == nil {
				t.Error("a new master key was made for a store that was sealed with another")
			}
		}
		// The same key from the environment, without a file.
		key := strings.TrimSpace(text[strings.LastIndex(strings.TrimSpace(text), "\n"):])
		v := open(t, d, secret.Config{MasterKey: secret.NewText(key)})
		if _, err := tenant(t, v, 1).Open("p", sealed); err != nil {
			t.Error(err)
		}
		// Change of the master key: both, rewrap, then the new one alone.
		fresh := strings.Repeat("cd", 32)
		v = open(t, d, secret.Config{MasterKey: secret.NewText(fresh + "," + key)})
		if n, err := v.Rewrap(t.Context()); err != nil || n != 5 {
			t.Errorf("rewrapped %d, %v", n, err)
		}
		if n, err := v.Rewrap(t.Context()); err != nil || n != 0 {
			t.Errorf("rewrapped again %d, %v", n, err)
		}
		v = open(t, d, secret.Config{MasterKey: secret.NewText(fresh)})
		if _, err := tenant(t, v, 1).Open("p", sealed); err != nil {
			t.Error(err)
		}
		if _, err := tryOpen(t, d, secret.Config{MasterFile: file}); err == nil {
			t.Error("the old master key still opens the store")
		}
	})
}

func TestKeyRowOfAnotherTenantIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		file := filepath.Join(t.TempDir(), "master.key")
		tenant(t, open(t, d, secret.Config{MasterFile: file}), 1)
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `update secret_key set tenant_id = 2 where tenant_id = 1`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, d, secret.Config{MasterFile: file}).Tenant(t.Context(), 2); err == nil {
			t.Error("keys moved to another tenant still open")
		}
	})
}

func TestOwnerKeys(t *testing.T) {
	v := open(t, dbtest.SQLite(t), secret.Config{OwnerCache: 8})
	k := tenant(t, v, 1)
	wrapped, o, err := k.NewOwner(50)
	if err != nil {
		t.Fatal(err)
	}
	sealed := must(o.Seal("note", []byte("钥匙在门垫下")))
	back := must(k.Owner(50, wrapped))
	if got := must(back.Open("note", sealed)); string(got) != "钥匙在门垫下" {
		t.Errorf("got %q", got)
	}
	if _, err := k.Owner(51, wrapped); err != secret.ErrSealed {
		t.Errorf("an owner's key opened for another owner: %v", err)
	}
	if _, err := tenant(t, v, 2).Owner(50, wrapped); err != secret.ErrSealed {
		t.Errorf("an owner's key opened for another tenant: %v", err)
	}
	// Erased: the row holds no key any more, so what was cached is of no use.
	if _, err := k.Owner(50, nil); err != secret.ErrSealed {
		t.Errorf("an erased key still opens: %v", err)
	}
	if err := v.Rotate(t.Context(), 1, secret.PurposeField); err != nil {
		t.Fatal(err)
	}
	k.ForgetOwner(50)
	if _, err := must(k.Owner(50, wrapped)).Open("note", sealed); err != nil {
		t.Errorf("after a rotation of the tenant's key: %v", err)
	}
	for i := range id.ID(100) {
		w, _, err := k.NewOwner(100 + i)
		if err != nil {
			t.Fatal(err)
		}
		must(k.Owner(100+i, w))
	}
	if n := v.CachedOwners(); n != 8 {
		t.Errorf("%d opened keys are kept, the bound is 8", n)
	}
}

func TestTokens(t *testing.T) {
	now := clock.At(noon)
	v := open(t, dbtest.SQLite(t), secret.Config{Clock: now})
	k := tenant(t, v, 1)
	tok := must(k.Sign("reply", "ticket:1", []byte("12345678"), noon.Add(time.Hour)))
	if len(tok) > 53 || tok != strings.ToLower(tok) || strings.ContainsAny(tok, "+/=_-") {
		t.Errorf("not fit for a mail address: %q", tok)
	}
	for _, form := range []string{tok, strings.ToUpper(tok)} {
		if got, err := k.Verify("reply", "ticket:1", form); err != nil || string(got) != "12345678" {
			t.Errorf("%q, %v", got, err)
		}
	}
	refused := func(name string, k *secret.Tenant, purpose, object, tok string) {
		t.Helper()
		if _, err := k.Verify(purpose, object, tok); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused("other tenant", tenant(t, v, 2), "reply", "ticket:1", tok)
	refused("other purpose", k, "attachment", "ticket:1", tok)
	refused("other object", k, "reply", "ticket:2", tok)
	refused("parts moved", k, "replyticket", ":1", tok)
	refused("empty", k, "reply", "ticket:1", "")
	refused("huge", k, "reply", "ticket:1", strings.Repeat("0", 1<<20))
	for i := range tok {
		for _, c := range "0v1" {
			if bad := tok[:i] + string(c) + tok[i+1:]; bad != tok {
				refused(fmt.Sprintf("character %d changed", i), k, "reply", "ticket:1", bad)
			}
		}
	}
	now.Set(noon.Add(time.Hour))
	refused("expired", k, "reply", "ticket:1", tok)
	if _, err := k.Verify("reply", "ticket:1", must(k.Sign("reply", "ticket:1", nil, 0))); err != nil {
		t.Errorf("without expiry: %v", err)
	}
	if _, err := k.Sign("reply", "", make([]byte, secret.MaxTokenPayload+1), 0); fault.KindOf(err) != fault.Invalid {
		t.Errorf("too large a payload: %v", err)
	}
}

func TestTextRedactsItself(t *testing.T) {
	const canary = "canary-hunter2"
	type nested struct {
		Password secret.Text
		P        *secret.Text
	}
	s := secret.NewText(canary)
	n := nested{s, &s}
	var log bytes.Buffer
	l := slog.New(slog.NewJSONHandler(&log, nil))
	l.Info("x", "s", s, "n", n, "p", &s)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "s", s, "n", n)
	out := log.String() + fmt.Sprintf("%v %+v %#v %s %q %x %d", s, n, n, n, s, s, n) + string(must(json.Marshal(n)))
	if strings.Contains(out, canary) || strings.Contains(out, fmt.Sprintf("%x", canary)) {
		t.Errorf("a secret shows: %s", out)
	}
	if !strings.Contains(out, "[redacted]") {
		t.Errorf("nothing says that something is hidden: %s", out)
	}
	var in secret.Text
	if err := json.Unmarshal([]byte(`"`+canary+`"`), &in); err != nil || in.Reveal() != canary {
		t.Errorf("%q, %v", in.Reveal(), err)
	}
}

func TestNothingPlainInTheDatabaseFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "master.key")
	url := dbtest.SQLiteURL(t)
	d := dbtest.Open(t, url)
	k := tenant(t, open(t, d, secret.Config{MasterFile: file}), 1)
	const canary = "canary-13912345678"
	sealed := must(k.Seal("p", []byte(canary)))
	err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into secret_key (tenant_id, id, purpose, wrapped, created_at) values (77, 1, 'canary-row', $1, 0)`, sealed)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSpace(string(must(os.ReadFile(file))))
	master := must(base64.StdEncoding.DecodeString(text[strings.LastIndex(text, "\n")+1:]))
	found := false
	files, _ := filepath.Glob(strings.TrimPrefix(url, "sqlite:") + "*") // with the write-ahead log
	for _, name := range files {
		raw := must(os.ReadFile(name))
		if bytes.Contains(raw, []byte(canary)) {
			t.Errorf("%s holds the plain value", name)
		}
		if bytes.Contains(raw, master) {
			t.Errorf("%s holds the master key", name)
		}
		found = found || bytes.Contains(raw, []byte("canary-row"))
	}
	if !found {
		t.Error("the row itself was not found: this test looks at the wrong files")
	}
}

func benchTenant(b *testing.B) *secret.Tenant {
	return tenant(b, open(b, dbtest.SQLite(b), secret.Config{}), 1)
}

func BenchmarkSeal(b *testing.B) {
	k, plain := benchTenant(b), []byte("+8613800138000")
	for b.Loop() {
		must(k.Seal("identity:phone", plain))
	}
}

func BenchmarkOpen(b *testing.B) {
	k := benchTenant(b)
	sealed := must(k.Seal("identity:phone", []byte("+8613800138000")))
	for b.Loop() {
		must(k.Open("identity:phone", sealed))
	}
}

func BenchmarkBlind(b *testing.B) {
	k := benchTenant(b)
	for b.Loop() {
		must(k.Blind("phone", "+8613800138000"))
	}
}

func BenchmarkNewOwnerAndSeal(b *testing.B) {
	k, plain := benchTenant(b), []byte("+8613800138000")
	for b.Loop() {
		_, o, err := k.NewOwner(5)
		if err != nil {
			b.Fatal(err)
		}
		must(o.Seal("identity:phone", plain))
	}
}

func BenchmarkVerify(b *testing.B) {
	k := benchTenant(b)
	tok := must(k.Sign("reply", "ticket:1", []byte("12345678"), 0))
	for b.Loop() {
		must(k.Verify("reply", "ticket:1", tok))
	}
}
