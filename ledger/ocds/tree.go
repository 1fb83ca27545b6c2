package ocds

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A release is held as a tree of map[string]any, []any, string, number, bool
// and nil, since what stands where is not known before it is read.

// number is a JSON number as written: it never passes through floating point.
type number string

// lenient is how publishers' JSON is read.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// maxDepth bounds the nesting of a release; real ones stay below 15.
const maxDepth = 60

var errTooDeep = errors.New("nested too deep")

// parse reads one JSON value into a tree, and notes members that are given twice.
func parse(raw []byte, n *notes) (any, error) {
	p := &parser{jsontext.NewDecoder(bytes.NewReader(raw), lenient...), n}
	return p.value(0)
}

type parser struct {
	dec   *jsontext.Decoder
	notes *notes
}

func (p *parser) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	t, err := p.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case '{':
		return p.object(depth)
	case '[':
		list := []any{}
		for p.dec.PeekKind() != ']' {
			v, err := p.value(depth + 1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := p.dec.ReadToken()
		return list, err
	case '"':
		return t.String(), nil
	case '0':
		return number(t.String()), nil
	case 't', 'f':
		return t.Bool(), nil
	}
	return nil, nil
}

func (p *parser) object(depth int) (any, error) {
	o := map[string]any{}
	for p.dec.PeekKind() != '}' {
		t, err := p.dec.ReadToken()
		if err != nil {
			return nil, err
		}
		name := t.String()
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if old, twice := o[name]; twice && text(old) != text(v) {
			p.notes.add("member_repeated", string(p.dec.StackPointer()), short(old), short(v))
		}
		o[name] = v
	}
	_, err := p.dec.ReadToken()
	return o, err
}

// text is a tree in one form, whatever the order of its members.
func text(v any) string {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic("ocds: a tree that is none: " + err.Error())
	}
	return string(b)
}

// short shows a value in a finding.
func short(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case number:
		return string(x)
	case bool:
		return strconv.FormatBool(x)
	case nil:
		return "null"
	case []any:
		return "[" + strconv.Itoa(len(x)) + "]"
	}
	return "{…}"
}

// at follows names into objects, nil where there is nothing.
func at(v any, names ...string) any {
	for _, name := range names {
		o, _ := v.(map[string]any)
		v = o[name]
	}
	return v
}

// str is the text at some names, "" if there is none.
func str(v any, names ...string) string {
	s, _ := at(v, names...).(string)
	return s
}

// hashed is a short digest of a text, for what needs a name.
func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:12])
}
