package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/alerts"
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

// Alter changes a stored payment of the demonstration by one 分 past the program and all
// guards (audit.Forge); done again it is put back. It shows what the proof is for: rule L01
// (断链), the checks on pages and yilu-verify find it.
//
// owner is a superuser of the database. ErrForeign if the book is not the demonstration's.
func Alter(ctx context.Context, owner *pgxpool.Pool, rules []*ledger.RuleActivated) (Altered, error) {
	return alter(ctx, owner, rules, slices.Max)
}

// Intrude is what happened in the year's night: an entry was altered, the check of every
// stored byte found it, and it was put back. What is left is the warning L01, raised once.
// The transaction that alters is never committed, so a load that is killed leaves nothing
// altered. For owner and errors see Alter.
func Intrude(ctx context.Context, owner *pgxpool.Pool, engine *alerts.Engine) error {
	known, err := alerts.Count(ctx, engine.Pool, Book, alerts.Filter{Code: "L01"})
	if err != nil || known > 0 {
		return err
	}
	tx, err := owner.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	a, err := alter(ctx, tx, engine.Rules.Activations(), slices.Min)
	if err != nil {
		return err
	}
	err = audit.VerifyBook(ctx, tx, string(Book), nil)
	found, ok := errors.AsType[*audit.Tampered](err)
	if !ok || found.Seq != uint64(a.Seq) {
		return fmt.Errorf("entry %d was altered, the check found: %w", a.Seq, cmp.Or(err, errNothing))
	}
	if err := tx.Rollback(ctx); err != nil {
		return fmt.Errorf("put entry %d back: %w", a.Seq, err)
	}
	return engine.Report(ctx, Book, alerts.Fault{Code: "L01", Subject: found.Error(), Entry: a.Seq, Sentence: ledger.Text{
		Zh: fmt.Sprintf("自查发现问题：%s。有人绕过程序把金额由%s元改为%s元（演示），当即恢复原样", found.Zh(), a.Was, a.Is),
		En: fmt.Sprintf("our own check found a fault: %s. Somebody changed the amount from %s to %s yuan past the program (made up); it was put back at once", found, a.Was, a.Is),
	}})
}

var errNothing = errors.New("nothing")

// database is the owner's, or a transaction in it.
type database interface {
	audit.Querier
	Begin(context.Context) (pgx.Tx, error)
}

// alter changes one payment of those with an odd number, which one says: such a leaf ends a
// pair, whose hash stands beside it.
func alter(ctx context.Context, owner database, rules []*ledger.RuleActivated, one func([]ledger.Seq) ledger.Seq) (a Altered, err error) {
	steps := tell(rules).steps()
	ids := []string{steps[0].id}
	for _, s := range steps {
		for _, act := range s.acts {
			if _, pays := act.Body.(*ledger.PaymentRequested); pays {
				ids = append(ids, act.ID)
			}
		}
	}
	found, err := audit.FindIDs(ctx, owner, string(Book), ids)
	if err != nil {
		return a, err
	}
	if first, ours := found[ids[0]]; !ours || first.Seq != 0 {
		return a, fmt.Errorf("book %s: %w", Book, ErrForeign)
	}
	var odd []ledger.Seq
	for _, row := range found {
		if row.Seq%2 == 1 {
			odd = append(odd, ledger.Seq(row.Seq))
		}
	}
	if len(odd) == 0 {
		return a, fmt.Errorf("a payment of book %s: %w", Book, ledger.ErrNotFound)
	}
	a.Seq = one(odd)
	err = audit.Forge(ctx, owner, string(Book), uint64(a.Seq), func(act audit.Act) (audit.Act, error) {
		at := lastFen.FindSubmatchIndex(act.Body)
		if at == nil {
			return act, errors.New("no amount")
		}
		body := slices.Clone(act.Body)
		body[at[4]] = '0' + (act.Body[at[4]] - '0') ^ 1 // done again it is as it was
		a.Was, a.Is = string(act.Body[at[2]:at[5]]), string(body[at[2]:at[5]])
		act.Body = body
		return act, nil
	})
	return a, err
}
