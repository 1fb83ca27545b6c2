package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
)

// Config is what accounts need.
type Config struct {
	// Pool connects as the service role.
	Pool *pgxpool.Pool
	Book ledger.Book
	// Secret is the sealing secret of the data folder.
	Secret []byte
	Now    func() time.Time
	Log    *slog.Logger
	// Policy is what passwords must be, Cost what their hash costs.
	Policy Policy
	Cost   Cost
	// Demo opens accounts that were made for the demonstration, which need no second
	// factor. Without it they open nothing.
	Demo bool
	// Limits bound sessions and guesses.
	Limits Limits
	// SignOn logs in at the office's provider; nil means that there is none.
	SignOn *SignOn
}

// Accounts are the accounts of one book.
type Accounts struct {
	Config
	*vault
	// hashing bounds the hashes at work: each takes memory and a core.
	hashing chan struct{}
	// nobody is what a password is held against where there is no account.
	nobody string
}

// New returns the accounts of a book on a migrated database.
func New(c Config) (*Accounts, error) {
	if c.Policy.Name == "" {
		c.Policy = MLPS3
	}
	if c.Cost == (Cost{}) {
		c.Cost = DefaultCost
	}
	if c.Limits == (Limits{}) {
		c.Limits = DefaultLimits
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	v, err := newVault(c.Secret)
	if err != nil {
		return nil, err
	}
	return &Accounts{Config: c, vault: v, hashing: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), nobody: hashOf(rand.Text(), c.Cost)}, nil
}

// Errors of accounts.
var (
	// ErrWrong is a log-in that failed, whichever part of it was wrong.
	ErrWrong = errors.New("wrong account, password or code")
	// ErrBusy is when too many passwords are being checked.
	ErrBusy = errors.New("too many log-ins at once")
	// ErrExists is an account that is there already.
	ErrExists = errors.New("the account exists")
	// ErrName is an account, name, unit or duty that cannot be.
	ErrName = errors.New("no such account can be made")
	// ErrOwn is what nobody may do to their own account.
	ErrOwn = errors.New("not for one's own account")
)

// Person is an account as administrators see it: nothing in it is secret.
type Person struct {
	ID string `db:"id"`
	// Duty is one of ledger.Duties, for good.
	Duty string `db:"duty"`
	Name string `db:"name"`
	Unit string `db:"unit"`
	Demo bool   `db:"demo"`
	// Set says that there is a password, Enrolled that there is a second factor.
	Set      bool `db:"set"`
	Enrolled bool `db:"enrolled"`
	// CodeUntil is until when the one-time code is good, ResetBy who asked for a reset
	// that nobody has released.
	CodeUntil *time.Time `db:"code_until"`
	ResetBy   *string    `db:"reset_by"`
	Disabled  *time.Time `db:"disabled_at"`
	Created   time.Time  `db:"created_at"`
	// Seen is when a session was last used.
	Seen *time.Time `db:"seen_at"`
}

// idPattern is that of names in the ledger.
var idPattern = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$`)

func (p *Person) check() error {
	_, known := ledger.Duties[p.Duty]
	if !known || !idPattern.MatchString(p.ID) || !idPattern.MatchString(p.Unit) || strings.TrimSpace(p.Name) == "" || utf8.RuneCountInString(p.Name) > 40 {
		return ErrName
	}
	return nil
}

// Create makes an account without a password and returns its one-time code, by which its
// person sets one. It is shown once.
func (a *Accounts) Create(ctx context.Context, who string, p Person) (code string, err error) {
	if err := p.check(); err != nil {
		return "", err
	}
	now := a.Now()
	code, hash := newCode()
	err = pgx.BeginFunc(ctx, a.Pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			insert into account.person (book, id, duty, name, unit, demo, code_hash, code_until, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, a.Book, p.ID, p.Duty, strings.TrimSpace(p.Name), p.Unit, p.Demo, hash, now.Add(a.Limits.Code), now)
		if err != nil {
			return err
		}
		return a.note(ctx, tx, who, "created", p.ID)
	})
	if broken, ok := errors.AsType[*pgconn.PgError](err); ok && (broken.ConstraintName == "person_pkey" || broken.ConstraintName == "person_any_case") {
		return "", ErrExists
	}
	if err != nil {
		return "", fmt.Errorf("create account %s: %w", p.ID, err)
	}
	return code, nil
}

// newCode makes a one-time code of 100 bits, in groups that can be read out.
func newCode() (code string, hash []byte) {
	text := rand.Text()[:20]
	code = strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:16], text[16:]}, "-")
	return code, hashOfCode(code)
}

// hashOfCode is what is stored of a code, however it is typed.
func hashOfCode(code string) []byte {
	sum := sha256.Sum256([]byte("one-time code " + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '2' && r <= '7':
			return r
		}
		return -1
	}, code)))
	return sum[:]
}

const selectPerson = `
	select p.id, p.duty, p.name, p.unit, p.demo, p.password <> '' as set, p.secret is not null as enrolled, p.code_until, p.reset_by, p.disabled_at, p.created_at,
	       (select max(s.used_at) from account.session s where s.book = p.book and s.person = p.id) as seen_at
	from account.person p where p.book = $1`

// People lists the accounts by name; there are some hundred in a county.
func (a *Accounts) People(ctx context.Context) ([]Person, error) {
	rows, err := a.Pool.Query(ctx, selectPerson+` order by p.disabled_at is not null, p.duty, p.id limit 2000`, a.Book)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	people, err := pgx.CollectRows(rows, pgx.RowToStructByName[Person])
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return people, nil
}

// Person returns one account, or ledger.ErrNotFound.
func (a *Accounts) Person(ctx context.Context, id string) (Person, error) {
	rows, err := a.Pool.Query(ctx, selectPerson+` and p.id = $2`, a.Book, id)
	if err != nil {
		return Person{}, fmt.Errorf("read account: %w", err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Person])
	if errors.Is(err, pgx.ErrNoRows) {
		return Person{}, fmt.Errorf("account: %w", ledger.ErrNotFound)
	}
	if err != nil {
		return Person{}, fmt.Errorf("read account: %w", err)
	}
	return p, nil
}

// change runs one update of an account that is there, with its line in the trail, and
// ends the account's sessions if asked to. What it does not find is ledger.ErrNotFound.
func (a *Accounts) change(ctx context.Context, who, what, id string, end bool, update func(tx pgx.Tx) (pgconn.CommandTag, error)) error {
	err := pgx.BeginFunc(ctx, a.Pool, func(tx pgx.Tx) error {
		tag, err := update(tx)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ledger.ErrNotFound
		}
		if end {
			if err := a.endAll(ctx, tx, id, ""); err != nil {
				return err
			}
		}
		return a.note(ctx, tx, who, what, id)
	})
	if err != nil {
		return fmt.Errorf("account %s, %s: %w", id, what, err)
	}
	return nil
}

// Disable ends all sessions of an account and lets no new one begin.
func (a *Accounts) Disable(ctx context.Context, who, id string) error {
	if who == id {
		return ErrOwn
	}
	return a.change(ctx, who, "disabled", id, true, func(tx pgx.Tx) (pgconn.CommandTag, error) {
		return tx.Exec(ctx, `update account.person set disabled_at = $3 where book = $1 and id = $2 and disabled_at is null`, a.Book, id, a.Now())
	})
}

// Enable takes that back.
func (a *Accounts) Enable(ctx context.Context, who, id string) error {
	if who == id {
		return ErrOwn
	}
	return a.change(ctx, who, "enabled", id, false, func(tx pgx.Tx) (pgconn.CommandTag, error) {
		return tx.Exec(ctx, `update account.person set disabled_at = null where book = $1 and id = $2 and disabled_at is not null`, a.Book, id)
	})
}

// AskReset asks that an account be reset whose person has lost password or phone. Another
// administrator releases it: one alone could enter as anybody.
func (a *Accounts) AskReset(ctx context.Context, who, id string) error {
	if who == id {
		return ErrOwn
	}
	return a.change(ctx, who, "reset asked", id, false, func(tx pgx.Tx) (pgconn.CommandTag, error) {
		return tx.Exec(ctx, `update account.person set reset_by = $3, reset_at = $4 where book = $1 and id = $2 and reset_by is null`, a.Book, id, who, a.Now())
	})
}

// Release resets an account for which somebody else has asked: its password and second
// factor are gone, its sessions end, and its person begins anew with the one-time code.
func (a *Accounts) Release(ctx context.Context, who, id string) (code string, err error) {
	if who == id {
		return "", ErrOwn
	}
	code, hash := newCode()
	err = a.change(ctx, who, "reset", id, true, func(tx pgx.Tx) (pgconn.CommandTag, error) {
		return tx.Exec(ctx, `
			update account.person set password = '', password_at = null, secret = null, code_hash = $4, code_until = $5, reset_by = null, reset_at = null
			where book = $1 and id = $2 and reset_by is not null and reset_by <> $3`, a.Book, id, who, hash, a.Now().Add(a.Limits.Code))
	})
	return code, err
}

// Console is who acts at the server's own console: the operator.
const Console = "console"

// ResetAtConsole resets an account on the word of whoever has the server.
func (a *Accounts) ResetAtConsole(ctx context.Context, id string) (code string, err error) {
	code, hash := newCode()
	err = a.change(ctx, Console, "reset", id, true, func(tx pgx.Tx) (pgconn.CommandTag, error) {
		return tx.Exec(ctx, `
			update account.person set password = '', password_at = null, secret = null, code_hash = $3, code_until = $4, reset_by = null, reset_at = null, disabled_at = null
			where book = $1 and id = $2`, a.Book, id, hash, a.Now().Add(a.Limits.Code))
	})
	return code, err
}

// SetDemo gives accounts of the demonstration, made if there are none, a password that is
// printed. It is hashed once for all.
func (a *Accounts) SetDemo(ctx context.Context, password string, people ...Person) error {
	hash := hashOf(password, a.Cost)
	for _, p := range people {
		if err := a.setDemo(ctx, p, hash); err != nil {
			return err
		}
	}
	return nil
}

func (a *Accounts) setDemo(ctx context.Context, p Person, hash string) error {
	p.Demo = true
	if _, err := a.Create(ctx, Console, p); err != nil && !errors.Is(err, ErrExists) {
		return err
	}
	return a.change(ctx, Console, "demo", p.ID, true, func(tx pgx.Tx) (pgconn.CommandTag, error) {
		return tx.Exec(ctx, `
			update account.person set password = $3, password_at = $4, name = $5, secret = null, code_hash = null, code_until = null, disabled_at = null
			where book = $1 and id = $2 and demo`, a.Book, p.ID, hash, a.Now(), p.Name)
	})
}

// Event is a line of the trail: who did what to which account.
type Event struct {
	ID    int64     `db:"id"`
	At    time.Time `db:"at"`
	Who   string    `db:"who"`
	What  string    `db:"what"`
	About string    `db:"about"`
}

// EventKinds are what the trail tells, by the words that are stored.
var EventKinds = []string{"created", "disabled", "enabled", "reset asked", "reset", "demo", "entered", "left", "ended", "role", "password", "factor"}

// note adds a line to the trail.
func (a *Accounts) note(ctx context.Context, tx pgx.Tx, who, what, about string) error {
	if !slices.Contains(EventKinds, what) {
		return fmt.Errorf("no event %q", what)
	}
	_, err := tx.Exec(ctx, `insert into account.event (book, at, who, what, about) values ($1, $2, $3, $4, $5)`, a.Book, a.Now(), who, what, about)
	return err
}

// Events lists the trail, newest first, of one account or of all (""), before a line or
// from the newest (0).
func (a *Accounts) Events(ctx context.Context, about string, before int64, limit int) ([]Event, error) {
	rows, err := a.Pool.Query(ctx, `
		select id, at, who, what, about from account.event
		where book = $1 and ($2 = '' or about = $2) and ($3 = 0 or id < $3) order by id desc limit $4`, a.Book, about, before, limit)
	if err != nil {
		return nil, fmt.Errorf("list events of accounts: %w", err)
	}
	events, err := pgx.CollectRows(rows, pgx.RowToStructByName[Event])
	if err != nil {
		return nil, fmt.Errorf("list events of accounts: %w", err)
	}
	return events, nil
}
