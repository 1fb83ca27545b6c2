package audit

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Leaf is an entry read back from its bytes.
type Leaf struct {
	Act
	// At is when the log recorded the entry, by its own clock.
	At time.Time
	// Seq is the entry's number in its book, from 0 without gaps.
	Seq uint64
	// Sig is the submitting unit's SM2 signature over the act, nil for none.
	// ParseLeaf does not verify it: it does not know the unit's key.
	Sig []byte
	// SM3 is the digest of the act, Hash its content hash (SHA-256).
	SM3, Hash [32]byte
	// V is the format version.
	V string
}

// leafText is the leaf as JSON, for reading only.
type leafText struct {
	At       string            `json:"at"`
	Body     jsontext.Value    `json:"body"`
	Book     string            `json:"book"`
	By       byText            `json:"by"`
	Corrects string            `json:"corrects"`
	ID       string            `json:"id"`
	Kind     string            `json:"kind"`
	On       string            `json:"on"`
	Sealed   map[string]string `json:"sealed"`
	Seq      string            `json:"seq"`
	Sig      string            `json:"sig"`
	SM3      string            `json:"sm3"`
	V        string            `json:"v"`
}

// byText is By as JSON.
type byText struct {
	Role string `json:"role"`
	Unit string `json:"unit"`
	User string `json:"user"`
}

// ParseLeaf reads a leaf and accepts only what Prepared.Leaf writes: the bytes
// are built once more from what was read and must be equal, which covers the
// canonical form, unknown and missing members and the SM3 digest.
func ParseLeaf(b []byte) (Leaf, error) {
	var t leafText
	if len(b) > maxLeaf {
		return Leaf{}, fmt.Errorf("parse leaf: %d bytes, more than %d", len(b), maxLeaf)
	}
	if err := json.Unmarshal(b, &t, json.RejectUnknownMembers(true)); err != nil {
		return Leaf{}, fmt.Errorf("parse leaf: %w", err)
	}
	l, err := t.leaf()
	if err != nil {
		return Leaf{}, fmt.Errorf("parse leaf: %w", err)
	}
	p, err := Prepare(l.Act)
	if err != nil {
		return Leaf{}, fmt.Errorf("parse leaf: %w", err)
	}
	p.Sig = l.Sig
	if !bytes.Equal(p.Leaf(l.At, l.Seq), b) {
		return Leaf{}, fmt.Errorf("parse leaf: %s", difference(p, l))
	}
	l.Act, l.SM3, l.Hash = p.Act, p.SM3, p.Hash
	return l, nil
}

// difference says why a leaf is not what we would have written.
func difference(p *Prepared, l Leaf) string {
	if p.SM3 != l.SM3 {
		return "sm3 is not the digest of the act"
	}
	return "not the canonical form"
}

// leaf turns the members into their types.
func (t *leafText) leaf() (Leaf, error) {
	l := Leaf{V: t.V, Act: Act{
		Book: t.Book, ID: t.ID, Kind: t.Kind, On: t.On,
		By: By(t.By), Corrects: t.Corrects, Body: t.Body,
	}}
	if t.V != version {
		return l, fmt.Errorf("version %q is unknown", t.V)
	}
	var err error
	if l.At, err = time.Parse(instantLayout, t.At); err != nil {
		return l, fmt.Errorf("at: %w", err)
	}
	if l.Seq, err = parseSeq(t.Seq); err != nil {
		return l, fmt.Errorf("seq: %w", err)
	}
	if l.Sig, err = base64.StdEncoding.Strict().DecodeString(t.Sig); err != nil {
		return l, fmt.Errorf("sig: %w", err)
	}
	if len(l.Sig) > maxSig {
		return l, fmt.Errorf("sig: longer than %d bytes", maxSig)
	}
	if l.SM3, err = parse32(t.SM3); err != nil {
		return l, fmt.Errorf("sm3: %w", err)
	}
	if len(t.Sealed) > 0 {
		l.Sealed = make(map[string]Commitment, len(t.Sealed))
	}
	for name, text := range t.Sealed {
		c, err := parse32(text)
		if err != nil {
			return l, fmt.Errorf("sealed %s: %w", name, err)
		}
		l.Sealed[name] = c
	}
	return l, nil
}

// parse32 reads 32 bytes from their one base64 text.
func parse32(s string) (b [32]byte, err error) {
	d, err := base64.StdEncoding.Strict().DecodeString(s)
	if err == nil && len(d) != len(b) {
		err = fmt.Errorf("%d bytes instead of %d", len(d), len(b))
	}
	copy(b[:], d)
	return b, err
}
