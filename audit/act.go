package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/emmansun/gmsm/sm3"

	"yilu/audit/proof"
)

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
	// caller has verified it; at most proof.MaxSig bytes.
	Sig []byte
}

// Prepare checks an act against the leaf format, brings it into canonical form
// and computes its digests. Errors are of type *Malformed.
func Prepare(a Act) (*Prepared, error) {
	if path, reason := a.Fault(); reason != "" {
		return nil, &Malformed{path, reason}
	}
	scratch := actBuffers.Get().(*[]byte)
	defer actBuffers.Put(scratch)
	b := append((*scratch)[:0], `{"body":`...)
	start := len(b)
	b, err := appendCanonical(b, a.Body, "/body")
	if err != nil {
		return nil, err
	}
	if b[start] != '{' {
		return nil, &Malformed{"/body", "not an object"}
	}
	end := len(b)
	*scratch = appendRest(b, &a)
	if len(*scratch) > proof.MaxAct {
		return nil, &Malformed{"", fmt.Sprintf("%d bytes, more than the %d an entry may have", len(*scratch), proof.MaxAct)}
	}
	b = bytes.Clone(*scratch) // many wait for their turn: not a byte more than they need
	a.Body = b[start:end:end]
	return &Prepared{Act: a, Bytes: b, SM3: sm3.Sum(b), Hash: sha256.Sum256(b)}, nil
}

// actBuffers hold acts while they are written.
var actBuffers = sync.Pool{New: func() any { return new([]byte) }}

// appendRest appends the members after the body and the closing brace.
func appendRest(b []byte, a *Act) []byte {
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

// Leaf returns the exact bytes of the entry at a place in the log. It only
// splices: in RFC 8785's order the act's members are contiguous, so that
//
//	{"at":…, <act without braces>, "seq":…, "sig":…, "sm3":…, "v":"1"}
//
// needs no canonicalisation while the book is locked. at is cut to
// microseconds.
func (p *Prepared) Leaf(at time.Time, seq uint64) []byte {
	b := make([]byte, 0, len(p.Bytes)+proof.MaxEntry-proof.MaxAct)
	b = append(b, `{"at":"`...)
	b = at.UTC().AppendFormat(b, proof.InstantLayout)
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
	return append(b, `","v":"`+proof.Version+`"}`...)
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
