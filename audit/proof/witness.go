package proof

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Submission is the body of a request for a cosignature (c2sp.org/tlog-witness,
// POST …/add-checkpoint):
//
//	old 2
//	DdOuxTEQS8Xz6U8jfoDXj2Gn6UzqjvTz8tdb1bSvjyg=
//
//	fund.example.gov.cn/411025
//	3
//	4dEcg6gZ4pbODD6/2gidGYkqj2LrO0WyHlxuCDFeaFI=
//
//	— fund.example.gov.cn/411025 6SFzMti…
type Submission struct {
	// Old is the size the witness has cosigned last, as far as we know.
	Old uint64
	// Hashes prove that the tree of Old entries is the beginning of the new
	// one; none if Old is zero or the new size.
	Hashes []Hash
	// Note is the signed checkpoint.
	Note []byte
}

// Text is the request body.
func (s Submission) Text() []byte {
	var b bytes.Buffer
	b.WriteString("old " + strconv.FormatUint(s.Old, 10) + "\n")
	writeHashes(&b, s.Hashes)
	b.WriteByte('\n')
	b.Write(s.Note)
	return b.Bytes()
}

// ParseSubmission reads a request body and accepts only what Text writes.
func ParseSubmission(b []byte) (Submission, error) {
	var s Submission
	first, text, _ := strings.Cut(string(b), "\n")
	digits, ok := strings.CutPrefix(first, "old ")
	if !ok {
		return s, fmt.Errorf("parse submission: line 1: %.40q, want \"old\" and a size", first)
	}
	var err error
	if s.Old, err = parseSize(digits); err != nil {
		return s, fmt.Errorf("parse submission: line 1: old %w", err)
	}
	if s.Hashes, text, err = readHashes(text, 2); err != nil {
		return s, fmt.Errorf("parse submission: %w", err)
	}
	if s.Note = []byte(text); len(s.Note) == 0 {
		return s, errors.New("parse submission: the signed checkpoint is missing after the empty line")
	}
	return s, nil
}

// ParseConflict reads a witness's answer 409 (text/x.tlog.size): the size it
// has cosigned last, and so the old size to try again with. One beyond our own
// checkpoint means that we are the ones who went back: stop.
func ParseConflict(body []byte) (uint64, error) {
	digits, ok := strings.CutSuffix(string(body), "\n")
	size, err := parseSize(digits)
	if err != nil || !ok {
		return 0, fmt.Errorf("parse answer 409: %.40q, want a size and a newline", body)
	}
	return size, nil
}
