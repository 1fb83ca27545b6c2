package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"yilu/ledger"
)

// 一项一档: the 27 papers of a project, which are there and which are missing, and all
// of it as one file with its proofs.

// paperRow is a paper of the list with the documents that were filed under it.
type paperRow struct {
	ledger.Paper
	Filed []filedPaper
	// State is "filed", "missing", "later", "waived", or "none": to such projects it does
	// not apply.
	State string
	// Waived is the entry that says why it does not apply, nil for none; waivers counts
	// those that were taken back too.
	Waived  *ledger.Entry
	waivers int
}

// Why is the reason of an entry that says that the paper does not apply.
func (r paperRow) Why() string {
	if r.Waived == nil {
		return ""
	}
	return r.Waived.Body.(*ledger.DocumentWaived).Explanation
}

// Open says whether it can be marked as not applicable.
func (r paperRow) Open() bool { return r.State == "missing" || r.State == "later" }

// filedPaper is one filed document.
type filedPaper struct {
	Entry *ledger.Entry
	File  ledger.File
	// Key is its hash in addresses, "" when we do not keep the file.
	Key string
}

// dossierView is a project's file.
type dossierView struct {
	*officer
	Project ledger.Project
	Papers  []paperRow
	// Others are documents filed outside the list.
	Others []filedPaper
	// Present, Missing and Due count papers; Due is both together.
	Present, Missing int
	Item             string
	Problems         []formProblem
	// Waive and Why are the paper that was to be marked as not applicable, and the reason
	// that was typed.
	Waive, Why string
}

// Due is how many papers should be there.
func (p *dossierView) Due() int { return p.Present + p.Missing }

// MayFile says whether the officer files documents.
func (p *dossierView) MayFile() bool {
	spec, _ := ledger.SpecOf("document.filed")
	return slices.Contains(spec.Roles, p.Who.Role)
}

// dossiersView finds projects.
type dossiersView struct {
	*officer
	Text        string
	Rows        []ledger.Project
	Next, First string
}

func (s *server) dossiersPage(c *call, o *officer) error {
	o.template = "dossiers"
	if err := c.query("text", "after").err(); err != nil {
		return err
	}
	p := &dossiersView{officer: o, Text: clip(c.QueryParam("text"), 100)}
	rows, next, err := s.ledger.Projects(c.ctx(), s.Book, ledger.ProjectFilter{Text: p.Text, Place: c.who.Area}, ledger.Page{After: c.QueryParam("after")})
	if err != nil {
		return err
	}
	p.Rows = rows
	if next != "" {
		p.Next = o.site.live(o.lang, "/desk/dossier", "text", p.Text, "after", next)
	}
	if c.QueryParam("after") != "" {
		p.First = o.site.live(o.lang, "/desk/dossier", "text", p.Text)
	}
	return s.showStaff(c, http.StatusOK, p)
}

// projectIn is a project of the officer's area; another is not there for them.
func (s *server) projectIn(ctx context.Context, who *actor, l *ledger.Ledger, id string) (ledger.Project, error) {
	p, err := l.Project(ctx, s.Book, id)
	if err == nil && !strings.HasPrefix(p.Place, who.Area) {
		err = ledger.ErrNotFound
	}
	return p, err
}

func (s *server) dossierPage(c *call, o *officer) error {
	return s.showDossier(c, http.StatusOK, &dossierView{officer: o, Item: c.QueryParam("item")})
}

func (s *server) showDossier(c *call, status int, p *dossierView) error {
	p.template = "dossier"
	if err := s.fillDossier(c.ctx(), c.who, s.ledger, c.Param("project"), p); err != nil {
		return err
	}
	return s.showStaff(c, status, p)
}

// fillDossier reads a project's file.
func (s *server) fillDossier(ctx context.Context, who *actor, l *ledger.Ledger, project string, p *dossierView) error {
	var err error
	if p.Project, err = s.projectIn(ctx, who, l, project); err != nil {
		return err
	}
	events, err := l.Timeline(ctx, s.Book, project)
	if err != nil {
		return err
	}
	works, err := s.hasWorks(ctx, l, p.Project, events)
	if err != nil {
		return err
	}
	for _, paper := range ledger.Papers {
		p.Papers = append(p.Papers, paperRow{Paper: paper})
	}
	if err := errors.Join(s.readFiled(ctx, l, events, p), s.readWaived(ctx, l, events, p)); err != nil {
		return err
	}
	for i := range p.Papers {
		row := &p.Papers[i]
		switch {
		case len(row.Filed) > 0:
			row.State = "filed"
			p.Present++
		case row.Waived != nil:
			row.State = "waived"
		case row.Works && !works:
			row.State = "none"
		case row.IsDue(p.Project):
			row.State = "missing"
			p.Missing++
		default:
			row.State = "later"
		}
	}
	return nil
}

// hasWorks says whether a project builds or buys: grants to households have no
// contract, no final accounts and nothing to hand over.
func (s *server) hasWorks(ctx context.Context, l *ledger.Ledger, p ledger.Project, events []ledger.TimelineEvent) (bool, error) {
	if p.Type == "construction" || slices.ContainsFunc(events, func(e ledger.TimelineEvent) bool {
		return strings.HasPrefix(string(e.Kind), "works.") || strings.HasPrefix(string(e.Kind), "tender.") || strings.HasPrefix(string(e.Kind), "contract.")
	}) {
		return true, nil
	}
	contracts, err := l.Contracts(ctx, s.Book, p.Project)
	return len(contracts) > 0, err
}

// filedEntries are the entries that filed a document and were not taken back.
func (s *server) filedEntries(ctx context.Context, l *ledger.Ledger, events []ledger.TimelineEvent) ([]*ledger.Entry, error) {
	return s.standing(ctx, l, events, "document.filed")
}

// standing are the entries of a kind that were not taken back, in their order.
func (s *server) standing(ctx context.Context, l *ledger.Ledger, events []ledger.TimelineEvent, kind ledger.Kind) ([]*ledger.Entry, error) {
	all, err := s.readKind(ctx, l, events, kind)
	var entries []*ledger.Entry
	for _, x := range all {
		if x.reversedBy == ledger.None {
			entries = append(entries, x.entry)
		}
	}
	return entries, err
}

// timelineEntry is an entry of a project with what took it back, None for nothing.
type timelineEntry struct {
	entry      *ledger.Entry
	reversedBy ledger.Seq
}

// readKind reads the entries of a kind, in their order.
func (s *server) readKind(ctx context.Context, l *ledger.Ledger, events []ledger.TimelineEvent, kind ledger.Kind) ([]timelineEntry, error) {
	var seqs []ledger.Seq
	for _, e := range events {
		if e.Kind == kind {
			seqs = append(seqs, e.Entry)
		}
	}
	found, err := l.EntriesAt(ctx, s.Book, seqs)
	if err != nil {
		return nil, err
	}
	var entries []timelineEntry
	for _, e := range events {
		if x := found[e.Entry]; e.Kind == kind && x != nil && x.Kind == kind {
			entries = append(entries, timelineEntry{x, e.ReversedBy})
		}
	}
	return entries, nil
}

// readFiled puts the documents that were filed under their papers.
func (s *server) readFiled(ctx context.Context, l *ledger.Ledger, events []ledger.TimelineEvent, p *dossierView) error {
	entries, err := s.filedEntries(ctx, l, events)
	if err != nil {
		return err
	}
	known, err := s.Files.FindMany(ctx, s.Book, filedHashes(entries), "")
	if err != nil {
		return err
	}
	for _, e := range entries {
		filed := e.Body.(*ledger.DocumentFiled)
		x := filedPaper{Entry: e, File: filed.File}
		if f, ok := known[filed.File.SHA256]; ok {
			x.Key = documentRow{Stored: f}.Key()
		}
		if n := int(filed.Item); n >= 1 && n <= len(p.Papers) {
			p.Papers[n-1].Filed = append(p.Papers[n-1].Filed, x)
		} else {
			p.Others = append(p.Others, x)
		}
	}
	return nil
}

// readWaived puts the entries by which papers do not apply beside them.
func (s *server) readWaived(ctx context.Context, l *ledger.Ledger, events []ledger.TimelineEvent, p *dossierView) error {
	entries, err := s.readKind(ctx, l, events, "document.waived")
	for _, x := range entries {
		row := &p.Papers[x.entry.Body.(*ledger.DocumentWaived).Item-1]
		row.waivers++
		if x.reversedBy == ledger.None {
			row.Waived = x.entry
		}
	}
	return err
}

// waivePaper marks a paper as not applicable. Sent twice it is one entry, and of two who
// do it at once the second is told.
func (s *server) waivePaper(c *call, o *officer) error {
	p := &dossierView{officer: o, Waive: c.FormValue("item"), Why: c.said("explanation")}
	err := s.postWaived(c, p)
	if problems, ok := sheetProblems(err); ok {
		for _, x := range problems {
			p.Problems = append(p.Problems, formProblem{"waive-" + strings.TrimPrefix(x.Field, "body."), o.lang.pick(x.Text)})
		}
		return s.showDossier(c, http.StatusUnprocessableEntity, p)
	}
	if _, taken := errors.AsType[*ledger.Conflict](err); taken {
		p.Problems = append(p.Problems, formProblem{"waive-item", o.t("dossier.waived_meanwhile")})
		return s.showDossier(c, http.StatusConflict, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/dossier/", c.Param("project"))+"#paper-"+p.Waive)
}

func (s *server) postWaived(c *call, p *dossierView) error {
	now := &dossierView{officer: p.officer}
	if err := s.fillDossier(c.ctx(), c.who, s.ledger, c.Param("project"), now); err != nil {
		return err
	}
	n, err := strconv.Atoi(p.Waive)
	if err != nil || n < 1 || n > len(now.Papers) {
		return one("item", "请选择资料名称", "choose which paper it is")
	}
	if err := s.mayEnter(); err != nil {
		return err
	}
	row := now.Papers[n-1]
	switch {
	case row.Waived != nil && row.Waived.By == c.who.by() && row.Why() == p.Why: // sent twice
		return nil
	case !row.Open():
		return one("item", "该资料已归档或已标为不适用", "the paper is filed, or marked as not applicable, already")
	}
	_, err = s.post(c, ledger.Draft{
		ID: row.waiver(c.Param("project")), Kind: "document.waived", On: s.today(), By: c.who.by(), Corrects: ledger.None,
		Body: &ledger.DocumentWaived{Project: c.Param("project"), Item: ledger.Count(n), Explanation: p.Why},
	})
	return err
}

// waiver is the id of the next entry by which the paper does not apply. Two officers who
// see the same mean the same entry, so that only one of them makes it.
func (r paperRow) waiver(project string) string {
	return "waive-" + hashText(fmt.Sprintf("%s/%d/%d", project, r.Item, r.waivers))[:26]
}

// takePaper stores a document and files it. The same document filed twice under one
// number is one entry.
func (s *server) takePaper(c *call, o *officer) error {
	p := &dossierView{officer: o, Item: c.FormValue("item")}
	err := s.filePaper(c, p)
	if problems, ok := sheetProblems(err); ok {
		for _, x := range problems {
			p.Problems = append(p.Problems, formProblem{"file", o.lang.pick(x.Text)})
		}
		return s.showDossier(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/dossier/", c.Param("project"))+"#paper-"+p.Item)
}

// filePaper posts document.filed for the file of a form.
func (s *server) filePaper(c *call, p *dossierView) error {
	if _, err := s.projectIn(c.ctx(), c.who, s.ledger, c.Param("project")); err != nil {
		return err
	}
	item, err := strconv.Atoi(p.Item)
	if err != nil {
		return one("item", "请选择资料名称", "choose which paper it is")
	}
	if err := s.mayEnter(); err != nil {
		return err
	}
	f, err := s.storeDocument(c)
	if err != nil {
		return err
	}
	d := ledger.Draft{
		Kind: "document.filed", On: s.today(), By: c.who.by(), Corrects: ledger.None,
		Body: &ledger.DocumentFiled{Project: c.Param("project"), Item: ledger.Count(item), File: f.File()},
	}
	if d.ID, err = s.paperID(c, item, documentRow{Stored: f}.Key()); err != nil || d.ID == "" {
		return err
	}
	_, err = s.post(c, d)
	return err
}

// paperID is the id of the entry that files a document: made from what is filed where,
// so that filing it twice is seen; "" when it is filed already. One that was taken back
// may be filed again, with a number behind its id.
func (s *server) paperID(c *call, item int, key string) (string, error) {
	base := "file-" + key[:24] + "-" + strconv.Itoa(item) + "-" + hashText(c.Param("project"))[:12]
	for n := 1; ; n++ {
		id := base
		if n > 1 {
			id += "-" + strconv.Itoa(n)
		}
		found, err := s.ledger.FindIDs(c.ctx(), s.Book, []string{id})
		if err != nil {
			return "", err
		}
		seq, taken := found[id]
		if !taken {
			return id, nil
		}
		gone, err := s.ledger.Withdrawn(c.ctx(), s.Book, []ledger.Seq{seq})
		if err != nil {
			return "", err
		}
		if !gone[seq] {
			return "", nil
		}
	}
}
