package proof

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
)

// Commitment binds a leaf to a private value without telling it. Its text in
// a leaf is base64.
type Commitment [32]byte

// String is the text a leaf holds.
func (c Commitment) String() string {
	return base64.StdEncoding.EncodeToString(c[:])
}

// Salt makes a commitment say nothing about its value: random, fresh for every
// field of every entry. Without it a county's ID numbers are guessed in seconds.
type Salt [32]byte

// Commit computes the commitment to a named value:
//
//	HMAC-SHA256(key = salt; "yilu-sd-v1", 00, uint16-BE length, name,
//	            uint32-BE length, value)
//
// The lengths keep ("ab", "c") and ("a", "bc") apart.
func Commit(name, value string, salt Salt) Commitment {
	b := make([]byte, 0, 32+len(name)+len(value))
	b = append(b, "yilu-sd-v1\x00"...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
	b = append(b, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	b = append(b, value...)
	mac := hmac.New(sha256.New, salt[:])
	mac.Write(b)
	var c Commitment
	mac.Sum(c[:0])
	return c
}

// ErrNotDisclosed is returned, wrapped, for a disclosed value that is not the
// one the leaf commits to.
var ErrNotDisclosed = errors.New("the value is not what the entry commits to")

// VerifyCommitment returns nil if the value, with the salt that was disclosed
// beside it, is what stands sealed in the leaf under that name. Whether the leaf
// is in the log is for its inclusion proof to show.
func (l *Leaf) VerifyCommitment(name, value string, salt Salt) error {
	c, ok := l.Sealed[name]
	if !ok {
		return fmt.Errorf("entry %d has no sealed field %q: %w", l.Seq, name, ErrNotDisclosed)
	}
	if c != Commit(name, value, salt) {
		return fmt.Errorf("field %q of entry %d: %w", name, l.Seq, ErrNotDisclosed)
	}
	return nil
}
