package ledger

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Text is one message in the two languages of the product; the Chinese one
// prevails.
type Text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// Problem is one thing wrong with one entry: which field, by which rule, why,
// and what would be right.
type Problem struct {
	// Index is the entry's place in the unit that was posted, from 0.
	Index int `json:"index"`
	// Field is the JSON path inside the entry, such as "body.amount".
	Field string `json:"field"`
	// Rule is a stable word for programs, such as "over_payment"; "form" for
	// input that can be judged without the book.
	Rule string `json:"rule"`
	// Needs is "acknowledgement" when the entry can be posted all the same, after an
	// alert.acknowledged with a file; empty when it cannot.
	Needs string `json:"needs,omitzero"`
	Text
}

func (p Problem) String() string { return p.Field + ": " + p.En + " / " + p.Zh }

// Invalid is bad input: it would be refused whatever the book holds.
type Invalid struct{ Problems []Problem }

func (e *Invalid) Error() string { return "invalid entry: " + list(e.Problems) }

// Refused is well-formed input that the book's balances or states forbid. The
// entries stay unposted as a whole; nothing else in the group is touched.
type Refused struct {
	Problems []Problem
	// Heard is what the judge said of the unit, so that an attempt that a rule refused
	// can be kept with its evidence.
	Heard []Heard
}

func (e *Refused) Error() string { return "refused: " + list(e.Problems) }

// list joins the first few problems; a caller with a screen shows all of them.
func list(ps []Problem) string {
	const most = 5
	var b strings.Builder
	for i, p := range ps {
		if i == most {
			fmt.Fprintf(&b, "; and %d more", len(ps)-most)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		if len(ps) > 1 {
			fmt.Fprintf(&b, "entry %d: ", p.Index+1)
		}
		b.WriteString(p.String())
	}
	return b.String()
}

// Conflict is an id that is already taken by an entry with other content.
type Conflict struct {
	ID  string
	Seq Seq
}

func (e *Conflict) Error() string {
	return fmt.Sprintf("id %s is entry %d with other content", e.ID, e.Seq)
}

// Busy is back-pressure: the queue of the book is full and nothing was posted.
type Busy struct{ RetryAfter time.Duration }

func (e *Busy) Error() string { return "too many posts are waiting, try again later" }

var (
	// ErrUnknown is an outcome that could not be learned: the entries may or may
	// not be stored. Ask for their ids, or post the same again.
	ErrUnknown = errors.New("outcome unknown: ask what became of the id, or post the same again")
	// ErrUnavailable is a database that could not be reached; nothing was posted.
	ErrUnavailable = errors.New("the ledger's database is not available, nothing was posted")
	// ErrNotFound is a book, entry or thing that does not exist.
	ErrNotFound = errors.New("not found")
	// ErrDiverged is a projection that differs from what its entries say.
	ErrDiverged = errors.New("projections differ from the log")
)
