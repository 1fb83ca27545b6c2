package proof

import (
	"bytes"
	"fmt"
	"iter"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxDepth bounds the nesting of arrays and objects in a leaf, so that a small
// entry cannot cost a deep stack in any verifier.
const MaxDepth = 16

// IsKey says whether a member of a leaf may have this name: [a-z0-9_]+. Byte
// order is then the order of RFC 8785.
func IsKey(s string) bool {
	for i := range len(s) {
		if class[s[i]]&isKey == 0 {
			return false
		}
	}
	return s != ""
}

// TextFault says what forbids a string in a leaf, "" if nothing does: it has to
// be valid UTF-8 in Unicode form NFC, without control characters, so that two
// texts that look alike are alike.
func TextFault(s string) string {
	for i := range len(s) {
		if c := class[s[i]]; c&isControl != 0 {
			return "a control character"
		} else if c&isHigh != 0 {
			return highFault([]byte(s))
		}
	}
	return ""
}

// highFault is TextFault for a string that has a byte beyond ASCII. Chinese text
// is decided without the tables of Unicode: neither the ideographs nor the
// punctuation and full-width forms beside them ever change in NFC.
func highFault(s []byte) string {
	plain := true
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c < utf8.RuneSelf:
			if class[c]&isControl != 0 {
				return "a control character"
			}
			i++
			continue
		case i+2 >= len(s) || s[i+1]&0xc0 != 0x80 || s[i+2]&0xc0 != 0x80:
			plain = false
		case c >= 0xe4 && c <= 0xe9: // U+4000 to U+9FFF
		case c == 0xe3 && s[i+1] == 0x80 && s[i+2] <= 0xa9: // U+3000 to U+3029
		case c == 0xef && s[i+1] == 0xbc && s[i+2] >= 0x81: // U+FF01 to U+FF3F
		default:
			plain = false
		}
		if !plain {
			break
		}
		i += 3
	}
	if plain {
		return ""
	}
	switch {
	case !utf8.Valid(s):
		return "not valid UTF-8"
	case bytes.ContainsFunc(s, unicode.IsControl):
		return "a control character"
	case !norm.NFC.IsNormal(s):
		return "not in Unicode form NFC"
	}
	return ""
}

// The classes of bytes that the scanner tells apart.
const (
	isKey     = 1 << iota
	isControl // and DEL
	isHigh    // beyond ASCII
	isMark    // the quote and the backslash
)

var class = func() (c [256]byte) {
	for b := range c {
		switch {
		case b >= 'a' && b <= 'z', b >= '0' && b <= '9', b == '_':
			c[b] = isKey
		case b < 0x20, b == 0x7f:
			c[b] = isControl
		case b >= utf8.RuneSelf:
			c[b] = isHigh
		case b == '"', b == '\\':
			c[b] = isMark
		}
	}
	return c
}()

// scanner walks over the one canonical text (RFC 8785) of a leaf, without
// copying. The first fault stops it: everything after returns at once.
type scanner struct {
	text  []byte
	at    int
	fault string
}

// fail records the first fault at the current byte.
func (s *scanner) fail(format string, args ...any) {
	if s.fault == "" {
		s.fault = fmt.Sprintf("byte %d: "+format, append([]any{s.at}, args...)...)
	}
}

// next is the byte to come, 0 at the end and after a fault.
func (s *scanner) next() byte {
	if s.fault != "" || s.at >= len(s.text) {
		return 0
	}
	return s.text[s.at]
}

// want takes exactly these bytes.
func (s *scanner) want(literal string) {
	if s.fault != "" {
		return
	}
	if len(s.text)-s.at < len(literal) || string(s.text[s.at:s.at+len(literal)]) != literal {
		s.fail("want %s", literal)
		return
	}
	s.at += len(literal)
}

// has takes these bytes if they come next.
func (s *scanner) has(literal string) bool {
	if s.fault == "" && len(s.text)-s.at >= len(literal) && string(s.text[s.at:s.at+len(literal)]) == literal {
		s.at += len(literal)
		return true
	}
	return false
}

// quoted takes a string with its quotes and returns what stands between them, as
// written. Only the quote and the backslash are ever escaped.
func (s *scanner) quoted() []byte {
	s.want(`"`)
	if s.fault != "" {
		return nil
	}
	start, seen := s.at, byte(0)
	for ; s.at < len(s.text); s.at++ {
		c := class[s.text[s.at]]
		seen |= c
		if c&(isMark|isControl) == 0 {
			continue
		}
		switch b := s.text[s.at]; {
		case b == '"':
			between := s.text[start:s.at]
			if seen&isHigh != 0 {
				if why := highFault(between); why != "" {
					s.at = start
					s.fail("%s", why)
				}
			}
			s.at++
			return between
		case c&isControl != 0:
			s.fail("a control character")
			return nil
		case s.at+1 >= len(s.text) || class[s.text[s.at+1]]&isMark == 0:
			s.fail("an escape other than \\\" and \\\\")
			return nil
		}
		s.at++ // what was escaped
	}
	s.fail("the text ends inside a string")
	return nil
}

// value takes any value and returns its text.
func (s *scanner) value(depth int) []byte {
	start := s.at
	switch c := s.next(); {
	case c == '"':
		s.quoted()
	case (c == '{' || c == '[') && depth == MaxDepth:
		s.fail("nested deeper than %d", MaxDepth)
	case c == '{':
		s.object(depth + 1)
	case c == '[':
		s.at++
		for first := true; !s.has("]") && s.fault == ""; first = false {
			if !first {
				s.want(",")
			}
			s.value(depth + 1)
		}
	case s.has("true"), s.has("false"):
	case c == '-' || c >= '0' && c <= '9':
		s.fail("a number; it is written as a string")
	default:
		s.fail("want a string, true, false, an array or an object")
	}
	if s.fault != "" {
		return nil
	}
	return s.text[start:s.at]
}

// object takes an object whose keys ascend.
func (s *scanner) object(depth int) {
	s.want("{")
	var last []byte
	for first := true; !s.has("}") && s.fault == ""; first = false {
		if !first {
			s.want(",")
		}
		last = s.key(last)
		s.value(depth)
	}
}

// key takes a member's name and the colon. It must come after the last one.
func (s *scanner) key(last []byte) []byte {
	s.want(`"`)
	start := s.at
	for s.at < len(s.text) && class[s.text[s.at]]&isKey != 0 {
		s.at++
	}
	if s.fault != "" {
		return nil
	}
	name := s.text[start:s.at]
	s.want(`":`)
	switch {
	case len(name) == 0:
		s.fail("a key that is not [a-z0-9_]+")
	case last != nil && bytes.Compare(last, name) >= 0:
		s.fail("the key %s does not come after %s", name, last)
	}
	return name
}

// Members yields the members of an object in canonical text, which must have
// passed CutLeaf: names, and values as written.
func Members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		s := scanner{text: object}
		s.want("{")
		for !s.has("}") && s.fault == "" {
			s.has(",")
			if name, value := s.key(nil), s.value(1); s.fault != "" || !yield(name, value) {
				return
			}
		}
	}
}

// Elements yields the elements of an array in canonical text, as written.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		s := scanner{text: array}
		s.want("[")
		for !s.has("]") && s.fault == "" {
			s.has(",")
			if value := s.value(1); s.fault != "" || !yield(value) {
				return
			}
		}
	}
}

// Unquote is the string behind a value as written, false if it is no string.
func Unquote(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	return unescape(value[1 : len(value)-1]), true
}

// unescape turns what stands between quotes into the string it means.
func unescape(between []byte) string {
	if bytes.IndexByte(between, '\\') < 0 {
		return string(between)
	}
	b := make([]byte, 0, len(between))
	for i := 0; i < len(between); i++ {
		if between[i] == '\\' {
			i++
		}
		b = append(b, between[i])
	}
	return string(b)
}

// ParseSeq reads an entry's number: a decimal without sign or leading zeros that
// fits a bigint.
func ParseSeq(s string) (uint64, error) {
	n, ok := cutSeq([]byte(s))
	if !ok {
		return 0, fmt.Errorf("%.40q is not the number of an entry", s)
	}
	return n, nil
}

// cutSeq is ParseSeq for the hot path.
func cutSeq(s []byte) (n uint64, ok bool) {
	for i, d := range s {
		if d < '0' || d > '9' || i == 1 && s[0] == '0' || n > (MaxSize-uint64(d-'0'))/10 {
			return 0, false
		}
		n = n*10 + uint64(d-'0')
	}
	return n, len(s) > 0
}
