package demo

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

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

// Alter changes a stored payment of the demonstration by one 分 past the program and all
// guards (audit.Forge); done again it is put back. It shows what the proof is for: rule L01
// (断链), the checks on pages and yilu-verify find it.
//
// owner is a superuser of the database. ErrForeign if the book is not the demonstration's.
func Alter(ctx context.Context, owner *pgxpool.Pool, rules []*ledger.RuleActivated) (a Altered, err error) {
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
	// The last one with an odd number: such a leaf ends a pair, whose hash stands beside it.
	var odd []ledger.Seq
	for _, row := range found {
		if row.Seq%2 == 1 {
			odd = append(odd, ledger.Seq(row.Seq))
		}
	}
	if len(odd) == 0 {
		return a, fmt.Errorf("a payment of book %s: %w", Book, ledger.ErrNotFound)
	}
	a.Seq = slices.Max(odd)
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
