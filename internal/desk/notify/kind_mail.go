package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"html"
	"net"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"zhidan/internal/platform/fault"
)

var mailKind = &Kind{
	Key: "mail", Means: Mail,
	Fields: []Field{
		{Key: "host", Type: "text", ZH: "SMTP 服务器", EN: "SMTP server", Required: true, Binds: true},
		{Key: "port", Type: "number", ZH: "端口", EN: "Port", Default: "587", Binds: true},
		{Key: "security", Type: "choice", ZH: "加密方式", EN: "Encryption", Choices: []string{"starttls", "tls", "none"}, Default: "starttls", Binds: true},
		{Key: "user", Type: "text", ZH: "用户名", EN: "User name"},
		{Key: "password", Type: "secret", ZH: "密码或授权码", EN: "Password"},
		{Key: "from", Type: "text", ZH: "发件人地址", EN: "From", Required: true},
		{Key: "from_name", Type: "text", ZH: "发件人名称", EN: "Name of the sender"},
		subjectField(true),
	},
	check: func(c *Channel) error {
		if _, err := mail.ParseAddress(c.field("from")); err != nil || strings.ContainsAny(c.field("from"), "<>") {
			return fault.Bad("config.from", "email", "this is not a mail address")
		}
		if n := c.number("port"); n < 1 || n > 65535 {
			return fault.Bad("config.port", "range", "a port is from 1 to 65535")
		}
		if c.field("security") == "none" && c.secret("password") != "" {
			return fault.Bad("config.security", "plain", "a password is not sent without encryption")
		}
		return nil
	},
	send: sendMail,
}

// smtpTime bounds a whole exchange with a mail server.
const smtpTime = 45 * time.Second

// sendMail speaks SMTP (RFC 5321) with the tenant's server, with STARTTLS (RFC
// 3207) or TLS from the first byte (RFC 8314).
func sendMail(ctx context.Context, m *Room, c *Channel, out *Message) (string, error) {
	msg := gomail.NewMsg()
	if err := msg.FromFormat(oneLine(c.field("from_name")), c.field("from")); err != nil {
		return "", refuse("the sender's address is not valid")
	}
	if err := msg.To(out.To); err != nil {
		return "", refuse("the recipient's address is not valid")
	}
	// The same for every attempt, so that a mailbox can tell a repetition.
	receipt := "zhidan." + out.ID.String() + "@" + domainOf(c.field("from"))
	msg.SetMessageIDWithValue(receipt)
	msg.SetDateWithValue(m.Clock.Now().Std())
	msg.Subject(oneLine(out.Title))
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody answers a machine
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if out.Urgent {
		msg.SetImportance(gomail.ImportanceHigh)
	}
	msg.SetBodyString(gomail.TypeTextPlain, out.Text+"\n")
	msg.AddAlternativeString(gomail.TypeTextHTML, htmlOf(out))

	host := c.field("host")
	secure := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: m.roots}
	options := []gomail.Option{
		gomail.WithPort(c.number("port")), gomail.WithTimeout(smtpTime), gomail.WithTLSConfig(secure), gomail.WithHELO(domainOf(c.field("from"))),
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := m.Dial(ctx, network, address)
			if err != nil || c.field("security") != "tls" {
				return conn, err
			}
			t := tls.Client(conn, secure)
			if err := t.HandshakeContext(ctx); err != nil {
				conn.Close()
				return nil, err
			}
			return t, nil
		}),
	}
	switch c.field("security") {
	case "starttls":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "tls":
		options = append(options, gomail.WithSSL(), gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if user := c.field("user"); user != "" && c.secret("password") != "" {
		options = append(options, gomail.WithSMTPAuthCustom(&signIn{user: user, password: c.secret("password")}))
	}
	client, err := gomail.NewClient(host, options...)
	if err != nil {
		return "", refuse("the settings of the mail server are not valid")
	}
	ctx, cancel := context.WithTimeout(ctx, smtpTime)
	defer cancel()
	if err := client.DialWithContext(ctx); err != nil {
		return "", mailFault(err, "the mail server could not be reached")
	}
	defer client.Close()
	if err := client.Send(msg); err != nil {
		return "", mailFault(err, "the mail server did not take the message")
	}
	return receipt, nil
}

// signIn signs in by PLAIN (RFC 4616), or by LOGIN where a server has nothing
// else, and only through TLS. (The library's own choice does not see that a
// connection which was dialled for it is encrypted.)
type signIn struct {
	user, password string
	login          bool
	step           int
}

func (a *signIn) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS {
		return "", nil, refuse("a password is not sent without encryption")
	}
	a.step = 0
	if a.login = !slices.Contains(server.Auth, "PLAIN") && slices.Contains(server.Auth, "LOGIN"); a.login {
		return "LOGIN", nil, nil
	}
	return "PLAIN", []byte("\x00" + a.user + "\x00" + a.password), nil
}

func (a *signIn) Next(_ []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	a.step++
	switch {
	case a.login && a.step == 1:
		return []byte(a.user), nil
	case a.login && a.step == 2:
		return []byte(a.password), nil
	}
	return nil, refuse("the mail server asks for more than a name and a password")
}

var smtpCode = regexp.MustCompile(`\b([245][0-9]{2})[ -]([^\r\n]{0,200})`)

// mailFault says what went wrong. A code of 5xx (RFC 5321 §4.2.1) is final,
// except while signing in, where it may be a limit of the moment.
func mailFault(err error, what string) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return refuse("%s: %s", what, f.Message)
	}
	var own *refusal
	if errors.As(err, &own) {
		return own
	}
	var send *gomail.SendError
	permanent := errors.As(err, &send) && !send.IsTemp()
	if s := smtpCode.FindStringSubmatch(err.Error()); s != nil {
		if code, _ := strconv.Atoi(s[1]); code >= 500 {
			permanent = true
		}
		return &refusal{Why: what + ": " + s[0], Permanent: permanent}
	}
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return refuse("%s: its certificate is not valid", what)
	}
	var wrong net.Error
	if errors.As(err, &wrong) && wrong.Timeout() {
		return retry("%s: it took too long", what)
	}
	return &refusal{Why: what + ": " + plainError(err), Permanent: false}
}

func domainOf(address string) string {
	_, d, _ := strings.Cut(address, "@")
	if d == "" {
		return "localhost"
	}
	return d
}

// htmlOf is the message as HTML: escaped text, and one link.
func htmlOf(out *Message) string {
	var b bytes.Buffer
	b.WriteString(`<!doctype html><html><body style="font-family:sans-serif;font-size:14px;line-height:1.6">`)
	b.WriteString("<p><b>" + html.EscapeString(out.Title) + "</b></p>")
	for line := range strings.SplitSeq(out.Text, "\n") {
		if line == out.URL && line != "" {
			b.WriteString(`<p><a href="` + html.EscapeString(line) + `">` + html.EscapeString(line) + "</a></p>")
			continue
		}
		b.WriteString("<p>" + html.EscapeString(line) + "</p>")
	}
	b.WriteString("</body></html>")
	return b.String()
}
