package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"yilu/alerts"
	rulefact "yilu/alerts/fact"
	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// alertView is one warning: what differs from what, by which rule, on what evidence,
// what was done, and what can be done next.
type alertView struct {
	*officer
	Detail alerts.Detail
	// Rule is the rule's file in the version that found it, nil if it is not at hand.
	Rule     *rule.Rule
	Name     string
	Sentence string
	Late     bool
	History  []historyLine
	Forms    []stepForm
	// Problems are what stood against the step that was tried.
	Problems []string
	// Wrong are those that stand beside an input of the step's form, to be gone to.
	Wrong []formProblem
	// Lost is what was typed for a step that cannot be taken any more: it is shown to be
	// kept.
	Lost []stepField
	// Since are the steps that others took after the officer had looked, as lines of
	// History.
	Since []historyLine
	// Uploads says that steps may bring files.
	Uploads bool
	// Units are those that a case can be given to with somebody to see it.
	Units []string
	// Filter is the list that the page was opened from, Newer and Older the warnings
	// beside it there.
	Filter       watchFilter
	Newer, Older string
	around
}

// At is an address below the page's own.
func (p *alertView) At(below string) string {
	return p.site.href(p.lang, "/alerts/", p.Detail.Alert) + below
}

// Inspect says whether the officer may take the case file, RuleText is the rule's file.
func (p *alertView) Inspect() bool    { return p.Who.may(inspect) }
func (p *alertView) RuleText() string { return string(p.Rule.Text) }

// historyLine is a step in words.
type historyLine struct {
	alerts.Step
	When  string
	Facts []fact
}

// Formula is the rule in words, Exclusions what it leaves out.
func (p *alertView) Formula() string    { return p.lang.pick(ledger.Text(p.Rule.Formula)) }
func (p *alertView) Exclusions() string { return p.lang.pick(ledger.Text(p.Rule.Exclusions)) }

// Own says what the service's own check compares that found this, "" if a rule did.
func (p *alertView) Own() string {
	if own, ok := alerts.OwnChecks[p.Detail.Code]; ok {
		return p.lang.pick(own.Formula)
	}
	return ""
}

// Basis is the law or reason behind the rule.
func (p *alertView) Basis() string { return p.basisText(p.Rule.Basis) }

// Value is an input of the rule as people say it: an amount in yuan, a share in percent.
func (p *alertView) Value(x alerts.Input) string {
	switch x.Value {
	case "true":
		return p.t("yes")
	case "false":
		return p.t("no")
	}
	of := rulefact.TypeOf(x.Name)
	v, err := formula.ParseValue(of, x.Value)
	switch {
	case of == "": // a part of a condition, or a fact that rules no longer read
		return formula.Figure(x.Value)
	case of == formula.Amount && err == nil:
		return p.t("yuan", formula.Figure(x.Value))
	case of == formula.Share && err == nil:
		return v.Show(of, formula.Bare)
	}
	return x.Value
}

// Measured is a value or limit that the rule has found, in words where it is none alone.
func (p *alertView) Measured(text string) string {
	if p.Rule != nil {
		text = p.lang.pick(ledger.Text(p.Rule.Phrase(text, p.site.foreign())))
	}
	return formula.Figure(text)
}

// Subject is what it is about, with the codes in it said in words.
func (p *alertView) Subject() (parts []string) {
	if p.Rule == nil {
		return p.Detail.Subject
	}
	for _, n := range rulefact.Say(p.Rule, p.Detail.Subject) {
		parts = append(parts, p.lang.pick(ledger.Text{Zh: n.Zh, En: n.En}))
	}
	return parts
}

// Shown are the entries that a sweep names as evidence, nil for another input.
func (p *alertView) Shown(x alerts.Input) (seqs []int64) {
	if x.Name != "entries" || json.Unmarshal([]byte(x.Value), &seqs) != nil {
		return nil
	}
	return seqs
}

// Raised is when it was raised, in Shanghai.
func (p *alertView) Raised() string { return inShanghai(p.Detail.RaisedAt) }

// Say is a text of two languages in the page's.
func (p *alertView) Say(t ledger.Text) string { return p.lang.pick(t) }

// alertPage shows a warning.
func (s *server) alertPage(c *call, o *officer) error {
	p, err := s.readAlert(c, o)
	if err != nil {
		return err
	}
	p.Forms = p.forms(nil)
	if err := s.offerStepFiles(c.ctx(), p); err != nil {
		return err
	}
	return s.showStaff(c, http.StatusOK, p)
}

// Self is the page's address in its list, List that of the list.
func (p *alertView) Self() string           { return p.open(p.Detail.Alert) }
func (p *alertView) open(a string) string   { return p.site.live(p.lang, "/alerts/"+a, p.values()...) }
func (p *alertView) List() string           { return p.site.live(p.lang, "/alerts", p.values()...) }
func (p *alertView) values() []any          { return p.Filter.Values(unitOf(p.Who) == "") }
func (p *alertView) Beside(a string) string { return p.open(a) }

// readAlert opens a warning that the officer may see.
func (s *server) readAlert(c *call, o *officer) (*alertView, error) {
	o.template = "alert"
	alert, err := c.name("alert")
	if err != nil {
		return nil, err
	}
	if _, err := s.findAlert(c, alert); err != nil {
		return nil, err
	}
	p := &alertView{officer: o}
	if p.Detail, err = s.openAlert(c, alert); err != nil {
		return nil, err
	}
	d := &p.Detail
	p.Name = s.ruleNames(o.lang)[d.Code]
	p.Sentence = o.lang.pick(ledger.Text{Zh: d.Zh, En: d.En})
	p.Late = d.Due != "" && d.Due < ledger.DateOf(s.Now())
	if p.Rule, err = s.Alerts.Rules.File(c.ctx(), s.ledger, s.Book, d.Code, d.Version); err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return nil, err
	}
	for _, h := range d.History {
		facts := o.stepFacts(h.Entry)
		if err := s.openFiles(c, facts); err != nil {
			return nil, err
		}
		p.History = append(p.History, historyLine{h, inShanghai(h.At), facts})
	}
	if p.Filter, err = s.watchFilter(c, c.QueryParams()); err != nil {
		return nil, err
	}
	if p.Units, err = s.units(c.ctx()); err != nil {
		return nil, err
	}
	if p.Newer, p.Older, err = p.Filter.Order().Neighbours(c.ctx(), s.Alerts.Pool, s.Book, p.Filter.Filter, d.Current); err != nil {
		return nil, err
	}
	return p, s.readAround(c, p)
}

// units are those in which somebody has a role of the book.
func (s *server) units(ctx context.Context) ([]string, error) {
	all, err := s.ledger.Holdings(ctx, s.Book, "")
	var units []string
	for _, h := range all {
		if h.InForce(s.today()) {
			units = append(units, h.Unit)
		}
	}
	slices.Sort(units)
	return slices.Compact(units), err
}

// Unread says that nobody in the unit of the case has a role, so that nobody there sees it.
func (p *alertView) Unread() bool {
	return p.Detail.Unit != "" && !slices.Contains(p.Units, p.Detail.Unit)
}

// stepFacts are the facts of a step but for those that are on the page anyway.
func (f *frame) stepFacts(e *ledger.Entry) []fact {
	if _, ok := e.Body.(ledger.CaseStep); !ok {
		return nil
	}
	skip := []string{f.t("field.alert"), f.t("field.seen")}
	return slices.DeleteFunc(f.facts(e), func(x fact) bool { return slices.Contains(skip, x.Label) })
}

// stepForm is a form for one kind of step.
type stepForm struct {
	Kind ledger.Kind
	// ID makes the step the same step when the form is sent twice.
	ID     string
	Open   bool
	Fields []stepField
	// Ask is what has to be ticked before the step is taken, "" for nothing.
	Ask string
}

// stepField is one input of a form, with what was typed.
type stepField struct {
	Name, Label, Value, Error string
	// List names the codes of a choice, Options are its words.
	List    string
	Options []string
	// Suggests are what may be picked besides being typed.
	Suggests []string
	// Plain says that the options are their own words.
	Plain    bool
	Long     bool
	Day      bool
	Required bool
	// Files are the documents to choose from, Chosen those that were.
	Files  []fileGroup
	Chosen []ledger.File
	// Form parts the inputs of one form from those of another: their ids.
	Form string
}

// choices are the members of steps that take a word of a list.
var choices = map[string]struct {
	list  string
	words map[string]ledger.Text
}{
	"dismiss_ground": {"dismissal", ledger.DismissGrounds}, "violation": {"violation", ledger.Violations},
	"reason": {"reason", ledger.Reasons}, "silence_ground": {"silence", ledger.SilenceGrounds},
}

// stepInputs are the members of each step that a form asks for.
var stepInputs = map[ledger.Kind][]string{
	"alert.assigned": {"unit", "opinion"}, "alert.answered": {"opinion!", "files"}, "alert.dismissed": {"dismiss_ground!", "opinion!", "files"}, "alert.seconded": {"opinion"},
	"alert.confirmed": {"violation!", "return_amount", "adjust", "other_amount", "opinion!", "files"},
	"alert.rectified": {"correcting_entries!", "returned_amount", "adjusted", "opinion!", "files"},
	"alert.returned":  {"reason!", "opinion!"}, "alert.closed": {"opinion!"}, "alert.reopened": {"opinion!"},
	"alert.escalated": {"to_unit!", "due!", "opinion"}, "alert.commented": {"opinion!", "files"}, "alert.silenced": {"silence_ground!", "until!", "opinion"},
}

// forms are those for the steps that the officer's role allows in this state. typed
// is the form that was sent and refused.
func (p *alertView) forms(typed *stepForm) []stepForm {
	var out []stepForm
	for _, kind := range p.Detail.Steps(p.Who.Role) {
		form := stepForm{Kind: kind, ID: rand.Text()}
		if typed != nil && typed.Kind == kind {
			form = *typed
			form.Open = true
		} else {
			form.Fields = p.fields(kind)
		}
		out = append(out, form)
	}
	return out
}

// fields are the inputs of a kind, empty but for what can be known.
func (p *alertView) fields(kind ledger.Kind) []stepField {
	var out []stepField
	for _, name := range stepInputs[kind] {
		name, required := strings.CutSuffix(name, "!")
		x := stepField{Name: name, Required: required || name == "unit", Form: strings.TrimPrefix(string(kind), "alert.")}
		switch name {
		case "opinion":
			x.Label, x.Long = p.t("sealed.opinion"), true
		case "until":
			x.Label, x.Day = p.t("step.until"), true
		case "to_unit":
			x.Label, x.Suggests = p.t("field.to_unit"), p.Units
		case "due":
			x.Label, x.Day, x.Value = p.t("field.due"), true, string(p.Detail.Due)
		case "unit":
			x.Label, x.Value, x.Suggests = p.t("step.unit"), p.Detail.Unit, p.Units
		case "correcting_entries":
			x.Label = p.t("step.entries")
		default:
			x.Label = p.t("field." + name)
		}
		if choice, ok := choices[name]; ok {
			x.List = choice.list
			for _, word := range sortedWords(choice.words) {
				x.Options = append(x.Options, word.(string))
			}
		}
		out = append(out, x)
	}
	return out
}

// stepPage takes the step that a form sent. When it cannot be taken the page comes
// again with what was typed, with what stands against it, and as the case is now.
func (s *server) stepPage(c *call, o *officer) error {
	p, err := s.readAlert(c, o)
	if err != nil {
		return err
	}
	kind := ledger.Kind(c.FormValue("kind"))
	inputs, known := stepInputs[kind]
	seen, parseErr := strconv.ParseInt(c.FormValue("seen"), 10, 64)
	if !known || parseErr != nil || inputs == nil {
		return one("kind", "没有这种办理事项", "there is no such step")
	}
	typed := &stepForm{Kind: kind, ID: c.FormValue("id"), Fields: p.fields(kind)}
	for i := range typed.Fields {
		typed.Fields[i].Value = oneLine(c.FormValue(typed.Fields[i].Name))
	}
	err = s.stepFiles(c, typed)
	d := typed.draft(p.Detail.Alert, seen)
	d.By, d.On, d.Corrects = c.who.by(), ledger.DateOf(s.Now()), ledger.None
	if err == nil {
		err = typed.missing(o)
	}
	if err == nil && c.FormValue("more") == "" {
		err = typed.beyond(o, p.Detail.Current)
	}
	if err == nil {
		_, err = s.take(c, d)
	}
	if err == nil {
		return c.Redirect(http.StatusSeeOther, p.Self()+"#history")
	}
	problem := problemOf(err)
	if len(problem.Problems) == 0 {
		return err
	}
	return s.showRefused(c, p, typed, problem)
}

// showRefused reads the case anew and shows the form again beside it.
func (s *server) showRefused(c *call, p *alertView, typed *stepForm, why *problem) error {
	p, err := s.readAlert(c, p.officer)
	if err != nil {
		return err
	}
	for _, moved := range why.Cases {
		for _, step := range moved.Since {
			for _, h := range p.History {
				if h.Seq == step.Seq {
					p.Since = append(p.Since, h)
				}
			}
		}
	}
	for _, x := range why.Problems {
		if at := typed.mark(strings.TrimPrefix(strings.TrimPrefix(x.Field, "body."), "sealed."), p.Say(x.Text)); at != nil {
			p.Wrong = append(p.Wrong, formProblem{at.Name + "-" + at.Form, p.t("step.wrong", at.Label, at.Error)})
		} else {
			p.Problems = append(p.Problems, p.Say(x.Text))
		}
	}
	if why.Seq != nil { // the id is another entry's: a new one
		typed.ID = rand.Text()
	}
	p.Forms = p.forms(typed)
	if !slices.ContainsFunc(p.Forms, func(f stepForm) bool { return f.Open }) {
		for _, x := range p.Wrong {
			p.Problems = append(p.Problems, x.Text)
		}
		p.Wrong = nil
		p.Lost = slices.DeleteFunc(slices.Clone(typed.Fields), func(x stepField) bool { return x.Value == "" && len(x.Chosen) == 0 })
	}
	if err := s.offerStepFiles(c.ctx(), p); err != nil {
		return err
	}
	return s.showStaff(c, why.Status, p)
}

// mark puts what is wrong beside its input, and returns that, nil if there is none.
func (f *stepForm) mark(field, text string) *stepField {
	name, _, _ := strings.Cut(field, ".")
	for i := range f.Fields {
		if x := &f.Fields[i]; x.Name == name {
			x.Error = text
			return x
		}
	}
	return nil
}

func (f *stepForm) value(name string) string {
	for _, x := range f.Fields {
		if x.Name == name {
			return x.Value
		}
	}
	return ""
}

// files are the documents that were chosen.
func (f *stepForm) files() []ledger.File {
	for _, x := range f.Fields {
		if x.Name == "files" {
			return x.Chosen
		}
	}
	return nil
}

// missing wants the inputs that a form must have, and amounts that can be read.
func (f *stepForm) missing(o *officer) error {
	wrong := &ledger.Invalid{}
	bad := func(name, key string) {
		wrong.Problems = append(wrong.Problems, ledger.Problem{Field: name, Rule: "form", Text: ledger.Text{
			Zh: o.site.sentence(chinese, key), En: o.site.sentence(english, key),
		}})
	}
	for _, x := range f.Fields {
		switch {
		case x.Required && x.Value == "":
			bad(x.Name, "step.required")
		case slices.Contains(amountInputs, x.Name) && !isAmount(x.Value):
			bad(x.Name, "step.amount")
		case x.Name == "correcting_entries" && entrySeqs(x.Value) == nil:
			bad(x.Name, "step.seqs")
		}
	}
	if len(wrong.Problems) > 0 {
		return wrong
	}
	return nil
}

// beyond asks about a rectification by which more comes back, or is moved, than was found to
// be due. That may be so, with interest, and there is no other step to say it; a slip of the
// keyboard looks the same.
func (f *stepForm) beyond(o *officer, c alerts.Current) error {
	asked := &ledger.Invalid{}
	ask := func(name, key string, due, before ledger.Amount) {
		now := f.amount(name)
		if f.Kind != "alert.rectified" || now <= 0 || before+now <= due {
			return
		}
		asked.Problems = append(asked.Problems, ledger.Problem{Field: name, Rule: "form", Text: ledger.Text{
			Zh: o.site.sentence(chinese, key, due.Comma(), before.Comma(), (before + now).Comma()), En: o.site.sentence(english, key, due.Comma(), before.Comma(), (before + now).Comma()),
		}})
	}
	ask("returned_amount", "step.more_returned", c.ToReturn, c.Returned)
	ask("adjusted", "step.more_adjusted", c.ToAdjust, c.Adjusted)
	if len(asked.Problems) == 0 {
		return nil
	}
	f.Ask = o.t("step.more")
	return asked
}

var amountInputs = []string{"return_amount", "adjust", "other_amount", "returned_amount", "adjusted"}

func isAmount(s string) bool { _, err := typedAmount(s); return err == nil }

// amount is an input that missing has passed.
func (f *stepForm) amount(name string) ledger.Amount {
	a, err := typedAmount(f.value(name))
	if err != nil {
		return -1 // refused by the body's own check
	}
	return a
}

// entrySeqs reads numbers of entries, parted by anything; nil when there are none.
func entrySeqs(s string) []ledger.Count {
	var out []ledger.Count
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,，、;；\t\n\r", r) }) {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || n < 0 {
			return nil
		}
		out = append(out, ledger.Count(n))
	}
	return out
}

// draft is the step that a form describes.
func (f *stepForm) draft(alert string, seen int64) ledger.Draft {
	at := ledger.Step{Alert: alert, Seen: ledger.Count(seen)}
	d := ledger.Draft{ID: "web-" + f.ID, Kind: f.Kind}
	switch f.Kind {
	case "alert.assigned":
		d.Body = &ledger.AlertAssigned{Step: at, Unit: f.value("unit")}
	case "alert.answered":
		d.Body = &ledger.AlertAnswered{Step: at, Files: f.files()}
	case "alert.dismissed":
		d.Body = &ledger.AlertDismissed{Step: at, Ground: f.value("dismiss_ground"), Files: f.files()}
	case "alert.seconded":
		d.Body = &ledger.AlertSeconded{Step: at}
	case "alert.confirmed":
		d.Body = &ledger.AlertConfirmed{Step: at, Violation: f.value("violation"), Return: f.amount("return_amount"), Adjust: f.amount("adjust"), Other: f.amount("other_amount"), Files: f.files()}
	case "alert.rectified":
		d.Body = &ledger.AlertRectified{Step: at, Entries: entrySeqs(f.value("correcting_entries")), Returned: f.amount("returned_amount"), Adjusted: f.amount("adjusted"), Files: f.files()}
	case "alert.returned":
		d.Body = &ledger.AlertReturned{Step: at, Reason: f.value("reason")}
	case "alert.closed":
		d.Body = &ledger.AlertClosed{Step: at}
	case "alert.reopened":
		d.Body = &ledger.AlertReopened{Step: at}
	case "alert.escalated":
		d.Body = &ledger.AlertEscalated{Step: at, To: f.value("to_unit"), Overdue: ledger.Date(f.value("due"))}
	case "alert.commented":
		d.Body = &ledger.AlertCommented{Step: at, Files: f.files()}
	case "alert.silenced":
		d.Body = &ledger.AlertSilenced{Step: at, Ground: f.value("silence_ground"), Until: ledger.Date(f.value("until"))}
	}
	if opinion := f.value("opinion"); opinion != "" {
		d.Sealed = map[string]string{"opinion": opinion}
	}
	return d
}
