package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Try is what somebody typed to log in, and where from.
type Try struct {
	Person, Password, Code string
	// Network is the address' network, Agent the kind of browser.
	Network, Agent string
}

// hashingWait is how long a log-in waits for its turn.
const hashingWait = 5 * time.Second

// fits is the package's fits, a bounded number at once.
func (a *Accounts) fits(ctx context.Context, password, stored string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, hashingWait)
	defer cancel()
	select {
	case a.hashing <- struct{}{}:
		defer func() { <-a.hashing }()
		return fits(password, stored), nil
	case <-ctx.Done():
		return false, ErrBusy
	}
}

// stored is what a try is held against.
type stored struct {
	Duty      string     `db:"duty"`
	Password  string     `db:"password"`
	Secret    []byte     `db:"secret"`
	Demo      bool       `db:"demo"`
	Disabled  *time.Time `db:"disabled_at"`
	CodeHash  []byte     `db:"code_hash"`
	CodeUntil *time.Time `db:"code_until"`
}

// find reads an account to hold a try against. Where there is none it is one that nothing
// fits.
func (a *Accounts) find(ctx context.Context, person string) (stored, error) {
	rows, err := a.Pool.Query(ctx, `
		select duty, password, secret, demo, disabled_at, code_hash, code_until from account.person where book = $1 and id = $2`, a.Book, person)
	if err != nil {
		return stored{}, fmt.Errorf("look up account: %w", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[stored])
	if errors.Is(err, pgx.ErrNoRows) {
		return stored{}, nil
	}
	if err != nil {
		return stored{}, fmt.Errorf("look up account: %w", err)
	}
	if found.Disabled != nil || found.Demo && !a.Demo {
		return stored{}, nil
	}
	return found, nil
}

// LogIn opens a new session for who has the password and, once it is enrolled, the second
// factor. Whatever is wrong is ErrWrong, after the same time; *Delayed was not looked at.
func (a *Accounts) LogIn(ctx context.Context, t Try) (Opened, error) {
	attempt, err := a.begin(ctx, t.Person, t.Network)
	if err != nil {
		return Opened{}, err
	}
	found, err := a.find(ctx, t.Person)
	if err != nil {
		return Opened{}, err
	}
	against := found.Password
	if against == "" {
		against = a.nobody
	}
	ok, err := a.fits(ctx, t.Password, against)
	if err != nil {
		return Opened{}, errors.Join(err, a.settle(ctx, attempt, "held"))
	}
	ok = ok && found.Password != ""
	s := Session{Person: t.Person, Duty: found.Duty, Agent: t.Agent, Begun: a.Now()}
	if ok && found.Secret != nil && !found.Demo {
		if ok, err = a.spend(ctx, t.Person, found.Secret, t.Code); err != nil {
			return Opened{}, err
		}
		s.Proved = &s.Begun
	}
	if !ok {
		if err := a.settle(ctx, attempt, "failed"); err != nil {
			return Opened{}, err
		}
		return Opened{}, ErrWrong
	}
	return a.enter(ctx, attempt, s)
}

// enter opens the session of a try that was good.
func (a *Accounts) enter(ctx context.Context, t *attempt, s Session) (o Opened, err error) {
	if err := a.settle(ctx, t, "good"); err != nil {
		return o, err
	}
	err = pgx.BeginFunc(ctx, a.Pool, func(tx pgx.Tx) error {
		if o, err = a.opened(ctx, tx, s); err != nil {
			return err
		}
		return a.note(ctx, tx, s.Person, "entered", s.Person)
	})
	if err != nil {
		return Opened{}, err
	}
	return o, nil
}

// factorOf is what a person's secret is sealed as.
func (a *Accounts) factorOf(person string) string { return "factor/" + string(a.Book) + "/" + person }

// spend takes a code of the second factor, which is good once.
func (a *Accounts) spend(ctx context.Context, person string, sealed []byte, code string) (bool, error) {
	secret, err := a.Open(a.factorOf(person), sealed)
	if err != nil {
		return false, fmt.Errorf("open second factor of %s: %w", person, err)
	}
	step, ok := stepOfCode(secret, code, a.Now())
	if !ok {
		return false, nil
	}
	tag, err := a.Pool.Exec(ctx, `update account.person set step = $3 where book = $1 and id = $2 and step < $3`, a.Book, person, step)
	if err != nil {
		return false, fmt.Errorf("spend code: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// Prove takes a code again, in a session: it is asked for before money is approved.
func (a *Accounts) Prove(ctx context.Context, s *Session, code, network string) error {
	if s.Demo {
		return nil
	}
	attempt, err := a.begin(ctx, s.Person, network)
	if err != nil {
		return err
	}
	found, err := a.find(ctx, s.Person)
	if err != nil {
		return err
	}
	ok := false
	if found.Secret != nil {
		if ok, err = a.spend(ctx, s.Person, found.Secret, code); err != nil {
			return err
		}
	}
	if !ok {
		return errors.Join(ErrWrong, a.settle(ctx, attempt, "failed"))
	}
	now := a.Now()
	if _, err := a.Pool.Exec(ctx, `update account.session set proved_at = $2 where hash = $1`, s.hash, now); err != nil {
		return fmt.Errorf("note code: %w", err)
	}
	s.Proved = &now
	return a.settle(ctx, attempt, "good")
}

// Begin sets a first or new password by the one-time code, which is good once, and opens a
// session in which the second factor is enrolled.
func (a *Accounts) Begin(ctx context.Context, t Try) (Opened, error) {
	attempt, err := a.begin(ctx, t.Person, t.Network)
	if err != nil {
		return Opened{}, err
	}
	found, err := a.find(ctx, t.Person)
	if err != nil {
		return Opened{}, err
	}
	hash := hashOfCode(t.Code)
	if found.CodeHash == nil || string(found.CodeHash) != string(hash) || !a.Now().Before(*found.CodeUntil) {
		return Opened{}, errors.Join(ErrWrong, a.settle(ctx, attempt, "failed"))
	}
	person, err := a.Person(ctx, t.Person)
	if err != nil {
		return Opened{}, err
	}
	if err := a.acceptable(ctx, person, t.Password); err != nil {
		return Opened{}, errors.Join(err, a.settle(ctx, attempt, "held"))
	}
	var changed bool
	err = pgx.BeginFunc(ctx, a.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update account.person set code_hash = null, code_until = null where book = $1 and id = $2 and code_hash = $3`, a.Book, t.Person, hash)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		changed = true
		return a.setPassword(ctx, tx, t.Person, t.Password)
	})
	if err != nil {
		return Opened{}, fmt.Errorf("set password: %w", err)
	}
	if !changed {
		return Opened{}, errors.Join(ErrWrong, a.settle(ctx, attempt, "failed"))
	}
	return a.enter(ctx, attempt, Session{Person: t.Person, Duty: found.Duty, Agent: t.Agent, Begun: a.Now()})
}

// acceptable holds a new password to the policy and to the former ones.
func (a *Accounts) acceptable(ctx context.Context, p Person, password string) error {
	if err := a.Policy.check(password, p); err != nil {
		return err
	}
	if a.Policy.Former == 0 {
		return nil
	}
	rows, err := a.Pool.Query(ctx, `
		select password from account.former_password where book = $1 and person = $2 order by set_at desc limit $3`, a.Book, p.ID, a.Policy.Former)
	if err != nil {
		return fmt.Errorf("read former passwords: %w", err)
	}
	former, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read former passwords: %w", err)
	}
	for _, old := range former {
		if same, err := a.fits(ctx, password, old); err != nil {
			return err
		} else if same {
			return weak(fmt.Sprintf("不得与最近%d次用过的口令相同", a.Policy.Former), fmt.Sprintf("must not be one of the last %d", a.Policy.Former))
		}
	}
	return nil
}

// setPassword stores a password and remembers it, with as many as the policy wants.
func (a *Accounts) setPassword(ctx context.Context, tx pgx.Tx, person, password string) error {
	hash, now := hashOf(password, a.Cost), a.Now()
	batch := &pgx.Batch{}
	batch.Queue(`update account.person set password = $3, password_at = $4 where book = $1 and id = $2`, a.Book, person, hash, now)
	batch.Queue(`insert into account.former_password (book, person, set_at, password) values ($1, $2, $3, $4)
		on conflict (book, person, set_at) do nothing`, a.Book, person, now, hash)
	batch.Queue(`
		delete from account.former_password f where f.book = $1 and f.person = $2 and f.set_at < all (
			select k.set_at from account.former_password k where k.book = $1 and k.person = $2 order by k.set_at desc limit $3)`, a.Book, person, max(a.Policy.Former, 1))
	return tx.SendBatch(ctx, batch).Close()
}

// ChangePassword sets a new password for who has the old one. The other sessions of the
// person end, and this one is renewed.
func (a *Accounts) ChangePassword(ctx context.Context, s *Session, old, password, network string) (Opened, error) {
	attempt, err := a.begin(ctx, s.Person, network)
	if err != nil {
		return Opened{}, err
	}
	found, err := a.find(ctx, s.Person)
	if err != nil {
		return Opened{}, err
	}
	ok, err := a.fits(ctx, old, found.Password)
	if err != nil {
		return Opened{}, errors.Join(err, a.settle(ctx, attempt, "held"))
	}
	if !ok {
		return Opened{}, errors.Join(ErrWrong, a.settle(ctx, attempt, "failed"))
	}
	if err := a.settle(ctx, attempt, "good"); err != nil {
		return Opened{}, err
	}
	person, err := a.Person(ctx, s.Person)
	if err != nil {
		return Opened{}, err
	}
	if err := a.acceptable(ctx, person, password); err != nil {
		return Opened{}, err
	}
	return a.renew(ctx, s, "password", func(tx pgx.Tx, next *Session) error {
		now := a.Now()
		next.PasswordAt = &now
		if err := a.setPassword(ctx, tx, s.Person, password); err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		return a.endAll(ctx, tx, s.Person, s.ID)
	})
}

// pendingOf is what a factor that is being enrolled is sealed as: in this session alone.
func pendingOf(s *Session) string { return "pending/" + s.Person + "/" + s.ID }

// ErrProof is what needs a fresh code first: changing the second factor.
var ErrProof = errors.New("a fresh code is needed")

// NewFactor makes a second factor and shows it once. It takes the place of the old one
// when a code of it is typed (Enrol).
func (a *Accounts) NewFactor(ctx context.Context, s *Session, issuer string) (Factor, error) {
	if s.Enrolled && !a.Proven(s) {
		return Factor{}, ErrProof
	}
	f, secret := newFactor(s.Person, issuer)
	_, err := a.Pool.Exec(ctx, `update account.session set pending = $2 where hash = $1 and ended_at is null`, s.hash, a.Seal(pendingOf(s), secret))
	if err != nil {
		return Factor{}, fmt.Errorf("keep second factor: %w", err)
	}
	return f, nil
}

// Enrol takes the first code of the new factor. The other sessions end, and this one is
// renewed.
func (a *Accounts) Enrol(ctx context.Context, s *Session, code, network string) (Opened, error) {
	if s.Enrolled && !a.Proven(s) {
		return Opened{}, ErrProof
	}
	attempt, err := a.begin(ctx, s.Person, network)
	if err != nil {
		return Opened{}, err
	}
	var pending []byte
	if err := a.Pool.QueryRow(ctx, `select pending from account.session where hash = $1 and ended_at is null`, s.hash).Scan(&pending); err != nil {
		return Opened{}, fmt.Errorf("read second factor: %w", err)
	}
	secret, err := a.Open(pendingOf(s), pending)
	if err != nil {
		return Opened{}, errors.Join(ErrWrong, a.settle(ctx, attempt, "held"))
	}
	step, ok := stepOfCode(secret, code, a.Now())
	if !ok {
		return Opened{}, errors.Join(ErrWrong, a.settle(ctx, attempt, "failed"))
	}
	if err := a.settle(ctx, attempt, "good"); err != nil {
		return Opened{}, err
	}
	return a.renew(ctx, s, "factor", func(tx pgx.Tx, next *Session) error {
		now := a.Now()
		next.Proved, next.Enrolled = &now, true
		_, err := tx.Exec(ctx, `update account.person set secret = $3, step = greatest(step, $4) where book = $1 and id = $2`, a.Book, s.Person, a.Seal(a.factorOf(s.Person), secret), step)
		if err != nil {
			return fmt.Errorf("store second factor: %w", err)
		}
		return a.endAll(ctx, tx, s.Person, s.ID)
	})
}
