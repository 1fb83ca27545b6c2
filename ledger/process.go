package ledger

import (
	"slices"
	"strconv"
	"strings"

	"yilu/publicity/scan"
)

// 采购过程记录: what a publisher says of a procurement process. These kinds record
// facts that others decided; nobody in this book acts by them. They need no
// project, fund or approval, move no money, and are never refused for what they
// say, only for what they cannot be: a later version is entered on the newest
// one, in the currency of the book.
var processKinds = []Spec{
	{Kind: "process.tender", Stage: StageTender, Text: Text{"招标记录", "tender on record"}, Roles: []Role{Maker}, new: func() Body { return new(ProcessTender) }},
	{Kind: "process.bid", Stage: StageTender, Text: Text{"投标记录", "bid on record"}, Roles: []Role{Maker}, new: func() Body { return new(ProcessBid) }},
	{Kind: "process.award", Stage: StageTender, Text: Text{"中标记录", "award on record"}, Roles: []Role{Maker}, new: func() Body { return new(ProcessAward) }},
	{Kind: "process.contract", Stage: StageTender, Text: Text{"合同记录", "contract on record"}, Roles: []Role{Maker}, new: func() Body { return new(ProcessContract) }},
	{Kind: "process.transaction", Stage: StageTender, Text: Text{"付款记录", "transaction on record"}, Roles: []Role{Maker}, new: func() Body { return new(ProcessTransaction) }},
	{Kind: "process.findings", Stage: StageTender, Text: Text{"记录整理说明", "repairs of a record"}, Roles: []Role{Maker}, new: func() Body { return new(ProcessFindings) }},
	{Kind: "import.recorded", Stage: StageGovernance, Text: Text{"数据导入", "file imported"}, Roles: []Role{Maker}, new: func() Body { return new(ImportRecorded) }},
	{Kind: "book.opened", Stage: StageGovernance, Text: Text{"开立账套", "book opened"}, Roles: []Role{Maker}, new: func() Body { return new(BookOpened) }},
}

// Recorded is what every record of a process begins with: which object of which
// process it is, and which version of it. A newer version replaces the one
// before as a whole; both stay in the log.
//
// Effect: the record's newest version is this entry. Refused: a version that
// does not follow the newest one, another currency than the book's.
type Recorded struct {
	// Currency is that of every amount here. What was told in another is not here.
	Currency string `json:"currency"`
	// Object is the publisher's id within the process and kind: a lot, a bid, an
	// award, a contract, CONTRACT/TRANSACTION. It is empty for a tender without
	// lots and for findings, of which a process has one.
	Object string `json:"object,omitzero"`
	// Process is the publisher's id of the process (ocid).
	Process string `json:"process"`
	// Released is the date of the release that says this.
	Released Moment `json:"released,omitzero"`
	// Version counts from 1.
	Version Count `json:"version"`
}

// record is a Body that embeds Recorded.
type record interface {
	Body
	recorded() *Recorded
}

func (b *Recorded) recorded() *Recorded { return b }

func (b *Recorded) check(c *checker) {
	c.currency("currency", b.Currency)
	c.optionalKey("object", b.Object)
	c.key("process", b.Process)
	c.optionalMoment("released", b.Released)
	c.count("version", b.Version)
	if b.Version == 0 {
		c.bad("version", "须从1起", "is counted from 1")
	}
}

func (b *Recorded) touch(s *state, e *Entry) {
	s.touchCurrency()
	s.records.get(recordKey(e.Kind, b.Process, b.Object))
}

func (b *Recorded) apply(s *state, e *Entry) {
	if currency := s.currency(); b.Currency != currency {
		s.refuse("body.currency", "currency", "账套币种为 "+currency, "the book's currency is "+currency)
	}
	key := recordKey(e.Kind, b.Process, b.Object)
	old := s.records.get(key)
	next := Count(1)
	if old != nil {
		next = Count(old.Version) + 1
	}
	if b.Version != next {
		n := strconv.FormatInt(int64(next), 10)
		s.refuse("body.version", "version", "该记录的下一版本为 "+n, "the next version of this record is "+n)
		return
	}
	row := Record{
		Key: key, Process: b.Process, Kind: e.Kind, Object: b.Object, Released: b.Released,
		Digest: RecordDigest(e.Body), Version: int64(b.Version), Seq: e.Seq,
	}
	if old == nil {
		s.records.add(key, row)
		s.recordsOf.add(b.Process, key)
		return
	}
	*s.records.edit(key) = row
}

// recordKey cannot be ambiguous: keys hold no line feed.
func recordKey(kind Kind, process, object string) string {
	return process + "\n" + string(kind) + "\n" + object
}

// key holds the id that a publisher gave: any text of one line.
func (c *checker) key(field, v string) {
	if v == "" {
		c.bad(field, "必填", "is required")
		return
	}
	c.optionalKey(field, v)
}

// optionalKey looks for citizens' numbers only: a publisher's own ids are often
// as long as a mobile number.
func (c *checker) optionalKey(field, v string) {
	if len(v) > 200 || strings.TrimSpace(v) != v || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' }) {
		c.bad(field, "最多200字节，一行，首尾无空格", "want at most 200 bytes on one line, without blanks around")
	}
	if HoldsCitizenNumber(v) {
		c.rule(field, "personal_data", "编号中不得含身份证号", "an id must not hold a citizen's ID number")
	}
}

func (c *checker) keys(field string, vs []string) {
	for i, v := range vs[:c.most(field, len(vs), maxRecorded)] {
		c.key(field+"."+strconv.Itoa(i), v)
	}
}

// most refuses a list that is too long, and then has nothing else looked at.
func (c *checker) most(field string, n, most int) int {
	if n > most {
		c.bad(field, "最多"+strconv.Itoa(most)+"项", "at most "+strconv.Itoa(most))
		return 0
	}
	return n
}

// maxRecorded bounds the lists of a record. That all of it fits a leaf is for its
// maker to see to.
const maxRecorded = 200

// HoldsPersonalNumber says whether a public text would be refused because a
// citizen's ID number, a mobile number or a bank card number stands in it.
func HoldsPersonalNumber(s string) bool { return len(scan.Numbers(s)) > 0 }

// HoldsCitizenNumber says whether an id would be refused because a citizen's ID
// number stands in it.
func HoldsCitizenNumber(s string) bool { return slices.Contains(scan.Numbers(s), scan.IDNumber) }

// RecordedOf returns what a record begins with, to be filled in, or nil for the
// body of another kind.
func RecordedOf(b Body) *Recorded {
	if r, ok := b.(record); ok {
		return r.recorded()
	}
	return nil
}

// Participant is a buyer, bidder or supplier as a publisher names it. Of a
// natural person there is the published name and nothing else.
type Participant struct {
	// Code is the publisher's identifier, with its scheme where that is listed.
	Code string `json:"code,omitzero"`
	Name string `json:"name,omitzero"`
	// Person is set for who is known to be a natural person.
	Person bool `json:"natural_person,omitzero"`
}

// Key tells participants apart: by code, else by name.
func (p Participant) Key() string {
	if p.Code != "" {
		return "c:" + p.Code
	}
	return "n:" + p.Name
}

func (c *checker) participant(field string, p Participant) {
	if p == (Participant{}) {
		c.bad(field, "须有名称或代码", "want a name or a code")
	}
	c.optionalParticipant(field, p)
}

func (c *checker) optionalParticipant(field string, p Participant) {
	c.optionalKey(field+".code", p.Code)
	c.optional(field+".name", p.Name, 200)
	if p.Person && p.Code != "" {
		c.rule(field+".code", "personal_data", "自然人不得登记代码", "a natural person has no code here")
	}
}

func (c *checker) participants(field string, ps []Participant) {
	for i, p := range ps[:c.most(field, len(ps), maxRecorded)] {
		c.participant(field+"."+strconv.Itoa(i), p)
	}
}

// foreign holds the currency of an amount that was left out.
func (c *checker) foreign(a Amount, currency string) {
	if currency == "" {
		return
	}
	c.currency("foreign_currency", currency)
	if a != 0 {
		c.bad("foreign_currency", "金额已按账套币种登记", "the amount is in the currency of the book")
	}
}

// ProcessMethods are the ways of buying that publishers tell apart [OCDS method].
var ProcessMethods = codes{
	"open":      {"公开", "open"},
	"selective": {"资格预审后邀请", "selective"},
	"limited":   {"有限邀请", "limited"},
	"direct":    {"直接采购", "direct"},
}

// TenderStatuses are what has become of a published tender [OCDS tenderStatus].
var TenderStatuses = codes{
	"planning":     {"酝酿", "planning"},
	"planned":      {"已计划", "planned"},
	"active":       {"进行中", "active"},
	"cancelled":    {"已取消", "cancelled"},
	"unsuccessful": {"未成交", "unsuccessful"},
	"complete":     {"已完成", "complete"},
	"withdrawn":    {"已撤下", "withdrawn"},
}

// BidStatuses are what has become of a published bid [OCDS bidStatus]. Of an other status
// nobody knows whether the bid counts; one that is not told counts.
var BidStatuses = codes{
	"invited":      {"已邀请", "invited"},
	"pending":      {"待评审", "pending"},
	"valid":        {"有效", "valid"},
	"disqualified": {"否决", "disqualified"},
	"withdrawn":    {"撤回", "withdrawn"},
	"other":        {"其他状态", "another status"},
}

// AwardStatuses are what has become of a published award [OCDS awardStatus]. Of an other
// status nobody knows whether the award is in force; one whose status is not told is.
var AwardStatuses = codes{
	"pending":      {"拟定", "pending"},
	"active":       {"有效", "active"},
	"cancelled":    {"已取消", "cancelled"},
	"unsuccessful": {"未成交", "unsuccessful"},
	"other":        {"其他状态", "another status"},
}

// ContractStatuses are what has become of a published contract [OCDS
// contractStatus].
var ContractStatuses = codes{
	"pending":    {"待签", "pending"},
	"active":     {"履行中", "active"},
	"cancelled":  {"已取消", "cancelled"},
	"terminated": {"已终止", "terminated"},
}

func (c *checker) optionalOneOf(field, v string, set codes) {
	if v != "" {
		c.oneOf(field, v, set)
	}
}
