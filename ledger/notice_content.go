package ledger

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
)

// NoticeContent is what a notice says. It is one table with a head, in which the
// forms of real notices differ by columns and facts only: the plan table, the three
// parts of Henan (资金来源, 分配原则, 分配情况), a project, candidates, an acceptance,
// a list of households (domain §5, §6).
type NoticeContent struct {
	// About are the entries it is about: its total is theirs.
	About []Seq `json:"about,omitzero"`
	// Channel is one of NoticeChannels.
	Channel string `json:"channel"`
	// Columns are the columns of Lines beside the amount, codes of NoticeFields.
	Columns  []string       `json:"columns,omitzero"`
	Contacts NoticeContacts `json:"contacts"`
	// Copy says where it was published, for one that was not made here: it is
	// recorded as it is, with its mistakes.
	Copy string `json:"copy,omitzero"`
	// Ends is the last day (公示期止), "" for what stays (长期公开).
	Ends Date `json:"ends,omitzero"`
	// Facts are the head of the notice, by codes of NoticeFields.
	Facts []NoticeFact `json:"facts,omitzero"`
	// Issuer signs it (落款单位), on the day Signed (成文日期).
	Issuer string       `json:"issuer"`
	Level  string       `json:"publisher_level"`
	Lines  []NoticeLine `json:"lines,omitzero"`
	// Period is what a statement is of, such as "2020-Q1"; "" for none.
	Period    string `json:"period,omitzero"`
	Place     string `json:"place"`
	PlaceName string `json:"place_name"`
	Signed    Date   `json:"signed"`
	// Sources are the levels whose money it announces, "" of all: a notice of the
	// province's column is held to that column.
	Sources []string `json:"sources,omitzero"`
	// Stage is one of NoticeStages.
	Stage  string `json:"matter"`
	Starts Date   `json:"starts"`
	Title  string `json:"title"`
	// Total is the sum of the lines and of the entries.
	Total Amount `json:"total"`
}

// NoticeFact is one line of a notice's head.
type NoticeFact struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// NoticeLine is one row of a notice's table.
type NoticeLine struct {
	Amount Amount `json:"amount"`
	// Share is the percentage as printed, without the sign; "" for none.
	Share  string   `json:"share,omitzero"`
	Values []string `json:"values,omitzero"`
}

// NoticeContacts are whom to turn to (监督方式): offices, never private persons.
type NoticeContacts struct {
	Address string `json:"address,omitzero"`
	// Hotline is 12317 and its like.
	Hotline string `json:"hotline,omitzero"`
	Mail    string `json:"mail,omitzero"`
	Phone   string `json:"phone,omitzero"`
}

// NoticeStages are the matters that must be public (domain §2, P0 to P11).
var NoticeStages = codes{
	"P0":  {"资金政策", "funding rules"},
	"P1":  {"资金分配结果", "allocation of funds"},
	"P2":  {"项目入库", "project library"},
	"P3":  {"年度计划", "annual plan"},
	"P4":  {"项目实施前", "before works start"},
	"P5a": {"招标采购公告", "tender announcement"},
	"P5b": {"中标候选人", "candidates"},
	"P5c": {"采购结果和合同", "results and contracts"},
	"P6":  {"资金拨付", "payments"},
	"P7":  {"竣工验收", "acceptance"},
	"P8":  {"到户补助", "household grants"},
	"P9":  {"年度计划完成", "plan fulfilled"},
	"P10": {"绩效目标", "performance targets"},
	"P11": {"逾期未付中小企业款", "arrears to small firms"},
}

// NoticeLevels are who publishes: county, township, village, or the unit that
// carries the project out or buys.
var NoticeLevels = codes{
	"county":   {"县级", "county"},
	"township": {"乡镇", "township"},
	"village":  {"村级", "village"},
	"unit":     {"实施、采购单位", "unit"},
}

// NoticeChannels are where a notice is.
var NoticeChannels = codes{
	"portal":   {"政府网站", "portal"},
	"board":    {"公示栏", "notice board"},
	"site":     {"施工现场公示牌", "sign at the site"},
	"platform": {"交易平台", "trading platform"},
}

// NoticeFields are what notices tell: PLAN9 and the other fields of domain §2.
var NoticeFields = codes{
	"document": {"文号", "document"}, "fund": {"资金名称", "fund"}, "source": {"资金来源", "source"}, "level": {"级次", "level of government"}, "scale": {"资金规模", "scale"},
	"principle": {"分配原则", "principle of allocation"}, "result": {"分配结果", "allocated to"}, "supervision": {"监督方式", "supervision"},
	"name": {"项目名称", "project"}, "number": {"项目编号", "number"}, "category": {"项目类别", "type"}, "nature": {"建设性质", "nature"}, "place": {"实施地点", "place"},
	"content": {"建设任务", "task"}, "standard": {"补助标准", "standard"}, "funding": {"资金来源及规模", "funding"}, "term": {"实施期限", "term"}, "unit": {"实施单位", "unit"},
	"responsible": {"责任人", "responsible"}, "targets": {"绩效目标", "targets"}, "linkage": {"带贫减贫机制", "benefit to the poor"}, "beneficiaries": {"受益对象", "beneficiaries"},
	"tender": {"标段", "lot"}, "method": {"采购方式", "method"}, "rank": {"排名", "rank"}, "bidder": {"投标人", "bidder"}, "winner": {"中标人", "winner"}, "contract": {"合同", "contract"},
	"contract_price": {"合同价（元）", "contract price (yuan)"}, "payee": {"收款人", "payee"}, "cumulative": {"累计拨付（元）", "paid so far (yuan)"}, "progress": {"进度", "progress"},
	"basis": {"拨付依据", "basis"}, "conclusion": {"验收结论", "conclusion"}, "started": {"开工日期", "started"}, "finished": {"完工日期", "finished"}, "accepted": {"验收日期", "accepted"},
	"group": {"村组", "village and group"}, "household": {"户", "household"}, "item": {"补助项目", "item"}, "quantity": {"数量", "quantity"}, "households": {"户数", "households"},
	"period": {"期间", "period"}, "count": {"笔数", "count"}, "text": {"正文", "text"}, "decision": {"审议机关", "decided by"}, "price": {"报价（元）", "bid (yuan)"}, "paid_on": {"拨付日期", "paid on"},
}

const (
	maxAbout   = 1000
	maxLines   = 1000
	maxColumns = 12
)

var (
	positionPattern = regexp.MustCompile(`^-?[0-9]{1,2}\.[0-9]{1,6},-?[0-9]{1,3}\.[0-9]{1,6}$`)
)

func (b *NoticeContent) check(c *checker) {
	const at = "announcement."
	c.text(at+"title", b.Title, 200)
	c.text(at+"issuer", b.Issuer, 100)
	c.text(at+"place_name", b.PlaceName, 100)
	c.place(at+"place", b.Place)
	c.oneOf(at+"matter", b.Stage, NoticeStages)
	c.oneOf(at+"publisher_level", b.Level, NoticeLevels)
	c.oneOf(at+"channel", b.Channel, NoticeChannels)
	c.optional(at+"copy", b.Copy, 300)
	c.day(at+"signed", b.Signed)
	c.day(at+"starts", b.Starts)
	c.optionalDay(at+"ends", b.Ends)
	c.order(b.Starts, b.Ends, at+"ends")
	c.notNegative(at+"total", b.Total)
	if b.Period != "" && !periodPattern.MatchString(b.Period) {
		c.bad(at+"period", "期间须形如 2020、2020-03、2020-Q1", "want a period such as 2020, 2020-03 or 2020-Q1")
	}
	for i, source := range b.Sources {
		c.oneOf(at+"sources."+strconv.Itoa(i), source, Levels)
	}
	if len(b.About) > maxAbout {
		c.bad(at+"about", "最多1000条分录", "at most 1000 entries")
	}
	seen := map[Seq]bool{}
	for i, q := range b.About {
		if seen[q] {
			c.bad(at+"about."+strconv.Itoa(i), "同一分录只能列一次", "an entry may stand once")
		}
		seen[q] = true
	}
	c.contact(at+"contacts.hotline", b.Contacts.Hotline)
	c.contact(at+"contacts.phone", b.Contacts.Phone)
	c.contact(at+"contacts.mail", b.Contacts.Mail)
	c.contact(at+"contacts.address", b.Contacts.Address)
	for i, f := range b.Facts {
		field := at + "facts." + strconv.Itoa(i)
		c.oneOf(field+".field", f.Field, NoticeFields)
		c.optional(field+".value", f.Value, MaxText)
	}
	b.checkLines(c)
}

// checkLines holds the table to its columns, and its sum to the total.
func (b *NoticeContent) checkLines(c *checker) {
	const at = "announcement."
	if len(b.Columns) > maxColumns || len(b.Lines) > maxLines {
		c.bad(at+"lines", "最多12栏、1000行", "at most 12 columns and 1000 rows")
		return
	}
	for i, column := range b.Columns {
		c.oneOf(at+"columns."+strconv.Itoa(i), column, NoticeFields)
	}
	var sum Amount
	for i, l := range b.Lines {
		field := at + "lines." + strconv.Itoa(i)
		c.notNegative(field+".amount", l.Amount)
		if len(l.Values) != len(b.Columns) {
			c.bad(field+".values", fmt.Sprintf("须有%d栏", len(b.Columns)), fmt.Sprintf("want %d values", len(b.Columns)))
		}
		for n, v := range l.Values {
			c.optional(field+".values."+strconv.Itoa(n), v, MaxText)
		}
		if l.Share != "" && !percentPattern.MatchString(l.Share) {
			c.bad(field+".share", "占比须为0–100，最多两位小数", "want 0 to 100 with at most two decimals")
		}
		sum += min(max(l.Amount, -MaxAmount), MaxAmount)
	}
	if len(b.Lines) > 0 && sum != b.Total && b.Copy == "" {
		c.rule(at+"total", "sum", fmt.Sprintf("各行合计 %s 元，总额写 %s 元", sum.Comma(), b.Total.Comma()), fmt.Sprintf("the lines add up to %s yuan, the total says %s", sum, b.Total))
	}
}

// Sum adds up the lines.
func (b *NoticeContent) Sum() Amount {
	var sum Amount
	for _, l := range b.Lines {
		sum += l.Amount
	}
	return sum
}

// Fact returns the first value of a field of the head, "" for none.
func (b *NoticeContent) Fact(field string) string {
	for _, f := range b.Facts {
		if f.Field == field {
			return f.Value
		}
	}
	return ""
}

// touch asks for everything that agrees reads.
func (b *NoticeContent) touch(s *state) {
	for _, q := range b.About {
		if e := s.touchEffective(q); e != nil {
			s.touchSubject(e)
		}
	}
}

// ownTotals are the matters whose total is none of their entries': what a year's plan
// cost, and what is unpaid of contracts.
var ownTotals = map[string]bool{"P9": true, "P11": true}

// agrees refuses a total that is not what the entries say, to the 分.
func (b *NoticeContent) agrees(s *state) bool {
	before, fine := s.current.Seq, true
	var sum Amount
	stated := false
	for i, q := range b.About {
		e := s.effective("body.announcement.about."+strconv.Itoa(i), q, before)
		if e == nil {
			fine = false
			continue
		}
		a, ok := s.announced(e, b.Sources)
		if ok && !ownTotals[b.Stage] {
			sum, stated = sum+a, true
		}
	}
	if !fine {
		return false
	}
	if stated && sum != b.Total && b.Copy == "" {
		s.refuse("body.announcement.total", "announced",
			fmt.Sprintf("所公示各条分录合计 %s 元，公示总额 %s 元，须一致到分", sum.Comma(), b.Total.Comma()),
			fmt.Sprintf("the entries say %s yuan, the notice %s: want the same to the fen", sum.Comma(), b.Total.Comma()))
		return false
	}
	return true
}

// projects are those that the entries are about.
func (b *NoticeContent) projects(s *state) []string {
	var all []string
	for _, q := range b.About {
		if e := s.entry(q); e != nil {
			all = append(all, s.projectOf(e))
		}
	}
	return uniqueProjects(all)
}

// CheckCode is what a poster prints of its content hash (核验码): twelve hex digits.
func CheckCode(hash [32]byte) string { return hex.EncodeToString(hash[:6]) }
