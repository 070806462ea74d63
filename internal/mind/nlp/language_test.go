package nlp

import (
	"strings"
	"testing"
)

// None of these lines is in the lists the languages are told from.
var languageLines = map[string][]string{
	"zh-Hans": {"快递怎么还没到", "我要退货", "这个月话费扣多了吧", "发票开错抬头了", "App老是闪退", "我的order还没有tracking", "iPhone 15 Pro Max 屏幕碎了", "你们的wifi密码是多少啊？", "好的"},
	"zh-Hant": {"請問我的訂單什麼時候會到？", "電視機壞了", "可以退貨嗎", "我的信用卡被重複扣款", "點解仲未收到貨？"},
	"en":      {"where is my package", "refund", "The app crashes every time I open it", "Can you help?", "hi, still no reply from anyone", "my 冰箱 is broken, please help me with it", "password reset link not arriving"},
	"ja":      {"注文した商品がまだ届きません。", "返品したいのですが", "電源が入らない", "ありがとうございます", "領収書をください", "パスワードを忘れました"},
	"ko":      {"주문한 상품이 아직 안 왔어요", "환불해 주세요", "배송 언제 되나요?", "로그인이 안 됩니다"},
	"fr":      {"où en est ma livraison ?", "je veux un remboursement", "mon colis est arrivé cassé", "Impossible de me connecter à l'application", "ça ne marche pas"},
	"de":      {"wo bleibt mein Paket?", "Ich will mein Geld zurück", "Der Kühlschrank kühlt nicht richtig", "Rechnung fehlt", "Wie kann ich mein Passwort zurücksetzen?"},
	"es":      {"¿dónde está mi pedido?", "quiero que me devuelvan el dinero", "la nevera no enfría", "No puedo iniciar sesión en la aplicación", "llegó roto"},
	"pt":      {"onde está o meu pedido?", "quero meu dinheiro de volta", "a geladeira não gela", "Não consigo fazer login no aplicativo", "veio quebrado"},
	"it":      {"dov'è il mio ordine?", "voglio il rimborso", "il frigorifero non raffredda", "Non riesco ad accedere all'app", "è arrivato rotto"},
	"nl":      {"waar blijft mijn pakketje?", "ik wil mijn geld terug", "de koelkast koelt niet meer", "Ik kan niet inloggen in de app", "factuur ontbreekt"},
	"ru":      {"где мой заказ?", "верните деньги", "холодильник не морозит", "Не могу войти в приложение", "товар пришёл сломанным"},
	"uk":      {"де моє замовлення?", "поверніть гроші", "холодильник не морозить", "Не можу увійти в застосунок", "товар прийшов зламаним"},
	"ar":      {"أين طلبي؟", "أريد استرداد أموالي", "الثلاجة لا تبرد", "لا أستطيع تسجيل الدخول إلى التطبيق"},
	"he":      {"איפה ההזמנה שלי?", "אני רוצה החזר כספי", "המקרר לא מקרר"},
	"th":      {"สินค้าของฉันอยู่ที่ไหน", "ขอคืนเงิน", "ตู้เย็นไม่เย็น"},
	"vi":      {"đơn hàng của tôi đâu rồi?", "tôi muốn hoàn tiền", "tủ lạnh không lạnh", "Không đăng nhập được ứng dụng", "hàng bị vỡ rồi shop"},
	"id":      {"pesanan saya di mana?", "saya minta uang kembali", "kulkasnya tidak dingin", "Tidak bisa masuk ke aplikasi", "barangnya datang pecah kak"},
	"ms":      {"mana pesanan saya, dah lama tunggu?", "saya nak wang saya balik", "peti sejuk tak sejuk", "Tidak boleh log masuk ke aplikasi", "barang sampai dalam keadaan rosak"},
	"tr":      {"siparişim nerede?", "paramı geri istiyorum", "buzdolabı soğutmuyor", "Uygulamaya giremiyorum", "ürün kırık geldi"},
	"pl":      {"gdzie jest moje zamówienie?", "chcę zwrotu pieniędzy", "lodówka nie chłodzi", "Nie mogę zalogować się do aplikacji", "towar przyszedł uszkodzony"},
	"hi":      {"मेरा ऑर्डर कहाँ है?", "मुझे पैसे वापस चाहिए", "फ्रिज ठंडा नहीं कर रहा है"},
	"sv":      {"var är min beställning?", "jag vill ha pengarna tillbaka", "kylskåpet kyler inte"},
	"cs":      {"kde je moje objednávka?", "chci vrátit peníze", "lednička nechladí"},
	"hu":      {"hol van a rendelésem?", "kérem vissza a pénzemet", "nem hűt a hűtőszekrény"},
	"ro":      {"unde este comanda mea?", "vreau banii înapoi", "frigiderul nu răcește"},
	"fi":      {"missä tilaukseni on?", "haluan rahat takaisin", "jääkaappi ei jäähdytä"},
	"el":      {"πού είναι η παραγγελία μου;"},
	"bg":      {"къде е поръчката ми?", "искам си парите обратно"},
	"fa":      {"سفارش من کجاست؟", "پولم را پس بدهید"},
	"und":     {"", "12345 67890", "https://example.com/a/b?c=d", "😡😡😡", "!!!", "zhang@example.com", "E5-0032", "...", "XQB80-Z12"},
}

func TestLanguage(t *testing.T) {
	right, n := 0, 0
	bins := [5][2]float64{} // confidence, right
	counts := [5]float64{}
	for want, lines := range languageLines {
		for _, l := range lines {
			got, sure := Language(l)
			n++
			ok := got == want
			if ok {
				right++
			} else {
				t.Logf("%q: %s (%.2f), want %s", l, got, sure, want)
			}
			if sure < 0 || sure > 1 {
				t.Errorf("%q: confidence %f", l, sure)
			}
			if got == Unknown {
				if sure != 0 {
					t.Errorf("%q: und with confidence %f", l, sure)
				}
				continue
			}
			b := min(int(sure*5), 4)
			counts[b]++
			bins[b][0] += sure
			if ok {
				bins[b][1]++
			}
		}
	}
	t.Logf("%d of %d lines", right, n)
	for b, c := range counts {
		if c > 0 {
			t.Logf("  confidence about %.2f: %.2f right of %.0f", bins[b][0]/c, bins[b][1]/c, c)
		}
	}
	if right*100 < n*95 {
		t.Errorf("only %d of %d lines are told right", right, n)
	}
}

func TestLanguageOfLongerMixedTexts(t *testing.T) {
	for text, want := range map[string]string{
		"Dear team,\nthe machine (型号：XQB80) still doesn't spin. Please send someone.\nRegards": "en",
		"您好，登录时提示 Invalid token, please try again later，换了浏览器也不行。":                             "zh-Hans",
		"请查收附件 https://example.com/download/the-manual-for-the-machine.pdf":                    "zh-Hans",
		strings.Repeat("订单一直没有发货。", 3000):                                                      "zh-Hans",
	} {
		if got, _ := Language(text); got != want {
			t.Errorf("%.40q: %s, want %s", text, got, want)
		}
	}
}

func TestShortTextsAreLessSure(t *testing.T) {
	_, short := Language("ok")
	_, long := Language("the order that you sent us last week has not arrived and nobody answers")
	if short >= long || long < 0.9 {
		t.Errorf("short %.2f, long %.2f", short, long)
	}
}
