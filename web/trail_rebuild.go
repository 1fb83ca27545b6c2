package web

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
)

// ErrTrailDiverged says that the trail was not what the log says.
var ErrTrailDiverged = errors.New("the trail of who did what is not what the log says")

// Rebuild follows a book anew, as the owner of its rows, and compares. If they differ it
// keeps what was there, or with replace what it made.
func (t *Trail) Rebuild(ctx context.Context, owner *pgxpool.Pool, book ledger.Book, replace bool) (rows int64, err error) {
	err = pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set local role yilu_owner`); err != nil {
			return fmt.Errorf("become owner: %w", err)
		}
		// What was there is compared at the log's end.
		if err := t.followAll(ctx, tx, book); err != nil {
			return err
		}
		before, _, err := trailDigest(ctx, tx, book)
		if err != nil {
			return err
		}
		for _, sql := range []string{`delete from web.act where book = $1`, `delete from web.act_cursor where book = $1`} {
			if _, err := tx.Exec(ctx, sql, book); err != nil {
				return err
			}
		}
		if err := t.followAll(ctx, tx, book); err != nil {
			return err
		}
		after, n, err := trailDigest(ctx, tx, book)
		if rows = n; err == nil && before != after && !replace {
			err = ErrTrailDiverged
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("rebuild the trail of book %s: %w", book, err)
	}
	return rows, nil
}

// followAll follows a book to its end, in one transaction.
func (t *Trail) followAll(ctx context.Context, tx pgx.Tx, book ledger.Book) error {
	for more := true; more; {
		var err error
		if more, _, err = t.follow(ctx, tx, book); err != nil {
			return err
		}
	}
	return nil
}

// trailDigest sums up the rows of a book, whatever their order.
func trailDigest(ctx context.Context, tx pgx.Tx, book ledger.Book) (sum string, rows int64, err error) {
	err = tx.QueryRow(ctx, `
		select coalesce(sum(hashtextextended(a::text, 0)::numeric), 0)::text, count(*) from web.act a where book = $1`, book).Scan(&sum, &rows)
	return sum, rows, err
}
