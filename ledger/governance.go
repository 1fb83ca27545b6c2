package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"
	"time"
)

// 更正与治理: submissions and their approval, reversals, closed periods.
var governanceKinds = []Spec{
	{Kind: "submission.made", Stage: StageGovernance, Text: Text{"提交审批", "submission made"}, Roles: []Role{Maker, ProjectOfficer, PublicityOfficer, Auditor, SecurityAdmin}, Sealed: []string{fieldNote}, new: func() Body { return new(SubmissionMade) }},
	{Kind: "submission.approved", Stage: StageGovernance, Text: Text{"审批通过", "submission approved"}, Roles: []Role{Checker, Auditor, SecurityAdmin, AuditAdmin}, Sealed: []string{fieldNote}, new: func() Body { return new(SubmissionApproved) }},
	{Kind: "submission.rejected", Stage: StageGovernance, Text: Text{"审批退回", "submission rejected"}, Roles: []Role{Checker, Auditor, SecurityAdmin, AuditAdmin}, Sealed: []string{fieldNote}, new: func() Body { return new(SubmissionRejected) }},
	{Kind: "entry.reversed", Stage: StageGovernance, Text: Text{"红字冲销", "entry reversed"}, TwoPersons: true, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(EntryReversed) }},
	{Kind: "period.closed", Stage: StageGovernance, Text: Text{"期间结账", "period closed"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(PeriodClosed) }},
}

// SubmissionMade opens a submission (提交审批): the given number of entries
// follow it in the same unit, in the log for everyone to see, but without
// effect until a second person approves exactly these.
//
// Effect: none but the open submission. The entries are judged as if approved
// now, so that a maker learns at once what would be refused.
type SubmissionMade struct {
	// AfterFact says that what the entries tell had happened before they were recorded
	// (补录), as in an older book that is taken over: rules can stop none of it, and warn
	// of it the louder. The book's own arithmetic holds as ever.
	AfterFact bool `json:"after_fact,omitzero"`
	// ContentHash is base64 SHA-256 over the entries' content hashes in order:
	// what the approver signs off.
	ContentHash string `json:"content_hash"`
	Entries     Count  `json:"entries"`
	// File is the imported file, if any: the same file is recognised again.
	File File `json:"file,omitzero"`
	// Form is the sheet's form, such as "payment"; empty if typed in.
	Form       string `json:"form,omitzero"`
	Submission string `json:"submission"`
	Title      string `json:"title"`
}

func (b *SubmissionMade) check(c *checker) {
	c.id("submission", b.Submission)
	c.text("title", b.Title, 200)
	c.hash("content_hash", b.ContentHash)
	c.optionalID("form", b.Form)
	if b.File != (File{}) {
		c.file("file", b.File)
	}
	if b.Entries < 1 || b.Entries > MaxUnit-1 {
		c.bad("entries", fmt.Sprintf("须有1–%d条", MaxUnit-1), fmt.Sprintf("want 1 to %d entries", MaxUnit-1))
	}
}

func (b *SubmissionMade) touch(s *state, _ *Entry) { s.submission(b.Submission) }

func (b *SubmissionMade) apply(s *state, e *Entry) {
	if s.submission(b.Submission) != nil {
		s.refuse("body.submission", "exists", "提交编号 "+b.Submission+" 已存在", "submission "+b.Submission+" exists")
	}
	s.cover = &openCover{made: e, body: b, left: int(b.Entries), hash: sha256.New(), mark: len(s.undo)}
}

// openCover is a submission whose entries are still coming.
type openCover struct {
	made *Entry
	body *SubmissionMade
	left int
	hash hash.Hash
	// mark is where to undo to: covered entries leave no trace until approved.
	mark int
}

// openBatch is a grant batch or a register whose lines are still coming.
type openBatch struct {
	// of is the batch's payment or the register, line the kind of its lines.
	of   string
	line Kind
	left int
	seen int
	hash hash.Hash
	// linesHash is what the header says of the lines.
	linesHash string
	// amount and sum are a grant batch's: what the header says, and what came.
	amount, sum Amount
	// tolerance is how far each of its lines may be from standard × quantity.
	tolerance Amount
	// list and stated are a register's, members the lines of those that came.
	list    string
	stated  Date
	members map[string]Count
}

// takeLine takes one line into the open batch, or refuses it.
func (s *state) takeLine(e *Entry, of string, line Count) bool {
	o := s.batch
	if o == nil || o.of != of {
		s.refuse("body."+ofMember[e.Kind], "outside_batch", "明细须紧随其批次或名单提交", "a line must follow the header of its batch or register")
		return false
	}
	if o.seen++; int(line) != o.seen {
		s.refuse("body.line", "line", fmt.Sprintf("行号应为 %d", o.seen), fmt.Sprintf("want line %d", o.seen))
		return false
	}
	o.left--
	o.hash.Write(e.Hash[:])
	return true
}

// ofMember is the member by which a line names its header.
var ofMember = map[Kind]string{"grant.line": "payment", "register.person": "register", "register.supplier": "register", "register.account": "register"}

// IsLine says of a kind that its entries are lines of a batch or register, which stand
// and fall with their header.
func IsLine(k Kind) bool { return ofMember[k] != "" }

// closeBatch holds the header to its lines.
func (s *state) closeBatch() {
	o := s.batch
	s.batch = nil
	if o.sum != o.amount {
		s.refuse("body.amount", "sum", fmt.Sprintf("明细合计 %s 元，批次金额 %s 元", o.sum.Comma(), o.amount.Comma()), fmt.Sprintf("the lines add up to %s, the batch says %s", o.sum, o.amount))
	}
	if base64.StdEncoding.EncodeToString(o.hash.Sum(nil)) != o.linesHash {
		s.refuse("body.lines_hash", "hash", "明细与批次或名单的摘要不一致", "the lines are not those of the header's hash")
	}
}

// coverEntry takes one entry into the open submission and tries its effect.
func (s *state) coverEntry(e *Entry) {
	c := s.cover
	if e.By.User != c.made.By.User {
		s.refuse("by.user", "maker", "提交内各条须为同一经办人", "all entries of a submission have one maker")
	}
	if !coverable(e.Kind) {
		s.refuse("kind", "kind", "该业务不能放入提交", string(e.Kind)+" cannot be part of a submission")
		return
	}
	c.hash.Write(e.Hash[:])
	if s.trial {
		approved := s.approvedBy
		s.approvedBy = c.made
		s.effect(e)
		s.approvedBy = approved
	}
	if c.left--; c.left > 0 {
		return
	}
	s.cover = nil
	if s.batch != nil {
		s.refuse("body.lines", "lines", "批次明细不全", "lines of the batch are missing")
	}
	if s.trial { // a replay tries nothing, and may have written since the mark
		s.undoTo(c.mark)
	}
	if base64.StdEncoding.EncodeToString(c.hash.Sum(nil)) != c.body.ContentHash {
		s.refuse("body.content_hash", "hash", "内容摘要与提交的各条不一致", "the content hash is not that of the entries")
	}
	for q := c.made.Seq + 1; q <= e.Seq; q++ {
		s.covers[q] = c.body.Submission
	}
	s.undo = append(s.undo, func() {
		for q := c.made.Seq + 1; q <= e.Seq; q++ {
			delete(s.covers, q)
		}
	})
	s.submissions.add(c.body.Submission, Submission{
		Submission: c.body.Submission, State: StateOpen, Maker: c.made.By.User, Title: c.body.Title, Form: c.body.Form,
		File: c.body.File.SHA256, ContentHash: c.body.ContentHash, Seq: c.made.Seq, First: c.made.Seq + 1, Last: e.Seq, Decided: None, On: c.made.On, AfterFact: c.body.AfterFact,
	})
}

// coverable says whether a kind may be submitted for approval. Acts of approval
// themselves and facts of the bank may not.
func coverable(k Kind) bool {
	switch k {
	case "submission.made", "submission.approved", "submission.rejected", "payment.approved", "payment.rejected", "payment.paid":
		return false
	}
	return true
}

// SubmissionApproved is the second person's approval of a submission (审批通过).
//
// Effect: every entry of it takes effect, in order, now. Refused as a whole
// when one of them is refused now, when the approver is the maker, or when the
// content hash is not the one that was seen.
type SubmissionApproved struct {
	ContentHash string `json:"content_hash"`
	Submission  string `json:"submission"`
}

func (b *SubmissionApproved) check(c *checker) {
	c.id("submission", b.Submission)
	c.hash("content_hash", b.ContentHash)
}

func (b *SubmissionApproved) touch(s *state, _ *Entry) {
	sub := s.submission(b.Submission)
	if sub == nil || sub.State != StateOpen {
		return
	}
	for q := sub.First; q <= sub.Last; q++ {
		if e := s.entry(q); e != nil {
			e.Body.touch(s, e)
			s.touchRules(e)
		}
	}
}

func (b *SubmissionApproved) apply(s *state, e *Entry) {
	sub := s.needSubmission(b.Submission)
	if sub == nil {
		return
	}
	want, err := base64.StdEncoding.DecodeString(sub.ContentHash)
	if err != nil || !s.secondPerson(e, sub.Maker, b.ContentHash, want) {
		return
	}
	before := len(s.problems)
	if !s.mayDecide(e, sub) {
		return
	}
	s.approvedBy = e
	for q := sub.First; q <= sub.Last; q++ {
		n := len(s.problems)
		covered := s.entry(q)
		s.checkOpen(covered.On)
		s.effect(covered)
		for i := n; i < len(s.problems); i++ {
			s.problems[i].Field = "entries." + strconv.FormatInt(int64(q-sub.First), 10) + "." + s.problems[i].Field
		}
	}
	s.approvedBy = nil
	if len(s.problems) > before {
		return
	}
	sub = s.submissions.edit(b.Submission)
	sub.State, sub.Decided, sub.Decider = StateApproved, e.Seq, e.By.User
}

// mayDecide refuses auditors who would decide on money: they decide on rules only,
// and nothing else can stand in a submission with those of an auditor. Administrators
// decide on roles, and nobody else does.
func (s *state) mayDecide(e *Entry, sub *Submission) bool {
	maker := s.entry(sub.First).By.Role
	administrator := e.By.Role == SecurityAdmin || e.By.Role == AuditAdmin
	switch {
	case administrator != (maker == SecurityAdmin):
		s.refuse("by.role", "role", "授权由安全管理员或审计管理员审批，此二者不审批其他事项", "security and audit administrators decide on roles, and on nothing else")
		return false
	case e.By.Role == Auditor && maker != Auditor:
		s.refuse("by.role", "role", "审计人员只能审批规则、参数、白名单和冻结", "auditors decide on rules, parameters, exemptions and freezes only")
		return false
	}
	return true
}

// SubmissionRejected sends a submission back (审批退回): its entries never take
// effect.
type SubmissionRejected struct {
	Reason     string `json:"reason"`
	Submission string `json:"submission"`
}

func (b *SubmissionRejected) check(c *checker) {
	c.id("submission", b.Submission)
	c.oneOf("reason", b.Reason, Reasons)
}

func (b *SubmissionRejected) touch(s *state, _ *Entry) {
	if sub := s.submission(b.Submission); sub != nil {
		s.entry(sub.First)
	}
}

func (b *SubmissionRejected) apply(s *state, e *Entry) {
	if sub := s.needSubmission(b.Submission); sub == nil || !s.mayDecide(e, sub) {
		return
	}
	sub := s.submissions.edit(b.Submission)
	sub.State, sub.Decided, sub.Decider = StateRejected, e.Seq, e.By.User
}

// EntryReversed takes back the effect of an earlier entry (红字冲销), named by
// the entry's corrects. Both stay visible. The right entry, if any, is posted
// anew with corrects naming the reversed one.
//
// Effect: the opposite of the named entry's. Refused: an entry that does not
// exist, never took effect, is already reversed, or whose effect others rest
// on; one by a role that may not post such an entry itself; acts of approval
// cannot be reversed.
type EntryReversed struct {
	Reason string `json:"reason"`
}

func (b *EntryReversed) check(c *checker) { c.oneOf("reason", b.Reason, Reasons) }

func (b *EntryReversed) touch(s *state, e *Entry) {
	if e.Corrects == None {
		return
	}
	s.reversal(e.Corrects)
	if sub := s.coverOf(e.Corrects); sub != "" {
		s.submission(sub)
	}
	if target := s.entry(e.Corrects); target != nil {
		target.Body.touch(s, target)
	}
}

func (b *EntryReversed) apply(s *state, e *Entry) {
	if e.Corrects == None {
		s.refuse("corrects", "required", "须指明被冲销分录的序号", "say which entry is reversed")
		return
	}
	target := s.entry(e.Corrects)
	if target == nil || e.Corrects >= e.Seq {
		s.refuse("corrects", "not_found", fmt.Sprintf("没有第 %d 号分录", e.Corrects), fmt.Sprintf("there is no entry %d before this one", e.Corrects))
		return
	}
	body, ok := target.Body.(reversible)
	if !ok {
		s.refuse("corrects", "kind", "“"+kinds[target.Kind].Zh+"”不能冲销", string(target.Kind)+" cannot be reversed")
		return
	}
	if sub := s.coverOf(e.Corrects); sub != "" && s.submission(sub).State != StateApproved {
		s.refuse("corrects", "no_effect", "该分录未经审批，没有生效", "that entry was never approved and has no effect")
		return
	}
	if r := s.reversal(e.Corrects); r != nil {
		s.refuse("corrects", "reversed", fmt.Sprintf("该分录已被第 %d 号分录冲销", r.By), fmt.Sprintf("that entry is already reversed by entry %d", r.By))
		return
	}
	if spec := kinds[target.Kind]; !slices.Contains(spec.Roles, e.By.Role) {
		s.refuse("by.role", "role", fmt.Sprintf("角色 %s 不能冲销“%s”", e.By.Role, spec.Zh), fmt.Sprintf("role %q may not reverse %s", e.By.Role, target.Kind))
		return
	}
	s.reversals.add(seqKey(e.Corrects), Reversal{Key: seqKey(e.Corrects), Target: e.Corrects, By: e.Seq})
	n := len(s.problems)
	body.revert(s, e)
	for i := n; i < len(s.problems); i++ {
		if strings.HasPrefix(s.problems[i].Field, "body.") { // of the other entry
			s.problems[i].Field = "corrects"
		}
	}
}

// PeriodClosed closes a month and all before it (结账): nothing with a business
// day in it can be posted or take effect any more.
type PeriodClosed struct {
	// Period is the month, such as "2020-03".
	Period string `json:"period"`
}

func (b *PeriodClosed) check(c *checker) {
	if _, err := time.Parse("2006-01", b.Period); err != nil {
		c.bad("period", "期间须形如 2020-03", "want a month such as 2020-03")
	}
}

func (b *PeriodClosed) touch(s *state, _ *Entry) { s.closed() }

func (b *PeriodClosed) apply(s *state, e *Entry) {
	if closed := s.closed(); closed != nil && b.Period <= closed.Period {
		s.refuse("body.period", "closed", closed.Period+" 及以前已结账", closed.Period+" and before are closed already")
		return
	}
	if e.On.Month() <= b.Period {
		s.refuse("on", "closed", "结账日期须在所结期间之后", "close a month on a day after it")
		return
	}
	if s.closed() == nil {
		s.periods.add(closedKey, Closed{Key: closedKey, Period: b.Period, Seq: e.Seq})
		return
	}
	c := s.periods.edit(closedKey)
	c.Period, c.Seq = b.Period, e.Seq
}
