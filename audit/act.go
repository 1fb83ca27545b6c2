package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/emmansun/gmsm/sm3"
)

// maxLeaf is the longest leaf in bytes: entry bundles give the length in 16
// bits.
const maxLeaf = 65535

// version is the member v of every leaf: the format this package writes.
const version = "1"

// instantLayout is the text of an instant: UTC with microseconds, always 27
// bytes. PostgreSQL keeps no finer time, so a finer one could not be compared.
const instantLayout = "2006-01-02T15:04:05.000000Z"

// Act is what was submitted: all members of a leaf but at, seq, sig, sm3 and
// v, which the log adds. Its canonical bytes are what a submitting unit signs
// and what an approver signs off.
type Act struct {
	// Book is the county's administrative code.
	Book string
	// ID is given by the client and unique in the book: sending an act twice
	// enters it once.
	ID string
	// Kind says what the body means, for example payment.paid.
	Kind string
	// On is the business day, 2020-03-18.
	On string
	By By
	// Corrects is the decimal seq of the earlier entry this one puts right,
	// "" for none.
	Corrects string
	// Body is a JSON object; Prepare brings it into canonical form.
	Body []byte
	// Sealed commits to private values by field name. It may be empty.
	Sealed map[string]Commitment
}

// By names who submitted an act: the person, the unit and the role in which
// they acted.
type By struct {
	Role, Unit, User string
}

// Prepared is an act ready to be entered: everything that can be computed
// without knowing its place in the log, and so before the book is locked.
type Prepared struct {
	// Act is the act with its body in canonical form.
	Act Act
	// Bytes is the canonical JSON of the act.
	Bytes []byte
	// SM3 is the digest of Bytes that the leaf carries.
	SM3 [32]byte
	// Hash is the SHA-256 of Bytes: the content hash an approver signs off.
	Hash [32]byte
	// Sig is the submitting unit's SM2 signature over Bytes, nil for none. The
	// caller has verified it; at most maxSig bytes.
	Sig []byte
}

// maxSig is the longest DER form of an SM2 signature.
const maxSig = 72

// maxAct keeps room for what Leaf adds to an act in place of its braces, with
// the longest seq and a signature, so that no act once prepared can turn out
// too long.
const maxAct = maxLeaf + len(`{}`) - len(`{"at":"2006-01-02T15:04:05.000000Z",,"seq":"18446744073709551615"`+
	`,"sig":"","sm3":"0EYgioqY+EC/sumEiVZfzT2yL+hoAfuo/Jwg29LJORE=","v":"1"}`) - maxSig/3*4

// Prepare checks an act against the leaf format, brings it into canonical form
// and computes its digests. Errors are of type *Malformed.
func Prepare(a Act) (*Prepared, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	b := make([]byte, 0, 256+len(a.Body)+80*len(a.Sealed))
	b = append(b, `{"body":`...)
	start := len(b)
	b, err := appendCanonical(b, a.Body, "/body")
	if err != nil {
		return nil, err
	}
	if b[start] != '{' {
		return nil, &Malformed{"/body", "not an object"}
	}
	a.Body = b[start:len(b):len(b)]
	b = a.appendRest(b)
	if len(b) > maxAct {
		return nil, &Malformed{"", fmt.Sprintf("%d bytes, more than the %d an entry may have", len(b), maxAct)}
	}
	return &Prepared{Act: a, Bytes: b, SM3: sm3.Sum(b), Hash: sha256.Sum256(b)}, nil
}

// appendRest appends the members after the body and the closing brace.
func (a *Act) appendRest(b []byte) []byte {
	b = appendMember(b, `,"book":`, a.Book)
	b = appendMember(b, `,"by":{"role":`, a.By.Role)
	b = appendMember(b, `,"unit":`, a.By.Unit)
	b = appendMember(b, `,"user":`, a.By.User)
	b = append(b, '}')
	if a.Corrects != "" {
		b = appendMember(b, `,"corrects":`, a.Corrects)
	}
	b = appendMember(b, `,"id":`, a.ID)
	b = appendMember(b, `,"kind":`, a.Kind)
	b = appendMember(b, `,"on":`, a.On)
	if len(a.Sealed) > 0 {
		b = append(b, `,"sealed":{`...)
		for i, name := range slices.Sorted(maps.Keys(a.Sealed)) {
			if i > 0 {
				b = append(b, ',')
			}
			c := a.Sealed[name]
			b = append(appendText(b, name), `:"`...)
			b = append(base64.StdEncoding.AppendEncode(b, c[:]), '"')
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

// appendMember appends what stands before a value, then the value.
func appendMember(b []byte, before, value string) []byte {
	return appendText(append(b, before...), value)
}

// check holds the members other than the body to the leaf format.
func (a *Act) check() error {
	for _, m := range []struct {
		path, value string
		max         int
	}{
		{"/book", a.Book, 32},
		{"/by/role", a.By.Role, 100},
		{"/by/unit", a.By.Unit, 200},
		{"/by/user", a.By.User, 200},
		{"/id", a.ID, 200},
		{"/kind", a.Kind, 64},
	} {
		if m.value == "" {
			return &Malformed{m.path, "missing"}
		}
		if len(m.value) > m.max {
			return &Malformed{m.path, fmt.Sprintf("longer than %d bytes", m.max)}
		}
		if reason := badText(m.value); reason != "" {
			return &Malformed{m.path, reason}
		}
	}
	if _, err := time.Parse(time.DateOnly, a.On); err != nil {
		return &Malformed{"/on", "not a day like 2020-03-18"}
	}
	if a.Corrects != "" {
		if _, err := parseSeq(a.Corrects); err != nil {
			return &Malformed{"/corrects", "not the number of an entry"}
		}
	}
	for name := range a.Sealed {
		if !validKey(name) {
			return &Malformed{"/sealed", "a key that is not [a-z0-9_]+"}
		}
	}
	return nil
}

// parseSeq reads a decimal without sign or leading zeros that fits bigint.
func parseSeq(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err == nil && strconv.FormatUint(n, 10) != s {
		err = fmt.Errorf("%q is not in its shortest form", s)
	}
	return n, err
}

// Leaf returns the exact bytes of the entry at a place in the log. It only
// splices: in RFC 8785's order the act's members are contiguous, so that
//
//	{"at":…, <act without braces>, "seq":…, "sig":…, "sm3":…, "v":"1"}
//
// needs no canonicalisation while the book is locked. at is cut to
// microseconds.
func (p *Prepared) Leaf(at time.Time, seq uint64) []byte {
	b := make([]byte, 0, len(p.Bytes)+maxLeaf-maxAct)
	b = append(b, `{"at":"`...)
	b = at.UTC().AppendFormat(b, instantLayout)
	b = append(b, `",`...)
	b = append(b, p.Bytes[1:len(p.Bytes)-1]...)
	b = append(b, `,"seq":"`...)
	b = strconv.AppendUint(b, seq, 10)
	if len(p.Sig) > 0 {
		b = append(b, `","sig":"`...)
		b = base64.StdEncoding.AppendEncode(b, p.Sig)
	}
	b = append(b, `","sm3":"`...)
	b = base64.StdEncoding.AppendEncode(b, p.SM3[:])
	return append(b, `","v":"`+version+`"}`...)
}

// Same reports whether a leaf holds exactly this act. An act with sealed
// fields that was prepared twice differs in its salts: see Sealer.Repeats.
func (p *Prepared) Same(leaf []byte) bool {
	const before = len(`{"at":"2006-01-02T15:04:05.000000Z",`)
	if len(leaf) < before {
		return false
	}
	act := p.Bytes[1 : len(p.Bytes)-1]
	rest, ok := bytes.CutPrefix(leaf[before:], act)
	return ok && bytes.HasPrefix(rest, []byte(`,"seq":"`))
}
