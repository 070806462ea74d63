package understand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/learn"
	"zhidan/internal/mind/llm"
	"zhidan/internal/mind/nlp/entity"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

const kindRefine = "understand.refine"

type refineJob struct {
	Media   bool  `json:"media,omitempty"`      // images and recordings, not the words
	Message id.ID `json:"message_id,omitempty"` // a later message of the customer; none: the first
}

// Bounds of what a model is asked.
const (
	refineRunes  = 8_000 // of a message
	refineLabels = 300   // values of a field to choose from
	summaryFrom  = 120   // runes below which a text is its own summary
	mediaBytes   = 10 << 20
	mediaLeast   = 4 << 10 // an inline image below it is a logo or a smiley
	refineTries  = 4
)

func (m *Mind) registerRefine() {
	m.Jobs.Handle(job.Kind{Name: kindRefine, Concurrency: 4, MaxAttempts: 8, Timeout: 10 * time.Minute, Backoff: 10 * time.Second}, func(ctx context.Context, jobs []job.Job) error {
		j := jobs[0]
		of, err := id.Parse(j.Key)
		if err != nil {
			return err
		}
		var in refineJob
		if err := json.Unmarshal(j.Payload, &in); err != nil {
			return err
		}
		if in.Media {
			err = m.media(ctx, j.Tenant, of)
		} else {
			err = m.refine(ctx, j.Tenant, of, in.Message)
		}
		if ctx.Err() != nil {
			return err
		}
		// A ticket waits for no model: after a few tries it stays as it is, and
		// the calls say why.
		if err != nil && isLLM(err) && (!temporary(err) || j.Attempt+1 >= refineTries) {
			return nil
		}
		return err
	})
}

func isLLM(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && strings.HasPrefix(f.Code, "llm.")
}

// refinement is what the steps of a refinement share.
type refinement struct {
	m       *Mind
	ticket  *ticket.Ticket
	words   ticket.FirstWords
	subject string
	body    string
	first   string // what the customer wrote first, when the body is a later message
	in      string // "body", or "subject" when there is nothing else
	read    *Reading
	spans   map[string][]llm.Span // personal values, by "subject", "body" and "first"
	now     *resident
}

// refine asks for what the tenant's own models were unsure of and what they do
// not do well, each for those tasks that were given to somebody. What comes
// back is a suggestion at most: the words that were asked about are a
// stranger's, and a model may do what they say.
func (m *Mind) refine(ctx context.Context, tenant, of, message id.ID) error {
	list, err := m.Desk.Load(ctx, tenant, []id.ID{of})
	if err != nil || len(list) == 0 || list[0].MergedInto != 0 {
		return err
	}
	x := &refinement{m: m, ticket: list[0], in: "body"}
	words, err := m.Desk.FirstWords(ctx, tenant, []id.ID{of})
	if err != nil {
		return err
	}
	x.words = words[of]
	if message != 0 && message == x.words.Message {
		return nil // its birth has ordered that
	}
	x.subject, x.body = x.words.Subject, firstRunes(x.words.Text, refineRunes)
	if message != 0 {
		later, err := m.Desk.CustomerWords(ctx, tenant, of, message)
		if err != nil || later == "" {
			return err
		}
		x.first, x.body, x.words.Message = firstRunes(x.body, refineRunes/4), firstRunes(later, refineRunes), message
	}
	if x.body == "" {
		x.body, x.subject, x.in = x.subject, "", "subject"
	}
	if x.now, err = m.resident(ctx, tenant); err != nil {
		return err
	}
	x.read = x.now.read(Text{Subject: x.subject, Body: x.body, Now: x.ticket.CreatedAt}, true)
	if err := x.mark(ctx); err != nil {
		return err
	}
	have, err := m.extraRows(ctx, tenant, of)
	if err != nil {
		return err
	}
	done := func(kind string) bool {
		return slices.ContainsFunc(have, func(e extra) bool { return e.kind == kind && e.ref == message })
	}
	// One task that fails does not keep the others from being done.
	var failed error
	step := func(task llm.Task, wanted bool, fn func(c *llm.Client) error) {
		if c := m.can(ctx, tenant, task); wanted && c != nil && ctx.Err() == nil {
			if err := fn(c); err != nil && (failed == nil || temporary(err)) {
				failed = err
			}
		}
	}
	step(llm.TaskClassify, true, func(c *llm.Client) error { return x.classify(ctx, c) })
	step(llm.TaskEntities, !done(extraEntities), func(c *llm.Client) error { return x.entities(ctx, c, message) })
	step(llm.TaskTitleSummary, message == 0 && !done(extraSummary) && utf8.RuneCountInString(x.body) >= summaryFrom, func(c *llm.Client) error { return x.summary(ctx, c) })
	return failed
}

func firstRunes(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// mark finds the personal values in the words, the customer's name among them.
func (x *refinement) mark(ctx context.Context) error {
	names, err := x.m.namesOf(ctx, x.ticket)
	x.spans = map[string][]llm.Span{"subject": x.now.personal(x.subject, names), "body": x.now.personal(x.body, names), "first": x.now.personal(x.first, names)}
	return err
}

// namesOf are the names of the customer as they may stand in the words.
func (m *Mind) namesOf(ctx context.Context, t *ticket.Ticket) ([]string, error) {
	if t.Requester == 0 {
		return nil, nil
	}
	names, err := m.Customers.Names(ctx, m.DB, t.Tenant, []id.ID{t.Requester})
	return []string{names[t.Requester].Name}, err
}

// personal are the places of a text that are kept back from a language model.
func (r *resident) personal(text string, names []string) []llm.Span {
	var out []llm.Span
	for _, e := range entity.Extract(text, entity.Options{Patterns: r.patterns}) {
		if personal[e.Type] || e.Type == entity.Person {
			out = append(out, llm.Span{Start: e.Start, End: e.End, Kind: string(e.Type)})
		}
	}
	for _, name := range names {
		n := utf8.RuneCountInString(name)
		if n < 2 {
			continue
		}
		at, rest := 0, text
		for len(out) < 2000 {
			i := strings.Index(rest, name)
			if i < 0 {
				break
			}
			at += utf8.RuneCountInString(rest[:i])
			out = append(out, llm.Span{Start: at, End: at + n, Kind: string(entity.Person)})
			at += n
			rest = rest[i+len(name):]
		}
	}
	return out[:min(len(out), 2000)]
}

// parts are the customer's words as a model gets them.
func (x *refinement) parts() (out []llm.Part) {
	if x.subject != "" {
		out = append(out, llm.Text("Subject of the message:"), llm.Untrusted(x.subject, x.spans["subject"]...))
	}
	if x.first != "" {
		out = append(out, llm.Text("What the customer wrote before:"), llm.Untrusted(x.first, x.spans["first"]...))
	}
	return append(out, llm.Text("The message:"), llm.Untrusted(x.body, x.spans["body"]...))
}

func (x *refinement) ask(ctx context.Context, c *llm.Client, task llm.Task, system string, schema, into any, more ...llm.Part) (from string, err error) {
	return ask(ctx, c, x.ticket.Tenant, task, system, schema, into, append(more, x.parts()...)...)
}

// ask puts a question with a structured answer and tells who answered.
func ask(ctx context.Context, c *llm.Client, tenant id.ID, task llm.Task, system string, schema, into any, parts ...llm.Part) (from string, err error) {
	raw, err := json.Marshal(schema)
	if err != nil {
		return "", err
	}
	resp, err := c.Do(ctx, llm.Request{Tenant: tenant, Task: task, System: system, Schema: raw, Parts: parts})
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(resp.JSON, into); err != nil {
		return "", llm.ErrInvalid
	}
	return modelMark(resp), nil
}

// modelMark is how a language model signs.
func modelMark(r llm.Response) string { return cut("llm/"+r.Provider+"/"+r.Model, 120) }

type object = map[string]any

func object1(properties object) object {
	var required []string
	for name := range properties {
		required = append(required, name)
	}
	slices.Sort(required)
	return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

func text1(longest int) object { return object{"type": "string", "maxLength": longest} }

// classify asks about type and category where the tenant's own model only
// suggests, or says nothing.
func (x *refinement) classify(ctx context.Context, c *llm.Client) error {
	t, m := x.ticket, x.m
	catalog, err := m.Forms.Get(ctx, t.Tenant)
	if err != nil {
		return err
	}
	decisions, err := m.Desk.Decisions(ctx, t.Tenant, t.ID)
	if err != nil {
		return err
	}
	var b strings.Builder
	properties := object{}
	choices := map[string][]learn.Label{}
	for _, field := range []string{"type", "category"} {
		i := slices.IndexFunc(decisions, func(d ticket.Decision) bool { return d.Field == field })
		switch {
		case x.now.settings.Rule(field).Off:
			continue
		case i >= 0 && (decisions[i].State != ticket.DecisionSuggested || x.first == "" && byLanguageModel(decisions[i])):
			continue
		case i < 0 && (field == "type" || m.Desk.Value(t, field) != ""):
			continue
		}
		list := x.choices(field, labels(field, catalog, x.now.settings))
		if len(list) < 2 {
			continue
		}
		choices[field] = list
		codes := []string{"none"}
		fmt.Fprintf(&b, "Values of %s:\n", field)
		for n, l := range list {
			codes = append(codes, strconv.Itoa(n+1))
			fmt.Fprintf(&b, "%d = %s", n+1, strings.TrimSpace(l.Title))
			if about := strings.Join(strings.Fields(l.Description), " "); about != "" && field == "type" {
				b.WriteString(": " + firstRunes(about, 160))
			} else if about != "" {
				b.WriteString(": " + firstRunes(about, 60))
			}
			b.WriteByte('\n')
		}
		properties[field] = object1(object{
			"value":  object{"type": "string", "enum": codes},
			"sure":   object{"type": "string", "enum": []string{"certain", "likely", "unsure"}},
			"quotes": object{"type": "array", "maxItems": 3, "items": text1(80)},
		})
	}
	if len(choices) == 0 {
		return nil
	}
	type choice struct {
		Value  string   `json:"value"`
		Sure   string   `json:"sure"`
		Quotes []string `json:"quotes"`
	}
	var answer map[string]choice
	from, err := x.ask(ctx, c, llm.TaskClassify, "You sort messages of customers for a service desk. Choose for each field the number of the value that fits what the customer wants, or none. "+
		"Say how sure you are, and quote up to three short pieces of the message, exactly as written, that count.", object1(properties), &answer, llm.Text(b.String()))
	if err != nil {
		return err
	}
	var out []ticket.Decision
	for _, field := range []string{"type", "category"} {
		a := answer[field]
		n, err := strconv.Atoi(a.Value)
		if err != nil || n < 1 || n > len(choices[field]) {
			continue
		}
		value := choices[field][n-1].Name
		rule := x.now.settings.Rule(field)
		d := ticket.Decision{Field: field, Value: value, State: ticket.DecisionSuggested, Confidence: map[string]float64{"certain": .6, "likely": .5, "unsure": .3}[a.Sure],
			Reason: "language model", Model: from, At: m.Clock.Now(), Before: m.Desk.Value(t, field), Evidence: x.evidence(a.Quotes)}
		i := slices.IndexFunc(decisions, func(d ticket.Decision) bool { return d.Field == field })
		if i >= 0 {
			old := decisions[i]
			if old.Value == value && byLanguageModel(old) { // it has said so before
				d.Confidence, d.Runners = max(d.Confidence, old.Confidence), old.Runners
			} else if old.Value == value { // two that do not know of each other agree
				d.Confidence = max(d.Confidence, old.Confidence) + .15
				d.Runners = old.Runners
			} else {
				if d.Confidence <= old.Confidence && a.Sure == "unsure" {
					continue
				}
				d.Runners = []ticket.Scored{{Value: old.Value, Confidence: old.Confidence}}
			}
		} else if a.Sure == "unsure" {
			continue
		}
		// It stays below what would be set: that is for models whose confidence
		// was measured.
		d.Confidence = round(min(d.Confidence, rule.Threshold*.99))
		out = append(out, d)
	}
	if len(out) == 0 {
		return nil
	}
	return m.Desk.Decide(ctx, t.Tenant, t.ID, out)
}

func byLanguageModel(d ticket.Decision) bool { return strings.HasPrefix(d.Model, "llm/") }

// choices are the values to choose from: all, or those that the tenant's model
// and the words speak for when there are too many.
func (x *refinement) choices(field string, list []learn.Label) []learn.Label {
	if len(list) <= refineLabels {
		return list
	}
	likely := map[string]bool{x.read.Fields[field].Label: true}
	for _, r := range x.read.Fields[field].Runners {
		likely[r.Label] = true
	}
	words := strings.ToLower(x.subject + "\n" + x.body)
	rank := func(l learn.Label) int {
		n := 0
		if likely[l.Name] {
			n += 1000
		}
		for _, w := range strings.Fields(strings.ToLower(l.Title)) {
			if strings.Contains(words, w) {
				n += utf8.RuneCountInString(w)
			}
		}
		return n
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b learn.Label) int { return rank(b) - rank(a) })
	return list[:refineLabels]
}

// evidence are the quotes that really stand in the words.
func (x *refinement) evidence(quotes []string) (out []ticket.Evidence) {
	for _, q := range quotes {
		if start, end, in, ok := x.place(q); ok {
			e := ticket.Evidence{In: in, Start: start, End: end}
			if in == "body" {
				e.Message = x.words.Message
			}
			out = append(out, e)
		}
	}
	for i := range out {
		out[i].Weight = 1 / float32(len(out))
	}
	return out
}

// place finds a quote in runes.
func (x *refinement) place(q string) (start, end int, in string, ok bool) {
	if q = strings.TrimSpace(q); q == "" {
		return 0, 0, "", false
	}
	for _, p := range []struct{ in, text string }{{x.in, x.body}, {"subject", x.subject}} {
		if i := strings.Index(p.text, q); i >= 0 {
			start = utf8.RuneCountInString(p.text[:i])
			return start, start + utf8.RuneCountInString(q), p.in, true
		}
	}
	return 0, 0, "", false
}

// entityData is what a language model found beyond the rules.
type entityData struct {
	Entities []EntityJSON `json:"entities"`
	Message  id.ID        `json:"message_id,omitzero"`
	Model    string       `json:"model"`
}

var entityTypes = []entity.Type{entity.Person, entity.Company, entity.Phone, entity.Email, entity.Address, entity.Order, entity.Tracking, entity.Serial, entity.Model,
	entity.Amount, entity.Date, entity.Time, entity.Duration, entity.Error, entity.Quantity, entity.Plate}

// entities asks for what the rules have missed. Only what stands in the words
// is taken, and only where the rules found nothing.
func (x *refinement) entities(ctx context.Context, c *llm.Client, ref id.ID) error {
	var answer struct {
		Entities []struct {
			Type entity.Type `json:"type"`
			Text string      `json:"text"`
		} `json:"entities"`
	}
	from, err := x.ask(ctx, c, llm.TaskEntities, "List the things that the customer names in the message: people, companies, addresses, order and tracking numbers, serial numbers, product models, amounts, dates, quantities and the like. "+
		"Give each exactly as written. Leave out what is not there.",
		object1(object{"entities": object{"type": "array", "maxItems": 50, "items": object1(object{"type": object{"type": "string", "enum": entityTypes}, "text": text1(200)})}}), &answer)
	if err != nil {
		return err
	}
	data := entityData{Entities: []EntityJSON{}, Message: x.words.Message, Model: from}
	taken := func(in string, start, end int) bool {
		for _, e := range x.read.Entities {
			if e.In == in && start < e.End && e.Start < end {
				return true
			}
		}
		return slices.ContainsFunc(data.Entities, func(e EntityJSON) bool { return e.In == in && start < e.End && e.Start < end })
	}
	for _, a := range answer.Entities {
		start, end, in, ok := x.place(a.Text)
		if !ok || taken(in, start, end) {
			continue
		}
		w := EntityJSON{Type: string(a.Type), In: in, Start: start, End: end, Text: strings.TrimSpace(a.Text), Value: strings.TrimSpace(a.Text), Confidence: .6, Why: "language model"}
		for _, e := range entity.Extract(w.Text, entity.Options{Now: x.ticket.CreatedAt, Zone: x.now.zone}) {
			if e.Type == a.Type {
				w.Value, w.Parts, w.From, w.To = e.Value, e.Parts, e.From, e.To
				break
			}
		}
		data.Entities = append(data.Entities, w)
	}
	return x.m.keepExtra(ctx, x.ticket.Tenant, x.ticket.ID, extraEntities, ref, data)
}

// wordsData is a text that a language model wrote.
type wordsData struct {
	Title string   `json:"title,omitempty"`
	Lines []string `json:"lines,omitempty"`
	Text  string   `json:"text,omitempty"`
	To    string   `json:"to,omitempty"`
	Cut   bool     `json:"cut,omitempty"`
	Model string   `json:"model"`
}

func (x *refinement) summary(ctx context.Context, c *llm.Client) error {
	var a struct {
		Title   string   `json:"title"`
		Summary []string `json:"summary"`
	}
	from, err := x.ask(ctx, c, llm.TaskTitleSummary, "Give the message a title of at most 12 words and sum it up in one to three short sentences, in the language of the message. Say only what it says.",
		object1(object{"title": text1(120), "summary": object{"type": "array", "maxItems": 3, "items": text1(300)}}), &a)
	if err != nil {
		return err
	}
	return x.m.keepExtra(ctx, x.ticket.Tenant, x.ticket.ID, extraSummary, 0, wordsData{Title: a.Title, Lines: a.Summary, Model: from})
}

// Translate gives a ticket's first words in another language; what was
// translated before is given again.
func (m *Mind) Translate(ctx context.Context, t *ticket.Ticket, to string) (wordsData, error) {
	ref := translationRef(to)
	have, err := m.extrasOf(ctx, t.Tenant, t.ID, extraTranslation)
	if err != nil {
		return wordsData{}, err
	}
	if raw, ok := have[ref]; ok {
		var d wordsData
		if err := json.Unmarshal([]byte(raw), &d); err == nil && d.To == to {
			return d, nil
		}
	}
	c := m.can(ctx, t.Tenant, llm.TaskTranslate)
	if c == nil {
		return wordsData{}, llm.ErrNoTask
	}
	words, err := m.Desk.FirstWords(ctx, t.Tenant, []id.ID{t.ID})
	if err != nil {
		return wordsData{}, err
	}
	w := words[t.ID]
	x := &refinement{m: m, ticket: t, words: w, subject: w.Subject, body: firstRunes(w.Text, refineRunes/2), in: "body"}
	if x.now, err = m.resident(ctx, t.Tenant); err != nil {
		return wordsData{}, err
	}
	if err := x.mark(ctx); err != nil {
		return wordsData{}, err
	}
	var a struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	}
	from, err := x.ask(ctx, c, llm.TaskTranslate, "Translate subject and message into the language with the tag "+to+" (BCP 47). Keep numbers, codes and names. Add and leave out nothing.",
		object1(object{"title": text1(1000), "text": text1(20_000)}), &a)
	if err != nil {
		return wordsData{}, err
	}
	d := wordsData{Title: a.Title, Text: a.Text, To: to, Cut: x.body != w.Text, Model: from}
	return d, m.keepExtra(ctx, t.Tenant, t.ID, extraTranslation, ref, d)
}

// translationRef numbers languages: the letters of a tag, eight at most.
func translationRef(to string) id.ID {
	var n int64
	for _, b := range []byte(to[:min(len(to), 8)]) {
		n = n<<7 | int64(b&0x7f)
	}
	return id.ID(n)
}

// order puts work on the queue that goes on outside of the write.
func (m *Mind) order(ctx context.Context, batch []ticket.Occurrence, born []*ticket.Ticket) error {
	jobs := map[id.ID][]job.New{}
	tenants := map[id.ID]bool{}
	for _, o := range batch {
		tenants[o.Ticket.Tenant] = true
	}
	for tenant := range tenants {
		files, err := m.withFiles(ctx, tenant, batch)
		if err != nil {
			return err
		}
		for _, t := range files {
			jobs[tenant] = append(jobs[tenant], job.New{Tenant: tenant, Kind: kindAttach, Key: t.String()})
		}
	}
	for _, t := range born {
		if m.can(ctx, t.Tenant, llm.TaskClassify) != nil || m.can(ctx, t.Tenant, llm.TaskEntities) != nil || m.can(ctx, t.Tenant, llm.TaskTitleSummary) != nil {
			jobs[t.Tenant] = append(jobs[t.Tenant], job.New{Tenant: t.Tenant, Kind: kindRefine, Key: t.ID.String(), Payload: refineJob{}})
		}
	}
	for _, o := range batch {
		t := o.Ticket
		if slices.ContainsFunc(o.Events, func(e ticket.Event) bool { return e.Name == ticket.EventCreated }) {
			continue // its first words are ordered above
		}
		for _, e := range o.Events {
			// What the customer adds may say what the first words did not.
			if e.Name == ticket.EventMessage && e.Data.Kind == string(ticket.FromCustomer) && t.Channel != "import" && t.Status.Active() &&
				(t.Unsure && m.can(ctx, t.Tenant, llm.TaskClassify) != nil || m.can(ctx, t.Tenant, llm.TaskEntities) != nil) {
				jobs[t.Tenant] = append(jobs[t.Tenant], job.New{Tenant: t.Tenant, Kind: kindRefine, Key: t.ID.String(), Payload: refineJob{Message: e.Data.Message}})
			}
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, list := range jobs {
			if err := m.Jobs.Add(ctx, tx, list...); err != nil {
				return err
			}
		}
		return nil
	})
}
