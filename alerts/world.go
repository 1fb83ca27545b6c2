package alerts

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"go.yaml.in/yaml/v4"

	"yilu/alerts/fact"
	"yilu/alerts/rule"
	"yilu/alerts/rule/gate"
	"yilu/ledger"
	"yilu/publicity/workday"
)

// worldBook is the book of tests.
const worldBook = ledger.Book("411025")

// World posts the entries of a rule's tests to a book in memory, by the code that
// posts real ones, and answers with what the rule said of each that was judged. What
// needs a second person gets one.
func World(calendar workday.Calendar) gate.World {
	return func(r *rule.Compiled, start time.Time, given, when []gate.Event) ([]gate.Outcome, error) {
		said := map[string]gate.Outcome{}
		judge := &ledger.Judge{Weigh: func(v ledger.View, e *ledger.Entry) ledger.Verdict {
			if slices.Contains(r.JudgedAt(), string(e.Kind)) {
				said[e.ID] = outcomeOf(r, v, e)
			}
			return ledger.Verdict{}
		}}
		w := &script{book: ledger.NewFold(worldBook, judge), calendar: calendar, start: start, seqs: map[string]ledger.Seq{}}
		for _, e := range given {
			if _, err := w.post(e); err != nil {
				return nil, err
			}
		}
		var all []gate.Outcome
		for _, e := range when {
			id, err := w.post(e)
			outcome, judged := said[id]
			if refused := (*ledger.Refused)(nil); errors.As(err, &refused) && outcome.State == rule.Flag {
				err = nil // the ledger refuses what the rule flags: both are right
			}
			if err != nil {
				return nil, err
			}
			if judged {
				all = append(all, outcome)
			}
		}
		return all, nil
	}
}

// outcomeOf judges one entry with the facts of the book.
func outcomeOf(r *rule.Compiled, v ledger.View, e *ledger.Entry) gate.Outcome {
	a := actOf(v, e, fact.Gather(v, e, slices.Sorted(slices.Values(r.Facts))))
	out := gate.Outcome{Result: r.Eval(a), Episode: 1}
	switch {
	case out.State == rule.Clear:
		out.Value, out.Limit = r.Measure(a)
	case out.State == rule.Flag && r.Kind == rule.OnDeadline:
		due, reason, err := r.Due(a)
		if out.Due = reason; err == nil && reason == "" {
			out.Due = due.String()
		}
	}
	return out
}

// script posts the events of a test one after another.
type script struct {
	book     *ledger.Fold
	calendar workday.Calendar
	start    time.Time
	n        int
	// seqs are the entries by their ids, for those that correct them.
	seqs map[string]ledger.Seq
	// also, if there is one, gets what the book took, such as a real ledger.
	also func(at time.Time, drafts []ledger.Draft) error
}

// enter posts drafts to the book, and to the ledger beside it.
func (w *script) enter(at time.Time, drafts ...ledger.Draft) ([]*ledger.Entry, error) {
	entries, err := w.book.Post(at, drafts...)
	if err == nil && w.also != nil {
		err = w.also(at, drafts)
	}
	return entries, err
}

// post posts one event and returns its id. The keys of an event beside the members of
// its body are kind, id, on (the day of at), role, corrects (an id), and after_fact, which
// posts it in a submission of what has happened already.
func (w *script) post(event gate.Event) (id string, err error) {
	d, err := w.draft(event)
	if err != nil {
		return "", err
	}
	at, err := w.instant(event.At)
	if err != nil {
		return d.ID, err
	}
	drafts := []ledger.Draft{d}
	spec, _ := ledger.SpecOf(d.Kind)
	submitted := spec.TwoPersons || afterFact(event)
	if submitted {
		made := d
		made.ID, made.Kind, made.Corrects = d.ID+"-made", "submission.made", ledger.None
		made.Body = &ledger.SubmissionMade{Submission: d.ID + "-made", Title: "测试", Entries: 1, AfterFact: afterFact(event)}
		drafts = []ledger.Draft{made, d}
	}
	entries, err := w.enter(at, drafts...)
	if err != nil {
		return d.ID, fmt.Errorf("post %s %s: %w", d.Kind, d.ID, err)
	}
	w.seqs[d.ID] = entries[len(entries)-1].Seq
	if submitted {
		made := entries[0].Body.(*ledger.SubmissionMade)
		ok := ledger.Draft{ID: d.ID + "-ok", Kind: "submission.approved", On: d.On, Corrects: ledger.None, By: by(ledger.Checker),
			Body: &ledger.SubmissionApproved{Submission: made.Submission, ContentHash: made.ContentHash}}
		if _, err := w.enter(at, ok); err != nil {
			return d.ID, fmt.Errorf("approve %s %s: %w", d.Kind, d.ID, err)
		}
	}
	return d.ID, nil
}

// by is somebody of a role; each role is another person.
func by(role ledger.Role) ledger.By {
	return ledger.By{Role: role, Unit: string(worldBook) + "-CZ", User: "test-" + string(role)}
}

// instant is the moment of "3d" or "8wd" after the start.
func (w *script) instant(at string) (time.Time, error) {
	number, unit := strings.TrimRight(at, "dw"), strings.TrimLeft(at, "0123456789")
	n, err := strconv.Atoi(number)
	switch {
	case err == nil && unit == "d":
		return w.start.AddDate(0, 0, n), nil
	case err == nil && unit == "wd":
		day, err := w.calendar.Add(ledger.DateOf(w.start), n)
		if err != nil {
			return time.Time{}, err
		}
		t, err := time.ParseInLocation(time.DateOnly, string(day), ledger.Shanghai)
		hour, minute, second := w.start.In(ledger.Shanghai).Clock()
		return t.Add(time.Duration(hour*3600+minute*60+second) * time.Second), err
	}
	return time.Time{}, fmt.Errorf("at: %q: want days or working days after the start, such as 3d or 8wd", at)
}

// draft reads what an event posts.
func (w *script) draft(event gate.Event) (ledger.Draft, error) {
	w.n++
	at, err := w.instant(event.At)
	if err != nil {
		return ledger.Draft{}, err
	}
	d := ledger.Draft{ID: fmt.Sprintf("e%d", w.n), On: ledger.DateOf(at), Corrects: ledger.None, Sealed: map[string]string{}}
	role, body := "", map[string]any{}
	post := &event.Post
	if post.Kind != yaml.MappingNode {
		return d, errors.New("post: want the members of an entry")
	}
	for i := 0; i+1 < len(post.Content); i += 2 {
		key, value := post.Content[i].Value, post.Content[i+1]
		switch key {
		case "kind":
			d.Kind = ledger.Kind(value.Value)
		case "id":
			d.ID = value.Value
		case "after_fact": // see afterFact
		case "on":
			d.On = ledger.Date(value.Value)
		case "role":
			role = value.Value
		case "corrects":
			seq, ok := w.seqs[value.Value]
			if !ok {
				return d, fmt.Errorf("corrects: there is no entry %q", value.Value)
			}
			d.Corrects = seq
		default:
			body[key] = plain(value)
		}
	}
	spec, ok := ledger.SpecOf(d.Kind)
	if !ok {
		return d, fmt.Errorf("post: %q is no kind of entry", d.Kind)
	}
	if d.By = by(spec.Roles[0]); role != "" {
		d.By = by(ledger.Role(role))
	}
	if d.Kind == "payment.approved" && body["hash"] == nil { // of what was asked for
		if id, ok := body["payment"].(string); ok {
			p, _ := w.book.View().Payment(id)
			body["hash"] = p.Hash
		}
	}
	text, err := json.Marshal(body, json.Deterministic(true))
	if err != nil {
		return d, fmt.Errorf("post %s: %w", d.Kind, err)
	}
	d.Body, err = ledger.DecodeBody(d.Kind, bytes.TrimSpace(text))
	return d, err
}

// afterFact says whether an event tells what has happened already.
func afterFact(event gate.Event) bool {
	for i := 0; i+1 < len(event.Post.Content); i += 2 {
		if event.Post.Content[i].Value == "after_fact" {
			return event.Post.Content[i+1].Value == "true"
		}
	}
	return false
}

// plain is a node as JSON has it: everything but lists, objects, true and false is a
// text.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			object[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return object
	case yaml.SequenceNode:
		list := []any{}
		for _, e := range n.Content {
			list = append(list, plain(e))
		}
		return list
	}
	if n.ShortTag() == "!!bool" {
		return n.Value == "true"
	}
	return n.Value
}

// NewGate is a gate with a world in memory. Sweeps are run by what is given; nil looks
// at the form of their tests alone.
func NewGate(calendar workday.Calendar, sweeps gate.Sweeps) (*gate.Gate, error) {
	g, err := gate.New(fact.Surroundings(counter(calendar)), World(calendar))
	if err != nil {
		return nil, err
	}
	g.Sweeps = sweeps
	return g, nil
}
