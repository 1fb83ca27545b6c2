package alerts

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"yilu/ledger"
)

// Order is how a list of warnings is sorted. What stands last in each is the number of
// the entry by which a warning was raised, so that no two stand in the same place.
type Order string

// The orders of lists.
const (
	// ByNewest has the newest first.
	ByNewest Order = ""
	// BySeverity has the most severe first, of these what is due first.
	BySeverity Order = "level"
	// ByAmount has the largest amount first, those without one last.
	ByAmount Order = "amount"
	// ByDue has what is due first, those without a day last.
	ByDue Order = "due"
)

// Orders are the orders that a list can be asked for.
func Orders() []Order { return []Order{ByNewest, BySeverity, ByAmount, ByDue} }

// Place is where a warning stands in an order, as an address has it: its keys, such as
// "1.20261207.-15012". It stays good when the warning itself has moved on.
type Place string

// severities are the levels, the most severe first.
var severities = []string{"red", "orange", "yellow", "blue"}

// noDay stands for no day: it is later than each.
const noDay = 99999999

// keys are what an order sorts by, all of them ascending, over alert.current as c.
func (o Order) keys() []string {
	const level, due, amount, newest = `array_position(array['red', 'orange', 'yellow', 'blue'], c.level)::bigint`, `coalesce(to_char(c.due, 'YYYYMMDD')::bigint, 99999999)`, `-c.amount`, `-c.raised_seq`
	switch o {
	case BySeverity:
		return []string{level, due, newest}
	case ByAmount:
		return []string{amount, newest}
	case ByDue:
		return []string{due, newest}
	}
	return []string{newest}
}

// Of is where a warning stands.
func (o Order) Of(c Current) Place {
	due, newest := int64(noDay), -int64(c.Raised)
	if day, err := strconv.ParseInt(strings.ReplaceAll(string(c.Due), "-", ""), 10, 64); err == nil {
		due = day
	}
	var keys []int64
	switch o {
	case BySeverity:
		keys = []int64{int64(slices.Index(severities, c.Level)) + 1, due, newest}
	case ByAmount:
		keys = []int64{-int64(c.Amount), newest}
	case ByDue:
		keys = []int64{due, newest}
	default:
		keys = []int64{newest}
	}
	var text []string
	for _, key := range keys {
		text = append(text, strconv.FormatInt(key, 10))
	}
	return Place(strings.Join(text, "."))
}

// read takes a place apart; ok is false when it is none of this order.
func (o Order) read(p Place) (keys []any, ok bool) {
	for text := range strings.SplitSeq(string(p), ".") {
		key, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, false
		}
		keys = append(keys, key)
	}
	return keys, len(keys) == len(o.keys())
}

// Holds says whether a place is one of the order.
func (o Order) Holds(p Place) bool {
	_, ok := o.read(p)
	return ok
}

// Past returns the warnings of a filter that stand behind a place, at most so many; those
// from the beginning for "".
func (o Order) Past(ctx context.Context, q querier, book ledger.Book, f Filter, p Place, limit int) ([]Current, error) {
	return o.list(ctx, q, book, f, p, limit, " > ", "")
}

// list asks for those on one side of a place, from there on.
func (o Order) list(ctx context.Context, q querier, book ledger.Book, f Filter, p Place, limit int, side, way string) ([]Current, error) {
	sql, args := f.condition(book)
	keys := o.keys()
	if at, ok := o.read(p); ok {
		var places []string
		for _, key := range at {
			args = append(args, key)
			places = append(places, "$"+strconv.Itoa(len(args))+"::bigint")
		}
		sql += ` and (` + strings.Join(keys, ", ") + `)` + side + `(` + strings.Join(places, ", ") + `)`
	}
	args = append(args, limit)
	sql += ` order by ` + strings.Join(keys, way+", ") + way + ` limit $` + strconv.Itoa(len(args))
	return cases(ctx, q, `select `+columns+` from alert.current c`+sql, args...)
}

// Neighbours are the warnings beside one in a list of this order: "" at either end.
func (o Order) Neighbours(ctx context.Context, q querier, book ledger.Book, f Filter, of Current) (before, after string, err error) {
	at := o.Of(of)
	for _, x := range []struct {
		to        *string
		side, way string
	}{{&before, " < ", " desc"}, {&after, " > ", ""}} {
		found, err := o.list(ctx, q, book, f, at, 1, x.side, x.way)
		if err != nil {
			return "", "", err
		}
		for _, c := range found {
			*x.to = c.Alert
		}
	}
	return before, after, nil
}
