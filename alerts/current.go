package alerts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// State is how far a case has come.
type State string

// The states of a case.
const (
	// Open is 疑似违规: raised, nobody has it yet.
	Open State = "open"
	// Verifying is 核实: the unit shall answer, the auditors decide.
	Verifying State = "verifying"
	// Dismissing waits for the second person.
	Dismissing State = "dismissing"
	// Dismissed is 认定正常.
	Dismissed State = "dismissed"
	// Rectifying is 整改.
	Rectifying State = "rectifying"
	// Review is 复核.
	Review State = "review"
	// Closed is 销号.
	Closed State = "closed"
	// Recorded is no case: a rule on trial, on the white list, or one that only
	// records. It can be opened as one.
	Recorded State = "recorded"
)

// Ended says whether nothing more is to be done.
func (s State) Ended() bool { return s == Dismissed || s == Closed || s == Recorded }

// Current is a warning as its entries have left it. It is for officers only.
type Current struct {
	Alert    string       `db:"alert" json:"alert"`
	Code     string       `db:"code" json:"code"`
	Version  ledger.Count `db:"version" json:"version"`
	Level    string       `db:"level" json:"level"`
	Handling string       `db:"handling" json:"handling"`
	Origin   string       `db:"origin" json:"origin"`
	Outcome  string       `db:"outcome" json:"outcome"`
	Reason   string       `db:"reason" json:"reason,omitzero"`
	State    State        `db:"state" json:"state"`
	Episode  int64        `db:"episode" json:"episode"`
	Count    int64        `db:"count" json:"count"`
	// Fingerprint is the matter, hex.
	Fingerprint string   `db:"fingerprint" json:"fingerprint"`
	Subject     []string `db:"subject" json:"subject"`
	Region      string   `db:"region" json:"region"`
	// Entry is the entry it is about, At the one by which that took effect; both
	// are ledger.None for a refused attempt.
	Entry    ledger.Seq `db:"entry_seq" json:"entry"`
	At       ledger.Seq `db:"at_seq" json:"at_seq"`
	Raised   ledger.Seq `db:"raised_seq" json:"raised_seq"`
	Last     ledger.Seq `db:"last_seq" json:"last_seq"`
	RaisedAt time.Time  `db:"raised_at" json:"raised_at"`
	// Step is the version of the case: what was seen must be what is acted on.
	Step     int64       `db:"step" json:"step"`
	Unit     string      `db:"unit" json:"unit,omitzero"`
	Due      ledger.Date `db:"due" json:"due,omitzero"`
	Silenced ledger.Date `db:"silenced_until" json:"silenced_until,omitzero"`
	// Makers entered or approved what it is about: they cannot decide on it.
	Makers    []string `db:"makers" json:"-"`
	Rectifier string   `db:"rectifier" json:"-"`
	Dismisser string   `db:"dismisser" json:"-"`
	// Parent is the warning of the storm that this one is part of.
	Parent string `db:"parent" json:"parent,omitzero"`
	// Project and Payee are whom the entry it is about belongs to and pays. The key of
	// a payee may be that of a private person.
	Project string `db:"project" json:"-"`
	Payee   string `db:"payee" json:"-"`
	// Amount is that of the entry it is about, or of its payment; 0 for none.
	Amount     ledger.Amount `db:"amount" json:"-"`
	Shadow     bool          `db:"shadow" json:"shadow,omitzero"`
	Suppressed string        `db:"suppressed" json:"suppressed_by,omitzero"`
	Zh         string        `db:"sentence_zh" json:"zh"`
	En         string        `db:"sentence_en" json:"en"`
	Value      string        `db:"value" json:"value,omitzero"`
	Limit      string        `db:"limit_value" json:"limit,omitzero"`
	Violation  string        `db:"violation" json:"violation,omitzero"`
	ToReturn   ledger.Amount `db:"to_return" json:"to_return"`
	ToAdjust   ledger.Amount `db:"to_adjust" json:"to_adjust"`
	ToOther    ledger.Amount `db:"to_other" json:"to_other"`
	Returned   ledger.Amount `db:"returned" json:"returned"`
	Adjusted   ledger.Amount `db:"adjusted" json:"adjusted"`
}

// columns of alert.current in the order of Current.
const columns = `alert, code, version, level, handling, origin, outcome, reason, state, episode, count, fingerprint, subject, region,
	entry_seq, at_seq, raised_seq, last_seq, raised_at, step, unit, coalesce(due::text, '') as due, coalesce(silenced_until::text, '') as silenced_until,
	makers, rectifier, dismisser, shadow, suppressed, sentence_zh, sentence_en, value, limit_value,
	violation, to_return, to_adjust, to_other, returned, adjusted, parent, project, payee, amount`

// querier is what reading needs: a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Find returns a warning, or ledger.ErrNotFound.
func Find(ctx context.Context, q querier, book ledger.Book, alert string) (Current, error) {
	return one(ctx, q, `select `+columns+` from alert.current where book = $1 and alert = $2`, book, alert)
}

func one(ctx context.Context, q querier, sql string, args ...any) (Current, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return Current{}, fmt.Errorf("read warning: %w", err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Current])
	if errors.Is(err, pgx.ErrNoRows) {
		return Current{}, fmt.Errorf("warning: %w", ledger.ErrNotFound)
	}
	if err != nil {
		return Current{}, fmt.Errorf("read warning: %w", err)
	}
	return c, nil
}

// insert stores a new case; the unique index on open matters may refuse it.
func queueCase(q *pgx.Batch, book ledger.Book, c Current) {
	q.Queue(`
		insert into alert.current (book, alert, code, version, level, handling, origin, outcome, reason, state, episode, count, fingerprint, subject, region,
			entry_seq, at_seq, raised_seq, last_seq, raised_at, step, unit, due, silenced_until, makers, rectifier, dismisser, shadow, suppressed,
			sentence_zh, sentence_en, value, limit_value, violation, to_return, to_adjust, to_other, returned, adjusted, parent, project, payee, amount)
		select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, nullif($23, '')::date, nullif($24, '')::date,
			$25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, k.project, k.payee, alert.at_stake($1, $16)
		from alert.concern($1, $16) k`,
		book, c.Alert, c.Code, int64(c.Version), c.Level, c.Handling, c.Origin, c.Outcome, c.Reason, c.State, c.Episode, c.Count, c.Fingerprint, c.Subject, c.Region,
		c.Entry, c.At, c.Raised, c.Last, c.RaisedAt, c.Step, c.Unit, string(c.Due), string(c.Silenced), c.Makers, c.Rectifier, c.Dismisser, c.Shadow, c.Suppressed,
		c.Zh, c.En, c.Value, c.Limit, c.Violation, c.ToReturn, c.ToAdjust, c.ToOther, c.Returned, c.Adjusted, c.Parent)
}

// update stores a case after a step. It is false when somebody else took a step
// since the case was read.
func update(ctx context.Context, tx pgx.Tx, book ledger.Book, c Current) (bool, error) {
	tag, err := tx.Exec(ctx, `
		update alert.current set level = $4, state = $5, count = $6, last_seq = $7, step = step + 1, unit = $8, due = nullif($9, '')::date,
			silenced_until = nullif($10, '')::date, rectifier = $11, dismisser = $12, violation = $13,
			to_return = $14, to_adjust = $15, to_other = $16, returned = $17, adjusted = $18
		where book = $1 and alert = $2 and step = $3`,
		book, c.Alert, c.Step, c.Level, c.State, c.Count, c.Last, c.Unit, string(c.Due), string(c.Silenced), c.Rectifier, c.Dismisser, c.Violation,
		c.ToReturn, c.ToAdjust, c.ToOther, c.Returned, c.Adjusted)
	if err != nil {
		return false, fmt.Errorf("store warning %s: %w", c.Alert, err)
	}
	return tag.RowsAffected() == 1, nil
}

// insertEvent adds a line to the feed.
func queueEvent(q *pgx.Batch, book ledger.Book, alert string, kind ledger.Kind, by ledger.By, r ledger.Receipt) {
	q.Queue(`
		insert into alert.event (book, seq, alert, kind, at, by_user, unit) values ($1, $2, $3, $4, $5, $6, $7)`,
		book, r.Seq, alert, kind, r.At, by.User, by.Unit)
}

// send sends what is queued in one round trip.
func send(ctx context.Context, tx pgx.Tx, queue func(q *pgx.Batch)) error {
	q := &pgx.Batch{}
	if queue(q); q.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, q).Close(); err != nil {
		return fmt.Errorf("store warnings: %w", err)
	}
	return nil
}
