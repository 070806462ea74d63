package understand

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/mind/llm"
	"zhidan/internal/mind/nlp/entity"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// ProviderJSON is a provider on the wire. Its key goes in and never comes out.
type ProviderJSON struct {
	Name        string  `json:"name" minLength:"1" maxLength:"60"`
	Kind        string  `json:"kind" enum:"openai,anthropic"`
	BaseURL     string  `json:"base_url" minLength:"1" maxLength:"2048" doc:"with /v1 for openai, the host for anthropic"`
	KeySet      bool    `json:"key_set,omitempty" readOnly:"true"`
	Key         *string `json:"key,omitempty" writeOnly:"true" maxLength:"2000" doc:"absent keeps the key, empty takes it away"`
	Model       string  `json:"model" minLength:"1" maxLength:"200"`
	Region      string  `json:"region" enum:"home,abroad"`
	PriceIn     int64   `json:"price_in,omitempty" minimum:"0" maximum:"10000000000" doc:"millionths of the currency for 1,000 tokens"`
	PriceOut    int64   `json:"price_out,omitempty" minimum:"0" maximum:"10000000000"`
	PriceMinute int64   `json:"price_minute,omitempty" minimum:"0" maximum:"10000000000" doc:"of audio"`
	Images      bool    `json:"images,omitempty" doc:"the model sees images"`
	Audio       bool    `json:"audio,omitempty" doc:"the model transcribes"`
	Structured  string  `json:"structured,omitempty" enum:"schema,json,tool,prompt" doc:"how it is asked for JSON; absent: what most servers of its kind understand"`
}

// LanguageModelsJSON are the settings on the wire.
type LanguageModelsJSON struct {
	On          bool                `json:"on"`
	Providers   []ProviderJSON      `json:"providers" maxItems:"20"`
	Tasks       map[string][]string `json:"tasks,omitempty" doc:"classify, entities, title_summary, translate, vision, transcribe: names of providers in the order in which they are asked"`
	AllowAbroad bool                `json:"allow_abroad,omitempty" doc:"words of customers may leave the country"`
	DailyBudget int64               `json:"daily_budget_micros" minimum:"0" doc:"millionths of the currency; 0 allows what costs nothing"`
	DailyCalls  int64               `json:"daily_calls,omitempty" minimum:"0" maximum:"10000000" doc:"0: 20,000"`
	TaskBudgets map[string]int64    `json:"task_budgets,omitempty"`
	Version     int64               `json:"version"`
}

func (s *LanguageModels) wire() LanguageModelsJSON {
	j := LanguageModelsJSON{s.On, []ProviderJSON{}, s.Tasks, s.AllowAbroad, s.DailyBudget, s.DailyCalls, s.TaskBudgets, s.Version}
	for _, p := range s.Providers {
		j.Providers = append(j.Providers, ProviderJSON{p.Name, p.Kind, p.BaseURL, len(p.Key) > 0, nil, p.Model, p.Region, p.PriceIn, p.PriceOut, p.PriceMinute, p.Images, p.Audio, p.Structured})
	}
	if j.Tasks == nil {
		j.Tasks = map[string][]string{}
	}
	if j.TaskBudgets == nil {
		j.TaskBudgets = map[string]int64{}
	}
	return j
}

func (j LanguageModelsJSON) settings() (s LanguageModels, keys map[string]string) {
	s = LanguageModels{On: j.On, Tasks: j.Tasks, AllowAbroad: j.AllowAbroad, DailyBudget: j.DailyBudget, DailyCalls: j.DailyCalls, TaskBudgets: j.TaskBudgets, Version: j.Version}
	keys = map[string]string{}
	for _, p := range j.Providers {
		s.Providers = append(s.Providers, LLMProvider{Name: p.Name, Kind: p.Kind, BaseURL: p.BaseURL, Model: p.Model, Region: p.Region,
			PriceIn: p.PriceIn, PriceOut: p.PriceOut, PriceMinute: p.PriceMinute, Images: p.Images, Audio: p.Audio, Structured: p.Structured})
		if p.Key != nil {
			keys[p.Name] = *p.Key
		}
	}
	return s, keys
}

// masked hides a personal value from a reader who may not see it.
func (e EntityJSON) masked(full bool) EntityJSON {
	if t := entity.Type(e.Type); personal[t] && !full {
		e.Text, e.Value, e.Parts = maskText(t, e.Text), maskText(t, e.Value), nil
	}
	return e
}

func (m *Mind) registerLLM(api *web.API) {
	type out struct{ Body LanguageModelsJSON }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding/llm", ID: "understanding-llm", Summary: "Language models", Permission: mayManage, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*out, error) {
			s, err := m.LanguageModels(ctx, actor(ctx).Tenant)
			if err != nil {
				return nil, err
			}
			return &out{s.wire()}, nil
		})
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/understanding/llm", ID: "understanding-llm-set", Summary: "Say who may be asked what, and at what cost", Permission: mayManage, Tags: tags, SecretIn: true},
		func(ctx context.Context, in *struct{ Body LanguageModelsJSON }) (*out, error) {
			next, keys := in.Body.settings()
			s, err := m.SetLanguageModels(ctx, actor(ctx).Tenant, next, keys)
			if err != nil {
				return nil, err
			}
			return &out{s.wire()}, nil
		})

	type testIn struct {
		Body struct {
			Provider string `json:"provider" minLength:"1" maxLength:"60"`
		}
	}
	type testOut struct {
		Body struct {
			OK      bool   `json:"ok"`
			Latency int64  `json:"latency_ms"`
			Code    string `json:"code,omitempty"`
			Error   string `json:"error,omitempty"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/understanding/llm/test", ID: "understanding-llm-test", Summary: "Say hello to a provider", Permission: mayManage, Tags: tags},
		func(ctx context.Context, in *testIn) (*testOut, error) {
			began := time.Now()
			err := m.hello(ctx, actor(ctx).Tenant, in.Body.Provider)
			o := &testOut{}
			o.Body.OK, o.Body.Latency = err == nil, time.Since(began).Milliseconds()
			var f *fault.Error
			if err != nil && (!errors.As(err, &f) || f.Kind == fault.NotFound) {
				return nil, err
			}
			if err != nil {
				o.Body.Code, o.Body.Error = f.Code, f.Message
			}
			return o, nil
		})

	type callsOut struct{ Body web.List[Call] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding/llm/calls", ID: "understanding-llm-calls", Summary: "What language models were asked", Permission: mayManage, Tags: tags},
		func(ctx context.Context, in *web.Page) (*callsOut, error) {
			before := id.ID(1<<63 - 1)
			if _, err := web.ParseCursor(in.Cursor, &before); err != nil {
				return nil, err
			}
			list, err := m.Calls(ctx, actor(ctx).Tenant, before, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return &callsOut{web.Cut(list, in.Limit, func(c Call) id.ID { return c.ID })}, nil
		})

	type translateIn struct {
		ID   web.ID `path:"id"`
		Body struct {
			To string `json:"to" pattern:"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$" maxLength:"35" doc:"BCP 47"`
		}
	}
	type translateOut struct {
		Body struct {
			To    string `json:"to"`
			Title string `json:"title"`
			Text  string `json:"text"`
			Cut   bool   `json:"truncated,omitempty"`
			Model string `json:"model"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets/{id}/translate", ID: "ticket-translate", Summary: "Translate what a ticket was opened with", Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *translateIn) (*translateOut, error) {
			t, err := m.Desk.Get(ctx, actor(ctx), in.ID.ID)
			if err != nil {
				return nil, err
			}
			d, err := m.Translate(ctx, t, in.Body.To)
			if err != nil {
				return nil, err
			}
			o := &translateOut{}
			o.Body.To, o.Body.Title, o.Body.Text, o.Body.Cut, o.Body.Model = d.To, d.Title, d.Text, d.Cut, d.Model
			return o, nil
		})
}

// hello asks a provider for a word, whether models are on or not: nothing of a
// customer is in it.
func (m *Mind) hello(ctx context.Context, tenant id.ID, provider string) error {
	if m.HTTP == nil {
		return llm.ErrNoTask
	}
	t, err := m.readModels(ctx, tenant)
	if err != nil {
		return err
	}
	for i, p := range t.settings.Providers {
		if p.Name != provider {
			continue
		}
		c, err := m.client(ctx, tenant, t.settings, &t.settings.Providers[i])
		if err != nil {
			return err
		}
		_, err = c.Do(ctx, llm.Request{Tenant: tenant, Task: taskTest, System: "Answer with the word: ok", Parts: []llm.Part{llm.Text("Hello")}})
		return err
	}
	return fault.Missing("provider")
}

// Calls lists what was asked, newest first.
func (m *Mind) Calls(ctx context.Context, tenant, before id.ID, limit int) ([]Call, error) {
	rows, err := m.DB.Query(ctx, fmt.Sprintf(`select id, at, task, provider, model, prompt_hash, tokens_in, tokens_out, cost_micro, latency_ms, outcome from understand_call
		where tenant_id = $1 and id < $2 order by id desc limit %d`, limit), tenant, before)
	return db.Each(rows, err, func(r *sql.Rows) (Call, error) {
		var c Call
		return c, r.Scan(&c.ID, &c.At, &c.Task, &c.Provider, &c.Model, &c.Prompt, &c.TokensIn, &c.TokensOut, &c.Cost, &c.Latency, &c.Outcome)
	})
}
