package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// noticed is how exactly the last use is kept: each page need not write.
const noticed = 5 * time.Second

// ErrNoSession is a cookie that opens nothing (any more).
var ErrNoSession = errors.New("no session")

// Session is a browser that is logged in. Its cookie is known to the browser alone.
type Session struct {
	// ID names it to its person; it is no secret.
	ID     string `db:"id"`
	Person string `db:"person"`
	Name   string `db:"name"`
	Unit   string `db:"unit"`
	Duty   string `db:"duty"`
	// Role and Grant are what it acts in, empty until its person has a role.
	Role  ledger.Role `db:"role"`
	Grant string      `db:"grant_id"`
	// Form is in every form of the session, so that no other page can post for it.
	Form string `db:"form"`
	// Agent is the kind of browser, in few words.
	Agent string    `db:"agent"`
	Begun time.Time `db:"begun_at"`
	Used  time.Time `db:"used_at"`
	// Proved is when a code was last given.
	Proved     *time.Time `db:"proved_at"`
	Demo       bool       `db:"demo"`
	Enrolled   bool       `db:"enrolled"`
	PasswordAt *time.Time `db:"password_at"`
	// SignedOn says that the office's provider said who it is, and no password did.
	SignedOn bool `db:"signed_on"`
	hash     []byte
	// hint is what the provider wants to see when the session there is to end, sealed.
	hint []byte
}

// Opened is a session that has just begun or been renewed, with what the browser keeps.
type Opened struct {
	Session
	Cookie string
}

// hashOfCookie is under what a session is stored.
func hashOfCookie(cookie string) []byte {
	sum := sha256.Sum256([]byte(cookie))
	return sum[:]
}

// opened stores a new session. Its name and its word for forms are new.
func (a *Accounts) opened(ctx context.Context, tx pgx.Tx, s Session) (Opened, error) {
	cookie := rand.Text() + rand.Text()
	s.ID, s.Form, s.Used, s.hash = rand.Text()[:12], a.word(s.Person), a.Now(), hashOfCookie(cookie)
	_, err := tx.Exec(ctx, `
		insert into account.session (hash, id, book, person, duty, role, grant_id, form, agent, begun_at, used_at, proved_at, signed_on, hint)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		s.hash, s.ID, a.Book, s.Person, s.Duty, s.Role, s.Grant, s.Form, short(s.Agent, 80), s.Begun, s.Used, s.Proved, s.SignedOn, s.hint)
	if err != nil {
		return Opened{}, fmt.Errorf("open session: %w", err)
	}
	return Opened{s, cookie}, nil
}

// short cuts a text.
func short(text string, most int) string {
	r := []rune(strings.ToValidUTF8(text, ""))
	return string(r[:min(len(r), most)])
}

// renew puts a new session in the place of an old one: whoever knew its name knows
// nothing now. When it began stays.
func (a *Accounts) renew(ctx context.Context, s *Session, what string, change func(tx pgx.Tx, next *Session) error) (o Opened, err error) {
	err = pgx.BeginFunc(ctx, a.Pool, func(tx pgx.Tx) error {
		next := *s
		if err := change(tx, &next); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `
			with old as (select hash, hint from account.session where hash = $1 and ended_at is null for update)
			update account.session s set ended_at = $2, hint = null from old where s.hash = old.hash returning old.hint`, s.hash, a.Now()).Scan(&next.hint)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoSession
		}
		if err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		if o, err = a.opened(ctx, tx, next); err != nil {
			return err
		}
		return a.note(ctx, tx, s.Person, what, s.Person)
	})
	return o, err
}

const selectSession = `
	select s.id, s.person, p.name, p.unit, s.duty, s.role, s.grant_id, s.form, s.agent, s.begun_at, s.used_at, s.proved_at, s.signed_on, p.demo, p.secret is not null as enrolled, p.password_at
	from account.session s join account.person p on p.book = s.book and p.id = s.person
	where s.book = $1 and s.ended_at is null and p.disabled_at is null and s.used_at >= $2 and s.begun_at >= $3 and (not p.demo or $4)`

// alive are the arguments of selectSession.
func (a *Accounts) alive() []any {
	now := a.Now()
	return []any{a.Book, now.Add(-a.Limits.Idle), now.Add(-a.Limits.Whole), a.Demo}
}

// Session returns the session of a cookie and notes its use, or ErrNoSession.
func (a *Accounts) Session(ctx context.Context, cookie string) (*Session, error) {
	hash := hashOfCookie(cookie)
	rows, err := a.Pool.Query(ctx, selectSession+` and s.hash = $5`, append(a.alive(), hash)...)
	if err != nil {
		return nil, fmt.Errorf("look up session: %w: %w", ledger.ErrUnavailable, err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByNameLax[Session])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNoSession
	}
	if err != nil {
		return nil, fmt.Errorf("look up session: %w: %w", ledger.ErrUnavailable, err)
	}
	s.hash = hash
	if now := a.Now(); now.Sub(s.Used) >= noticed {
		if _, err := a.Pool.Exec(ctx, `update account.session set used_at = greatest(used_at, $2) where hash = $1`, hash, now); err != nil {
			return nil, fmt.Errorf("note use of session: %w: %w", ledger.ErrUnavailable, err)
		}
	}
	return s, nil
}

// Whose is the person of a cookie whose session may have ended, "" for nobody: what they
// typed can be kept for them.
func (a *Accounts) Whose(ctx context.Context, cookie string) (string, error) {
	var person string
	err := a.Pool.QueryRow(ctx, `select person from account.session where hash = $1 and book = $2`, hashOfCookie(cookie), a.Book).Scan(&person)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("look up session: %w: %w", ledger.ErrUnavailable, err)
	}
	return person, nil
}

// MadeFor says whether a word in a form was made for a person, by whichever of their
// sessions.
func (a *Accounts) MadeFor(person, word string) bool {
	random, tag, _ := strings.Cut(word, ".")
	got, err := base64.RawURLEncoding.DecodeString(tag)
	return err == nil && hmac.Equal(got, a.mark("form", person+"/"+random)[:12])
}

// NeedsPassword says that the person must choose a new password first: the old one is
// too old. Who signs on elsewhere needs none here.
func (a *Accounts) NeedsPassword(s *Session) bool {
	return !s.Demo && !s.SignedOn && (s.PasswordAt == nil || a.Policy.Longest > 0 && a.Now().Sub(*s.PasswordAt) > a.Policy.Longest)
}

// NeedsFactor says that the person must enrol a second factor first. Only accounts of a
// demonstration need none.
func (a *Accounts) NeedsFactor(s *Session) bool {
	return !s.Demo && (!s.Enrolled || s.Proved == nil)
}

// Proven says whether a code was given lately enough to approve money.
func (a *Accounts) Proven(s *Session) bool {
	return s.Demo || s.Proved != nil && a.Now().Sub(*s.Proved) <= a.Limits.Proof
}

// Act lets a session act in a role that its person has; the caller has asked the log.
func (a *Accounts) Act(ctx context.Context, s *Session, h ledger.Holding) (Opened, error) {
	return a.renew(ctx, s, "role", func(_ pgx.Tx, next *Session) error {
		next.Role, next.Grant = h.Role, h.Grant
		return nil
	})
}

// Settle notes, without renewing it, the role that a session begins in.
func (a *Accounts) Settle(ctx context.Context, s *Session, role ledger.Role, grant string) error {
	_, err := a.Pool.Exec(ctx, `update account.session set role = $2, grant_id = $3 where hash = $1`, s.hash, role, grant)
	if err != nil {
		return fmt.Errorf("note role of session: %w", err)
	}
	s.Role, s.Grant = role, grant
	return nil
}

// Leave ends a session, and returns what the provider of sign-on wants to see to end its
// own, sealed, or nothing.
func (a *Accounts) Leave(ctx context.Context, s *Session) (hint []byte, err error) {
	err = a.Pool.QueryRow(ctx, `select hint from account.session where hash = $1`, s.hash).Scan(&hint)
	if err != nil {
		return nil, fmt.Errorf("end session: %w", err)
	}
	return hint, a.End(ctx, s, s.ID)
}

// End ends one of the sessions of a session's person, or ledger.ErrNotFound.
func (a *Accounts) End(ctx context.Context, s *Session, id string) error {
	what := "ended"
	if id == s.ID {
		what = "left"
	}
	err := pgx.BeginFunc(ctx, a.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update account.session set ended_at = $4, hint = null where book = $1 and person = $2 and id = $3 and ended_at is null`, a.Book, s.Person, id, a.Now())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ledger.ErrNotFound
		}
		return a.note(ctx, tx, s.Person, what, s.Person)
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// endAll ends the sessions of a person, but for one.
func (a *Accounts) endAll(ctx context.Context, tx pgx.Tx, person, but string) error {
	_, err := tx.Exec(ctx, `update account.session set ended_at = $4, hint = null where book = $1 and person = $2 and id <> $3 and ended_at is null`, a.Book, person, but, a.Now())
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// Sessions lists the sessions of a person that are open, the last used first.
func (a *Accounts) Sessions(ctx context.Context, person string) ([]Session, error) {
	rows, err := a.Pool.Query(ctx, selectSession+` and s.person = $5 order by s.used_at desc limit 100`, append(a.alive(), person)...)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[Session])
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return list, nil
}
