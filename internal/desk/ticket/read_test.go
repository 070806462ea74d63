package ticket_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"zhidan/client"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

func TestReadMarks(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		dept := s.department("售后", 0)
		team := s.team("一组", dept)
		li := s.person("李", staff.NewUser{Department: dept, Teams: []id.ID{team}}, staff.Agent)
		chen := s.person("陈", staff.NewUser{Department: dept, Teams: []id.ID{team}}, staff.Agent)
		auditor := s.person("审", staff.NewUser{Teams: []id.ID{team}}, staff.Auditor)
		blind := s.person("盲", staff.NewUser{Roles: []id.ID{s.role("不看工单", staff.Grants{staff.TokenOwn: staff.ScopeAll})}, Teams: []id.ID{team}})
		_ = auditor
		type row struct {
			ID                string
			Unread, Mentioned bool
		}
		// marks are a person's marks of one ticket: in the list, on its own page
		// and by the filter, which have to agree.
		marks := func(a *staff.Actor, ticket string) string {
			t.Helper()
			c := s.as(a)
			var list struct{ Items []row }
			var one row
			var found struct{ Items []row }
			_, err := c.Call(ctx, "GET", "/tickets?limit=200", nil, &list)
			must(t, err)
			_, err = c.Call(ctx, "GET", "/tickets/"+ticket, nil, &one)
			must(t, err)
			_, err = c.Call(ctx, "GET", "/tickets?limit=200&filter="+url.QueryEscape("active && unread"), nil, &found)
			must(t, err)
			out := row{}
			for _, r := range list.Items {
				if r.ID == ticket {
					out = r
				}
			}
			want(t, "page and list", one, out)
			in := false
			for _, r := range found.Items {
				in = in || r.ID == ticket
			}
			want(t, "the filter", in, out.Unread)
			words := []string{}
			if out.Unread {
				words = append(words, "unread")
			}
			if out.Mentioned {
				words = append(words, "mentioned")
			}
			return strings.Join(words, " ")
		}
		read := func(a *staff.Actor, ticket string, in M) {
			t.Helper()
			_, err := s.as(a).Call(ctx, "POST", "/tickets/"+ticket+"/read", in, nil)
			must(t, err)
		}
		tk := s.open("空调不制冷", func(n *client.NewTicket) { n.Team, n.Assignee = team.String(), li.ID.String() })

		want(t, "what came to me waits", marks(li, tk.ID), "unread")
		want(t, "a colleague's ticket does not", marks(chen, tk.ID), "")
		read(li, tk.ID, M{})
		want(t, "after reading", marks(li, tk.ID), "")
		_, err := s.as(li).Say(ctx, tk.ID, client.NewMessage{Kind: "reply", Body: "您好"})
		must(t, err)
		want(t, "one's own words", marks(li, tk.ID), "")
		first := s.say(tk.ID, "note", "请尽快")
		want(t, "a colleague's", marks(li, tk.ID), "unread")
		second := s.say(tk.ID, "note", "再请尽快")
		read(li, tk.ID, M{"message_id": first.ID})
		want(t, "read up to the first of two", marks(li, tk.ID), "unread")
		read(li, tk.ID, M{"message_id": second.ID})
		read(li, tk.ID, M{"message_id": first.ID})
		want(t, "a mark moves forward only", marks(li, tk.ID), "")
		read(li, tk.ID, M{"unread": true})
		want(t, "put back", marks(li, tk.ID), "unread")

		s.Clock.Advance(time.Second)
		_, err = s.c.Call(ctx, "POST", "/tickets/"+tk.ID+"/messages", M{"kind": "note", "body": "@陈 请看", "mentions": []string{chen.ID.String()}}, nil)
		must(t, err)
		want(t, "mentioned", marks(chen, tk.ID), "unread mentioned")
		read(chen, tk.ID, M{})
		want(t, "seen", marks(chen, tk.ID), "")
		s.Clock.Advance(time.Second)
		_, err = s.c.Call(ctx, "POST", "/tickets/"+tk.ID+"/messages", M{"kind": "note", "body": "@一组", "mention_teams": []string{team.String()}}, nil)
		must(t, err)
		want(t, "mentioned again with the team", marks(chen, tk.ID), "unread mentioned")
		want(t, "all of it", marks(li, tk.ID), "unread mentioned")
		who, err := s.Desk.PeopleAs(ctx, s.Tenant, "mention", []id.ID{number(t, tk.ID)})
		must(t, err)
		for _, u := range who[number(t, tk.ID)] {
			if u == blind.ID {
				t.Error("somebody who may not see tickets was mentioned with the team")
			}
		}
		_, err = s.c.Call(ctx, "POST", "/tickets/"+tk.ID+"/messages", M{"kind": "note", "body": "x", "mentions": []string{blind.ID.String()}}, nil)
		refused(t, err, "422 mentions may_not_read")
		_, err = s.c.Call(ctx, "POST", "/tickets/"+tk.ID+"/messages", M{"kind": "note", "body": "x", "mention_teams": []string{"7"}}, nil)
		refused(t, err, "422 mention_teams unknown")
	})
}

// Who answers is told when the customer, or a colleague, has spoken meanwhile.
func TestAnswerToWhatWasSeen(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		tk := s.open("空调不制冷")
		mine := s.say(tk.ID, "reply", "请问型号？")
		say := func(c *client.Client, in M) error {
			_, err := c.Call(ctx, "POST", "/tickets/"+tk.ID+"/messages", in, nil)
			return err
		}
		must(t, say(s.c, M{"kind": "note", "body": "已电话联系"}))
		must(t, say(s.c, M{"kind": "reply", "body": "一", "seen_message_id": mine.ID})) // only my own since
		mate := s.as(s.person("乙", staff.NewUser{}, staff.Administrator))
		must(t, say(mate, M{"kind": "note", "body": "我也看看"}))
		must(t, say(s.c, M{"kind": "reply", "body": "二", "seen_message_id": mine.ID})) // a note is no answer
		must(t, say(mate, M{"kind": "reply", "body": "师傅明天到"}))
		at := s.get(tk.ID).Version
		refused(t, say(s.c, M{"kind": "reply", "body": "三", "seen_message_id": mine.ID}), "409 message.newer")
		want(t, "nothing was written", s.get(tk.ID).Version, at)
		must(t, say(s.c, M{"kind": "note", "body": "备注照记", "seen_message_id": mine.ID}))
		must(t, say(s.c, M{"kind": "reply", "body": "三"})) // sent anyway
	})
}
