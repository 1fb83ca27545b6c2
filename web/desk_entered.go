package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// Who entered what: a table that follows the log, so that an officer finds the thirty
// entries of a morning among five million. It is caught up when somebody looks.

const (
	// enteredStep is how many entries are taken in at once, enteredTime for how long one
	// look at the page goes on with it, enteredLong what goes on behind it.
	enteredStep = 1000
	enteredTime = 500 * time.Millisecond
	enteredLong = 30 * time.Minute
)

// catchUp takes in what was entered since, as far as time allows, and says up to where.
// What is left after that is taken in behind the request: a book of years, the first time.
func (s *server) catchUp(ctx context.Context) (until ledger.Seq, err error) {
	for began := time.Now(); ; {
		more, pos, err := s.takeIn(ctx)
		if err != nil || !more {
			return pos, err
		}
		if time.Since(began) > enteredTime {
			s.goOn(context.WithoutCancel(ctx))
			return pos, nil
		}
	}
}

// goOn takes in the rest, once at a time.
func (s *server) goOn(ctx context.Context) {
	if !s.takingIn.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer s.takingIn.Store(false)
		ctx, cancel := context.WithTimeout(ctx, enteredLong)
		defer cancel()
		for {
			more, _, err := s.takeIn(ctx)
			if err != nil {
				s.Log.ErrorContext(ctx, "entries not taken in", "book", string(s.Book), "error", err)
			}
			if err != nil || !more {
				return
			}
		}
	}()
}

// takeIn takes in the next entries, in one transaction with the cursor.
func (s *server) takeIn(ctx context.Context) (more bool, pos ledger.Seq, err error) {
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into web.entered_cursor (book, pos) values ($1, -1) on conflict do nothing`, s.Book); err != nil {
			return err
		}
		// The row's lock lets one request at a time take in.
		if err := tx.QueryRow(ctx, `select pos from web.entered_cursor where book = $1 for update`, s.Book).Scan(&pos); err != nil {
			return err
		}
		entries, err := s.ledger.In(tx).Entries(ctx, s.Book, pos+1, enteredStep)
		if err != nil || len(entries) == 0 {
			return err
		}
		more, pos = len(entries) == enteredStep, entries[len(entries)-1].Seq
		if err := insertEntered(ctx, tx, s.Book, entries); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update web.entered_cursor set pos = $2 where book = $1`, s.Book, pos)
		return err
	})
	if err != nil {
		return false, pos, fmt.Errorf("take in entries: %w", err)
	}
	return more, pos, nil
}

// insertEntered takes in some entries by one statement.
func insertEntered(ctx context.Context, tx pgx.Tx, book ledger.Book, entries []*ledger.Entry) error {
	var seqs []ledger.Seq
	var amounts []*ledger.Amount
	var users, units, kinds, days, words []string
	for _, e := range entries {
		if ledger.IsLine(e.Kind) || e.By.Role == ledger.Engine || e.By.Role == ledger.Public {
			continue
		}
		var amount *ledger.Amount
		if a, ok := amountOf(e.Body); ok {
			amount = &a
		}
		text, err := wordsOfEntry(e)
		if err != nil {
			return err
		}
		seqs, amounts = append(seqs, e.Seq), append(amounts, amount)
		users, units = append(users, e.By.User), append(units, e.By.Unit)
		kinds, days, words = append(kinds, string(e.Kind)), append(days, string(e.On)), append(words, text)
	}
	_, err := tx.Exec(ctx, `
		insert into web.entered (book, seq, user_id, unit, kind, on_day, amount, words)
		select $1, seq, user_id, unit, kind, on_day::date, amount, words
		from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[]) as e(seq, user_id, unit, kind, on_day, amount, words)`,
		book, seqs, users, units, kinds, days, amounts, words)
	return err
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

// enteredFilters are the parameters of the list of entries. "user" and "unit" are not
// among them: they are the officer's, see readEntered.
var enteredFilters = []string{"whose", "text", "kind", "project", "amount", "from", "to"}

// enteredList is the list of what the officer or the officer's unit has entered.
var enteredList = &listing[entryRow]{
	Path: "/desk/entries", Title: "menu.entered", Caption: "caption.entries", Filters: append([]string{"user", "unit"}, enteredFilters...),
	Read: readEntered,
	Columns: []column[entryRow]{
		{"entry", "col.seq", "", false, func(f *frame, r entryRow) cell {
			return cell{Text: f.t("entry.no", r.Seq), File: fmt.Sprint(int64(r.Seq)), Number: true, To: f.site.href(f.lang, "/desk/entries/", int64(r.Seq))}
		}},
		{"kind", "col.kind", "", false, func(f *frame, r entryRow) cell {
			c := codeCell(f, "kind", string(r.Kind))
			if r.Void {
				c.Form, c.More = "del", f.t("entry.gone")
			}
			return c
		}},
		{"about", "col.about", "", false, func(f *frame, r entryRow) cell { return bookCell(aboutOf(r.Body)) }},
		{"effect", "col.effect", "", true, func(f *frame, r entryRow) cell {
			if r.Void {
				return cell{Text: f.t("entry.gone"), Code: "none"}
			}
			return cell{}
		}},
		{"day", "col.day", "", false, func(_ *frame, r entryRow) cell { return dayCell(r.On) }},
		{"recorded_at", "entry.at", "", true, func(_ *frame, r entryRow) cell { return cell{Text: instant(r.At)} }},
		{"user", "col.user", "", false, func(_ *frame, r entryRow) cell { return cell{Text: r.By.User} }},
		{"id", "col.id", "", true, func(_ *frame, r entryRow) cell { return cell{Text: r.ID} }},
		{"corrects", "entry.corrects", "", true, func(f *frame, r entryRow) cell { return f.entryCell(r.Corrects) }},
		{"amount", "col.amount", "n", false, func(_ *frame, r entryRow) cell {
			if !r.HasAmount {
				return cell{}
			}
			c := amountCell(r.Amount)
			if r.Void {
				c.Form = "del"
			}
			return c
		}},
	},
}

// aboutOf says in a word what an entry is about: what it names, and of what.
func aboutOf(b ledger.Body) string {
	values := url.Values{}
	typeBody(values, bodyValue(b), "x")
	var out []string
	for _, name := range []string{"name", "title", "announcement.title", "purpose", "payment", "contract", "tender", "project", "fund", "notice", "objection", "register", "submission", "code"} {
		if v := values.Get("x." + name); v != "" && len(out) < 2 {
			out = append(out, clip(v, 60))
		}
	}
	return strings.Join(out, " · ")
}

// readEntered is a page of the list, the newest first.
func readEntered(ctx context.Context, l *ledger.Ledger, book ledger.Book, v url.Values, p ledger.Page) ([]entryRow, string, error) {
	before := int64(1) << 62
	if n, err := strconv.ParseInt(p.After, 10, 64); err == nil {
		before = n
	}
	limit := p.Limit
	if limit == 0 {
		limit = entriesPerPage
	}
	sql, args := `select seq from web.entered where book = $1 and seq < $2`, []any{book, before}
	add := func(condition string, value any) {
		args = append(args, value)
		sql += " and " + strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args)))
	}
	for _, x := range []struct{ name, condition string }{
		{"user", "user_id = ?"}, {"unit", "unit = ?"}, {"kind", "kind = ?"}, {"text", "strpos(words, ?) > 0"}, {"project", "strpos(' ' || words || ' ', ' ' || ? || ' ') > 0"},
		{"from", "on_day >= ?::text::date"}, {"to", "on_day <= ?::text::date"},
	} {
		if value := v.Get(x.name); value != "" {
			add(x.condition, value)
		}
	}
	if a, err := typedAmount(v.Get("amount")); v.Get("amount") != "" && err == nil {
		add("amount = ?", a)
	}
	add("true order by seq desc limit ?", limit+1)
	rows, err := l.Read.Query(ctx, sql, args...)
	if err != nil {
		return nil, "", fmt.Errorf("list entries: %w", err)
	}
	seqs, err := pgx.CollectRows(rows, pgx.RowTo[ledger.Seq])
	if err != nil {
		return nil, "", fmt.Errorf("list entries: %w", err)
	}
	next := ""
	if len(seqs) > limit {
		seqs = seqs[:limit]
		next = strconv.FormatInt(int64(seqs[limit-1]), 10)
	}
	out, err := rowsAt(ctx, l, book, seqs)
	return out, next, err
}

// rowsAt reads the entries with some numbers, in that order, with what became of them.
func rowsAt(ctx context.Context, l *ledger.Ledger, book ledger.Book, seqs []ledger.Seq) ([]entryRow, error) {
	entries, err := l.EntriesAt(ctx, book, seqs)
	if err != nil {
		return nil, err
	}
	gone, err := l.Withdrawn(ctx, book, seqs)
	if err != nil {
		return nil, err
	}
	var out []entryRow
	for _, seq := range seqs {
		e := entries[seq]
		if e == nil {
			return nil, fmt.Errorf("entry %d: %w", seq, ledger.ErrNotFound)
		}
		row := entryRow{Entry: e, Void: gone[seq]}
		row.Amount, row.HasAmount = amountOf(e.Body)
		out = append(out, row)
	}
	return out, nil
}
