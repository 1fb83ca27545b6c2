package ocds

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"unicode/utf8"
)

// mender passes a text on and makes JSON of what programs write that is none: control
// characters in strings, nulls, the separators of JSON sequences and commas between whole
// texts become blanks, NaN and Infinity null, and numbers with zeros in front texts; a comma
// behind the last of a list or object is left out. What is JSON is passed on as it is.
type mender struct {
	r io.Reader
	// places is how often something was mended, first the byte of the first.
	places      int
	first, read int64

	// out is what is mended, of which sent bytes are passed on.
	in, out  []byte
	sent     int
	err      error
	inString bool
	escaped  bool
	// word is what was read of one, until it is too long for what is mended.
	word []byte
	long bool
	// depth is how many lists and objects are open, held a comma with the blanks behind it
	// until it is known whether something follows, last what stood before it.
	depth int
	held  []byte
	last  byte
}

// mended is a whole text mended, and in how many places.
func mended(text []byte) ([]byte, int) {
	m := &mender{}
	m.mend(text)
	m.end()
	return m.out, m.places
}

func (m *mender) Read(p []byte) (int, error) {
	if m.in == nil {
		m.in = make([]byte, 64<<10)
	}
	for m.sent == len(m.out) && m.err == nil {
		n, err := m.r.Read(m.in)
		m.out, m.sent = m.out[:0], 0
		m.mend(m.in[:n])
		if m.err = err; err != nil {
			m.end()
		}
	}
	n := copy(p, m.out[m.sent:])
	if m.sent += n; m.sent < len(m.out) {
		return n, nil
	}
	return n, m.err
}

// mend takes the next piece of the text.
func (m *mender) mend(text []byte) {
	for len(text) > 0 {
		n := 1
		switch {
		case m.inString:
			n = m.inside(text)
		case isWord(text[0]):
			m.release()
			m.last = text[0]
			m.inWord(text[0])
		default:
			m.endWord()
			m.between(text[0])
		}
		m.read += int64(n)
		text = text[n:]
	}
}

// inside takes so much of a string as needs no look, or the one byte that does.
func (m *mender) inside(text []byte) int {
	if !m.escaped {
		n := 0
		for n < len(text) && text[n] != '"' && text[n] != '\\' && text[n] >= ' ' {
			n++
		}
		if n > 0 {
			m.out = append(m.out, text[:n]...)
			return n
		}
	}
	c := text[0]
	switch {
	case c < ' ':
		c = ' '
		m.note()
	case m.escaped:
	case c == '\\':
		m.escaped = true
		m.out = append(m.out, c)
		return 1
	case c == '"':
		m.inString = false
	}
	m.escaped = false
	m.out = append(m.out, c)
	return 1
}

// separator stands before each text of a sequence of JSON texts (RFC 7464).
const separator = 0x1e

// maxHeld is how many blanks behind a comma are waited for.
const maxHeld = 4 << 10

// between takes a byte that is neither of a string nor of a word.
func (m *mender) between(c byte) {
	switch c {
	case 0, separator:
		m.note()
		c = ' '
	case ',':
		if m.depth == 0 {
			m.note()
			c = ' '
		}
	}
	switch c {
	case ' ', '\t', '\r', '\n':
		if len(m.held) > 0 && len(m.held) < maxHeld {
			m.held = append(m.held, c)
			return
		}
		m.release()
		m.out = append(m.out, c)
		return
	case ']', '}':
		if len(m.held) > 0 && m.last != '[' && m.last != '{' && m.last != ',' && m.last != ':' {
			m.read -= int64(len(m.held)) // where the comma stands
			m.note()
			m.read += int64(len(m.held))
			m.held[0] = ' '
		}
		m.depth = max(0, m.depth-1)
	case '[', '{':
		m.depth++
	}
	m.release()
	if c == ',' {
		m.held = append(m.held, c)
		return
	}
	m.last, m.inString = c, c == '"'
	m.out = append(m.out, c)
}

// release passes on a comma that was held.
func (m *mender) release() {
	if len(m.held) > 0 {
		m.last = ','
		m.out = append(m.out, m.held...)
		m.held = m.held[:0]
	}
}

// end passes on what was held at the end of the text.
func (m *mender) end() {
	m.endWord()
	m.release()
}

func (m *mender) note() {
	if m.places++; m.places == 1 {
		m.first = m.read - int64(len(m.word))
	}
}

// maxWord is the longest word that is looked at.
const maxWord = 100

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}

// noNumbers are what programs write where there is no number.
var noNumbers = []string{"NaN", "-NaN", "nan", "Infinity", "-Infinity", "undefined"}

// zerosInFront is a number that JSON does not know.
var zerosInFront = regexp.MustCompile(`^-?0[0-9]+(\.[0-9]+)?$`)

// inWord takes a byte of a number or name.
func (m *mender) inWord(c byte) {
	if m.word = append(m.word, c); m.long || len(m.word) > maxWord {
		m.out, m.word, m.long = append(m.out, m.word...), m.word[:0], true
	}
}

// endWord passes on a number or name.
func (m *mender) endWord() {
	if m.long = false; len(m.word) == 0 {
		return
	}
	switch {
	case slices.Contains(noNumbers, string(m.word)):
		m.note()
		m.out = append(m.out, "null"...)
	case m.word[0] <= '9' && zerosInFront.Match(m.word):
		m.note()
		m.out = append(append(append(m.out, '"'), m.word...), '"')
	default:
		m.out = append(m.out, m.word...)
	}
	m.word = m.word[:0]
}

// isWindows says whether a text that begins so is not in UTF-8 but in the encoding of
// Western Windows, Windows-1252: no character of UTF-8 in it, and most of its other bytes
// letters of that encoding beside plain ones, as in "contrataci\xf3n".
func isWindows(head []byte) bool {
	letters, beside := 0, 0
	for i := 0; i < len(head); i++ {
		c := head[i]
		if c < utf8.RuneSelf {
			continue
		}
		if r, size := utf8.DecodeRune(head[i:]); r != utf8.RuneError || size > 1 {
			return false
		}
		switch {
		case bytes.IndexByte([]byte{0x81, 0x8d, 0x8f, 0x90, 0x9d, 0xd7, 0xf7, 0xfe, 0xff}, c) >= 0:
			return false
		case c >= 0xc0:
			letters++
			if i > 0 && isLetter(head[i-1]) || i+1 < len(head) && isLetter(head[i+1]) {
				beside++
			}
		}
	}
	return letters > 0 && beside*2 > letters
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
