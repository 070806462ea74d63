package customer_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

func TestMergeAndTakeBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		co := must(b.CreateCompany(ctx, a, customer.CompanyChange{Name: ptr("示例电器")}))
		from := must(b.Create(ctx, a, customer.Change{Name: ptr("王小明"), Tier: ptr("vip"), Company: &co.ID, Language: ptr("zh"),
			Tags: &[]string{"a", "b"}, Note: ptr("他的备注"), Fields: map[string]any{"x": "1", "y": "2"}}, []customer.NewIdentity{{Kind: "email", Value: "w@example.com"}}))
		into := resolve(t, b, customer.Contact{Phone: "13800138000"})
		must(b.Update(ctx, a, into.ID, customer.Change{Tags: &[]string{"b", "c"}, Note: ptr("我的备注"), Fields: map[string]any{"y": "9"}}))
		before := must(b.Get(ctx, d, tenant, into.ID))

		undo := must(b.Merge(ctx, a, from.ID, into.ID))
		got := must(b.Get(ctx, d, tenant, into.ID))
		if got.Name != "王小明" || got.Tier != "vip" || got.Company != co.ID || got.Language != "zh" ||
			fmt.Sprint(got.Tags) != "[b c a]" || got.Note != "我的备注\n\n他的备注" || fmt.Sprint(got.Fields) != "map[x:1 y:9]" {
			t.Errorf("%+v", got)
		}
		if c := must(b.Lookup(ctx, d, tenant, "email", "w@example.com")); c.ID != into.ID {
			t.Error("the other's mail address does not lead to the survivor")
		}
		if list := must(b.Identities(ctx, d, tenant, []id.ID{into.ID}))[into.ID]; len(list) != 2 {
			t.Errorf("%+v", list)
		} else if v := must(b.Reveal(ctx, a, into.ID, list[0].ID)); v != "w@example.com" && v != "13800138000" {
			t.Errorf("revealed %q", v)
		}
		if c := resolve(t, b, customer.Contact{ID: from.ID}); c.ID != into.ID {
			t.Error("the merged customer does not resolve to its survivor")
		}
		if c := resolve(t, b, customer.Contact{Email: "w@example.com"}); c.ID != into.ID {
			t.Error("a new mail does not reach the survivor")
		}
		_, err := b.Update(ctx, a, from.ID, customer.Change{Name: ptr("x")})
		refused(t, err, fault.Conflict, "customer.merged", "")
		_, err = b.AddIdentity(ctx, a, from.ID, customer.NewIdentity{Kind: "qq", Value: "1"})
		refused(t, err, fault.Conflict, "customer.merged", "")
		_, err = b.Merge(ctx, a, from.ID, into.ID)
		refused(t, err, fault.Conflict, "customer.merged", "")
		_, err = b.Merge(ctx, a, into.ID, into.ID)
		refused(t, err, fault.Invalid, "same", "into")
		_, err = b.Merge(ctx, a, into.ID, 42)
		refused(t, err, fault.NotFound, "customer.not_found", "")

		// What was changed since stays; the rest goes back.
		must(b.Update(ctx, a, into.ID, customer.Change{Tags: &[]string{"b", "c", "a", "later"}, Language: ptr("en"), Fields: map[string]any{"x": "changed"}}))
		m, err := b.Unmerge(ctx, a, undo)
		if err != nil || m.From != from.ID || m.Into != into.ID {
			t.Fatalf("%+v, %v", m, err)
		}
		got = must(b.Get(ctx, d, tenant, into.ID))
		if got.Name != before.Name || got.Named || got.Tier != "normal" || got.Company != 0 || got.Language != "en" ||
			fmt.Sprint(got.Tags) != "[b c later]" || got.Note != "我的备注" || fmt.Sprint(got.Fields) != "map[x:changed y:9]" {
			t.Errorf("%+v", got)
		}
		got = must(b.Get(ctx, d, tenant, from.ID))
		if got.MergedInto != 0 || got.Name != "王小明" || got.Note != "他的备注" || got.Fields["y"] != "2" {
			t.Errorf("%+v", got)
		}
		if c := must(b.Lookup(ctx, d, tenant, "email", "w@example.com")); c.ID != from.ID {
			t.Error("the mail address did not go back")
		}
		_, err = b.Unmerge(ctx, a, undo)
		refused(t, err, fault.Conflict, "customer.unmerged", "")
		_, err = b.Unmerge(ctx, &staff.Actor{Tenant: 2, Kind: staff.KindSystem}, undo)
		refused(t, err, fault.NotFound, "merge.not_found", "")
		e := must(b.Events(ctx, d, tenant, from.ID, 2))
		if e[0].Name != customer.EventUnmerged || e[1].Name != customer.EventMerged || e[1].Data.Other != into.ID || e[1].Data.Merge != undo {
			t.Errorf("%+v", e)
		}
	})
}

func TestMergesAreTakenBackInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		x, y, z := resolve(t, b, customer.Contact{Name: "x", Phone: "13800138000"}), resolve(t, b, customer.Contact{Name: "y"}), resolve(t, b, customer.Contact{Name: "z"})
		first := must(b.Merge(ctx, a, x.ID, y.ID))
		second := must(b.Merge(ctx, a, y.ID, z.ID))
		_, err := b.Unmerge(ctx, a, first)
		refused(t, err, fault.Conflict, "customer.merged", "")
		if c := must(b.Find(ctx, d, tenant, x.ID)); c.ID != z.ID {
			t.Error("a chain of merges does not lead to its end")
		}
		must(b.Unmerge(ctx, a, second))
		if c := must(b.Lookup(ctx, d, tenant, "phone", "13800138000")); c.ID != y.ID {
			t.Errorf("%+v", c)
		}
		must(b.Unmerge(ctx, a, first))
		if c := must(b.Lookup(ctx, d, tenant, "phone", "13800138000")); c.ID != x.ID {
			t.Errorf("%+v", c)
		}
		// A chain has an end.
		last := resolve(t, b, customer.Contact{Name: "c0"})
		for i := 1; ; i++ {
			next := resolve(t, b, customer.Contact{Name: fmt.Sprint("c", i)})
			if _, err = b.Merge(ctx, a, last.ID, next.ID); err != nil {
				refused(t, err, fault.Conflict, "customer.merge_depth", "")
				break
			}
			if i > 100 {
				t.Fatal("chains of merges have no bound")
			}
			if c := must(b.Find(ctx, d, tenant, last.ID)); c.ID != next.ID {
				t.Fatal("lost in the chain")
			}
			last = next
		}
		must(b.Merge(ctx, a, z.ID, y.ID))
		if err := b.Erase(ctx, a, y.ID); err != nil {
			t.Fatal(err)
		}
		if c := must(b.Get(ctx, d, tenant, z.ID)); !c.Erased || c.Name != "" {
			t.Error("who was merged into an erased customer is still there")
		}
	})
}

// What other rooms keep moves in the same transaction, and back.
func TestHooksMoveWithTheMerge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		fail := false
		var moves []string
		b.OnMerge(func(ctx context.Context, tx *db.Tx, _ *staff.Actor, m customer.Merge, undo bool) error {
			if fail {
				return fmt.Errorf("no")
			}
			if !undo {
				items := make([]id.ID, 250)
				for i := range items {
					items[i] = id.ID(i + 1)
				}
				return customer.Moved(ctx, tx, m, "ticket", items)
			}
			after, n := id.ID(0), 0
			for {
				page, err := customer.MovedItems(ctx, tx, m, "ticket", after, 100)
				if err != nil {
					return err
				}
				if len(page) == 0 {
					moves = append(moves, fmt.Sprint(n))
					return nil
				}
				n, after = n+len(page), page[len(page)-1]
			}
		})
		x, y := resolve(t, b, customer.Contact{Name: "x"}), resolve(t, b, customer.Contact{Name: "y"})
		must(b.Unmerge(ctx, a, must(b.Merge(ctx, a, x.ID, y.ID))))
		if fmt.Sprint(moves) != "[250]" {
			t.Errorf("%v moved back", moves)
		}
		fail = true
		if _, err := b.Merge(ctx, a, x.ID, y.ID); err == nil {
			t.Error("a failing hook did not stop the merge")
		}
		if c := must(b.Get(ctx, d, tenant, x.ID)); c.MergedInto != 0 {
			t.Error("half a merge is left")
		}
	})
}

// model is a simple book: maps instead of tables.
type model struct {
	people  []*person
	owner   map[string]int // address → person
	serial  map[string]int // address → which time it was added
	merges  []*merged
	nextTag int
}

type person struct {
	id   id.ID
	into int // -1: stands alone
	tags []string
}

type merged struct {
	id         id.ID
	from, into int
	moved      map[string]int // address → serial
	tags       []string
	undone     bool
}

func (m *model) root(i int) int {
	for m.people[i].into >= 0 {
		i = m.people[i].into
	}
	return i
}

// Random histories of contacts, edits, merges and un-merges come to the same as
// in the model.
func TestRandomHistories(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d)
		each := id.ID(1000)
		rapid.Check(t, func(rt *rapid.T) {
			each++
			ctx := context.Background()
			a := &staff.Actor{Tenant: each, Kind: staff.KindSystem}
			m := &model{owner: map[string]int{}, serial: map[string]int{}}
			phone := rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("1380013800%d", rapid.IntRange(0, 9).Draw(t, "n")) })
			someone := func() int { return rapid.IntRange(0, len(m.people)-1).Draw(rt, "who") }
			for range rapid.IntRange(5, 30).Draw(rt, "steps") {
				op := rapid.SampledFrom([]string{"contact", "contact", "add", "remove", "tag", "merge", "merge", "unmerge", "unmerge"}).Draw(rt, "op")
				if len(m.people) == 0 {
					op = "contact"
				}
				switch op {
				case "contact":
					p := phone.Draw(rt, "phone")
					c, known, err := b.Resolve(ctx, each, customer.Contact{Name: "n", Phone: p})
					if err != nil {
						rt.Fatal(err)
					}
					who, has := m.owner[p]
					if known != has || has && m.people[who].id != c.ID {
						rt.Fatalf("contact %s: known %v, want %v", p, known, has)
					}
					if !has {
						m.people = append(m.people, &person{id: c.ID, into: -1})
						m.owner[p] = len(m.people) - 1
						m.serial[p]++
					}
				case "add":
					i, p := someone(), phone.Draw(rt, "phone")
					_, err := b.AddIdentity(ctx, a, m.people[i].id, customer.NewIdentity{Kind: "phone", Value: p})
					_, has := m.owner[p]
					if want := !has && m.people[i].into < 0; (err == nil) != want {
						rt.Fatalf("add %s: %v", p, err)
					}
					if err == nil {
						m.owner[p] = i
						m.serial[p]++
					}
				case "remove":
					p := phone.Draw(rt, "phone")
					i, has := m.owner[p]
					if !has {
						continue
					}
					list, err := b.Identities(ctx, d, each, []id.ID{m.people[i].id})
					if err != nil {
						rt.Fatal(err)
					}
					for _, x := range list[m.people[i].id] {
						if x.Display == p[:3]+"****"+p[7:] {
							if err := b.RemoveIdentity(ctx, a, m.people[i].id, x.ID); err != nil {
								rt.Fatal(err)
							}
							delete(m.owner, p)
						}
					}
				case "tag":
					i := someone()
					m.nextTag++
					tags := append(slices.Clone(m.people[i].tags), fmt.Sprint("t", m.nextTag))
					_, err := b.Update(ctx, a, m.people[i].id, customer.Change{Tags: &tags})
					if (err == nil) != (m.people[i].into < 0) {
						rt.Fatal(err)
					}
					if err == nil {
						m.people[i].tags = tags
					}
				case "merge":
					i, j := someone(), someone()
					undo, err := b.Merge(ctx, a, m.people[i].id, m.people[j].id)
					if want := i != j && m.people[i].into < 0 && m.people[j].into < 0; (err == nil) != want {
						rt.Fatalf("merge: %v", err)
					}
					if err != nil {
						continue
					}
					x := &merged{id: undo, from: i, into: j, moved: map[string]int{}}
					for p, o := range m.owner {
						if o == i {
							x.moved[p] = m.serial[p]
							m.owner[p] = j
						}
					}
					x.tags = slices.DeleteFunc(slices.Clone(m.people[i].tags), func(t string) bool { return slices.Contains(m.people[j].tags, t) })
					m.people[j].tags = append(m.people[j].tags, x.tags...)
					m.people[i].into = j
					m.merges = append(m.merges, x)
				case "unmerge":
					if len(m.merges) == 0 {
						continue
					}
					x := m.merges[rapid.IntRange(0, len(m.merges)-1).Draw(rt, "merge")]
					_, err := b.Unmerge(ctx, a, x.id)
					if want := !x.undone && m.people[x.into].into < 0; (err == nil) != want {
						rt.Fatalf("unmerge: %v", err)
					}
					if err != nil {
						continue
					}
					x.undone = true
					m.people[x.from].into = -1
					for p, serial := range x.moved {
						// An address removed and added anew since is the survivor's own.
						if o, has := m.owner[p]; has && o == x.into && m.serial[p] == serial {
							m.owner[p] = x.from
						}
					}
					m.people[x.into].tags = slices.DeleteFunc(m.people[x.into].tags, func(t string) bool { return slices.Contains(x.tags, t) })
				}
			}
			for i, p := range m.people {
				c, err := b.Get(ctx, d, each, p.id)
				if err != nil {
					rt.Fatal(err)
				}
				var into id.ID
				if p.into >= 0 {
					into = m.people[p.into].id
				}
				if c.MergedInto != into || !slices.Equal(c.Tags, p.tags) && len(c.Tags)+len(p.tags) > 0 {
					rt.Fatalf("person %d: merged into %s, tags %v; want %s, %v", i, c.MergedInto, c.Tags, into, p.tags)
				}
				if r, err := b.Find(ctx, d, each, p.id); err != nil || r.ID != m.people[m.root(i)].id {
					rt.Fatalf("person %d resolves to %v, %v", i, r, err)
				}
			}
			all := map[string]int{}
			for n := range 10 {
				p := fmt.Sprintf("1380013800%d", n)
				c, err := b.Lookup(ctx, d, each, "phone", p)
				if err != nil {
					rt.Fatal(err)
				}
				if c != nil {
					all[p] = slices.IndexFunc(m.people, func(x *person) bool { return x.id == c.ID })
				}
			}
			if !maps.Equal(all, m.owner) {
				rt.Fatalf("addresses belong to %v, want %v", all, m.owner)
			}
		})
	})
}
