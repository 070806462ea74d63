// Package routing gives every ticket to the right person at once (派单), or a
// place in a queue (待分配队列) that is drained the moment somebody is free.
//
// It promises:
//   - A ticket is born with an assignee, an offer or a place in a queue, in the
//     transaction that makes it. There is no time in which nobody is meant.
//   - Nobody gets more than they can carry: room is taken by a conditional
//     update inside the transaction, and what people carry is kept by every
//     change that moves it, on any node.
//   - No ticket is given twice or forgotten, whatever restarts in between.
//   - Every decision can be explained and computed again: rule, candidates with
//     their factors, why others were left out, a hash of all that went in.
//   - A person's word counts more: a ticket that somebody assigned by hand stays
//     where it is until a person, a rule on absence or the ticket's own fate
//     moves it.
//
// routing.go, rules.go, check.go, row.go, pool.go, eligible.go, factor.go,
// strategy.go, prefer.go, decide.go, hash.go, simulate.go and measure.go are the
// rules, without I/O. room.go, load.go, matter.go, pass.go, queue.go, offer.go,
// leave.go, respond.go, adopt.go, record.go, sets.go, replay.go, balance.go,
// store.go and api*.go join them to tickets, people and the store.
package routing

import (
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// RuleSet is a tenant's way of giving tickets away: a tree of rules of which
// the first match counts at each level. A version of it never changes.
type RuleSet struct {
	ID      id.ID   `json:"id" readOnly:"true"`
	Version int64   `json:"version" readOnly:"true"`
	Name    string  `json:"name" minLength:"1" maxLength:"100"`
	Rules   []*Rule `json:"rules" maxItems:"200"`
	// Weights of channels on an agent's capacity, in hundredths: chat 100, mail
	// 30, call 300. A channel that is not named weighs as Other.
	Channels map[string]int `json:"channels,omitempty"`
	Other    int            `json:"other_channel,omitempty" minimum:"0" maximum:"10000"`
	// Capacity of an agent whose profile says nothing, in hundredths.
	Capacity int `json:"capacity,omitempty" minimum:"0" maximum:"1000000"`
	// NearTie is how close to the best of them scores are taken for equal, so
	// that chance decides and simultaneous tickets spread; 0: 0.01.
	NearTie float64 `json:"near_tie,omitempty" minimum:"0" maximum:"0.5"`
}

// Mode is how a ticket reaches a person.
type Mode string

// Modes.
const (
	Direct Mode = "direct" // 直接分配: it is theirs
	Offer  Mode = "offer"  // 派单待接: it is theirs when they accept in time
	Pull   Mode = "pull"   // 抢单: it waits in the queue until somebody claims it
	Hand   Mode = "hand"   // 人工派单: it waits until a dispatcher gives it away
)

// Response is one of the three tiers of response (三级响应).
type Response string

// Responses.
const (
	Standard Response = "standard" // goes its way; automatic handling may answer
	Abnormal Response = "abnormal" // must be acted on within Within, else it is escalated
	Serious  Response = "serious"  // supervisors are told within seconds, one after another until one acknowledges
)

// Rule is one branch of the tree. What it leaves empty it has from the rule
// above it. When Rules are there and none of them fits, the rule itself counts.
type Rule struct {
	ID         string             `json:"id,omitempty" maxLength:"40" doc:"stays the same over versions; made when empty"`
	Name       string             `json:"name" minLength:"1" maxLength:"100"`
	Off        bool               `json:"off,omitempty"`
	When       string             `json:"when,omitempty" maxLength:"4096" doc:"CEL on the ticket; empty fits all"`
	Team       id.ID              `json:"team_id,omitempty" doc:"only its members; it becomes the ticket's team"`
	Department id.ID              `json:"department_id,omitempty" doc:"only its people, with all below it"`
	Agents     []id.ID            `json:"agent_ids,omitempty" maxItems:"500" doc:"only these"`
	Needs      []Need             `json:"needs,omitempty" maxItems:"20"`
	Language   *bool              `json:"language,omitempty" doc:"only who speaks the ticket's language"`
	Region     *bool              `json:"region,omitempty" doc:"only who serves the ticket's region"`
	Online     *bool              `json:"online,omitempty" doc:"only who is online now; true unless said otherwise"`
	Shift      *bool              `json:"shift,omitempty" doc:"only who is on shift now by the roster"`
	Strategy   Strategy           `json:"strategy,omitempty" enum:"balanced,round_robin,least_load,skill,vip,nearest,cost,sticky"`
	Weights    map[string]float64 `json:"weights,omitempty" doc:"of factors, in place of the strategy's"`
	Prefer     string             `json:"prefer,omitempty" maxLength:"4096" doc:"CEL on ticket and agent.*; where it holds the factor 'expression' is 1"`
	Mode       Mode               `json:"mode,omitempty" enum:"direct,offer,pull,hand"`
	OfferFor   int                `json:"offer_seconds,omitempty" minimum:"5" maximum:"86400"`
	Assist     []id.ID            `json:"assist_team_ids,omitempty" maxItems:"10" doc:"teams that answer for a part of the ticket beside whose it is (协办)"`
	AssistNow  *bool              `json:"assist_at_once,omitempty" doc:"they are asked at once; else proposed to who has the ticket"`
	Relax      []Relax            `json:"relax,omitempty" maxItems:"10"`
	Overflow   []Overflow         `json:"overflow,omitempty" maxItems:"10"`
	Response   Response           `json:"response,omitempty" enum:"standard,abnormal,serious"`
	Within     int                `json:"within_minutes,omitempty" minimum:"1" maximum:"10080" doc:"of an abnormal ticket: to the first act; of a serious one: until the next supervisor is told, in minutes"`
	Supervisor []id.ID            `json:"supervisor_ids,omitempty" maxItems:"20" doc:"who is told, in order; empty: the team's leads, then the department's"`
	Rules      []*Rule            `json:"rules,omitempty" maxItems:"200"`
}

// Need is a skill that the work asks for.
type Need struct {
	Skill id.ID `json:"skill_id"`
	Level int   `json:"level" minimum:"1" maximum:"5"`
}

// Relax gives up a demand when a ticket has waited.
type Relax struct {
	After int    `json:"after_seconds" minimum:"1" maximum:"604800"`
	Drop  string `json:"drop" enum:"level,skill,language,region,shift" doc:"level: one level less of every skill"`
}

// Overflow lets another team's people take a ticket when it has waited.
type Overflow struct {
	After int   `json:"after_seconds" minimum:"1" maximum:"604800"`
	Team  id.ID `json:"team_id"`
}

// Strategy is a ready-made set of weights.
type Strategy string

// Strategies.
const (
	Balanced   Strategy = "balanced"
	RoundRobin Strategy = "round_robin"
	LeastLoad  Strategy = "least_load"
	BestSkill  Strategy = "skill"
	VIP        Strategy = "vip"
	Nearest    Strategy = "nearest"
	Cheapest   Strategy = "cost"
	Sticky     Strategy = "sticky"
)

// Profile is what routing needs to know of a person beside what staff knows.
type Profile struct {
	Languages []string       `json:"languages,omitempty" maxItems:"30" doc:"BCP 47; empty: the tenant's"`
	Regions   []string       `json:"regions,omitempty" maxItems:"100" doc:"as in the ticket's region; a prefix serves all below it: 浙江省 serves 浙江省杭州市"`
	Channels  []string       `json:"channels,omitempty" maxItems:"30" doc:"from which they take tickets; empty: all"`
	Capacity  int            `json:"capacity,omitempty" minimum:"0" maximum:"1000000" doc:"hundredths; 0: as the rule set says"`
	Limits    map[string]int `json:"limits,omitempty" doc:"most tickets at a time of a channel"`
	Companies []id.ID        `json:"company_ids,omitempty" maxItems:"500" doc:"whose contracts they serve by name"`
	Conflicts []id.ID        `json:"conflict_ids,omitempty" maxItems:"500" doc:"customers and companies whose tickets they must not have"`
	Seniority int            `json:"seniority,omitempty" minimum:"0" maximum:"5"`
	Cost      int64          `json:"cost_minor,omitempty" minimum:"0" maximum:"100000000" doc:"of an hour, in minor units"`
	Place     *Place         `json:"place,omitempty" doc:"where field staff starts from"`
	Learning  []id.ID        `json:"learning_skill_ids,omitempty" maxItems:"20" doc:"skills that they are to train"`
	Stopped   bool           `json:"stopped,omitempty" doc:"gets nothing by assignment"`
}

// Place is a point on the earth, WGS 84 in degrees.
type Place struct {
	Lat float64 `json:"lat" minimum:"-90" maximum:"90"`
	Lon float64 `json:"lon" minimum:"-180" maximum:"180"`
}

// Agent is one person as the pool knows them at a moment. It does not change.
type Agent struct {
	ID         id.ID
	Teams      []id.ID
	Department id.ID
	Above      []id.ID // departments from the root to their own
	Skills     []staff.SkillLevel
	Profile    Profile
	May        bool // active, and holds the permission to answer tickets
	Online     bool // by their state: takes new work now
	State      string
	OnShift    bool
	Planned    bool             // has a shift in the plan today
	ShiftEnd   clock.Time       // of the shift that runs; zero: none
	Capacity   int              // hundredths, of their own; zero: what the rule set gives everybody
	Load       int              // hundredths, offers that run counted
	Channels   map[string]int   // tickets at hand by channel
	Open       int              // tickets at hand
	DueSoon    int              // of these: due within the hour or breached
	Today      int              // given today
	Week       int              // given in the last seven days
	LastGiven  clock.Time       // when they last got one
	Records    map[id.ID]Record // by category; 0: of all
}

// Record is how somebody has done so far with a kind of ticket.
type Record struct {
	Solved   int
	Minutes  float64 // from birth to solved, mean
	Reopened int
	Rated    int
	Rating   float64 // 0 … 1, mean
}

// Matter is a ticket as a decision sees it.
type Matter struct {
	Ticket     *ticket.Ticket
	Tier       string  // of the customer
	Care       bool    // the customer stands under special care; replays of the past do not know it
	Value      float64 // of the customer, 0 … 1
	Region     string
	Place      *Place
	Confidence float64 // of type and category as understood; 1 when a person said so
	Team       id.ID   // that a person has named for it: counts more than the rule's
	Nearby     []id.ID // categories next to the ticket's in the tree, see Nearby
	LastAgent  id.ID   // who solved the customer's last ticket
	Former     id.ID   // who had this ticket before
	Only       []id.ID // nobody else, when a person said so; empty: whom the rule means
	Barred     []id.ID // must not have it: complained about, or they gave it back or let the offer pass
	DueAt      clock.Time
	Waited     time.Duration // in the queue
	At         clock.Time
	Row        func(field string) any `json:"-"` // of conditions; nil: made from Ticket and Tier
}

// Outcome is what came of a decision.
type Outcome string

// Outcomes.
const (
	Assigned Outcome = "assigned"
	Offered  Outcome = "offered"
	Queued   Outcome = "queued"
	Kept     Outcome = "kept" // no rule wants it, or a person has said who
)

// Decision is who shall have a ticket, and why.
type Decision struct {
	Outcome    Outcome        `json:"outcome"`
	Set        id.ID          `json:"rule_set_id"`
	Version    int64          `json:"version"`
	Rule       string         `json:"rule"`               // its id
	Path       []string       `json:"path"`               // names from the root
	Team       id.ID          `json:"team_id,omitempty"`  // whose queue it is
	Agent      id.ID          `json:"agent_id,omitempty"` // who got it
	By         id.ID          `json:"by,omitempty"`       // whose hand gave it; zero: the rules
	Mode       Mode           `json:"mode"`
	Strategy   Strategy       `json:"strategy"`
	Weights    FactorValues   `json:"weights,omitempty"` // of the factors that weighed, in sum 1
	Response   Response       `json:"response,omitempty"`
	Relaxed    []string       `json:"relaxed,omitempty"`
	Candidates []Candidate    `json:"candidates"` // the ten best, in order
	Eligible   int            `json:"eligible"`
	Excluded   map[string]int `json:"excluded"` // people left out, by reason
	Draw       float64        `json:"draw"`     // the number that chance gave for near ties
	Hash       string         `json:"hash"`     // of all that went in, hex SHA-256
	At         clock.Time     `json:"at"`

	// Order is everybody who may have it, best first: who takes room walks it.
	Order []id.ID `json:"-"`
}

// Candidate is one of the best, with what spoke for them.
type Candidate struct {
	Agent   id.ID        `json:"agent_id"`
	Score   float64      `json:"score"`
	Factors FactorValues `json:"factors"` // each from 0 to 1, before its weight
	Taken   string       `json:"taken,omitempty" doc:"why not, if another was chosen: full"`
}

// MaxCandidates is how many of them a decision keeps.
const MaxCandidates = 10

// Reasons for which somebody is left out, in the order in which they are tried.
const (
	NotActive  = "not_active"
	NotMember  = "not_member" // of team, department or list
	Barred     = "barred"
	Conflict   = "conflict"
	NoChannel  = "channel"
	NoSkill    = "skill"
	NoLevel    = "level"
	NoLanguage = "language"
	NoRegion   = "region"
	NoContract = "contract"
	OffShift   = "off_shift"
	NotOnline  = "not_online"
	Full       = "full"
)
