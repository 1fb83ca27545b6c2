package audit

import (
	"crypto/rand"
	"fmt"
)

// KeepOverhead is how much longer than its value is what Keep makes: algorithm, nonce and
// the tag of GCM.
const KeepOverhead = 1 + nonceSize + 16

// Keep encrypts something that is kept outside the log, such as a form that is not
// submitted yet, bound to the place where it is kept: moved elsewhere it does not
// open. A copy of the database alone opens nothing.
func (s *Sealer) Keep(place string, value []byte) []byte {
	b := make([]byte, 1+nonceSize, 1+nonceSize+len(value)+s.values.Overhead())
	b[0] = algAES256GCM
	rand.Read(b[1:]) // never fails since Go 1.24
	return s.values.Seal(b, b[1:1+nonceSize], value, keptAt(place))
}

// Kept opens what Keep made for the same place, or returns ErrUnsealable.
func (s *Sealer) Kept(place string, kept []byte) ([]byte, error) {
	if len(kept) < 1+nonceSize || kept[0] != algAES256GCM {
		return nil, fmt.Errorf("kept at %s: %w", place, ErrUnsealable)
	}
	value, err := s.values.Open(nil, kept[1:1+nonceSize], kept[1+nonceSize:], keptAt(place))
	if err != nil {
		return nil, fmt.Errorf("kept at %s: %w", place, ErrUnsealable)
	}
	return value, nil
}

// keptAt begins with a byte that no book's name has, so that no value of the log is
// ever taken for something kept, nor the other way round.
func keptAt(place string) []byte { return []byte("\x00kept\x00" + place) }
