package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"yilu/audit/proof"
)

// memory is a log in memory, as a source.
type memory files

func (m memory) workers(cores int) int { return 1 }

func (m memory) read(_ context.Context, path string, buf []byte) ([]byte, error) {
	b, ok := m[path]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", path, errNotThere)
	}
	return append(buf[:0], b...), nil
}

// inspect verifies a log in memory.
func inspect(t testing.TB, f files, policy string) *report {
	t.Helper()
	p, err := proof.ParsePolicy([]byte(policy))
	if err != nil {
		t.Fatal(err)
	}
	j := &logJob{from: memory(f), policy: p, report: &report{}}
	j.run(t.Context())
	for _, c := range append(j.report.Checks, check{text: j.report.Sentence}) {
		if strings.Contains(c.Zh+c.En, "%!") {
			t.Errorf("ill-formed text: %s / %s", c.Zh, c.En)
		}
	}
	return j.report
}

func TestLogHolds(t *testing.T) {
	k := newKeys(t, "")
	for _, size := range []int{60, 255, 256, 257, 300, 512, 600} {
		c := story(size)
		f, _ := publish(t, c.leaves, k.log, k.witness)
		r := inspect(t, f, k.policy)
		funds, projects := wantFigures(payments(c))
		if r.exit() != exitPassed || r.Entries != uint64(size) || !slices.Equal(r.Funds, funds) || !slices.Equal(r.Projects, projects) {
			t.Errorf("size %d: %s\n%v\nwant %v\n%v\nwant %v", size, r.Sentence.En, r.Funds, funds, r.Projects, projects)
		}
	}
	empty, _ := publish(t, nil, k.log, k.witness)
	if r := inspect(t, empty, k.policy); r.exit() != exitPassed {
		t.Errorf("the empty log: %s", r.Sentence.En)
	}
}

// Every byte that is stored of a log is changed, one at a time: always found, and
// wherever an entry is concerned the first bad one is named. 60 entries hold all that
// story tells, and behind them come payments alone: of the log of 300, which has two
// bundles and a tile above theirs, it is all of checkpoint, upper tile and the lengths in
// bundles, and one byte of 23 of the rest: each hash and each entry has its turn.
func TestEveryStoredByteCounts(t *testing.T) {
	t.Parallel()
	for size, one := range map[int]int{60: 1, 300: 23} {
		t.Run(fmt.Sprint(size), func(t *testing.T) { changeBytes(t, size, one) })
	}
}

// changeBytes changes the bytes of a log of that size, one of so many of its entries and
// their hashes.
func changeBytes(t *testing.T, size, one int) {
	k := newKeys(t, "")
	f, _ := publish(t, story(size).leaves, k.log, k.witness)
	p, err := proof.ParsePolicy([]byte(k.policy))
	if err != nil {
		t.Fatal(err)
	}
	type place struct {
		path  string
		at    int
		entry int // -1 for none
	}
	var places []place
	for path, b := range f {
		entries := entryOfBytes(t, path, b)
		for at := range b {
			isLength := at < 2 || entries[at] != entries[at-2]
			if at%one == 0 || isLength && strings.Contains(path, "entries") || path == "checkpoint" || strings.HasPrefix(path, "tile/1/") {
				places = append(places, place{path, at, entries[at]})
			}
		}
	}
	var group sync.WaitGroup
	for half := range 2 {
		changed := files{}
		for path, b := range f {
			changed[path] = bytes.Clone(b)
		}
		group.Go(func() {
			for i := half; i < len(places); i += 2 {
				p1, bit := places[i], byte(1)<<(i/2%8)
				changed[p1.path][p1.at] ^= bit
				j := &logJob{from: memory(changed), policy: p, report: &report{}}
				j.run(context.Background())
				changed[p1.path][p1.at] ^= bit
				bad := j.report.FirstBad
				if j.report.exit() != exitWrong || p1.entry >= 0 && (bad == nil || int(bad.Seq) != p1.entry) || p1.entry < 0 && bad != nil {
					t.Errorf("%s byte %d (entry %d): %s", p1.path, p1.at, p1.entry, j.report.Sentence.En)
				}
			}
		})
	}
	group.Wait()
	t.Logf("%d bytes", len(places))
}

// entryOfBytes says for each byte of a file which entry is the first that it
// concerns, -1 for none.
func entryOfBytes(t *testing.T, path string, b []byte) []int {
	t.Helper()
	entries := make([]int, len(b))
	tile, err := proof.ParseTilePath(path)
	if err != nil {
		for i := range entries {
			entries[i] = -1
		}
		return entries
	}
	first := int(tile.N) * proof.TileWidth
	if tile.L == proof.Entries {
		leaves, err := proof.ReadBundle(b, tile.W)
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		for i, leaf := range leaves {
			for range 2 + len(leaf) {
				entries[at] = first + i
				at++
			}
		}
		return entries
	}
	for i := range entries {
		entries[i] = (first + i/32) << (proof.TileHeight * tile.L)
	}
	return entries
}

// What is wrong with a whole log, and how the program says so.
func TestLogIsWrong(t *testing.T) {
	k, stranger := newKeys(t, ""), newKeys(t, "stranger")
	c := story(600)
	f, stored := publish(t, c.leaves, k.log, k.witness)
	older, _ := publish(t, c.leaves[:300], k.log, k.witness)
	rewritten := slices.Clone(c.leaves)
	rewritten[20], rewritten[21] = rewritten[21], rewritten[20]
	fork, _ := publish(t, rewritten[:300], k.log, k.witness)
	unwitnessed, _ := publish(t, c.leaves, k.log)
	second, _ := publish(t, c.leaves, stranger.log, k.witness)
	with := func(changes files) files {
		all := maps.Clone(f)
		maps.Copy(all, changes)
		return all
	}
	without := func(path string) files {
		all := maps.Clone(f)
		delete(all, path)
		return all
	}
	forged := bytes.Clone(f["tile/0/001"])
	h := proof.LeafHash([]byte("forged"))
	copy(forged[32*7:], h[:])
	for _, tc := range []struct {
		name string
		log  files
		kept []files
		want string
	}{
		{"partial tiles dropped", with(files{"checkpoint": older["checkpoint"], "tile/1/000.p/1": older["tile/1/000.p/1"]}), nil, ""},
		{"older checkpoint kept", f, []files{older}, ""},
		{"same checkpoint kept", f, []files{f, older}, ""},
		{"proof file kept", f, []files{{"checkpoint": proof.File{Note: older["checkpoint"]}.Text()}}, ""},
		{"notice copied", f, []files{{"checkpoint": older["checkpoint"][:bytes.Index(older["checkpoint"], []byte("\n\n"))+1]}}, ""},
		{"false notice", f, []files{{"checkpoint": fork["checkpoint"][:bytes.Index(fork["checkpoint"], []byte("\n\n"))+1]}}, "history was changed"},
		{"notice of another log", f, []files{{"checkpoint": []byte(proof.Checkpoint{Origin: "other.example/1", Size: 1}.Text())}}, "is of other.example/1"},
		{"empty checkpoint kept", f, []files{{"checkpoint": emptyCheckpoint(t, k)}}, ""},
		{"replayed checkpoint", older, []files{f}, "the log shrank: the kept checkpoint"},
		{"split view", f, []files{older, fork}, "history was changed: the root of the kept checkpoint"},
		{"no witness", unwitnessed, nil, `not enough witnesses: the witness "audit" has not cosigned`},
		{"second key", second, nil, "not signed by a log of the policy"},
		{"forged tile", with(files{"tile/0/001": forged}), nil, "the first bad entry is 263: its hash in this tile was changed"},
		{"tile missing", without("tile/0/001"), nil, "the first bad entry is 256: the checkpoint promises this file"},
		{"bundle missing", without("tile/entries/002.p/88"), nil, "the first bad entry is 512: the checkpoint promises this file"},
		{"upper tile missing", without("tile/1/000.p/2"), nil, "the first bad entry is 0: the checkpoint promises this file"},
		{"bundle of another place", with(files{"tile/entries/001": f["tile/entries/000"], "tile/0/001": f["tile/0/000"]}), nil, "the first bad entry is 256: "},
		{"checkpoint missing", without("checkpoint"), nil, "checkpoint: the checkpoint promises this file"},
		{"checkpoint of a shorter log", with(files{"checkpoint": older["checkpoint"]}), nil, "the first bad entry is 0: the checkpoint promises this file"},
	} {
		p, err := proof.ParsePolicy([]byte(k.policy))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for i, kept := range tc.kept {
			names = append(names, save(t, fmt.Sprintf("kept%d", i), kept["checkpoint"]))
		}
		kept, err := readKept(names, p)
		if err != nil {
			t.Fatal(err)
		}
		j := &logJob{from: memory(tc.log), policy: p, report: &report{}, kept: kept}
		j.run(t.Context())
		if got := j.report.Sentence.En; !strings.Contains(got, tc.want) || (j.report.exit() == exitPassed) != (tc.want == "") {
			t.Errorf("%s: %s", tc.name, got)
		}
	}
	if len(stored) == 0 {
		t.Error("no hashes")
	}
}

func emptyCheckpoint(t *testing.T, k keys) []byte {
	f, _ := publish(t, nil, k.log)
	return f["checkpoint"]
}

// A rewrite by someone who holds the key and recomputes everything passes all
// but the checkpoint that somebody kept.
func TestKeptCheckpointFindsRewrite(t *testing.T) {
	k := newKeys(t, "")
	c := story(300)
	before, _ := publish(t, c.leaves, k.log, k.witness)
	forger := newCounty()
	forger.beginnings("1000000.00", "900000.00", "700000.00") // and not 800,000
	forger.at = c.at
	after, _ := publish(t, forger.leaves, k.log, k.witness)
	if r := inspect(t, after, k.policy); r.exit() != exitPassed {
		t.Fatalf("the forgery contradicts itself: %s", r.Sentence.En)
	}
	small, _ := publish(t, c.leaves[:5], k.log)
	dir := t.TempDir()
	after.write(t, dir)
	policy := save(t, "policy", []byte(k.policy))
	for _, kept := range []files{before, small} {
		code, out := verify(t, "log", dir, "--policy", policy, "--checkpoint", save(t, "kept", kept["checkpoint"]), "--lang", "en")
		if code != exitWrong || !strings.Contains(out, "WRONG: ") {
			t.Errorf("exit %d: %s", code, out)
		}
	}
}

// A call that is interrupted says so and is no verdict.
func TestInterrupted(t *testing.T) {
	k := newKeys(t, "")
	f, _ := publish(t, story(600).leaves, k.log, k.witness)
	dir := t.TempDir()
	f.write(t, dir)
	p, err := proof.ParsePolicy([]byte(k.policy))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	j := &logJob{from: folder(dir), policy: p, report: &report{}, progress: func(uint64, uint64) { stop() }}
	j.run(ctx)
	if j.report.exit() != exitNotChecked || !strings.Contains(j.report.Sentence.En, "interrupted") {
		t.Error(j.report.Sentence.En)
	}
}
