package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"yilu/alerts"
	"yilu/ledger"
)

// 批量办理: one step of many cases, all or none, as the ledger takes them. What is
// picked is shown before it is done, and afterwards what became of each; a step that
// some of them do not allow can be taken of the others.

// bulkKinds are the steps that can be taken of many, with what each asks for.
var bulkKinds = []ledger.Kind{"alert.assigned", "alert.dismissed", "alert.seconded", "alert.closed", "alert.commented"}

// mostPicked bounds what a form can hold; the ledger's own limit may be lower.
const mostPicked = 200

// bulkForm is the form under the list, with what was typed.
type bulkForm struct {
	Kinds []ledger.Kind
	stepForm
}

// newBulk is the form for the steps that the officer's role has.
func (p *alertsView) newBulk(units []string) *bulkForm {
	b := &bulkForm{stepForm: stepForm{ID: rand.Text()}}
	for _, kind := range bulkKinds {
		if spec, ok := ledger.SpecOf(kind); ok && slices.Contains(spec.Roles, p.Who.Role) {
			b.Kinds = append(b.Kinds, kind)
		}
	}
	if len(b.Kinds) == 0 {
		return nil
	}
	b.Fields = bulkFields(p.officer)
	for i := range b.Fields {
		if b.Fields[i].Name == "unit" {
			b.Fields[i].Suggests = units
		}
	}
	return b
}

// bulkFields are the inputs of all bulk steps together; those of other steps are left
// empty.
func bulkFields(o *officer) []stepField {
	fields := []stepField{{Name: "dismiss_ground", Label: o.t("field.dismiss_ground"), List: "dismissal", Form: "bulk"}, {Name: "unit", Label: o.t("step.unit"), Form: "bulk"}, {Name: "opinion", Label: o.t("sealed.opinion"), Long: true, Form: "bulk"}}
	for _, word := range sortedWords(ledger.DismissGrounds) {
		fields[0].Options = append(fields[0].Options, word.(string))
	}
	return fields
}

// picked is one case that was picked, and what became of it.
type picked struct {
	warningRow
	Seen int64
	// Problems stand against it; Entry is the entry that took the step.
	Problems []string
	Entry    ledger.Seq
	// Since is what others have done in the case since it was seen, nil for nothing.
	Since []doneStep
}

// doneStep is a step that somebody else took.
type doneStep struct {
	alerts.Event
	When string
}

// Send is what the form sends of it again.
func (x picked) Send() string { return x.Alert + "~" + strconv.FormatInt(x.Seen, 10) }

// bulkView shows what is about to be done, or what was.
type bulkView struct {
	*officer
	Act    stepForm
	Picked []picked
	// Back is the list that it was picked from.
	Back string
	// Done says that the steps were taken, Refused that none was.
	Done, Refused bool
	// Problems stand against all of them.
	Problems []string
}

// Good are those that nothing stands against.
func (p *bulkView) Good() []picked {
	return slices.DeleteFunc(slices.Clone(p.Picked), func(x picked) bool { return len(x.Problems) > 0 })
}

// Moved are those in which others have done something since, and nothing else is known
// against them: they can be taken as they are now by whoever has read what that was.
func (p *bulkView) Moved() []picked {
	return slices.DeleteFunc(slices.Clone(p.Picked), func(x picked) bool { return x.Since == nil })
}

// Typed are the inputs of this kind that were filled in, for the form that comes again.
func (p *bulkView) Typed() []stepField {
	return slices.DeleteFunc(slices.Clone(p.Act.Fields), func(x stepField) bool { return x.Value == "" })
}

// Needs are those that this kind must have and were left empty.
func (p *bulkView) Needs() []stepField {
	return slices.DeleteFunc(slices.Clone(p.Act.Fields), func(x stepField) bool { return x.Error == "" })
}

// stepsPage takes what the list sent: first to be looked at, then to be done.
func (s *server) stepsPage(c *call, o *officer) error {
	list, err := s.readAlerts(c, o, c.QueryParams())
	if err != nil {
		return err
	}
	o.template, o.script = "many", false
	p := &bulkView{officer: o, Back: list.Link()}
	form, err := c.FormParams()
	if err != nil {
		return readError(err)
	}
	picks, sure := form["pick"], c.FormValue("sure") != ""
	p.Act = stepForm{Kind: ledger.Kind(c.FormValue("kind")), ID: c.FormValue("id"), Fields: bulkFields(o)}
	for i := range p.Act.Fields {
		p.Act.Fields[i].Value = oneLine(c.FormValue(p.Act.Fields[i].Name))
	}
	if take := c.FormValue("take"); take != "" { // one row's own button
		picks, sure, p.Act.Kind = []string{take}, true, "alert.assigned"
		p.Act.Fields[1].Value = c.who.Unit
	}
	if !slices.Contains(bulkKinds, p.Act.Kind) || len(p.Act.ID) > 40 || !plain(p.Act.ID) || p.Act.ID == "" {
		return one("kind", "请选择办理事项", "choose what to do")
	}
	if len(picks) == 0 || len(picks) > mostPicked {
		return one("pick", "请勾选1–200件预警", "pick 1 to 200 warnings")
	}
	if err := s.readPicked(c, p, picks); err != nil {
		return err
	}
	if p.complete(); !sure || len(p.Needs()) > 0 || len(p.Good()) < len(p.Picked) {
		return s.showStaff(c, http.StatusOK, p)
	}
	return s.takePicked(c, p)
}

// readPicked reads the cases that were picked; those of other units are not there.
func (s *server) readPicked(c *call, p *bulkView, picks []string) error {
	rows := &alertsView{officer: p.officer}
	for _, pick := range picks {
		alert, seen, _ := strings.Cut(pick, "~")
		n, err := strconv.ParseInt(seen, 10, 64)
		if err != nil || slices.ContainsFunc(p.Picked, func(x picked) bool { return x.Alert == alert }) {
			return one("pick", "勾选内容有误，请返回重选", "go back and pick again")
		}
		found, err := s.findAlert(c, alert)
		if err != nil {
			return err
		}
		s.addRows(rows, []alerts.Current{found})
		p.Picked = append(p.Picked, picked{warningRow: rows.Rows[len(rows.Rows)-1], Seen: n, Entry: ledger.None})
	}
	return nil
}

// complete says what the step must have and was not typed.
func (p *bulkView) complete() {
	for i := range p.Act.Fields {
		x := &p.Act.Fields[i]
		x.Required = slices.Contains(stepInputs[p.Act.Kind], x.Name+"!") || x.Name == "unit" && p.Act.Kind == "alert.assigned"
		if x.Required && x.Value == "" {
			x.Error = p.t("step.required")
		}
	}
}

// takePicked takes the steps, all or none.
func (s *server) takePicked(c *call, p *bulkView) error {
	var drafts []ledger.Draft
	for _, x := range p.Picked {
		form := p.Act
		form.ID += "-" + x.Alert[len(x.Alert)-min(12, len(x.Alert)):]
		d := form.draft(x.Alert, x.Seen)
		d.By, d.On, d.Corrects = c.who.by(), ledger.DateOf(s.Now()), ledger.None
		drafts = append(drafts, d)
	}
	err := s.mayEnter()
	var receipts []ledger.Receipt
	if err == nil {
		receipts, err = s.take(c, drafts...)
	}
	if err == nil {
		if c.FormValue("take") != "" {
			return c.Redirect(http.StatusSeeOther, p.Back)
		}
		for i, r := range receipts {
			p.Picked[i].Entry = r.Seq
		}
		p.Done = true
		return s.showStaff(c, http.StatusOK, p)
	}
	problem := problemOf(err)
	if len(problem.Problems) == 0 {
		return err
	}
	p.Refused = true
	_, single := errors.AsType[*ledger.Invalid](err)
	for _, x := range problem.Problems {
		text := p.lang.pick(x.Text)
		if single && x.Field == "steps" || x.Index >= len(p.Picked) {
			p.Problems = append(p.Problems, text)
			continue
		}
		p.Picked[x.Index].Problems = append(p.Picked[x.Index].Problems, text)
	}
	for _, moved := range problem.Cases {
		i := slices.IndexFunc(p.Picked, func(x picked) bool { return x.Alert == moved.Alert })
		if i < 0 {
			continue
		}
		p.Picked[i].Current = moved.Current
		for _, e := range moved.Since {
			p.Picked[i].Since = append(p.Picked[i].Since, doneStep{e, inShanghai(e.At)})
		}
	}
	p.Act.ID = rand.Text() // what comes next is another act
	return s.showStaff(c, problem.Status, p)
}
