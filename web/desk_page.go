package web

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"yilu/alerts"
	"yilu/ledger"
)

// 填报: filling in, pre-check, submission. Each round trip comes back with everything
// that was typed, with what is wrong beside its field, and is kept as a draft.

// formView is the page of a form.
type formView struct {
	*officer
	Entries []*entryForm
	// Title is that of the submission, as typed.
	Title     *input
	AfterFact bool
	// Two says that a second person has to approve it.
	Two bool
	// Another are the kinds of which one more entry may be added.
	Another []kindGroup
	// Problems are all that is wrong, with the field that each is about.
	Problems []formProblem
	// Checked is set after a pre-check, Accepted when nothing would refuse the form.
	Checked, Accepted bool
	Findings          []findingLine
	// Told are sentences about the draft: that it was kept, or could not be.
	Told []string
	// Stale are the differences from what another window has kept meanwhile.
	Stale []difference
	Lists map[string][]pick
	form  *deskForm
}

// Draft, Version, ID and Seen are the hidden inputs of the form.
func (p *formView) Draft() string  { return p.form.draft }
func (p *formView) Version() int64 { return p.form.version }
func (p *formView) ID() string     { return p.form.id }
func (p *formView) Seen() string   { return p.form.seen }

// Back is what a movement gives back when it is taken back.
func (p *formView) Back(a ledger.Amount) string {
	if a < 0 {
		return "+" + (-a).Comma()
	}
	return (-a).Comma()
}

// entryForm is one entry of a form.
type entryForm struct {
	N        int
	Kind     ledger.Kind
	On       *input
	Corrects *input
	// Inputs are the members of the body, Sealed the personal values, Lines those of a
	// batch or register.
	Inputs []*input
	Sealed []*input
	Lines  *input
	// Receipt is the receipt number of an objection.
	Receipt string
	// Undo is what a reversal takes back.
	Undo *undoInfo
}

// undoInfo is an entry that is to be taken back, with the money it moved.
type undoInfo struct {
	Entry *ledger.Entry
	Facts []fact
	Moved []ledger.Leg
}

// inputs are all of the entry.
func (e *entryForm) inputs() []*input {
	all := slices.Concat([]*input{e.On, e.Corrects}, e.Inputs, e.Sealed, []*input{e.Lines})
	return slices.DeleteFunc(all, func(i *input) bool { return i == nil })
}

// difference is a field that differs between two windows.
type difference struct{ Label, Mine, Theirs string }

// findingLine is what a rule says of an entry of the form.
type findingLine struct {
	alerts.Checked
	Name, Sentence string
	// Entry is the number of the entry from 1, Ack the inputs by which it is explained.
	N   int
	Ack *ackForm
}

// ackForm explains why an entry is right though a rule holds it (预警需附件).
type ackForm struct {
	At      string
	Version ledger.Count
	Inputs  []*input
}

// kindGroup is the kinds of one stage, or the records of what others published.
type kindGroup struct {
	Stage ledger.Stage
	Kinds []ledger.Spec
}

// stageRecords is the group of what others published, which few officers type.
const stageRecords ledger.Stage = "records"

// kindOrder is the order of kinds within a stage: that of the work.
var kindOrder = []ledger.Kind{
	"fund.received", "fund.adjusted", "fund.allocated", "fund.recalled", "project.listed", "project.approved", "project.changed", "project.cancelled",
	"tender.announced", "tender.bid", "tender.opened", "tender.candidates", "tender.awarded", "tender.failed", "tender.exempted", "contract.signed", "contract.amended",
	"payment.requested", "grant.requested", "payment.paid", "payment.returned", "works.started", "works.progressed", "works.completed", "acceptance.passed", "acceptance.failed",
	"settlement.audited", "asset.registered", "document.filed", "document.waived", "notice.posted", "notice.hung", "notice.corrected", "notice.extended", "notice.ended",
	"objection.received", "objection.answered", "notice.waived", "notice.required", "photo.released", "photo.withdrawn", "entry.reversed", "period.closed", "register.loaded", "place.named",
}

// elsewhereKinds are those that people post, but not by a form of their own, with where.
var elsewhereKinds = map[ledger.Kind]string{
	"submission.made": "every form", "submission.approved": "/desk/submissions", "submission.rejected": "/desk/submissions", "payment.approved": "/desk/payments", "payment.rejected": "/desk/payments",
	"grant.line": "grant.requested", "register.person": "register.loaded", "register.supplier": "register.loaded", "register.account": "register.loaded", "alert.acknowledged": "the pre-check",
}

// mayFill says whether a role fills in forms of a kind.
func mayFill(spec ledger.Spec, role ledger.Role) bool {
	if _, step := ledger.NewBody(spec.Kind).(ledger.CaseStep); step {
		return false
	}
	return elsewhereKinds[spec.Kind] == "" && slices.Contains(spec.Roles, role)
}

// kindsFor groups the kinds of a role by stage.
func kindsFor(role ledger.Role) []kindGroup {
	var groups []kindGroup
	records := kindGroup{Stage: stageRecords}
	for _, spec := range ledger.Kinds() {
		if !mayFill(spec, role) {
			continue
		}
		if ledger.RecordedOf(ledger.NewBody(spec.Kind)) != nil || spec.Kind == "import.recorded" || spec.Kind == "book.opened" {
			records.Kinds = append(records.Kinds, spec)
			continue
		}
		if n := len(groups); n == 0 || groups[n-1].Stage != spec.Stage {
			groups = append(groups, kindGroup{Stage: spec.Stage})
		}
		g := &groups[len(groups)-1]
		g.Kinds = append(g.Kinds, spec)
	}
	if len(records.Kinds) > 0 {
		groups = append(groups, records)
	}
	for _, g := range groups {
		slices.SortStableFunc(g.Kinds, func(a, b ledger.Spec) int { return workOrder(a.Kind) - workOrder(b.Kind) })
	}
	return groups
}

func workOrder(k ledger.Kind) int {
	if i := slices.Index(kindOrder, k); i >= 0 {
		return i
	}
	return len(kindOrder)
}

// newView is the page of all forms.
type newView struct {
	*officer
	Groups []kindGroup
}

func (s *server) newPage(c *call, o *officer) error {
	o.template = "desknew"
	return s.showStaff(c, http.StatusOK, &newView{o, kindsFor(c.who.Role)})
}

// kindPage opens an empty form.
func (s *server) kindPage(c *call, o *officer) error {
	kind := ledger.Kind(c.Param("kind"))
	spec, ok := ledger.SpecOf(kind)
	if !ok {
		return ledger.ErrNotFound
	}
	if !mayFill(spec, c.who.Role) {
		return errRole
	}
	f := newForm(kind, s.today(), c.QueryParams())
	if seq := entrySeqs(c.QueryParam("like")); len(seq) == 1 {
		if err := s.typeLike(c.ctx(), f, kind, ledger.Seq(seq[0])); err != nil {
			return err
		}
	}
	if err := s.complete(c.ctx(), f); err != nil {
		return err
	}
	return s.showForm(c, http.StatusOK, &formView{officer: o, form: f})
}

// typeLike fills a form with what an earlier entry of its kind says, under a new name.
func (s *server) typeLike(ctx context.Context, f *deskForm, kind ledger.Kind, seq ledger.Seq) error {
	e, err := s.ledger.Entry(ctx, s.Book, seq)
	if err != nil {
		return err
	}
	if e.Kind != kind {
		return ledger.ErrNotFound
	}
	own := "0.body." + named[kind][0]
	name := f.values.Get(own)
	corrects := f.values.Get("0.corrects")
	f.typeEntry(0, e)
	if name != "" {
		f.values.Set(own, name)
	}
	if f.values.Set("0.on", string(s.today())); corrects != "" {
		f.values.Set("0.corrects", corrects)
	}
	return nil
}

// formPage takes what was sent, does what the button says, and shows the form again,
// until it is submitted.
func (s *server) formPage(c *call, o *officer) error {
	f, err := sentForm(c)
	if err != nil {
		return err
	}
	p := &formView{officer: o, form: f}
	if f.entries() == 0 {
		return one("kind", "请先选择业务", "choose a form first")
	}
	for n := range f.entries() {
		if spec, ok := ledger.SpecOf(f.kind(n)); !ok || !mayFill(spec, c.who.Role) {
			return errRole
		}
	}
	if p.Problems, err = s.attach(c, o.lang, f); err != nil {
		return err
	}
	act, what, _ := strings.Cut(c.FormValue("act"), ":")
	more := s.change(c, f, act, what)
	if act != "keep" {
		if err := s.complete(c.ctx(), f); err != nil {
			return err
		}
	}
	unit := f.unit(c.who.by())
	fresh, err := s.keepDraft(c, p, act)
	if err != nil {
		return err
	}
	if act == "keep" { // by the script, while one types
		c.Response().Header().Set("Draft-Version", strconv.FormatInt(f.version, 10))
		if !fresh {
			return c.NoContent(http.StatusConflict)
		}
		return c.NoContent(http.StatusNoContent)
	}
	if len(p.Problems) > 0 {
		return s.showFormWith(c, http.StatusUnprocessableEntity, p, more)
	}
	if more != "" || act == "more" || act == "drop" || act == "another" || act == "save" || !fresh {
		return s.showFormWith(c, http.StatusOK, p, more)
	}
	return s.checkForm(c, p, unit, act == "submit")
}

// change does to the form what a button asks for, and returns the list that gets one row
// more.
func (s *server) change(c *call, f *deskForm, act, what string) (more string) {
	switch act {
	case "more":
		return what
	case "drop":
		if n, ok := smallNumber(what); ok && f.entries() > 1 {
			f.drop(n)
		}
	case "another":
		kind := ledger.Kind(c.FormValue("another"))
		if spec, ok := ledger.SpecOf(kind); ok && mayFill(spec, c.who.Role) {
			f.add(kind, s.today())
		}
	}
	return ""
}

// keepDraft keeps the form as a draft. fresh is false when another window has kept
// another version meanwhile: it is shown beside this one, and the next time this one is
// kept.
func (s *server) keepDraft(c *call, p *formView, act string) (fresh bool, err error) {
	err = s.drafts().save(c.ctx(), c.who, p.form, s.Now())
	switch {
	case errors.Is(err, errFull):
		p.Told = append(p.Told, p.t("draft.full", mostDrafts))
		return true, nil
	case errors.Is(err, errStale):
		return s.compare(c.ctx(), p)
	case err != nil:
		return false, err
	}
	if act == "save" {
		p.Told = append(p.Told, p.t("draft.kept"))
	}
	return true, nil
}

// compare says how the form differs from what was kept of it meanwhile. A draft that is
// gone was most likely submitted: then the form goes on, and is found to be a repeat.
func (s *server) compare(ctx context.Context, p *formView) (fresh bool, err error) {
	there, err := s.drafts().open(ctx, p.Who, p.form.draft)
	if errors.Is(err, ledger.ErrNotFound) {
		p.form.version = 0
		p.Told = append(p.Told, p.t("draft.gone"))
		return true, nil
	}
	if err != nil {
		return false, err
	}
	p.form.version = there.Version
	names := slices.Sorted(maps.Keys(p.form.values))
	for name := range there.values {
		if _, mine := p.form.values[name]; !mine {
			names = append(names, name)
		}
	}
	labels := map[string]string{}
	labelsOf(labels, (&asker{f: p.frame, values: p.form.values}).entries(p.form))
	labelsOf(labels, (&asker{f: p.frame, values: there.values}).entries(there.form()))
	for _, name := range names {
		mine, theirs := strings.Join(p.form.values[name], ", "), strings.Join(there.values[name], ", ")
		if label := labels[name]; mine != theirs && label != "" {
			p.Stale = append(p.Stale, difference{label, mine, theirs})
		}
	}
	p.Told = append(p.Told, p.t("draft.stale"))
	return false, nil
}

// labelsOf names inputs by their labels and those of the groups they stand in.
func labelsOf(labels map[string]string, entries []*entryForm) {
	var walk func(before string, all []*input)
	walk = func(before string, all []*input) {
		for _, in := range all {
			labels[in.Name] = strings.TrimPrefix(before+" › "+in.Label, " › ")
			if in.Form == formFile {
				labels[in.Name+".name"] = labels[in.Name]
			}
			walk(labels[in.Name], slices.Concat(in.Parts, in.Rows))
		}
	}
	for _, e := range entries {
		walk("", e.inputs())
	}
}

// entries are the inputs of all entries of a form.
func (a *asker) entries(f *deskForm) []*entryForm {
	var out []*entryForm
	for n := range f.entries() {
		spec, ok := ledger.SpecOf(f.kind(n))
		if !ok {
			continue
		}
		at := strconv.Itoa(n)
		e := &entryForm{N: n, Kind: spec.Kind, Receipt: a.values.Get(at + ".receipt")}
		e.On = &input{Name: at + ".on", Label: a.f.t("entry.on"), Help: a.f.t("help.business_day"), Form: formDay, Required: true, Value: a.values.Get(at + ".on")}
		if spec.Kind == "entry.reversed" || a.values.Get(at+".corrects") != "" {
			e.Corrects = &input{Name: at + ".corrects", Label: a.f.t("form.corrects"), Help: a.f.t("help.corrects"), Form: formCount, Required: spec.Kind == "entry.reversed", Value: a.values.Get(at + ".corrects")}
		}
		e.Inputs = a.inputs(reflect.TypeOf(ledger.NewBody(spec.Kind)).Elem(), at+".body")
		if own := find(e.Inputs, at+".body."+named[spec.Kind][0]); own != nil {
			own.Picks = "" // a new name
		}
		e.Sealed = a.sealed(spec, at)
		if kind := lineKind(a.values, n, spec.Kind); kind != "" {
			e.Lines = a.lines(kind, at+".line")
		}
		out = append(out, e)
	}
	return out
}

// sealed are the inputs of personal values.
func (a *asker) sealed(spec ledger.Spec, at string) []*input {
	var out []*input
	for _, name := range spec.Sealed {
		in := &input{Name: at + ".sealed." + name, Label: a.f.t("sealed." + name), Form: formText, Value: a.values.Get(at + ".sealed." + name)}
		if name == "note" {
			in.Form, in.Help = formLong, a.f.t("help.note")
		}
		if slices.Contains([]string{"died_on", "first_on", "last_on"}, name) {
			in.Form = formDay
		}
		out = append(out, in)
	}
	return out
}

// lines are the rows of a batch or register.
func (a *asker) lines(kind ledger.Kind, at string) *input {
	spec, _ := ledger.SpecOf(kind)
	in := &input{Name: at, Label: a.f.lang.pick(spec.Text), Form: formRows, Required: true}
	for n := range a.rows(in) {
		row := &input{Name: at + "." + strconv.Itoa(n), Label: a.f.t("desk.row", n+1), Form: formGroup}
		row.Parts = briefly(append(a.inputs(reflect.TypeOf(ledger.NewBody(kind)).Elem(), row.Name+".body"), a.sealed(spec, row.Name)...))
		in.Rows = append(in.Rows, row)
	}
	return in
}

// showForm renders a form.
func (s *server) showForm(c *call, status int, p *formView) error {
	return s.showFormWith(c, status, p, "")
}

// showFormWith renders a form with one row more in one of its lists.
func (s *server) showFormWith(c *call, status int, p *formView, more string) error {
	p.template, p.script = "deskform", true
	p.Zh, p.En = s.other(p.frame, p.site.href(p.lang, "/desk/drafts/", p.form.draft))
	if c.Request().Method != http.MethodPost {
		p.Zh, p.En = s.other(p.frame, c.Request().URL.RequestURI())
	}
	a := &asker{f: p.frame, values: p.form.values, more: more}
	p.Entries = a.entries(p.form)
	for _, e := range p.Entries {
		spec, _ := ledger.SpecOf(e.Kind)
		p.Two = p.Two || spec.TwoPersons
	}
	p.Title = &input{Name: "title", Label: p.t("desk.title"), Help: p.t("help.submission"), Form: formText, Value: p.form.values.Get("title")}
	p.AfterFact = p.form.values.Get("after_fact") == "1"
	p.Another = kindsFor(p.Who.Role)
	p.mark()
	if err := errors.Join(s.hint(c.ctx(), p), s.offerFiles(c.ctx(), p), s.showUndo(c.ctx(), p)); err != nil {
		return err
	}
	return s.showStaff(c, status, p)
}

// showUndo shows what the reversals of a form take back.
func (s *server) showUndo(ctx context.Context, p *formView) error {
	for _, e := range p.Entries {
		if e.Kind != "entry.reversed" {
			continue
		}
		seq := entrySeqs(e.Corrects.Value)
		if len(seq) != 1 {
			continue
		}
		target, err := s.ledger.Entry(ctx, s.Book, ledger.Seq(seq[0]))
		if errors.Is(err, ledger.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		view := &entryView{frame: p.frame, Entry: target}
		if err := s.readCover(ctx, view); err != nil {
			return err
		}
		e.Undo = &undoInfo{Entry: target, Facts: p.facts(target)}
		if e.Undo.Moved, err = s.moved(ctx, view); err != nil {
			return err
		}
	}
	return nil
}

// mark puts each problem beside its field, and the link to it into the summary.
func (p *formView) mark() {
	all := []*input{p.Title}
	for _, e := range p.Entries {
		all = append(all, e.inputs()...)
	}
	for _, x := range p.Findings {
		if x.Ack != nil {
			all = append(all, x.Ack.Inputs...)
		}
	}
	labels := map[string]string{}
	labelsOf(labels, p.Entries)
	for i, x := range p.Problems {
		in := find(all, x.Field)
		if in == nil {
			p.Problems[i].Field = ""
			continue
		}
		text := x.Text
		if in.Form == formChoice && in.Value == "" { // the ledger lists the words of the API
			text = p.t("step.choose")
		}
		in.Errors = append(in.Errors, text)
		label := cmp.Or(labels[in.Name], in.Label)
		n, _, _ := strings.Cut(in.Name, ".")
		if i, ok := smallNumber(n); ok && len(p.Entries) > 1 {
			label = nth(i+1) + ". " + label
		}
		p.Problems[i] = formProblem{firstIn(in).Name, p.t("desk.problem", label, text)}
	}
}

// fault adds what could not be read.
func (p *formView) fault(faults []formFault) {
	for _, x := range faults {
		p.Problems = append(p.Problems, formProblem{x.name, p.t(x.key)})
	}
}

// refuse adds what the ledger says is wrong with the drafts.
func (p *formView) refuse(u *unitOfForm, problems []ledger.Problem) {
	for _, x := range problems {
		field := x.Field
		if at := u.at[min(max(x.Index, 0), len(u.at)-1)]; at != "" {
			field = at + "." + strings.TrimPrefix(field, "body.")
			if !strings.Contains(at, ".ack.") {
				field = at + "." + x.Field
			}
		} else {
			field = strings.TrimPrefix(field, "body.")
		}
		p.Problems = append(p.Problems, formProblem{field, p.lang.pick(x.Text)})
	}
}

// checkForm asks what the book and the rules would answer, and submits the form if that
// is asked for and nothing is new.
func (s *server) checkForm(c *call, p *formView, u *unitOfForm, submit bool) error {
	if len(u.faults) > 0 {
		p.fault(u.faults)
		return s.showForm(c, http.StatusUnprocessableEntity, p)
	}
	check, err := alerts.Check(c.ctx(), s.ledger, c.book, u.drafts...)
	if err != nil {
		return s.refuseForm(c, p, u, err)
	}
	if check.Repeated {
		return s.submitted(c, p, u)
	}
	digest := hex.EncodeToString(check.Digest[:])
	known := p.form.seen == digest
	p.Checked, p.Accepted, p.form.seen = true, check.Accepted, digest
	s.showFindings(p, u, check.Findings)
	if !check.Accepted {
		p.refuse(u, slices.DeleteFunc(slices.Clone(check.Problems), func(x ledger.Problem) bool { return isFinding(check.Findings, x) }))
		return s.showForm(c, http.StatusUnprocessableEntity, p)
	}
	if submit && (known || len(p.Findings) == 0) { // nothing was overlooked
		return s.submitForm(c, p, u, check)
	}
	return s.showForm(c, http.StatusOK, p)
}

// isFinding says whether a problem is a rule's, which is shown among the findings.
func isFinding(found []alerts.Checked, p ledger.Problem) bool {
	return slices.ContainsFunc(found, func(f alerts.Checked) bool { return f.Code == p.Rule && f.Index == p.Index })
}

// showFindings lists what the rules found; a rule on trial tells nobody.
func (s *server) showFindings(p *formView, u *unitOfForm, found []alerts.Checked) {
	names := s.namesOfRules(p.lang)
	a := &asker{f: p.frame, values: p.form.values}
	for _, f := range found {
		if f.Shadow {
			continue
		}
		hideFinding(&f.Finding)
		at := u.at[min(max(f.Index, 0), len(u.at)-1)]
		number, _, _ := strings.Cut(at, ".")
		n, _ := strconv.Atoi(number)
		line := findingLine{Checked: f, Name: names[f.Code], Sentence: p.lang.pick(f.Sentence), N: n + 1}
		if f.Needs == "acknowledgement" || f.Acknowledged {
			line.Ack = a.acknowledge(number+".ack."+f.Code, f.Version)
		}
		p.Findings = append(p.Findings, line)
	}
}

// namesOfRules are none on a server without warnings.
func (s *server) namesOfRules(l language) map[string]string {
	if s.Alerts == nil {
		return nil
	}
	return s.ruleNames(l)
}

// acknowledge are the inputs that explain a warning.
func (a *asker) acknowledge(at string, version ledger.Count) *ackForm {
	form := &ackForm{At: at, Version: version}
	for _, in := range a.inputs(reflect.TypeFor[ledger.AlertAcknowledged](), at) {
		if name := strings.TrimPrefix(in.Name, at+"."); name == "ground" || name == "file" {
			form.Inputs = append(form.Inputs, in)
		}
	}
	form.Inputs = append(form.Inputs, &input{Name: at + ".note", Label: a.f.t("sealed.note"), Form: formLong, Value: a.values.Get(at + ".note")})
	return form
}

// submitForm posts what the form holds.
func (s *server) submitForm(c *call, p *formView, u *unitOfForm, check alerts.Precheck) error {
	if err := s.mayEnter(); err != nil {
		return err
	}
	began := s.Now()
	var rider ledger.Rider
	if u.submission != "" {
		rider = keepPrecheck(c.book, u.submission, check)
	}
	_, err := s.ledger.PostWith(c.ctx(), c.book, rider, u.drafts...)
	s.Metrics.posted(c.book, s.Now().Sub(began), err)
	s.keepAttempt(c, err, u.drafts)
	if err != nil {
		return s.refuseForm(c, p, u, err)
	}
	return s.submitted(c, p, u)
}

// refuseForm shows the form again with why it was not taken.
func (s *server) refuseForm(c *call, p *formView, u *unitOfForm, err error) error {
	why := problemOf(err)
	switch {
	case why.Seq != nil: // the id is another entry's: the form was changed after it was submitted
		p.Problems = append(p.Problems, formProblem{"", p.t("desk.again", int64(*why.Seq))})
		p.form.id, p.form.seen = newID(), ""
	case len(why.Problems) > 0:
		p.refuse(u, why.Problems)
	case why.Status == http.StatusServiceUnavailable:
		p.Problems = append(p.Problems, formProblem{"", p.lang.pick(why.detail)})
	default:
		return err
	}
	return s.showForm(c, why.Status, p)
}

// submitted removes the draft and leads to what was entered.
func (s *server) submitted(c *call, p *formView, u *unitOfForm) error {
	if err := s.drafts().remove(c.ctx(), c.who, p.form.draft); err != nil {
		return err
	}
	if u.submission != "" {
		return c.Redirect(http.StatusSeeOther, p.site.live(p.lang, "/desk/submissions/"+url.PathEscape(u.submission), "done", "1"))
	}
	last := u.drafts[slices.IndexFunc(u.drafts, func(d ledger.Draft) bool { return !ledger.IsLine(d.Kind) && d.Kind != "alert.acknowledged" })]
	found, err := s.ledger.FindIDs(c.ctx(), c.book, []string{last.ID})
	if err != nil {
		return err
	}
	seq, ok := found[last.ID]
	if !ok {
		return fmt.Errorf("entry %s: %w", last.ID, ledger.ErrNotFound)
	}
	return c.Redirect(http.StatusSeeOther, p.site.live(p.lang, "/desk/entries/"+fmt.Sprint(int64(seq)), "done", "1"))
}

// draftsView lists the drafts of the officer.
type draftsView struct {
	*officer
	Rows []draftLine
}

// draftLine is a draft in a list.
type draftLine struct {
	draftRow
	// What says what it holds, When when it was changed.
	What, When string
	Entries    int
	// Amount is that of its first entry, as it was typed if it cannot be read.
	Amount string
}

func (s *server) draftsPage(c *call, o *officer) error {
	o.template = "deskdrafts"
	p := &draftsView{officer: o}
	rows, err := s.drafts().list(c.ctx(), c.who)
	for _, r := range rows {
		p.Rows = append(p.Rows, o.draftLine(r))
	}
	if err != nil {
		return err
	}
	return s.showStaff(c, http.StatusOK, p)
}

func (o *officer) draftLine(r draftRow) draftLine {
	f := r.form()
	line := draftLine{draftRow: r, When: inShanghai(r.Changed), Entries: f.entries(), Amount: r.values.Get("0.body.amount")}
	if a, err := typedAmount(line.Amount); err == nil && line.Amount != "" {
		line.Amount = a.Comma()
	}
	line.What = o.name("kind", string(f.kind(0)))
	if typed := r.values.Get("title"); typed != "" {
		line.What += " · " + typed
	} else if own := r.values.Get("0.body." + named[f.kind(0)][0]); own != "" {
		line.What += " · " + own
	}
	return line
}

// draftPage goes on with a draft.
func (s *server) draftPage(c *call, o *officer) error {
	r, err := s.drafts().open(c.ctx(), c.who, c.Param("draft"))
	if err != nil {
		return err
	}
	return s.showForm(c, http.StatusOK, &formView{officer: o, form: r.form()})
}

// dropDraft deletes a draft.
func (s *server) dropDraft(c *call, o *officer) error {
	if err := s.drafts().remove(c.ctx(), c.who, c.FormValue("draft")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/drafts"))
}
