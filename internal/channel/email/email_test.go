package email

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// shared is a folder of the public data sets, which are not in the repository.
func shared(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("ZHIDAN_SHARED")
	if root == "" {
		_, here, _, _ := runtime.Caller(0)
		root = filepath.Join(filepath.Dir(here), "..", "..", "..", "..", "shared")
	}
	dir := filepath.Join(root, "data", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("data set %s is not there; set ZHIDAN_SHARED to the folder that holds data/", name)
	}
	return dir
}

func parse(t testing.TB, raw string) *Mail {
	t.Helper()
	m, err := Parse(context.Background(), []byte(raw), Limits{})
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return m
}

func parseFile(t testing.TB, name string) *Mail {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(b))
}

// file is an expected attachment; sum is the start of its SHA-256, when given.
type file struct {
	name, kind string
	size       int
	sum        string
}

// What a careful reader finds in the broken and odd mails of the mikel/mail
// fixtures. A field left empty is not checked.
var mikelMails = map[string]struct {
	subject, from, fromName, text, date, id string
	to                                      []string
	html                                    string
	files                                   []file
	origin                                  Origin
	charset                                 string
}{
	"attachment_emails/attachment_content_disposition.eml": {subject: "testing", from: "foo@example.com", text: "This is the first part.", date: "2005-06-06T20:21:22.000Z", to: []string{"blah@example.com"}, files: []file{{"api.rb", "text/x-ruby-script", 28, ""}}},
	"attachment_emails/attachment_content_location.eml":    {text: "This is the first part.", files: []file{{"Photo25.jpg", "image/jpeg", 227, ""}}},
	"attachment_emails/attachment_message_rfc822.eml":      {text: "This is the first part.", files: []file{{"ForwardedMessage.eml", "message/rfc822", 3781, ""}}},
	"attachment_emails/attachment_message_rfc822_inline_image.eml": {html: "cid:emedfeb92f-a786-4718-a446-98db8afb53fb@kronos", files: []file{
		{"img.png", "image/png", 370, ""}, {"Testmail.eml", "message/rfc822", 1851, ""}}},
	"attachment_emails/attachment_nonascii_filename.eml":           {files: []file{{"ciële.txt", "text/plain", 11, ""}}},
	"attachment_emails/attachment_only_email.eml":                  {subject: "this message JUST contains an attachment", files: []file{{"blah.gz", "application/x-gzip", 288, ""}}},
	"attachment_emails/attachment_pdf.eml":                         {subject: "Another PDF with 🎉 Unicode chars in it 🍿", files: []file{{"broken.pdf", "application/pdf", 1026, ""}}},
	"attachment_emails/attachment_pdf_lf.eml":                      {subject: "Another PDF with 🎉 Unicode chars in it 🍿", files: []file{{"broken.pdf", "application/pdf", 1026, ""}}},
	"attachment_emails/attachment_with_base64_encoded_name.eml":    {files: []file{{"This is a test.pdf", "application/pdf", 399, ""}}},
	"attachment_emails/attachment_with_encoded_name.eml":           {files: []file{{"01 Quien Te DijŠat. Pitbull.mp3", "application/octet-stream", 399, ""}}},
	"attachment_emails/attachment_with_quoted_filename.eml":        {subject: "Eelanalüüsi päring", files: []file{{"Eelanalüüsi päring.jpg", "image/jpeg", 1952, ""}}},
	"attachment_emails/attachment_with_unquoted_name.eml":          {files: []file{{"This is a test.txt", "text/plain", 11, ""}}},
	"error_emails/bad_date_header.eml":                             {fromName: "Grants-Notification", date: "2010-12-11T03:20:19.000Z", origin: OriginBulk},
	"error_emails/bad_date_header2.eml":                            {date: "2010-12-15T06:59:10.000Z"},
	"error_emails/bad_encoded_subject.eml":                         {subject: "TEST", text: "TEST"},
	"error_emails/bad_subject.eml":                                 {subject: "MySurvey.com: You have a survey waiting! 91123105", fromName: "MySurvey.com & Carol Adams", from: "carol@mysurvey.com"},
	"error_emails/content_transfer_encoding_plain.eml":             {text: "acidness\n\n          Exciting Easter Investor Alert…"},
	"error_emails/content_transfer_encoding_qp_with_space.eml":     {text: "If you're in need of a good RX site for online purchases, we are your answer.…"},
	"error_emails/content_transfer_encoding_x_uuencode.eml":        {text: "Attached are the comments of the Public Generating Pool.…", files: []file{{"PGP_Cmts_on_12-14-01_Pkg.doc", "application/msword", 0, ""}}},
	"error_emails/encoding_madness.eml":                            {text: "Body Text", from: "no-reply@crm.el-example.org"},
	"error_emails/header_fields_with_empty_values.eml":             {fromName: "Jørn Støylen", text: "--\nJørn Støylen -- http://www.prikkprikkprikk.no…"},
	"error_emails/invalid_subject_characters.eml":                  {subject: "Formação FrenetikPolis: Mega Campanha Final Verão | Cursos de Setembro", fromName: "Formação Frenetikpolis", to: []string{"martin@internet.ao", "iris@internet.ao", "support@maxnet.ao"}},
	"error_emails/missing_content_disposition.eml":                 {files: []file{{"somefile.jpg", "image/jpg", 1311, ""}}},
	"error_emails/multiple_content_types.eml":                      {text: "foo", html: "<p>foo</p>"},
	"error_emails/multiple_invalid_content_dispositions.eml":       {text: "foo", html: "<p>foo</p>"},
	"error_emails/new_line_in_to_header.eml":                       {to: []string{"leads@sg.dc.com", "sag@leads.gs.ry.com", "sn@example-hotmail.com", "e-s-a-g-8718@app.ar.com", "jp@t-exmaple.com", "cc@c-l-example.com"}},
	"error_emails/trademark_character_in_subject.eml":              {text: "Body Text - not important", date: "2010-10-12T16:21:05.000Z", to: []string{"c@ra-example.com", "e-r-w-a-4462@app.ar.com", "leads@ga-example.com"}},
	"error_emails/weird_to_header.eml":                             {from: "anonymous@i.tp.host", to: []string{"user-example@aol.com", "e-s-a-s-2200@app.ar.com"}, text: "CONTACT:…"},
	"mime_emails/email_with_similar_boundaries.eml":                {text: "Test", files: []file{{"LOGO.png", "application/octetstream", 3, ""}}},
	"mime_emails/raw_email2.eml":                                   {text: "We should not include these files or vcards as attachments.…", files: []file{{"smime.p7s", "application/pkcs7-signature", 2361, ""}}},
	"mime_emails/raw_email4.eml":                                   {text: "Some text…"},
	"mime_emails/raw_email7.eml":                                   {text: "This is the first part.", files: []file{{"test.rb", "text/x-ruby-script", 25, ""}, {"test.pdf", "application/pdf", 14, ""}, {"smime.p7s", "application/pkcs7-signature", 227, ""}}},
	"mime_emails/raw_email_encoded_stack_level_too_deep.eml":       {subject: "Nicolas Fouché has accepted your invitation to Gmail"},
	"mime_emails/raw_email_with_binary_encoded.eml":                {subject: "Testing outlook", files: []file{{"2013-08-13_19-08-28-1.jpg", "image/jpeg", 24, ""}}},
	"mime_emails/raw_email_with_illegal_boundary.eml":              {text: "Hello\nThis is an outlook test\n\nSo there.\n\nMe.", html: "<STRONG>So there.</STRONG>"},
	"mime_emails/raw_email_with_quoted_illegal_boundary.eml":       {text: "Hello\nThis is an outlook test\n\nSo there.\n\nMe."},
	"mime_emails/raw_email_with_mimepart_without_content_type.eml": {origin: OriginBounce, files: []file{{"delivery-status.txt", "message/delivery-status", 322, ""}, {"Est-ce toi ?.eml", "message/rfc822", 1548, ""}}},
	"mime_emails/raw_email_with_nested_attachment.eml":             {text: "Here is a test of an attachment via email.\n\n- Jamis", files: []file{{"truncated.png", "image/png", 1902, ""}, {"smime.p7s", "application/pkcs7-signature", 939, ""}}},
	"mime_emails/sig_only_email.eml":                               {files: []file{{"signature.asc", "application/pgp-signature", 197, ""}}},
	"multi_charset/japanese.eml":                                   {subject: "まみむめも", text: "かきくえこ\n\n-- \nhttp://lindsaar.net/…"},
	"multi_charset/japanese_attachment.eml":                        {files: []file{{"てすと.txt", "text/plain", 33, ""}}},
	"multi_charset/japanese_attachment_long_name.eml":              {subject: strings.Repeat("まみむめも", 10), files: []file{{"かきくけこかきくけこかきくけこかきくけこかきくけこ.txt", "text/plain", 18, ""}}},
	"multi_charset/japanese_iso_2022.eml":                          {text: "すみません。", charset: "iso-2022-jp"},
	"multi_charset/japanese_shift_jis.eml":                         {text: "あいうえお\n\nこのメールはテスト用のメールです。\n\n今後ともよろしくお願い申し上げます！"},
	"multi_charset/ks_c_5601-1987.eml":                             {text: "스티해"},
	"multipart_report_emails/report_422.eml":                       {origin: OriginBounce, files: []file{{"delivery-status.txt", "message/delivery-status", 337, ""}, {"headers.txt", "text/rfc822-headers", 686, ""}}},
	"plain_emails/basic_email.eml":                                 {text: "Plain email.\n\nHope it works well!\n\nMikel", subject: "Testing 123"},
	"plain_emails/basic_email_lf.eml":                              {text: "Plain email.\n\nHope it works well!\n\nMikel"},
	"plain_emails/mix_caps_content_type.eml":                       {fromName: "Big Bug", from: "bb@bug.com", id: "201002191008.30117.foo.bar@company.com", text: "foo bar"},
	"plain_emails/raw_email.eml":                                   {subject: "NOTE: 한국말로 하는 것", text: "대부분의 마찬가지로, 우리는 하나님을 믿습니다.\n\n제 이름은 Jamis입니다."},
	"plain_emails/raw_email_bad_time.eml":                          {fromName: "Атиковa"},
	"plain_emails/raw_email_incorrect_header.eml":                  {subject: "Stop adware/spyware once and for all.", fromName: "xxx xxx", text: "You are infected with:…"},
	"plain_emails/raw_email_multiple_from.eml":                     {from: "tim@powerupdev.com", to: []string{"tim@powerupdev.com", "concierge@powerupdev.com"}},
	"plain_emails/raw_email_with_at_display_name.eml":              {to: []string{"smith@gmail.com", "raasdnil@gmail.com", "tom@gmail.com"}},
	"plain_emails/raw_email_with_bad_date.eml":                     {date: "2007-11-05T09:17:37.000Z"},
	"plain_emails/raw_email_with_partially_quoted_subject.eml":     {subject: `Re: Test: "漢字" mid "漢字" tail`},
	"rfc2822/example03.eml":                                        {fromName: "Joe Q. Public", to: []string{"mary@x.test", "jdoe@example.org", "one@y.test"}},
	"rfc2822/example04.eml":                                        {to: []string{"c@a.test", "joe@where.test", "jdoe@one.test"}, date: "1969-02-14T03:02:54.000Z"},
	"rfc2822/example10.eml":                                        {from: "pete@silly.test", to: []string{"c@public.example", "joe@example.org", "jdoe@one.test"}},
	"rfc2822/example11.eml":                                        {to: []string{"mary@example.net", "jdoe@test.example"}},
	"rfc2822/example13.eml":                                        {subject: "Saying Hello", from: "jdoe@machine.example", id: "1234@local.machine.example", date: "1997-11-21T15:55:06.000Z"},
	"rfc2822/example14.eml":                                        {subject: "Re: TEST テストテスト", text: "Hello"},
	"rfc6532/utf8_headers.eml":                                     {subject: "Säying Hello", fromName: "Jöhn Doe", from: "jdöe@mächine.example", to: []string{"märy@exämple.net"}},
}

func TestMikelFixtures(t *testing.T) {
	dir := shared(t, "mail-mime-mikel")
	for name, want := range mikelMails {
		m := parseFile(t, filepath.Join(dir, name))
		check := func(field, got, want string) {
			t.Helper()
			if want == "" {
				return
			}
			if cut, ok := strings.CutSuffix(want, "…"); ok {
				if strings.HasPrefix(got, cut) {
					return
				}
			} else if got == want {
				return
			}
			t.Errorf("%s: %s is %q, want %q", name, field, got, want)
		}
		check("subject", m.Subject, want.subject)
		check("from", m.From.Address, want.from)
		check("name", m.From.Name, want.fromName)
		check("text", m.Text, want.text)
		check("date", m.Date.String(), want.date)
		check("id", m.MessageID, want.id)
		check("origin", string(m.Origin), string(want.origin))
		check("charset", m.Charset, want.charset)
		if want.html != "" && !strings.Contains(m.HTML, want.html) {
			t.Errorf("%s: HTML lacks %q: %q", name, want.html, m.HTML)
		}
		if want.to != nil {
			var got []string
			for _, a := range m.To {
				got = append(got, a.Address)
			}
			if strings.Join(got, " ") != strings.Join(want.to, " ") {
				t.Errorf("%s: to is %q, want %q", name, got, want.to)
			}
		}
		if len(m.Attachments) != len(want.files) {
			t.Errorf("%s: %d attachments, want %d", name, len(m.Attachments), len(want.files))
			continue
		}
		for i, f := range want.files {
			a := m.Attachments[i]
			if a.Name != f.name || a.Type != f.kind || a.Size != f.size || a.Size != len(a.Content) || !strings.HasPrefix(a.SHA256, f.sum) || len(a.SHA256) != 64 {
				t.Errorf("%s: attachment %d is %s %s %d %s, want %+v", name, i, a.Name, a.Type, a.Size, a.SHA256, f)
			}
		}
	}
}

// Every file of every mail set goes through, and what it holds in plain sight
// comes out somewhere.
func TestEveryMailFileGoesThrough(t *testing.T) {
	n := 0
	for _, set := range []string{"mail-mime-mikel", "mail-talon", "mail-reply-trimmer", "mail-github-replyparser"} {
		err := filepath.WalkDir(shared(t, set), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || d.Name() == "README.md" {
				return err
			}
			n++
			raw, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			m, err := Parse(context.Background(), raw, Limits{})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return nil
			}
			if missing := lostWords(raw, m); len(missing) > 0 {
				t.Errorf("%s: lost %q", name, missing)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 200 {
		t.Errorf("only %d files walked", n)
	}
}

// lostWords are the plain words of the raw body that stand neither in the text
// nor in a file. Bodies in an encoding are left to the tests that know them.
func lostWords(raw []byte, m *Mail) []string {
	s := strings.ReplaceAll(string(raw), "\r", "")
	low := strings.ToLower(s)
	if strings.Contains(low, "base64") || strings.Contains(low, "quoted") || strings.Contains(low, "boundary") || strings.Contains(low, "charset") {
		return nil
	}
	_, body, ok := strings.Cut(s, "\n\n")
	if !ok {
		return nil
	}
	all := m.Text + " " + m.HTML + " " + m.Subject
	for _, a := range m.Attachments {
		all += " " + string(a.Content)
	}
	var missing []string
	for _, w := range strings.Fields(clean(body)) {
		if !strings.Contains(all, w) {
			missing = append(missing, w)
		}
	}
	return missing
}

func TestMessageBeyondTheSizeIsQuarantined(t *testing.T) {
	_, err := Parse(context.Background(), []byte("Subject: x\n\n"+strings.Repeat("a", 1000)), Limits{Size: 500})
	var q *Quarantine
	if !errors.As(err, &q) || q.Reason != "size" {
		t.Fatalf("got %v", err)
	}
}

func TestParseStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Parse(ctx, []byte("Subject: x\n\nbody"), Limits{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}
