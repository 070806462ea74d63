package understand_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhidan/internal/mind/learn"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

// teach brings labelled texts.
func teach(t *testing.T, h *zhidantest.House, label string, texts ...string) {
	t.Helper()
	var items []map[string]string
	for _, s := range texts {
		items = append(items, map[string]string{"text": s, "label": label})
	}
	if a := h.Call("POST", "/understanding/examples", map[string]any{"field": "type", "items": items}); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
}

// typeOf is what would be said of a text.
func typeOf(t *testing.T, h *zhidantest.House, text string) string {
	t.Helper()
	var x struct {
		Decisions []struct{ Field, Value string }
	}
	a := h.Call("POST", "/understanding/read", map[string]any{"text": text})
	if a.JSON(t, &x); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for _, d := range x.Decisions {
		if d.Field == "type" {
			return d.Value
		}
	}
	return ""
}

// odd are texts that nobody could know the type of.
func odd(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("衣柜里的飞蛾又多了，第%d次，花色%c", i, rune('甲'+i)))
	}
	return out
}

func sql(t *testing.T, h *zhidantest.House, q string, args ...any) {
	t.Helper()
	if err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, q, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestARestartKnowsWhatWasLearned(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		teach(t, h, "praise", odd(30)...)
		h.Settle()
		if got := typeOf(t, h, "飞蛾又来了"); got != "praise" {
			t.Fatalf("before: %q", got)
		}
		// What was learned is stored as a model: it need not be learned again.
		sql(t, h, `delete from understand_example where tenant_id = $1`, h.Tenant)
		h.Mind.Restart()
		if got := typeOf(t, h, "飞蛾又来了"); got != "praise" {
			t.Errorf("after: %q", got)
		}
		// A checkpoint that cannot be read is passed over.
		sql(t, h, `update understand_checkpoint set data = $2 where tenant_id = $1`, h.Tenant, []byte("no model"))
		h.Mind.Restart()
		if got := typeOf(t, h, "冰箱不制冷，请派师傅来修"); got != "repair" {
			t.Errorf("with a broken checkpoint: %q", got)
		}
	})
}

func TestAnExampleThatIsCommittedLateIsLearned(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		typeOf(t, h, "hello") // the models are in memory
		late := h.IDs.Next()  // taken by a transaction that lasts
		teach(t, h, "suggestion", "蜡烛要是能多一种味道就好了")
		sql(t, h, `insert into understand_example (tenant_id, field, id, label, source, title, text, at) values ($1, 'type', $2, 'praise', 'import', '', '衣柜里又有飞蛾', 0)`, h.Tenant, late)
		teach(t, h, "suggestion", "蜡烛再香一点就好了")
		if got := typeOf(t, h, "衣柜里又有飞蛾"); got != "praise" {
			t.Errorf("the late one is not learned: %q", got)
		}
		var overview struct {
			Fields []struct {
				Field       string
				Corrections int
			}
		}
		h.Call("GET", "/understanding", nil).JSON(t, &overview)
		if f := overview.Fields[0]; f.Field != "type" || f.Corrections != 3 {
			t.Errorf("each is learned once: %+v", f)
		}
	})
}

func TestManyExamplesAreLearnedWithinBounds(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		h.Call("PUT", "/understanding/retraining", map[string]any{"off": true, "after": 200, "days": 0})
		typeOf(t, h, "hello")
		var texts []string
		for i := range 1000 {
			texts = append(texts, "飞蛾"+strconv.Itoa(i))
		}
		teach(t, h, "praise", texts...)
		teach(t, h, "suggestion", "蜡烛要是能多一种味道就好了")
		h.Settle()
		for text, want := range map[string]string{"又是飞蛾": "praise", "蜡烛多一种味道就好了": "suggestion"} {
			if got := typeOf(t, h, text); got != want {
				t.Errorf("%s: %q", text, got)
			}
		}
		var overview struct {
			Fields []struct{ Corrections, Examples int }
		}
		h.Call("GET", "/understanding", nil).JSON(t, &overview)
		if f := overview.Fields[0]; f.Examples != 1001 || f.Corrections > 600 {
			t.Errorf("%+v", f)
		}
	})
}

type training struct {
	ID, State, Error string
	Code             string `json:"error_code"`
	Promoted         bool
	StartedBy        string `json:"started_by"`
}

func trainings(t *testing.T, h *zhidantest.House) []training {
	t.Helper()
	h.Settle()
	var list struct{ Items []training }
	h.Call("GET", "/understanding/runs", nil).JSON(t, &list)
	return list.Items
}

func TestEnoughExamplesAreTrainedByThemselves(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		if a := h.Call("PUT", "/understanding/retraining", map[string]any{"off": false, "after": 40, "days": 7}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if a := h.Call("PUT", "/understanding/retraining", map[string]any{"off": false, "after": 3, "days": 7}); a.Status != 422 {
			t.Errorf("three examples are no training: %d %s", a.Status, a.Body)
		}
		teach(t, h, "praise", odd(39)...)
		if list := trainings(t, h); len(list) != 0 {
			t.Fatalf("too early: %+v", list)
		}
		teach(t, h, "praise", "飞蛾飞走了")
		list := trainings(t, h)
		if len(list) != 1 || list[0].State != "done" || list[0].StartedBy != "" {
			t.Fatalf("%+v", list)
		}
		// Many more, but not again on the same day.
		teach(t, h, "praise", odd(45)...)
		if list := trainings(t, h); len(list) != 1 {
			t.Fatalf("too soon after the first: %+v", list)
		}
		h.Clock.Advance(24 * time.Hour)
		if list := trainings(t, h); len(list) != 2 || list[0].State != "done" {
			t.Fatalf("on the next day: %+v", list)
		}
		// Few more, but a week has passed.
		teach(t, h, "praise", odd(25)...)
		if list := trainings(t, h); len(list) != 2 {
			t.Fatalf("too early: %+v", list)
		}
		h.Clock.Advance(7*24*time.Hour + time.Minute)
		if list := trainings(t, h); len(list) != 3 || list[0].State != "done" {
			t.Errorf("after a week: %+v", list)
		}
	})
}

func TestATrainingForgetsNothingThatWasSaid(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		h.Call("PUT", "/understanding/retraining", map[string]any{"off": true, "after": 200, "days": 0})
		// Every text has words of its own: who does not learn it cannot know it.
		words := func(i int) string {
			return string([]rune{'一' + rune(i*37), '丁' + rune(i*91), '丈' + rune(i*53), '与' + rune(i*71)})
		}
		labels := []string{"praise", "complaint", "suggestion"}
		for k, label := range labels {
			var texts []string
			for i := range 20 {
				texts = append(texts, words(3*i+k))
			}
			teach(t, h, label, texts...)
		}
		if a := h.Call("POST", "/understanding/runs", map[string]any{"field": "type"}); a.Status != 202 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if list := trainings(t, h); len(list) != 1 || list[0].State != "done" {
			t.Fatalf("%+v", list)
		}
		wrong := 0
		for i := range 60 {
			if typeOf(t, h, words(i)) != labels[i%3] {
				wrong++
			}
		}
		if wrong > 0 {
			t.Errorf("%d of 60 that people have said are forgotten", wrong)
		}
	})
}

func TestOldTrainingsLeaveNothingBehind(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		first := id.ID(0)
		for range 51 {
			if a := h.Call("POST", "/understanding/runs", map[string]any{"field": "type"}); a.Status != 202 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			list := trainings(t, h)
			if x := list[0]; x.State != "failed" || x.Code != "training.too_few" || x.Error == "" {
				t.Fatalf("%+v", x)
			}
			if first == 0 {
				first, _ = id.Parse(list[0].ID)
				sql(t, h, `insert into understand_holdout (tenant_id, run_id, actual, predicted, ticket_id) values ($1, $2, 'x', 'y', 1)`, h.Tenant, first)
			}
		}
		a := h.Call("POST", "/understanding/runs", map[string]any{"field": "type"})
		var n int
		if err := h.DB.QueryRow(t.Context(), `select count(*) from understand_holdout where tenant_id = $1 and run_id = $2`, h.Tenant, first).Scan(&n); err != nil || n != 0 || a.Status != 202 {
			t.Errorf("%d tickets stand behind a training that is gone (%v, %d)", n, err, a.Status)
		}
	})
}

func TestACategoryMergedIntoANewerOneBreaksNoModel(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		category := func(zh string) string {
			t.Helper()
			var c struct{ ID string }
			h.Call("POST", "/config/categories", map[string]any{"name": map[string]string{"zh": zh, "en": ""}, "position": 99, "retired": false}).JSON(t, &c)
			return c.ID
		}
		from, other := category("飞蛾"), category("蜡烛")
		for i := range 15 {
			var items []map[string]string
			for label, s := range map[string]string{from: "衣柜里又有飞蛾，第%d只", other: "蜡烛要是能多%d种味道就好了"} {
				items = append(items, map[string]string{"text": fmt.Sprintf(s, i), "label": label})
			}
			h.Call("POST", "/understanding/examples", map[string]any{"field": "category", "items": items})
		}
		h.Call("POST", "/understanding/runs", map[string]any{"field": "category"})
		if list := trainings(t, h); len(list) != 1 || !list[0].Promoted {
			t.Fatalf("%+v", list)
		}
		into := category("虫害") // after the training
		if a := h.Call("POST", "/config/categories/"+from+"/merge", map[string]any{"into": into}); a.Status != 202 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		h.Settle()
		h.Mind.Restart()
		x := open(t, h, "a@example.com", "衣柜里又有飞蛾")
		ok := false
		for _, d := range x.Decisions {
			ok = ok || d.Field == "category" && d.Value == into
		}
		if !ok {
			t.Errorf("%+v", x.Decisions)
		}
	})
}

// Companies with other names do not wait for each other's first models.
func TestStartersAreMadeSideBySide(t *testing.T) {
	h := zhidantest.New(t)
	slow, quick := make(chan struct{}), make(chan error, 1)
	train := func(label string) (*learn.Model, error) {
		m, _, err := learn.Train(t.Context(), []learn.Example{{Text: "one thing", Label: label}, {Text: "another", Label: "b"}}, learn.Options{Seed: 1})
		return m, err
	}
	go func() {
		<-slow // the first is being made
		m, err := h.Mind.Starter(t.Context(), "quick", func(context.Context) (*learn.Model, error) { return train("quick") })
		if err == nil && !m.Knows("quick") {
			err = errors.New("the model of somebody else")
		}
		quick <- err
	}()
	m, err := h.Mind.Starter(t.Context(), "slow", func(ctx context.Context) (*learn.Model, error) {
		close(slow)
		select {
		case err := <-quick: // before the slow one is done
			if err != nil {
				return nil, err
			}
		case <-time.After(2 * time.Minute):
			return nil, errors.New("the second waits for the first")
		}
		return train("slow")
	})
	if err != nil || !m.Knows("slow") {
		t.Error(err)
	}
}

func TestAPatternThatCannotBeUsedIsRefused(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		put := func(expr string) zhidantest.Answer {
			return h.Call("PUT", "/understanding/patterns", map[string]any{"version": 0, "patterns": []map[string]any{{"name": "合同号", "type": "order", "expr": expr, "off": false}}})
		}
		if a := put("HT(\\d+"); a.Status != 422 || !strings.Contains(string(a.Body), "patterns[0].expr") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if a := put("HT-\\d{4}"); a.Status != 200 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		var x struct{ Entities []struct{ Value string } }
		h.Call("POST", "/understanding/read", map[string]any{"text": "合同 HT-2207 什么时候到期"}).JSON(t, &x)
		found := false
		for _, e := range x.Entities {
			found = found || e.Value == "HT-2207"
		}
		if !found {
			t.Errorf("%+v", x)
		}
	})
}
