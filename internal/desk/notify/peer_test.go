package notify_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailServer is a real SMTP server that keeps what it gets.
type mailServer struct {
	t        *testing.T
	host     string
	port     string
	roots    *x509.CertPool
	password string

	mu     sync.Mutex
	got    []letter
	refuse []error // answers to the next messages
}

// letter is a mail that was taken.
type letter struct {
	from, to      string
	signedInAs    string
	secure        bool
	subject       string
	text, html    string
	messageID     string
	autoSubmitted string
}

// newMailServer listens on loopback; with security "tls" from the first byte,
// else it offers STARTTLS.
func newMailServer(t *testing.T, security string) *mailServer {
	t.Helper()
	cert, roots := certificate(t)
	s := &mailServer{t: t, host: "127.0.0.1", roots: roots, password: "geheim"}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &mailSession{s: s, c: c}, nil }))
	server.Domain, server.AllowInsecureAuth = "localhost", false
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	server.ReadTimeout, server.WriteTimeout = 10*time.Second, 10*time.Second
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, s.port, _ = net.SplitHostPort(ln.Addr().String())
	if security == "tls" {
		ln = tls.NewListener(ln, server.TLSConfig)
	}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { server.Close() })
	return s
}

func (s *mailServer) letters() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]letter(nil), s.got...)
}

// fail makes the server answer the next messages with these errors.
func (s *mailServer) fail(errs ...error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = append(s.refuse, errs...)
}

type mailSession struct {
	s    *mailServer
	c    *smtp.Conn
	user string
	l    letter
}

func (x *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "desk" || password != x.s.password {
			return errors.New("wrong password")
		}
		x.user = user
		return nil
	}), nil
}

func (x *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if x.user == "" {
		return smtp.ErrAuthRequired
	}
	x.l = letter{from: from}
	return nil
}

func (x *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error { x.l.to = to; return nil }

func (x *mailSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if len(x.s.refuse) > 0 {
		err := x.s.refuse[0]
		x.s.refuse = x.s.refuse[1:]
		return err
	}
	e, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	l := x.l
	_, l.secure = x.c.TLSConnectionState()
	l.signedInAs = x.user
	l.subject, _ = e.Header.Text("Subject")
	l.messageID, l.autoSubmitted = e.Header.Get("Message-Id"), e.Header.Get("Auto-Submitted")
	_ = e.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil {
			return err
		}
		kind, _, _ := part.Header.ContentType()
		if strings.HasPrefix(kind, "multipart/") {
			return nil
		}
		body, err := io.ReadAll(part.Body)
		switch kind {
		case "text/plain":
			l.text = string(body)
		case "text/html":
			l.html = string(body)
		}
		return err
	})
	x.s.got = append(x.s.got, l)
	return nil
}

func (x *mailSession) Reset()        {}
func (x *mailSession) Logout() error { return nil }

// certificate is one for loopback, with the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// settings of the mail channel that speaks to the server.
func (s *mailServer) settings(security string) M {
	return M{"kind": "mail", "name": "邮件", "active": true, "secrets": M{"password": s.password},
		"config": M{"host": s.host, "port": s.port, "security": security, "user": "desk", "from": "desk@example.com", "from_name": "智单"}}
}
