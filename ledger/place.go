package ledger

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// 区划名称: how townships and villages are called. The list that comes with the program has
// the townships of one county; every county enters its own, with its villages.
var placeKinds = []Spec{
	{Kind: "place.named", Stage: StageGovernance, Text: Text{"区划名称登记", "place named"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(PlaceNamed) }},
}

// PlaceNamed says what a place is called (区划名称登记), from its day on: the county, a
// township (its code ends in 000) or a village.
//
// Effect: pages and notices call it so. Called anew, it has the new name; the entries keep
// the names before. Refused: a place of another county.
type PlaceNamed struct {
	// Basis is the list or document that says so (依据).
	Basis string `json:"basis"`
	// English is the name in Latin letters, empty if there is none.
	English string `json:"english_name,omitzero"`
	Name    string `json:"name"`
	Place   string `json:"place"`
}

func (b *PlaceNamed) check(c *checker) {
	c.text("basis", b.Basis, 200)
	c.text("name", b.Name, 50)
	c.optional("english_name", b.English, 50)
	c.place("place", b.Place)
}

func (b *PlaceNamed) touch(s *state, _ *Entry) { s.places.get(b.Place) }

func (b *PlaceNamed) apply(s *state, e *Entry) {
	if !strings.HasPrefix(b.Place, string(s.book)) {
		s.refuse("body.place", "place", "不在本县（"+string(s.book)+"）", "is not in this county ("+string(s.book)+")")
		return
	}
	row := Place{Place: b.Place, Name: b.Name, English: b.English, Seq: e.Seq, At: s.at(e)}
	if s.places.get(b.Place) == nil {
		s.places.add(b.Place, row)
		return
	}
	*s.places.edit(b.Place) = row
}

// Place is the name of a county, township or village.
type Place struct {
	Place   string `db:"place" json:"place"`
	Name    string `db:"name" json:"name"`
	English string `db:"english" json:"english_name"`
	Seq     Seq    `db:"seq" json:"seq"`
	// At is the entry by which the name took effect.
	At Seq `db:"at_seq" json:"at_seq"`
}

func (r Place) key() string { return r.Place }

// Places are the names of a county's places at one state of its book: those that were
// entered before those of the program's own list. The zero Places knows that list alone.
type Places struct {
	book  Book
	named map[string]Division
}

// Places reads the names of a book's places.
func (l *Ledger) Places(ctx context.Context, book Book) (Places, error) {
	rows, err := collect[Place](ctx, l.Read, "places", placeSchema.read+` where book = $1`, book)
	p := Places{book: book, named: make(map[string]Division, len(rows))}
	for _, r := range rows {
		code := shortCode(r.Place)
		p.named[code] = Division{code, r.Name, cmp.Or(r.English, divisions()[code].En, r.Name)}
	}
	return p, err
}

// PlacesAt is the entry by which the names of a book last changed, or None: names that
// were read then are as good as new.
func (l *Ledger) PlacesAt(ctx context.Context, book Book) (Seq, error) {
	return Once(l, "places", func() (at Seq, err error) {
		err = l.Read.QueryRow(ctx, `select coalesce(max(at_seq), -1) from proj.place where book = $1`, book).Scan(&at)
		return at, err
	})
}

// Of names a division of 6, 9 or 12 digits; without a name in either list, the code is
// its name.
func (p Places) Of(code string) Division {
	code = shortCode(code)
	if d, ok := p.named[code]; ok {
		return d
	}
	if d, ok := divisions()[code]; ok {
		return d
	}
	return Division{code, code, code}
}

// Knows says whether a place has a name.
func (p Places) Knows(code string) bool { return p.Of(code).Name != shortCode(code) }

// Townships lists the townships of a county in the order of their codes.
func (p Places) Townships(book Book) []Division { return p.below(string(book), 9) }

// Villages lists the villages of a township, by its nine digits, that have names.
func (p Places) Villages(township string) []Division { return p.below(township, 12) }

// All lists the townships and villages of a county in the order of their codes: a township
// before its villages.
func (p Places) All(book Book) []Division {
	all := append(p.below(string(book), 9), p.below(string(book), 12)...)
	slices.SortStableFunc(all, func(a, b Division) int { return strings.Compare(a.Code, b.Code) })
	return all
}

// below lists the named divisions whose codes begin so and have so many digits.
func (p Places) below(prefix string, digits int) []Division {
	var out []Division
	for code, d := range p.named {
		if len(code) == digits && strings.HasPrefix(code, prefix) {
			out = append(out, d)
		}
	}
	for _, d := range divisionList() {
		if _, renamed := p.named[d.Code]; !renamed && len(d.Code) == digits && strings.HasPrefix(d.Code, prefix) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b Division) int { return strings.Compare(a.Code, b.Code) })
	return out
}

// shortCode is a division code without the zeros that stand for all of a township or county.
func shortCode(code string) string {
	if len(code) == 12 {
		code = strings.TrimSuffix(code, "000")
	}
	if len(code) == 9 {
		code = strings.TrimSuffix(code, "000")
	}
	return code
}
