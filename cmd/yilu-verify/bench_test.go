package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
)

var (
	benchEntries = flag.Int("bench-entries", 100_000, "entries of the log that BenchmarkLog verifies")
	benchFolder  = flag.String("bench-folder", "", "where BenchmarkLog makes its log and leaves it")
	benchLines   = flag.Int("bench-lines", 60, "lines of each batch of grants, between which stand twenty payments")
)

// BenchmarkLog verifies a log of household grants and payments, as a county's
// mostly is, and tells entries a second, bytes of an entry, and the heap at the
// end. The program's own memory is best seen from outside:
//
//	go test ./cmd/yilu-verify -run '^$' -bench Log -benchtime 1x -bench-entries 10000000 -bench-folder /var/tmp/log
//	/usr/bin/time -v yilu-verify log /var/tmp/log --policy /var/tmp/log/policy
func BenchmarkLog(b *testing.B) {
	dir := *benchFolder
	if dir == "" {
		dir = b.TempDir()
	}
	k := newKeys(b, "")
	size := makeBenchLog(b, dir, k)
	p, err := proof.ParsePolicy([]byte(k.policy))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		j := &logJob{from: folder(dir), policy: p, report: &report{}}
		var heap runtime.MemStats
		j.progress = func(done, of uint64) {
			if done == of {
				runtime.ReadMemStats(&heap)
			}
		}
		j.run(context.Background())
		if j.report.exit() != exitPassed {
			b.Fatal(j.report.Sentence.En)
		}
		b.ReportMetric(float64(heap.HeapInuse)/1e6, "MB-heap")
	}
	b.ReportMetric(float64(*benchEntries)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(float64(size)/float64(*benchEntries), "bytes/entry")
}

// makeBenchLog writes a large log, bundle by bundle, and returns the bytes of its
// leaves.
func makeBenchLog(b *testing.B, dir string, k keys) (size int64) {
	b.Helper()
	const most = "100000000000.00"
	c := newCounty()
	c.beginnings(most, most, most)
	w := logWriter{dir: dir}
	total := *benchEntries
	for n := 0; w.size < total; n++ {
		c.submit(fmt.Sprintf("g%d", n), grants(fmt.Sprintf("g%d", n), "P1", "F1", *benchLines)...)
		for i := range 20 {
			c.pay(fmt.Sprintf("p%d-%d", n, i), "P1", "F1", "0.01")
		}
		c.submit(fmt.Sprintf("v%d", n), act(fmt.Sprintf("v%d", n), "entry.reversed", "u1", fmt.Sprint(len(c.leaves)-1), `{"reason":"amount"}`))
		for last := min(len(c.leaves), total); w.size < last && (w.size+proof.TileWidth <= last || last == total); {
			part := c.leaves[w.size:min(w.size+proof.TileWidth, last)]
			size += w.add(b, part)
			clear(part) // their numbers stay
		}
	}
	signed, err := note.Sign(&note.Note{Text: proof.Checkpoint{Origin: testOrigin, Size: uint64(total), Root: w.finish(b)}.Text()}, k.log, k.witness)
	if err != nil {
		b.Fatal(err)
	}
	files{"checkpoint": signed, "policy": []byte(k.policy)}.write(b, dir)
	return size
}

// logWriter writes the files of a log that is too large to be kept in memory.
type logWriter struct {
	dir   string
	size  int
	edge  proof.Edge
	above [8][]proof.Hash // all hashes of the levels from 1 on
}

// add writes the next bundle and its tile and returns the bytes of its leaves.
func (w *logWriter) add(b *testing.B, leaves [][]byte) (size int64) {
	var bundle, tile []byte
	var sums []proof.Hash
	for i, leaf := range leaves {
		h := proof.LeafHash(leaf)
		w.edge, _ = w.edge.Append(uint64(w.size+i), h)
		bundle, tile, sums = proof.AppendBundle(bundle, leaf), append(tile, h[:]...), append(sums, h)
		size += int64(len(leaf))
	}
	t := tlog.Tile{H: proof.TileHeight, N: int64(w.size / proof.TileWidth), W: len(leaves)}
	files{proof.TilePath(t): tile, proof.TilePath(proof.Bundle(t)): bundle}.write(b, w.dir)
	w.size += len(leaves)
	for level := 1; len(sums) == proof.TileWidth; level++ {
		w.above[level] = append(w.above[level], rootOf(sums))
		if len(w.above[level])%proof.TileWidth > 0 {
			break
		}
		sums = w.above[level][len(w.above[level])-proof.TileWidth:]
	}
	return size
}

// finish writes the upper tiles and returns the root.
func (w *logWriter) finish(b *testing.B) proof.Hash {
	for _, t := range proof.Tiles(0, uint64(w.size)) {
		if t.L == 0 {
			continue
		}
		var tile []byte
		for _, h := range w.above[t.L][t.N*proof.TileWidth:][:t.W] {
			tile = append(tile, h[:]...)
		}
		files{proof.TilePath(t): tile}.write(b, w.dir)
	}
	return w.edge.Root()
}
