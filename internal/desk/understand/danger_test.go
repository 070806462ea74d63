package understand

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/nlp"
	"zhidan/internal/platform/clock"
)

// TestDangers holds the alarm for life and limb above floors, on texts that
// neither the lists nor the shipped models were made from: dangers that are told
// politely or in passing, and plain faults and complaints of all kinds of goods,
// none of which may raise it.
func TestDangers(t *testing.T) {
	r := fresh(t)
	f, err := os.Open("../../mind/testdata/danger.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type counts struct{ dangers, seen, plain, alarms float64 }
	by := map[string]*counts{"zh": {}, "en": {}}
	for in := bufio.NewScanner(f); in.Scan(); {
		var x struct {
			Text, Lang string
			Danger     bool
		}
		if err := json.Unmarshal(in.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		alarm := false
		for _, s := range r.read(Text{Body: x.Text, Now: clock.Time(1795000000000)}, false).Risks {
			alarm = alarm || s.Kind == nlp.Safety && s.Severity >= ticket.AtRisk
		}
		c := by[x.Lang]
		if x.Danger {
			c.dangers++
			c.seen += is(alarm)
		} else {
			c.plain++
			c.alarms += is(alarm)
		}
	}
	for lang, c := range by {
		recall, precision, calm := c.seen/c.dangers, c.seen/max(1, c.seen+c.alarms), 1-c.alarms/c.plain
		t.Logf("%s: %.0f of %.0f dangers raise the alarm (%.3f), precision %.3f, %.0f of %.0f plain reports do (calm %.3f)",
			lang, c.seen, c.dangers, recall, precision, c.alarms, c.plain, calm)
		if recall < .7 || calm < .95 {
			t.Errorf("%s: recall %.3f or calm %.3f is too low", lang, recall, calm)
		}
	}
}
