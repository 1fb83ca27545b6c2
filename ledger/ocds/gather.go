package ocds

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"yilu/ledger"
)

// Options say how a file is read.
type Options struct {
	// Currency is that of the book: amounts in others are left out.
	Currency string
	// Assume is the currency of amounts that have none; "" leaves them out.
	Assume string
	// Report takes every finding; an error of it ends the reading.
	Report func(Report) error
	// Progress is told how many bytes of the file are read; nil is fine.
	Progress func(done int64)
	// Temp is where the temporary folder is made, "" where the system says.
	Temp string
}

// parts is how many parts a file is spread over. An index of one part is held at
// a time: 100 bytes a release, so a file of a hundred million releases takes 80 MB.
const parts = 128

// maxProcess is the most bytes that the releases of one process may have.
const maxProcess = 64 << 20

// Gathered is a file that was read once: its releases, by process, in a
// temporary folder.
type Gathered struct {
	// File is the file as it came, packed or not.
	File ledger.File
	// Publishers and Licences are as its packages name them.
	Publishers, Licences []string
	// Releases is how many were found.
	Releases int64
	options  Options
	dir      string
	files    [parts]*os.File
}

// Gather reads a file to its end and spreads its releases over parts by process.
// The error is *Broken if the file is no JSON or ends too early. Close removes
// what was gathered.
func Gather(ctx context.Context, name string, r io.Reader, o Options) (*Gathered, error) {
	dir, err := os.MkdirTemp(o.Temp, "yilu-ocds-")
	if err != nil {
		return nil, fmt.Errorf("gather %s: %w", name, err)
	}
	g := &Gathered{options: o, dir: dir}
	if err := g.read(ctx, name, r); err != nil {
		return nil, errors.Join(fmt.Errorf("gather %s: %w", name, err), g.Close())
	}
	return g, nil
}

// Close removes the temporary folder.
func (g *Gathered) Close() error {
	for _, f := range g.files {
		if f != nil {
			_ = f.Close() // it is removed next
		}
	}
	return os.RemoveAll(g.dir)
}

// counted passes a file on and counts and hashes its bytes.
type counted struct {
	r        io.Reader
	n        int64
	sum      io.Writer
	progress func(int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	_, _ = c.sum.Write(p[:n]) // a hash takes everything
	if c.progress != nil {
		c.progress(c.n)
	}
	return n, err
}

func (g *Gathered) read(ctx context.Context, name string, r io.Reader) error {
	var writers [parts]*bufio.Writer
	sum := sha256.New()
	in := &counted{r: r, sum: sum, progress: g.options.Progress}
	w := &walker{ctx: ctx, report: g.options.Report, emit: func(p piece) error {
		g.Releases++
		i := partOf(p.process)
		if writers[i] == nil {
			f, err := os.Create(filepath.Join(g.dir, strconv.Itoa(i)))
			if err != nil {
				return err
			}
			g.files[i], writers[i] = f, bufio.NewWriterSize(f, 16<<10)
		}
		return writePiece(writers[i], p)
	}}
	if err := w.walk(in); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, in); err != nil { // what stands behind a gzip stream belongs to the file
		return err
	}
	for _, b := range writers {
		if b == nil {
			continue
		}
		if err := b.Flush(); err != nil {
			return err
		}
	}
	g.File = ledger.File{Name: shown(filepath.Base(name), 200), SHA256: base64.StdEncoding.EncodeToString(sum.Sum(nil)), Size: ledger.Count(in.n)}
	g.Publishers, g.Licences = w.publishers, w.licences
	return nil
}

func partOf(process string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(process)) // a hash takes everything
	return int(h.Sum32() % parts)
}

// writePiece writes a piece so that readIndex finds it: two lengths and a flag,
// the process, the release.
func writePiece(w *bufio.Writer, p piece) error {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(p.process)))
	head = binary.BigEndian.AppendUint32(head, uint32(len(p.raw)))
	head = append(head, byte(b2i(p.compiled)))
	for _, b := range [][]byte{head, []byte(p.process), p.raw} {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// spot is where a release stands in its part.
type spot struct {
	offset   int64
	size     int
	compiled bool
}

// readIndex lists where the releases of each process stand.
func readIndex(f *os.File) (map[string][]spot, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(f, 64<<10)
	index := map[string][]spot{}
	for offset := int64(0); ; {
		var head [9]byte
		if _, err := io.ReadFull(r, head[:]); err == io.EOF {
			return index, nil
		} else if err != nil {
			return nil, err
		}
		name := make([]byte, binary.BigEndian.Uint32(head[:]))
		if _, err := io.ReadFull(r, name); err != nil {
			return nil, err
		}
		s := spot{offset + int64(len(head)+len(name)), int(binary.BigEndian.Uint32(head[4:])), head[8] == 1}
		if _, err := r.Discard(s.size); err != nil {
			return nil, err
		}
		offset = s.offset + int64(s.size)
		index[string(name)] = append(index[string(name)], s)
	}
}

// Processes yields one process at a time, in an order that depends on the ids of
// the processes alone.
func (g *Gathered) Processes(ctx context.Context) iter.Seq2[*Process, error] {
	return func(yield func(*Process, error) bool) {
		for _, f := range g.files {
			if f == nil {
				continue
			}
			index, err := readIndex(f)
			if err != nil {
				yield(nil, fmt.Errorf("read %s again: %w", g.File.Name, err))
				return
			}
			for _, id := range slices.Sorted(maps.Keys(index)) {
				if err := ctx.Err(); err != nil {
					yield(nil, err)
					return
				}
				p, err := g.process(f, id, index[id])
				if err != nil {
					err = fmt.Errorf("process %s: %w", shown(id, 80), err)
				}
				if p == nil && err == nil {
					continue
				}
				if !yield(p, err) || err != nil {
					return
				}
			}
		}
	}
}

// tryNormalise makes a process, or notes that the program could not: a fault of ours
// costs one process, not the file.
func tryNormalise(id string, all []*release, n *notes) (p *Process) {
	defer func() {
		if fault := recover(); fault != nil {
			n.add("fault", "", fmt.Sprint(fault), "")
			p = nil
		}
	}()
	return normalise(id, all, n)
}

// process reads the releases of one process and makes it; nil if it cannot be.
func (g *Gathered) process(f *os.File, id string, spots []spot) (*Process, error) {
	n := newNotes(g.options)
	total := 0
	for _, s := range spots {
		total += s.size
	}
	if total > maxProcess {
		return nil, g.options.Report(Report{shown(id, 200), ledger.Finding{Code: "process_too_big", Found: strconv.Itoa(total)}})
	}
	var all []*release
	for _, s := range spots {
		raw := make([]byte, s.size)
		if _, err := f.ReadAt(raw, s.offset); err != nil {
			return nil, err
		}
		tree, err := parse(raw, n)
		if errors.Is(err, errTooDeep) {
			n.add("too_deep", "", "", "")
			continue
		}
		if err != nil {
			return nil, err
		}
		if o, ok := tree.(map[string]any); ok {
			all = append(all, &release{tree: o, compiled: s.compiled})
		}
	}
	var p *Process
	if len(all) > 0 {
		p = tryNormalise(id, all, n)
	}
	for _, found := range n.sorted() {
		if err := g.options.Report(Report{cmp.Or(shown(id, 200), "?"), found}); err != nil {
			return nil, err
		}
	}
	return p, nil
}
