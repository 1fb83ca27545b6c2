package ledger

import (
	"context"
	"errors"
	"fmt"
	"regexp"
)

// Yuan is the currency of every book that does not say otherwise.
const Yuan = "CNY"

// BookOpened says of a book that its money is not yuan, and what it is for (开立账
// 套). It is the book's first entry or none: what has been entered can get no
// other currency afterwards, and no record decides it by coming first.
//
// Effect: the amounts of the book are of this currency. Refused anywhere but at
// the beginning.
type BookOpened struct {
	// Currency is an ISO 4217 code, such as "UAH".
	Currency string `json:"currency"`
	// Name says what the book holds.
	Name string `json:"name"`
}

var currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)

func (c *checker) currency(field, v string) {
	if !currencyPattern.MatchString(v) {
		c.bad(field, "币种须为三位大写字母代码，如 CNY", "want a currency code of three capital letters, such as CNY")
	}
}

func (b *BookOpened) check(c *checker) {
	c.currency("currency", b.Currency)
	c.text("name", b.Name, 200)
}

func (b *BookOpened) touch(*state, *Entry) {}

func (b *BookOpened) apply(s *state, e *Entry) {
	if e.Seq != 0 {
		s.refuse("body", "not_first", "开立账套须是第一条分录", "a book is opened by its first entry")
	}
}

// touchCurrency asks for the entry that may tell the book's currency.
func (s *state) touchCurrency() { s.entry(0) }

// currency is the book's, told by its first entry.
func (s *state) currency() string { return currencyOf(s.entry(0)) }

func currencyOf(first *Entry) string {
	if first != nil {
		if b, ok := first.Body.(*BookOpened); ok {
			return b.Currency
		}
	}
	return Yuan
}

// Currency returns the currency of a book, or ErrNotFound if there is no book.
func (l *Ledger) Currency(ctx context.Context, book Book) (string, error) {
	if _, err := l.Head(ctx, book); err != nil {
		return "", err
	}
	first, err := l.Entry(ctx, book, 0)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", fmt.Errorf("currency of book %s: %w", book, err)
	}
	return currencyOf(first), nil
}
