package ledger

import (
	"slices"
	"strconv"
)

// Pricings are how a contract is priced (合同计价方式) [practice].
var Pricings = codes{
	"unit": {"单价合同", "by unit prices"},
	"lump": {"总价合同", "at a lump sum"},
	"cost": {"成本加酬金合同", "at cost and a fee"},
}

// SubcontractParts are what of a contract somebody else does (分包范围) [law 招48].
var SubcontractParts = codes{
	"whole":  {"全部转让或肢解转让", "all of it, as a whole or in parts"},
	"key":    {"主体、关键性工作", "the main or a key part"},
	"other":  {"非主体、非关键性工作", "neither main nor key work"},
	"labour": {"劳务作业", "labour alone"},
}

// ContractItem is one line of a contract's priced bill (工程量清单): so much of
// something at a price.
type ContractItem struct {
	// Item is its name or number, once in a contract.
	Item  string `json:"item"`
	Price Amount `json:"unit_price"`
	// Quantity has at most six decimals, as that of a grant.
	Quantity string `json:"quantity"`
	Unit     string `json:"unit,omitzero"`
}

const maxItems = 200

func (c *checker) items(field string, items []ContractItem) {
	if len(items) > maxItems {
		c.bad(field, "最多200项", "at most 200 items")
	}
	for i, x := range items {
		at := field + "." + strconv.Itoa(i)
		c.text(at+".item", x.Item, 100)
		c.optional(at+".unit", x.Unit, 20)
		c.notNegative(at+".unit_price", x.Price)
		c.quantity(at+".quantity", x.Quantity)
		if slices.ContainsFunc(items[:i], func(y ContractItem) bool { return y.Item == x.Item }) {
			c.bad(at+".item", "同一清单项只能出现一次", "an item may appear once")
		}
	}
}

func (c *checker) quantity(field, v string) {
	if !quantityPattern.MatchString(v) {
		c.bad(field, "数量须为数字，最多六位小数", "want a number with at most six decimals")
	}
}

// AcceptedQuantity is how much of an item of a contract was accepted (验收工程量).
type AcceptedQuantity struct {
	Contract string `json:"contract"`
	Item     string `json:"item"`
	Quantity string `json:"quantity"`
}

func (c *checker) accepted(field string, quantities []AcceptedQuantity) {
	if len(quantities) > maxItems {
		c.bad(field, "最多200项", "at most 200 items")
	}
	for i, q := range quantities {
		at := field + "." + strconv.Itoa(i)
		c.id(at+".contract", q.Contract)
		c.text(at+".item", q.Item, 100)
		c.quantity(at+".quantity", q.Quantity)
		if slices.ContainsFunc(quantities[:i], func(o AcceptedQuantity) bool { return o.Contract == q.Contract && o.Item == q.Item }) {
			c.bad(at+".item", "同一清单项只能出现一次", "an item may appear once")
		}
	}
}

// terms holds what a contract says of payment and labour (合同支付、人工费条款).
func (b *ContractSigned) terms(c *checker) {
	if b.Pricing != "" {
		c.oneOf("pricing", b.Pricing, Pricings)
	}
	c.items("bill", b.Bill)
	c.count("payment_days", b.PaymentDays)
	c.count("labour_months", b.LabourMonths)
	if b.LabourShare != "" && !percentPattern.MatchString(b.LabourShare) {
		c.bad("labour_share", "须为百分数，如 20", "want a percentage, such as 20")
	}
}

// ContractSubcontracted records that somebody else does a part of a contract (分包、
// 转包). What may be passed on at all is a question for rules (招48): that it was done
// is a fact.
//
// Effect: it stands in the project's timeline. Refused: an unknown contract, one with
// its own supplier.
type ContractSubcontracted struct {
	Amount   Amount `json:"amount"`
	Contract string `json:"contract"`
	Document string `json:"document,omitzero"`
	Files    []File `json:"files,omitzero"`
	// Part is one of SubcontractParts.
	Part string `json:"subcontract_part"`
	// PassedBy is the subcontractor that passes it on once more (再分包), empty for the
	// contract's supplier.
	PassedBy      Party `json:"passed_by,omitzero"`
	Subcontractor Party `json:"subcontractor"`
}

func (b *ContractSubcontracted) check(c *checker) {
	c.id("contract", b.Contract)
	c.positive("amount", b.Amount)
	c.optional("document", b.Document, 100)
	c.files("files", b.Files)
	c.oneOf("subcontract_part", b.Part, SubcontractParts)
	if b.PassedBy != (Party{}) {
		c.party("passed_by", b.PassedBy)
	}
	c.party("subcontractor", b.Subcontractor)
}

func (b *ContractSubcontracted) touch(s *state, _ *Entry) {
	if k := s.contract(b.Contract); k != nil {
		s.project(k.Project)
	}
}

func (b *ContractSubcontracted) apply(s *state, e *Entry) {
	k := s.needContract("body.contract", b.Contract)
	if k == nil {
		return
	}
	if k.Supplier == payeeKey(b.Subcontractor) {
		s.refuse("body.subcontractor", "same_party", "分包单位就是合同供应商 "+k.SupplierName, "the subcontractor is the contract's own supplier "+k.SupplierName)
		return
	}
	s.event(e, k.Project, b.Amount)
}

func (b *ContractSubcontracted) revert(*state, *Entry) {}
