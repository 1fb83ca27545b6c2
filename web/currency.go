package web

import (
	"context"
	"regexp"

	"yilu/ledger"
)

// A book's money is yuan unless its first entry says otherwise (book.opened), which
// nothing can change. Pages of such a book are made of sentences that name its currency.

// currency is the book's. While the book is empty, or cannot be read, it is yuan.
func (s *server) currency(ctx context.Context) string {
	if known := s.money.Load(); known != nil {
		return *known
	}
	head, err := s.ledger.Head(ctx, s.Book)
	if err != nil || head.Size == 0 {
		return ledger.Yuan
	}
	currency, err := s.ledger.Currency(ctx, s.Book)
	if err != nil {
		return ledger.Yuan
	}
	s.money.Store(&currency)
	return currency
}

// yuanPlaces are where sentences say yuan: of a unit, or behind an amount.
var yuanPlaces = map[language]*regexp.Regexp{
	chinese: regexp.MustCompile(`(单位[：为]|（|[0-9}][ \x{a0}]|万)元`),
	english: regexp.MustCompile(`()\byuan\b`),
}

// in is the locale with another currency in the place of yuan.
func (m locale) in(l language, currency string) locale {
	if currency == ledger.Yuan {
		return m
	}
	named := locale{}
	for key, s := range m {
		named[key] = sentence{One: yuanPlaces[l].ReplaceAllString(s.One, "${1}"+currency), Other: yuanPlaces[l].ReplaceAllString(s.Other, "${1}"+currency)}
	}
	return named
}
