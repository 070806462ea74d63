package retrieve

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

var start = clock.From(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))

// outage are messages by which different customers report one cause.
func outage(r *rand.Rand) string {
	heads := strings.Fields(`您好 急 请问 你们系统怎么了 刚刚 客服在吗 又出问题了 今天早上`)
	bodies := strings.Fields(`支付页面打不开，一直白屏 支付页面白屏了付不了款 点支付就白屏，页面打不开 付款的时候支付页面一片白屏
	 支付页面一直打不开，换了手机也是白屏 APP支付页面白屏，没法付款 支付页面白屏，试了五次都打不开`)
	tails := strings.Fields(`麻烦看看 急着下单 优惠要过期了 谢谢 什么时候能好 在线等 给个说法`)
	return heads[r.Intn(len(heads))] + "，" + bodies[r.Intn(len(bodies))] + "，" + tails[r.Intn(len(tails))]
}

func english(r *rand.Rand) string {
	bodies := []string{
		"No internet at home since this morning, the router blinks red",
		"Our internet is down, router blinking red light", "internet down again, red light on the router",
		"The router shows a red light and there is no internet", "Is there an outage? Internet down, router light red",
	}
	return bodies[r.Intn(len(bodies))] + []string{"", " please help", ". Thanks", " - urgent"}[r.Intn(4)]
}

// usual is what a busy category gets all day.
func usual(r *rand.Rand) string {
	bodies := strings.Fields(`快递到哪里了，帮我查一下物流 请帮我查一下快递到哪了 物流好几天没更新，快递到哪里了 查物流，快递什么时候到 帮忙查一下快递物流`)
	return bodies[r.Intn(len(bodies))]
}

type event struct {
	at   clock.Time
	text func(*rand.Rand) string
	wave int
}

// play runs events in order and gives, for each wave, after how many of its
// own tickets the first proposal that holds mostly its tickets came (0: never)
// and how many proposals were about something else.
func play(t *testing.T, b *Burst, r *rand.Rand, events []event) (after map[int]int, other int, mixed int) {
	t.Helper()
	after = map[int]int{}
	seen := map[int]int{}
	wave := map[id.ID]int{}
	for i, e := range events {
		key := id.ID(i + 1)
		wave[key] = e.wave
		seen[e.wave]++
		p := b.Add(Arrival{ID: key, At: e.at, Customer: id.ID(1000 + i), Text: e.text(r)})
		if p == nil {
			continue
		}
		count := map[int]int{}
		for _, m := range p.Members {
			count[wave[m]]++
		}
		best := 0
		for w, n := range count {
			if n > count[best] {
				best = w
			}
		}
		if best == 0 {
			if p.First {
				other++
				t.Logf("false proposal %+v", p)
			}
			continue
		}
		if count[best] < len(p.Members) {
			mixed = max(mixed, len(p.Members)-count[best])
		}
		if after[best] == 0 {
			after[best] = seen[best]
			t.Logf("wave %d after %d: %q expected %.2f score %.2f", best, seen[best], p.Title, p.Expected, p.Score)
			if p.Title == "" || p.Since == 0 || p.Customers < 5 {
				t.Errorf("proposal says too little: %+v", p)
			}
		}
	}
	return after, other, mixed
}

// others are hand-written tickets about everything, in both languages, each
// used once.
func others(t *testing.T, r *rand.Rand) func(*rand.Rand) string {
	t.Helper()
	var texts []string
	for _, name := range []string{"../starter/types.jsonl", "../testdata/labelled.jsonl", "../testdata/golden.jsonl"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var x struct{ Text string }
			if err := json.Unmarshal([]byte(line), &x); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			texts = append(texts, x.Text)
		}
	}
	r.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	n := 0
	return func(*rand.Rand) string {
		n++
		return texts[n%len(texts)]
	}
}

// noise spreads n tickets over a time.
func noise(r *rand.Rand, from clock.Time, over time.Duration, n int, text func(*rand.Rand) string, wave int) []event {
	var out []event
	for range n {
		out = append(out, event{from.Add(time.Duration(r.Int63n(int64(over)))), text, wave})
	}
	return out
}

func inOrder(lists ...[]event) []event {
	var out []event
	for _, l := range lists {
		out = append(out, l...)
	}
	for i := 1; i < len(out); i++ { // insertion keeps equal times in the order given
		for j := i; j > 0 && out[j].at < out[j-1].at; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

func TestBurstFindsAWaveInNoise(t *testing.T) {
	for seed := range int64(5) {
		r := rand.New(rand.NewSource(seed))
		events := inOrder(
			noise(r, start, 10*time.Hour, 1000, others(t, r), 0),
			noise(r, start.Add(6*time.Hour), 15*time.Minute, 30, outage, 1))
		after, other, mixed := play(t, NewBurst(BurstConfig{}), r, events)
		if after[1] == 0 || after[1] > 8 {
			t.Errorf("seed %d: found after %d", seed, after[1])
		}
		if other > 0 {
			t.Errorf("seed %d: %d proposals about nothing", seed, other)
		}
		if mixed > 4 {
			t.Errorf("seed %d: %d strangers among the members", seed, mixed)
		}
	}
}

func TestBurstKeepsTwoIncidentsApart(t *testing.T) {
	r := rand.New(rand.NewSource(4))
	events := inOrder(
		noise(r, start, 8*time.Hour, 600, others(t, r), 0),
		noise(r, start.Add(5*time.Hour), 20*time.Minute, 30, outage, 1),
		noise(r, start.Add(5*time.Hour), 20*time.Minute, 30, english, 2))
	after, _, mixed := play(t, NewBurst(BurstConfig{}), r, events)
	for _, w := range []int{1, 2} {
		if after[w] == 0 || after[w] > 10 {
			t.Errorf("incident %d found after %d", w, after[w])
		}
	}
	if mixed > 4 {
		t.Errorf("%d strangers among the members", mixed)
	}
}

func TestBurstLeavesABusyCategoryAlone(t *testing.T) {
	r := rand.New(rand.NewSource(6))
	// Ten in half an hour all day, and a morning when everything doubles.
	events := inOrder(
		noise(r, start, 12*time.Hour, 240, usual, 0), noise(r, start, 12*time.Hour, 480, ticketText, 0),
		noise(r, start.Add(12*time.Hour), 4*time.Hour, 160, usual, 0), noise(r, start.Add(12*time.Hour), 4*time.Hour, 320, ticketText, 0))
	if _, other, _ := play(t, NewBurst(BurstConfig{}), r, events); other > 0 {
		t.Errorf("%d proposals", other)
	}
}

func TestBurstOfOneCustomerIsNone(t *testing.T) {
	r := rand.New(rand.NewSource(7))
	b := NewBurst(BurstConfig{})
	at := start
	for i := range 400 {
		at = at.Add(time.Minute)
		a := Arrival{ID: id.ID(i + 1), At: at, Customer: id.ID(i + 1), Text: ticketText(r)}
		if i > 300 {
			a.Customer, a.Text = 7, outage(r)
		}
		if p := b.Add(a); p != nil {
			t.Fatalf("one customer's tickets: %+v", p)
		}
	}
}

func TestBurstIsRebuiltByReplay(t *testing.T) {
	r := rand.New(rand.NewSource(8))
	events := inOrder(
		noise(r, start, 5*time.Hour, 400, others(t, r), 0),
		noise(r, start.Add(4*time.Hour), 10*time.Minute, 12, outage, 1))
	texts := make([]string, len(events))
	for i, e := range events {
		texts[i] = e.text(r)
	}
	run := func(b *Burst) (last *Proposal) {
		for i, e := range events {
			if p := b.Add(Arrival{ID: id.ID(i + 1), At: e.at, Customer: id.ID(i + 1), Text: texts[i]}); p != nil {
				last = p
			}
		}
		return last
	}
	one, two := run(NewBurst(BurstConfig{})), run(NewBurst(BurstConfig{}))
	if one == nil || two == nil || one.Key != two.Key || len(one.Members) != len(two.Members) || one.Title != two.Title || one.Score != two.Score {
		t.Errorf("%+v\n%+v", one, two)
	}
}

func TestBurstMemoryIsBounded(t *testing.T) {
	r := rand.New(rand.NewSource(9))
	b := NewBurst(BurstConfig{Tickets: 500})
	at := start
	for i := range 3000 {
		at = at.Add(10 * time.Second)
		b.Add(Arrival{ID: id.ID(i + 1), At: at, Customer: id.ID(i + 1), Text: ticketText(r)})
	}
	if n := b.similar.Len(); n > 500 || len(b.order) > 500 || len(b.in) > 500 || b.similar.Bytes() > 1<<20 {
		t.Errorf("remembers %d tickets in %d bytes", n, b.similar.Bytes())
	}
}

// storm is what a thousand devices report within a minute.
func storm(i int) string {
	return fmt.Sprintf("设备 SN%08d 上报：网关连接超时，温度传感器离线，请尽快处理", i)
}

func TestBurstOfAStormHoldsEverybody(t *testing.T) {
	r := rand.New(rand.NewSource(11))
	b := NewBurst(BurstConfig{})
	at := start
	for i := range 400 {
		at = at.Add(time.Minute)
		b.Add(Arrival{ID: id.ID(i + 1), At: at, Customer: id.ID(i + 1), Text: ticketText(r)})
	}
	var first, last *Proposal
	missed := 0
	for i := range 3000 {
		p := b.Add(Arrival{ID: id.ID(1000 + i), At: at.Add(time.Duration(i) * 10 * time.Millisecond), Customer: id.ID(1000 + i%500), Text: storm(i)})
		switch {
		case p == nil:
			missed++
		case first == nil:
			first = p
		}
		last = p
	}
	if missed > 10 || last == nil || last.Key != first.Key || last.First || len(last.Members) != MaxMembers || last.Members[0] != first.Members[0] || last.Members[MaxMembers-1] != 1000+2999 || last.Customers != 500 || last.Score < first.Score {
		t.Fatalf("%d missed; first %+v", missed, first)
	}
	// a window later it is over, and what comes then is another matter
	if p := b.Add(Arrival{ID: 9000, At: at.Add(2 * time.Hour), Customer: 9000, Text: storm(9000)}); p != nil {
		t.Errorf("one report, two hours later: %d members", len(p.Members))
	}
}

func BenchmarkBurstStorm(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	w := NewBurst(BurstConfig{})
	for i := range 400 {
		w.Add(Arrival{ID: id.ID(i + 1), At: start.Add(time.Duration(i) * time.Minute), Customer: id.ID(i + 1), Text: ticketText(r)})
	}
	at := start.Add(400 * time.Minute)
	b.ResetTimer()
	for i := range b.N {
		w.Add(Arrival{ID: id.ID(1000 + i), At: at.Add(time.Duration(i) * 100 * time.Millisecond), Customer: id.ID(1000 + i), Text: storm(i)})
	}
}

func BenchmarkBurstAdd(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	w := NewBurst(BurstConfig{})
	texts := make([]string, 5000)
	for i := range texts {
		texts[i] = ticketText(r)
	}
	b.ResetTimer()
	at := start
	for i := range b.N {
		at = at.Add(2 * time.Second)
		w.Add(Arrival{ID: id.ID(i + 1), At: at, Customer: id.ID(i + 1), Text: texts[i%len(texts)]})
	}
}

// A title is read by people: it is made of whole words, also where they are
// made of characters that everybody writes.
func TestTheTitleOfABurstHasWholeWords(t *testing.T) {
	for _, c := range []struct {
		says []string
		want []string
	}{
		{strings.Fields(`APP打不开了，一直显示系统维护中 手机APP打不开，一直显示系统维护中 打开APP就一直显示系统维护中，什么时候好 APP从刚才起就打不开，一直显示系统维护中 你们的APP怎么打不开，一直显示系统维护中`), []string{"一直显示系统维护中", "打不开"}},
		{strings.Fields(`我的电费余额充值之后就没有了 充值之后就没有了，电费余额找不到 早上电费余额充值之后就没有了，急 为什么电费余额充值之后就没有了 电费余额充值之后就没有了，钱也扣了`), []string{"充值之后就没有了"}},
		// so long that not all of it is remembered
		{[]string{"您好，我是你们的老用户，昨天晚上开始空调扇遥控器按了没有反应，换了两次电池也没有用，机身上面的按键倒是可以用，屏幕一直显示设备离线，说明书上写的方法全部试过，手机连接也断开，麻烦安排师傅尽快上门检查，家里还有老人和小孩等着用，周末全天都可以联系"}, []string{"空调扇遥控器按了没有反应", "屏幕一直显示设备离线"}},
	} {
		r := rand.New(rand.NewSource(2))
		b := NewBurst(BurstConfig{})
		at := start
		other := others(t, r)
		for i := range 400 {
			at = at.Add(time.Minute)
			b.Add(Arrival{ID: id.ID(i + 1), At: at, Customer: id.ID(i + 1), Text: "一直没人联系，之后就没有了下文。" + other(r)})
		}
		title := ""
		for i := range 20 {
			at = at.Add(10 * time.Second)
			if p := b.Add(Arrival{ID: id.ID(1000 + i), At: at, Customer: id.ID(1000 + i), Text: c.says[i%len(c.says)] + "（" + fmt.Sprint(i) + "）"}); p != nil {
				title = p.Title
			}
		}
		for _, w := range c.want {
			if !strings.Contains(title, w) {
				t.Errorf("%q, without %q", title, w)
			}
		}
	}
}
