package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

func encodeHash(h []byte) string { return base64.StdEncoding.EncodeToString(h) }

// one reads the row with a key, or ErrNotFound.
func one[R row](ctx context.Context, q querier, sql schema, what string, book Book, key string) (R, error) {
	var zero R
	rows, err := q.Query(ctx, sql.load, book, []string{key})
	if err != nil {
		return zero, fmt.Errorf("read %s: %w", what, err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[R])
	if errors.Is(err, pgx.ErrNoRows) {
		return zero, fmt.Errorf("%s %s: %w", what, key, ErrNotFound)
	}
	if err != nil {
		return zero, fmt.Errorf("read %s: %w", what, err)
	}
	return r, nil
}

// Fund returns one fund line, or ErrNotFound.
func (l *Ledger) Fund(ctx context.Context, book Book, id string) (Fund, error) {
	return one[Fund](ctx, l.pool, fundSchema, "fund", book, id)
}

// Project returns one project, or ErrNotFound.
func (l *Ledger) Project(ctx context.Context, book Book, id string) (Project, error) {
	return one[Project](ctx, l.pool, projectSchema, "project", book, id)
}

// Payment returns one payment or grant batch, or ErrNotFound.
func (l *Ledger) Payment(ctx context.Context, book Book, id string) (Payment, error) {
	return one[Payment](ctx, l.pool, paymentSchema, "payment", book, id)
}

// Contract returns one contract, or ErrNotFound.
func (l *Ledger) Contract(ctx context.Context, book Book, id string) (Contract, error) {
	return one[Contract](ctx, l.pool, contractSchema, "contract", book, id)
}

// Payee returns one payee by its key, or ErrNotFound.
func (l *Ledger) Payee(ctx context.Context, book Book, key string) (Payee, error) {
	return one[Payee](ctx, l.pool, payeeSchema, "payee", book, key)
}

// Submission returns one submission, or ErrNotFound.
func (l *Ledger) Submission(ctx context.Context, book Book, id string) (Submission, error) {
	return one[Submission](ctx, l.pool, submissionSchema, "submission", book, id)
}
