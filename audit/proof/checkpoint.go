package proof

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxSize is the largest tree these formats speak of: x/mod/sumdb/tlog counts
// in int64, and so does PostgreSQL.
const MaxSize = math.MaxInt64

// Checkpoint is what a log signs: how many entries it holds and the root over
// all of them (c2sp.org/tlog-checkpoint, without extension lines). Whoever
// keeps one can later tell whether anything before its size was changed.
type Checkpoint struct {
	// Origin names the log: its URL without scheme and without a slash at the
	// end. It is also the name of the log's keys.
	Origin string
	Size   uint64
	Root   Hash
}

// Text is the signed body, three lines that each end in a newline:
//
//	fund.example.gov.cn/411025
//	3
//	4dEcg6gZ4pbODD6/2gidGYkqj2LrO0WyHlxuCDFeaFI=
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
}

// ParseCheckpoint reads a signed body and accepts only what Text writes for a
// tree that can exist: a further line, a leading zero, another spelling of the
// base64 or a root that the empty tree does not have are refused. It says
// nothing of signatures; see Policy.Open.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, fmt.Errorf("parse checkpoint: %d lines, want origin, size and root and a newline after each", len(lines)-1)
	}
	c := Checkpoint{Origin: lines[0]}
	err := checkName(c.Origin)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("parse checkpoint: line 1, origin %q: %w", c.Origin, err)
	}
	if c.Size, err = parseSize(lines[1]); err != nil {
		return Checkpoint{}, fmt.Errorf("parse checkpoint: line 2, size: %w", err)
	}
	if c.Root, err = parseHash(lines[2]); err != nil {
		return Checkpoint{}, fmt.Errorf("parse checkpoint: line 3, root: %w", err)
	}
	if c.Size == 0 && c.Root != sha256.Sum256(nil) {
		return Checkpoint{}, errors.New("parse checkpoint: line 3, root: not that of the empty tree, which size 0 demands")
	}
	return c, nil
}

// checkName holds a key name, and so an origin, to what a signed note allows.
func checkName(name string) error {
	bad := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '+' }
	if name == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, bad) {
		return errors.New("want a name without blanks, control characters and plus signs")
	}
	return nil
}

// parseSize reads a size or an index: decimal digits, no zero in front.
func parseSize(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("%.40q, want a decimal without leading zeros up to %d", s, uint64(MaxSize))
	}
	return n, nil
}

// parseHash reads a hash from its one base64 text.
func parseHash(s string) (h Hash, err error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) != len(h) || base64.StdEncoding.EncodeToString(b) != s {
		return h, fmt.Errorf("%.60q, want 32 bytes in base64", s)
	}
	return Hash(b), nil
}
