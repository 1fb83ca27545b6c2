package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"yilu/alerts/notify"
	"yilu/ledger"
)

// transitions say from which states a step may be taken. What it leads to is for
// apply to say.
var transitions = map[ledger.Kind][]State{
	"alert.assigned":  {Open, Verifying, Rectifying, Recorded},
	"alert.answered":  {Verifying},
	"alert.dismissed": {Verifying},
	"alert.seconded":  {Dismissing},
	"alert.confirmed": {Verifying, Dismissing},
	"alert.rectified": {Rectifying},
	"alert.returned":  {Review, Dismissing},
	"alert.closed":    {Review},
	"alert.reopened":  {Dismissed, Closed},
	"alert.escalated": {Open, Verifying, Dismissing, Rectifying, Review},
	"alert.commented": {Open, Verifying, Dismissing, Rectifying, Review, Recorded},
	"alert.silenced":  {Open, Verifying, Rectifying, Review},
}

// refusal is why a step cannot be taken.
func refusal(field, rule, zh, en string) *ledger.Refused {
	return &ledger.Refused{Problems: []ledger.Problem{{Field: field, Rule: rule, Text: ledger.Text{Zh: zh, En: en}}}}
}

// check says whether a step may be taken by whom, as the case stands.
func (c Current) check(d ledger.Draft) error {
	step := d.Body.(ledger.CaseStep).Case()
	by := d.By.User
	switch {
	case int64(step.Seen) != c.Step:
		return refusal("body.seen", "moved", fmt.Sprintf("该预警已有新的办理（现为第 %d 步，您看到的是第 %d 步），请按最新情况再办", c.Step, step.Seen),
			fmt.Sprintf("the case has moved on: it is at step %d, you saw %d; look again", c.Step, step.Seen))
	case !slices.Contains(transitions[d.Kind], c.State):
		spec, _ := ledger.SpecOf(d.Kind)
		return refusal("kind", "state", fmt.Sprintf("当前状态为“%s”，不能办理“%s”", StateName(c.State).Zh, spec.Zh), fmt.Sprintf("the case is %s, which does not allow %s", c.State, d.Kind))
	}
	decides := slices.Contains([]ledger.Kind{"alert.dismissed", "alert.seconded", "alert.confirmed", "alert.closed", "alert.returned"}, d.Kind)
	switch {
	case decides && slices.Contains(c.Makers, by):
		return refusal("by.user", "own_case", "不能办理与本人经办、审批有关的预警", "nobody decides on a warning about what they entered or approved")
	case d.Kind == "alert.seconded" && by == c.Dismisser:
		return refusal("by.user", "second_person", "须由第二人同意", "a second person has to consent")
	case (d.Kind == "alert.closed" || d.Kind == "alert.returned") && c.State == Review && by == c.Rectifier:
		return refusal("by.user", "second_person", "复核人不能是整改人", "who rectified does not review")
	case d.Kind == "alert.silenced" && c.Level == "red":
		return refusal("body.alert", "red", "红色预警不能暂停提醒", "a red warning cannot be silenced")
	}
	return nil
}

// checkOneOf is check for a step that may be one of many in one act.
func (c Current) checkOneOf(d ledger.Draft, many bool) error {
	if err := c.check(d); err != nil {
		return err
	}
	if many && c.Level == "red" && (d.Kind == "alert.dismissed" || d.Kind == "alert.seconded") {
		return refusal("body.alert", "red", "红色预警须逐件认定", "a red warning is dismissed by itself, not in bulk")
	}
	return nil
}

// permits is checkOneOf with what the book knows besides the case.
func (g *Engine) permits(ctx context.Context, book ledger.Book, c Current, d ledger.Draft, many bool) error {
	if err := c.checkOneOf(d, many); err != nil {
		return err
	}
	if b, ok := d.Body.(*ledger.AlertEscalated); ok && d.By.Role != ledger.Engine {
		return g.mayEscalate(ctx, book, c, b)
	}
	return nil
}

// allowed says whether a step may be taken now, as take would.
func (g *Engine) allowed(ctx context.Context, book ledger.Book, t *terms, c Current, d ledger.Draft, many bool) error {
	if err := g.permits(ctx, book, c, d, many); err != nil {
		return err
	}
	_, err := c.apply(t, d, ledger.DateOf(g.Ledger.Now().UTC()))
	return err
}

// Steps lists the kinds of steps that a role can take of a case as it stands, in the
// order of the ledger's kinds. That somebody may take them is for Take to say.
func (c Current) Steps(role ledger.Role) []ledger.Kind {
	var kinds []ledger.Kind
	for _, spec := range ledger.Kinds() {
		if slices.Contains(spec.Roles, role) && slices.Contains(transitions[spec.Kind], c.State) && (spec.Kind != "alert.silenced" || c.Level != "red") {
			kinds = append(kinds, spec.Kind)
		}
	}
	return kinds
}

// apply is the case after a step that may be taken.
func (c Current) apply(t *terms, d ledger.Draft, today ledger.Date) (Current, error) {
	c.Due = t.dueAfter(today, c)
	switch b := d.Body.(type) {
	case *ledger.AlertAssigned:
		c.Unit = b.Unit
		if c.State == Open || c.State == Recorded {
			c.State = Verifying
		}
	case *ledger.AlertDismissed:
		c.State, c.Dismisser = Dismissing, d.By.User
	case *ledger.AlertSeconded:
		c.State, c.Due = Dismissed, ""
	case *ledger.AlertConfirmed:
		c.State, c.Violation, c.ToReturn, c.ToAdjust, c.ToOther, c.Dismisser = Rectifying, b.Violation, b.Return, b.Adjust, b.Other, ""
	case *ledger.AlertRectified:
		c.State, c.Rectifier = Review, d.By.User
		c.Returned, c.Adjusted = c.Returned+b.Returned, c.Adjusted+b.Adjusted
		if c.Level == "red" { // what was mended is no longer burning
			c.Level = "yellow"
		}
	case *ledger.AlertReturned:
		c.State, c.Dismisser = Rectifying, ""
		if c.Violation == "" { // a dismissal that the second person does not share
			c.State = Verifying
		}
	case *ledger.AlertClosed:
		c.State, c.Due = Closed, ""
	case *ledger.AlertReopened:
		c.State, c.Dismisser = Verifying, ""
	case *ledger.AlertEscalated:
		c.Unit = b.To
	case *ledger.AlertSilenced:
		if last := today.AddDays(t.number("silence", c.Region, c.Level, today)); b.Until > last || b.Until <= today {
			return c, refusal("body.until", "silence", fmt.Sprintf("须在今天（%s）之后，最多到 %s", today, last), fmt.Sprintf("want a day after today (%s), %s at the latest", today, last))
		}
		c.Silenced, c.Due = b.Until, b.Until
	}
	return c, nil
}

// Take takes steps of cases, all of them or none: each an entry, with its case in the
// same transaction. Two who act on what they saw cannot both. Refusals are
// *ledger.Refused, and name the step by its index.
func (g *Engine) Take(ctx context.Context, book ledger.Book, drafts ...ledger.Draft) ([]ledger.Receipt, error) {
	t, err := g.terms(ctx, g.Pool, book)
	if err != nil {
		return nil, err
	}
	if err := t.bulk(book, drafts, ledger.DateOf(g.Ledger.Now().UTC())); err != nil {
		return nil, err
	}
	ride := func(ctx context.Context, tx pgx.Tx, receipts []ledger.Receipt) error {
		for i, r := range receipts {
			if err := g.take(ctx, tx, book, drafts[i], r, len(drafts) > 1); err != nil {
				return at(i, err)
			}
		}
		return nil
	}
	receipts, err := g.Ledger.PostWith(ctx, book, ride, drafts...)
	if err == nil {
		g.raised()
	}
	return receipts, err
}

// bulk refuses more steps than one act may take.
func (t *terms) bulk(book ledger.Book, drafts []ledger.Draft, today ledger.Date) error {
	if most := t.number("bulk", string(book), "", today); len(drafts) == 0 || len(drafts) > most {
		return &ledger.Invalid{Problems: []ledger.Problem{{Field: "steps", Rule: "form", Text: ledger.Text{Zh: fmt.Sprintf("一次须办理1–%d件", most), En: fmt.Sprintf("want 1 to %d steps", most)}}}}
	}
	for i, d := range drafts {
		if _, ok := d.Body.(ledger.CaseStep); !ok {
			return &ledger.Invalid{Problems: []ledger.Problem{{Index: i, Field: "kind", Rule: "form", Text: ledger.Text{Zh: "不是预警办理事项", En: "is no step of a case"}}}}
		}
	}
	return nil
}

// at names the step that was refused.
func at(i int, err error) error {
	var refused *ledger.Refused
	if !errors.As(err, &refused) {
		return err
	}
	for n := range refused.Problems {
		refused.Problems[n].Index = i
	}
	return &ledger.TakeBack{Reason: refused}
}

// take moves one case, in the transaction of its entry.
func (g *Engine) take(ctx context.Context, tx pgx.Tx, book ledger.Book, d ledger.Draft, r ledger.Receipt, many bool) error {
	id := d.Body.(ledger.CaseStep).Case().Alert
	c, err := one(ctx, tx, `select `+columns+` from alert.current where book = $1 and alert = $2 for update`, book, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return refusal("body.alert", "not_found", "没有预警 "+id, "there is no warning "+id)
	}
	if err != nil {
		return err
	}
	if err := g.permits(ctx, book, c, d, many); err != nil {
		return err
	}
	t, err := g.terms(ctx, tx, book)
	if err != nil {
		return err
	}
	next, err := c.apply(t, d, ledger.DateOf(r.At))
	if err != nil {
		return err
	}
	next.Last = r.Seq
	ok, err := update(ctx, tx, book, next)
	switch {
	case taken(err): // one open case for a matter: it was raised again since
		return refusal("body.alert", "open_again", "同一事项已有在办预警，请在该预警中办理", "the same matter has an open warning: go on there")
	case err != nil || !ok:
		return errors.Join(err, errRaced)
	}
	next.Step++
	if err := send(ctx, tx, func(q *pgx.Batch) { queueEvent(q, book, id, d.Kind, d.By, r) }); err != nil {
		return err
	}
	switch d.Kind {
	case "alert.reopened":
		return g.tell(ctx, tx, book, told{next, notify.Reopened})
	case "alert.escalated":
		if late, ok := d.Body.(*ledger.AlertEscalated); ok && late.Overdue == next.Silenced {
			return nil // the end of a silence is told of all at once, see tellSilenceEnded
		}
		return g.tell(ctx, tx, book, told{next, notify.Overdue})
	}
	return nil
}

// stateNames name the states for people.
var stateNames = map[State]ledger.Text{
	Open: {Zh: "疑似违规", En: "open"}, Verifying: {Zh: "核实中", En: "being verified"}, Dismissing: {Zh: "待第二人同意", En: "dismissal waits for a second person"},
	Dismissed: {Zh: "认定正常", En: "dismissed"}, Rectifying: {Zh: "整改中", En: "being rectified"}, Review: {Zh: "复核中", En: "under review"},
	Closed: {Zh: "已销号", En: "closed"}, Recorded: {Zh: "记录", En: "recorded"},
}

// StateName names a state for people.
func StateName(s State) ledger.Text { return stateNames[s] }
