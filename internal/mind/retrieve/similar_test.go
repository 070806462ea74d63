package retrieve

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// words of made-up tickets: subjects, faults and fillers that are combined.
var (
	subjects = strings.Fields(`洗衣机 空调 冰箱 电视 热水器 路由器 扫地机器人 净水器 微波炉 油烟机 会员卡 优惠券 订单 快递 发票 账户 手机号 密码 支付页面
	 小程序 验证码 机票 酒店 课程 游戏账号 宽带 流量套餐 信用卡 贷款 理财`)
	faults = strings.Fields(`漏水 不制冷 打不开 一直转圈 无法登录 报错 白屏 重复扣款 没有到账 少发一件 包装破损 迟迟不发货 退款失败 无法取消 收不到 显示异常
	 声音很大 连不上网 自动关机 被冻结 过期了 不能使用 安装师傅没来 尺寸不对 颜色发错 无法开具 金额不对 闪退 卡顿 丢失`)
	fillers = strings.Fields(`您好 请问 麻烦 尽快处理 谢谢 昨天晚上 今天早上 上周买的 已经三天了 客服电话打不通 我很着急 重启也没用 换了手机还是一样 一直没人联系 希望给个说法
	 家里有老人 需要报销 订单刚付款 页面提示稍后再试 之前也出现过 朋友也遇到 用了半年 刚收到货 周末要用 能不能加急 帮忙看看 到底怎么回事 说好的二十四小时`)
)

func ticketText(r *rand.Rand) string {
	parts := []string{subjects[r.Intn(len(subjects))] + faults[r.Intn(len(faults))]}
	for range 2 + r.Intn(6) {
		parts = append(parts, fillers[r.Intn(len(fillers))])
	}
	if r.Intn(2) == 0 {
		parts = append(parts, fmt.Sprintf("订单号%08d", r.Intn(1e8)))
	}
	r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return strings.Join(parts, "，")
}

// reworded says the same with some parts left out, added and moved.
func reworded(r *rand.Rand, s string) string {
	parts := strings.Split(s, "，")
	out := parts[:0:0]
	for _, p := range parts {
		if r.Intn(5) > 0 {
			out = append(out, p)
		}
	}
	out = append(out, fillers[r.Intn(len(fillers))])
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return strings.Join(out, "，")
}

// exhaustive is the same likeness over everything, without sampling and lists.
type exhaustive struct {
	docs map[id.ID][]feature
	meta map[id.ID]Meta
}

func (e *exhaustive) best(q []feature, o Options) (id.ID, float64) {
	df := map[uint32]int{}
	for _, fs := range e.docs {
		for _, f := range fs {
			df[f.id]++
		}
	}
	weight := func(f feature) float64 { return float64(f.base * rarity(df[f.id], len(e.docs))) }
	qw, qq := map[uint32]float64{}, 0.0
	for _, f := range q {
		qw[f.id] = weight(f)
		qq += qw[f.id] * qw[f.id]
	}
	var best id.ID
	bestScore := 0.0
	for key, fs := range e.docs {
		if key == o.Exclude || o.Customer != 0 && e.meta[key].Customer != o.Customer {
			continue
		}
		var dot, dd float64
		for _, f := range fs {
			w := weight(f)
			dd += w * w
			dot += w * qw[f.id]
		}
		if s := dot * dot / (qq*dd + 1e-9); s > bestScore || s == bestScore && key < best {
			best, bestScore = key, s
		}
	}
	return best, bestScore
}

func TestNearFindsWhatAnExhaustiveSearchFinds(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	s := NewSimilar(0)
	ref := &exhaustive{docs: map[id.ID][]feature{}, meta: map[id.ID]Meta{}}
	var texts []string
	var keys []id.ID
	found, asked := 0, 0
	for step := 1; step <= 4000; step++ {
		switch n := r.Intn(10); {
		case n < 7 || len(keys) < 50:
			key := id.ID(step)
			body := ticketText(r)
			m := Meta{Customer: id.ID(1 + r.Intn(40))}
			s.Add(key, body, m)
			ref.docs[key], ref.meta[key] = features(body), m
			keys, texts = append(keys, key), append(texts, body)
		case n < 9:
			i := r.Intn(len(keys))
			s.Remove(keys[i])
			delete(ref.docs, keys[i])
			keys, texts = slices.Delete(keys, i, i+1), slices.Delete(texts, i, i+1)
		case step > 300 && step%3 == 0:
			i := r.Intn(len(texts))
			q := reworded(r, texts[i])
			o := Options{K: 3}
			if r.Intn(3) == 0 {
				o.Customer = ref.meta[keys[i]].Customer
			}
			want, score := ref.best(features(q), o)
			if score == 0 {
				continue
			}
			asked++
			hits := s.Near(q, o)
			if slices.ContainsFunc(hits, func(h Hit) bool { return h.ID == want }) {
				found++
			}
			for _, h := range hits {
				if _, ok := ref.docs[h.ID]; !ok {
					t.Fatalf("step %d: %v was removed", step, h.ID)
				}
				if o.Customer != 0 && ref.meta[h.ID].Customer != o.Customer {
					t.Fatalf("step %d: %v is another customer's", step, h.ID)
				}
			}
		}
		if s.Len() != len(ref.docs) {
			t.Fatalf("step %d: %d texts, not %d", step, s.Len(), len(ref.docs))
		}
	}
	if asked < 50 || float64(found) < 0.95*float64(asked) {
		t.Errorf("found the best in %d of %d", found, asked)
	}
	t.Logf("found the best in %d of %d", found, asked)
}

func TestNearOnRealisticTickets(t *testing.T) {
	s := NewSimilar(0)
	tickets := []string{
		1:  "您好，我上周买的洗衣机脱水的时候声音特别大，像打雷一样，麻烦安排师傅上门看看",
		2:  "APP登录一直转圈，提示网络异常E5003，换了WiFi也不行",
		3:  "发票抬头开错了，能不能重新开一张，公司要报销",
		4:  "快递显示已签收，但是我没有收到包裹，也没有放在门口",
		5:  "The app keeps crashing when I try to pay with my saved card",
		6:  "I was charged twice for order 88213, please refund one of the payments",
		7:  "How do I change the delivery address of an order that has not shipped yet?",
		8:  "空调不制冷，吹出来的是热风，刚装两个月",
		9:  "我想取消自动续费，但是在设置里找不到入口",
		10: "My invoice shows the wrong company name, could you reissue it?",
	}
	for i, body := range tickets[1:] {
		s.Add(id.ID(i+1), body, Meta{Customer: id.ID(100 + i), At: clock.Time(i + 1)})
	}
	for _, c := range []struct {
		text   string
		want   id.ID
		shared string
	}{
		{"洗衣机脱水声音太大了，能派师傅来看看吗", 1, "洗衣机脱水"},
		{"登录转圈，报E5003", 2, "E5003"},
		{"物流说签收了可我没有收到包裹", 4, "没有收到"},
		{"I have been charged twice for my order, refund please", 6, "charged twice"},
		{"app crashes on payment with saved card", 5, "saved card"},
		{"新裝的空調不製冷，只吹熱風", 8, "不製冷"},
	} {
		hits := s.Near(c.text, Options{K: 3})
		if len(hits) == 0 || hits[0].ID != c.want {
			t.Errorf("%s: %v, not %d", c.text, hits, c.want)
			continue
		}
		var shared []string
		for _, sp := range hits[0].Shared {
			shared = append(shared, string([]rune(c.text)[sp.Start:sp.End]))
		}
		if !strings.Contains(strings.Join(shared, " "), c.shared) {
			t.Errorf("%s: shares %q, without %q", c.text, shared, c.shared)
		}
	}
	if hits := s.Near("洗衣机脱水声音太大", Options{Exclude: 1}); len(hits) > 0 && hits[0].ID == 1 {
		t.Error("gives what is excluded")
	}
	if hits := s.Near("洗衣机脱水声音太大", Options{Customer: 999}); len(hits) > 0 {
		t.Error("gives another customer's")
	}
	if hits := s.Near("洗衣机脱水声音太大", Options{Since: 2, Least: 0.2}); len(hits) > 0 && hits[0].ID == 1 {
		t.Error("gives one that is too old")
	}
	if hits := s.Near("周末想去爬山，天气怎么样", Options{Least: 0.5}); len(hits) > 0 {
		t.Errorf("finds %v for something else", hits)
	}
}

func TestSimilarDropsTheOldestOverItsLimit(t *testing.T) {
	s := NewSimilar(1000)
	r := rand.New(rand.NewSource(5))
	for i := 1; i <= 5000; i++ {
		s.Add(id.ID(i), ticketText(r), Meta{})
	}
	if s.Len() != 1000 {
		t.Fatalf("holds %d", s.Len())
	}
	for _, h := range s.Near("空调不制冷，尽快处理", Options{K: 100}) {
		if h.ID <= 4000 {
			t.Fatalf("still gives %d", h.ID)
		}
	}
}

func TestSimilarAddAgainReplaces(t *testing.T) {
	s := NewSimilar(0)
	s.Add(1, "空调不制冷", Meta{})
	s.Add(1, "发票抬头开错了", Meta{})
	if hits := s.Near("空调不制冷", Options{}); len(hits) > 0 {
		t.Errorf("finds the text of before: %v", hits)
	}
	if hits := s.Near("发票抬头错了", Options{}); len(hits) != 1 || s.Len() != 1 {
		t.Errorf("%v of %d", hits, s.Len())
	}
}

func TestSimilarReadersAndWriterTogether(t *testing.T) {
	s := NewSimilar(0)
	done := make(chan struct{})
	for w := range 3 {
		go func() {
			r := rand.New(rand.NewSource(int64(w)))
			for range 300 {
				s.Near(ticketText(r), Options{})
			}
			done <- struct{}{}
		}()
	}
	r := rand.New(rand.NewSource(9))
	for i := 1; i < 3000; i++ {
		s.Add(id.ID(i), ticketText(r), Meta{})
		if i > 500 {
			s.Remove(id.ID(i - 500))
		}
	}
	for range 3 {
		select {
		case <-done:
		case <-time.After(2 * time.Minute):
			t.Fatal("readers stand still")
		}
	}
	if s.Len() != 500 {
		t.Errorf("holds %d", s.Len())
	}
}

func big(n int) (*Similar, []string) {
	r := rand.New(rand.NewSource(1))
	s := NewSimilar(0)
	queries := make([]string, 0, 256)
	for i := 1; i <= n; i++ {
		body := ticketText(r) + "，" + ticketText(r)
		s.Add(id.ID(i), body, Meta{Customer: id.ID(r.Intn(n/3) + 1)})
		if i%(n/256) == 0 {
			queries = append(queries, reworded(r, body))
		}
	}
	return s, queries
}

func BenchmarkNear100k(b *testing.B) {
	s, queries := big(100_000)
	b.ReportMetric(float64(s.Bytes())/1e6, "MB")
	b.ResetTimer()
	for i := range b.N {
		s.Near(queries[i%len(queries)], Options{K: 5})
	}
	b.ReportMetric(float64(s.Bytes())/1e6, "MB")
}

func BenchmarkSimilarAdd(b *testing.B) {
	s, queries := big(20_000)
	b.ResetTimer()
	for i := range b.N {
		s.Add(id.ID(1_000_000+i), queries[i%len(queries)], Meta{})
	}
}

func TestCloserReadsWhatWasFound(t *testing.T) {
	texts := []string{
		1: "请问会员积分什么时候到账",
		2: "会员积分怎么抵扣运费",
		3: "会员积分到账了吗，查一下会员积分",
		4: "会员积分怎么转给家人",
		5: "会员的积分几时能到账呀",
		6: "How do I change the delivery address of my order?",
		7: "How do I cancel the delivery of my order?",
	}
	s := NewSimilar(0)
	for i, x := range texts[1:] {
		s.Add(id.ID(i+1), x, Meta{})
	}
	words := func(t id.ID) string { return texts[t] }
	for question, want := range map[string]id.ID{"会员积分如何抵扣运费": 2, "积分转家人": 4, "changing my delivery address": 6, "cancelling a delivery": 7} {
		hits := s.Near(question, Options{K: CloserDepth})
		before := len(hits)
		Closer(question, hits, words)
		if len(hits) != before || len(hits) == 0 || hits[0].ID != want {
			t.Errorf("%s: %v, not %d", question, hits, want)
		}
	}
	// A text that cannot be read loses its place, not the others theirs.
	hits := s.Near("会员积分转给家人", Options{K: CloserDepth})
	n := len(hits)
	Closer("会员积分转给家人", hits, func(t id.ID) string {
		if t == 4 {
			return ""
		}
		return texts[t]
	})
	if n < 3 || len(hits) != n || hits[n-1].ID != 4 {
		t.Errorf("%v", hits)
	}
	Closer("", hits, words)
	Closer("？", nil, words)
}
