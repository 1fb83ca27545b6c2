package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/emmansun/gmsm/sm3"
)

// Version is the member v of every leaf: the format described here.
const Version = "1"

// InstantLayout is the text of an instant: UTC with microseconds, always 27
// bytes, so that the order of texts is the order of time. PostgreSQL keeps no
// finer time, so a finer one could not be compared.
const InstantLayout = "2006-01-02T15:04:05.000000Z"

// MaxSig is the longest DER form of an SM2 signature.
const MaxSig = 72

// MaxAct is the longest act in bytes. It keeps room for what a leaf adds in
// place of its braces, with the longest seq and a signature, so that no act
// once prepared can turn out too long.
const MaxAct = MaxEntry + len(`{}`) - len(`{"at":"2006-01-02T15:04:05.000000Z",,"seq":"18446744073709551615"`+
	`,"sig":"","sm3":"0EYgioqY+EC/sumEiVZfzT2yL+hoAfuo/Jwg29LJORE=","v":"1"}`) - MaxSig/3*4

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
	// Body is a JSON object, in a leaf in canonical form.
	Body []byte
	// Sealed commits to private values by field name. It may be empty.
	Sealed map[string]Commitment
}

// By names who submitted an act: the person, the unit and the role in which
// they acted.
type By struct {
	Role, Unit, User string
}

// The longest members, in bytes.
const (
	maxBook = 32
	maxRole = 100
	maxName = 200 // of unit and user, and the id
	maxKind = 64
)

// Fault says which member but the body breaks the leaf format, as a JSON Pointer,
// and how. Both are "" if none does.
func (a *Act) Fault() (path, reason string) {
	for _, m := range []struct {
		path, value string
		max         int
	}{
		{"/book", a.Book, maxBook},
		{"/by/role", a.By.Role, maxRole},
		{"/by/unit", a.By.Unit, maxName},
		{"/by/user", a.By.User, maxName},
		{"/id", a.ID, maxName},
		{"/kind", a.Kind, maxKind},
	} {
		if m.value == "" {
			return m.path, "missing"
		}
		if len(m.value) > m.max {
			return m.path, fmt.Sprintf("longer than %d bytes", m.max)
		}
		if reason := TextFault(m.value); reason != "" {
			return m.path, reason
		}
	}
	if !isDay([]byte(a.On)) {
		return "/on", "not a day like 2020-03-18"
	}
	if a.Corrects != "" {
		if _, err := ParseSeq(a.Corrects); err != nil {
			return "/corrects", "not the number of an entry"
		}
	}
	for name := range a.Sealed {
		if !IsKey(name) {
			return "/sealed", "a key that is not [a-z0-9_]+"
		}
	}
	return "", ""
}

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

// LeafText is a leaf cut into its members, each a part of the leaf's own memory
// and as written: strings without their quotes, Body and Sealed with braces.
type LeafText struct {
	// Act is the act without its braces; see ContentHash.
	Act                                 []byte
	At, Body, Book, Role, Unit, User    []byte
	Corrects, ID, Kind, On, Sealed, Sig []byte // Corrects, Sealed and Sig may be nil
	SM3                                 []byte
	Seq                                 uint64
}

// ContentHash is SHA-256 of the act: what an approver signs off.
func (l *LeafText) ContentHash() [32]byte {
	var room [1024]byte
	return sha256.Sum256(l.appendAct(room[:0]))
}

// appendAct appends the act with its braces.
func (l *LeafText) appendAct(b []byte) []byte {
	return append(append(append(b, '{'), l.Act...), '}')
}

// CutLeaf reads a leaf and accepts only what a log writes, in one walk over the
// bytes and without copying: the canonical form of RFC 8785 without numbers and
// null, every member and no other, and the act's SM3 digest.
//
//	{"at":…,"body":{…},"book":…,"by":{"role":…,"unit":…,"user":…},"corrects":…,
//	"id":…,"kind":…,"on":…,"sealed":{…},"seq":…,"sig":…,"sm3":…,"v":"1"}
//
// corrects, sealed and sig are left out when empty. It does not know what a kind
// means, nor the leaf's place in its log.
func CutLeaf(b []byte) (LeafText, error) {
	var l LeafText
	if len(b) > MaxEntry {
		return l, fmt.Errorf("parse leaf: %d bytes, more than %d", len(b), MaxEntry)
	}
	s := scanner{text: b}
	s.want(`{"at":`)
	l.At = s.quoted()
	s.want(`,`)
	start := s.at
	l.cutAct(&s)
	if s.fault == "" {
		l.Act = b[start:s.at]
	}
	s.want(`,"seq":`)
	seq := s.quoted()
	if s.has(`,"sig":`) {
		l.Sig = s.quoted()
	}
	s.want(`,"sm3":`)
	l.SM3 = s.quoted()
	s.want(`,"v":"` + Version + `"}`)
	if s.at != len(b) {
		s.fail("bytes after the leaf")
	}
	if s.fault != "" {
		return LeafText{}, fmt.Errorf("parse leaf: not the canonical form: %s", s.fault)
	}
	if err := l.check(seq); err != nil {
		return LeafText{}, fmt.Errorf("parse leaf: %w", err)
	}
	return l, nil
}

// cutAct takes the members of the act.
func (l *LeafText) cutAct(s *scanner) {
	s.want(`"body":`)
	if s.next() != '{' {
		s.fail("the body is no object")
	}
	l.Body = s.value(0)
	s.want(`,"book":`)
	l.Book = s.quoted()
	s.want(`,"by":{"role":`)
	l.Role = s.quoted()
	s.want(`,"unit":`)
	l.Unit = s.quoted()
	s.want(`,"user":`)
	l.User = s.quoted()
	s.want(`}`)
	if s.has(`,"corrects":`) {
		l.Corrects = s.quoted()
	}
	s.want(`,"id":`)
	l.ID = s.quoted()
	s.want(`,"kind":`)
	l.Kind = s.quoted()
	s.want(`,"on":`)
	l.On = s.quoted()
	if s.has(`,"sealed":`) {
		if s.next() != '{' {
			s.fail("sealed is no object")
		}
		l.Sealed = s.value(1)
	}
}

// check holds the members to what the log writes in them.
func (l *LeafText) check(seq []byte) error {
	for _, m := range [...]struct {
		name  string
		value []byte
		max   int
	}{
		{"book", l.Book, maxBook}, {"by.role", l.Role, maxRole}, {"by.unit", l.Unit, maxName},
		{"by.user", l.User, maxName}, {"id", l.ID, maxName}, {"kind", l.Kind, maxKind},
	} {
		if len(m.value) == 0 || len(m.value) > m.max && len(unescape(m.value)) > m.max {
			return fmt.Errorf("%s: want 1 to %d bytes", m.name, m.max)
		}
	}
	if len(l.Act)+len(`{}`) > MaxAct {
		return fmt.Errorf("the act has %d bytes, more than %d", len(l.Act)+len(`{}`), MaxAct)
	}
	if !isInstant(l.At) {
		return fmt.Errorf("at: %.40q, want an instant like 2020-03-18T01:00:00.000000Z", l.At)
	}
	if !isDay(l.On) {
		return fmt.Errorf("on: %.40q, want a day like 2020-03-18", l.On)
	}
	var ok bool
	if l.Seq, ok = cutSeq(seq); !ok {
		return fmt.Errorf("seq: %.40q is not the number of an entry", seq)
	}
	if l.Corrects != nil {
		if _, ok := cutSeq(l.Corrects); !ok {
			return fmt.Errorf("corrects: %.40q is not the number of an entry", l.Corrects)
		}
	}
	if l.Sig != nil {
		if n := base64Size(l.Sig, MaxSig); n < 1 {
			return fmt.Errorf("sig: want 1 to %d bytes in base64", MaxSig)
		}
	}
	return l.checkDigests()
}

// checkDigests holds sealed to commitments and sm3 to the digest of the act.
func (l *LeafText) checkDigests() error {
	if l.Sealed != nil {
		n := 0
		for name, value := range Members(l.Sealed) {
			if len(value) < 2 || value[0] != '"' || base64Size(value[1:len(value)-1], 32) != 32 {
				return fmt.Errorf("sealed %s: want 32 bytes in base64", name)
			}
			n++
		}
		if n == 0 {
			return errors.New("sealed: empty, it is left out then")
		}
	}
	var room [1024]byte
	sum := sm3.Sum(l.appendAct(room[:0]))
	if digest := base64.StdEncoding.AppendEncode(room[:0], sum[:]); !bytes.Equal(digest, l.SM3) {
		return errors.New("sm3 is not the digest of the act")
	}
	return nil
}

// base64Size is the number of bytes behind a base64 text, -1 if it is not the
// one text of its bytes or has more than most.
func base64Size(text []byte, most int) int {
	var raw, again [128]byte
	if len(text) > base64.StdEncoding.EncodedLen(most) {
		return -1
	}
	n, err := base64.StdEncoding.Decode(raw[:], text)
	if err != nil || !bytes.Equal(base64.StdEncoding.AppendEncode(again[:0], raw[:n]), text) {
		return -1
	}
	return n
}

// isInstant says whether a text has the form of InstantLayout and exists.
func isInstant(t []byte) bool {
	if len(t) != len(InstantLayout) || t[10] != 'T' || t[13] != ':' || t[16] != ':' || t[19] != '.' || t[26] != 'Z' {
		return false
	}
	return isDay(t[:10]) && within(t[11:13], 0, 23) && within(t[14:16], 0, 59) && within(t[17:19], 0, 59) && within(t[20:26], 0, 999999)
}

// isDay says whether a text is a day like 2020-03-18 and exists.
func isDay(t []byte) bool {
	if len(t) != len(time.DateOnly) || t[4] != '-' || t[7] != '-' || !within(t[:4], 0, 9999) || !within(t[5:7], 1, 12) {
		return false
	}
	year, month := number(t[:4]), number(t[5:7])
	days := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		days = 29
	}
	return within(t[8:10], 1, days)
}

// within says whether a text is all digits and their number in a range.
func within(digits []byte, least, most int) bool {
	n := number(digits)
	return n >= least && n <= most
}

// number reads digits, -1 for anything else.
func number(digits []byte) (n int) {
	for _, d := range digits {
		if d < '0' || d > '9' {
			return -1
		}
		n = n*10 + int(d-'0')
	}
	return n
}

// ParseLeaf is CutLeaf with the members turned into their types.
func ParseLeaf(b []byte) (Leaf, error) {
	t, err := CutLeaf(b)
	if err != nil {
		return Leaf{}, err
	}
	l := Leaf{
		Act: Act{
			Book: unescape(t.Book), ID: unescape(t.ID), Kind: unescape(t.Kind), On: string(t.On),
			By:       By{Role: unescape(t.Role), Unit: unescape(t.Unit), User: unescape(t.User)},
			Corrects: string(t.Corrects), Body: bytes.Clone(t.Body),
		},
		Seq: t.Seq, Hash: t.ContentHash(), V: Version,
	}
	if l.At, err = time.Parse(InstantLayout, string(t.At)); err != nil {
		return Leaf{}, fmt.Errorf("parse leaf: at: %w", err)
	}
	if t.Sig != nil {
		if l.Sig, err = parseBase64(string(t.Sig)); err != nil {
			return Leaf{}, fmt.Errorf("parse leaf: sig: %w", err)
		}
	}
	if l.SM3, err = parseHash(string(t.SM3)); err != nil {
		return Leaf{}, fmt.Errorf("parse leaf: sm3: %w", err)
	}
	if t.Sealed != nil {
		l.Sealed = make(map[string]Commitment)
	}
	for name, value := range Members(t.Sealed) {
		c, err := parseHash(string(value[1 : len(value)-1]))
		if err != nil {
			return Leaf{}, fmt.Errorf("parse leaf: sealed %s: %w", name, err)
		}
		l.Sealed[string(name)] = c
	}
	return l, nil
}
