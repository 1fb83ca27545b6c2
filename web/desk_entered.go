package web

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

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
	sql, args := `select seq from web.act where book = $1 and seq < $2 and role <> 'public'`, []any{book, before}
	add := func(condition string, value any) {
		args = append(args, value)
		sql += " and " + strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args)))
	}
	for _, x := range []struct{ name, condition string }{
		{"user", "by_user = ?"}, {"unit", "unit = ?"}, {"kind", "kind = ?"}, {"text", "strpos(words, ?) > 0"}, {"project", "strpos(' ' || words || ' ', ' ' || ? || ' ') > 0"},
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
