package web

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"yilu/ledger"
	"yilu/ledger/document"
)

// 附件 of forms: an officer chooses from what was filed of the project and what their unit
// handed in lately, or uploads at once; nobody types a hash. What was chosen is an input
// like others: it is kept with the draft, and comes back with every error.

const (
	// uploadName ends the names of inputs that bring a file.
	uploadName = ".upload"
	// mostOffered is how many documents each group of a choice has.
	mostOffered = 50
)

// fileGroup is a group of documents to choose from.
type fileGroup struct {
	Label   string
	Options []fileOption
}

// fileOption is a document to choose.
type fileOption struct {
	ledger.File
	// Note is its size and day, or what else there is to say.
	Note     string
	Selected bool
}

// offered are the documents that an officer may attach to an entry about a project.
func (s *server) offered(ctx context.Context, f *frame, who *actor, project string) ([]fileGroup, error) {
	if s.Files == nil {
		return nil, nil
	}
	filed, err := s.filedFor(ctx, who, project)
	if err != nil {
		return nil, err
	}
	recent, _, err := s.Files.List(ctx, s.Book, who.Unit, "", s.Now().Add(time.Minute))
	if err != nil {
		return nil, err
	}
	recent = slices.DeleteFunc(recent, func(x document.Stored) bool {
		return slices.ContainsFunc(filed, func(y document.Stored) bool { return x.Hash() == y.Hash() })
	})
	var groups []fileGroup
	for _, of := range []struct {
		label string
		list  []document.Stored
	}{{"attach.filed", filed}, {"attach.recent", recent}} {
		g := fileGroup{Label: f.t(of.label)}
		for _, x := range of.list[:min(len(of.list), mostOffered)] {
			g.Options = append(g.Options, fileOption{File: x.File(), Note: sizeText(x.Size) + " · " + string(ledger.DateOf(x.At))})
		}
		if len(g.Options) > 0 {
			groups = append(groups, g)
		}
	}
	return groups, nil
}

// filedFor are the documents in a project's file that the officer sees, the last first.
func (s *server) filedFor(ctx context.Context, who *actor, project string) ([]document.Stored, error) {
	if project == "" || !plain(project) {
		return nil, nil
	}
	if _, err := s.projectIn(ctx, who, s.ledger, project); errors.Is(err, ledger.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	entries, err := s.ledger.FiledLast(ctx, s.Book, project, mostOffered)
	if err != nil {
		return nil, err
	}
	known, err := s.Files.FindMany(ctx, s.Book, filedHashes(entries), who.unitSeen())
	if err != nil {
		return nil, err
	}
	var out []document.Stored
	for _, hash := range filedHashes(entries) {
		if x, ok := known[hash]; ok {
			out = append(out, x)
			delete(known, hash) // filed twice, it is offered once
		}
	}
	return out, nil
}

// filedHashes are the documents that entries filed.
func filedHashes(entries []*ledger.Entry) (hashes []string) {
	for _, e := range entries {
		hashes = append(hashes, e.Body.(*ledger.DocumentFiled).File.SHA256)
	}
	return hashes
}

// choice are the groups of a choice with what is chosen marked. A chosen document that is
// in none of them stands first.
func choice(groups []fileGroup, chosen []ledger.File) []fileGroup {
	var out []fileGroup
	missing := slices.Clone(chosen)
	for _, g := range groups {
		g.Options = slices.Clone(g.Options)
		for i, x := range g.Options {
			at := slices.IndexFunc(missing, func(y ledger.File) bool { return x.SHA256 == y.SHA256 })
			if at >= 0 {
				g.Options[i].Selected = true
				missing = slices.Delete(missing, at, at+1)
			}
		}
		out = append(out, g)
	}
	var first fileGroup
	for _, x := range missing {
		if x.SHA256 != "" {
			first.Options = append(first.Options, fileOption{File: x, Selected: true})
		}
	}
	if len(first.Options) > 0 {
		out = slices.Insert(out, 0, first)
	}
	return out
}

// attach stores the files that came with a form of the desk, each in the place of its
// input, and names what was chosen. Problems are files that are not taken.
func (s *server) attach(c *call, l language, f *deskForm) ([]formProblem, error) {
	var problems []formProblem
	if s.Files != nil {
		files, err := s.handed(c)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			at, ok := strings.CutSuffix(file.Input, uploadName)
			if !ok || !formInput.MatchString(file.Input) {
				continue
			}
			x, err := s.storeUpload(c, file)
			if bad, ok := sheetProblems(err); ok {
				problems = append(problems, formProblem{at, l.pick(bad[0].Text)})
				continue
			}
			if err != nil {
				return nil, err
			}
			f.values.Set(at+".sha256", x.Hash())
		}
	}
	slices.SortFunc(problems, func(a, b formProblem) int { return strings.Compare(a.Field, b.Field) })
	return problems, s.nameFiles(c.ctx(), c.who, f.values)
}

// storeUpload stores one file of a form as a document of the officer's unit.
func (s *server) storeUpload(c *call, file handedFile) (document.Stored, error) {
	content, err := file.Open()
	if err != nil {
		return document.Stored{}, err
	}
	defer func() { _ = content.Close() }() // reading only
	return s.Files.Put(c.ctx(), s.Book, document.Stored{Unit: c.who.Unit, User: c.who.User, Name: file.Name, At: s.Now()}, content)
}

// nameFiles gives each chosen document its name and size, as it was handed in. One that is
// not kept here stays as it came: entries may name what others keep.
func (s *server) nameFiles(ctx context.Context, who *actor, values url.Values) error {
	for name, v := range values {
		at, ok := strings.CutSuffix(name, ".sha256")
		if !ok {
			continue
		}
		if v[0] == "" {
			typeFile(values, at, ledger.File{})
			continue
		}
		if s.Files == nil {
			continue
		}
		x, err := s.Files.Find(ctx, s.Book, v[0], who.unitSeen())
		if errors.Is(err, ledger.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		typeFile(values, at, x.File())
	}
	return nil
}

// typeFile writes a document into a form, or takes it out.
func typeFile(values url.Values, at string, f ledger.File) {
	for _, name := range []string{".name", ".size", ".sm3"} {
		values.Del(at + name)
	}
	if f.SHA256 == "" {
		return
	}
	values.Set(at+".name", f.Name)
	values.Set(at+".size", strconv.FormatInt(int64(f.Size), 10))
	if f.SM3 != "" {
		values.Set(at+".sm3", f.SM3)
	}
}

// offerFiles fills the choices of documents of a form.
func (s *server) offerFiles(ctx context.Context, p *formView) error {
	known := map[string][]fileGroup{}
	for _, e := range p.Entries {
		all := e.inputs()
		for _, x := range p.Findings {
			if x.Ack != nil && strings.HasPrefix(x.Ack.At, nth(e.N)+".") {
				all = append(all, x.Ack.Inputs...)
			}
		}
		inputs := fileInputs(all)
		if len(inputs) == 0 {
			continue
		}
		project := strings.TrimSpace(p.form.values.Get(nth(e.N) + ".body.project"))
		groups, ok := known[project]
		if !ok {
			var err error
			if groups, err = s.offered(ctx, p.frame, p.Who, project); err != nil {
				return err
			}
			known[project] = groups
		}
		for _, in := range inputs {
			in.Files, in.Uploads = choice(groups, []ledger.File{in.File}), s.Files != nil
		}
	}
	return nil
}

// fileInputs are the inputs that take a document.
func fileInputs(all []*input) []*input {
	var out []*input
	for _, in := range all {
		if in.Form == formFile {
			out = append(out, in)
		}
		out = append(out, fileInputs(in.Parts)...)
		out = append(out, fileInputs(in.Rows)...)
	}
	return out
}

// chosenFile is the document that stands at a place of a form.
func chosenFile(values url.Values, at string) ledger.File {
	f := ledger.File{Name: values.Get(at + ".name"), SHA256: values.Get(at + ".sha256"), SM3: values.Get(at + ".sm3")}
	_ = f.Size.UnmarshalText([]byte(values.Get(at + ".size"))) // shown only
	return f
}

// stepFiles stores what came with a step of a case and finds what was chosen for it.
func (s *server) stepFiles(c *call, typed *stepForm) error {
	at := slices.IndexFunc(typed.Fields, func(x stepField) bool { return x.Name == "files" })
	if at < 0 || s.Files == nil {
		return nil
	}
	values, err := c.FormParams()
	if err != nil {
		return readError(err)
	}
	field := &typed.Fields[at]
	for _, hash := range values["files"] {
		x, err := s.Files.Find(c.ctx(), s.Book, hash, c.who.unitSeen())
		if errors.Is(err, ledger.ErrNotFound) {
			return one("files", "附件已不在，请重新选择", "a document is not there, choose again")
		}
		if err != nil {
			return err
		}
		field.take(x)
	}
	files, err := s.handed(c)
	if err != nil {
		return err
	}
	for _, file := range files {
		if file.Input != "upload" {
			continue
		}
		x, err := s.storeUpload(c, file)
		if bad, ok := sheetProblems(err); ok {
			bad[0].Field = "files"
			return &ledger.Invalid{Problems: bad[:1]}
		}
		if err != nil {
			return err
		}
		field.take(x)
	}
	return nil
}

// take adds a document to what is chosen.
func (x *stepField) take(f document.Stored) {
	if !slices.ContainsFunc(x.Chosen, func(y ledger.File) bool { return y.SHA256 == f.Hash() }) {
		x.Chosen = append(x.Chosen, f.File())
	}
}

// offerStepFiles fills the choices of documents of a warning's forms.
func (s *server) offerStepFiles(ctx context.Context, p *alertView) error {
	if len(p.Forms) == 0 || s.Files == nil {
		return nil
	}
	project := ""
	if p.Project != nil {
		project = p.Project.Project
	}
	groups, err := s.offered(ctx, p.frame, p.Who, project)
	if err != nil {
		return err
	}
	p.Uploads = true
	for _, form := range p.Forms {
		for i := range form.Fields {
			if x := &form.Fields[i]; x.Name == "files" {
				x.Files = choice(groups, x.Chosen)
			}
		}
	}
	return nil
}
