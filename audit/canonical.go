package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"yilu/audit/proof"
)

// Malformed says where in a submitted act which rule of the leaf format is
// broken. Path is a JSON Pointer (RFC 6901) into the act, "" for the whole.
type Malformed struct {
	Path   string
	Reason string
}

// Error names the place first, as whoever sent the act looks there first.
func (m *Malformed) Error() string {
	if m.Path == "" {
		return "malformed entry: " + m.Reason
	}
	return "malformed entry at " + m.Path + ": " + m.Reason
}

// Canonical returns the one text (RFC 8785) of a JSON value that a leaf may
// hold: strings, booleans, arrays and objects. Numbers and null are refused:
// RFC 8785 takes numbers through a floating-point type, where
// 9007199254740993 turns into another number. Keys are [a-z0-9_]+, so that
// byte order is the order of the standard; strings are in NFC and free of
// control characters, so that two texts that look alike are alike.
//
//	{ "b": "\u5f20三", "a": true }  →  {"a":true,"b":"张三"}
//
// Errors are of type *Malformed.
func Canonical(v []byte) ([]byte, error) {
	return appendCanonical(make([]byte, 0, len(v)), v, "")
}

// canonicaliser carries one walk over a JSON text. Members are appended in
// the order they come in and put in order when their object ends.
type canonicaliser struct {
	dec     *jsontext.Decoder
	out     []byte
	root    string
	members []member
	scratch []byte
}

// member is a "name":value in out that waits for the end of its object.
type member struct {
	name       string
	start, end int
}

// canonicalisers spares the decoder's buffers: a batch prepares thousands.
var canonicalisers = sync.Pool{New: func() any {
	return &canonicaliser{dec: jsontext.NewDecoder(bytes.NewReader(nil))}
}}

// appendCanonical appends the canonical form of v to dst. root is the path of
// v in the act, put before the path of any error.
func appendCanonical(dst, v []byte, root string) ([]byte, error) {
	c := canonicalisers.Get().(*canonicaliser)
	defer func() {
		c.out, c.members = nil, c.members[:0]
		canonicalisers.Put(c)
	}()
	c.dec.Reset(bytes.NewBuffer(v))
	c.out, c.root = dst, root
	if err := c.value(0); err != nil {
		return nil, err
	}
	if _, err := c.dec.ReadToken(); err != io.EOF {
		return nil, &Malformed{root, "more than one value"}
	}
	return c.out, nil
}

// value reads one value and appends it.
func (c *canonicaliser) value(depth int) error {
	tok, err := c.dec.ReadToken()
	if err != nil {
		return c.syntax(err)
	}
	switch tok.Kind() {
	case '"':
		return c.text(tok.String())
	case 't', 'f':
		c.out = strconv.AppendBool(c.out, tok.Bool())
		return nil
	case '{', '[':
		if depth == proof.MaxDepth {
			return c.malformed(fmt.Sprintf("nested deeper than %d", proof.MaxDepth))
		}
		if tok.Kind() == '{' {
			return c.object(depth + 1)
		}
		return c.array(depth + 1)
	case '0':
		return c.malformed("a number; write it as a string")
	default:
		return c.malformed("null; leave the member out")
	}
}

// text appends a string after the checks every string has to pass.
func (c *canonicaliser) text(s string) error {
	if reason := proof.TextFault(s); reason != "" {
		return c.malformed(reason)
	}
	c.out = appendText(c.out, s)
	return nil
}

// array appends the elements up to the closing bracket.
func (c *canonicaliser) array(depth int) error {
	c.out = append(c.out, '[')
	for i := 0; c.dec.PeekKind() != ']'; i++ {
		if i > 0 {
			c.out = append(c.out, ',')
		}
		if err := c.value(depth); err != nil {
			return err
		}
	}
	if _, err := c.dec.ReadToken(); err != nil {
		return c.syntax(err)
	}
	c.out = append(c.out, ']')
	return nil
}

// object appends the members up to the closing brace, in key order.
func (c *canonicaliser) object(depth int) error {
	c.out = append(c.out, '{')
	first := len(c.members)
	for c.dec.PeekKind() != '}' {
		tok, err := c.dec.ReadToken()
		if err != nil {
			return c.syntax(err)
		}
		name := tok.String()
		if !proof.IsKey(name) {
			return c.malformed("a key that is not [a-z0-9_]+")
		}
		start := len(c.out)
		c.out = append(append(append(c.out, '"'), name...), '"', ':')
		if err := c.value(depth); err != nil {
			return err
		}
		c.members = append(c.members, member{name, start, len(c.out)})
		c.out = append(c.out, ',')
	}
	if _, err := c.dec.ReadToken(); err != nil {
		return c.syntax(err)
	}
	c.order(c.members[first:])
	c.members = c.members[:first]
	if last := len(c.out) - 1; c.out[last] == ',' {
		c.out = c.out[:last]
	}
	c.out = append(c.out, '}')
	return nil
}

// order rewrites the members at the end of out in the order of their names.
// Keys are ASCII, for which byte order equals RFC 8785's order by UTF-16.
func (c *canonicaliser) order(members []member) {
	byName := func(a, b member) int { return strings.Compare(a.name, b.name) }
	if len(members) == 0 || slices.IsSortedFunc(members, byName) {
		return
	}
	start := members[0].start
	slices.SortFunc(members, byName)
	c.scratch = c.scratch[:0]
	for _, m := range members {
		c.scratch = append(append(c.scratch, c.out[m.start:m.end]...), ',')
	}
	c.out = append(c.out[:start], c.scratch...)
}

// malformed places a broken rule at the value being read.
func (c *canonicaliser) malformed(reason string) error {
	return &Malformed{c.root + string(c.dec.StackPointer()), reason}
}

// syntax turns the decoder's error, which names the place, into ours.
func (c *canonicaliser) syntax(err error) error {
	var bad *jsontext.SyntacticError
	if !errors.As(err, &bad) {
		return &Malformed{c.root + string(c.dec.StackPointer()), "the text ends too early"}
	}
	return &Malformed{c.root + string(bad.JSONPointer), bad.Err.Error()}
}

// appendText quotes a string that proof.TextFault has passed: without control
// characters only the quote and the backslash are ever escaped.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}
