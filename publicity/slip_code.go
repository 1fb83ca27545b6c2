package publicity

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// SlipCode is the code on a slip (查询码): fourteen random characters, 63 bits that
// nobody guesses, and one that holds them together. The alphabet has 23 characters, a
// prime, and none that is taken for another: no 0 and O, 1, I and L, 2 and Z, 5 and S,
// 8 and B, 6 and G, U and V. An example, as it is printed:
//
//	7KQ3H-WN4XD-9TAC6
//
// Position i counts i+1 times; all of them add up to a multiple of 23. So one wrong
// character is always noticed, and so are two that changed places.
type SlipCode string

const (
	slipLetters = "34679ACDEFHJKMNPQRTVWXY"
	slipLength  = 15
	slipGroup   = 5
)

// ErrSlipCode is a code that was typed wrong: no slip has it, whatever is in the book.
var ErrSlipCode = errors.New("the code is typed wrong")

// NewSlipCode draws a code.
func NewSlipCode() (SlipCode, error) {
	code := make([]byte, 0, slipLength)
	sum := 0
	for i := range slipLength - 1 {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(slipLetters))))
		if err != nil {
			return "", fmt.Errorf("draw code of a slip: %w", err)
		}
		code = append(code, slipLetters[n.Int64()])
		sum += (i + 1) * int(n.Int64())
	}
	// slipLength × last ≡ −sum: the one character for which all is a multiple.
	for last := range len(slipLetters) {
		if (sum+slipLength*last)%len(slipLetters) == 0 {
			return SlipCode(append(code, slipLetters[last])), nil
		}
	}
	panic("publicity: 15 has an inverse modulo 23")
}

// ParseSlipCode reads a code as people type it: capitals, blanks, dashes and full-width
// characters make no difference. It is ErrSlipCode for all that no slip can have.
func ParseSlipCode(typed string) (SlipCode, error) {
	var code strings.Builder
	sum := 0
	for _, r := range typed {
		switch {
		case r == ' ' || r == '-' || r == '　' || r == '－' || r == '—' || r == '–' || r == '\t':
			continue
		case r >= '！' && r <= '～': // the full-width copies of ASCII
			r -= '！' - '!'
		}
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		value := strings.IndexRune(slipLetters, r)
		if value < 0 || code.Len() == slipLength {
			return "", ErrSlipCode
		}
		code.WriteRune(r)
		sum += code.Len() * value
	}
	if code.Len() != slipLength || sum%len(slipLetters) != 0 {
		return "", ErrSlipCode
	}
	return SlipCode(code.String()), nil
}

// Grouped is the code as slips print it.
func (c SlipCode) Grouped() string {
	if len(c) != slipLength {
		return string(c)
	}
	return string(c[:slipGroup] + "-" + c[slipGroup:2*slipGroup] + "-" + c[2*slipGroup:])
}
