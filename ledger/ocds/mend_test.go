package ocds

import (
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"
)

// TestMended: what is mended, and what is passed on as it is.
func TestMended(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want string
		places     int
	}{
		{`{"a":[1,-2.5e+3,true,null,"x\\",{}]}`, "", 0},
		{`{"a":"NaN \"007\" \\"}`, "", 0},
		{`[NaN, -Infinity ,nan]`, `[null, null ,null]`, 3},
		{`[007,-01.50,0,0.5,10,0e1]`, `["007","-01.50",0,0.5,10,0e1]`, 2},
		{"[\"a\nb\tc\x00\"]\x00", `["a b c "] `, 4},
		{"[\"a\\\"\nb\"]", `["a\" b"]`, 1},
		{`NaN`, `null`, 1},
		{`[1,2,]`, `[1,2 ]`, 1},
		{`{"a":[{"b":1 , },"x",` + "\n\t" + `],}`, `{"a":[{"b":1   },"x" ` + "\n\t" + `] }`, 3},
		{`[NaN,]`, `[null ]`, 2},
		{`{"a":",]"}, {"a":1},`, `{"a":",]"}  {"a":1} `, 2},
		{`[,]`, "", 0}, {`[1,,]`, "", 0}, {`{"a":,}`, "", 0}, {`[1,`, "", 0}, {`]]`, "", 0},
		{"[1," + strings.Repeat(" ", maxHeld) + "]", "", 0}, // it is no JSON, and said to be none
		{"[" + strings.Repeat("0", 300) + "]", "", 0},
		{"[1" + strings.Repeat("0", 300) + "," + strings.Repeat("x", 101) + "]", "", 0},
		{"\n\r\t[] {}", "", 0},
	} {
		if c.want == "" {
			c.want = c.text
		}
		if got, places := mended([]byte(c.text)); string(got) != c.want || places != c.places {
			t.Errorf("%q becomes %q with %d places, want %q with %d", c.text, got, places, c.want, c.places)
		}
		got, err := io.ReadAll(&mender{r: iotest.OneByteReader(strings.NewReader(c.text))})
		if err != nil || string(got) != c.want {
			t.Errorf("%q becomes %q byte by byte, %v", c.text, got, err)
		}
	}
}

// TestMendedLeavesJSON: real data pass through unchanged, in pieces of any size.
func TestMendedLeavesJSON(t *testing.T) {
	t.Parallel()
	text := strings.Join(excerpt(t), "\n")
	random := rand.New(rand.NewPCG(1, 2))
	m := &mender{}
	for rest := text; rest != ""; {
		n := min(len(rest), 1+random.IntN(1000))
		m.mend([]byte(rest[:n]))
		rest = rest[n:]
	}
	if m.end(); string(m.out) != text || m.places > 0 {
		t.Errorf("changed in %d places", m.places)
	}
}

// TestMenderPassesErrors: what was read before an error comes first.
func TestMenderPassesErrors(t *testing.T) {
	t.Parallel()
	got, err := io.ReadAll(&mender{r: iotest.TimeoutReader(iotest.HalfReader(strings.NewReader(strings.Repeat("[12345]", 40_000))))})
	if err != iotest.ErrTimeout || len(got) == 0 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestWindows1252 is told from UTF-8 with a byte that is none, and from other alphabets.
func TestWindows1252(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"contrataci\xf3n": true, "\xc9cole \x96 caf\xe9": true, "\xa3 12 na\xefve": true,
		"road": false, "caf\u00e9": false, "caf\u00e9 caf\xe9": false, "Ro\xffad": false, "\xa3 12": false,
		"\xc4\xee\xf0\xee\xe3\xe0": false, "\xf3": false,
	} {
		if got := isWindows([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	ps, _ := read(t, "{\"ocid\":\"o\",\"date\":\"2020-01-01T00:00:00Z\",\"tender\":{\"title\":\"Contrataci\xf3n \x96 \x80\"}}", Options{})
	if got := entries(t, ps); !strings.Contains(got, `"name":"Contratación – €"`) {
		t.Error(got)
	}
}

// FuzzMended: what is JSON stays as it is.
func FuzzMended(f *testing.F) {
	f.Add([]byte(clean))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, places := mended(text)
		if jsontext.Value(text).IsValid(lenient...) && (places > 0 || string(got) != string(text)) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
