package ledger

// 群众反映: citizens object to a notice or a project, and are answered in public. The kinds
// stand with those of notices.

// fieldContact is how to reach whoever objects (联系方式): a name, a number.
const fieldContact = "contact"

// ObjectionReceived records what a citizen wrote (收到反映): the words and how to
// reach them are sealed, since nobody can answer for what people type.
type ObjectionReceived struct {
	// CodeHash is base64 SHA-256 of the receipt number (回执号), which only whoever
	// objects has.
	CodeHash string `json:"receipt_hash"`
	// Notice or Project is what it is about, both empty for neither.
	Notice    string `json:"notice,omitzero"`
	Objection string `json:"objection"`
	Project   string `json:"project,omitzero"`
	// Topic is one of ObjectionTopics, Track one of ObjectionTracks.
	Topic string `json:"topic"`
	Track string `json:"track"`
}

// ObjectionTopics are what people object to.
var ObjectionTopics = codes{
	"amount":   {"金额不对", "the amount is wrong"},
	"quality":  {"工程质量", "quality of works"},
	"progress": {"没有动工或停工", "nothing happens"},
	"person":   {"享受对象不对", "the wrong people benefit"},
	"unpaid":   {"钱没有发到", "the money did not arrive"},
	"posting":  {"没有张贴", "it was not posted"},
	"tender":   {"招标采购", "tender or procurement"},
	"other":    {"其他", "other"},
}

// ObjectionTracks are the laws by which an objection is answered: 招标投标法实施条例
// 54 (3 days), 政府采购法 53 (7 working days), or 5 working days [assumed].
var ObjectionTracks = codes{
	"tender":      {"招标投标异议", "objection to a tender"},
	"procurement": {"政府采购质疑", "query of a procurement"},
	"general":     {"群众反映", "citizens' objection"},
}

func (b *ObjectionReceived) check(c *checker) {
	c.id("objection", b.Objection)
	c.optionalID("notice", b.Notice)
	c.optionalID("project", b.Project)
	c.hash("receipt_hash", b.CodeHash)
	c.oneOf("topic", b.Topic, ObjectionTopics)
	c.oneOf("track", b.Track, ObjectionTracks)
}

func (b *ObjectionReceived) checkSealed(c *checker, sealed map[string]string) {
	if sealed[fieldNote] == "" {
		c.bad(fieldNote, "请写明反映的内容", "say what is wrong")
	}
}

func (b *ObjectionReceived) touch(s *state, _ *Entry) {
	s.objection(b.Objection)
	s.touchNoticeOrProject(b.Notice, b.Project)
}

func (s *state) touchNoticeOrProject(notice, project string) {
	if notice != "" {
		s.notice(notice)
	}
	if project != "" {
		s.project(project)
	}
}

func (b *ObjectionReceived) apply(s *state, e *Entry) {
	switch {
	case s.objection(b.Objection) != nil:
		s.refuse("body.objection", "exists", "反映编号 "+b.Objection+" 已存在", "objection "+b.Objection+" exists")
		return
	case b.Notice != "" && s.notice(b.Notice) == nil:
		s.refuse("body.notice", "not_found", "没有公示 "+b.Notice, "there is no notice "+b.Notice)
		return
	case b.Project != "" && s.project(b.Project) == nil:
		s.refuse("body.project", "not_found", "没有项目 "+b.Project, "there is no project "+b.Project)
		return
	}
	s.objections.add(b.Objection, Objection{
		Objection: b.Objection, State: StateReceived, Code: b.CodeHash, Notice: b.Notice, Project: b.Project, Topic: b.Topic, Track: b.Track, On: e.On, Seq: e.Seq, Answered: None,
	})
	if b.Notice != "" {
		n := s.notices.edit(b.Notice)
		n.Open++
		n.Objections++
	}
}

// ObjectionAnswered is the public answer (答复反映) of the body concerned, with the
// question as it may be told to all.
type ObjectionAnswered struct {
	Answer    string `json:"answer"`
	Files     []File `json:"files,omitzero"`
	Objection string `json:"objection"`
	// Outcome is one of ObjectionOutcomes.
	Outcome  string `json:"objection_outcome"`
	Question string `json:"question"`
	// Unit answers (答复单位).
	Unit string `json:"answered_by"`
}

// ObjectionOutcomes are what came of an objection.
var ObjectionOutcomes = codes{
	"upheld":      {"属实，已纠正", "right, and put right"},
	"partly":      {"部分属实", "partly right"},
	"unfounded":   {"不属实", "not so"},
	"explained":   {"已说明", "explained"},
	"transferred": {"已转有权机关", "handed to whoever is in charge"},
}

func (b *ObjectionAnswered) check(c *checker) {
	c.id("objection", b.Objection)
	c.text("question", b.Question, 500)
	c.text("answer", b.Answer, MaxText)
	c.text("answered_by", b.Unit, 100)
	c.oneOf("objection_outcome", b.Outcome, ObjectionOutcomes)
	c.files("files", b.Files)
}

func (b *ObjectionAnswered) touch(s *state, _ *Entry) {
	if o := s.objection(b.Objection); o != nil && o.Notice != "" {
		s.notice(o.Notice)
	}
}

func (b *ObjectionAnswered) apply(s *state, e *Entry) {
	o := s.objection(b.Objection)
	if o == nil {
		s.refuse("body.objection", "not_found", "没有反映 "+b.Objection, "there is no objection "+b.Objection)
		return
	}
	if !s.inState("body.objection", o.State, []string{StateReceived}) {
		return
	}
	o = s.objections.edit(b.Objection)
	o.State, o.Answered, o.Outcome = StateAnswered, e.Seq, b.Outcome
	if o.Notice != "" {
		s.notices.edit(o.Notice).Open--
	}
}
