package demo

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/ledger"
)

// Altered is what somebody did to an entry behind the program's back.
type Altered struct {
	Seq     ledger.Seq
	Was, Is string
}

// lastFen finds the last digit of an entry's amount.
var lastFen = regexp.MustCompile(`"amount":"([0-9]+\.[0-9])([0-9])"`)

// Alter changes a stored payment of the demonstration by one 分, past all guards, as
// somebody could who has the superuser's password and knows how an entry is written: the
// entry agrees with its own digest and leaf hash, and no trigger saw it. Done again it is
// put back. It shows what the proof is for: rule L01 (断链), the checks on pages and
// yilu-verify find it.
//
// owner is a superuser of the database. ErrForeign if the book is not the demonstration's.
func Alter(ctx context.Context, owner *pgxpool.Pool, rules []*ledger.RuleActivated) (a Altered, err error) {
	first, err := audit.ReadLeaf(ctx, owner, string(Book), 0)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return a, err
	}
	if first.ID != tell(rules).steps()[0].id {
		return a, fmt.Errorf("book %s: %w", Book, ErrForeign)
	}
	err = pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		// An odd number: such a leaf ends a pair, whose hash stands beside it.
		err := tx.QueryRow(ctx, `select requested_seq from proj.payment where book = $1 and lines = 0 and requested_seq % 2 = 1 order by requested_seq desc limit 1`, Book).Scan(&a.Seq)
		if err != nil {
			return fmt.Errorf("find a payment: %w", err)
		}
		row, err := audit.ReadLeaf(ctx, tx, string(Book), uint64(a.Seq))
		if err != nil {
			return err
		}
		leaf, err := forge(row.Leaf, &a)
		if err != nil {
			return fmt.Errorf("entry %d: %w", a.Seq, err)
		}
		hash := sha256.Sum256(append([]byte{0}, leaf...))
		if err := guards(ctx, tx, "disable"); err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `update log.entry set leaf = $3, leaf_hash = $4 where book = $1 and seq = $2`, Book, a.Seq, leaf, hash[:]); err != nil {
			return err
		}
		return guards(ctx, tx, "enable always")
	})
	if err != nil {
		return a, fmt.Errorf("alter an entry: %w", err)
	}
	return a, nil
}

// guards turns the triggers of the log off, or on as they were.
func guards(ctx context.Context, tx pgx.Tx, how string) error {
	rows, err := tx.Query(ctx, `select tgname from pg_trigger where tgrelid = 'log.entry'::regclass and not tgisinternal`)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := tx.Exec(ctx, `alter table log.entry `+how+` trigger `+pgx.Identifier{name}.Sanitize()); err != nil {
			return err
		}
	}
	return nil
}

// forge writes the leaf with another last 分.
func forge(leaf []byte, a *Altered) ([]byte, error) {
	l, err := audit.ParseLeaf(leaf)
	if err != nil {
		return nil, err
	}
	at := lastFen.FindSubmatchIndex(l.Body)
	if at == nil {
		return nil, errors.New("no amount")
	}
	act := l.Act
	act.Body = append([]byte{}, l.Body...)
	act.Body[at[4]] = '0' + (l.Body[at[4]] - '0') ^ 1 // done again it is as it was
	a.Was, a.Is = string(l.Body[at[2]:at[5]]), string(act.Body[at[2]:at[5]])
	p, err := audit.Prepare(act)
	if err != nil {
		return nil, err
	}
	return p.Leaf(l.At, l.Seq), nil
}
