package notify

import "slices"

// Event is a kind of thing that people are told.
type Event struct {
	Key      string   `json:"key"`
	Group    string   `json:"group" enum:"mine,team,sla,system"`
	OfTicket bool     `json:"of_ticket" doc:"it concerns a ticket"`
	Urgent   bool     `json:"urgent,omitempty" doc:"passes by quiet hours and digests, and cannot be muted in the bell"`
	Means    []Means  `json:"channels" doc:"on which ways it is told until a person says otherwise"`
	Holders  []string `json:"placeholders" doc:"what a template may name, in braces"`
}

// Means is a way to a person. Which of the tenant's channels carries it is the
// tenant's business.
type Means string

// The ways.
const (
	InApp    Means = "in_app"
	Mail     Means = "mail"
	SMS      Means = "sms"
	WeCom    Means = "wecom"
	DingTalk Means = "dingtalk"
	Feishu   Means = "feishu"
	WebPush  Means = "web_push"
)

// AllMeans in the order of screens.
var AllMeans = []Means{InApp, Mail, SMS, WeCom, DingTalk, Feishu, WebPush}

// Keys of events.
const (
	Assigned         = "assigned"          // a ticket is mine now
	Mentioned        = "mentioned"         // a colleague means me in a note
	CustomerReplied  = "customer_replied"  // on my ticket
	ScheduledFailed  = "scheduled_failed"  // a reply of mine that waited for its time could not be sent
	Reopened         = "reopened"          // my ticket, by the customer or a colleague
	TeamReceived     = "team_received"     // a ticket was handed or given back to my team
	Returned         = "returned"          // a ticket has come back again and again
	RulingAsked      = "ruling_asked"      // and so often that somebody must say whose it is
	Watched          = "watched"           // a ticket that I watch has changed
	Collaborating    = "collaborating"     // I am asked to help
	AssistAsked      = "assist_asked"      // my team is asked for a part of a ticket
	AssistDone       = "assist_done"       // a team that I asked has answered for its part
	SLAWarning       = "sla_warning"       // a promise is about to be broken
	SLABreach        = "sla_breach"        // it is
	SLAEscalated     = "sla_escalated"     // and nobody has acted
	ExtensionAsked   = "extension_asked"   // somebody asks for more time
	ExtensionJudged  = "extension_judged"  // the answer
	Supervised       = "supervised"        // a lead orders (督办)
	SupervisedReply  = "supervised_reply"  // who was supervised has answered
	CardGiven        = "card_given"        // or has not: yellow or red card
	Chased           = "chased"            // a colleague asks for speed (催办)
	Urged            = "urged"             // the customer does (催单)
	Offered          = "offered"           // a ticket that I can accept
	SeriousTicket    = "serious_ticket"    // needs somebody within seconds
	Acknowledged     = "acknowledged"      // somebody else has taken a serious ticket in hand
	AbnormalTicket   = "abnormal_ticket"   // needs a closed loop
	QueueWaits       = "queue_waits"       // a queue has waited too long
	IncidentProposed = "incident_proposed" // many tickets with one cause
	LeaveAsked       = "leave_asked"       // somebody waits for my word on leave or a swap
	LeaveDecided     = "leave_decided"     // of my request for leave or a swap
	RosterPublished  = "roster_published"  // my shifts
	StateForced      = "state_forced"      // a supervisor has set my state
	HandedOver       = "handed_over"       // tickets of a colleague who is away
	ExportReady      = "export_ready"      // a file that I ordered can be fetched
	ImportEnded      = "import_ended"      // what I brought in is in, but for what failed
	DeliveryFailed   = "delivery_failed"   // a channel of notifications does not work
)

var (
	ofTicket = []string{"number", "subject", "status", "priority", "team", "assignee", "actor", "time", "url", "due", "metric"}
	ofOther  = []string{"actor", "time", "url"}
)

func about(key, group string, urgent bool, means ...Means) Event {
	return Event{Key: key, Group: group, OfTicket: true, Urgent: urgent, Means: append([]Means{InApp}, means...), Holders: ofTicket}
}

// judged is told with what it has come to: the colour of a card, a verdict.
func judged(key string, means ...Means) Event {
	e := about(key, "sla", false, means...)
	e.Holders = append(slices.Clone(e.Holders), "kind")
	return e
}

// counted is told with a number.
func counted(key, group string, means ...Means) Event {
	e := about(key, group, false, means...)
	e.Holders = append(slices.Clone(e.Holders), "count")
	return e
}

func other(key, group string, holders []string, means ...Means) Event {
	return Event{Key: key, Group: group, Means: append([]Means{InApp}, means...), Holders: append(slices.Clone(ofOther), holders...)}
}

// Events is the table of what people can be told, in the order of screens.
var Events = []Event{
	about(Assigned, "mine", false, Mail, WebPush),
	about(Offered, "mine", true, WebPush),
	about(Mentioned, "mine", false, Mail, WebPush),
	about(CustomerReplied, "mine", false, WebPush),
	about(ScheduledFailed, "mine", false, Mail, WebPush),
	about(Reopened, "mine", false, WebPush),
	about(Collaborating, "mine", false, Mail),
	about(AssistDone, "mine", false, WebPush),
	about(Chased, "mine", false, WebPush),
	about(Urged, "mine", false, WebPush),
	about(Watched, "mine", false),
	other(HandedOver, "mine", []string{"count"}, Mail),
	about(TeamReceived, "team", false),
	about(AssistAsked, "team", false, Mail, WebPush),
	counted(Returned, "team", Mail, WebPush),
	counted(RulingAsked, "team", Mail, WeCom, DingTalk, Feishu, WebPush),
	other(QueueWaits, "team", []string{"team", "count"}, WebPush),
	about(AbnormalTicket, "team", false, Mail, WebPush),
	about(SeriousTicket, "team", true, Mail, SMS, WeCom, DingTalk, Feishu, WebPush),
	about(Acknowledged, "team", false),
	other(IncidentProposed, "team", []string{"count"}, Mail, WebPush),
	about(SLAWarning, "sla", false, WebPush),
	about(SLABreach, "sla", false, Mail, WebPush),
	about(SLAEscalated, "sla", false, Mail, WeCom, DingTalk, Feishu, WebPush),
	about(Supervised, "sla", false, Mail, WeCom, DingTalk, Feishu, WebPush),
	about(SupervisedReply, "sla", false),
	judged(CardGiven, Mail, WebPush),
	about(ExtensionAsked, "sla", false, Mail),
	judged(ExtensionJudged),
	other(LeaveAsked, "system", []string{"person", "kind", "state"}, Mail, WebPush),
	other(LeaveDecided, "system", []string{"person", "kind", "state"}, Mail),
	other(RosterPublished, "system", nil, Mail),
	other(StateForced, "system", []string{"state"}),
	other(ExportReady, "system", []string{"count"}),
	other(ImportEnded, "system", []string{"count"}),
	other(DeliveryFailed, "system", []string{"channel"}),
}

func eventOf(key string) (Event, bool) {
	i := slices.IndexFunc(Events, func(e Event) bool { return e.Key == key })
	if i < 0 {
		return Event{}, false
	}
	return Events[i], true
}
