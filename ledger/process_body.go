package ledger

import "strconv"

// The bodies of the records of a process. Everything but the ids may be missing:
// a rule that needs what was not told cannot be evaluated, and says so.

// ProcessItem is one thing that a tender buys.
type ProcessItem struct {
	// Class is SCHEME:CODE of a catalogue.
	Class    string `json:"classification,omitzero"`
	Name     string `json:"name,omitzero"`
	Quantity string `json:"quantity,omitzero"`
	Unit     string `json:"unit_name,omitzero"`
}

// ProcessAmendment is a change that the publisher tells of.
type ProcessAmendment struct {
	At     Moment `json:"at,omitzero"`
	Reason string `json:"reason_told,omitzero"`
}

func (c *checker) amendments(as []ProcessAmendment) {
	for i, a := range as[:c.most("amendments", len(as), maxRecorded)] {
		at := "amendments." + strconv.Itoa(i)
		c.optionalMoment(at+".at", a.At)
		c.optional(at+".reason_told", a.Reason, 500)
	}
}

// ProcessTender is one lot, or a tender without lots (招标记录).
type ProcessTender struct {
	Recorded
	Amendments []ProcessAmendment `json:"amendments,omitzero"`
	Amount     Amount             `json:"amount,omitzero"` // the estimate
	// Bidders is how many bidders the publisher counts, 0 where it tells no number.
	Bidders Count       `json:"bidders_told,omitzero"`
	Buyer   Participant `json:"buyer,omitzero"`
	// Category is one of Categories.
	Category string `json:"category,omitzero"`
	// Criteria is the publisher's word, such as "priceOnly".
	Criteria    string `json:"criteria,omitzero"`
	Deadline    Moment `json:"bids_until,omitzero"`
	Description string `json:"description,omitzero"`
	// Documents are the types of what was published, each once, by name.
	Documents   []string `json:"document_types,omitzero"`
	Eligibility string   `json:"eligibility,omitzero"`
	// Foreign is the currency of an amount that is left out because the book has
	// another one.
	Foreign string        `json:"foreign_currency,omitzero"`
	Items   []ProcessItem `json:"lot_items,omitzero"`
	// Method is one of ProcessMethods; MethodDetails are the publisher's words.
	Method        string `json:"way,omitzero"`
	MethodDetails string `json:"way_details,omitzero"`
	Name          string `json:"name,omitzero"`
	Opens         Moment `json:"bids_from,omitzero"`
	// Status is one of TenderStatuses.
	Status string `json:"status_told,omitzero"`
}

func (b *ProcessTender) check(c *checker) {
	b.Recorded.check(c)
	c.amendments(b.Amendments)
	c.foreign(b.Amount, b.Foreign)
	c.notNegative("amount", b.Amount)
	c.count("bidders_told", b.Bidders)
	c.optionalParticipant("buyer", b.Buyer)
	c.optionalOneOf("category", b.Category, Categories)
	c.optional("criteria", b.Criteria, 100)
	c.optionalMoment("bids_until", b.Deadline)
	c.optional("description", b.Description, 1000)
	c.keys("document_types", b.Documents)
	c.optional("eligibility", b.Eligibility, MaxText)
	c.optionalOneOf("way", b.Method, ProcessMethods)
	c.optional("way_details", b.MethodDetails, 200)
	c.optional("name", b.Name, 500)
	c.optionalMoment("bids_from", b.Opens)
	c.optionalOneOf("status_told", b.Status, TenderStatuses)
	for i, x := range b.Items[:c.most("lot_items", len(b.Items), maxRecorded)] {
		at := "lot_items." + strconv.Itoa(i)
		c.optionalKey(at+".classification", x.Class)
		c.optional(at+".name", x.Name, 100)
		c.optional(at+".unit_name", x.Unit, 50)
		if x.Quantity != "" && !quantityPattern.MatchString(x.Quantity) {
			c.bad(at+".quantity", "须为数量，如 1.5", "want a quantity, such as 1.5")
		}
	}
}

// ProcessBid is one bid (投标记录), of one bidder or of several together.
type ProcessBid struct {
	Recorded
	Amount    Amount        `json:"amount,omitzero"`
	At        Moment        `json:"told_at,omitzero"`
	Bidders   []Participant `json:"bidders,omitzero"`
	Documents []string      `json:"document_types,omitzero"`
	Foreign   string        `json:"foreign_currency,omitzero"`
	// Lots are the objects of the tenders it is for; none means the only one.
	Lots []string `json:"of_lots,omitzero"`
	// Status is one of BidStatuses.
	Status string `json:"status_told,omitzero"`
}

func (b *ProcessBid) check(c *checker) {
	b.Recorded.check(c)
	c.key("object", b.Object)
	c.foreign(b.Amount, b.Foreign)
	c.notNegative("amount", b.Amount)
	c.optionalMoment("told_at", b.At)
	c.participants("bidders", b.Bidders)
	c.keys("document_types", b.Documents)
	c.keys("of_lots", b.Lots)
	c.optionalOneOf("status_told", b.Status, BidStatuses)
}

// ProcessAward is one award (中标记录). Its amount is for all its suppliers
// together: nobody but the publisher could divide it.
type ProcessAward struct {
	Recorded
	Amount Amount `json:"amount,omitzero"`
	At     Moment `json:"told_at,omitzero"`
	// Bids are the objects of the bids it rests on.
	Bids    []string `json:"of_bids,omitzero"`
	Foreign string   `json:"foreign_currency,omitzero"`
	Lots    []string `json:"of_lots,omitzero"`
	Name    string   `json:"name,omitzero"`
	// Status is one of AwardStatuses.
	Status    string        `json:"status_told,omitzero"`
	Suppliers []Participant `json:"suppliers,omitzero"`
}

func (b *ProcessAward) check(c *checker) {
	b.Recorded.check(c)
	c.key("object", b.Object)
	c.foreign(b.Amount, b.Foreign)
	c.notNegative("amount", b.Amount)
	c.optionalMoment("told_at", b.At)
	c.keys("of_bids", b.Bids)
	c.keys("of_lots", b.Lots)
	c.optional("name", b.Name, 500)
	c.optionalOneOf("status_told", b.Status, AwardStatuses)
	c.participants("suppliers", b.Suppliers)
}

// ProcessValue is what a contract was worth by a release.
type ProcessValue struct {
	Amount   Amount `json:"amount"`
	Released Moment `json:"released,omitzero"`
}

// ProcessContract is one contract (合同记录).
type ProcessContract struct {
	Recorded
	Amendments []ProcessAmendment `json:"amendments,omitzero"`
	Amount     Amount             `json:"amount,omitzero"`
	// Awards are the objects of the awards it rests on.
	Awards []string `json:"of_awards,omitzero"`
	// Extends is the object of a contract that this one changes.
	Extends string `json:"extends_contract,omitzero"`
	Finish  Moment `json:"period_until,omitzero"`
	Foreign string `json:"foreign_currency,omitzero"`
	Name    string `json:"name,omitzero"`
	Signed  Moment `json:"signed_at,omitzero"`
	Start   Moment `json:"period_from,omitzero"`
	// Status is one of ContractStatuses.
	Status    string        `json:"status_told,omitzero"`
	Suppliers []Participant `json:"suppliers,omitzero"`
	// Values are the amounts that successive releases gave, oldest first, when
	// they differ.
	Values []ProcessValue `json:"value_history,omitzero"`
}

func (b *ProcessContract) check(c *checker) {
	b.Recorded.check(c)
	c.key("object", b.Object)
	c.amendments(b.Amendments)
	c.foreign(b.Amount, b.Foreign)
	c.notNegative("amount", b.Amount)
	c.keys("of_awards", b.Awards)
	c.optionalKey("extends_contract", b.Extends)
	c.optionalMoment("period_until", b.Finish)
	c.optional("name", b.Name, 500)
	c.optionalMoment("signed_at", b.Signed)
	c.optionalMoment("period_from", b.Start)
	c.optionalOneOf("status_told", b.Status, ContractStatuses)
	c.participants("suppliers", b.Suppliers)
	for i, v := range b.Values[:c.most("value_history", len(b.Values), maxRecorded)] {
		at := "value_history." + strconv.Itoa(i)
		c.notNegative(at+".amount", v.Amount)
		c.optionalMoment(at+".released", v.Released)
	}
}

// ProcessTransaction is one payment under a contract (付款记录); a negative
// amount came back.
type ProcessTransaction struct {
	Recorded
	Amount Amount `json:"amount,omitzero"`
	At     Moment `json:"told_at,omitzero"`
	// Of is the object of the contract.
	Of      string      `json:"of_contract"`
	Foreign string      `json:"foreign_currency,omitzero"`
	Payee   Participant `json:"paid_to,omitzero"`
	Payer   Participant `json:"paid_by,omitzero"`
}

func (b *ProcessTransaction) check(c *checker) {
	b.Recorded.check(c)
	c.key("object", b.Object)
	c.key("of_contract", b.Of)
	c.foreign(b.Amount, b.Foreign)
	c.size("amount", b.Amount)
	c.optionalMoment("told_at", b.At)
	c.optionalParticipant("paid_to", b.Payee)
	c.optionalParticipant("paid_by", b.Payer)
}

// FindingCount is how often a repair was made.
type FindingCount struct {
	Code  string `json:"code"`
	Count Count  `json:"count"`
}

// Finding is one repair: what was found where, and what was made of it.
type Finding struct {
	Code  string `json:"code"`
	Found string `json:"found,omitzero"`
	Made  string `json:"made,omitzero"`
	Path  string `json:"path,omitzero"`
}

func (c *checker) findingCounts(counts []FindingCount) {
	for i, n := range counts[:c.most("counts", len(counts), 100)] {
		at := "counts." + strconv.Itoa(i)
		c.id(at+".code", n.Code)
		c.count(at+".count", n.Count)
	}
}

// ProcessFindings are the repairs without which a process could not have been
// recorded (记录整理说明): all of them by count, the first in detail.
type ProcessFindings struct {
	Recorded
	Counts  []FindingCount `json:"counts,omitzero"`
	Details []Finding      `json:"details,omitzero"`
}

func (b *ProcessFindings) check(c *checker) {
	b.Recorded.check(c)
	c.findingCounts(b.Counts)
	for i, f := range b.Details[:c.most("details", len(b.Details), maxRecorded)] {
		at := "details." + strconv.Itoa(i)
		c.id(at+".code", f.Code)
		c.optional(at+".found", f.Found, 100)
		c.optional(at+".made", f.Made, 100)
		c.optional(at+".path", f.Path, 200)
	}
}

// ImportRecorded closes the import of a file (数据导入): which file, whose data,
// and what was repaired or left out in all of it.
//
// Effect: none. The records stand in entries of their own.
type ImportRecorded struct {
	Counts []FindingCount `json:"counts,omitzero"`
	File   File           `json:"file"`
	// Licences and Publishers are as the file names them.
	Licences   []string `json:"licences,omitzero"`
	Objects    Count    `json:"objects"`
	Processes  Count    `json:"processes"`
	Publishers []string `json:"publishers,omitzero"`
}

func (b *ImportRecorded) check(c *checker) {
	c.findingCounts(b.Counts)
	c.file("file", b.File)
	c.count("objects", b.Objects)
	c.count("processes", b.Processes)
	for field, texts := range map[string][]string{"licences": b.Licences, "publishers": b.Publishers} {
		for i, v := range texts[:c.most(field, len(texts), 20)] {
			c.text(field+"."+strconv.Itoa(i), v, 200)
		}
	}
}

func (b *ImportRecorded) touch(*state, *Entry) {}

func (b *ImportRecorded) apply(*state, *Entry) {}
