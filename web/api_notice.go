package web

import (
	"yilu/ledger"
)

// listNotices lists notices, the newest first.
func (s *server) listNotices(c *call) error {
	q := c.query("stage", "level", "state", "place", "after", "limit")
	f := ledger.NoticeFilter{Stage: word(q, "stage", noticeStages), Level: word(q, "level", noticeLevels), State: word(q, "state", noticeStates), Place: q.place("place")}
	page := q.numbered()
	if err := q.err(); err != nil {
		return err
	}
	rows, next, err := s.ledger.Notices(c.ctx(), c.book, f, page)
	return c.answer(list[ledger.Notice]{rows, next}, err)
}

// noticeAnswer is a notice with what it says now, its versions and its proofs.
type noticeAnswer struct {
	ledger.Notice
	Content  ledger.NoticeContent   `json:"announcement"`
	Versions []ledger.NoticeVersion `json:"version_list"`
	Proofs   []ledger.NoticeProof   `json:"proofs"`
	Photos   []ledger.Photo         `json:"photos"`
}

// getNotice reads a notice with all that hangs on it. The reads are one after the other,
// not one snapshot.
func (s *server) getNotice(c *call) error {
	id, err := c.name("notice")
	if err != nil {
		return err
	}
	var a noticeAnswer
	if a.Notice, err = s.ledger.Notice(c.ctx(), c.book, id); err != nil {
		return err
	}
	view := &noticeView{frame: &frame{ledger: s.ledger, Book: c.book}, noticeRow: noticeRow{Notice: a.Notice}}
	if err := s.readVersions(c.ctx(), view); err != nil {
		return err
	}
	a.Content = view.Content
	if a.Versions, err = s.ledger.NoticeVersions(c.ctx(), c.book, id); err != nil {
		return err
	}
	if a.Proofs, err = s.ledger.NoticeProofs(c.ctx(), c.book, id); err != nil {
		return err
	}
	a.Photos, err = s.ledger.PhotosOf(c.ctx(), c.book, seqsOf(a.Proofs))
	return c.answer(a, err)
}

// objectionAnswer is an objection with its public answer, never with what was written.
type objectionAnswer struct {
	ledger.Objection
	Due        ledger.Date               `json:"due"`
	AnsweredOn ledger.Date               `json:"answered_on,omitzero"`
	Late       bool                      `json:"late"`
	Answer     *ledger.ObjectionAnswered `json:"reply,omitzero"`
}

// listObjections lists objections with their answers, the newest first.
func (s *server) listObjections(c *call) error {
	q := c.query("notice", "state", "place", "after", "limit")
	f := ledger.ObjectionFilter{Notice: q.text("notice"), State: word(q, "state", objectionStates), Place: q.place("place")}
	page := q.numbered()
	if err := q.err(); err != nil {
		return err
	}
	found, next, err := s.ledger.FindObjections(c.ctx(), c.book, f, page)
	if err != nil {
		return err
	}
	rows := make([]objectionAnswer, len(found))
	for i, o := range found {
		if rows[i], err = s.objectionOf(c, o); err != nil {
			return err
		}
	}
	return c.answer(list[objectionAnswer]{rows, next}, nil)
}

// getObjection reads one objection with its answer.
func (s *server) getObjection(c *call) error {
	id, err := c.name("objection")
	if err != nil {
		return err
	}
	o, err := s.ledger.Objection(c.ctx(), c.book, id)
	if err != nil {
		return err
	}
	a, err := s.objectionOf(c, o)
	return c.answer(a, err)
}

func (s *server) objectionOf(c *call, o ledger.Objection) (objectionAnswer, error) {
	r, err := readReply(c.ctx(), s.ledger, s.calendar(), c.book, o)
	if r.Answer == nil {
		r.Late = r.Due != "" && r.Due < s.today()
	}
	return objectionAnswer{o, r.Due, r.AnsweredOn, r.Late, r.Answer}, err
}
