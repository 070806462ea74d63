package understand

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"zhidan/internal/desk/form"
	"zhidan/internal/mind/learn"
	"zhidan/internal/mind/nlp"
	"zhidan/internal/mind/starter"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// starters are the models that are made from the shipped texts and a tenant's
// names alone, by signature. They are the same for everybody with these names,
// so the process shares them, and the store keeps them for the next start:
// reading one takes 30 ms, making it more than a second.
var starters = struct {
	sync.Mutex
	kept map[string]*starterModel
	uses int64
}{kept: map[string]*starterModel{}}

// starterModel is a starter, or one that somebody is making: whoever needs the
// same one waits for it, whoever needs another one does not.
type starterModel struct {
	sync.Mutex
	model *learn.Model
	used  int64 // as starters counts uses
}

const maxStarters = 32

// starterKey stands in for the tenant of a starter.
const starterKey = 0

func (m *Mind) starter(ctx context.Context, signature string, make func(ctx context.Context) (*learn.Model, error)) (*learn.Model, error) {
	starters.Lock()
	s := starters.kept[signature]
	if s == nil {
		if len(starters.kept) >= maxStarters {
			delete(starters.kept, slices.MinFunc(slices.Collect(maps.Keys(starters.kept)), func(a, b string) int {
				return cmp.Compare(starters.kept[a].used, starters.kept[b].used)
			}))
		}
		s = &starterModel{}
		starters.kept[signature] = s
	}
	starters.uses++
	s.used = starters.uses
	starters.Unlock()
	s.Lock()
	defer s.Unlock()
	if s.model != nil {
		return s.model, nil
	}
	model, err := m.makeStarter(ctx, signature, make)
	if err == nil {
		s.model = model
	}
	return model, err
}

func (m *Mind) makeStarter(ctx context.Context, signature string, make func(ctx context.Context) (*learn.Model, error)) (*learn.Model, error) {
	var data []byte
	model := &learn.Model{}
	err := m.DB.QueryRow(ctx, `select data from understand_model where tenant_id = $1 and field = $2 and id = 1`, starterKey, signature).Scan(&data)
	if err == nil {
		err = model.UnmarshalBinary(data)
	}
	if err == nil {
		return model, nil
	}
	if model, err = make(ctx); err != nil { // none yet, or one of another version of the program
		return nil, err
	}
	if data, err = model.MarshalBinary(); err != nil {
		return nil, err
	}
	err = m.DB.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error {
		// Names change and leave models behind that nobody asks for again.
		if _, err := tx.Exec(ctx, `delete from understand_model where tenant_id = $1 and created_at < $2`, starterKey, m.Clock.Now().Add(-30*24*time.Hour)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into understand_model (tenant_id, field, id, state, position, examples, figures, data, note, created_by, created_at)
			values ($1, $2, 1, 'starter', 0, 0, '{}', $3, '', null, $4) on conflict (tenant_id, field, id) do update set data = excluded.data`,
			starterKey, signature, data, m.Clock.Now())
		return err
	})
	if err != nil {
		m.Log.Warn("understanding: a starter model could not be kept", "error", err)
	}
	return model, nil
}

// labels are what a field's model may say: the values that are in use, with
// the words by which a tenant calls them.
func labels(field string, catalog *form.Catalog, s *Settings) []learn.Label {
	about := map[string]LabelWords{}
	for _, l := range s.Labels {
		if l.Field == field {
			about[l.Value] = l
		}
	}
	var out []learn.Label
	add := func(value, title, description string) {
		if l, ok := about[value]; ok {
			description = strings.TrimSpace(l.ZH + "\n" + l.EN)
		}
		out = append(out, learn.Label{Name: value, Title: title, Description: description})
	}
	switch field {
	case "type":
		for _, t := range catalog.Types() {
			if t.Retired {
				continue
			}
			description := ""
			for _, l := range starter.Labels() {
				if l.Label == t.Key || l.Under == t.Key {
					description += l.AboutZH + "\n" + l.AboutEN + "\n"
				}
			}
			add(t.Key, t.Name.ZH+" "+t.Name.EN, description)
		}
	case "category":
		parent := map[id.ID]bool{}
		names := map[id.ID]form.Category{}
		for _, c := range catalog.Categories() {
			names[c.ID] = c
			if !c.Retired {
				parent[c.Parent] = true
			}
		}
		for _, c := range catalog.Categories() {
			if c.Retired || parent[c.ID] {
				continue
			}
			zh, en := c.Name.ZH, c.Name.EN
			for p, n := c.Parent, 0; p != 0 && n < 10; n++ {
				zh, en = names[p].Name.ZH+" "+zh, names[p].Name.EN+" "+en
				p = names[p].Parent
			}
			add(c.ID.String(), c.Name.ZH+" "+c.Name.EN, zh+"\n"+en+"\n"+strings.Join(c.Aliases, "\n"))
		}
	case "priority":
		for _, p := range priorities {
			out = append(out, learn.Label{Name: p})
		}
	case "sentiment":
		for step := -2; step <= 2; step++ {
			out = append(out, learn.Label{Name: strconv.Itoa(step)})
		}
	case "risk":
		out = append(out, learn.Label{Name: noRisk})
		for _, kind := range nlp.RiskKinds {
			out = append(out, learn.Label{Name: string(kind)})
		}
	}
	return out
}

// noRisk is what the model of risk says of most texts.
const noRisk = "none"

// balanced tells whether rare labels count like frequent ones: there the rare
// ones are those that matter.
func balanced(field string) bool { return field == "priority" || field == "risk" }

// shippedExamples are the shipped texts for a field, in a fixed random order,
// since the files are grouped by label.
func shippedExamples(field string, catalog *form.Catalog, list []learn.Label) []learn.Example {
	var out []learn.Example
	switch field {
	case "type":
		return starterExamples(catalog)
	case "category": // a tree of names is all there is: each path is one text
		for _, l := range list {
			for part := range strings.SplitSeq(l.Description, "\n") {
				out = append(out, learn.Example{Text: part, Label: l.Name})
			}
		}
		return out
	}
	for _, s := range starter.Signals() {
		e := learn.Example{Text: s.Text}
		switch field {
		case "priority":
			e.Label = s.Priority
		case "sentiment":
			e.Label = strconv.Itoa(s.Sentiment)
		case "risk":
			e.Label = noRisk
			for _, kind := range slices.Backward(nlp.RiskKinds) { // the gravest of several
				if slices.Contains(s.Risk, string(kind)) {
					e.Label = string(kind)
				}
			}
		}
		out = append(out, e)
	}
	if field == "risk" {
		out = append(out, dangerExamples()...)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// dangerExamples teach the model of risk what is a danger among reports of
// faults, and by the texts of types what customers write when nothing is wrong:
// what no cue of the lists touches and is no complaint.
func dangerExamples() []learn.Example {
	var out []learn.Example
	for _, d := range starter.Dangers() {
		e := learn.Example{Text: d.Text, Label: noRisk}
		if d.Danger {
			e.Label = string(nlp.Safety)
		}
		out = append(out, e)
	}
	complaint := map[string]bool{}
	for _, l := range starter.Labels() {
		complaint[l.Label] = l.Under == "complaint"
	}
	for _, e := range starter.Types() {
		if !complaint[e.Label] && len(nlp.Risk(nlp.Prepare(e.Text), nil)) == 0 {
			out = append(out, learn.Example{Text: e.Text, Label: noRisk})
		}
	}
	return out
}

var priorities = []string{"low", "normal", "high", "urgent"}

// starterExamples are the shipped texts in the tenant's own types.
func starterExamples(catalog *form.Catalog) []learn.Example {
	to := map[string]string{}
	for _, l := range starter.Labels() {
		for _, key := range []string{l.Under, l.Label} { // its own type, if the tenant has one, goes before
			if t, ok := catalog.Type(key); ok && !t.Retired {
				to[l.Label] = key
			}
		}
	}
	var out []learn.Example
	for _, e := range starter.Types() {
		if key := to[e.Label]; key != "" {
			out = append(out, learn.Example{Text: e.Text, Label: key})
		}
	}
	return out
}

func signature(field string, list []learn.Label) string {
	h := sha256.New()
	raw, _ := json.Marshal(list) // strings only
	h.Write(raw)
	return field + hex.EncodeToString(h.Sum(nil)[:12])
}

// loadModel gives the model of a field as it should be now, but for the newest
// examples: the active training, or the starter when there is none, with what
// was learned up to the checkpoint. had is what this node has already.
func (m *Mind) loadModel(ctx context.Context, tenant id.ID, field string, catalog *form.Catalog, s *Settings, had fieldModel) (fieldModel, error) {
	if s.Rule(field).Off {
		return fieldModel{}, nil
	}
	list := labels(field, catalog, s)
	f := fieldModel{signature: signature(field, list)}
	var recent string
	err := m.DB.QueryRow(ctx, `select id, position, recent from understand_model where tenant_id = $1 and field = $2 and state = 'active' order by id desc limit 1`,
		tenant, field).Scan(&f.version, &f.trained, &recent)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return f, err
	}
	if had.Model != nil && had.version == f.version && had.signature == f.signature {
		return had, nil // labels as they were
	}
	if len(list) == 0 && f.version == 0 {
		return f, nil
	}
	if f.seen, err = seenOf(recent); err != nil {
		return f, err
	}
	f.position = f.trained
	kept, err := m.checkpoint(ctx, tenant, field, f)
	switch {
	case err != nil:
		return f, err
	case kept.Model != nil:
		f = kept
	case f.version != 0:
		var data []byte
		if err := m.DB.QueryRow(ctx, `select data from understand_model where tenant_id = $1 and field = $2 and id = $3`, tenant, field, f.version).Scan(&data); err != nil {
			return f, err
		}
		f.Model = &learn.Model{}
		if err := f.Model.UnmarshalBinary(data); err != nil {
			return f, fmt.Errorf("understand: model %s of %s, train it anew: %w", f.version, field, err)
		}
	default:
		f.Model, err = m.starter(context.WithoutCancel(ctx), f.signature+"/"+starter.Digest(), func(ctx context.Context) (*learn.Model, error) {
			model, _, err := learn.Train(ctx, shippedExamples(field, catalog, list), learn.Options{Labels: list, Balance: balanced(field), Seed: 1})
			return model, err
		})
		return f, err
	}
	if f.version != 0 {
		f.Model, err = follow(f.Model, list, catalog)
	}
	return f, err
}

// follow lets a stored model speak of what is in use now: what it knows of a
// category that was merged goes to the one that stands for it, what was
// retired is forgotten.
func follow(model *learn.Model, list []learn.Label, catalog *form.Catalog) (*learn.Model, error) {
	used := map[string]bool{}
	for _, l := range list {
		used[l.Name] = true
	}
	for _, l := range model.Labels() {
		if used[l.Name] {
			continue
		}
		to := current(l.Name, catalog)
		var err error
		switch {
		case used[to] && model.Knows(to):
			model, err = model.Merge(l.Name, to)
		case used[to]: // made after the training: it takes the other one's place
			model, err = model.Rename(l.Name, to)
		default:
			model, err = model.Forget(l.Name)
		}
		if err != nil {
			return nil, err
		}
	}
	return model, nil
}

// current is the value that stands for a value now.
func current(value string, catalog *form.Catalog) string {
	if category, err := id.Parse(value); err == nil {
		return catalog.Final(category).String()
	}
	return value
}
