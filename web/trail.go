package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
)

// Trail keeps who did what (谁做了什么) beside the log: the entries that people made, by
// user, unit and kind, in the order of the log and in the transaction that moves its
// cursor. The auditors' trail and the list of what an officer has entered read it. The
// log is the truth; these rows only find its entries. Any number of processes may follow
// it.
type Trail struct {
	Ledger *ledger.Ledger
	// Pool writes schema web, as the service role.
	Pool *pgxpool.Pool
	// goingOn is set while a book is followed behind a request.
	goingOn atomic.Bool
}

const (
	// trailChunk is how many entries are followed in one transaction, trailPatience how
	// long a page waits for these, and trailLong how long the rest is followed behind it:
	// a book of years, the first time.
	trailChunk    = 1000
	trailPatience = 500 * time.Millisecond
	trailLong     = 30 * time.Minute
	// trailEvery is how often Run follows one chunk of each book: officers who post come
	// first, and a page that is looked at follows the rest.
	trailEvery = 2 * time.Second
)

// act is one row: who entered what.
type act struct {
	Seq  ledger.Seq  `db:"seq"`
	At   time.Time   `db:"at"`
	On   ledger.Date `db:"on_day"`
	User string      `db:"by_user"`
	Unit string      `db:"unit"`
	Role ledger.Role `db:"role"`
	Kind ledger.Kind `db:"kind"`
	ID   string      `db:"id"`
}

// Run follows all books until ctx ends. What goes wrong is logged and tried again.
func (t *Trail) Run(ctx context.Context) {
	tick := time.NewTicker(trailEvery)
	defer tick.Stop()
	for {
		books, err := t.Ledger.Books(ctx)
		for _, book := range books {
			if err == nil && ctx.Err() == nil {
				_, _, err = t.step(ctx, book)
			}
		}
		if err != nil && ctx.Err() == nil {
			t.Ledger.Log.WarnContext(ctx, "follow who did what", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// CatchUp follows a book to its present end, however long that takes.
func (t *Trail) CatchUp(ctx context.Context, book ledger.Book) error {
	for more := true; more; {
		var err error
		if more, _, err = t.step(ctx, book); err != nil {
			return err
		}
	}
	return nil
}

// catchUp follows a book as far as a page can wait for, and says how far that is. What is
// left then is followed behind the request.
func (t *Trail) catchUp(ctx context.Context, book ledger.Book) (until ledger.Seq, err error) {
	more := true
	for began := time.Now(); more && time.Since(began) <= trailPatience; {
		if more, until, err = t.step(ctx, book); err != nil {
			return 0, err
		}
	}
	if more {
		t.goOn(context.WithoutCancel(ctx), book)
	}
	return until, nil
}

// goOn follows the rest of a book, once at a time.
func (t *Trail) goOn(ctx context.Context, book ledger.Book) {
	if !t.goingOn.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer t.goingOn.Store(false)
		ctx, cancel := context.WithTimeout(ctx, trailLong)
		defer cancel()
		if err := t.CatchUp(ctx, book); err != nil {
			t.Ledger.Log.ErrorContext(ctx, "entries not followed", "book", string(book), "error", err)
		}
	}()
}

// step follows one chunk, and says whether there may be more and which entry was the last.
func (t *Trail) step(ctx context.Context, book ledger.Book) (more bool, until ledger.Seq, err error) {
	var next int64
	err = t.Pool.QueryRow(ctx, `select next_seq from web.act_cursor where book = $1`, book).Scan(&next)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, ledger.None, fmt.Errorf("read cursor of the trail: %w", err)
	}
	head, err := t.Ledger.Head(ctx, book)
	if err != nil || next >= head.Size {
		return false, ledger.Seq(next - 1), err
	}
	err = pgx.BeginFunc(ctx, t.Pool, func(tx pgx.Tx) (err error) {
		more, until, err = t.follow(ctx, tx, book)
		return err
	})
	if err != nil {
		return false, ledger.None, fmt.Errorf("follow who did what in book %s: %w", book, err)
	}
	return more, until, nil
}

// follow adds the acts of one chunk. The cursor's row orders those who do it at once.
func (t *Trail) follow(ctx context.Context, tx pgx.Tx, book ledger.Book) (more bool, until ledger.Seq, err error) {
	if _, err := tx.Exec(ctx, `insert into web.act_cursor (book, next_seq) values ($1, 0) on conflict do nothing`, book); err != nil {
		return false, ledger.None, err
	}
	var next int64
	if err := tx.QueryRow(ctx, `select next_seq from web.act_cursor where book = $1 for update`, book).Scan(&next); err != nil {
		return false, ledger.None, err
	}
	entries, err := t.Ledger.In(tx).Entries(ctx, book, ledger.Seq(next), trailChunk)
	if err != nil {
		return false, ledger.None, err
	}
	var acts [][]any
	for _, e := range entries {
		if ledger.IsLine(e.Kind) || e.By.Role == ledger.Engine {
			continue
		}
		row, err := actRowOf(book, e)
		if err != nil {
			return false, ledger.None, fmt.Errorf("entry %d: %w", e.Seq, err)
		}
		acts = append(acts, row)
	}
	columns := []string{"book", "seq", "at", "on_day", "by_user", "unit", "role", "kind", "id", "amount", "words"}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"web", "act"}, columns, pgx.CopyFromRows(acts)); err != nil {
		return false, ledger.None, err
	}
	next += int64(len(entries))
	_, err = tx.Exec(ctx, `update web.act_cursor set next_seq = $2 where book = $1`, book, next)
	return len(entries) == trailChunk, ledger.Seq(next - 1), err
}

// actRowOf is the row of an entry, by columns. What the public sent is nobody's to look
// for among their own: it has neither amount nor words.
func actRowOf(book ledger.Book, e *ledger.Entry) ([]any, error) {
	on, err := time.Parse(time.DateOnly, string(e.On))
	if err != nil {
		return nil, err
	}
	var amount *int64
	words := ""
	if e.By.Role != ledger.Public {
		if a, ok := amountOf(e.Body); ok {
			fen := int64(a)
			amount = &fen
		}
		if words, err = wordsOfEntry(e); err != nil {
			return nil, err
		}
	}
	return []any{string(book), int64(e.Seq), e.At, on, e.By.User, e.By.Unit, string(e.By.Role), string(e.Kind), e.ID, amount, words}, nil
}

var digestPattern = regexp.MustCompile(`^[A-Za-z0-9+/]{43}=$`)

// wordsOfEntry are the texts of an entry that it is found by, digests left out.
func wordsOfEntry(e *ledger.Entry) (string, error) {
	body, err := ledger.EncodeBody(e.Body)
	if err != nil {
		return "", err
	}
	words := []string{e.ID}
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		t, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("words of entry %d: %w", e.Seq, err)
		}
		kind, n := d.StackIndex(d.StackDepth())
		if isName := kind == '{' && n%2 == 1; t.Kind() == '"' && !isName && !digestPattern.MatchString(t.String()) {
			words = append(words, t.String())
		}
	}
	return clip(strings.Join(words, " "), 1900), nil
}

// actFilter narrows the trail; empty members take all.
type actFilter struct {
	User, Unit, Kind string
	// First and Last bound the entries.
	First, Last ledger.Seq
}

// list returns acts before an entry, the newest first.
func (t *Trail) list(ctx context.Context, book ledger.Book, f actFilter, before ledger.Seq, limit int) ([]act, error) {
	sql := `select seq, at, on_day::text as on_day, by_user, unit, role, kind, id from web.act where book = $1 and seq < $2 and seq >= $3 and seq <= $4`
	args := []any{book, before, f.First, f.Last}
	for _, c := range []struct{ column, value string }{{"by_user", f.User}, {"unit", f.Unit}, {"kind", f.Kind}} {
		if c.value != "" {
			args = append(args, c.value)
			sql += " and " + c.column + " = $" + strconv.Itoa(len(args))
		}
	}
	args = append(args, limit)
	rows, err := t.Pool.Query(ctx, sql+" order by seq desc limit $"+strconv.Itoa(len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list acts: %w", err)
	}
	acts, err := pgx.CollectRows(rows, pgx.RowToStructByName[act])
	if err != nil {
		return nil, fmt.Errorf("list acts: %w", err)
	}
	return acts, nil
}
