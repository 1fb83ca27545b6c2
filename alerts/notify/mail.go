package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"

	"github.com/wneessen/go-mail"
)

// MailServer is how mails are handed in (SMTP) and to whom. It may stand inside:
// unlike the addresses of webhooks it never comes from others.
type MailServer struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	// TLS is "starttls" (mostly port 587) or "implicit" (465). Nothing goes out
	// in the clear, least of all a password.
	TLS      string `json:"tls"`
	User     string `json:"user,omitzero"`
	Password Secret `json:"password,omitzero"`
	From     string `json:"from"`
	// To is one office. An address that is refused holds back the others, so that
	// it is noticed; offices that shall not wait for each other are two channels.
	To []string `json:"to"`
}

func (m *MailServer) check() (errs []error) {
	say := func(wrong bool, what string) {
		if wrong {
			errs = append(errs, errors.New("mail: "+what))
		}
	}
	say(m.Host == "" || m.Port < 1 || m.Port > 65535, "want host and port")
	say(m.TLS != "starttls" && m.TLS != "implicit", `tls: want "starttls" or "implicit"`)
	say((m.User == "") != (m.Password == Secret{}), "want user and password, or neither")
	say(len(m.To) == 0 || len(m.To) > 50, "to: want 1 to 50 addresses")
	for _, address := range slices.Concat([]string{m.From}, m.To) {
		_, err := netmail.ParseAddress(address)
		say(err != nil, fmt.Sprintf("%q is no mail address", address))
	}
	return errs
}

// mailer hands letters to the mail server. Mails lie about in many places, so
// they say level, rule, region and day, and link to the rest.
type mailer struct {
	server   MailServer
	password string
	tls      *tls.Config
}

func newMailer(c Channel) (*mailer, error) {
	m := &mailer{server: *c.Mail}
	var err error
	if c.Mail.User != "" {
		if m.password, err = c.Mail.Password.read(); err != nil {
			return nil, fmt.Errorf("mail: password: %w", err)
		}
	}
	if m.tls, err = tlsConfig(c.CAFile); err != nil {
		return nil, err
	}
	m.tls.ServerName = c.Mail.Host
	return m, nil
}

func (m *mailer) send(ctx context.Context, l letter) outcome {
	message, err := m.compose(l)
	if err != nil {
		return outcome{verdict: refused, reason: clean(err.Error())}
	}
	options := []mail.Option{
		mail.WithPort(m.server.Port), mail.WithTimeout(sendTime), mail.WithTLSConfig(m.tls),
		mail.WithTLSPolicy(mail.TLSMandatory), mail.WithoutNoop(),
	}
	if m.server.TLS == "implicit" {
		options = append(options, mail.WithSSL())
	}
	if m.server.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover),
			mail.WithUsername(m.server.User), mail.WithPassword(m.password))
	}
	client, err := mail.NewClient(m.server.Host, options...)
	if err != nil {
		return outcome{verdict: refused, reason: clean(err.Error())}
	}
	err = client.DialAndSendWithContext(ctx, message)
	if message.IsDelivered() {
		err = nil // the server has it; only the farewell went wrong
	}
	return m.judge(err)
}

// compose makes the mail. Its id is the delivery's, so that a mail sent twice is
// one mail to many readers.
func (m *mailer) compose(l letter) (*mail.Msg, error) {
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(message.From(m.server.From), message.To(m.server.To...)); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(message.GetFrom()[0].Address, "@")
	message.SetMessageIDWithValue(l.id + "@" + domain)
	message.SetDateWithValue(l.at)
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.Subject(l.subject)
	message.SetBodyString(mail.TypeTextPlain, l.text)
	return message, nil
}

// judge parts the server's trouble from the letter's by the reply code: 5xx to
// the letter is final for it, all else may pass.
func (m *mailer) judge(err error) outcome {
	if err == nil {
		return outcome{verdict: sent}
	}
	reason := err.Error()
	if m.password != "" {
		reason = strings.ReplaceAll(reason, m.password, "…")
	}
	if failed := (*mail.SendError)(nil); errors.As(err, &failed) && failed.ErrorCode() >= 500 {
		return outcome{verdict: refused, reason: clean(reason)}
	}
	return outcome{verdict: unreachable, reason: clean(reason)}
}
