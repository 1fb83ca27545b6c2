package proof

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
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
