package understand

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/learn"
	"zhidan/internal/mind/nlp"
	"zhidan/internal/mind/nlp/entity"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// Version is that of the rules; learned models carry their own.
const Version = "rules/1"

// Text is what is read: a subject, which may be empty, and the customer's words.
type Text struct {
	Subject string
	Body    string
	Now     clock.Time
}

// Reading is everything that is seen in a text.
type Reading struct {
	Title      string
	Summary    []string
	Language   string
	Confidence float64 // of the language
	Entities   []Entity
	Matters    []nlp.Matter
	Risks      []Risk
	Feeling    nlp.Feeling // by the rules
	// Mood is the step that counts, -2 … 2.
	Mood           int
	MoodConfidence float64
	MoodModel      string
	Urgency        nlp.Hurry
	Fields         map[string]Guess // learned fields, by name
	Timings        []Timing

	body *nlp.Prepared
	why  func(field string) []learn.Evidence
}

// Entity is a finding and in which part of the ticket it stands.
type Entity struct {
	entity.Entity
	In   string
	Text string
}

// Risk is a signal and in which part of the ticket it stands.
type Risk struct {
	nlp.Signal
	In   string
	Text string
}

// Guess is what a model makes of a field.
type Guess struct {
	learn.Prediction
	Model string
}

// Timing is how long a part took.
type Timing struct {
	Part   string `json:"part"`
	Micros int64  `json:"micros"`

	took time.Duration
}

// summaryRunes is how long an extractive summary is at most.
const summaryRunes = 160

// hasOwnSubject tells whether the subject says something that the body does
// not: a subject that was cut from the body would count its words twice.
func (t Text) hasOwnSubject() bool {
	s := strings.TrimSuffix(strings.TrimSpace(t.Subject), "…")
	return s != "" && !strings.HasPrefix(strings.Join(strings.Fields(t.Body), " "), strings.Join(strings.Fields(s), " "))
}

// read sees everything in a text. full adds what only a reader's page shows.
func (r *resident) read(t Text, full bool) *Reading {
	x := &Reading{Fields: map[string]Guess{}}
	last := time.Now()
	lap := func(part string) {
		now := time.Now()
		x.Timings = append(x.Timings, Timing{part, now.Sub(last).Microseconds(), now.Sub(last)})
		last = now
	}
	subject := ""
	if t.hasOwnSubject() {
		subject = t.Subject
	}
	words := t.Body
	if words == "" {
		words = t.Subject
		subject = ""
	}
	x.body = nlp.Prepare(words)
	var head *nlp.Prepared
	if subject != "" {
		head = nlp.Prepare(subject)
	}
	x.Language, x.Confidence = x.body.Language, x.body.Confidence
	if head != nil && len(x.body.Runes) < 12 && head.Confidence > x.Confidence {
		x.Language, x.Confidence = head.Language, head.Confidence
	}
	lap("prepare")

	in := func(p *nlp.Prepared) string {
		if p == head || t.Body == "" {
			return "subject"
		}
		return "body"
	}
	for _, p := range []*nlp.Prepared{head, x.body} {
		if p == nil {
			continue
		}
		for _, s := range nlp.Risk(p, r.risk) {
			x.Risks = append(x.Risks, Risk{s, in(p), p.Text(nlp.Span{Start: s.Start, End: s.End})})
		}
	}
	lap("risk")
	signals := func(p *nlp.Prepared) (out []nlp.Signal) {
		for _, s := range x.Risks {
			if s.In == in(p) {
				out = append(out, s.Signal)
			}
		}
		return out
	}
	x.Feeling = nlp.Sentiment(x.body, signals(x.body))
	if head != nil {
		if f := nlp.Sentiment(head, signals(head)); x.Feeling.Step == 0 && f.Step != 0 {
			x.Feeling = nlp.Feeling{Step: f.Step, Score: f.Score, Ironic: f.Ironic}
		}
	}
	lap("sentiment")
	x.Urgency = nlp.Urgency(x.body, signals(x.body), x.Feeling)
	if head != nil { // whichever part sounds more urgent; places are those of the body
		u := nlp.Urgency(head, signals(head), x.Feeling)
		x.Urgency.Urgency, x.Urgency.Impact = max(u.Urgency, x.Urgency.Urgency), max(u.Impact, x.Urgency.Impact)
	}
	lap("urgency")
	features := learn.ReadFeatures(words, subject)
	lap("features")
	for _, field := range modelled {
		f := r.models[field]
		if f.Model == nil {
			continue
		}
		g := Guess{Prediction: f.PredictFeatures(features), Model: f.name(field)}
		x.Fields[field] = g
		lap(field)
	}
	// Telling why costs as much as telling what, so it is asked only of what
	// is said in the end.
	x.why = func(field string) []learn.Evidence {
		g := x.Fields[field]
		if f := r.models[field]; f.Model != nil && g.Label != "" {
			return f.Explain(words, subject, g.Label, 3)
		}
		return nil
	}
	if letters(words)+letters(subject) < fewLetters { // nothing to hear a tone from
		for _, field := range []string{"priority", "sentiment", "risk"} {
			delete(x.Fields, field)
		}
	}
	x.hear(in(x.body), len(words)+len(subject))
	if !full {
		return x
	}
	x.Title = nlp.Title(x.body)
	if x.Title == "" {
		x.Title = t.Subject
	}
	for _, s := range nlp.Summary(x.body, summaryRunes) {
		x.Summary = append(x.Summary, x.body.Text(s))
	}
	lap("title")
	x.Matters = nlp.Matters(x.body)
	lap("matters")
	o := entity.Options{Now: t.Now, Zone: r.zone, Patterns: r.patterns}
	for _, part := range []struct{ in, text string }{{"subject", subject}, {in(x.body), words}} {
		runes := []rune(part.text)
		for _, e := range entity.Extract(part.text, o) {
			x.Entities = append(x.Entities, Entity{e, part.in, string(runes[e.Start:min(e.End, len(runes))])})
		}
	}
	lap("entities")
	return x
}

// fewLetters is the length below which a text has no tone: "ok", "order 402".
const fewLetters = 6

// letters counts up to fewLetters; an ideograph counts as one.
func letters(s string) (n int) {
	for _, r := range s {
		if unicode.IsLetter(r) {
			if n++; n >= fewLetters {
				break
			}
		}
	}
	return n
}

// heardAt is how sure the model of risk must be to add a kind that no cue of
// the lists has found; surelyAt makes it grave, which for life and limb sounds
// the alarm. Reports of a few words, of which most are plain faults, give it
// little to go by: there it must be surer to do so.
const (
	heardAt       = .5
	surelyAt      = .75
	surelyAtShort = .9
	shortText     = 48 // bytes: 16 ideographs or about nine words
)

// hear adds what the shipped models make of tone and mood to what the rules
// found by their cues: danger and anger are often told without any. size is how
// many bytes were read.
func (x *Reading) hear(in string, size int) {
	if g, ok := x.Fields["risk"]; ok && g.Label != "" && g.Label != noRisk && g.Confidence >= heardAt &&
		!slices.ContainsFunc(x.Risks, func(s Risk) bool { return string(s.Kind) == g.Label }) {
		s := Risk{Signal: nlp.Signal{Kind: nlp.RiskKind(g.Label), Severity: 1, Cue: "model"}, In: in}
		switch {
		case g.Confidence < surelyAt, s.Kind == nlp.Safety && size < shortText && g.Confidence < surelyAtShort:
		case s.Kind == nlp.Safety:
			s.Severity = 3
		default:
			s.Severity = 2
		}
		for _, e := range x.why("risk") {
			if !e.InTitle {
				s.Start, s.End = e.Start, e.End
				s.Text = x.body.Text(nlp.Span{Start: e.Start, End: e.End})
				break
			}
		}
		x.Risks = append(x.Risks, s)
	}
	if g, ok := x.Fields["sentiment"]; ok && g.Known > .15 {
		if step, err := strconv.Atoi(g.Label); err == nil {
			x.Mood, x.MoodConfidence, x.MoodModel = step, g.Confidence, g.Model
			return
		}
	}
	x.Mood, x.MoodConfidence, x.MoodModel = x.Feeling.Step, feelingConfidence(x.Feeling), Version
}

// riskLevel is how grave the signals are together, from 0 to ticket.MaxRisk:
// the gravest one, and one more when two of different kinds are at that level.
func riskLevel(risks []Risk) (level int, kinds []string) {
	worst := map[nlp.RiskKind]int{}
	for _, s := range risks {
		worst[s.Kind] = max(worst[s.Kind], s.Severity)
		level = max(level, s.Severity)
	}
	same := 0
	for _, kind := range nlp.RiskKinds {
		if worst[kind] > 0 {
			kinds = append(kinds, string(kind))
		}
		if worst[kind] == level && level > 0 {
			same++
		}
	}
	if same > 1 && level < ticket.MaxRisk {
		level++
	}
	return level, kinds
}

// decisions say what follows from a reading for a ticket as it stands: what is
// set, what only suggested.
func (r *resident) decisions(x *Reading, t *ticket.Ticket, given []string, catalog *form.Catalog, at clock.Time) []ticket.Decision {
	var out []ticket.Decision
	open := func(field string) bool { return !slices.Contains(given, field) && !r.settings.Rule(field).Off }
	state := func(field string, confidence float64) ticket.DecisionState {
		switch rule := r.settings.Rule(field); {
		case confidence >= rule.Threshold:
			return ticket.DecisionSet
		case confidence >= rule.Suggest:
			return ticket.DecisionSuggested
		}
		return ""
	}
	for _, field := range []string{"type", "category"} {
		g, ok := x.Fields[field]
		if !ok || !open(field) || g.Label == "" {
			continue
		}
		// The model may be older than the catalogue.
		if g.Label = current(g.Label, catalog); !inUse(field, g.Label, catalog) {
			continue
		}
		// What is unlike all that the model has seen is not decided, however
		// sure the model is among the labels that it knows.
		known := min(1, g.Known*2)
		confidence := g.Confidence * known
		s := state(field, confidence)
		if s == "" {
			if field == "category" {
				continue // most tickets of a new tenant have no category to speak of
			}
			s = ticket.DecisionSuggested
		}
		if field == "type" && s == ticket.DecisionSet && g.Label != t.Type {
			// A type whose form asks for what the sender did not give cannot be
			// set without the person who fills it in.
			if _, err := catalog.Validate(g.Label, form.StageCreate, nil, t.Fields); err != nil {
				s = ticket.DecisionSuggested
			}
		}
		d := ticket.Decision{Field: field, Value: g.Label, State: s, Confidence: round(confidence), Model: g.Model, At: at, Evidence: evidence(x.why(field))}
		for _, o := range g.Runners {
			o.Label = current(o.Label, catalog)
			if o.Label != g.Label && inUse(field, o.Label, catalog) && o.Confidence*known >= .02 {
				d.Runners = append(d.Runners, ticket.Scored{Value: o.Label, Confidence: round(o.Confidence * known)})
			}
		}
		out = append(out, d)
	}
	if d, ok := r.risk1(x, t, at); ok {
		out = append(out, d)
	}
	if d, ok := r.priority(x, t, given, at); ok {
		out = append(out, d)
	}
	if x.Language != "" && x.Language != "und" && open("language") {
		if s := state("language", x.Confidence); s == ticket.DecisionSet {
			out = append(out, ticket.Decision{Field: "language", Value: x.Language, State: s, Confidence: round(x.Confidence), Model: Version, At: at})
		}
	}
	if open("sentiment") {
		d := ticket.Decision{Field: "sentiment", Value: strconv.Itoa(x.Mood), State: ticket.DecisionSet, Confidence: round(x.MoodConfidence), Model: x.MoodModel, At: at}
		var spans []nlp.Span // one word may be found by two lists
		for _, s := range x.Feeling.Evidence {
			if len(spans) < 3 && !slices.Contains(spans, s) {
				spans = append(spans, s)
			}
		}
		if x.Mood == x.Feeling.Step && len(spans) > 0 {
			for _, s := range spans { // words of the lists say it more plainly than features do
				d.Evidence = append(d.Evidence, ticket.Evidence{In: "body", Start: s.Start, End: s.End, Weight: 1 / float32(len(spans))})
			}
		} else {
			if x.Mood != 0 {
				d.Evidence = evidence(x.why("sentiment"))
			}
		}
		out = append(out, d)
	}
	return out
}

// feelingConfidence is the agreement of the shipped rules with the hand-labelled
// reference texts, by how strong the score is.
func feelingConfidence(f nlp.Feeling) float64 {
	a := f.Score
	if a < 0 {
		a = -a
	}
	return round(min(.95, .55+.4*a))
}

func (r *resident) risk1(x *Reading, t *ticket.Ticket, at clock.Time) (ticket.Decision, bool) {
	level, kinds := riskLevel(x.Risks)
	if level <= t.Risk || r.settings.Rule("risk").Off {
		return ticket.Decision{}, false
	}
	d := ticket.Decision{Field: "risk", Value: strconv.Itoa(level), Before: strconv.Itoa(t.Risk), State: ticket.DecisionSet, Confidence: [...]float64{0, .6, .8, .9}[level],
		Reason: strings.Join(kinds, ","), Model: Version, At: at}
	for _, s := range x.Risks[:min(len(x.Risks), 5)] {
		d.Evidence = append(d.Evidence, ticket.Evidence{In: s.In, Start: s.Start, End: s.End, Weight: float32(s.Severity) / ticket.MaxRisk})
	}
	return d, true
}

// priority weighs impact against urgency, lets a grave risk raise it, and lets
// the tenant's own model speak when there is one. It raises by itself; lower it
// only suggests.
func (r *resident) priority(x *Reading, t *ticket.Ticket, given []string, at clock.Time) (ticket.Decision, bool) {
	rule := r.settings.Rule("priority")
	if rule.Off {
		return ticket.Decision{}, false
	}
	word := nlp.Priority(x.Urgency.Impact, x.Urgency.Urgency)
	d := ticket.Decision{Field: "priority", Value: word, Confidence: .7, Reason: fmt.Sprintf("impact %d, urgency %d", x.Urgency.Impact, x.Urgency.Urgency), Model: Version, At: at}
	for _, s := range x.Urgency.Evidence[:min(len(x.Urgency.Evidence), 3)] {
		d.Evidence = append(d.Evidence, ticket.Evidence{In: "body", Start: s.Start, End: s.End, Weight: 1 / float32(min(len(x.Urgency.Evidence), 3))})
	}
	if g, ok := x.Fields["priority"]; ok && g.Label != "" && g.Known > .15 {
		value, confidence := atLeast(g.Runners, rule.Threshold)
		if slices.Index(priorities, value) >= slices.Index(priorities, d.Value) || g.version() {
			d = ticket.Decision{Field: "priority", Value: value, Confidence: round(confidence), Model: g.Model, At: at}
		}
	}
	if level, kinds := riskLevel(x.Risks); level >= ticket.AtRisk {
		want := "high"
		if level == ticket.MaxRisk {
			want = "urgent"
		}
		if slices.Index(priorities, want) > slices.Index(priorities, d.Value) {
			d = ticket.Decision{Field: "priority", Value: want, Confidence: .85, Reason: "risk: " + strings.Join(kinds, ","), Model: Version, At: at}
			for _, s := range x.Risks[:min(len(x.Risks), 3)] {
				d.Evidence = append(d.Evidence, ticket.Evidence{In: s.In, Start: s.Start, End: s.End, Weight: float32(s.Severity) / ticket.MaxRisk})
			}
		}
	}
	now, want := slices.Index(priorities, t.Priority.String()), slices.Index(priorities, d.Value)
	if want > now && d.Evidence == nil && d.Model != Version {
		d.Evidence = evidence(x.why("priority"))
	}
	switch {
	case want == now && (slices.Contains(given, "priority") || t.ID == 0):
		return d, false
	case want == now:
		d.State, d.Before = ticket.DecisionSet, t.Priority.String()
	case want > now && len(d.Evidence) == 0 && slices.Contains(given, "priority"):
		return d, false // that nothing sounds urgent is no reason against what the sender has said
	case want > now && d.Confidence >= rule.Threshold:
		d.State, d.Before = ticket.DecisionSet, t.Priority.String()
	case want < now && (d.Model == Version || strings.Contains(d.Model, "/starter")):
		return d, false // nobody is asked to lower a priority on the word of strangers
	case d.Confidence >= rule.Suggest:
		d.State = ticket.DecisionSuggested
	default:
		return d, false
	}
	return d, true
}

// atLeast is the highest priority that the ticket has at least, with a
// probability of at least p: to be wrong by one step upwards costs little, to
// miss an urgent one much.
func atLeast(runners []learn.Scored, p float64) (value string, confidence float64) {
	sum, all := 0.0, 0.0
	for _, r := range runners {
		all += r.Confidence
	}
	if all == 0 {
		return "normal", 0
	}
	by := map[string]float64{}
	for _, r := range runners {
		by[r.Label] = r.Confidence / all
	}
	for i := len(priorities) - 1; i > 0; i-- {
		if sum += by[priorities[i]]; sum >= p {
			return priorities[i], sum
		}
	}
	return "low", by["low"]
}

// version tells whether a training of the tenant's own has spoken.
func (g Guess) version() bool { return !strings.Contains(g.Model, "/starter") }

func evidence(list []learn.Evidence) []ticket.Evidence {
	var out []ticket.Evidence
	for _, e := range list {
		in := "body"
		if e.InTitle {
			in = "subject"
		}
		out = append(out, ticket.Evidence{In: in, Start: e.Start, End: e.End, Weight: float32(e.Weight)})
	}
	return out
}

// inUse tells whether a value may be given to a ticket now.
func inUse(field, value string, catalog *form.Catalog) bool {
	if field == "type" {
		t, ok := catalog.Type(value)
		return ok && !t.Retired
	}
	category, err := id.Parse(value)
	if err != nil {
		return false
	}
	c, ok := catalog.Category(category)
	return ok && !c.Retired
}

func round(x float64) float64 { return float64(int(x*1000+.5)) / 1000 }

// Pass reads a new ticket before its transaction, and every further message of
// the customer for risk, mood and haste.
func (m *Mind) Pass() ticket.Pass {
	return ticket.Pass{
		Name: "understand",
		Wants: func(c *ticket.Change) bool {
			return len(c.Messages) > 0 && c.Messages[0].Kind == ticket.FromCustomer || c.Prepared[earlyMark] != nil
		},
		Prepare: m.prepare,
		Apply:   m.readLater,
	}
}

// maxWait is how long a ticket waits for what reads it, were the store slow.
const maxWait = 3 * time.Second

// prepare never refuses a ticket: what goes wrong here leaves it as the sender
// gave it, and is told in the log.
func (m *Mind) prepare(ctx context.Context, c *ticket.Change) (err error) {
	before := *c.Ticket
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
		if err != nil {
			*c.Ticket, c.Decisions = before, nil
			m.Log.Error("understanding: a ticket was not read", "tenant", before.Tenant, "error", err)
			err = nil
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, max(maxWait, 2*m.Wait))
	defer cancel()
	return m.understand(ctx, c)
}

func (m *Mind) understand(ctx context.Context, c *ticket.Change) error {
	t := c.Ticket
	r, whole, err := m.atHand(ctx, t.Tenant)
	if err != nil {
		return err
	}
	body := c.Messages[0].Text
	if !c.Born() {
		c.Decisions = append(c.Decisions, r.again(r.read(Text{Body: body, Now: c.At}, false), t, c.At)...)
		return nil
	}
	catalog, err := m.Forms.Get(ctx, t.Tenant)
	if err != nil {
		return err
	}
	if !whole {
		if c.Prepared == nil {
			c.Prepared = map[string]any{}
		}
		c.Prepared[earlyMark] = slices.Clone(c.Given)
	}
	decisions := r.atBirth(t, body, c.Given, catalog, c.At)
	for i := range decisions {
		d := &decisions[i]
		before := d.Before
		if before == "" {
			before = m.Desk.Value(t, d.Field)
		}
		if d.State == ticket.DecisionSet {
			d.Before = before
			if err := m.Desk.SetValue(ctx, t, d.Field, d.Value); err != nil {
				d.State = ticket.DecisionSuggested // such as a category that has just been retired
			}
		}
	}
	c.Decisions = append(c.Decisions, decisions...)
	return nil
}

// again says what a further message changes: risk and priority only ever rise,
// the mood is that of the newest words.
func (r *resident) again(x *Reading, t *ticket.Ticket, at clock.Time) []ticket.Decision {
	var out []ticket.Decision
	if d, ok := r.risk1(x, t, at); ok {
		out = append(out, d)
	}
	if d, ok := r.priority(x, t, nil, at); ok && slices.Index(priorities, d.Value) > slices.Index(priorities, t.Priority.String()) {
		out = append(out, d)
	}
	if t.Sentiment != nil && *t.Sentiment != x.Mood && x.Mood < 0 && x.MoodConfidence >= .5 && !r.settings.Rule("sentiment").Off {
		out = append(out, ticket.Decision{Field: "sentiment", Value: strconv.Itoa(x.Mood), Before: strconv.Itoa(*t.Sentiment),
			State: ticket.DecisionSet, Confidence: round(x.MoodConfidence), Model: x.MoodModel, At: at})
	}
	return out
}
