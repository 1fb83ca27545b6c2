package ledger

import (
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"yilu/audit"
)

// bookPattern holds a county's division code, or the name of a book of published
// records, which is no county's: it stands in URLs, file names and leaves.
var bookPattern = regexp.MustCompile(`^([0-9]{6}|[a-z][a-z0-9]*(-[a-z0-9]+)*)$`)

// Valid says whether there can be such a book: whether its name may stand in
// paths and addresses.
func (b Book) Valid() bool { return len(b) <= 32 && bookPattern.MatchString(string(b)) }

// CreateBook opens an empty book, of a county or of published records. It does
// nothing if it exists.
func (l *Ledger) CreateBook(ctx context.Context, book Book) error {
	if !book.Valid() {
		return &Invalid{[]Problem{problem("book", "账套须为6位县级区划代码，如 411025；公开采购记录的账套为小写字母、数字和横线，如 ocds-ua",
			"want a county's division code of 6 digits, such as 411025, or for published records a name such as ocds-ua")}}
	}
	return pgx.BeginFunc(ctx, l.Pool, func(tx pgx.Tx) error { return audit.CreateBook(ctx, tx, string(book)) })
}

// Head is how far a book has come: its size and the root of its tree.
type Head struct {
	Book Book     `json:"book"`
	Size int64    `json:"size"`
	Root [32]byte `json:"-"`
	At   string   `json:"at"`
}

// Head returns the size and root of a book.
func (l *Ledger) Head(ctx context.Context, book Book) (Head, error) {
	if l.frozen != nil && l.frozen.book == book {
		return l.frozen.head, nil
	}
	h, err := audit.ReadHead(ctx, l.Read, string(book))
	if errors.Is(err, audit.ErrNoBook) {
		return Head{}, fmt.Errorf("book %s: %w", book, ErrNotFound)
	}
	if err != nil {
		return Head{}, err
	}
	return Head{Book: book, Size: int64(h.Size), Root: h.Root(), At: h.LastAt.UTC().Format(instantForm)}, nil
}

// Books lists the books there are.
func (l *Ledger) Books(ctx context.Context) ([]Book, error) {
	names, err := audit.Books(ctx, l.Read)
	if err != nil {
		return nil, err
	}
	books := make([]Book, len(names))
	for i, n := range names {
		books[i] = Book(n)
	}
	return books, nil
}

// divisionFile lists division codes with names. Source: statistical codes of
// 2023, modood/Administrative-divisions-of-China (WTFPL).
//
//go:embed divisions.csv
var divisionFile string

// Division is one administrative division (区划).
type Division struct{ Code, Name, En string }

// divisionList is the file, in the order of the codes.
var divisionList = sync.OnceValue(func() []Division {
	records, err := csv.NewReader(strings.NewReader(divisionFile)).ReadAll()
	if err != nil {
		panic("ledger: divisions.csv: " + err.Error()) // embedded: a bug
	}
	var list []Division
	for _, r := range records[1:] {
		list = append(list, Division{r[0], r[1], r[2]})
	}
	return list
})

var divisions = sync.OnceValue(func() map[string]Division {
	m := map[string]Division{}
	for _, d := range divisionList() {
		m[d.Code] = d
	}
	return m
})

// DivisionOf names a division: a county of 6 digits, a township of 9, or the
// township of a longer code. Without a name in the list, the code is the name.
func DivisionOf(code string) Division {
	if len(code) > 9 {
		code = code[:9]
	}
	if d, ok := divisions()[code]; ok {
		return d
	}
	return Division{code, code, code}
}

// Townships lists the townships of a county in the order of their codes.
func Townships(book Book) []Division {
	var out []Division
	for _, d := range divisionList() {
		if len(d.Code) == 9 && strings.HasPrefix(d.Code, string(book)) {
			out = append(out, d)
		}
	}
	return out
}
