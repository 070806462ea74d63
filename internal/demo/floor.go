package demo

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/routing"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// Who works when: those who answer customers in turns, the others in the
// office from Monday to Friday.
var (
	shifts = []roster.Template{
		{Name: "早班", Color: "#2f5bea", Hours: roster.Hours{From: "08:00", To: "16:00", Breaks: []roster.Pause{{From: "12:00", To: "12:30"}}}},
		{Name: "中班", Color: "#4a9a8a", Hours: roster.Hours{From: "12:00", To: "20:00", Breaks: []roster.Pause{{From: "17:00", To: "17:30"}}}},
		{Name: "夜班", Color: "#5d6675", Hours: roster.Hours{From: "22:00", To: "06:00"}, Night: true},
		{Name: "行政班", Color: "#8fa8f3", Hours: roster.Hours{From: "09:00", To: "18:00", Breaks: []roster.Pause{{From: "12:00", To: "13:00"}}}},
	}
	turns = []struct {
		name, pattern string // of initials of the shifts; 休 is a day off
		teams         []string
	}{
		{"一线轮班", "早早中中夜休休", []string{"east", "south", "english"}},
		{"行政班", "行行行行行休休", []string{"repair", "shop", "logistics"}},
	}
	planBack, planAhead roster.Day = 28, 13 // days of the plan before today, and after it
)

// floor plans the shifts around today, lets people have been there, and puts
// the rules of assignment in the place of the shipped ones. The rules come
// last, so that the story before them is not told otherwise.
func (t *teller) floor() error {
	lead := t.actors["admin@demo.example"]
	known := map[string]id.ID{}
	for _, x := range shifts {
		made, err := t.s.Roster.SaveTemplate(t.ctx, lead, x)
		if err != nil {
			return fmt.Errorf("shift %s: %w", x.Name, err)
		}
		known[string([]rune(x.Name)[:1])] = made.ID
	}
	today, err := roster.ParseDay("", t.now.Std().In(shanghai).Format(time.DateOnly))
	if err != nil {
		return err
	}
	from, to := today-planBack, today+planAhead
	anchor := from - (from+3)%7 // a Monday
	var planned []id.ID
	var work []attendance
	for _, turn := range turns {
		r := roster.Rotation{Name: turn.name, Anchor: anchor}
		for _, letter := range turn.pattern {
			r.Pattern = append(r.Pattern, known[string(letter)])
		}
		made, err := t.s.Roster.SaveRotation(t.ctx, lead, r)
		if err != nil {
			return fmt.Errorf("rotation %s: %w", turn.name, err)
		}
		fill := roster.Fill{Rotation: made.ID, From: from, To: to}
		for _, team := range turn.teams {
			for _, email := range t.crew[team] {
				if who := t.actors[email].ID; !slices.Contains(planned, who) {
					offset := 0
					if turn.name == turns[0].name {
						offset = len(planned)
					}
					planned = append(planned, who)
					for day := today - attended; day < today; day++ {
						letter := []rune(turn.pattern)[(int(day-anchor)+offset)%7]
						if i := slices.IndexFunc(shifts, func(x roster.Template) bool { return []rune(x.Name)[0] == letter }); i >= 0 {
							work = append(work, attendance{email, day, shifts[i].Hours})
						}
					}
					fill.Turns = append(fill.Turns, roster.Turn{User: who, Offset: offset % 7})
				}
			}
		}
		if _, err := t.s.Roster.Fill(t.ctx, lead, fill); err != nil {
			return fmt.Errorf("plan of %s: %w", turn.name, err)
		}
	}
	if _, err := t.s.Roster.Publish(t.ctx, lead, planned, from, to); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	day := t.now.Add(3 * 24 * time.Hour)
	for _, l := range []struct {
		email, kind, reason string
		days                int
	}{{"liangjiayi@demo.example", "annual", "回老家", 2}, {"wanglei@demo.example", "personal", "家里有事", 1}} {
		if _, err := t.s.Roster.AskLeave(t.ctx, t.actors[l.email], roster.NewLeave{Kind: l.kind, From: day, To: day.Add(time.Duration(l.days) * 24 * time.Hour), Reason: l.reason}); err != nil {
			return fmt.Errorf("leave of %s: %w", l.email, err)
		}
	}
	if err := t.attend(work); err != nil {
		return err
	}
	return t.assignment()
}

var shanghai = time.FixedZone("CST", 8*3600)

// attended is for how many days back somebody's presence is known.
const attended = 7

// attendance is a shift that somebody has worked.
type attendance struct {
	email string
	day   roster.Day
	hours roster.Hours
}

// attend tells when people were there: on their planned days, now and then a
// little late. It ends before the present, in which nobody but the visitor has
// a screen.
func (t *teller) attend(work []attendance) error {
	past := clock.At(t.now)
	room := roster.New(roster.Config{DB: t.s.DB, IDs: t.ids, Clock: past, Log: t.s.Log, Jobs: t.jobs, Staff: t.staff})
	defer room.Close()
	type turn struct {
		at    clock.Time
		email string
		state roster.State
	}
	var list []turn
	for _, w := range work {
		moment := func(hour string) clock.Time {
			at, _ := time.ParseInLocation("2006-01-02 15:04", w.day.String()+" "+hour, shanghai) // both are our own
			return clock.From(at)
		}
		from, to := moment(w.hours.From), moment(w.hours.To)
		if to < from {
			to = to.Add(24 * time.Hour)
		}
		if to > t.now.Add(-time.Hour) {
			continue
		}
		late := time.Duration(t.rng.IntN(9)) * time.Minute
		list = append(list, turn{from.Add(late), w.email, roster.Online}, turn{from.Add(4 * time.Hour), w.email, roster.Meal},
			turn{from.Add(4*time.Hour + 30*time.Minute), w.email, roster.Online}, turn{to.Add(late / 2), w.email, roster.Offline})
	}
	slices.SortStableFunc(list, func(a, b turn) int { return cmp.Compare(a.at, b.at) })
	for _, x := range list {
		past.Set(x.at)
		if _, err := room.SetOwn(t.ctx, t.actors[x.email], roster.NewState{State: x.state}); err != nil {
			return fmt.Errorf("state of %s: %w", x.email, err)
		}
	}
	return nil
}

// assignment switches the company's rules on.
func (t *teller) assignment() error {
	by := t.actors["admin@demo.example"]
	yes := true
	dir, err := t.staff.Directory(t.ctx, t.tenant)
	if err != nil {
		return err
	}
	skill := func(name string, level int) []routing.Need {
		for _, s := range dir.Skills() {
			if s.Name == name {
				return []routing.Need{{Skill: s.ID, Level: level}}
			}
		}
		return nil
	}
	set := routing.Shipped()
	set.Name = "云岭派单规则"
	all := set.Rules[0]
	all.Name = "全部工单"
	serious, abnormal := all.Rules[0], all.Rules[1]
	serious.Name, serious.Team, serious.Supervisor = "安全与 VIP 投诉", t.teams["care"], []id.ID{t.actors["lead@demo.example"].ID, by.ID}
	abnormal.Name = "加急与反复"
	all.Rules = []*routing.Rule{serious,
		{Name: "英文客户", When: `language == "en"`, Team: t.teams["english"], Language: &yes, Overflow: []routing.Overflow{{After: 600, Team: t.teams["care"]}}},
		{Name: "投诉", When: `type == "complaint"`, Team: t.teams["care"], Needs: skill("投诉处理", 2), Relax: []routing.Relax{{After: 120, Drop: "skill"}}},
		{Name: "退换货", When: `type == "return"`, Team: t.teams["shop"], Strategy: routing.LeastLoad},
		{Name: "上门维修", When: `type == "repair"`, Team: t.teams["repair"], Strategy: routing.BestSkill, Overflow: []routing.Overflow{{After: 900, Team: t.teams["east"]}}},
		abnormal,
	}
	made, err := t.s.Routing.SaveSet(t.ctx, by, set)
	if err != nil {
		return fmt.Errorf("rules of assignment: %w", err)
	}
	return t.s.Routing.SwitchSet(t.ctx, by, made.Version, routing.Active)
}
