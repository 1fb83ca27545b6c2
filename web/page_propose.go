package web

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"yilu/alerts/rule"
	"yilu/ledger"
)

// 规则与参数: a change is proposed, tried on the past, submitted, and takes effect when a
// second person approves what was submitted. Nothing here changes a rule by itself.

// proposal is a proposed change with the days of the past that it is tried on.
type proposal struct {
	// File is the rule, in the version that is proposed.
	File     *rule.Rule
	Kind     ledger.Kind
	Body     ledger.Body
	Reason   string
	From, To ledger.Date
}

func (p proposal) rules() []*rule.Rule { return []*rule.Rule{p.File} }

// ruleChanges are the kinds that change what rules say.
var ruleChanges = []ledger.Kind{"parameter.set", "exemption.set", "rule.activated", "freeze.set"}

// proposalsView lists the changes that wait for a second person, and the rules.
type proposalsView struct {
	*officer
	Waiting []waitingChange
	Rules   []ruleCard
	Reasons []string
	// Problem stands against the decision that was tried.
	Problem string
	Done    bool
}

// waitingChange is a submission that changes rules.
type waitingChange struct {
	ledger.Submission
	Changes []changeLine
	// Own is set when the officer made it: another one has to decide. Finance is set when
	// officers of finance did: then a checker decides.
	Own, Finance bool
	// ID makes the decision the same when the form is sent twice.
	ID string
}

// changeLine is one entry of it in words.
type changeLine struct {
	*ledger.Entry
	Facts []fact
	// Why is what its maker said, with what the past said to it; "" for those who do not decide.
	Why string
	// Now are the limits that it would change, as they hold today.
	Now []ruleParameter
}

// proposalsPage lists what waits.
func (s *server) proposalsPage(c *call, o *officer) error {
	p, err := s.readProposals(c, o)
	if err != nil {
		return err
	}
	p.Done = c.QueryParam("done") != ""
	return s.showStaff(c, http.StatusOK, p)
}

func (s *server) readProposals(c *call, o *officer) (*proposalsView, error) {
	o.template = "proposals"
	p := &proposalsView{officer: o}
	for _, word := range sortedWords(ledger.Reasons) {
		p.Reasons = append(p.Reasons, word.(string))
	}
	if err := s.readProposed(c, p); err != nil {
		return nil, err
	}
	past, err := s.ruleState(c)
	if err != nil {
		return nil, err
	}
	for _, r := range s.Alerts.Rules.Known() {
		p.Rules = append(p.Rules, o.card(r, past))
	}
	p.compare()
	return p, nil
}

// compare puts beside each limit that is proposed those that hold today.
func (p *proposalsView) compare() {
	for _, w := range p.Waiting {
		for i := range w.Changes {
			set, ok := w.Changes[i].Body.(*ledger.ParameterSet)
			if !ok {
				continue
			}
			for _, r := range p.Rules {
				if r.Code != set.Code {
					continue
				}
				for _, x := range r.Parameters {
					if x.Name == set.Name {
						w.Changes[i].Now = append(w.Changes[i].Now, x)
					}
				}
			}
		}
	}
}

// ruleState is what is in force, and how often rules hit.
func (s *server) ruleState(c *call) (past pastOfRules, err error) {
	past.today = ledger.DateOf(s.Now())
	if past.inForce, past.changes, err = s.ledger.RulesOf(c.ctx(), s.Book); err != nil {
		return past, err
	}
	past.counts, err = s.tallies(c.ctx())
	return past, err
}

// readProposed finds the open submissions that change rules.
func (s *server) readProposed(c *call, p *proposalsView) error {
	open, _, err := s.ledger.Submissions(c.ctx(), s.Book, ledger.StateOpen, ledger.Page{Limit: ledger.MaxPage})
	if err != nil {
		return err
	}
	var firsts []ledger.Seq
	for _, x := range open {
		firsts = append(firsts, x.First)
	}
	entries, err := s.ledger.EntriesAt(c.ctx(), s.Book, firsts)
	if err != nil {
		return err
	}
	for _, x := range open {
		first := entries[x.First]
		if first == nil || !slices.Contains(ruleChanges, first.Kind) {
			continue
		}
		w := waitingChange{Submission: x, Own: x.Maker == c.who.User, Finance: first.By.Role != ledger.Auditor, ID: rand.Text()}
		all, err := s.ledger.Entries(c.ctx(), s.Book, x.First, int(min(x.Last-x.First+1, 50)))
		if err != nil {
			return err
		}
		why, err := s.reasonsOf(c, all)
		if err != nil {
			return err
		}
		for _, e := range all {
			w.Changes = append(w.Changes, changeLine{Entry: e, Facts: p.changeFacts(e), Why: why[e.Seq]})
		}
		p.Waiting = append(p.Waiting, w)
	}
	return nil
}

// reasonsOf opens why changes of rules are proposed, for those who decide about them.
func (s *server) reasonsOf(c *call, entries []*ledger.Entry) (map[ledger.Seq]string, error) {
	var seqs []uint64
	for _, e := range entries {
		if len(e.Commitments) > 0 && c.who.may(changeRules) {
			seqs = append(seqs, uint64(e.Seq))
		}
	}
	opened, err := s.ledger.Sealer.OpenMany(c.ctx(), s.ledger.Read, string(s.Book), seqs)
	why := map[ledger.Seq]string{}
	for seq, fields := range opened {
		why[ledger.Seq(seq)] = fields["note"].Value
	}
	return why, err
}

// changeFacts are the facts of a change but for the lines of a rule's file. What other
// entries call a name or a value is a parameter's here.
func (f *frame) changeFacts(e *ledger.Entry) []fact {
	lines, facts := f.t("field.file_lines"), f.facts(e)
	for i := range facts {
		for _, name := range []string{"name", "value"} {
			if e.Kind == "parameter.set" && facts[i].Label == f.t("field."+name) {
				facts[i].Label = f.t("propose." + name)
			}
		}
	}
	return slices.DeleteFunc(facts, func(x fact) bool { return x.Label == lines })
}

// decideProposal approves or rejects a change as it was seen.
func (s *server) decideProposal(c *call, o *officer) error {
	id, sub, hash := c.FormValue("id"), c.FormValue("submission"), c.FormValue("hash")
	if !plain(id) || id == "" || len(id) > 40 {
		return one("id", "请从页面重新提交", "send the form of the page")
	}
	d := ledger.Draft{ID: "web-" + id, On: ledger.DateOf(s.Now()), By: c.who.by(), Corrects: ledger.None}
	switch c.FormValue("decision") {
	case "approve":
		d.Kind, d.Body = "submission.approved", &ledger.SubmissionApproved{Submission: sub, ContentHash: hash}
	case "reject":
		d.Kind, d.Body = "submission.rejected", &ledger.SubmissionRejected{Submission: sub, Reason: c.FormValue("reason")}
	default:
		return one("decision", "请选择同意或退回", "approve or reject")
	}
	if note := oneLine(c.FormValue("note")); note != "" {
		d.Sealed = map[string]string{"note": note[:min(len(note), 2000)]}
	}
	err := s.mayEnter()
	if c.FormValue("decision") == "reject" && c.FormValue("reason") == "" {
		err = one("reason", o.site.sentence(chinese, "decide.reason_missing"), o.site.sentence(english, "decide.reason_missing"))
	}
	if err == nil {
		err = s.onlyRules(c, sub)
	}
	if err == nil {
		_, err = s.ledger.Post(c.ctx(), s.Book, d)
	}
	if err == nil {
		return c.Redirect(http.StatusSeeOther, o.site.live(o.lang, "/desk/rules", "done", "1"))
	}
	why := problemOf(err)
	if len(why.Problems) == 0 {
		return err
	}
	p, err := s.readProposals(c, o)
	if err != nil {
		return err
	}
	for _, x := range why.Problems {
		p.Problem += o.lang.pick(x.Text) + " "
	}
	return s.showStaff(c, why.Status, p)
}

// onlyRules keeps this page to submissions that change rules: others are decided where
// officers see what they are.
func (s *server) onlyRules(c *call, id string) error {
	sub, err := s.ledger.Submission(c.ctx(), s.Book, id)
	if err != nil {
		return err
	}
	first, err := s.ledger.Entry(c.ctx(), s.Book, sub.First)
	if err == nil && !slices.Contains(ruleChanges, first.Kind) {
		err = ledger.ErrNotFound
	}
	return err
}

// proposeView is the page on which a change of one rule is proposed.
type proposeView struct {
	*officer
	Rule ruleCard
	// Forms are by kind of change: what was typed, and what is wrong with it.
	Forms []proposeForm
	// Test is the proposal that is being tried on the past, nil for none.
	Test  *pastTest
	Today ledger.Date
	// Problems are what stands against it and belongs to no input.
	Problems []string
}

// proposeForm is the form for one kind of change.
type proposeForm struct {
	stepForm
	// From and To are the days of the past to try it on.
	From, To string
}

// Change is the proposal in words.
func (p *proposeView) Change() []fact {
	e := &ledger.Entry{Draft: ledger.Draft{Kind: p.Test.Proposal.Kind, Body: p.Test.Proposal.Body}}
	return p.changeFacts(e)
}

// Months and Regions are where the report's hits lie.
func (p *proposeView) Months() []hitCount { return hitCounts(p.Test.Report().ByMonth, nil) }
func (p *proposeView) Regions() []hitCount {
	return hitCounts(p.Test.Report().ByRegion, p.division)
}

// Say is a text in the page's language.
func (p *proposeView) Say(t ledger.Text) string { return hideKey(p.lang.pick(t)) }

type hitCount struct {
	Name string
	N    int64
}

func hitCounts(counts map[string]int64, name func(string) string) (out []hitCount) {
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		x := hitCount{key, counts[key]}
		if name != nil {
			x.Name = name(key)
		}
		out = append(out, x)
	}
	return out
}

// proposeInputs are the inputs of each kind of change; ! marks those that are needed.
var proposeInputs = map[ledger.Kind][]string{
	"parameter.set":  {"name!", "value!", "region", "category", "from!", "to", "basis!"},
	"exemption.set":  {"fact!", "text!", "from!", "to!", "basis!"},
	"rule.activated": {"state!"},
}

// readPropose makes the page of a rule.
func (s *server) readPropose(c *call, o *officer) (*proposeView, *rule.Rule, error) {
	o.template = "propose"
	known := s.Alerts.Rules.Known()
	i := slices.IndexFunc(known, func(r *rule.Rule) bool { return r.Code == c.Param("code") })
	if i < 0 {
		return nil, nil, ledger.ErrNotFound
	}
	past, err := s.ruleState(c)
	if err != nil {
		return nil, nil, err
	}
	p := &proposeView{officer: o, Rule: o.card(known[i], past), Today: past.today}
	for _, kind := range ruleChanges {
		if proposeInputs[kind] == nil || kind == "parameter.set" && len(known[i].Params) == 0 {
			continue
		}
		p.Forms = append(p.Forms, p.form(kind, known[i]))
	}
	return p, known[i], nil
}

// form is the empty form for a kind of change.
func (p *proposeView) form(kind ledger.Kind, file *rule.Rule) proposeForm {
	f := proposeForm{stepForm{Kind: kind, ID: rand.Text()}, string(monthsBefore(p.Today, reportMonths-1)), string(p.Today)}
	short, _, _ := strings.Cut(string(kind), ".")
	for _, name := range proposeInputs[kind] {
		name, required := strings.CutSuffix(name, "!")
		x := stepField{Name: name, Label: p.t("propose." + name), Required: required, Form: short, Day: name == "from" || name == "to"}
		switch name {
		case "name":
			x.Plain, x.Options = true, slices.Sorted(maps.Keys(file.Params))
		case "fact":
			x.Plain, x.Options = true, file.Facts
			if file.Kind == rule.OnSweep {
				x.Options = []string{rule.SubjectName}
			}
		case "state":
			x.List = "rule_state"
			for _, word := range sortedWords(ledger.RuleStates) {
				x.Options = append(x.Options, word.(string))
			}
		case "region":
			x.Value = string(p.Book)
		case "from":
			x.Value = string(p.Today)
		}
		f.Fields = append(f.Fields, x)
	}
	f.Fields = append(f.Fields, stepField{Name: "note", Label: p.t("propose.note"), Long: true, Required: true, Form: short})
	return f
}

// proposePage shows the forms, or the proposal that is being tried.
func (s *server) proposePage(c *call, o *officer) error {
	p, _, err := s.readPropose(c, o)
	if err != nil {
		return err
	}
	if id := c.QueryParam("test"); id != "" {
		if p.Test = s.past.find(id, c.who.User); p.Test == nil || p.Test.Proposal.File.Code != p.Rule.Code {
			return ledger.ErrNotFound
		}
		p.Test.wait(c.ctx())
	}
	return s.showStaff(c, http.StatusOK, p)
}

// proposeStep takes a form: tries it on the past, or submits what was tried.
func (s *server) proposeStep(c *call, o *officer) error {
	p, file, err := s.readPropose(c, o)
	if err != nil {
		return err
	}
	if id := c.FormValue("test"); id != "" {
		if p.Test = s.past.find(id, c.who.User); p.Test == nil || p.Test.Proposal.File.Code != p.Rule.Code || !p.Test.Ended() {
			return ledger.ErrNotFound
		}
		return s.submitProposal(c, p)
	}
	i := slices.IndexFunc(p.Forms, func(f proposeForm) bool { return string(f.Kind) == c.FormValue("kind") })
	if i < 0 {
		return one("kind", "没有这种变更", "there is no such change")
	}
	f := &p.Forms[i]
	f.Open, f.From, f.To = true, c.FormValue("past_from"), c.FormValue("past_to")
	for i := range f.Fields {
		f.Fields[i].Value = oneLine(c.FormValue(f.Fields[i].Name))
	}
	proposed, err := s.proposalOf(p, f, file)
	if err == nil {
		err = s.tryProposal(c, proposed)
	}
	if err == nil {
		var test *pastTest
		if test, err = s.beginPast(c.ctx(), c.who.User, proposed); err == nil {
			return c.Redirect(http.StatusSeeOther, o.site.live(o.lang, "/desk/rules/"+p.Rule.Code, "test", test.ID))
		}
	}
	return s.showProposeRefused(c, p, f, err)
}

// showProposeRefused shows a form again with what was typed and what is wrong.
func (s *server) showProposeRefused(c *call, p *proposeView, f *proposeForm, err error) error {
	if errors.Is(err, errPastBusy) {
		p.Problems = append(p.Problems, p.t("propose.busy"))
		return s.showStaff(c, http.StatusServiceUnavailable, p)
	}
	why := problemOf(err)
	if len(why.Problems) == 0 {
		return err
	}
	for _, x := range why.Problems {
		text := p.lang.pick(x.Text)
		if f == nil || f.mark(strings.TrimPrefix(x.Field, "body."), text) == nil {
			p.Problems = append(p.Problems, text)
		}
	}
	return s.showStaff(c, why.Status, p)
}

// mostPastDays bounds the range that a proposal is tried on.
const mostPastDays = 3 * 366

// proposalOf is the change that a form describes.
func (s *server) proposalOf(p *proposeView, f *proposeForm, file *rule.Rule) (proposal, error) {
	wrong := &ledger.Invalid{}
	for _, x := range f.Fields {
		if x.Required && x.Value == "" {
			wrong.Problems = append(wrong.Problems, ledger.Problem{Field: x.Name, Rule: "form", Text: ledger.Text{Zh: p.site.sentence(chinese, "step.required"), En: p.site.sentence(english, "step.required")}})
		}
	}
	from, errFrom := ledger.ParseDate(f.From)
	to, errTo := ledger.ParseDate(f.To)
	if errFrom != nil || errTo != nil || to < from || from.AddDays(mostPastDays) < to {
		wrong.Problems = append(wrong.Problems, one("past_from", "回测期间须为起止日期，最长三年", "want the first and the last day of the past to try it on, at most three years").Problems...)
	}
	if len(wrong.Problems) > 0 {
		return proposal{}, wrong
	}
	out := proposal{File: file, Kind: f.Kind, Reason: f.value("note"), From: from, To: to}
	switch f.Kind {
	case "parameter.set":
		out.Body = &ledger.ParameterSet{Code: file.Code, Name: f.value("name"), Value: f.value("value"), Region: f.value("region"), Category: f.value("category"), From: ledger.Date(f.value("from")), To: ledger.Date(f.value("to")), Basis: f.value("basis")}
	case "exemption.set":
		out.Body = &ledger.ExemptionSet{Code: file.Code, Fact: f.value("fact"), Text: f.value("text"), From: ledger.Date(f.value("from")), To: ledger.Date(f.value("to")), Basis: f.value("basis")}
	default:
		for _, a := range s.Alerts.Rules.Activations() {
			if a.Code == file.Code && a.Version == ledger.Count(file.Version) {
				a.State = f.value("state")
				out.Body = a
			}
		}
	}
	return out, nil
}

// draft is the proposal as it is submitted. What the past said to it stands in its reason, in
// figures and by the hash of the report; test is nil as long as it was not asked.
func (p proposal) draft(c *call, id string, test *pastTest, on ledger.Date) ledger.Draft {
	d := ledger.Draft{ID: id + "-1", Kind: p.Kind, On: on, By: c.who.by(), Corrects: ledger.None, Body: p.Body, Sealed: map[string]string{"note": p.Reason}}
	hash := ""
	if test != nil {
		hash = test.Hash()
		d.Sealed["note"] = fmt.Sprintf("%s（回测 %s 至 %s：%s报告 SHA-256 %s）", p.Reason, p.From, p.To, test.figures(), hash)
	}
	if a, ok := p.Body.(*ledger.RuleActivated); ok {
		activated := *a
		activated.ReportHash = hash
		d.Body = &activated
	}
	return d
}

// figures are what the second person has to know of the report.
func (t *pastTest) figures() string {
	r := t.Report()
	if r == nil || r.New == nil || r.Lost == nil {
		return ""
	}
	return fmt.Sprintf("命中事项 %d，比现行多出 %d、少 %d，", r.Matters, *r.New, *r.Lost)
}

// made describes the submission.
func (p proposal) made(id string) ledger.SubmissionMade {
	title := map[ledger.Kind]string{"parameter.set": "参数设定", "exemption.set": "白名单", "rule.activated": "规则启用"}[p.Kind]
	return ledger.SubmissionMade{Submission: id, Title: title + " " + p.File.Code + " " + p.File.Name.Zh, Form: "rules"}
}

// tryProposal says what would refuse it, and enters nothing.
func (s *server) tryProposal(c *call, p proposal) error {
	id := "gz-" + rand.Text()
	tried, err := s.ledger.Try(c.ctx(), s.Book, ledger.Submitted(id, p.made(id), []ledger.Draft{p.draft(c, id, nil, ledger.DateOf(s.Now()))})...)
	if err == nil && len(tried.Problems) > 0 {
		err = &ledger.Refused{Problems: tried.Problems}
	}
	return err
}

// submitProposal submits what was tried. The same test is submitted once.
func (s *server) submitProposal(c *call, p *proposeView) error {
	id := "gz-" + p.Test.ID
	err := s.mayEnter()
	if err == nil {
		t := p.Test.Proposal
		_, err = s.ledger.Submit(c.ctx(), s.Book, id, t.made(id), []ledger.Draft{t.draft(c, id, p.Test, ledger.DateOf(s.Now()))})
	}
	if err == nil {
		return c.Redirect(http.StatusSeeOther, p.site.live(p.lang, "/desk/rules", "done", "1"))
	}
	return s.showProposeRefused(c, p, nil, err)
}

// Version is the version that would be put in force.
func (p *proposeView) Version() int64 { return cmp.Or(p.Rule.Other, p.Rule.Version) }
