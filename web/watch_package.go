package web

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/alerts"
	"yilu/audit"
	"yilu/audit/tile"
	"yilu/ledger"
)

// 案卷: one ZIP that a case is handed over with. It holds a page to read and print, the
// warning for programs, the rule's file, and every entry that it rests on as exact bytes
// with the proof that it stands in the signed log; what was sealed about the case is
// opened with the salts that prove it. Whoever has it needs nothing of us to check it.

// mostPacked is how many entries a package holds.
const mostPacked = 300

// packed is a package on its way.
type packed struct {
	at    time.Time
	files map[string][]byte
}

// caseFileView is the page to read.
type caseFileView struct {
	*alertView
	// Entries are those in the package, with what is said of each.
	Entries []caseFileEntry
	// Proven is false while some are not published yet, Printed says that there is a PDF.
	Proven, Printed bool
	// Made is when, By whom it was made.
	Made, By string
}

// caseFileEntry is an entry in the package.
type caseFileEntry struct {
	*ledger.Entry
	When  string
	Facts []fact
	// Leaf and Proof are its files, "" for none; Opened those of what was sealed.
	Leaf, Proof string
	Opened      []string
}

// packageFile makes the package of a case.
func (s *server) packageFile(c *call, o *officer) error {
	p, err := s.readAlert(c, o)
	if err != nil {
		return err
	}
	o.template = "casefile"
	made := packed{s.Now(), map[string][]byte{}}
	d := &caseFileView{alertView: p, Made: inShanghai(s.Now()), By: c.who.Unit + " · " + c.who.User}
	if err := errors.Join(s.packEntries(c, d, made), packWarning(d, made)); err != nil {
		return err
	}
	if d.Rule != nil {
		made.files["rule.yaml"] = d.Rule.Text
	}
	made.files["style.css"] = o.site.assets["app.css"].plain
	if err := s.packPage(c.ctx(), d, made); err != nil {
		return err
	}
	made.files["HOWTO.txt"] = []byte(o.t("package.howto", policyName, string(s.Book)))
	s.Log.InfoContext(c.ctx(), "package made", "request", requestIDOf(c), "book", string(s.Book), "token", c.who.ID, "alert", p.Detail.Raised)
	name := o.t("package.file", p.Detail.Code, strconv.FormatInt(int64(p.Detail.Raised), 10))
	return s.sendStaff(c, name+".zip", "application/zip", made.write)
}

// policyName is the file that says whose signatures count.
const policyName = "policy.txt"

// cited lists the entries that a case rests on: those it is about, those of the case,
// and those that mended it.
func cited(d alerts.Detail) []ledger.Seq {
	seqs := []ledger.Seq{d.Entry, d.At}
	for _, hit := range d.Evidence {
		seqs = append(seqs, hit.Entry, hit.At)
	}
	for _, step := range d.History {
		seqs = append(seqs, step.Seq)
		if b, ok := step.Entry.Body.(*ledger.AlertRectified); ok {
			for _, n := range b.Entries {
				seqs = append(seqs, ledger.Seq(n))
			}
		}
	}
	slices.Sort(seqs)
	seqs = slices.DeleteFunc(slices.Compact(seqs), func(q ledger.Seq) bool { return q < 0 })
	return seqs[:min(len(seqs), mostPacked)]
}

// packEntries adds the entries, their proofs, and what of the case was sealed.
func (s *server) packEntries(c *call, d *caseFileView, made packed) error {
	seqs := cited(d.Detail)
	entries, err := s.ledger.EntriesAt(c.ctx(), s.Book, seqs)
	if err != nil {
		return err
	}
	var numbers []uint64
	for _, q := range seqs {
		numbers = append(numbers, uint64(q))
	}
	opened, err := s.ledger.Sealer.OpenMany(c.ctx(), s.ledger.Read, string(s.Book), numbers)
	if err != nil {
		return err
	}
	public, published := s.publicDir(string(s.Book))
	d.Proven = published
	for _, q := range seqs {
		e := entries[q]
		if e == nil {
			return fmt.Errorf("entry %d of a case: %w", q, ledger.ErrNotFound)
		}
		x := caseFileEntry{Entry: e, When: inShanghai(e.At), Facts: d.facts(e)}
		if err := s.packEntry(c.ctx(), &x, public, published, made); err != nil {
			return err
		}
		d.Proven = d.Proven && x.Proof != ""
		if strings.HasPrefix(string(e.Kind), "alert.") { // of others the persons are nobody's business
			x.Opened = s.packOpened(q, opened[uint64(q)], made)
		}
		d.Entries = append(d.Entries, x)
	}
	if published {
		for name, file := range map[string]string{policyName: "policy", "checkpoint.txt": "checkpoint"} {
			if made.files[name], err = public.ReadFile(file); errors.Is(err, fs.ErrNotExist) {
				delete(made.files, name)
			} else if err != nil {
				return fmt.Errorf("pack %s: %w", file, err)
			}
		}
	}
	return nil
}

// packEntry adds an entry's exact bytes and its proof.
func (s *server) packEntry(ctx context.Context, x *caseFileEntry, public tile.Dir, published bool, made packed) error {
	x.Leaf = "entries/" + leafFile(string(s.Book), uint64(x.Seq))
	if published {
		proven, err := public.Prove(uint64(x.Seq))
		if err == nil {
			x.Proof = "entries/" + proofFile(string(s.Book), uint64(x.Seq))
			made.files[x.Leaf], made.files[x.Proof] = proven.Leaf, proven.Text()
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	leaf, err := s.ledger.Leaf(ctx, s.Book, x.Seq) // not signed yet
	made.files[x.Leaf] = leaf
	return err
}

// disclosed is one sealed value with what proves it, as yilu-verify reads it.
type disclosed struct {
	Book  string `json:"book"`
	Seq   string `json:"seq"`
	Name  string `json:"name"`
	Value string `json:"value"`
	Salt  string `json:"salt"`
}

// packOpened adds what was sealed of the case itself. What links a private person's
// payments stays sealed: it could not be told without changing it, and a changed value
// proves nothing.
func (s *server) packOpened(q ledger.Seq, fields map[string]audit.Opened, made packed) (names []string) {
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		value := fields[field]
		if privateKey.MatchString(value.Value) || field == "fingerprint" {
			continue
		}
		text, err := json.Marshal(disclosed{string(s.Book), strconv.FormatInt(int64(q), 10), field, value.Value, base64.StdEncoding.EncodeToString(value.Salt[:])}, jsontext.WithIndent(" "))
		if err != nil {
			panic(fmt.Errorf("write opening: %w", err)) // a struct of ours
		}
		name := fmt.Sprintf("entries/%s-%d-%s.disclosure.json", s.Book, q, field)
		made.files[name] = append(text, '\n')
		names = append(names, name)
	}
	return names
}

// packWarning adds the warning for programs.
func packWarning(d *caseFileView, made packed) error {
	text, err := json.Marshal(d.Detail, rendering, jsontext.WithIndent(" "))
	if err != nil {
		return fmt.Errorf("write warning: %w", err)
	}
	made.files["warning.json"] = append(text, '\n')
	return nil
}

// packPage adds the page, and prints it where there is something to print with.
func (s *server) packPage(ctx context.Context, d *caseFileView, made packed) error {
	draw := func() error {
		var b bytes.Buffer
		if err := d.site.pages[d.lang]["casefile"].ExecuteTemplate(&b, "casefile", d); err != nil {
			return fmt.Errorf("render case file: %w", err)
		}
		made.files["index.html"] = b.Bytes()
		return nil
	}
	d.Printed = s.Print != nil
	if err := draw(); err != nil || s.Print == nil {
		return err
	}
	pdf, err := s.printCaseFile(ctx, made)
	if err != nil { // the page says that there is none
		s.Log.WarnContext(ctx, "print package", "book", string(s.Book), "error", err)
		d.Printed = false
		return draw()
	}
	made.files["report.pdf"] = pdf
	return nil
}

// printCaseFile writes the page into a folder of its own and has it printed from there.
func (s *server) printCaseFile(ctx context.Context, made packed) ([]byte, error) {
	dir, err := os.MkdirTemp("", "yilu-print-")
	if err != nil {
		return nil, fmt.Errorf("print: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, name := range []string{"index.html", "style.css"} {
		if err := os.WriteFile(filepath.Join(dir, name), made.files[name], 0o600); err != nil {
			return nil, fmt.Errorf("print: %w", err)
		}
	}
	return s.Print(ctx, filepath.Join(dir, "index.html"))
}

// sums is the manifest, as sha256sum -c reads it.
func (p packed) sums() []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		sum := sha256.Sum256(p.files[name])
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	}
	return b.Bytes()
}

// write writes the ZIP: the same case gives the same files in the same order.
func (p packed) write(w io.Writer) error {
	p.files["SHA256SUMS"] = p.sums()
	z := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: p.at.UTC()})
		if err != nil {
			return fmt.Errorf("write package: %w", err)
		}
		if _, err := f.Write(p.files[name]); err != nil {
			return fmt.Errorf("write package: %w", err)
		}
	}
	return z.Close()
}
