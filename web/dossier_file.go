package web

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/audit/tile"
	"yilu/ledger"
)

// A project's file to take along: documents, entries and proofs, an index that people
// read and a manifest that programs do. Nothing in it is sealed: entries are what is
// public of them.

// dossierManifest says what is in the file.
type dossierManifest struct {
	Book    ledger.Book `json:"book"`
	Project string      `json:"project"`
	Name    string      `json:"name"`
	Made    string      `json:"made"`
	LogSize int64       `json:"log_size"`
	// Files are all files but the manifest, with their SHA-256 in hex.
	Files     []dossierFile     `json:"files"`
	Papers    []dossierPaper    `json:"papers"`
	Documents []dossierDocument `json:"documents"`
	Entries   []dossierEntry    `json:"entries"`
}

type dossierFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

type dossierPaper struct {
	Item  ledger.Count `json:"item"`
	Title string       `json:"title"`
	State string       `json:"state"`
	// Reason and Entry say why a paper is "waived": not applicable.
	Reason string      `json:"reason,omitzero"`
	Entry  *ledger.Seq `json:"entry,omitzero"`
}

// dossierDocument is a filed document; Path is empty when its bytes are not kept here.
type dossierDocument struct {
	Item   ledger.Count `json:"item"`
	Name   string       `json:"name"`
	SHA256 string       `json:"sha256"`
	Entry  ledger.Seq   `json:"entry"`
	Path   string       `json:"path,omitzero"`
}

// dossierEntry is an entry; Proof is empty while it is not in the public log.
type dossierEntry struct {
	Seq   ledger.Seq  `json:"seq"`
	Kind  ledger.Kind `json:"kind"`
	On    ledger.Date `json:"on"`
	Path  string      `json:"path"`
	Proof string      `json:"proof,omitzero"`
}

// mostDossierEntries bounds the file of a project.
const mostDossierEntries = 3000

// dossierFile sends a project's file.
func (s *server) dossierFile(c *call, o *officer) error {
	if _, err := s.projectIn(c.ctx(), c.who, s.ledger, c.Param("project")); err != nil {
		return err
	}
	var made spool
	defer func() { _ = made.Close() }() // nameless: nothing is left
	_, err := s.makeFile(c.ctx(), &made, func(ctx context.Context, w io.Writer, at *ledger.Ledger, head ledger.Head) error {
		p := &dossierView{officer: o}
		if err := s.fillDossier(ctx, c.who, at, c.Param("project"), p); err != nil {
			return err
		}
		p.setHead(head)
		d := &dossierWriter{server: s, zip: zip.NewWriter(w), view: p, manifest: dossierManifest{
			Book: s.Book, Project: p.Project.Project, Name: p.Project.Name, Made: instant(s.Now()), LogSize: head.Size,
		}}
		return d.write(ctx, at)
	})
	if err != nil {
		return err
	}
	return sendSpool(c, &made, o.t("dossier.zip", c.Param("project"))+".zip", "application/zip")
}

// dossierWriter writes the file of one project.
type dossierWriter struct {
	server   *server
	zip      *zip.Writer
	view     *dossierView
	manifest dossierManifest
	entries  []*ledger.Entry
}

func (d *dossierWriter) write(ctx context.Context, l *ledger.Ledger) error {
	if err := errors.Join(d.documents(ctx), d.proofs(ctx, l)); err != nil {
		return fmt.Errorf("write dossier of %s: %w", d.manifest.Project, err)
	}
	for _, row := range d.view.Papers {
		paper := dossierPaper{Item: row.Item, Title: row.Zh, State: row.State}
		if row.State == "waived" {
			paper.Reason, paper.Entry = row.Why(), &row.Waived.Seq
		}
		d.manifest.Papers = append(d.manifest.Papers, paper)
	}
	index, err := d.index()
	if err != nil {
		return err
	}
	if err := d.add("index.html", strings.NewReader(index)); err != nil {
		return err
	}
	text, err := json.Marshal(d.manifest, jsontext.WithIndent(" "))
	if err != nil {
		return err
	}
	w, err := d.zip.Create("manifest.json")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return errors.Join(err, d.zip.Close())
}

// add writes a file and notes its hash.
func (d *dossierWriter) add(name string, r io.Reader) error {
	w, err := d.zip.Create(name)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), r)
	d.manifest.Files = append(d.manifest.Files, dossierFile{name, n, hex.EncodeToString(sum.Sum(nil))})
	return err
}

// documents writes the filed documents that are kept here.
func (d *dossierWriter) documents(ctx context.Context) error {
	n := 0
	for i := -1; i < len(d.view.Papers); i++ {
		filed, item := d.view.Others, ledger.Count(0)
		if i >= 0 {
			filed, item = d.view.Papers[i].Filed, d.view.Papers[i].Item
		}
		for _, x := range filed {
			n++
			doc := dossierDocument{Item: item, Name: x.File.Name, SHA256: x.File.SHA256, Entry: x.Entry.Seq}
			if x.Key != "" {
				doc.Path = fmt.Sprintf("documents/%03d-%02d-%s", n, item, archiveName(x.File.Name))
				if err := d.document(ctx, doc); err != nil {
					return err
				}
			}
			d.manifest.Documents = append(d.manifest.Documents, doc)
		}
	}
	return nil
}

func (d *dossierWriter) document(ctx context.Context, doc dossierDocument) error {
	f, err := d.server.Files.Find(ctx, d.server.Book, doc.SHA256, "")
	if err != nil {
		return err
	}
	content, err := d.server.Files.Content(f)
	if err != nil {
		return err
	}
	return errors.Join(d.add(doc.Path, content), content.Close())
}

// archiveName is a title as the name of a file in an archive, which no program takes
// for a path.
func archiveName(title string) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, title)
	ending := path.Ext(name)
	return clip(strings.TrimLeft(strings.TrimSuffix(name, ending), "."), 80) + clip(ending, 8)
}

// proofs writes the project's entries, each with its proof from the public files.
func (d *dossierWriter) proofs(ctx context.Context, l *ledger.Ledger) error {
	seqs, err := d.server.dossierEntries(ctx, l, d.view.Project)
	if err != nil {
		return err
	}
	found, err := l.EntriesAt(ctx, d.server.Book, seqs)
	if err != nil {
		return err
	}
	dir, public := d.server.publicDir(string(d.server.Book))
	for _, seq := range seqs {
		e := found[seq]
		if e == nil {
			continue
		}
		d.entries = append(d.entries, e)
		if err := d.proof(ctx, l, dir, public, e); err != nil {
			return err
		}
	}
	policy, err := dir.ReadFile("policy")
	if errors.Is(err, fs.ErrNotExist) || !public {
		return nil
	}
	if err != nil {
		return err
	}
	return d.add("policy.txt", strings.NewReader(string(policy)))
}

func (d *dossierWriter) proof(ctx context.Context, l *ledger.Ledger, dir tile.Dir, public bool, e *ledger.Entry) error {
	book := string(d.server.Book)
	row := dossierEntry{Seq: e.Seq, Kind: e.Kind, On: e.On, Path: "entries/" + leafFile(book, uint64(e.Seq))}
	leaf, err := l.Leaf(ctx, d.server.Book, e.Seq)
	if err != nil {
		return err
	}
	if err := d.add(row.Path, strings.NewReader(string(leaf))); err != nil {
		return err
	}
	if public {
		p, err := dir.Prove(uint64(e.Seq))
		if err == nil {
			row.Proof = "entries/" + proofFile(book, uint64(e.Seq))
			err = d.add(row.Proof, strings.NewReader(string(p.Text())))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // not published yet
			return err
		}
	}
	d.manifest.Entries = append(d.manifest.Entries, row)
	return nil
}

// dossierEntries are the entries about a project: how it came to be, its timeline with
// approvals and corrections, its tenders, contracts, payments and notices.
func (s *server) dossierEntries(ctx context.Context, l *ledger.Ledger, p ledger.Project) ([]ledger.Seq, error) {
	seqs := []ledger.Seq{p.Listed, p.Approved, p.Exempted}
	events, err := l.Timeline(ctx, s.Book, p.Project)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		seqs = append(seqs, e.Entry, e.At, e.ReversedBy)
	}
	tenders, err := l.Tenders(ctx, s.Book, p.Project)
	if err != nil {
		return nil, err
	}
	for _, t := range tenders {
		seqs = append(seqs, t.Seq, t.Awarded)
	}
	contracts, err := l.Contracts(ctx, s.Book, p.Project)
	if err != nil {
		return nil, err
	}
	for _, k := range contracts {
		seqs = append(seqs, k.Seq)
	}
	notices, err := l.NoticesOf(ctx, s.Book, p.Project)
	if err != nil {
		return nil, err
	}
	for _, n := range notices {
		seqs = append(seqs, n.Posted, n.Current)
	}
	for page := (ledger.Page{Limit: ledger.MaxPage}); ; {
		payments, next, err := l.Payments(ctx, s.Book, ledger.PaymentFilter{Project: p.Project}, page)
		if err != nil {
			return nil, err
		}
		for _, pay := range payments {
			seqs = append(seqs, pay.Requested, pay.Approved, pay.Paid)
		}
		if page.After = next; next == "" || len(seqs) > mostDossierEntries {
			break
		}
	}
	slices.Sort(seqs)
	seqs = slices.Compact(slices.DeleteFunc(seqs, func(q ledger.Seq) bool { return q < 0 }))
	return seqs[:min(len(seqs), mostDossierEntries)], nil
}

// dossierIndex is the page of a project's file that people read, without a server.
var dossierIndex = template.Must(template.New("index").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title>
<style>body{font-family:sans-serif;line-height:1.6;max-width:60rem;margin:1rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{border:1px solid #888;padding:.3rem .5rem;text-align:left;vertical-align:top}code{overflow-wrap:anywhere}</style></head>
<body><h1>{{.Title}}</h1><p>{{.About}}</p>
{{range .Tables}}<h2>{{.Caption}}</h2><table><thead><tr>{{range .Heads}}<th>{{.}}</th>{{end}}</tr></thead><tbody>
{{range .Rows}}<tr>{{range .}}<td>{{if .To}}<a href="{{.To}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}</td>{{end}}</tr>
{{end}}</tbody></table>
{{end}}<h2>{{.Check}}</h2><p>{{.How}}</p><pre><code>{{.Command}}</code></pre></body></html>
`))

// indexTable is a table of the index.
type indexTable struct {
	Caption string
	Heads   []string
	Rows    [][]cell
}

// index renders the page.
func (d *dossierWriter) index() (string, error) {
	f := d.view.frame
	papers := indexTable{Caption: f.t("dossier.papers"), Heads: []string{f.t("dossier.item"), f.t("dossier.paper"), f.t("col.state")}}
	for _, row := range d.view.Papers {
		state := f.t("dossier.state." + row.State)
		if row.State == "waived" {
			state += ": " + row.Why()
		}
		papers.Rows = append(papers.Rows, []cell{{Text: fmt.Sprint(int64(row.Item))}, {Text: f.lang.pick(row.Text)}, {Text: state}})
	}
	documents := indexTable{Caption: f.t("dossier.documents"), Heads: []string{f.t("dossier.item"), f.t("dossier.file"), "SHA-256", f.t("col.entry")}}
	for _, x := range d.manifest.Documents {
		documents.Rows = append(documents.Rows, []cell{{Text: fmt.Sprint(int64(x.Item))}, {Text: x.Name, To: x.Path}, {Text: x.SHA256}, {Text: fmt.Sprint(int64(x.Entry))}})
	}
	entries := indexTable{Caption: f.t("dossier.entries"), Heads: []string{f.t("col.entry"), f.t("col.day"), f.t("col.kind"), f.t("col.amount"), f.t("dossier.proof")}}
	for i, x := range d.manifest.Entries {
		amount := ""
		if a, ok := amountOf(d.entries[i].Body); ok {
			amount = a.Comma()
		}
		proof := cell{Text: f.t("dossier.unsigned")}
		if x.Proof != "" {
			proof = cell{Text: path.Base(x.Proof), To: x.Proof}
		}
		entries.Rows = append(entries.Rows, []cell{{Text: fmt.Sprint(int64(x.Seq)), To: x.Path}, {Text: string(x.On)}, {Text: f.name("kind", string(x.Kind))}, {Text: amount}, proof})
	}
	command := "yilu-verify proof entries/" + proofFile(string(f.Book), 0) + " --entry entries/" + leafFile(string(f.Book), 0) + " --policy policy.txt"
	if i := slices.IndexFunc(d.manifest.Entries, func(x dossierEntry) bool { return x.Proof != "" }); i >= 0 {
		command = "yilu-verify proof " + d.manifest.Entries[i].Proof + " --entry " + d.manifest.Entries[i].Path + " --policy policy.txt"
	}
	var b strings.Builder
	err := dossierIndex.Execute(&b, map[string]any{
		"Lang": f.Lang, "Title": f.t("dossier.title", d.manifest.Name), "About": f.t("dossier.about", d.manifest.Project, d.manifest.LogSize, d.manifest.Made),
		"Tables": []indexTable{papers, documents, entries}, "Check": f.t("dossier.check"), "How": f.t("dossier.how"), "Command": command,
	})
	return b.String(), err
}
