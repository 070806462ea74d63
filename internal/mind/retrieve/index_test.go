package retrieve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSearchAnswersQuestions(t *testing.T) {
	x := NewIndex([]Document{
		{"pw", "How to reset a password", "Open the sign-in page, choose Forgotten password and follow the mail."},
		{"ship", "Delivery times", "Parcels inside the country arrive within three days after shipping."},
		{"inv", "开具发票", "在订单详情里点申请发票，填写抬头和税号，电子发票会发到邮箱。"},
		{"ref", "退款到账时间", "审核通过后一到三个工作日原路退回，信用卡可能要七天。"},
		{"ac", "空调不制冷的处理", "先清洗滤网，检查室外机是否通风，仍不制冷请预约上门检修。"},
	})
	for question, want := range map[string]string{
		"I forgot my passwords, how can I reset them?": "pw",
		"when will my parcels arrive":                  "ship",
		"如何開發票":                                        "inv",
		"退钱多久到账":                                       "ref",
		"空调吹热风不制冷怎么办":                                  "ac",
	} {
		found := x.Search(question, 3)
		if len(found) == 0 || found[0].ID != want {
			t.Errorf("%s: %v, not %s", question, found, want)
		}
	}
	if found := x.Search("？？？", 3); len(found) != 0 {
		t.Errorf("finds %v for nothing", found)
	}
	if found := NewIndex(nil).Search("空调", 3); len(found) != 0 {
		t.Errorf("finds %v in nothing", found)
	}
}

func TestStem(t *testing.T) {
	for word, want := range map[string]string{
		"refunds": "refund", "refunded": "refund", "refunding": "refund", "caresses": "caress", "ponies": "poni",
		"agreed": "agre", "plastered": "plaster", "hopping": "hop", "filing": "file", "happy": "happi",
		"relational": "relat", "electrical": "electr", "adjustment": "adjust", "controlling": "control", "e5": "e5",
	} {
		if got := stem(word); got != want {
			t.Errorf("%s: %s, not %s", word, got, want)
		}
	}
}

func TestPairsLearnWhichWordsMatter(t *testing.T) {
	// In this house the name after 给 decides and a particle does not.
	var pairs []Pair
	names := strings.Fields("张三 李四 王五 赵六 钱七 孙八 周九 吴十")
	for _, a := range names {
		for _, b := range names {
			pairs = append(pairs, Pair{"给" + a + "打电话", "给" + b + "打电话吧", a == b}, Pair{"请给" + a + "打电话", "给" + a + "打电话", true})
		}
	}
	p := LearnPairs(pairs, nil)
	if same, other := p.Same("请给张三打电话", "给张三打电话吧"), p.Same("给张三打电话", "给李四打电话吧"); same <= other {
		t.Errorf("same %.2f, other %.2f", same, other)
	}
}

func TestEvaluationReadsItsFormats(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	docs := file("d", `{"id": 1, "text": "空调不制冷请预约检修"}`+"\n"+`{"id": "2", "title": "发票", "text": "申请电子发票"}`+"\n")
	queries := file("q", `{"id": "a", "text": "空调不制冷", "relevant": [1]}`+"\n"+`{"id": "b", "text": "发票", "relevant": ["2"]}`)
	r, err := EvalRetrieval(docs, queries)
	if err != nil || r.HitAt1 != 1 || r.MRRAt10 != 1 || r.Queries != 2 {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := EvalDuplicates(file("p", "a\tb\tmaybe\n"), ""); err == nil || !strings.Contains(err.Error(), "row 1") {
		t.Errorf("a bad label gives %v", err)
	}
}

// Words that only ask are met in answers by accident; among questions they
// tell one from another.
func TestWhatOnlyAsksFindsNoAnswer(t *testing.T) {
	answers := NewIndex([]Document{
		{ID: "dye", Text: "白色衣物请单独洗涤，用温水和中性洗衣液，不要浸泡过久。"},
		{ID: "why", Text: "不知道怎么办的时候，先看说明书第三页，那里写着哪些故障要报修，哪些可以自己处理，报修之后请保持电话畅通，维修师傅会在两个工作日之内与您联系并且约定上门的时间。"},
	})
	if found := answers.Search("衣物染色了怎么办呢", 2); len(found) == 0 || found[0].ID != "dye" {
		t.Errorf("%v", found)
	}
	if found := answers.Search("怎么办", 2); len(found) != 1 || found[0].ID != "why" {
		t.Errorf("a question of asking words alone: %v", found)
	}
	questions := NewIndex([]Document{{ID: "how", Text: "会员积分怎么用"}, {ID: "much", Text: "会员积分有多少"}})
	if found := questions.Search("多少会员积分", 2); len(found) == 0 || found[0].ID != "much" {
		t.Errorf("%v", found)
	}
}

func TestWhatALongAnswerBeginsWithCountsMore(t *testing.T) {
	about, passing := "会员积分可以抵扣运费，", "请先登录账号，打开设置页面，选择常用地址，填写收件人，核对门牌号，保存之后返回，"
	x := NewIndex([]Document{{ID: "passing", Text: passing + about + passing}, {ID: "about", Text: about + passing + passing}})
	if found := x.Search("积分抵扣运费", 2); len(found) != 2 || found[0].ID != "about" || found[0].Score == found[1].Score {
		t.Errorf("%v", found)
	}
}
