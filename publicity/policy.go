package publicity

import (
	"fmt"
	"slices"
	"strings"

	"yilu/ledger"
	"yilu/publicity/workday"
)

// Duty is one line of the policy: of which entries who must publish what, where, by
// when and for how long. The table is dated; a county's own terms are entries
// (notice.required), and hold before it.
type Duty struct {
	// Stage is one of ledger.NoticeStages, Level of ledger.NoticeLevels: who publishes.
	Stage, Level string
	// Publisher says who that is in law.
	Publisher ledger.Text
	// Kinds of entries create it.
	Kinds []ledger.Kind
	// Channels are where a notice meets it, codes of ledger.NoticeChannels.
	Channels []string
	// Fields are mandatory, codes of ledger.NoticeFields; contacts always are.
	Fields []string
	// DueAt is the act that it has to stand before, and falls due with; without one it
	// falls due Days after the entry, in Unit: "wd" working days or "d" calendar days.
	DueAt ledger.Kind
	Days  int
	Unit  string
	// Per is the period ("quarter" or "year") from whose end Days count, for all entries
	// of it together; "" is none. Until is the day of the following year, such as
	// "03-31", on which it falls due instead.
	Per, Until string
	// Sums asks for a total that is all that was paid in the period.
	Sums bool
	// Minimum is how many days it hangs, 0 for what stays.
	Minimum int
	Mode    workday.Mode
	Basis   string
	// From and To are the first and last day of acts it holds for; "" is open.
	From, To ledger.Date
}

// plan9 are the nine facts of a public plan (国开办发〔2018〕11号).
var plan9 = []string{"name", "place", "content", "standard", "funding", "term", "unit", "responsible", "targets", "linkage"}

var (
	planKinds  = []ledger.Kind{"project.approved", "project.changed", "project.cancelled"}
	yearKinds  = []ledger.Kind{"project.approved", "payment.paid"}
	board      = []string{"board"}
	portal     = []string{"portal"}
	boardUnits = ledger.Text{Zh: "村（乡镇）", En: "village or township"}
)

// Policy is the table, in the order of the stages (domain §2, P0 to P11; P5a and P10
// arise from no entry). A village's
// duty about a place that is no village falls to the township, and to nobody for the
// county as a whole.
var Policy = []Duty{
	{Stage: "P0", Level: "county", Publisher: ledger.Text{Zh: "财政局", En: "finance bureau"}, Kinds: []ledger.Kind{"fund.received", "fund.adjusted"}, Channels: portal,
		Fields: []string{"document", "text"}, Days: 20, Unit: "wd", Mode: workday.Strict, Basis: "政府信息公开条例26"},
	{Stage: "P1", Level: "county", Publisher: ledger.Text{Zh: "财政局和主管部门", En: "finance and the department in charge"}, Kinds: []ledger.Kind{"fund.allocated", "fund.recalled"}, Channels: portal,
		Fields: []string{"fund", "document", "source", "scale", "principle", "result"}, Days: 15, Unit: "wd", Mode: workday.Strict, Basis: "国开办发〔2018〕11号；河南：下达后15个工作日"},
	{Stage: "P2", Level: "county", Publisher: ledger.Text{Zh: "县级主管部门", En: "department in charge"}, Kinds: []ledger.Kind{"project.listed"}, Channels: portal,
		Fields: libraryFields, Days: 20, Unit: "wd", Mode: workday.Strict, Basis: "国开办发〔2018〕11号；天数为[assumed]"},
	{Stage: "P2", Level: "village", Publisher: boardUnits, Kinds: []ledger.Kind{"project.listed"}, Channels: board,
		Fields: libraryFields, Days: 20, Unit: "wd", Minimum: 10, Mode: workday.Strict, Basis: "国开办发〔2018〕11号；天数为[assumed]"},
	{Stage: "P3", Level: "county", Publisher: ledger.Text{Zh: "县级主管部门", En: "department in charge"}, Kinds: planKinds, Channels: portal,
		Fields: plan9, Days: 20, Unit: "wd", Mode: workday.Strict, Basis: "国开办发〔2018〕11号；政府信息公开条例26"},
	{Stage: "P3", Level: "village", Publisher: boardUnits, Kinds: planKinds, Channels: board,
		Fields: plan9, Days: 20, Unit: "wd", Minimum: 10, Mode: workday.Strict, Basis: "国开办发〔2018〕11号：原则上不少于10天"},
	{Stage: "P4", Level: "unit", Publisher: ledger.Text{Zh: "实施单位", En: "implementing unit"}, Kinds: []ledger.Kind{"project.approved"}, Channels: []string{"board", "site"},
		Fields: append(slices.Clone(plan9), "beneficiaries"), DueAt: "works.started", Minimum: 10, Mode: workday.Strict, Basis: "国开办发〔2018〕11号；要素为[assumed]"},
	{Stage: "P5b", Level: "unit", Publisher: ledger.Text{Zh: "招标人", En: "who tenders"}, Kinds: []ledger.Kind{"tender.candidates"}, Channels: []string{"platform", "portal"},
		Fields: []string{"tender", "rank", "bidder"}, Days: 3, Unit: "d", Minimum: 3, Mode: workday.Strict, Basis: "招标投标法实施条例53、54"},
	{Stage: "P5c", Level: "unit", Publisher: ledger.Text{Zh: "采购人、招标人", En: "who buys"}, Kinds: []ledger.Kind{"tender.awarded", "contract.signed"}, Channels: []string{"platform", "portal"},
		Fields: []string{"name", "winner"}, Days: 2, Unit: "wd", Mode: workday.Strict, Basis: "政府采购法实施条例43、50；工程招标为[assumed]"},
	{Stage: "P6", Level: "village", Publisher: boardUnits, Kinds: []ledger.Kind{"payment.paid"}, Channels: board, Per: "quarter", Sums: true,
		Fields: []string{"name", "payee", "contract_price", "cumulative", "progress", "basis"}, Days: 10, Unit: "d", Minimum: 10, Mode: workday.Strict, Basis: "村民委员会组织法30；季后10天为[assumed]"},
	{Stage: "P7", Level: "county", Publisher: ledger.Text{Zh: "县级主管部门", En: "department in charge"}, Kinds: []ledger.Kind{"acceptance.passed"}, Channels: portal,
		Fields: acceptanceFields, Days: 20, Unit: "wd", Mode: workday.Strict, Basis: "政府信息公开条例26；要素为[assumed]"},
	{Stage: "P7", Level: "village", Publisher: boardUnits, Kinds: []ledger.Kind{"acceptance.passed"}, Channels: []string{"board", "site"},
		Fields: acceptanceFields, Days: 20, Unit: "wd", Minimum: 10, Mode: workday.Strict, Basis: "国开办发〔2018〕11号；时限为[assumed]"},
	{Stage: "P8", Level: "village", Publisher: boardUnits, Kinds: []ledger.Kind{"grant.requested"}, Channels: board,
		Fields: grantFields, DueAt: "payment.paid", Minimum: 7, Mode: workday.Strict, To: "2018-12-31", Basis: "2018年通知：7天；发放前为[assumed]"},
	{Stage: "P8", Level: "village", Publisher: boardUnits, Kinds: []ledger.Kind{"grant.requested"}, Channels: board,
		Fields: grantFields, DueAt: "payment.paid", Minimum: 10, Mode: workday.Strict, From: "2019-01-01", Basis: "国开办发〔2018〕11号：10天；发放前为[assumed]"},
	{Stage: "P9", Level: "county", Publisher: ledger.Text{Zh: "县级主管部门", En: "department in charge"}, Kinds: yearKinds, Channels: portal, Per: "year", Sums: true,
		Fields: fulfilledFields, Days: 20, Unit: "wd", Mode: workday.Strict, Basis: "国开办发〔2018〕11号；时限为[assumed]"},
	{Stage: "P9", Level: "village", Publisher: boardUnits, Kinds: yearKinds, Channels: board, Per: "year", Sums: true,
		Fields: fulfilledFields, Days: 20, Unit: "wd", Minimum: 10, Mode: workday.Strict, Basis: "国开办发〔2018〕11号；时限为[assumed]"},
	{Stage: "P11", Level: "county", Publisher: ledger.Text{Zh: "机关、事业单位", En: "offices and public institutions"}, Kinds: []ledger.Kind{"payment.paid"}, Channels: portal, Per: "year", Until: "03-31",
		Fields: []string{"period", "count"}, Mode: workday.Strict, From: "2020-09-01", Basis: "保障中小企业款项支付条例18"},
}

var (
	libraryFields    = []string{"name", "category", "nature", "place", "term", "unit", "content", "funding", "beneficiaries", "targets", "linkage"}
	acceptanceFields = []string{"name", "scale", "conclusion", "targets", "started", "finished", "accepted"}
	grantFields      = []string{"item", "standard", "group", "households"}
	fulfilledFields  = []string{"name", "content", "progress", "targets"}
)

// duties are the lines of the policy that an entry of a kind on a day creates.
func duties(kind ledger.Kind, on ledger.Date) []Duty {
	var found []Duty
	for _, d := range Policy {
		if slices.Contains(d.Kinds, kind) && (d.From == "" || d.From <= on) && (d.To == "" || on <= d.To) {
			found = append(found, d)
		}
	}
	return found
}

// DutyOf is the line of the policy for a stage, publisher and day; a township's is the
// village's.
func DutyOf(stage, level string, on ledger.Date) (Duty, bool) {
	if level == "township" {
		level = "village"
	}
	for _, d := range Policy {
		if d.Stage == stage && d.Level == level && (d.From == "" || d.From <= on) && (d.To == "" || on <= d.To) {
			return d, true
		}
	}
	return Duty{}, false
}

// levelAt is who has a duty about a place: a village's board, its township's where the
// place is no village, and nobody ("") for the county as a whole.
func (d Duty) levelAt(place string) string {
	switch {
	case d.Level != "village":
		return d.Level
	case len(place) < 12 || strings.HasPrefix(place[6:], "000"):
		return ""
	case strings.HasSuffix(place, "000"):
		return "township"
	}
	return "village"
}

// due is the last day of the term that begins on a day; "" where the calendar does not
// know the year, for a guess would be worse.
func (d Duty) due(c workday.Calendar, on ledger.Date) ledger.Date {
	var day ledger.Date
	var err error
	if d.Unit == "wd" {
		day, err = c.Add(on, d.Days)
	} else {
		day, err = c.Roll(on.AddDays(d.Days)) // 民法典 203
	}
	if err != nil {
		return ""
	}
	return day
}

// period is the quarter or year that a day lies in, such as 2020-Q1 or 2020, and its
// last day.
func (d Duty) period(on ledger.Date) (string, ledger.Date) {
	if d.Per == "year" {
		return string(on[:4]), on[:4] + "-12-31"
	}
	return quarter(on)
}

// dueAfter is the last day of the term that begins with a period's last day.
func (d Duty) dueAfter(c workday.Calendar, last ledger.Date) ledger.Date {
	if d.Until == "" {
		return d.due(c, last)
	}
	return last.AddDays(1)[:5] + ledger.Date(d.Until)
}

// quarter is the quarter that a day lies in, such as 2020-Q1, and its last day.
func quarter(on ledger.Date) (string, ledger.Date) {
	month := int(on[5]-'0')*10 + int(on[6]-'0')
	q := (month + 2) / 3
	return fmt.Sprintf("%s-Q%d", on[:4], q), on[:5] + ledger.Date([]string{"03-31", "06-30", "09-30", "12-31"}[q-1])
}

// Missing names what a notice must say and does not: mandatory fields, the hotline
// and a local phone (codes of ledger.NoticeFields, and "hotline", "phone").
func Missing(c *ledger.NoticeContent) []string {
	var missing []string
	if d, ok := DutyOf(c.Stage, c.Level, c.Starts); ok {
		for _, field := range d.Fields {
			if !tells(c, field) {
				missing = append(missing, field)
			}
		}
	}
	if c.Contacts.Hotline == "" {
		missing = append(missing, "hotline")
	}
	if c.Contacts.Phone == "" {
		missing = append(missing, "phone")
	}
	return missing
}

// tells says whether a notice has a field: in its head, or in each row of its table.
func tells(c *ledger.NoticeContent, field string) bool {
	if strings.TrimSpace(c.Fact(field)) != "" || field == "scale" && c.Total > 0 {
		return true
	}
	at := slices.Index(c.Columns, field)
	return at >= 0 && len(c.Lines) > 0 && !slices.ContainsFunc(c.Lines, func(l ledger.NoticeLine) bool { return strings.TrimSpace(l.Values[at]) == "" })
}

// LongEnough says whether a notice hangs for the least days that are asked for. What
// stays hangs long enough.
func LongEnough(c workday.Calendar, starts, ends ledger.Date, minimum int, mode workday.Mode) bool {
	if ends == "" || minimum == 0 {
		return true
	}
	last, err := c.PostingEnd(starts, minimum, mode)
	return err == nil && ends >= last
}
