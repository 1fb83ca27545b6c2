package ocds

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"yilu/ledger"
)

// FuzzRead feeds the reader anything. It ends without panic, with a fault of the
// file or with entries that the ledger takes, the same each time.
func FuzzRead(f *testing.F) {
	for _, line := range excerpt(f)[:3] {
		f.Add([]byte(line))
	}
	f.Add([]byte(clean))
	f.Add([]byte("[" + clean + "," + clean + "]"))
	f.Add([]byte(`{"records":[{"ocid":"o","compiledRelease":` + clean + `}]}`))
	f.Add([]byte(gzipped(f, clean)))
	f.Add([]byte("\ufeff{\"ocid\":1,\"awards\":{\"suppliers\":\"x\"},\"contracts\":[{\"implementation\":{\"transactions\":[1]}}]}\n{}\n"))
	for _, c := range repairs {
		f.Add([]byte(strings.Replace(clean, c.old, c.new, 1)))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 1<<20 {
			return
		}
		ps, said, err := tryRead(t, string(content), Options{})
		if _, ok := errors.AsType[*Broken](err); err != nil && !ok {
			t.Fatal(err)
		}
		for _, s := range said {
			if !utf8.ValidString(s) {
				t.Errorf("%q", s)
			}
		}
		again, _, _ := tryRead(t, string(content), Options{})
		if a, b := entries(t, ps), entries(t, again); a != b {
			t.Errorf("not the same twice:\n%s\n%s", a, b)
		}
		for _, p := range ps {
			b := findingsOf(p, "CNY")
			b.Version = 1
			if problems := ledger.Check(ledger.Draft{ID: "x", Kind: "process.findings", On: "2020-01-01", By: maker, Corrects: ledger.None, Body: b}); len(problems) > 0 {
				t.Errorf("findings would be refused: %v", problems)
			}
		}
	})
}

// endless is a package of so many releases, each of about 2 kB, made while it is
// read.
type endless struct {
	releases, made int
	rest           string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		switch {
		case e.made == 0:
			e.rest = `{"publisher":{"name":"P"},"releases":[`
		case e.made > e.releases:
			return 0, io.EOF
		}
		if e.made++; e.made > e.releases {
			e.rest += "]}"
		} else {
			// Each process has three releases, far apart.
			release := strings.Replace(clean, "ocds-abc-1", fmt.Sprintf("ocds-abc-%d", e.made%(e.releases/3)), 1)
			e.rest += strings.Replace(release, `"id":"r1"`, fmt.Sprintf(`"id":"r%d"`, e.made), 1)
			if e.made < e.releases {
				e.rest += ","
			}
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// BenchmarkRead200MB reads 200 MB and fails if the live heap ever exceeds 64 MB:
// memory does not grow with the file.
func BenchmarkRead200MB(b *testing.B) {
	const releases = 200 << 20 / 1560
	for b.Loop() {
		peak := uint64(0)
		look := func() {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
		seen, mark := int64(0), int64(0)
		o := Options{Currency: "CNY", Report: func(Report) error { return nil }, Temp: b.TempDir(), Progress: func(done int64) {
			if seen = done; done-mark > 16<<20 {
				mark = done
				look()
			}
		}}
		g, err := Gather(b.Context(), "big.json", &endless{releases: releases}, o)
		if err != nil {
			b.Fatal(err)
		}
		processes := 0
		for p, err := range g.Processes(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			if processes++; processes%5000 == 0 {
				look()
			}
			runtime.KeepAlive(p)
		}
		if err := g.Close(); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(seen)
		b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
		if peak > 64<<20 || processes != releases/3 || seen < 190<<20 {
			b.Errorf("%d MB live, %d processes of %d, %d bytes", peak>>20, processes, releases/3, seen)
		}
	}
}
