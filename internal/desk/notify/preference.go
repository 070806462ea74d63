package notify

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"time"

	"github.com/nyaruka/phonenumbers"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
)

// Preferences say how a person wants to be told. What is not in Events is as
// the table of events has it.
type Preferences struct {
	Events    map[string]map[Means]bool `json:"events,omitempty" doc:"by event and way, where it differs from the table"`
	Quiet     Quiet                     `json:"quiet,omitzero"`
	Digest    map[Means]int             `json:"digest,omitempty" doc:"minutes in which what comes is gathered into one message; 0 or absent: at once"`
	Sound     bool                      `json:"sound"`
	Desktop   bool                      `json:"desktop" doc:"notifications of the operating system"`
	MuteUntil clock.Time                `json:"mute_until,omitzero" doc:"until then only the bell, but for what is urgent"`
}

// defaults hold until a person has said something.
func defaults() Preferences { return Preferences{Sound: true} }

// Quiet are the hours in which nothing but the urgent leaves the bell.
type Quiet struct {
	On   bool   `json:"on"`
	From string `json:"from,omitempty" maxLength:"5" doc:"such as 22:00"`
	To   string `json:"to,omitempty" maxLength:"5" doc:"such as 08:00; on the next day when it is not after from"`
	Zone string `json:"zone,omitempty" maxLength:"64" doc:"IANA time zone; empty: the company's"`
	Days []int  `json:"days,omitempty" maxItems:"7" doc:"weekdays on which they begin, 0 is Sunday; empty: every day"`
}

// maxDigest is the longest time that a digest gathers: a day.
const maxDigest = 24 * 60

var timeOfDay = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])$`)

// check refuses what cannot be followed, every bad field at once.
func (p *Preferences) check() error {
	var bad fault.List
	for key, ways := range p.Events {
		if _, ok := eventOf(key); !ok {
			bad = append(bad, fault.Bad("events."+key, "unknown", "there is no such event"))
		}
		for m := range ways {
			if !slices.Contains(AllMeans, m) {
				bad = append(bad, fault.Bad(fmt.Sprintf("events.%s.%s", key, m), "unknown", "there is no such way"))
			}
		}
	}
	for m, minutes := range p.Digest {
		switch {
		case m == InApp || !slices.Contains(AllMeans, m):
			bad = append(bad, fault.Bad("digest."+string(m), "unknown", "there is no such way to gather on"))
		case minutes < 0 || minutes > maxDigest:
			bad = append(bad, fault.Bad("digest."+string(m), "range", "from 0 to %d minutes", maxDigest))
		}
	}
	q := p.Quiet
	if q.On || q.From != "" || q.To != "" {
		for field, s := range map[string]string{"quiet.from": q.From, "quiet.to": q.To} {
			if !timeOfDay.MatchString(s) {
				bad = append(bad, fault.Bad(field, "time", "a time such as 22:00"))
			}
		}
		if q.From == q.To {
			bad = append(bad, fault.Bad("quiet.to", "same", "quiet hours end at another time than they begin"))
		}
	}
	if q.Zone != "" {
		if _, err := time.LoadLocation(q.Zone); err != nil || q.Zone == "Local" {
			bad = append(bad, fault.Bad("quiet.zone", "time_zone", "this is not a time zone such as Asia/Shanghai"))
		}
	}
	for _, d := range q.Days {
		if d < 0 || d > 6 {
			bad = append(bad, fault.Bad("quiet.days", "range", "weekdays are 0 to 6"))
		}
	}
	slices.SortFunc(bad, func(a, b *fault.Error) int {
		if a.Field < b.Field {
			return -1
		}
		return 1
	})
	return bad.Err()
}

// wants says whether an event is told to the person on a means.
func (p *Preferences) wants(e Event, m Means) bool {
	if on, said := p.Events[e.Key][m]; said {
		return on
	}
	return slices.Contains(e.Means, m)
}

// Addresses are where a person is reached beside their mail address, which is
// that of their account.
type Addresses struct {
	SMS      string `json:"sms,omitempty" maxLength:"40" doc:"phone number"`
	WeCom    string `json:"wecom,omitempty" maxLength:"64" doc:"userid in WeCom"`
	DingTalk string `json:"dingtalk,omitempty" maxLength:"64" doc:"userid in DingTalk"`
	Feishu   string `json:"feishu,omitempty" maxLength:"64" doc:"open_id or user_id in Feishu"`
}

var chatName = regexp.MustCompile(`^[A-Za-z0-9_.@-]{0,64}$`)

// clean brings the phone number into its one form, E.164.
func (a *Addresses) clean() error {
	if a.SMS != "" {
		n, err := phonenumbers.Parse(a.SMS, "CN")
		if err != nil || !phonenumbers.IsValidNumber(n) {
			return fault.Bad("addresses.sms", "phone", "this is not a phone number")
		}
		a.SMS = phonenumbers.Format(n, phonenumbers.E164)
	}
	for field, s := range map[string]string{"wecom": a.WeCom, "dingtalk": a.DingTalk, "feishu": a.Feishu} {
		if !chatName.MatchString(s) {
			return fault.Bad("addresses."+field, "characters", "letters, digits and _ . @ - only")
		}
	}
	return nil
}

// of is the address for a means; email is that of the account.
func (a Addresses) of(m Means, email string) string {
	switch m {
	case Mail:
		if _, err := mail.ParseAddress(email); err != nil {
			return ""
		}
		return email
	case SMS:
		return a.SMS
	case WeCom:
		return a.WeCom
	case DingTalk:
		return a.DingTalk
	case Feishu:
		return a.Feishu
	}
	return ""
}
