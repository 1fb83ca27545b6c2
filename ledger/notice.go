package ledger

import (
	"fmt"
	"slices"
	"strconv"
)

// 公开公示: notices are posted, hung up, corrected, extended and ended; citizens
// object and are answered; what need not be published is waived.
var noticeKinds = []Spec{
	{Kind: "notice.posted", Stage: StageNotice, Text: Text{"发布公告公示", "notice posted"}, Roles: []Role{Maker, ProjectOfficer, PublicityOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(NoticePosted) }},
	{Kind: "notice.hung", Stage: StageNotice, Text: Text{"张贴存证", "notice hung up"}, Roles: []Role{Maker, ProjectOfficer, PublicityOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(NoticeHung) }},
	{Kind: "notice.corrected", Stage: StageNotice, Text: Text{"更正公告公示", "notice corrected"}, Roles: []Role{Maker, ProjectOfficer, PublicityOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(NoticeCorrected) }},
	{Kind: "notice.extended", Stage: StageNotice, Text: Text{"延长公示", "notice extended"}, Roles: []Role{Maker, ProjectOfficer, PublicityOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(NoticeExtended) }},
	{Kind: "notice.ended", Stage: StageNotice, Text: Text{"公示结束", "notice ended"}, Roles: []Role{Maker, ProjectOfficer, PublicityOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(NoticeEnded) }},
	{Kind: "notice.waived", Stage: StageNotice, Text: Text{"不予公开", "publication waived"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(NoticeWaived) }},
	{Kind: "notice.required", Stage: StageNotice, Text: Text{"公开时限规定", "term of publication set"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(NoticeRequired) }},
	{Kind: "objection.received", Stage: StageNotice, Text: Text{"收到反映", "objection received"}, Roles: []Role{Public, Maker, ProjectOfficer, PublicityOfficer}, Sealed: []string{fieldNote, fieldContact}, new: func() Body { return new(ObjectionReceived) }},
	{Kind: "objection.answered", Stage: StageNotice, Text: Text{"答复反映", "objection answered"}, Roles: []Role{Maker, ProjectOfficer, PublicityOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(ObjectionAnswered) }},
}

// NoticePosted publishes a notice (公告、公示): on the portal, on a board, or both.
//
// Effect: the notice is public. Refused: an id that is taken; entries that do not
// exist, have no effect or were taken back; and a total that is not to the 分 what
// these entries say, unless it records a copy that was published elsewhere.
type NoticePosted struct {
	Content NoticeContent `json:"announcement"`
	Notice  string        `json:"notice"`
}

func (b *NoticePosted) check(c *checker) {
	c.id("notice", b.Notice)
	b.Content.check(c)
}

func (b *NoticePosted) touch(s *state, _ *Entry) {
	s.notice(b.Notice)
	b.Content.touch(s)
}

func (b *NoticePosted) apply(s *state, e *Entry) {
	if s.notice(b.Notice) != nil {
		s.refuse("body.notice", "exists", "公示编号 "+b.Notice+" 已存在", "notice "+b.Notice+" exists")
		return
	}
	if !b.Content.agrees(s) {
		return
	}
	s.notices.add(b.Notice, Notice{Notice: b.Notice, State: StatePosted, Posted: e.Seq, On: e.On})
	s.publish(e, b.Notice, &b.Content)
}

func (b *NoticePosted) revert(s *state, _ *Entry) {
	n := s.notice(b.Notice)
	if n.Versions > 1 || n.Open > 0 {
		s.refuse("corrects", "in_use", "公示已更正或有未答复的反映，不能撤回；请更正", "the notice was corrected or has open objections; correct it instead")
		return
	}
	s.notices.edit(b.Notice).State = StateWithdrawn
}

// publish puts a version of a notice in its row, and names its projects.
func (s *state) publish(e *Entry, notice string, c *NoticeContent) {
	n := s.addVersion(e, notice)
	n.Current = e.Seq
	n.Stage, n.Level, n.Channel, n.Place, n.Period = c.Stage, c.Level, c.Channel, c.Place, c.Period
	n.Title, n.Issuer, n.Starts, n.Ends, n.Total, n.Copy = c.Title, c.Issuer, c.Starts, c.Ends, c.Total, c.Copy != ""
	for _, project := range c.projects(s) {
		key := noticeProjectKey(notice, project)
		if n.Versions == 1 || s.noticeProjects.get(key) == nil { // the first names no project yet
			s.noticeProjects.add(key, NoticeProject{Key: key, Notice: notice, Project: project, Seq: e.Seq})
			s.noticesOf.add(project, key)
		}
	}
}

// addVersion counts an entry that changes what hangs, and gives it its check code.
func (s *state) addVersion(e *Entry, notice string) *Notice {
	n := s.notices.edit(notice)
	n.Versions++
	n.Code = CheckCode(e.Hash)
	v := NoticeVersion{Key: versionKey(notice, n.Versions), Notice: notice, Version: n.Versions, Code: n.Code, Seq: e.Seq, On: e.On}
	s.versions.add(v.Key, v)
	return n
}

// needPosted returns a notice that hangs, or refuses.
func (s *state) needPosted(id string) *Notice {
	n := s.notice(id)
	if n == nil {
		s.refuse("body.notice", "not_found", "没有公示 "+id, "there is no notice "+id)
		return nil
	}
	if !s.inState("body.notice", n.State, []string{StatePosted}) {
		return nil
	}
	return n
}

// NoticeHung proves that a notice hung on a board (张贴存证, 拍照留底): which board,
// by a photograph's hash, where, and who put it up. One at the beginning and one at
// the end are asked for [practice].
type NoticeHung struct {
	Board string `json:"board"`
	// End is set for the photograph of the last day.
	End bool `json:"end,omitzero"`
	// Hanger put it up or looked it up (张贴人): an officer or village cadre.
	Hanger Person `json:"hanger"`
	Notice string `json:"notice"`
	Photo  File   `json:"photo"`
	Place  string `json:"place"`
	// Position is where the photograph was taken, as "33.851,113.482"; "" is unknown.
	Position string `json:"position,omitzero"`
}

func (b *NoticeHung) check(c *checker) {
	c.id("notice", b.Notice)
	c.text("board", b.Board, 100)
	c.place("place", b.Place)
	c.file("photo", b.Photo)
	c.text("hanger.name", b.Hanger.Name, 50)
	c.optional("hanger.post", b.Hanger.Post, 50)
	if b.Position != "" && !positionPattern.MatchString(b.Position) {
		c.bad("position", "须形如 33.851,113.482（纬度,经度）", "want latitude and longitude such as 33.851,113.482")
	}
}

func (b *NoticeHung) touch(s *state, _ *Entry) { s.notice(b.Notice) }

func (b *NoticeHung) apply(s *state, e *Entry) {
	if s.needPosted(b.Notice) == nil {
		return
	}
	n := s.notices.edit(b.Notice)
	if b.End {
		n.HungEnd++
	} else {
		n.Hung++
	}
	key := seqKey(e.Seq)
	s.proofs.add(key, NoticeProof{
		Key: key, Notice: b.Notice, Board: b.Board, End: b.End, Hanger: b.Hanger.Name, Photo: b.Photo.SHA256, Place: b.Place, Position: b.Position, On: e.On, Seq: e.Seq,
	})
	s.photosOf.add(b.Photo.SHA256, key)
}

// NoticeCorrected publishes a notice anew, as a whole (更正): the old version stays
// beside it.
//
// Effect: the new version holds. Refused as NoticePosted is, and for one that ended.
type NoticeCorrected struct {
	Content NoticeContent `json:"announcement"`
	Notice  string        `json:"notice"`
	Reason  string        `json:"reason"`
}

func (b *NoticeCorrected) check(c *checker) {
	c.id("notice", b.Notice)
	c.oneOf("reason", b.Reason, Reasons)
	b.Content.check(c)
}

func (b *NoticeCorrected) touch(s *state, _ *Entry) {
	s.notice(b.Notice)
	b.Content.touch(s)
	for _, project := range b.Content.projects(s) {
		s.noticeProjects.get(noticeProjectKey(b.Notice, project))
	}
}

func (b *NoticeCorrected) apply(s *state, e *Entry) {
	if s.needPosted(b.Notice) != nil && b.Content.agrees(s) {
		s.publish(e, b.Notice, &b.Content)
	}
}

// NoticeExtended lets a notice hang longer (延长公示): never shorter.
type NoticeExtended struct {
	Ends   Date   `json:"ends"`
	Notice string `json:"notice"`
	Reason string `json:"reason"`
}

func (b *NoticeExtended) check(c *checker) {
	c.id("notice", b.Notice)
	c.day("ends", b.Ends)
	c.oneOf("reason", b.Reason, Reasons)
}

func (b *NoticeExtended) touch(s *state, _ *Entry) { s.notice(b.Notice) }

func (b *NoticeExtended) apply(s *state, e *Entry) {
	n := s.needPosted(b.Notice)
	if n == nil {
		return
	}
	if n.Ends == "" || b.Ends <= n.Ends {
		s.refuse("body.ends", "earlier", "须晚于现公示截止日 "+or(string(n.Ends), "（长期公开）"), "want a day after "+or(string(n.Ends), "a notice that stays"))
		return
	}
	s.notices.edit(b.Notice).Ends = b.Ends
	s.addVersion(e, b.Notice)
}

// NoticeEnded says that a posting has ended (公示结束), on the business day of the
// entry, and what came of it.
type NoticeEnded struct {
	Notice string `json:"notice"`
	// Outcome is one of NoticeOutcomes.
	Outcome string `json:"notice_outcome"`
}

// NoticeOutcomes are how a posting ends.
var NoticeOutcomes = codes{
	"none":       {"无异议", "no objection"},
	"settled":    {"异议已处理", "objections settled"},
	"superseded": {"重新公示", "posted anew"},
}

func (b *NoticeEnded) check(c *checker) {
	c.id("notice", b.Notice)
	c.oneOf("notice_outcome", b.Outcome, NoticeOutcomes)
}

func (b *NoticeEnded) touch(s *state, _ *Entry) { s.notice(b.Notice) }

func (b *NoticeEnded) apply(s *state, e *Entry) {
	n := s.needPosted(b.Notice)
	switch {
	case n == nil:
	case n.Open > 0:
		s.refuse("body.notice", "open_objections", fmt.Sprintf("还有%d件反映未答复", n.Open), fmt.Sprintf("%d objections are not answered", n.Open))
	case n.Objections > 0 && b.Outcome == "none":
		s.refuse("body.notice_outcome", "objections", fmt.Sprintf("收到过%d件反映，不能写“无异议”", n.Objections), fmt.Sprintf("there were %d objections", n.Objections))
	case e.On < n.Starts:
		s.refuse("on", "earlier", "不得早于公示起始日 "+string(n.Starts), "must not be before "+string(n.Starts))
	default:
		n = s.notices.edit(b.Notice)
		n.State, n.Ended = StateEnded, e.On
	}
}

// NoticeWaived says by which basis something need not be published (不予公开):
// 政府信息公开条例 14 to 16 and no other.
type NoticeWaived struct {
	Basis string `json:"basis"`
	Entry Seq    `json:"entry"`
	Level string `json:"publisher_level"`
	Stage string `json:"matter"`
}

func (b *NoticeWaived) check(c *checker) {
	c.text("basis", b.Basis, 300)
	c.oneOf("matter", b.Stage, NoticeStages)
	c.oneOf("publisher_level", b.Level, NoticeLevels)
}

func (b *NoticeWaived) touch(s *state, _ *Entry) { s.touchEffective(b.Entry) }

func (b *NoticeWaived) apply(s *state, e *Entry) {
	s.effective("body.entry", b.Entry, e.Seq)
}

// NoticeRequired sets a term of publication for a place (公开时限规定): what the
// nation's policy leaves to counties, or what a province has made stricter.
//
// Effect: acts from that day on are judged by it (package publicity).
type NoticeRequired struct {
	Basis string `json:"basis"`
	// Days is the term, in the Unit "wd" (working days) or "d".
	Days Count `json:"days"`
	From Date  `json:"from"`
	// Level and Stage say of what.
	Level string `json:"publisher_level"`
	// Minimum is how many days it hangs, counted by Mode: strict or inclusive.
	Minimum Count  `json:"minimum"`
	Mode    string `json:"day_count"`
	// Region is a division code or its beginning.
	Region string `json:"region"`
	Stage  string `json:"matter"`
	To     Date   `json:"to,omitzero"`
	Unit   string `json:"term_unit"`
}

// NoticeModes are how the days of a posting are counted.
var NoticeModes = codes{
	"strict":    {"起始日不计，末日为休息日的顺延（民法典201、203）", "the first day is not counted, and a last day of rest moves on"},
	"inclusive": {"首尾两日都计", "both the first and the last day count"},
}

// TermUnits are what a term is counted in.
var TermUnits = codes{"wd": {"工作日", "working days"}, "d": {"日历日", "calendar days"}}

func (b *NoticeRequired) check(c *checker) {
	c.text("basis", b.Basis, 300)
	c.oneOf("matter", b.Stage, NoticeStages)
	c.oneOf("publisher_level", b.Level, NoticeLevels)
	c.oneOf("day_count", b.Mode, NoticeModes)
	c.oneOf("term_unit", b.Unit, TermUnits)
	c.day("from", b.From)
	c.optionalDay("to", b.To)
	c.order(b.From, b.To, "to")
	for field, n := range map[string]Count{"days": b.Days, "minimum": b.Minimum} {
		if n < 0 || n > 400 {
			c.bad(field, "须为0–400天", "want 0 to 400 days")
		}
	}
	if len(b.Region) > 12 || digitCount(b.Region) != len(b.Region) {
		c.bad("region", "须为区划代码或其前几位", "want a division code or its beginning")
	}
}

func (b *NoticeRequired) touch(*state, *Entry) {}
func (b *NoticeRequired) apply(*state, *Entry) {}

// effective refuses an entry that does not exist before another, has no effect or
// was taken back.
func (s *state) effective(field string, q, before Seq) *Entry {
	e := s.entry(q)
	switch {
	case e == nil || q >= before:
		s.refuse(field, "not_found", fmt.Sprintf("没有第 %d 号分录", q), fmt.Sprintf("there is no entry %d before this one", q))
	case s.coverOf(q) != "" && s.submission(s.coverOf(q)).State != StateApproved, s.cover != nil && q > s.cover.made.Seq:
		s.refuse(field, "no_effect", fmt.Sprintf("第 %d 号分录未经审批，没有生效", q), fmt.Sprintf("entry %d was never approved", q))
	case s.reversal(q) != nil:
		s.refuse(field, "reversed", fmt.Sprintf("第 %d 号分录已被冲销", q), fmt.Sprintf("entry %d was reversed", q))
	default:
		return e
	}
	return nil
}

// touchEffective asks for what effective reads.
func (s *state) touchEffective(q Seq) *Entry {
	s.reversal(q)
	if sub := s.coverOf(q); sub != "" {
		s.submission(sub)
	}
	return s.entry(q)
}

func versionKey(notice string, version int64) string {
	return notice + "/" + strconv.FormatInt(version, 10)
}
func noticeProjectKey(notice, project string) string { return notice + "/" + project }

// uniqueProjects sorts projects and leaves each once.
func uniqueProjects(all []string) []string {
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(p string) bool { return p == "" })
}
