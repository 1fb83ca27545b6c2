package web

import (
	"context"
	"errors"
	"reflect"

	"yilu/ledger"
)

// Area: an officer of a township enters and decides what lies in it. What lies elsewhere
// is not found, as if it did not exist.

// ofArea is ledger.ErrNotFound for a place outside the actor's area.
func (s *server) ofArea(c *call, place string) error {
	if c.who.Area != "" && !c.who.in(place) {
		return ledger.ErrNotFound
	}
	return nil
}

// mayTouch refuses drafts about what lies outside the actor's area.
func (s *server) mayTouch(c *call, ds []ledger.Draft) error {
	if c.who == nil || c.who.Area == "" {
		return nil
	}
	places := &places{ledger: s.ledger, book: c.book, known: map[string]string{}}
	places.learn(ds)
	for i, d := range ds {
		if err := s.mayTouchOne(c, places, d); err != nil {
			if bad, ok := errors.AsType[*ledger.Invalid](err); ok {
				bad.Problems[0].Index = i
			}
			return err
		}
	}
	return nil
}

// mayTouchOne looks at one draft. What has no place of its own is the county's, but for
// acts that only go with others or that the case itself limits.
func (s *server) mayTouchOne(c *call, in *places, d ledger.Draft) error {
	switch b := d.Body.(type) {
	case *ledger.SubmissionMade, *ledger.AlertAcknowledged:
		return nil
	case ledger.CaseStep:
		_, err := s.findAlert(c, b.Case().Alert)
		return err
	case *ledger.SubmissionApproved:
		return s.mayDecideOn(c, in, b.Submission)
	case *ledger.SubmissionRejected:
		return s.mayDecideOn(c, in, b.Submission)
	}
	body := d.Body
	if d.Kind == "entry.reversed" && d.Corrects >= 0 {
		target, err := s.ledger.Entry(c.ctx(), c.book, d.Corrects)
		if err != nil {
			return err
		}
		body = target.Body
	}
	place, err := in.of(c.ctx(), body)
	switch {
	case err != nil:
		return err
	case place != "":
		if said := memberOf(body, "Place"); said != "" { // it may move the thing
			return errors.Join(s.ofArea(c, place), s.ofArea(c, said))
		}
		return s.ofArea(c, place)
	default:
		return &ledger.Invalid{Problems: []ledger.Problem{{Field: "by.area", Rule: "role", Text: ledger.Text{
			Zh: "限本乡镇（村）的人员不能办理全县事项", En: "who is held to an area enters nothing of the whole county",
		}}}}
	}
}

// mayDecideOn looks at every entry of a submission.
func (s *server) mayDecideOn(c *call, in *places, submission string) error {
	sub, err := s.ledger.Submission(c.ctx(), c.book, submission)
	if err != nil {
		return err
	}
	const chunk = 500
	for from := sub.First; from <= sub.Last; from += chunk {
		entries, err := s.ledger.Entries(c.ctx(), c.book, from, int(min(chunk, sub.Last-from+1)))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := s.mayTouchOne(c, in, e.Draft); err != nil {
				return err
			}
		}
	}
	return nil
}

// places finds where things lie, each once.
type places struct {
	ledger *ledger.Ledger
	book   ledger.Book
	// known are the places of projects, and the projects of other things, by kind and id.
	known map[string]string
}

// learn notes what the drafts themselves bring about. An id that is taken is the ledger's
// to refuse, and then all of them.
func (p *places) learn(ds []ledger.Draft) {
	for _, d := range ds {
		switch b := d.Body.(type) {
		case *ledger.PaymentRequested:
			p.known["payment/"+b.Payment] = b.Project
		case *ledger.GrantRequested:
			p.known["payment/"+b.Payment] = b.Project
		case *ledger.ContractSigned:
			p.known["contract/"+b.Contract] = b.Project
		case *ledger.TenderAnnounced:
			p.known["tender/"+b.Tender] = b.Project
		}
	}
}

// memberOf is a body's member of text, "" if it has none.
func memberOf(b ledger.Body, name string) string {
	if field := reflect.Indirect(reflect.ValueOf(b)).FieldByName(name); field.IsValid() && field.Kind() == reflect.String {
		return field.String()
	}
	return ""
}

// of is where a body's matter lies: its project's place, however it names the project, or
// what it says itself of a project that is new. It is empty for what has no place.
func (p *places) of(ctx context.Context, b ledger.Body) (string, error) {
	if notice, ok := b.(*ledger.NoticePosted); ok {
		return notice.Content.Place, nil
	}
	switch b := b.(type) {
	case *ledger.PhotoReleased:
		return p.ofEntry(ctx, b.Entry)
	case *ledger.PhotoWithdrawn:
		return p.ofEntry(ctx, b.Entry)
	}
	if notice := memberOf(b, "Notice"); notice != "" {
		n, err := p.ledger.Notice(ctx, p.book, notice)
		return n.Place, err
	}
	if objection := memberOf(b, "Objection"); objection != "" {
		return p.objection(ctx, objection)
	}
	project, err := p.projectOf(ctx, b)
	if err != nil {
		return "", err
	}
	if project == "" {
		return memberOf(b, "Place"), nil
	}
	place, err := p.project(ctx, project)
	if errors.Is(err, ledger.ErrNotFound) {
		return memberOf(b, "Place"), nil // it is new, or the ledger says so
	}
	return place, err
}

// ofEntry is where the matter of an earlier entry lies.
func (p *places) ofEntry(ctx context.Context, seq ledger.Seq) (string, error) {
	e, err := p.ledger.Entry(ctx, p.book, seq)
	if err != nil {
		return "", err
	}
	return p.of(ctx, e.Body)
}

// projectOf is the project that a body is about, itself or through what it names.
func (p *places) projectOf(ctx context.Context, b ledger.Body) (string, error) {
	if project := memberOf(b, "Project"); project != "" {
		return project, nil
	}
	for _, of := range []struct {
		kind, id string
		find     func(id string) (string, error)
	}{
		{"payment/", memberOf(b, "Payment"), func(id string) (string, error) {
			x, err := p.ledger.Payment(ctx, p.book, id)
			return x.Project, err
		}},
		{"contract/", memberOf(b, "Contract"), func(id string) (string, error) {
			x, err := p.ledger.Contract(ctx, p.book, id)
			return x.Project, err
		}},
		{"tender/", memberOf(b, "Tender"), func(id string) (string, error) {
			x, err := p.ledger.Tender(ctx, p.book, id)
			return x.Project, err
		}},
	} {
		if of.id == "" {
			continue
		}
		if project, ok := p.known[of.kind+of.id]; ok {
			return project, nil
		}
		project, err := of.find(of.id)
		if err == nil {
			p.known[of.kind+of.id] = project
		}
		return project, err
	}
	return "", nil
}

func (p *places) project(ctx context.Context, id string) (string, error) {
	if place, ok := p.known[id]; ok {
		return place, nil
	}
	project, err := p.ledger.Project(ctx, p.book, id)
	if err != nil {
		return "", err
	}
	p.known[id] = project.Place
	return project.Place, nil
}

func (p *places) objection(ctx context.Context, id string) (string, error) {
	o, err := p.ledger.Objection(ctx, p.book, id)
	if err != nil {
		return "", err
	}
	if o.Project != "" {
		return p.project(ctx, o.Project)
	}
	n, err := p.ledger.Notice(ctx, p.book, o.Notice)
	return n.Place, err
}
