package email

import (
	"regexp"
	"strings"
)

// The words with which mail programs of the world introduce a quotation. They
// are the programs' own fixed phrases, collected by language; what a program
// writes around them (dates, names, addresses) is recognised by form.

// wroteRE finds "wrote" in an attribution line.
var wroteRE = anyOf(`(?i)`, `
	\bwrote\b | \bwrites\b | wrote$ | \bschrieb\b | \bgeschrieben\b | \bschreef\b | \bgeschreven\b | \bskrev\b | \bskrifaði\b
	a\s+écrit | a\s+ecrit | \bescribió | \bescribio\b | \bescreveu\b | ha\s+scritto | va\s+escriure | a\s+scris\b | idatzi
	napisał | \bpisze\b | napsal | napísal | napisao | napisal\b | \bпис[ае] | написал | написав | написа\b | пишет | \bпише\b | писал | писав
	\bírta\b | yazdı | yazmış | kirjoitti | kirjutas | rakstīja | rašė | έγραψε | đã\s+viết | \bviết\b | menulis | เขียน | כתב | كتب
	写道 | 寫道 | 写到 | 寫到 | 書きました | のメール | 作成 | 작성 | 씀 | 님이`)

// openRE finds the word an attribution starts with, before the date.
var openRE = anyOf(`(?i)^`, `
	on\b | at\b | le\b | am\b | den\b | il\b | el\b | em\b | op\b | w\s+dniu\b | dnia\b | dne\b | dňa\b | på\b | pada\b | vào\b | la\b | în\b | în\s+data | no\s+dia\b
	в\b | mån | tis | ons | tors | fre | lör | sön | ma\b | di\b | wo\b | do\b | vr\b | za\b | zo\b | 在 | 於 | 于 | στις | пн | вт | ср | чт | пт | сб | вс
	mon | tue | wed | thu | fri | sat | sun | понедельник | вторник | сред | четверг | пятниц | суббот | воскресень | 周 | 星期`)

// dateRE finds a date or a time of day in any common form.
var dateRE = regexp.MustCompile(`\b(?:19|20)\d{2}\b|(?:19|20)\d{2}\s*[年년/.\-]|\d{1,2}[:h]\d{2}|\d{1,2}\.\d{2}\b|\b\d{1,2}[./\-]\d{1,2}[./\-]\d{2,4}\b|\d{1,2}\s*[月월]\s*\d{1,2}`)

var emailRE = regexp.MustCompile(`[^\s<>"'(),;:]{1,64}@[^\s<>"'(),;:]{1,190}`)

// originalRE finds the line above the original or forwarded message.
var originalRE = anyOf(`(?i)^[\s>*]*[\-_=—─━*]{2,}[\s*]*(?:`, `
	original[\s\-]+(message|appointment|mail|e-?mail) | ursprüngliche\s+(nachricht|mail|e-mail) | original-?nachricht | originalnachricht
	message\s+(d['’]origine|original|initial) | courriel\s+original | mensaje\s+original | mensagem\s+original | mensatge\s+original | missatge\s+original
	messaggio\s+originale | oorspronkelijk\s+bericht | origineel\s+bericht | oprindelig\s+meddelelse | original\s+meddelelse | ursprungligt\s+meddelande
	originalmeddelande | opprinnelig\s+melding | (wiadomość\s+oryginalna|oryginalna\s+wiadomość) | (původní|pôvodná)\s+(zpráva|správa) | eredeti\s+üzenet
	(исходное|оригинальное|первоначальное|пересылаемое|пересланное)\s+(сообщение|письмо) | (вихідне|оригінальне)\s+повідомлення | (orijinal|özgün|orjinal)\s+(mesaj|ileti)
	alkuperäinen\s+viesti | αρχικό\s+μήνυμα | mesaj(ul)?\s+original | thư\s+gốc | pesan\s+asli
	原始邮件 | 原邮件 | 邮件原件 | 原始郵件 | 原郵件 | 原始信件 | 原信 | 回复的原邮件 | 回复邮件 | 原始消息 | 元のメッセージ | 元のメール | 원본\s*(메시지|메일) | 원래\s*메시지
	转发(的)?(邮件|信息|消息) | 轉寄(的)?(郵件|訊息) | 轉發(的)?(郵件|訊息) | 転送(された)?(メッセージ|メール)? | 전달된\s*(메시지|메일)
	(forwarded|fwd)\s+(message|mail|e-?mail|by) | replied\s+message | reply\s+message | weitergeleitete\s+(nachricht|mail|e-mail) | message\s+(transféré|réexpédié)
	mensaje\s+reenviado | mensagem\s+(encaminhada|reencaminhada) | messaggio\s+inoltrato | doorgestuurd\s+bericht | videresendt\s+(meddelelse|melding)
	vidarebefordrat\s+(brev|meddelande) | (przekazana|podana\s+dalej)\s+wiadomość | přeposlaná\s+zpráva | továbbított\s+üzenet | välitetty\s+viesti | yönlendirilen\s+(ileti|mesaj)`)

// beginRE finds lines of their own that introduce the original without dashes.
var beginRE = anyOf(`(?i)^[\s>]*(?:`, `
	begin\s+forwarded\s+message: | anfang\s+der\s+weitergeleiteten\s+(nachricht|e-mail): | début\s+du\s+message\s+(réexpédié|transféré)\s?: | inizio\s+messaggio\s+inoltrato:
	inicio\s+del\s+mensaje\s+reenviado: | início\s+da\s+mensagem\s+(encaminhada|reencaminhada): | begin\s+doorgestuurd\s+bericht: | start\s+på\s+videresendt\s+(meddelelse|melding):
	vidarebefordrat\s+(brev|mejl): | początek\s+przekazywanej\s+wiadomości: | начало\s+переадресованного\s+(сообщения|письма): | i?letilen\s+ileti:
	(以下是转发的邮件|开始转发的信息|开始转发的邮件|轉寄的郵件|開始轉寄郵件|转发的邮件)[:：] | 転送されたメッセージ[:：] | 전달된\s+메시지[:：]
	[\-#*\s]*(please\s+)?(type\s+your\s+)?(reply|replies)\s+above\s+this\s+line.* | .{0,30}(请|請)?在此(行|线|線)(以上|之上|上方).{0,20}`)

// headerNames: the fields that programs print above the original, by meaning.
var headerNames = func() map[string]byte {
	m := map[string]byte{}
	add := func(kind byte, names string) {
		for _, n := range strings.Split(names, ",") {
			m[strings.Join(strings.Fields(n), " ")] = kind
		}
	}
	add('f', `from,von,de,da,fra,från,van,od,от,від,gönderen,kimden,lähettäjä,feladó,expéditeur,remitente,mittente,afzender,发件人,寄件人,寄件者,发送人,发信人,發件人,送件者,差出人,送信者,보낸 사람,보낸사람,보낸이,από,de la,dari,từ,expedient,sender,avsändare,avsender,nadawca,odesílatel`)
	add('d', `date,sent,gesendet,gesendet am,datum,envoyé,envoyé le,enviado,enviado el,enviado em,enviada em,inviato,data,fecha,fecha de envío,data de envio,sendt,skickat,dato,verzonden,wysłano,wysłane,data wysłania,odesláno,odoslané,отправлено,дата,надіслано,gönderilme tarihi,gönderildi,tarih,发送时间,发送日期,日期,时间,發送時間,發送日期,寄件日期,傳送時間,送信日時,日時,日付,보낸 날짜,보낸날짜,날짜,elküldve,dátum,lähetetty,päivämäärä,päiväys,ημερομηνία,trimis,received,date d'envoi,sendedatum,sent on,time,tanggal,ngày,dátum odoslania,när`)
	add('t', `to,an,à,a,para,per,til,till,aan,naar,do,komu,кому,kime,alıcı,收件人,收件者,受信者,宛先,받는 사람,받는사람,받는이,vastaanottaja,címzett,προς,către,destinataire,destinatario,kepada,đến,pro`)
	add('s', `subject,betreff,objet,asunto,oggetto,assunto,emne,ämne,onderwerp,temat,předmět,predmet,тема,konu,主题,主旨,主題,标题,件名,題名,제목,aihe,tárgy,θέμα,subiect,perihal,tiêu đề,sujet`)
	add('c', `cc,bcc,kopie,copie,copie à,copia,kopia,kopi,копия,копія,bilgi,抄送,副本,密送,密件抄送,参照,참조,숨은참조,c.c.,ccn,cco,reply-to,reply to,antwort an,répondre à,responder a,rispondi a,回复,回覆,返信先,organization,organisation`)
	add('o', `importance,wichtigkeit,priority,priorität,importancia,importance,attachments,anlagen,pièces jointes,adjuntos,附件,重要性,优先级,sensitivity,category,list,mailed-by,signed-by,newsgroups`)
	return m
}()

// sentFromRE finds the line that phones and apps add by themselves.
var sentFromRE = anyOf(`(?i)^\s*[<(\[*_]*(?:`, `
	sent\s+from\s+[^,!?]{1,70} | sent\s+(via|with|using|by)\s+(my\s+|the\s+)?[^,!?]{1,60} | get\s+outlook\s+for\s+.{1,60} | from\s+my\s+(iphone|ipad|android|mobile|phone|samsung|huawei|xiaomi|blackberry)[^,]{0,40} | via\s+mobile | sent\s+on\s+the\s+(go|run).{0,30}
	envoyé\s+(de|depuis|à\s+partir\s+de)\s+.{1,60} | provenance\s*:\s*courrier.{0,40} | télécharger\s+outlook.{1,40} | von\s+meinem\s+.{1,50}\s+gesendet.{0,20} | gesendet\s+(von|mit|über|aus)\s+.{1,60} | diese\s+nachricht\s+wurde\s+von\s+meinem\s+.{1,60}
	enviado\s+(desde|do|de|a\s+partir|con|pelo)\s+.{1,60} | obtener\s+outlook.{1,40} | inviato\s+(da|dal|con)\s+.{1,60} | verzonden\s+(vanaf|met|via|vanuit)\s+.{1,60} | verstuurd\s+vanaf\s+.{1,60}
	sendt\s+fra\s+.{1,60} | skickat\s+från\s+.{1,60} | (wysłane|wysłano)\s+(z|ze)\s+.{1,60} | отправлено\s+(с|из|со)\s+.{1,60} | надіслано\s+з\s+.{1,60} | odesláno\s+z\s+.{1,50} | odoslané\s+z\s+.{1,50} | lähetetty\s+.{1,50}
	.{1,30}(['’]?[ıiuü]mdan|['’][a-zıü]+n?dan)\s+gönderildi | trimis\s+de\s+pe\s+.{1,50} | Εστάλη\s+από\s+.{1,50} | gửi\s+từ\s+.{1,40} | dikirim\s+dari\s+.{1,40}
	发自.{1,40} | 發自.{1,40} | 发送自.{1,40} | 傳送自.{1,40} | 来自我的.{1,30} | 來自我的.{1,30} | 从我的.{1,30}发送 | 從我的.{1,30}(傳送|發送) | 使用.{1,30}发送 | 通过.{1,30}发送 | 获取.{0,20}outlook.{0,20} | 取得.{0,20}outlook.{0,20} | 本邮件由.{1,30}发出
	.{1,30}から送信.{0,10} | .{1,30}から送付 | .{1,30}에서\s*보냄 | 나의\s.{1,30}에서\s보냄`)

// ruleRE is a line of nothing but dashes, underscores, stars …
var ruleRE = regexp.MustCompile(`^\s*(?:[-_*=—–─━]\s?){3,}\s*$`)

// anyOf joins the alternatives of a table written with "|" and line ends. The
// prefix may open a group, which is then closed and anchored at the end.
func anyOf(prefix, table string) *regexp.Regexp {
	var alts []string
	for _, line := range strings.Split(table, "\n") {
		line = strings.TrimSpace(line)
		if line != "" {
			alts = append(alts, strings.Split(line, " | ")...)
		}
	}
	for i := range alts {
		alts[i] = strings.TrimSpace(alts[i])
	}
	body := strings.Join(alts, "|")
	if strings.HasSuffix(prefix, "(?:") {
		return regexp.MustCompile(prefix + body + `)[\s\-_=—─━*>)\]:：.]*$`)
	}
	return regexp.MustCompile(prefix + "(?:" + body + ")")
}
