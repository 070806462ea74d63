package retrieve

import (
	"strings"
	"sync"

	"zhidan/internal/platform/text"
)

// stopWords are English words that carry no matter of their own. Negations
// are not among them.
var stopWords = set(`a an the is are am was were be been being do does did have has had i me my we our us you
 your he him his she her it its they them their this that these those to of in on at by for with from as and or
 but if so than then there here s t d ll re ve m will would can could should may might must shall what which who
 whom when where why how about into any some all please hi hello dear thanks thank regards hey`)

// particles are Chinese characters that change the tone of a request more
// than its matter.
var particles = set(`的 了 吗 呢 啊 吧 呀 嘛 哦 哈 么 就 也 都 还 又 把 被 给 我 你 您 他 她 它 们 这 那 是 有 在 请 帮 想 要 会
 能 可 以 一 个 下 和 与 及 到 从 对 啦 嗯 哎 诶 喂 很 太 好 来 去 说 话 问 让 向 上 里 之 其 所 而 且 但 着 过 得 地 自 己`)

// negations turn a request round.
var negations = set(`不 没 无 未 别 勿 非 莫 not no never none without cannot cant dont doesnt didnt wont isnt wasnt unable nor`)

// askingWords only say that something is asked, in their canonical forms. The
// English ones are among stopWords.
const askingWords = `怎么办 怎么样 怎么 有什么 什么 请问 为什么 吗 呢 哪些 哪里 哪家 哪个 多少 是不是 啥 么 回事`

var unasked = sync.OnceValue(func() *strings.Replacer {
	var pairs []string
	for _, w := range strings.Fields(askingWords) {
		pairs = append(pairs, w, " ")
	}
	return strings.NewReplacer(pairs...)
})

// withoutAsking leaves out of a canonical text what only asks.
func withoutAsking(c string) string { return unasked().Replace(c) }

// alike are forms of one meaning; the first stands for all of them. Only what
// is nearly always exchangeable in a question is here.
const alike = `怎么 怎么样 怎样 如何 咋样 咋 怎的
什么 啥 神马 甚么
为什么 为何 为啥 干嘛
多少 几多
哪里 哪儿 什么地方 何处
什么时候 何时 几时 啥时候 啥时
吗 么 嘛
可以 能不能 可不可以 能否 可否 是否可以 可以不可以
打电话 拨打电话 拨电话 致电 打个电话
知道 晓得
好看 漂亮 美丽
聪明 机灵
费用 价格 价钱 多少钱 收费
打开 开启 启动
关闭 关掉 关上
查询 查看 查找 查一下 查下
修改 更改 变更
下载 安装
退款 退钱 退费
不能用 用不了 无法使用 失灵
不能 无法 没法 没办法
没有 没 无 未
治疗 医治 治愈 治
原因 缘由
症状 征兆
吃 服用 食用
宝宝 孩子 小孩 儿童 小朋友 婴儿
高兴 开心 快乐
难过 伤心
睡觉 入睡
现在 目前 如今
马上 立刻 立即 赶快 赶紧
快递 包裹 物流
付款 支付 付钱
登录 登陆 登入
账号 帐号 账户 帐户
发票 收据
取消 撤销
客服 坐席
维修 修理 报修
坏了 故障 出问题`

// alikeEnglish is the same for stems of English words.
var alikeEnglish = stems(`buy purchase
cancel terminate
mobile cellphone smartphone
email mail
fix repair
broken defective faulty damaged
delivery shipment shipping
money funds
bill invoice
begin start
end finish
sick ill
kids children child kid
illness disease
get receive obtain
pet pets animal animals
doctor physician
error fault
password passcode
login signin logon
parcel package
transmit spread
people persons
infected infect infection`)

var variants = sync.OnceValue(func() *strings.Replacer {
	var pairs []string
	for line := range strings.Lines(alike) {
		f := strings.Fields(line)
		for _, w := range f { // the first too, so that no part of it is replaced
			pairs = append(pairs, w, f[0])
		}
	}
	return strings.NewReplacer(pairs...)
})

// canonical writes the forms that mean the same in one way. Offsets into the
// original are lost.
func canonical(s string) string {
	return variants().Replace(text.Normalize(text.Cap(s, MaxText)))
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

func stems(lines string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(lines) {
		f := strings.Fields(line)
		for _, w := range f {
			m[stem(w)] = stem(f[0])
		}
	}
	return m
}
