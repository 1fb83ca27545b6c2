package ocds

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"

	"yilu/ledger"
)

// Broken is a file that ends too early or is no JSON, so that nothing can be
// said about what follows. Nothing of it is entered.
type Broken struct {
	// Offset is the byte of the unpacked text at which reading ended.
	Offset int64
	Err    error
}

func (e *Broken) Error() string { return fmt.Sprintf("byte %d: %v", e.Offset, e.Err) }

func (e *Broken) Unwrap() error { return e.Err }

// maxRelease is the most bytes of one release, or of a record without its
// releases. Real ones stay below a tenth of it.
const maxRelease = 32 << 20

var errRelease = fmt.Errorf("one release or line has more than %d bytes", maxRelease)

// budget is a reader that may be read so far between two releases: it bounds
// what the decoder holds.
type budget struct {
	r    io.Reader
	left int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errRelease
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}

// piece is one release as it stands in the file.
type piece struct {
	process  string
	compiled bool
	raw      []byte
}

// walker finds the releases in a file, whatever holds them: an array, a package,
// a record, lines.
type walker struct {
	ctx    context.Context
	dec    *jsontext.Decoder
	budget *budget
	emit   func(piece) error
	report func(Report) error
	// decoded says that the file came in another encoding than UTF-8, so that � stands
	// already for what could not be read.
	decoded bool
	// publishers and licences are as packages name them, sorted.
	publishers, licences []string
}

// firstLook is how much is read to tell lines from other JSON.
const firstLook = 1 << 20

// unpacked undoes gzip, and UTF-16 and UTF-32 with or without the mark of their byte order.
func unpacked(r io.Reader) (text io.Reader, decoded bool, err error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, _ := b.Peek(4)
	if bytes.Equal(head, []byte("PK\x03\x04")) {
		return nil, false, &Broken{0, errors.New("this is a ZIP archive: unpack it, and import the files in it")}
	}
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, false, &Broken{0, err}
		}
		b = bufio.NewReaderSize(z, 64<<10)
		head, _ = b.Peek(4) // an error comes again with the next read
	}
	return transform.NewReader(b, encodingOf(head)), bytes.IndexByte(head, 0) >= 0, nil
}

// encodingOf is how a text that begins so is read. What has no mark is told by its zeros: JSON
// begins with characters of ASCII, which in UTF-16 have one beside them, in UTF-32 three.
func encodingOf(head []byte) transform.Transformer {
	little, big := utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	if len(head) == 4 {
		switch zero := [4]bool{head[0] == 0, head[1] == 0, head[2] == 0, head[3] == 0}; zero {
		case [4]bool{false, true, true, true}:
			return little.NewDecoder()
		case [4]bool{true, true, true, false}:
			return big.NewDecoder()
		case [4]bool{false, false, true, true}: // FF FE is UTF-16's mark as well, but no text begins with NUL
			if bytes.Equal(head[:2], []byte{0xff, 0xfe}) {
				return little.NewDecoder()
			}
		case [4]bool{true, true, false, false}:
			if bytes.Equal(head[2:], []byte{0xfe, 0xff}) {
				return big.NewDecoder()
			}
		case [4]bool{false, true, false, true}:
			return unicode.BOMOverride(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder())
		case [4]bool{true, false, true, false}:
			return unicode.BOMOverride(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder())
		}
	}
	return unicode.BOMOverride(transform.Nop)
}

// walk reads a whole file.
func (w *walker) walk(r io.Reader) error {
	r, decoded, err := unpacked(r)
	if err != nil {
		return err
	}
	w.decoded = decoded
	b := bufio.NewReaderSize(r, firstLook)
	head, err := b.Peek(firstLook)
	if err != nil && err != io.EOF {
		return &Broken{int64(len(head)), err}
	}
	if isWindows(head[:max(0, len(head)-utf8.UTFMax)]) { // the last character may be cut
		if err := w.report(Report{"", ledger.Finding{Code: "charset_other"}}); err != nil {
			return err
		}
		b = bufio.NewReaderSize(transform.NewReader(b, charmap.Windows1252.NewDecoder()), firstLook)
		if head, err = b.Peek(firstLook); err != nil && err != io.EOF {
			return &Broken{int64(len(head)), err}
		}
	}
	if isLines(head) {
		return w.lines(b)
	}
	return w.values(b)
}

// values reads the values of a file that stand anyhow.
func (w *walker) values(r io.Reader) error {
	m := &mender{r: r}
	w.budget = &budget{m, maxRelease}
	w.dec = jsontext.NewDecoder(w.budget, lenient...)
	for {
		if w.dec.PeekKind() == 0 {
			if _, err := w.dec.ReadToken(); err == io.EOF {
				break
			}
		}
		if err := w.value(0, nil); err != nil {
			return w.broken(err)
		}
	}
	if m.places == 0 {
		return nil
	}
	return w.report(mendedAt("byte "+strconv.FormatInt(m.first, 10), m.places))
}

// mendedAt says where a text was mended first, and in how many places.
func mendedAt(path string, places int) Report {
	return Report{"", ledger.Finding{Code: "json_mended", Path: path, Found: strconv.Itoa(places)}}
}

// broken tells a fault of the file from one of ours, which the report, the emit
// or the context made.
func (w *walker) broken(err error) error {
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	if ok || errors.Is(err, errRelease) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || isCorrupt(err) {
		offset := w.dec.InputOffset()
		if ok {
			offset = syntax.ByteOffset
		}
		return &Broken{offset, err}
	}
	return err
}

func isCorrupt(err error) bool { return strings.Contains(err.Error(), "flate: corrupt input") }

// isLines says whether a text is JSON lines: its first line is a whole value and not
// the only line. Where the first line is broken, one of the next is a whole object; a
// package that stands on many lines, maybe with one object on each, is not broken.
func isLines(head []byte) bool {
	lines := bytes.SplitN(head, []byte("\n"), 5)
	if len(lines) < 2 || len(bytes.TrimSpace(bytes.Join(lines[1:], nil))) == 0 {
		return false
	}
	for text, again := head, false; ; again = true {
		first := jsontext.NewDecoder(bytes.NewReader(text), lenient...)
		switch err := first.SkipValue(); {
		case err == nil:
			line, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte("\n"))
			line = bytes.TrimSuffix(bytes.TrimSpace(line), []byte(",")) // the lines of a list, without its brackets
			return len(bytes.TrimSpace(line)) == len(bytes.TrimSpace(text[:first.InputOffset()]))
		case errors.Is(err, io.ErrUnexpectedEOF): // what there is of it is right
			return false
		}
		if again {
			break
		}
		text, _ = mended(head)
	}
	return slices.ContainsFunc(lines[:len(lines)-1], func(line []byte) bool {
		line = bytes.TrimSpace(line)
		return len(line) > 2 && line[0] == '{' && jsontext.Value(line).IsValid(lenient...)
	})
}

// lines reads one value a line. A bad line costs that line only.
func (w *walker) lines(b *bufio.Reader) error {
	var line []byte
	w.dec = jsontext.NewDecoder(bytes.NewReader(nil), lenient...)
	var offset int64
	for n := 1; ; n++ {
		line = line[:0]
		var err error
		for {
			var part []byte
			part, err = b.ReadSlice('\n')
			if line = append(line, part...); err != bufio.ErrBufferFull {
				break
			}
			if len(line) > maxRelease {
				return &Broken{offset, errRelease}
			}
		}
		if err != nil && err != io.EOF {
			return &Broken{offset + int64(len(line)), err}
		}
		offset += int64(len(line))
		if bad := w.line(n, line); bad != nil {
			if _, ours := errors.AsType[*Broken](w.broken(bad)); !ours {
				return bad
			}
			if err := w.report(Report{"", ledger.Finding{Code: "bad_json", Path: "line " + strconv.Itoa(n), Found: shown(string(line[:min(len(line), 80)]), 80)}}); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// line reads one line, of which nothing is taken if it is bad.
func (w *walker) line(n int, line []byte) error {
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return nil
	}
	if !jsontext.Value(line).IsValid(lenient...) {
		if whole, places := mended(line); places > 0 && jsontext.Value(whole).IsValid(lenient...) {
			if err := w.report(mendedAt("line "+strconv.Itoa(n), places)); err != nil {
				return err
			}
			line = whole
		}
	}
	if v := jsontext.Value(line); !v.IsValid(lenient...) {
		w.dec.Reset(bytes.NewReader(line), lenient...)
		_, err := w.dec.ReadValue()
		if err == nil {
			_, err = w.dec.ReadValue()
		}
		if _, ok := errors.AsType[*jsontext.SyntacticError](err); !ok {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	w.dec.Reset(bytes.NewReader(line), lenient...)
	return w.value(0, nil)
}

// holder is an object that holds releases or is one.
type holder struct {
	names   []string
	members map[string]jsontext.Value
	holds   bool
	// inside is the member that is being read.
	inside string
	// links counts releases that are only linked to, taken those that were read.
	links, taken int
	up           *holder
}

// maxNesting bounds packages in packages.
const maxNesting = 6

// value reads one value that may hold releases.
func (w *walker) value(depth int, up *holder) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	switch kind := w.dec.PeekKind(); {
	case kind == '[' && depth < maxNesting:
		if _, err := w.dec.ReadToken(); err != nil {
			return err
		}
		for w.dec.PeekKind() != ']' {
			if err := w.value(depth+1, up); err != nil {
				return err
			}
			w.refill()
		}
		_, err := w.dec.ReadToken()
		return err
	case kind == '{' && depth < maxNesting:
		return w.object(depth, up)
	}
	kind := w.dec.PeekKind()
	v, err := w.dec.ReadValue()
	if err != nil || kind == '"' && up != nil && up.inside == "packages" { // where its releases were published
		return err
	}
	return w.report(Report{"", ledger.Finding{Code: "not_a_release", Path: "byte " + strconv.FormatInt(w.dec.InputOffset(), 10), Found: shown(string(v[:min(len(v), 80)]), 80)}})
}

// refill lets the next release be read.
func (w *walker) refill() {
	if w.budget != nil {
		w.budget.left = maxRelease
	}
}

func (w *walker) object(depth int, up *holder) error {
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	h := &holder{members: map[string]jsontext.Value{}, up: up}
	for w.dec.PeekKind() != '}' {
		t, err := w.dec.ReadToken()
		if err != nil {
			return err
		}
		name := t.String()
		if h.mayHold(name, w.dec.PeekKind()) {
			h.holds, h.inside = true, name
			if err := w.value(depth+1, h); err != nil {
				return err
			}
			continue
		}
		v, err := w.dec.ReadValue()
		if err != nil {
			return err
		}
		h.names = append(h.names, name)
		h.members[name] = v.Clone()
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	return w.finish(h)
}

// wrappers are the members in which the answers of APIs hold releases, records or
// packages.
var wrappers = []string{"data", "results", "release", "record", "packages", "releasePackage", "recordPackage"}

// mayHold says whether a member of the object holds releases: of what has an ocid only
// the lists of the standard do.
func (h *holder) mayHold(name string, kind jsontext.Kind) bool {
	if (name == "releases" || name == "records") && kind == '[' {
		return true
	}
	return (kind == '[' || kind == '{') && h.members["ocid"] == nil && slices.Contains(wrappers, name)
}

// finish takes from an object what it is.
func (w *walker) finish(h *holder) error {
	w.names(h)
	compiled, versioned := h.members["compiledRelease"], h.members["versionedRelease"]
	if h.links > 0 && compiled.Kind() != '{' && versioned.Kind() != '{' { // else they are in it
		if err := w.report(Report{h.ocid(), ledger.Finding{Code: "linked_release", Found: strconv.Itoa(h.links)}}); err != nil {
			return err
		}
	}
	switch {
	case compiled.Kind() == '{':
		inner := &holder{members: membersOf(compiled), up: h}
		return w.take(inner, true, compiled)
	case versioned.Kind() == '{' && h.taken == 0:
		return w.takeVersioned(h, versioned)
	case h.holds:
		return nil
	case h.has("url") && !h.has("tender", "awards", "contracts", "bids", "parties", "planning", "buyer"):
		if h.up != nil {
			h.up.links++
			return nil
		}
		return w.report(Report{h.ocid(), ledger.Finding{Code: "linked_release", Found: "1"}})
	case h.has("ocid", "tender", "awards", "contracts", "bids"):
		return w.take(h, strings.Contains(string(h.members["tag"]), `"compiled"`), h.raw())
	}
	return w.report(Report{"", ledger.Finding{Code: "not_a_release", Path: "byte " + strconv.FormatInt(w.dec.InputOffset(), 10), Found: shown(strings.Join(h.names, " "), 80)}})
}

func (h *holder) has(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return h.members[name] != nil && h.members[name].Kind() != 'n' })
}

// ocid is that of the object, or of the record that holds it.
func (h *holder) ocid() string {
	for ; h != nil; h = h.up {
		if s := scalar(h.members["ocid"]); s != "" {
			return s
		}
	}
	return ""
}

// raw is the object as it was, its members in their order.
func (h *holder) raw() []byte {
	out := []byte{'{'}
	for i, name := range h.names {
		if i > 0 {
			out = append(out, ',')
		}
		out, _ = jsontext.AppendQuote(out, strings.ToValidUTF8(name, "�"))
		out = append(append(out, ':'), h.members[name]...)
	}
	return append(out, '}')
}

// scalar is a text or number as a text of one line.
func scalar(v jsontext.Value) string {
	switch v.Kind() {
	case '"':
		s, err := jsontext.AppendUnquote(nil, v)
		if err != nil && len(s) == 0 {
			return ""
		}
		return plain(string(s))
	case '0':
		return string(v)
	}
	return ""
}

// membersOf are the members of an object that stand for it.
func membersOf(raw jsontext.Value) map[string]jsontext.Value {
	out := map[string]jsontext.Value{}
	dec := jsontext.NewDecoder(bytes.NewReader(raw), lenient...)
	if _, err := dec.ReadToken(); err != nil {
		return out
	}
	for dec.PeekKind() == '"' {
		t, err := dec.ReadToken()
		if err != nil {
			return out
		}
		name := t.String()
		v, err := dec.ReadValue()
		if err != nil {
			return out
		}
		if name == "ocid" || name == "id" {
			out[name] = v.Clone()
		}
	}
	return out
}

// take emits a release under its process, or under what can stand for that.
func (w *walker) take(h *holder, compiled bool, raw []byte) error {
	ocid := h.ocid()
	if ocid == "" {
		id := scalar(h.members["id"])
		if id == "" {
			id = hashed(string(raw))
		}
		ocid = made + id
		if err := w.report(Report{ocid, ledger.Finding{Code: "ocid_missing", Made: shown(ocid, 80)}}); err != nil {
			return err
		}
	}
	if !utf8.Valid(raw) || w.decoded && bytes.ContainsRune(raw, utf8.RuneError) {
		if err := w.report(Report{shown(ocid, 200), ledger.Finding{Code: "charset_broken"}}); err != nil {
			return err
		}
	}
	if w.refill(); h.up != nil {
		h.up.taken++
	}
	return w.emit(piece{ocid, compiled, raw})
}

// maxNames is how many publishers and licences of a file are remembered.
const maxNames = 20

// names remembers who published and under which licence.
func (w *walker) names(h *holder) {
	for _, v := range []jsontext.Value{h.members["publisher"], h.members["packageInfo"]} {
		if v.Kind() != '{' {
			continue
		}
		tree, err := parse(v, newNotes(Options{}))
		if err != nil {
			continue
		}
		for _, name := range []string{str(tree, "name"), str(tree, "publisher", "name")} {
			w.publishers = remember(w.publishers, name)
		}
	}
	w.licences = remember(w.licences, scalar(h.members["license"]))
}

func remember(list []string, name string) []string {
	name = shown(name, 200)
	if at, found := slices.BinarySearch(list, name); !found && name != "" && len(list) < maxNames {
		return slices.Insert(list, at, name)
	}
	return list
}
