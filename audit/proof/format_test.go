package proof

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The golden vectors of the audit-log handbook, §2.
const (
	goldenOrigin    = "fund.example.gov.cn/411025"
	goldenVKey      = "fund.example.gov.cn/411025+e9217332+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
	goldenSignature = "6SFzMtiPRhNIrpFEWXpz86imHNTmQSng2nD+Jw7Y/gBUABQ0ynM5swfw8Xr5Y97QQotRSr7z8QBw0H3RPpNRfV86Xgo="
	goldenLeaf      = `{"at":"2020-03-18T01:00:00.000000Z","body":{"amount":"1234.56","fund":"F1","project":"P1"},"book":"411025","by":{"role":"payer","unit":"411025-CZ","user":"u17"},"id":"PAY-1","kind":"payment.paid","on":"2020-03-18","sealed":{"payee_name":"VDXJAYH73VdUe3voOCzADZsrcMpu1hYX8WDe+O6ErTg="},"seq":"0","sm3":"0EYgioqY+EC/sumEiVZfzT2yL+hoAfuo/Jwg29LJORE=","v":"1"}`
	goldenRoot      = "4dEcg6gZ4pbODD6/2gidGYkqj2LrO0WyHlxuCDFeaFI="
)

// goldenSeed is 00 01 … 1f.
func goldenSeed() []byte {
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = byte(i)
	}
	return seed
}

// goldenSigner signs with the vectors' key.
func goldenSigner(t testing.TB) note.Signer {
	t.Helper()
	text := base64.StdEncoding.EncodeToString(append([]byte{1}, goldenSeed()...))
	s, err := note.NewSigner("PRIVATE+KEY+" + goldenOrigin + "+e9217332+" + text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// witness makes a witness with a key of its own: its signer and its vkey.
func witness(t testing.TB, name string) (note.Signer, string) {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	key := ed25519.NewKeyFromSeed(seed[:])
	vkey, err := note.NewEd25519VerifierKey(name, key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(vkey, "+", 3)
	s, err := cosignature.NewSignerForCosignatureV1("PRIVATE+KEY+" + name + "+" + parts[1] + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, seed[:]...)))
	if err != nil {
		t.Fatal(err)
	}
	vkey, err = cosignature.VKeyToCosignatureV1(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return s, vkey
}

// sign makes a signed checkpoint.
func sign(t testing.TB, c Checkpoint, signers ...note.Signer) []byte {
	t.Helper()
	signed, err := note.Sign(&note.Note{Text: c.Text()}, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// policy parses a policy that is known to be good.
func policy(t testing.TB, lines ...string) *Policy {
	t.Helper()
	p, err := ParsePolicy([]byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGoldenCheckpoint(t *testing.T) {
	var edge Edge
	for i, leaf := range []string{goldenLeaf, "a", "b"} {
		edge, _ = edge.Append(uint64(i), LeafHash([]byte(leaf)))
	}
	c := Checkpoint{goldenOrigin, 3, edge.Root()}
	if want := goldenOrigin + "\n3\n" + goldenRoot + "\n"; c.Text() != want {
		t.Errorf("got %q, want %q", c.Text(), want)
	}
	first := Checkpoint{goldenOrigin, 1, LeafHash([]byte(goldenLeaf))}
	signed := sign(t, first, goldenSigner(t))
	if want := first.Text() + "\n— " + goldenOrigin + " " + goldenSignature + "\n"; string(signed) != want {
		t.Errorf("got %q, want %q", signed, want)
	}
	s, err := policy(t, "log "+goldenVKey, "quorum none").Open(signed)
	if err != nil || s.Checkpoint != first || len(s.Logs) != 1 || s.Logs[0].Key != goldenVKey {
		t.Errorf("opened as %+v, %v", s, err)
	}
	if empty := (Checkpoint{goldenOrigin, 0, Edge(nil).Root()}).Text(); !strings.HasSuffix(empty, "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n") {
		t.Errorf("the empty tree is %q", empty)
	}
}

func TestParseCheckpointRefuses(t *testing.T) {
	good := goldenOrigin + "\n3\n" + goldenRoot + "\n"
	if _, err := ParseCheckpoint(good); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ text, want string }{
		{"", "0 lines"},
		{good[:len(good)-1], "2 lines"},
		{good + "extension\n", "4 lines"},
		{good + "\n", "4 lines"},
		{strings.Replace(good, "fund.", "fu nd.", 1), "line 1"},
		{strings.Replace(good, "fund.", "fu+nd.", 1), "line 1"},
		{strings.Replace(good, "fund.", "fu\xffnd.", 1), "line 1"},
		{strings.Replace(good, goldenOrigin, "", 1), "line 1"},
		{strings.Replace(good, "\n3\n", "\n03\n", 1), "line 2"},
		{strings.Replace(good, "\n3\n", "\n+3\n", 1), "line 2"},
		{strings.Replace(good, "\n3\n", "\n3\r\n", 1), "line 2"},
		{strings.Replace(good, "\n3\n", "\n9223372036854775808\n", 1), "line 2"},
		{strings.Replace(good, "\n3\n", "\n0\n", 1), "line 3"},
		{strings.Replace(good, "aFI=", "aFJ=", 1), "line 3"}, // bits that base64 drops
		{strings.Replace(good, "aFI=", "aFI=\r", 1), "line 3"},
		{strings.Replace(good, "aFI=", "aA==", 1), "line 3"},
	} {
		if _, err := ParseCheckpoint(tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %q", tc.text, err, tc.want)
		}
	}
}

func TestTilePaths(t *testing.T) {
	for _, tc := range []struct {
		tile tlog.Tile
		path string
	}{
		{tlog.Tile{H: 8, L: 0, N: 1234067, W: 256}, "tile/0/x001/x234/067"},
		{tlog.Tile{H: 8, L: 0, N: 0, W: 1}, "tile/0/000.p/1"},
		{tlog.Tile{H: 8, L: 2, N: 1000, W: 255}, "tile/2/x001/000.p/255"},
		{tlog.Tile{H: 8, L: Entries, N: 67, W: 256}, "tile/entries/067"},
		{tlog.Tile{H: 8, L: Entries, N: 1067, W: 9}, "tile/entries/x001/067.p/9"},
	} {
		if got := TilePath(tc.tile); got != tc.path {
			t.Errorf("%+v is %s, want %s", tc.tile, got, tc.path)
		}
		if got, err := ParseTilePath(tc.path); err != nil || got != tc.tile {
			t.Errorf("%s is %+v, %v", tc.path, got, err)
		}
	}
	for _, path := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "/tile/0/000", "tile/0/0", "tile/0/0000", "tile/00/000", "tile/-1/000", "tile/+1/000", "tile/64/000",
		"tile/0/x000/000", "tile/0/001/067", "tile/0/x001", "tile/0/x1/067", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p",
		"tile/0/000/", "tile/0//000", "tile/0/000.p/1/", "tile/8/0/000", "tile/8/data/000", "tile/data/000", "tile/entries/entries/000", "tile/entries/0/000", "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
		"checkpoint", "tile/0/../0/000", "tile/0/٠٠٠",
	} {
		if got, err := ParseTilePath(path); err == nil {
			t.Errorf("%q was accepted as %+v", path, got)
		}
	}
}

// What a tree of each size has is what a naive count finds, and what Tiles
// lists is what HasTile allows at the width of that size.
func TestTilesOfSizes(t *testing.T) {
	for _, size := range []uint64{0, 1, 255, 256, 257, 511, 512, 65535, 65536, 70000, 131072, 1 << 24} {
		counts := map[int]uint64{}
		for _, tile := range Tiles(0, size) {
			counts[tile.L] += uint64(tile.W)
			if !HasTile(size, tile) || tile.L == 0 && !HasTile(size, Bundle(tile)) {
				t.Fatalf("size %d: %s is not there", size, TilePath(tile))
			}
			if wider := tile; tile.W < TileWidth {
				wider.W++
				if HasTile(size, wider) {
					t.Errorf("size %d: %s should not be there", size, TilePath(wider))
				}
			}
		}
		for level, n := 0, size; n > 0; level, n = level+1, n/TileWidth {
			if counts[level] != n {
				t.Errorf("size %d: %d hashes of level %d, want %d", size, counts[level], level, n)
			}
		}
		if beyond := (tlog.Tile{H: 8, L: 0, N: int64(size / TileWidth), W: TileWidth}); HasTile(size, beyond) {
			t.Errorf("size %d has %s", size, TilePath(beyond))
		}
	}
	if HasTile(1<<40, tlog.Tile{H: 8, L: 63, N: 0, W: 1}) || HasTile(5, tlog.Tile{H: 8, L: 0, N: 1 << 62, W: 1}) || HasTile(5, tlog.Tile{H: 8, L: 0, W: 0}) {
		t.Error("a tile that no log has was found")
	}
}

func TestBundles(t *testing.T) {
	bundle := AppendBundle(AppendBundle(nil, []byte("a")), bytes.Repeat([]byte("b"), MaxEntry))
	entries, err := ReadBundle(bundle, 2)
	if err != nil || len(entries) != 2 || string(entries[0]) != "a" || len(entries[1]) != MaxEntry {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for width := range 4 {
		for _, b := range [][]byte{bundle, bundle[:len(bundle)-1], bundle[:3], append(bytes.Clone(bundle), 0), nil, {0, 0}} {
			entries, err := ReadBundle(b, width)
			if again := rebundle(entries); err == nil && (!bytes.Equal(again, b) || len(entries) != width) {
				t.Errorf("%d bytes were accepted as %d entries", len(b), width)
			}
		}
	}
}

func rebundle(entries [][]byte) (b []byte) {
	for _, e := range entries {
		b = AppendBundle(b, e)
	}
	return b
}

func TestFileAndSubmission(t *testing.T) {
	signed := sign(t, Checkpoint{goldenOrigin, 3, Hash{1}}, goldenSigner(t))
	head := "c2sp.org/tlog-proof@v1\n"
	hash := goldenRoot + "\n"
	for _, tc := range []struct {
		text string
		want string // "" if good
	}{
		{head + "index 2\n" + hash + hash + "\n" + string(signed), ""},
		{head + "index 0\n\n" + string(signed), ""},
		{head + "extra AAEC\nindex 0\n\n" + string(signed), ""},
		{head + "extra \nindex 0\n\n" + string(signed), ""},
		{"index 0\n\n" + string(signed), "line 1"},
		{head + "extra AAE\nindex 0\n\n" + string(signed), "line 2"},
		{head + "extra AA\r==\nindex 0\n\n" + string(signed), "line 2"},
		{head + "extra AAEC\nextra AAEC\nindex 0\n\n" + string(signed), "line 3"},
		{head + "index 00\n\n" + string(signed), "line 2"},
		{head + "index -1\n\n" + string(signed), "line 2"},
		{head + "Index 0\n\n" + string(signed), "line 2"},
		{head + "index 0\n" + strings.Repeat(hash, 64) + "\n" + string(signed), "line 66"},
		{head + "index 0\n" + hash + "A\n\n" + string(signed), "line 4"},
		{head + "index 0\n" + hash, "line 4"},
		{head + "index 0\n\n", "missing"},
	} {
		f, err := ParseFile([]byte(tc.text))
		switch {
		case tc.want == "" && (err != nil || string(f.Text()) != tc.text):
			t.Errorf("%q: %v", tc.text, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%q: %v, want %q", tc.text, err, tc.want)
		}
	}
	for text, want := range map[string]string{
		"old 0\n\n" + string(signed):              "",
		"old 2\n" + hash + "\n" + string(signed):  "",
		"old 02\n" + hash + "\n" + string(signed): "line 1",
		"2\n" + hash + "\n" + string(signed):      "line 1",
		"old 2\nx\n\n" + string(signed):           "line 2",
		"old 2\n" + hash:                          "line 3",
		"old 2\n\n":                               "missing",
	} {
		s, err := ParseSubmission([]byte(text))
		switch {
		case want == "" && (err != nil || string(s.Text()) != text):
			t.Errorf("%q: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if n, err := ParseConflict([]byte("17\n")); n != 17 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for _, bad := range []string{"", "17", "17\n\n", "017\n", "-1\n", "x\n"} {
		if _, err := ParseConflict([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestPolicyOpen(t *testing.T) {
	audit, auditKey := witness(t, "audit.example.gov.cn")
	province, provinceKey := witness(t, "province.example.gov.cn")
	stranger, _ := witness(t, "stranger.example")
	p := policy(t, "# county", "", " log\t"+goldenVKey+" https://fund.example.gov.cn/411025", "witness audit "+auditKey+" https://audit.example.gov.cn",
		"witness province "+provinceKey, "group both all audit province", "quorum both", "")
	c := Checkpoint{goldenOrigin, 3, Hash{7}}
	signed := sign(t, c, goldenSigner(t), audit, stranger)
	s, err := p.Open(signed)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Cosignatures) != 1 || s.Cosignatures[0].Witness != "audit" || s.Cosignatures[0].At.Unix() == 0 || s.Unknown != 1 {
		t.Errorf("opened as %+v", s)
	}
	if !bytes.Contains(signed, []byte(s.Cosignatures[0].Line)) {
		t.Errorf("the line %q is not the note's", s.Cosignatures[0].Line)
	}
	if err := s.CheckQuorum(p); err == nil || !strings.Contains(err.Error(), "missing: province") {
		t.Errorf("quorum: %v", err)
	}
	both, err := p.Open(sign(t, c, goldenSigner(t), audit, province))
	if err != nil || both.CheckQuorum(p) != nil {
		t.Errorf("%v, %v", err, both.CheckQuorum(p))
	}
	if _, err := p.Open(sign(t, c, audit, province)); !errors.Is(err, ErrNotSigned) {
		t.Errorf("without the log's signature: %v", err)
	}
	if _, err := p.Open(sign(t, Checkpoint{"other.example/1", 3, Hash{7}}, goldenSigner(t))); !errors.Is(err, ErrNotSigned) {
		t.Errorf("another origin under this log's key: %v", err)
	}
	answer := strings.Join(slices.Collect(strings.Lines(string(sign(t, c, province, stranger))))[4:], "")
	got, err := p.Cosignatures(c.Text(), []byte(answer))
	if err != nil || len(got) != 1 || got[0].Witness != "province" || !strings.HasPrefix(answer, got[0].Line) {
		t.Errorf("answer read as %+v, %v", got, err)
	}
	if _, err := p.Cosignatures(strings.Replace(c.Text(), "3", "4", 1), []byte(answer)); err == nil {
		t.Error("a cosignature of another checkpoint was accepted")
	}
	if got, err := p.Cosignatures(c.Text(), []byte("x\n\n"+answer)); err == nil {
		t.Errorf("an answer with a text of its own was accepted: %+v", got)
	}
}

// During a change of keys a policy names both; either is enough.
func TestPolicyRotation(t *testing.T) {
	_, other, err := note.GenerateKey(strings.NewReader(strings.Repeat("x", 64)), goldenOrigin)
	if err != nil {
		t.Fatal(err)
	}
	p := policy(t, "log "+other, "log "+goldenVKey, "quorum none")
	s, err := p.Open(sign(t, Checkpoint{goldenOrigin, 3, Hash{7}}, goldenSigner(t)))
	if err != nil || len(s.Logs) != 1 || s.Logs[0].Key != goldenVKey {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestQuorum(t *testing.T) {
	var lines []string
	for _, name := range []string{"x1", "x2", "x3", "y1", "y2"} {
		_, key := witness(t, name+".example")
		lines = append(lines, "witness "+name+" "+key)
	}
	lines = append(lines, "group x 2 x1 x2 x3", "group y any y1 y2", "group z all x y")
	for _, tc := range []struct {
		quorum, cosigned string
		want             bool
	}{
		{"none", "", true}, {"x1", "x1", true}, {"x1", "x2 x3 y1 y2", false},
		{"x", "x1 x3", true}, {"x", "x1 y1", false}, {"x", "x1 x1", false},
		{"z", "x1 x2 y2", true}, {"z", "x1 x2 x3", false}, {"z", "y1 y2 x1", false}, {"z", "", false},
	} {
		p := policy(t, append(slices.Clone(lines), "quorum "+tc.quorum)...)
		if err := p.Quorum(strings.Fields(tc.cosigned)); (err == nil) != tc.want {
			t.Errorf("%s by %q: %v", tc.quorum, tc.cosigned, err)
		}
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	_, a := witness(t, "a.example")
	_, b := witness(t, "b.example")
	asLog, err := cosignature.VKeyToCosignatureV1(goldenVKey)
	if err != nil {
		t.Fatal(err)
	}
	witnesses := "witness a " + a + "\nwitness b " + b + "\n"
	for text, want := range map[string]string{
		"":                                          "no quorum",
		"log " + goldenVKey:                         "no quorum",
		"quorum none\nquorum none":                  "line 2: a second quorum",
		"quorum x":                                  "line 1: the quorum",
		"quorum":                                    "line 1: want: quorum",
		"quorum none # really":                      "line 1: want: quorum",
		"log\nquorum none":                          "line 1: want: log",
		"log x y z":                                 "line 1: want: log",
		"log " + goldenOrigin:                       "NAME+HASH+BASE64",
		"log " + goldenVKey[:60]:                    "line 1: the key",
		"log " + a:                                  "witness's",
		"log " + asLog:                              "witness's",
		"witness a " + goldenVKey:                   "its text is " + asLog,
		"witness a":                                 "line 1: want: witness",
		"witness none " + a:                         "taken",
		witnesses + "witness a " + b:                "line 3",
		witnesses + "witness c " + b:                "line 3: a second line",
		witnesses + "group a 1 b":                   "taken",
		witnesses + "group g 0 a b":                 "threshold",
		witnesses + "group g 3 a b":                 "threshold",
		witnesses + "group g 01 a b":                "threshold",
		witnesses + "group g all a a":               "twice",
		witnesses + "group g all a c":               "no witness or group",
		witnesses + "group g all":                   "want: group",
		witnesses + "group g 1 g":                   "no witness or group",
		witnesses + "group g any none":              "no witness or group",
		"group g 1 a\n" + witnesses:                 "line 1",
		"quorum a\n" + witnesses:                    "line 1",
		"quorum none\r\n":                           "control character",
		"quorum none\v":                             "control character",
		"Log " + goldenVKey:                         "want log, witness",
		"log " + goldenVKey + "\nlog " + goldenVKey: "line 2: a second line",
		"log " + strings.Replace(goldenVKey, "e921", "e922", 1): "copied wrongly",
		"log " + strings.Replace(goldenVKey, "e921", "E921", 1): "copied wrongly",
		witnesses + "group g any a\ngroup h all g a":            "line 4: \"a\" is a member twice",
	} {
		if _, err := ParsePolicy([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// goldenFile is a proof file of a small log, with a cosignature, and its policy.
func goldenFile(t testing.TB) (File, *Policy, Hash) {
	t.Helper()
	const size, index = 300, 137
	hashes := storedOf(t, size)
	var edge Edge
	for i := range uint64(size) {
		edge, _ = edge.Append(i, LeafHash(leaf(i)))
	}
	path, err := ProveInclusion(size, index, hashes)
	if err != nil {
		t.Fatal(err)
	}
	audit, auditKey := witness(t, "audit.example.gov.cn")
	p := policy(t, "log "+goldenVKey, "witness audit "+auditKey, "quorum audit")
	return File{Index: index, Hashes: path, Note: sign(t, Checkpoint{goldenOrigin, size, edge.Root()}, goldenSigner(t), audit)}, p, LeafHash(leaf(index))
}

// check is all that a verifier does with a file.
func check(file []byte, p *Policy, leaf Hash) error {
	f, err := ParseFile(file)
	if err != nil {
		return err
	}
	s, err := p.Open(f.Note)
	if err != nil {
		return err
	}
	return errors.Join(s.CheckQuorum(p), CheckInclusion(f.Hashes, s.Size, s.Root, f.Index, leaf))
}

// Any byte of a proof, its checkpoint and its signatures that is changed, left
// out or put in is noticed, whatever it is changed to. One place is nobody's
// business: a signature line that names no known key is somebody else's, so a
// flip in the names or key ids makes the quorum fail and not the parser.
func TestEveryByteOfAProofCounts(t *testing.T) {
	f, p, leaf := goldenFile(t)
	text := f.Text()
	if err := check(text, p, leaf); err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for bit := range 8 {
			flipped := bytes.Clone(text)
			flipped[i] ^= 1 << bit
			if check(flipped, p, leaf) == nil {
				t.Errorf("byte %d (%q) flipped to %q was not noticed", i, text[i], flipped[i])
			}
		}
		if check(slices.Delete(bytes.Clone(text), i, i+1), p, leaf) == nil {
			t.Errorf("byte %d (%q) left out was not noticed", i, text[i])
		}
	}
	if check(text, p, LeafHash([]byte("other"))) == nil {
		t.Error("the proof proves another entry")
	}
}

func storedOf(t testing.TB, size uint64) stored {
	t.Helper()
	var all stored
	var edge Edge
	for i := range size {
		h := LeafHash(leaf(i))
		var nodes []Hash
		edge, nodes = edge.Append(i, h)
		all = append(all, h)
		for _, n := range nodes {
			all = append(all, n)
		}
	}
	return all
}

// naive is RFC 6962 as it stands in the text: the hash of a list of leaves, the
// audit path and the consistency proof, by recursion over the leaves' hashes.
type naive []Hash

func (d naive) split() int {
	k := 1
	for k*2 < len(d) {
		k *= 2
	}
	return k
}

func (d naive) hash() Hash {
	switch len(d) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return d[0]
	}
	k := d.split()
	return NodeHash(d[:k].hash(), d[k:].hash())
}

func (d naive) path(m int) []Hash {
	if len(d) == 1 {
		return nil
	}
	if k := d.split(); m < k {
		return append(d[:k].path(m), d[k:].hash())
	} else {
		return append(d[k:].path(m-k), d[:k].hash())
	}
}

func (d naive) consistency(m int, whole bool) []Hash {
	if m == len(d) {
		if whole {
			return nil
		}
		return []Hash{d.hash()}
	}
	if k := d.split(); m <= k {
		return append(d[:k].consistency(m, whole), d[k:].hash())
	} else {
		return append(d[k:].consistency(m-k, false), d[:k].hash())
	}
}

// Every size to 600 against the naive tree; for each, some entries and older
// sizes, all of them for the small and the round ones. Each proof must also fail
// against a changed hash, a wrong place, and a wrong root.
func TestProofsAgainstNaiveTree(t *testing.T) {
	const last = 600
	hashes := storedOf(t, last)
	leaves := make(naive, last)
	roots := make([]Hash, last+1)
	for i := range leaves {
		leaves[i] = LeafHash(leaf(uint64(i)))
	}
	for n := range roots {
		roots[n] = leaves[:n].hash()
	}
	for n := 0; n <= last; n++ {
		step := 1 + n/10
		if n == 255 || n == 256 || n == 257 || n == last {
			step = 1
		}
		for m := n % step; m <= n; m += step {
			compareInclusion(t, leaves[:n], m, hashes, roots[n])
			compareConsistency(t, leaves[:n], m, hashes, roots)
		}
	}
}

func compareInclusion(t *testing.T, d naive, m int, r stored, root Hash) {
	t.Helper()
	size, index := uint64(len(d)), uint64(m)
	got, err := ProveInclusion(size, index, r)
	if m == len(d) {
		if err == nil || CheckInclusion(nil, size, root, index, Hash{}) == nil {
			t.Fatalf("size %d: an entry beyond it was proven", size)
		}
		return
	}
	leaf := d[m]
	if want := d.path(m); err != nil || !slices.Equal(got, want) || CheckInclusion(got, size, root, index, leaf) != nil {
		t.Fatalf("inclusion of %d in %d: %v", m, size, err)
	}
	spoilt := [][]Hash{append(slices.Clone(got), Hash{})}
	if len(got) > 0 {
		spoilt = append(spoilt, got[1:], slices.Clone(got))
		spoilt[2][m%len(got)][m%32] ^= 1
	}
	for _, s := range spoilt {
		if !errors.Is(CheckInclusion(s, size, root, index, leaf), ErrProof) {
			t.Fatalf("inclusion of %d in %d: a spoilt proof was accepted", m, size)
		}
	}
	if CheckInclusion(got, size, Hash{}, index, leaf) == nil || m > 0 && CheckInclusion(got, size, root, index-1, leaf) == nil {
		t.Fatalf("inclusion of %d in %d: proves what it should not", m, size)
	}
}

func compareConsistency(t *testing.T, d naive, m int, r stored, roots []Hash) {
	t.Helper()
	size, old := uint64(len(d)), uint64(m)
	got, err := ProveConsistency(size, old, r)
	var want []Hash
	if m > 0 {
		want = d.consistency(m, true)
	}
	if err != nil || !slices.Equal(got, want) || CheckConsistency(got, size, roots[size], old, roots[old]) != nil {
		t.Fatalf("consistency of %d with %d: %v", m, size, err)
	}
	if CheckConsistency(append(slices.Clone(got), Hash{}), size, roots[size], old, roots[old]) == nil ||
		CheckConsistency(got, size, roots[size], old, Hash{9}) == nil || old > 0 && CheckConsistency(got, size, Hash{9}, old, roots[old]) == nil {
		t.Fatalf("consistency of %d with %d: proves what it should not", m, size)
	}
	if old < size && CheckConsistency(got, old, roots[old], size, roots[size]) == nil {
		t.Fatalf("a tree of %d shrank to %d", size, old)
	}
}

// Tiles are what the naive tree has at their level.
func TestRenderTile(t *testing.T) {
	const size = 600
	r := storedOf(t, size)
	leaves := make(naive, size)
	for i := range leaves {
		leaves[i] = LeafHash(leaf(uint64(i)))
	}
	for _, tile := range Tiles(0, size) {
		got, err := RenderTile(tile, r)
		if err != nil {
			t.Fatal(err)
		}
		span := 1 << (tile.L * TileHeight)
		var want []byte
		for i := range tile.W {
			from := (int(tile.N)*TileWidth + i) * span
			h := leaves[from : from+span].hash()
			want = append(want, h[:]...)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs", TilePath(tile))
		}
	}
}

func FuzzParseTilePath(f *testing.F) {
	for _, s := range []string{"tile/0/x001/x234/067", "tile/entries/000.p/5", "tile/63/999", "tile/data/000", "tile/8/data/000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if tile, err := ParseTilePath(path); err == nil && TilePath(tile) != path {
			t.Errorf("%q is read as %q", path, TilePath(tile))
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add(goldenOrigin + "\n3\n" + goldenRoot + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ParseCheckpoint(text); err == nil && c.Text() != text {
			t.Errorf("%q is read as %q", text, c.Text())
		}
	})
}

func FuzzParseFile(f *testing.F) {
	file, _, _ := goldenFile(f)
	f.Add(file.Text())
	file.Extra = []byte("x")
	f.Add(file.Text())
	f.Fuzz(func(t *testing.T, text []byte) {
		if file, err := ParseFile(text); err == nil && !bytes.Equal(file.Text(), text) {
			t.Errorf("%q is read as %q", text, file.Text())
		}
	})
}

func FuzzParseSubmission(f *testing.F) {
	file, _, _ := goldenFile(f)
	f.Add(Submission{Old: 2, Hashes: file.Hashes, Note: file.Note}.Text())
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := ParseSubmission(text); err == nil && !bytes.Equal(s.Text(), text) {
			t.Errorf("%q is read as %q", text, s.Text())
		}
	})
}

func FuzzReadBundle(f *testing.F) {
	f.Add(AppendBundle(AppendBundle(nil, []byte("a")), []byte("bc")), 2)
	f.Fuzz(func(t *testing.T, b []byte, width int) {
		width &= 0x1ff
		if entries, err := ReadBundle(b, width); err == nil && (len(entries) != width || !bytes.Equal(rebundle(entries), b)) {
			t.Errorf("%q is read as %q", b, entries)
		}
	})
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte("log " + goldenVKey + "\nquorum none\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePolicy(text)
		if err == nil && p.quorum != noQuorum && p.Quorum(nil) == nil {
			t.Errorf("%q asks for witnesses and is content with none", text)
		}
	})
}

// A proof file for the third entry of the handbook's example log, as anybody
// can keep it.
func ExampleFile() {
	siblings := Hash{1}
	f := File{Index: 2, Hashes: []Hash{siblings}, Note: []byte("…the signed checkpoint…\n")}
	fmt.Print(string(f.Text()))
	// Output:
	// c2sp.org/tlog-proof@v1
	// index 2
	// AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
	//
	// …the signed checkpoint…
}
