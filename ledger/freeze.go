package ledger

import (
	"slices"

	"github.com/go-json-experiment/json"
)

// Freezable are the things whose payments can be stopped.
var Freezable = codes{
	"project":  {"项目", "project"},
	"contract": {"合同", "contract"},
	"fund":     {"资金", "fund"},
	"payee":    {"收款单位", "payee"},
}

// FreezeSet stops payments that concern a project, a contract, a fund or a firm, or lets
// them go on (冻结、解冻). Whom it is about is named by its id or its credit code: a
// private person cannot be named here.
//
// Effect: the warning rule on frozen things (P26) refuses payments after the approval.
// Money that was approved before can still be recorded as paid: it may have left.
type FreezeSet struct {
	// Document orders it (依据文件).
	Document string `json:"document"`
	// Lifted ends the freeze.
	Lifted bool `json:"lifted,omitzero"`
	// Subject is its id or credit code, What one of Freezable.
	Subject string `json:"frozen_id"`
	What    string `json:"frozen_kind"`
}

func (b *FreezeSet) check(c *checker) {
	c.text("document", b.Document, 100)
	c.oneOf("frozen_kind", b.What, Freezable)
	c.id("frozen_id", b.Subject)
}

func (b *FreezeSet) touch(s *state, _ *Entry) { s.rulebooks.get(freezesKey) }

func (b *FreezeSet) apply(s *state, e *Entry) {
	all := View{s}.Freezes()
	f := Freeze{What: b.What, Subject: b.Subject}
	switch known := slices.Contains(all, f); {
	case b.Lifted && !known:
		s.refuse("body.frozen_id", "not_frozen", b.Subject+" 未被冻结", b.Subject+" is not frozen")
		return
	case !b.Lifted && known:
		s.refuse("body.frozen_id", "frozen", b.Subject+" 已冻结", b.Subject+" is frozen already")
		return
	case b.Lifted:
		all = slices.DeleteFunc(all, func(x Freeze) bool { return x == f })
	default:
		all = append(all, f)
	}
	text, err := json.Marshal(all, json.Deterministic(true))
	if err != nil {
		panic(err) // texts
	}
	if s.rulebooks.get(freezesKey) == nil {
		s.rulebooks.add(freezesKey, Rulebook{Key: freezesKey, Rules: text, Seq: s.at(e)})
		return
	}
	row := s.rulebooks.edit(freezesKey)
	row.Rules, row.Seq = text, s.at(e)
}

// freezesKey is the row of the rulebook that lists what is frozen.
const freezesKey = "freezes"

// Freeze is one thing whose payments are stopped.
type Freeze struct {
	What    string `json:"what"`
	Subject string `json:"subject"`
}

// Freezes lists what is frozen, in the order in which it was.
func (v View) Freezes() (all []Freeze) {
	row, ok := copied(v.s.rulebooks.get(freezesKey))
	if !ok {
		return nil
	}
	if err := json.Unmarshal(row.Rules, &all); err != nil {
		panic(err) // we wrote it
	}
	return all
}
