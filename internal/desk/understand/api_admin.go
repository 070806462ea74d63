package understand

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/learn"
	"zhidan/internal/mind/nlp"
	"zhidan/internal/mind/nlp/entity"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

const (
	mayRead   = string(staff.UnderstandRead)
	mayManage = string(staff.UnderstandManage)
)

// FieldJSON is a field on which the understanding speaks.
type FieldJSON struct {
	Field string `json:"field"`
	Rule
	Learned     bool       `json:"learned" doc:"false: read by rules"`
	Model       *ModelJSON `json:"model,omitempty"`
	Corrections int        `json:"corrections" doc:"learned since the training"`
	Examples    int        `json:"examples" doc:"what people have said, and imports"`
	Ready       bool       `json:"ready"`
}

// ModelJSON is a stored version of a model.
type ModelJSON struct {
	ID        id.ID      `json:"id,omitzero" doc:"absent: the shipped starter"`
	Field     string     `json:"field"`
	State     string     `json:"state" enum:"active,old,rejected"`
	Examples  int        `json:"examples"`
	Labels    int        `json:"labels"`
	Accuracy  float64    `json:"accuracy"`
	MacroF1   float64    `json:"macro_f1"`
	ECE       float64    `json:"ece"`
	Bytes     int        `json:"bytes"`
	CreatedAt clock.Time `json:"created_at,omitzero"`
	CreatedBy id.ID      `json:"created_by,omitzero"`
}

// RunJSON is a training on the wire.
type RunJSON struct {
	ID        id.ID      `json:"id"`
	Field     string     `json:"field"`
	State     string     `json:"state" enum:"waiting,running,done,failed,cancelled"`
	Done      int        `json:"done"`
	Total     int        `json:"total"`
	Report    *RunReport `json:"report,omitempty"`
	Error     string     `json:"error,omitempty"`
	Code      string     `json:"error_code,omitempty" doc:"such as training.too_few"`
	Model     id.ID      `json:"model_id,omitzero"`
	Promoted  bool       `json:"promoted"`
	StartedBy id.ID      `json:"started_by,omitzero"`
	StartedAt clock.Time `json:"started_at"`
	EndedAt   clock.Time `json:"ended_at,omitzero"`
}

func (r *Run) wire() RunJSON {
	return RunJSON{r.ID, r.Field, r.State, r.Done, r.Total, r.Report, r.Error, r.Code, r.Model, r.Promoted, r.StartedBy, r.StartedAt, r.EndedAt}
}

// RiskListJSON is one list of cues.
type RiskListJSON struct {
	Kind string        `json:"kind"`
	Cues []RiskCueJSON `json:"cues" maxItems:"5000"`
}

// RiskCueJSON is one cue: shipped, or the tenant's own.
type RiskCueJSON struct {
	Text     string `json:"text" minLength:"1" maxLength:"64"`
	Severity int    `json:"severity" minimum:"1" maximum:"3"`
	Own      bool   `json:"own,omitempty"`
	Off      bool   `json:"off,omitempty" doc:"a shipped cue that this tenant does not want"`
}

func riskWire(e nlp.RiskEdits) []RiskListJSON {
	out := []RiskListJSON{}
	for _, kind := range append(slices.Clone(nlp.RiskKinds), "none") {
		l := RiskListJSON{Kind: string(kind), Cues: []RiskCueJSON{}}
		for _, c := range e.Add {
			if c.Kind == kind {
				l.Cues = append(l.Cues, RiskCueJSON{Text: c.Text, Severity: c.Severity, Own: true})
			}
		}
		for _, c := range nlp.ShippedRiskCues() {
			if c.Kind != kind || slices.ContainsFunc(e.Add, func(o nlp.RiskCue) bool { return o.Kind == kind && o.Text == c.Text }) {
				continue
			}
			off := slices.ContainsFunc(e.Remove, func(o nlp.RiskCue) bool { return o.Text == c.Text && (o.Kind == kind || o.Kind == "") })
			l.Cues = append(l.Cues, RiskCueJSON{Text: c.Text, Severity: c.Severity, Off: off})
		}
		out = append(out, l)
	}
	return out
}

// riskEdits are what the lists of a screen change in the shipped ones.
func riskEdits(lists []RiskListJSON) (e nlp.RiskEdits) {
	type key struct {
		kind nlp.RiskKind
		text string
	}
	shipped := map[key]int{}
	for _, c := range nlp.ShippedRiskCues() {
		shipped[key{c.Kind, c.Text}] = c.Severity
	}
	for _, l := range lists {
		for _, c := range l.Cues {
			x := nlp.RiskCue{Kind: nlp.RiskKind(l.Kind), Text: c.Text, Severity: c.Severity}
			severity, known := shipped[key{x.Kind, x.Text}]
			switch {
			case known && c.Off:
				e.Remove = append(e.Remove, x)
			case !known || severity != c.Severity:
				e.Add = append(e.Add, x)
			}
		}
	}
	return e
}

func (m *Mind) registerSettings(api *web.API) {
	type overviewOut struct {
		Body struct {
			Fields        []FieldJSON `json:"fields"`
			LanguageModel struct {
				Configured bool `json:"configured"`
				On         bool `json:"on"`
			} `json:"language_model"`
			Retrain Retraining `json:"retrain" doc:"when fields are trained anew by themselves"`
			Memory  int        `json:"memory_bytes" doc:"of the models of this tenant on this node"`
			Version int64      `json:"version"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding", ID: "understanding", Summary: "How tickets are understood", Permission: mayRead, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*overviewOut, error) {
			a := actor(ctx)
			r, err := m.resident(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			out := &overviewOut{}
			for _, field := range Fields {
				j := FieldJSON{Field: field, Rule: r.settings.Rule(field), Learned: slices.Contains(Learned, field), Ready: true}
				if j.Learned {
					f := r.models[field]
					j.Ready = f.Model != nil
					if err := m.DB.QueryRow(ctx, `select count(*) from understand_example where tenant_id = $1 and field = $2`, a.Tenant, field).Scan(&j.Examples); err != nil {
						return nil, err
					}
					if f.Model != nil {
						j.Corrections = f.Corrections()
						out.Body.Memory += f.Bytes()
						j.Model = &ModelJSON{Field: field, State: "active", Labels: len(f.Labels()), Bytes: f.Bytes()}
						if f.version != 0 {
							list, err := m.modelList(ctx, a.Tenant, field)
							if err != nil {
								return nil, err
							}
							for _, x := range list {
								if x.ID == f.version {
									j.Model = &x
								}
							}
						}
					}
				}
				out.Body.Fields = append(out.Body.Fields, j)
			}
			out.Body.LanguageModel.Configured, out.Body.LanguageModel.On = m.languageModel(ctx, a.Tenant)
			out.Body.Retrain, out.Body.Version = r.settings.Retraining(), r.settings.Version
			return out, nil
		})

	type retrainOut struct{ Body Retraining }
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/understanding/retraining", ID: "understanding-retraining", Summary: "Say when fields are trained anew by themselves", Permission: mayManage, Tags: tags},
		func(ctx context.Context, in *struct{ Body Retraining }) (*retrainOut, error) {
			s, err := m.Change(ctx, actor(ctx).Tenant, -1, func(s *Settings) error {
				s.Retrain = &in.Body
				return nil
			})
			if err != nil {
				return nil, err
			}
			return &retrainOut{s.Retraining()}, nil
		})

	type ruleIn struct {
		Field string `path:"field"`
		Body  Rule
	}
	type ruleOut struct{ Body Rule }
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/understanding/fields/{field}", ID: "understanding-field", Summary: "Say when a field is set and when suggested", Permission: mayManage, Tags: tags},
		func(ctx context.Context, in *ruleIn) (*ruleOut, error) {
			s, err := m.Change(ctx, actor(ctx).Tenant, -1, func(s *Settings) error {
				s.Fields[in.Field] = in.Body
				return nil
			})
			if err != nil {
				return nil, err
			}
			return &ruleOut{s.Rule(in.Field)}, nil
		})

	type risk struct {
		Lists   []RiskListJSON `json:"lists" maxItems:"7"`
		Version int64          `json:"version"`
	}
	type riskOut struct{ Body risk }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding/risk-lists", ID: "understanding-risk", Summary: "The cues of risk", Permission: mayRead, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*riskOut, error) {
			s, err := m.Settings(ctx, actor(ctx).Tenant)
			if err != nil {
				return nil, err
			}
			return &riskOut{risk{riskWire(s.Risk), s.Version}}, nil
		})
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/understanding/risk-lists", ID: "understanding-risk-set", Summary: "Change the cues of risk", Permission: mayManage, Tags: tags, MaxBody: 2 << 20},
		func(ctx context.Context, in *struct{ Body risk }) (*riskOut, error) {
			s, err := m.Change(ctx, actor(ctx).Tenant, in.Body.Version, func(s *Settings) error {
				s.Risk = riskEdits(in.Body.Lists)
				return nil
			})
			if err != nil {
				return nil, err
			}
			return &riskOut{risk{riskWire(s.Risk), s.Version}}, nil
		})

	type patterns struct {
		Patterns []Pattern `json:"patterns" maxItems:"100"`
		Version  int64     `json:"version"`
	}
	type patternsOut struct{ Body patterns }
	patternsWire := func(s *Settings) *patternsOut {
		list := s.Patterns
		if list == nil {
			list = []Pattern{}
		}
		return &patternsOut{patterns{list, s.Version}}
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding/patterns", ID: "understanding-patterns", Summary: "The tenant's own numbers", Permission: mayRead, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*patternsOut, error) {
			s, err := m.Settings(ctx, actor(ctx).Tenant)
			if err != nil {
				return nil, err
			}
			return patternsWire(s), nil
		})
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/understanding/patterns", ID: "understanding-patterns-set", Summary: "Change the tenant's own numbers", Permission: mayManage, Tags: tags},
		func(ctx context.Context, in *struct{ Body patterns }) (*patternsOut, error) {
			s, err := m.Change(ctx, actor(ctx).Tenant, in.Body.Version, func(s *Settings) error {
				s.Patterns = in.Body.Patterns
				return checkPatterns(s.Patterns)
			})
			if err != nil {
				return nil, err
			}
			return patternsWire(s), nil
		})
	type learnIn struct {
		Body struct {
			Examples []string `json:"examples" minItems:"1" maxItems:"50"`
			Counter  []string `json:"counter,omitempty" maxItems:"50"`
		}
	}
	type learnOut struct {
		Body struct {
			Pattern entity.Pattern `json:"pattern"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/understanding/patterns/learn", ID: "understanding-pattern-learn", Summary: "Learn a pattern from examples", Permission: mayManage, Tags: tags},
		func(ctx context.Context, in *learnIn) (*learnOut, error) {
			p, err := entity.Learn(in.Body.Examples, in.Body.Counter...)
			out := &learnOut{}
			out.Body.Pattern = p
			return out, err
		})

	type words struct {
		Labels  []LabelWords `json:"labels" maxItems:"4000"`
		Version int64        `json:"version"`
	}
	type wordsOut struct{ Body words }
	wordsWire := func(s *Settings) *wordsOut {
		list := s.Labels
		if list == nil {
			list = []LabelWords{}
		}
		return &wordsOut{words{list, s.Version}}
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding/descriptions", ID: "understanding-descriptions", Summary: "What types and categories mean", Permission: mayRead, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*wordsOut, error) {
			s, err := m.Settings(ctx, actor(ctx).Tenant)
			if err != nil {
				return nil, err
			}
			return wordsWire(s), nil
		})
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/understanding/descriptions", ID: "understanding-descriptions-set", Summary: "Say what types and categories mean", Permission: mayManage, Tags: tags, MaxBody: 4 << 20},
		func(ctx context.Context, in *struct{ Body words }) (*wordsOut, error) {
			s, err := m.Change(ctx, actor(ctx).Tenant, in.Body.Version, func(s *Settings) error {
				s.Labels = in.Body.Labels
				return nil
			})
			if err != nil {
				return nil, err
			}
			return wordsWire(s), nil
		})

	type playIn struct {
		Body struct {
			Subject string `json:"subject,omitempty" maxLength:"300"`
			Text    string `json:"text" minLength:"1" maxLength:"100000"`
		}
	}
	type playOut struct {
		Body struct {
			ReadingJSON
			Decisions []ticket.Decision `json:"decisions"`
			Timings   []Timing          `json:"timings"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/understanding/read", ID: "understanding-read", Summary: "See what would be understood of a text", Permission: mayRead, Tags: tags},
		func(ctx context.Context, in *playIn) (*playOut, error) {
			a := actor(ctx)
			r, err := m.resident(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			catalog, err := m.Forms.Get(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			x := r.read(Text{Subject: in.Body.Subject, Body: in.Body.Text, Now: m.Clock.Now()}, true)
			out := &playOut{}
			out.Body.ReadingJSON, out.Body.Timings = x.wire(true), x.Timings
			out.Body.Decisions = r.decisions(x, &ticket.Ticket{Tenant: a.Tenant, Priority: ticket.Normal}, nil, catalog, m.Clock.Now())
			quote(out.Body.Decisions, in.Body.Subject, in.Body.Text)
			return out, nil
		})
}

// quote fills in the words of the evidence.
func quote(list []ticket.Decision, subject, body string) {
	texts := map[string][]rune{"subject": []rune(subject), "body": []rune(body)}
	for i := range list {
		for k := range list[i].Evidence {
			e := &list[i].Evidence[k]
			if r := texts[e.In]; e.Start >= 0 && e.Start < e.End && e.End <= len(r) {
				e.Text = string(r[e.Start:e.End])
			}
		}
	}
}

func (m *Mind) modelList(ctx context.Context, tenant id.ID, field string) ([]ModelJSON, error) {
	rows, err := m.DB.Query(ctx, `select id, field, state, examples, figures, coalesce(created_by, 0), created_at from understand_model
		where tenant_id = $1 and ($2 = '' or field = $2) order by id desc limit 100`, tenant, field)
	return db.Each(rows, err, func(r *sql.Rows) (ModelJSON, error) {
		var j ModelJSON
		var figures string
		var f modelFigures
		err := r.Scan(&j.ID, &j.Field, &j.State, &j.Examples, &figures, &j.CreatedBy, &j.CreatedAt)
		if err == nil {
			err = json.Unmarshal([]byte(figures), &f)
		}
		j.Accuracy, j.MacroF1, j.ECE, j.Labels, j.Bytes = f.Accuracy, f.MacroF1, f.ECE, f.Labels, f.Bytes
		return j, err
	})
}

// ExampleJSON is a labelled text on the wire.
type ExampleJSON struct {
	ID     id.ID         `json:"id"`
	Label  string        `json:"label"`
	Source string        `json:"source" enum:"correction,import"`
	Ticket *ticket.Brief `json:"ticket,omitempty"`
	Text   string        `json:"text"`
	At     clock.Time    `json:"at"`
}

// MaxImport is how many examples one call brings.
const MaxImport = 5000

func (m *Mind) registerModels(api *web.API) {
	type fieldIn struct {
		Field string `query:"field" enum:"type,category,priority"`
	}
	type modelsOut struct{ Body web.List[ModelJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding/models", ID: "understanding-models", Summary: "Versions of the models", Permission: mayRead, Tags: tags},
		func(ctx context.Context, in *fieldIn) (*modelsOut, error) {
			list, err := m.modelList(ctx, actor(ctx).Tenant, in.Field)
			return &modelsOut{web.List[ModelJSON]{Items: append([]ModelJSON{}, list...)}}, err // none is an empty list, not null
		})
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/understanding/models/{id}/activate", ID: "understanding-model-activate", Summary: "Bring a version back", Permission: mayManage, Tags: tags},
		func(ctx context.Context, in *TicketID) (*struct{}, error) {
			return nil, m.Activate(ctx, actor(ctx).Tenant, in.ID.ID)
		})
	type trainIn struct {
		Body struct {
			Field string `json:"field" enum:"type,category,priority"`
		}
	}
	type runOut struct{ Body RunJSON }
	run := func(r *Run, err error) (*runOut, error) {
		if err != nil {
			return nil, err
		}
		return &runOut{r.wire()}, nil
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/understanding/runs", ID: "understanding-train", Summary: "Train a field anew", Permission: mayManage, Tags: tags, Status: http.StatusAccepted},
		func(ctx context.Context, in *trainIn) (*runOut, error) {
			return run(m.Train(ctx, actor(ctx), in.Body.Field))
		})
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding/runs/{id}", ID: "understanding-run", Summary: "How a training went", Permission: mayRead, Tags: tags},
		func(ctx context.Context, in *TicketID) (*runOut, error) {
			return run(m.Run(ctx, actor(ctx).Tenant, in.ID.ID))
		})
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/understanding/runs/{id}/cancel", ID: "understanding-run-cancel", Summary: "Stop a training", Permission: mayManage, Tags: tags},
		func(ctx context.Context, in *TicketID) (*runOut, error) {
			return run(m.CancelRun(ctx, actor(ctx).Tenant, in.ID.ID))
		})
	type runsOut struct{ Body web.List[RunJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding/runs", ID: "understanding-runs", Summary: "Trainings", Permission: mayRead, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*runsOut, error) {
			list, err := m.Runs(ctx, actor(ctx).Tenant)
			out := &runsOut{web.List[RunJSON]{Items: []RunJSON{}}}
			for _, r := range list {
				out.Body.Items = append(out.Body.Items, r.wire())
			}
			return out, err
		})
	type cellIn struct {
		ID        web.ID `path:"id"`
		Actual    string `query:"actual" required:"true" maxLength:"64"`
		Predicted string `query:"predicted" required:"true" maxLength:"64"`
	}
	type briefsOut struct{ Body web.List[ticket.Brief] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding/runs/{id}/cell", ID: "understanding-run-cell", Summary: "The tickets behind a cell of the confusion matrix", Permission: mayRead, Tags: tags},
		func(ctx context.Context, in *cellIn) (*briefsOut, error) {
			a := actor(ctx)
			ids, err := m.cell(ctx, a.Tenant, in.ID.ID, in.Actual, in.Predicted)
			if err != nil {
				return nil, err
			}
			list, err := m.Desk.Briefs(ctx, a, ids)
			return &briefsOut{web.List[ticket.Brief]{Items: list}}, err
		})

	type examplesIn struct {
		web.Page
		Field string `query:"field" required:"true" enum:"type,category,priority"`
	}
	type examplesOut struct{ Body web.List[ExampleJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding/examples", ID: "understanding-examples", Summary: "What a field was taught", Permission: mayManage, Tags: tags},
		func(ctx context.Context, in *examplesIn) (*examplesOut, error) {
			a := actor(ctx)
			var after id.ID
			if _, err := web.ParseCursor(in.Cursor, &after); err != nil {
				return nil, err
			}
			list, err := m.examples(ctx, a.Tenant, in.Field, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			var ids []id.ID
			for _, e := range list {
				ids = append(ids, e.Ticket)
			}
			briefs, err := m.briefs(ctx, a, ids)
			if err != nil {
				return nil, err
			}
			rows := []ExampleJSON{}
			for _, e := range list {
				j := ExampleJSON{ID: e.ID, Label: e.Label, Source: e.Source, Text: cut(e.Text, 300), At: clock.Time(e.At)}
				if b, ok := briefs[e.Ticket]; ok {
					j.Ticket = &b
					if b.Subject == "" { // out of the reader's reach
						j.Text = ""
					}
				}
				rows = append(rows, j)
			}
			return &examplesOut{web.Cut(rows, in.Limit, func(e ExampleJSON) id.ID { return e.ID })}, nil
		})
	type addIn struct {
		Body struct {
			Field string          `json:"field" enum:"type,category,priority"`
			Items []learn.Example `json:"items" minItems:"1" maxItems:"5000"`
		}
	}
	type addOut struct {
		Body struct {
			Added  int           `json:"added"`
			Errors []ProblemJSON `json:"errors"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/understanding/examples", ID: "understanding-example-add", Summary: "Teach labelled texts", Permission: mayManage, Tags: tags, MaxBody: 32 << 20},
		func(ctx context.Context, in *addIn) (*addOut, error) {
			got, err := m.teach(ctx, actor(ctx).Tenant, in.Body.Field, in.Body.Items, false)
			if err != nil {
				return nil, err
			}
			out := &addOut{}
			out.Body.Added, out.Body.Errors = got.Added, got.Problems
			return out, nil
		})
	type deleteIn struct {
		ID    web.ID `path:"id"`
		Field string `query:"field" required:"true" enum:"type,category,priority"`
	}
	web.Register(api, web.Op{Method: http.MethodDelete, Path: "/understanding/examples/{id}", ID: "understanding-example-delete", Summary: "Take an example out of the next training", Permission: mayManage, Tags: tags},
		func(ctx context.Context, in *deleteIn) (*struct{}, error) {
			return nil, m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				n, err := tx.Exec(ctx, `delete from understand_example where tenant_id = $1 and field = $2 and id = $3`, actor(ctx).Tenant, in.Field, in.ID.ID)
				if err == nil && n == 0 {
					return fault.Missing("example")
				}
				return err
			})
		})
}

func (m *Mind) briefs(ctx context.Context, a *staff.Actor, ids []id.ID) (map[id.ID]ticket.Brief, error) {
	list, err := m.Desk.Briefs(ctx, a, ids)
	out := map[id.ID]ticket.Brief{}
	for _, b := range list {
		out[b.ID] = b
	}
	return out, err
}

func cut(s string, runes int) string {
	if r := []rune(s); len(r) > runes {
		return string(r[:runes]) + "…"
	}
	return s
}
