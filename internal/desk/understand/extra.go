package understand

import (
	"context"
	"encoding/json"
	"strings"

	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// registerMore adds the jobs that run after the commit: reading attachments,
// asking language models. It gives the desk the words that they find.
func (m *Mind) registerMore() {
	m.registerAttach()
	m.registerRefine()
	m.registerTend()
	m.registerHang()
	m.registerEarly()
	m.Desk.MoreWords = m.attachWords
	m.Desk.OnErase(m.erase)
}

// registerExtras adds their operations to the API.
func (m *Mind) registerExtras(api *web.API) {
	m.registerLLM(api)
	m.registerImport(api)
}

// extras are what was added to a ticket after its commit, with its source.
// full says that the reader may see personal values.
func (m *Mind) extras(ctx context.Context, tenant, ticket id.ID, full bool) ([]ExtraJSON, error) {
	rows, err := m.extraRows(ctx, tenant, ticket)
	if err != nil {
		return nil, err
	}
	out := []ExtraJSON{}
	for _, e := range rows {
		j := ExtraJSON{Kind: e.kind, Ref: e.ref, At: e.at}
		switch e.kind {
		case extraAttachment:
			if e.name == "" { // no longer of this ticket
				continue
			}
			var f fileText
			err = json.Unmarshal([]byte(e.data), &f)
			j.Name, j.Type, j.Text, j.Cut, j.Code, j.From = e.name, f.Kind, firstRunes(f.Text, attachShown), f.Cut, f.Code, f.Model
			j.Cut = j.Cut || len(j.Text) < len(f.Text)
		case extraSummary, extraTranslation:
			var w wordsData
			err = json.Unmarshal([]byte(e.data), &w)
			j.Ref, j.Name, j.Text, j.To, j.Cut, j.From = 0, w.Title, w.Text, w.To, w.Cut, w.Model
			if len(w.Lines) > 0 {
				j.Text = strings.Join(w.Lines, "\n")
			}
		case extraEntities:
			var d entityData
			err = json.Unmarshal([]byte(e.data), &d)
			j.Ref, j.From = d.Message, d.Model
			if len(d.Entities) == 0 {
				continue
			}
			for _, w := range d.Entities {
				j.Entities = append(j.Entities, w.masked(full))
			}
		}
		if err != nil {
			return nil, err
		}
		out = append(out, j)
	}
	return out, nil
}
