package proof

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// fileHeader is the first line of a proof file.
const fileHeader = "c2sp.org/tlog-proof@v1\n"

// maxHashes is the longest proof there can be: a tree has at most 63 levels.
const maxHashes = 63

// File is a proof that one can keep and check without asking anybody: a
// .tlog-proof file (c2sp.org/tlog-proof@v1). It does not hold the entry itself.
//
//	c2sp.org/tlog-proof@v1
//	index 2
//	DdOuxTEQS8Xz6U8jfoDXj2Gn6UzqjvTz8tdb1bSvjyg=
//
//	fund.example.gov.cn/411025
//	3
//	4dEcg6gZ4pbODD6/2gidGYkqj2LrO0WyHlxuCDFeaFI=
//
//	— fund.example.gov.cn/411025 6SFzMti…
type File struct {
	// Extra is whatever the writer added. Nothing vouches for it. nil for none.
	Extra []byte
	// Index is the entry's number, from 0.
	Index uint64
	// Hashes are the siblings on the way from the leaf to the root.
	Hashes []Hash
	// Note is the signed and cosigned checkpoint, byte for byte as published.
	Note []byte
}

// Text is the file. Without its first line it is what some programs call a
// spicy signature.
func (f File) Text() []byte {
	var b bytes.Buffer
	b.WriteString(fileHeader)
	if f.Extra != nil {
		b.WriteString("extra " + base64.StdEncoding.EncodeToString(f.Extra) + "\n")
	}
	b.WriteString("index " + strconv.FormatUint(f.Index, 10) + "\n")
	writeHashes(&b, f.Hashes)
	b.WriteByte('\n')
	b.Write(f.Note)
	return b.Bytes()
}

// writeHashes writes a line of base64 for each hash.
func writeHashes(b *bytes.Buffer, hashes []Hash) {
	for _, h := range hashes {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
}

// ParseFile reads a proof file and accepts only what Text writes. The note is
// left as it is: Policy.Open reads it.
func ParseFile(b []byte) (File, error) {
	var f File
	text, ok := strings.CutPrefix(string(b), fileHeader)
	if !ok {
		return f, fmt.Errorf("parse proof: line 1: want %q", strings.TrimSuffix(fileHeader, "\n"))
	}
	line := 2
	if rest, ok := strings.CutPrefix(text, "extra "); ok {
		extra, rest, _ := strings.Cut(rest, "\n")
		data, err := base64.StdEncoding.DecodeString(extra)
		if err != nil || base64.StdEncoding.EncodeToString(data) != extra {
			return f, fmt.Errorf("parse proof: line %d: want base64 after \"extra\"", line)
		}
		f.Extra, text = append([]byte{}, data...), rest
		line++
	}
	number, text, ok := strings.Cut(text, "\n")
	digits, named := strings.CutPrefix(number, "index ")
	if !ok || !named {
		return f, fmt.Errorf("parse proof: line %d: %.40q, want \"index\" and the entry's number", line, number)
	}
	var err error
	if f.Index, err = parseSize(digits); err != nil {
		return f, fmt.Errorf("parse proof: line %d: index %w", line, err)
	}
	if f.Hashes, text, err = readHashes(text, line+1); err != nil {
		return f, fmt.Errorf("parse proof: %w", err)
	}
	if f.Note = []byte(text); len(f.Note) == 0 {
		return f, errors.New("parse proof: the signed checkpoint is missing after the empty line")
	}
	return f, nil
}

// readHashes reads lines of base64 up to an empty line and returns what follows
// it. line is the number of the first, for errors.
func readHashes(text string, line int) (hashes []Hash, rest string, err error) {
	for ; ; line++ {
		s, rest, ok := strings.Cut(text, "\n")
		if !ok {
			return nil, "", fmt.Errorf("line %d: the text ends before the empty line", line)
		}
		if s == "" {
			return hashes, rest, nil
		}
		if len(hashes) == maxHashes {
			return nil, "", fmt.Errorf("line %d: more than %d hashes, which no proof has", line, maxHashes)
		}
		h, err := parseHash(s)
		if err != nil {
			return nil, "", fmt.Errorf("line %d: %w", line, err)
		}
		hashes, text = append(hashes, h), rest
	}
}
