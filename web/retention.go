package web

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/account"
	"yilu/ledger"
	"yilu/ledger/document"
)

// Keep says for how many days what is beside the log is kept.
type Keep struct {
	// Logins are sessions and tries to log in, Trail the trail of accounts: no less than
	// account.FloorDays.
	Logins, Trail int
	// Drafts are those of accounts that are closed, from then on, with their filters.
	Drafts int
	// Uploads are documents that no entry and no draft names.
	Uploads int
}

// DefaultKeep is a year, and three of the trail; a quarter for drafts of closed accounts.
var DefaultKeep = Keep{Logins: 366, Trail: 1096, Drafts: 92, Uploads: 366}

// leastUploads is the least that an upload waits to be named: until the month's work is done.
const leastUploads = 31

// Check says which of the days are too few.
func (k Keep) Check() error {
	for _, x := range []struct {
		name        string
		days, least int
	}{{"logins", k.Logins, account.FloorDays}, {"trail", k.Trail, account.FloorDays}, {"drafts", k.Drafts, 1}, {"uploads", k.Uploads, leastUploads}} {
		if x.days < x.least {
			return fmt.Errorf("keep %s for %d days: at least %d", x.name, x.days, x.least)
		}
	}
	return nil
}

// Retention gives up what is beside the log once it was kept for as long as it has to be
// (留存期限). The log itself gives up nothing.
type Retention struct {
	Ledger   *ledger.Ledger
	Pool     *pgxpool.Pool
	Accounts *account.Accounts
	Files    *document.Store
	Book     ledger.Book
	Keep     Keep
}

// Given says how much one pass gave up.
type Given struct {
	account.Pruned
	Drafts int64
	Files  document.Pruned
}

// Prune makes one pass, in small pieces. What it could not do it does the next time.
func (r *Retention) Prune(ctx context.Context, now time.Time) (g Given, err error) {
	since := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	if g.Pruned, err = r.Accounts.Prune(ctx, since(r.Keep.Logins), since(r.Keep.Trail)); err != nil {
		return g, err
	}
	closed, err := r.Accounts.ClosedBefore(ctx, since(r.Keep.Drafts))
	if err != nil {
		return g, err
	}
	for _, person := range closed {
		n, err := r.dropDrafts(ctx, person)
		if g.Drafts += n; err != nil {
			return g, err
		}
	}
	held, err := r.heldByDrafts(ctx)
	if err != nil {
		return g, err // a draft that cannot be read may name anything
	}
	g.Files, err = r.Files.Prune(ctx, r.Book, held, since(r.Keep.Uploads), now)
	return g, err
}

// dropDrafts removes the drafts and filters of somebody whose account is closed.
func (r *Retention) dropDrafts(ctx context.Context, person string) (int64, error) {
	var drafts int64
	err := pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from web.draft where book = $1 and user_id = $2`, r.Book, person)
		if err == nil {
			drafts = tag.RowsAffected()
			_, err = tx.Exec(ctx, `delete from web.saved_filter where book = $1 and user_id = $2`, r.Book, person)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("drop drafts of a closed account: %w", err)
	}
	return drafts, nil
}

// draftsAtOnce is how many drafts are opened at a time.
const draftsAtOnce = 100

// heldByDrafts are the documents that drafts name, by their base64 SHA-256.
func (r *Retention) heldByDrafts(ctx context.Context) ([]string, error) {
	var held []string
	user, draft := "", ""
	for {
		rows, err := r.Pool.Query(ctx, `
			select user_id, draft, form from web.draft where book = $1 and (user_id, draft) > ($2, $3) order by user_id, draft limit $4`, r.Book, user, draft, draftsAtOnce)
		if err != nil {
			return nil, fmt.Errorf("read drafts: %w", err)
		}
		n := 0
		var kept []byte
		_, err = pgx.ForEachRow(rows, []any{&user, &draft, &kept}, func() error {
			n++
			form, err := r.Ledger.Sealer.Kept(placeOfDraft(&actor{User: user, Book: r.Book}, draft), kept)
			if err != nil {
				return err
			}
			values, err := url.ParseQuery(string(form))
			for name, v := range values {
				if strings.HasSuffix(name, ".sha256") {
					held = append(held, v...)
				}
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read drafts: %w", err)
		}
		if n < draftsAtOnce {
			return held, nil
		}
	}
}
