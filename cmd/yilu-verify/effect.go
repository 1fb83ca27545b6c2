package main

import (
	"fmt"
	"hash/maphash"
	"strconv"
	"strings"

	"yilu/audit/proof"
)

// fen is money in 分, one hundredth of a yuan.
type fen int64

// mostFen is the largest amount that an entry may state.
const mostFen fen = 100_000_000_000_00

func (f fen) String() string {
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	return fmt.Sprintf("%s%d.%02d", sign, f/100, f%100)
}

// parseFen reads yuan with two decimals, as every leaf has them.
func parseFen(text []byte) (fen, bool) {
	digits, negative := strings.CutPrefix(string(text), "-")
	whole, cents, ok := strings.Cut(digits, ".")
	if !ok || len(cents) != 2 || whole == "" || len(whole) > 16 || len(whole) > 1 && whole[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+cents, 10, 63)
	if err != nil || negative && n == 0 || fen(n) > mostFen {
		return 0, false
	}
	if negative {
		return -fen(n), true
	}
	return fen(n), true
}

// kind is what an entry does to money.
type kind uint8

// The kinds that move money, set a limit, or decide over others. All others
// leave every total as it is.
const (
	other kind = iota
	fundReceived
	fundAdjusted
	fundRecalled
	fundAllocated
	projectListed // moves nothing, and makes the project known
	projectApproved
	projectChanged
	contractSigned
	contractAmended
	paymentRequested
	paymentApproved
	paymentRejected
	paymentPaid
	paymentReturned
	grantRequested
	grantLine
	submissionMade
	submissionApproved
	submissionRejected
	entryReversed
)

// kinds names them as leaves do.
var kinds = map[string]kind{
	"fund.received": fundReceived, "fund.adjusted": fundAdjusted, "fund.recalled": fundRecalled, "fund.allocated": fundAllocated,
	"project.listed": projectListed, "project.approved": projectApproved, "project.changed": projectChanged, "project.cancelled": other,
	"contract.signed": contractSigned, "contract.amended": contractAmended,
	"payment.requested": paymentRequested, "payment.approved": paymentApproved, "payment.rejected": paymentRejected,
	"payment.paid": paymentPaid, "payment.returned": paymentReturned, "grant.requested": grantRequested, "grant.line": grantLine,
	"submission.made": submissionMade, "submission.approved": submissionApproved, "submission.rejected": submissionRejected,
	"entry.reversed": entryReversed,
}

// twoPersons are the kinds that take effect only by a second person's approval.
var twoPersons = map[string]bool{
	"fund.received": true, "fund.adjusted": true, "fund.recalled": true, "fund.allocated": true,
	"project.approved": true, "project.changed": true, "project.cancelled": true,
	"settlement.audited": true, "entry.reversed": true, "period.closed": true,
	"key.rotated": true, "seal.erased": true, "rule.activated": true, "parameter.set": true, "exemption.set": true, "freeze.set": true, "register.loaded": true, "role.granted": true, "role.revoked": true,
	"notice.waived": true, "notice.required": true, "photo.released": true, "place.named": true,
}

// mayMoveMoney says of a kind that this program does not know whether its stage
// is one of those that do.
func mayMoveMoney(name string) bool {
	stage, _, _ := strings.Cut(name, ".")
	switch stage {
	case "fund", "project", "contract", "payment", "grant", "submission", "entry":
		return true
	}
	return false
}

// effect is what an entry does, without its words. It is kept until the entry is
// approved, so it is small: names are numbers of a table.
type effect struct {
	kind                                kind
	seq                                 uint64
	corrects                            int64 // -1 for none
	amount                              fen
	payment                             uint64 // a keyed hash of its id
	fund, project, unit, from, contract name
	budget                              []budgetLine
}

type budgetLine struct {
	fund   name
	amount fen
}

// name is the number of a text in names, 0 for none.
type name uint32

// names gives each text a number: an id is stored once, however often it is
// used.
type names struct {
	number map[string]name
	text   []string
}

func newNames() *names { return &names{map[string]name{}, []string{""}} }

func (n *names) of(text []byte) name {
	if len(text) == 0 {
		return 0
	}
	if number, ok := n.number[string(text)]; ok {
		return number
	}
	number := name(len(n.text))
	n.text = append(n.text, string(text))
	n.number[n.text[number]] = number
	return number
}

// body holds the members of a leaf's body that matter here, as written.
type body struct {
	amount, contentHash, contract, entries, from, fund, hash, line, lines, linesHash, payment, project, submission, unit, budget []byte
}

// readBody picks the members from a body in canonical form.
func readBody(text []byte) (b body) {
	for name, value := range proof.Members(text) {
		inner := value
		if value[0] == '"' {
			inner = value[1 : len(value)-1]
		}
		switch string(name) {
		case "amount":
			b.amount = inner
		case "budget":
			b.budget = value
		case "content_hash":
			b.contentHash = inner
		case "contract":
			b.contract = inner
		case "entries":
			b.entries = inner
		case "from_unit":
			b.from = inner
		case "fund":
			b.fund = inner
		case "hash":
			b.hash = inner
		case "line":
			b.line = inner
		case "lines":
			b.lines = inner
		case "lines_hash":
			b.linesHash = inner
		case "payment":
			b.payment = inner
		case "project":
			b.project = inner
		case "submission":
			b.submission = inner
		case "unit":
			b.unit = inner
		}
	}
	return b
}

// seed keys the hashes of ids, so that nobody can make two ids collide.
var seed = maphash.MakeSeed()

// effect turns a leaf and its body into what it does. It refuses amounts that
// no entry may have.
func (n *names) effect(k kind, l *proof.LeafText, b *body) (effect, error) {
	e := effect{kind: k, seq: l.Seq, corrects: -1}
	if l.Corrects != nil {
		n, err := proof.ParseSeq(string(l.Corrects))
		if err != nil {
			return e, malformed(int64(l.Seq), "", err)
		}
		e.corrects = int64(n)
	}
	var ok bool
	if e.amount, ok = parseFen(b.amount); !ok && b.amount != nil {
		return e, fault(int64(l.Seq), "", "金额 %q 应为两位小数的元，不超过 %s", "the amount %q, want yuan with two decimals up to %s", b.amount, mostFen)
	}
	if e.amount < 0 && k != fundAdjusted && k != contractAmended {
		return e, fault(int64(l.Seq), "", "金额为负", "a negative amount")
	}
	e.fund, e.project, e.contract = n.of(b.fund), n.of(b.project), n.of(b.contract)
	if b.payment != nil {
		e.payment = maphash.Bytes(seed, b.payment)
	}
	switch k {
	case fundRecalled, fundAllocated:
		e.unit, e.from = n.of(b.unit), n.of(b.from)
	case projectApproved, projectChanged:
		for line := range proof.Elements(b.budget) {
			part := readBody(line)
			amount, ok := parseFen(part.amount)
			if !ok || amount < 0 {
				return e, fault(int64(l.Seq), "", "批复金额 %q 应为两位小数的元", "the budget's amount %q, want yuan with two decimals", part.amount)
			}
			e.budget = append(e.budget, budgetLine{n.of(part.fund), amount})
		}
	}
	return e, nil
}
