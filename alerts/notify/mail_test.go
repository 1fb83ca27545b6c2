package notify

import (
	"crypto/tls"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// postOffice is a mail server of this machine.
type postOffice struct {
	t    *testing.T
	mu   sync.Mutex
	got  []string
	auth int
	say  error // instead of taking a mail
}

// visit is one connection to it.
type visit struct {
	*postOffice
	known bool
}

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

func (v *visit) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.auth++
		if user != "yilu" || password != "mail-password" {
			return errors.New("wrong password")
		}
		v.known = true
		return nil
	}
	if mechanism != sasl.Plain {
		return nil, errors.New("only PLAIN here")
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

func (v *visit) Mail(string, *smtp.MailOptions) error {
	if !v.known {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error { return nil }

func (v *visit) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.say != nil {
		return v.say
	}
	v.got = append(v.got, string(data))
	return err
}

func (v *visit) Reset()        {}
func (v *visit) Logout() error { return nil }

// openPostOffice starts a server; it borrows its certificate from a receiver.
func openPostOffice(t *testing.T, w *world, mode string) (*postOffice, Channel) {
	t.Helper()
	r := newReceiver(t, nil)
	certificate := &tls.Config{Certificates: r.TLS.Certificates}
	office := &postOffice{t: t}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &visit{postOffice: office}, nil }))
	server.Domain = "example.com"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	switch mode {
	case "starttls":
		server.TLSConfig = certificate
	case "implicit":
		listener = tls.NewListener(listener, certificate)
	case "clear":
		server.AllowInsecureAuth = true
		mode = "starttls"
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Close
	}()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return office, Channel{Name: "office", Kind: Mail, Routes: everything, CAFile: r.caFile, Mail: &MailServer{
		Host: "127.0.0.1", Port: port, TLS: mode, User: "yilu", Password: w.secret(t, "mail-password"),
		From: "一路 <yilu@example.com>", To: []string{"office@example.com", "leader@example.com"}}}
}

func TestMailGoesOutEncryptedAndHoldsNoSentence(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"starttls", "implicit"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			office, channel := openPostOffice(t, w, mode)
			n := w.notifier(t, channel)
			n.enqueue(t, message(1, Red))
			n.rounds(t, "office")
			if len(office.got) != 1 || n.status(t, "office").Waiting != 0 {
				t.Fatal(office.got, n.outcomes(t, "a0001"), w.log.String())
			}
			m, err := mail.ReadMessage(strings.NewReader(office.got[0]))
			if err != nil {
				t.Fatal(err)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if err != nil || subject != "【红色】新预警 P08" {
				t.Error(subject, err)
			}
			if id := m.Header.Get("Message-ID"); id != "<"+message(1, Red).deliveryID("office")+"@example.com>" || m.Header.Get("Auto-Submitted") != "auto-generated" {
				t.Error(m.Header)
			}
			text := decodeQuoted(t, m)
			const want = "【红色】新预警 P08\n地区 411025001，办理期限 2026-03-05\n详情 https://yilu.example/alerts/a0001"
			if strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) != want {
				t.Errorf("%q", text)
			}
			w.holdsNo(t, "mail-password")
		})
	}
}

func decodeQuoted(t *testing.T, m *mail.Message) string {
	t.Helper()
	if got := m.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
		t.Fatal("encoded as", got)
	}
	return string(readAll(t, quotedprintable.NewReader(m.Body)))
}

// TestMailPasswordIsNeverSentInTheClear: a server, or who stands before it, that
// offers no TLS gets nothing.
func TestMailPasswordIsNeverSentInTheClear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	office, channel := openPostOffice(t, w, "clear")
	n := w.notifier(t, channel)
	n.enqueue(t, message(1, Red))
	n.rounds(t, "office")
	if office.auth != 0 || len(office.got) != 0 || !slices.Equal(n.outcomes(t, "a0001"), []string{"unreachable"}) {
		t.Errorf("%d log-ins, %d mails, %v", office.auth, len(office.got), n.outcomes(t, "a0001"))
	}
}

func TestMailServerOfAnotherIsNotTrusted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	office, channel := openPostOffice(t, w, "implicit")
	channel.CAFile = ""
	n := w.notifier(t, channel)
	n.enqueue(t, message(1, Red))
	n.rounds(t, "office")
	if office.auth != 0 || !slices.Equal(n.outcomes(t, "a0001"), []string{"unreachable"}) {
		t.Errorf("%d log-ins, %v", office.auth, n.outcomes(t, "a0001"))
	}
}

func TestMailRepliesAreJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	office, channel := openPostOffice(t, w, "starttls")
	n := w.notifier(t, channel)
	for i, c := range []struct {
		say  error
		want string
	}{
		{&smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "looks like spam"}, "refused"},
		{&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "greylisted"}, "unreachable"},
	} {
		office.mu.Lock()
		office.say = c.say
		office.mu.Unlock()
		n.enqueue(t, message(i, Red))
		n.rounds(t, "office")
		if got := n.outcomes(t, message(i, Red).Alert); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%v: %v, want %s", c.say, got, c.want)
		}
	}
	channel.Mail.Password = w.secret(t, "wrong-password")
	channel.Name = "other"
	n = w.notifier(t, channel)
	n.enqueue(t, message(9, Red))
	n.rounds(t, "other")
	if got := n.outcomes(t, "a0009"); len(got) != 1 || got[0] == "sent" {
		t.Error(got)
	}
	w.holdsNo(t, "wrong-password")
}
