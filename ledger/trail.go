package ledger

import "strings"

// trail is how something came to its state: the entries that changed it, oldest
// first, each with the state before, such as "12:announced 15:opened". Taking an
// entry back restores the state before it, so only the last step can be.
type trail string

// step adds a change by an entry; one that changes nothing leaves no step.
func (t trail) step(q Seq, before, after string) trail {
	if before == after {
		return t
	}
	return trail(strings.TrimSpace(string(t) + " " + seqKey(q) + ":" + before))
}

// back takes the step of an entry away and returns the state before it. It is
// not the last step when last is false; an entry without a step changed nothing,
// and the state stays.
func (t trail) back(q Seq, state string) (rest trail, before string, last bool) {
	head, tail := "", string(t)
	if i := strings.LastIndexByte(tail, ' '); i >= 0 {
		head, tail = tail[:i], tail[i+1:]
	}
	if by, before, _ := strings.Cut(tail, ":"); by == seqKey(q) {
		return trail(head), before, true
	}
	return t, state, !strings.Contains(" "+string(t), " "+seqKey(q)+":")
}

// refuseLater refuses to take back a step that others followed.
func (s *state) refuseLater() {
	s.refuse("corrects", "in_use", "其后还有环节，请先冲销后面的分录", "later steps rest on it: take those back first")
}

// revertProject takes a project back to the state before an entry.
func (s *state) revertProject(project string, q Seq) {
	p := s.needProject(project)
	if p == nil {
		return
	}
	rest, before, last := p.Trail.back(q, p.State)
	if !last {
		s.refuseLater()
		return
	}
	p = s.projects.edit(project)
	p.State, p.Trail = before, rest
}

// revertTender takes a tender back to the state before an entry.
func (s *state) revertTender(tender string, q Seq) *Tender {
	t := s.tender(tender)
	if t == nil {
		s.refuse("body.tender", "not_found", "没有招标 "+tender, "there is no tender "+tender)
		return nil
	}
	rest, before, last := t.Trail.back(q, t.State)
	if !last {
		s.refuseLater()
		return nil
	}
	t = s.tenders.edit(tender)
	t.State, t.Trail = before, rest
	return t
}
