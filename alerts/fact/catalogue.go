// Package fact names the facts that warning rules may read: for each kind of
// entry, the fields of the entry and the state of the book just before it. It
// only declares them; the engine provides each as a view of the ledger's state.
// In a group of entries posted together, each sees its predecessors.
//
// Texts are ids or codes. An empty text means that there is none, such as a
// payment without a contract; a fact that is not known is left out instead.
package fact

import (
	"slices"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
)

// Catalogue lists the facts of each kind of entry.
func Catalogue() rule.Catalogue {
	return rule.Catalogue{
		"fund.received":     slices.Concat(entry, amount, fund, receipt),
		"fund.allocated":    slices.Concat(entry, amount, fund, pool, project),
		"project.approved":  slices.Concat(entry, project),
		"tender.announced":  slices.Concat(entry, project, tender, purchase),
		"tender.bid":        slices.Concat(entry, amount, project, tender, bids),
		"tender.opened":     slices.Concat(entry, project, tender, bids),
		"tender.awarded":    slices.Concat(entry, amount, project, tender, bids, winner),
		"contract.signed":   slices.Concat(entry, amount, project, tender, purchase, contract, award, approved),
		"contract.amended":  slices.Concat(entry, amount, project, contract, approved),
		"payment.requested": slices.Concat(entry, amount, project, fund, allocation, contract, payment, invoice),
		"payment.approved":  slices.Concat(entry, amount, project, fund, allocation, contract, payment, invoice),
		"payment.paid":      slices.Concat(entry, amount, project, fund, allocation, contract, payment, invoice),
		"grant.requested":   slices.Concat(entry, amount, project, fund, allocation),
		"works.completed":   slices.Concat(entry, project),
		"acceptance.passed": slices.Concat(entry, project),
	}
}

var (
	entry = []rule.Fact{
		{Name: "entry.on", Type: formula.Civil, Source: "day of the act: on of the entry"},
		{Name: "entry.unit", Type: formula.Text, Source: "by.unit of the entry"},
	}
	amount = []rule.Fact{
		{Name: "entry.amount", Type: formula.Amount, Unit: "元", Source: "body.amount; for payment.approved and payment.paid, of the payment's request"},
	}
	fund = []rule.Fact{
		{Name: "fund.id", Type: formula.Text, Source: "the fund of the entry, or of its payment"},
	}
	// pool is F as a whole.
	pool = []rule.Fact{
		{Name: "fund.received", Type: formula.Amount, Unit: "元", Source: "Σ fund.received and fund.adjusted of the fund, effective entries only"},
		{Name: "fund.allocated", Type: formula.Amount, Unit: "元", Source: "Σ fund.allocated − fund.recalled of the fund"},
	}
	receipt = []rule.Fact{
		{Name: "receipt.twins", Type: formula.Count, Unit: "笔", Source: "effective fund.received with the same document (normalised), issued by the same level for the same budget line and fiscal year"},
	}
	project = []rule.Fact{
		{Name: "project.id", Type: formula.Text, Source: "the project of the entry, or of its contract, tender or payment; empty for an allocation to a unit"},
		{Name: "project.in_library", Type: formula.Bool, Source: "an effective project.listed with on ≤ the day of the entry, not cancelled"},
		{Name: "project.accepted", Type: formula.Bool, Source: "an effective acceptance.passed at county level, or at the level the project asks for"},
	}
	approved = []rule.Fact{
		{Name: "project.cap", Type: formula.Amount, Unit: "元", Source: "Σ budget lines of project.approved with project.changed; missing before approval"},
		{Name: "project.contracts", Type: formula.Amount, Unit: "元", Source: "Σ effective contracts of the project with their amendments, without this entry"},
	}
	tender = []rule.Fact{
		{Name: "tender.id", Type: formula.Text, Source: "the tender of the entry; empty for a contract without one"},
		{Name: "tender.method", Type: formula.Text, Source: "method of tender.announced: a code of ledger.Methods"},
		{Name: "tender.deadline", Type: formula.Instant, Source: "deadline of tender.announced"},
	}
	bids = []rule.Fact{
		{Name: "tender.bidders", Type: formula.Count, Unit: "家", Source: "distinct bidders with an effective tender.bid in the tender"},
		{Name: "tender.bids", Type: formula.Amounts, Unit: "元", Source: "amounts of the other bidders' effective bids in the order of their seq, one a bidder"},
	}
	winner = []rule.Fact{
		{Name: "winner.id", Type: formula.Text, Source: "payee key of body.winner"},
		{Name: "winner.bid_at", Type: formula.Instant, Source: "at of the winner's effective tender.bid; missing when no bid is recorded"},
	}
	// purchase is what is bought, whether by a tender or directly.
	purchase = []rule.Fact{
		{Name: "purchase.method", Type: formula.Text, Source: "method of the tender; direct for a contract without one"},
		{Name: "purchase.category", Type: formula.Text, Source: "category of the tender, or of the contract: works, goods, services"},
		{Name: "purchase.estimate", Type: formula.Amount, Unit: "元", Source: "estimate of the tender, or amount of a contract without one, with all mergeable items of the project summed"},
		{Name: "project.exempted", Type: formula.Bool, Source: "an effective tender.exempted of the project with on ≤ the day of the entry"},
		{Name: "project.investment", Type: formula.Amount, Unit: "元", Source: "total investment: project.cap, or the estimate of project.listed before approval"},
		{Name: "project.public_money", Type: formula.Amount, Unit: "元", Source: "Σ fund.allocated − fund.recalled of the project, or its approved budget lines if more"},
	}
	contract = []rule.Fact{
		{Name: "contract.id", Type: formula.Text, Source: "the contract of the entry or payment; empty for a payment without one"},
		{Name: "contract.signed_on", Type: formula.Civil, Source: "on of contract.signed; missing when no such contract is recorded"},
		{Name: "contract.original", Type: formula.Amount, Unit: "元", Source: "amount of contract.signed"},
		{Name: "contract.amount", Type: formula.Amount, Unit: "元", Source: "limit of payment: the settled price, else original + Σ contract.amended"},
		{Name: "contract.increases", Type: formula.Amount, Unit: "元", Source: "Σ positive contract.amended, without this entry"},
		{Name: "contract.procurement", Type: formula.Bool, Source: "the contract falls under the procurement law: not works bought by open or invited tender"},
		{Name: "contract.paid", Type: formula.Amount, Unit: "元", Source: "Σ payment.paid − payment.returned under the contract"},
		{Name: "contract.requested", Type: formula.Amount, Unit: "元", Source: "Σ requested or approved and neither paid, rejected nor withdrawn, without this payment"},
		{Name: "contract.payees", Type: formula.Texts, Source: "payee keys allowed: the supplier, recorded assignees, the wage account; in the order of their seq"},
	}
	award = []rule.Fact{
		{Name: "award.price", Type: formula.Amount, Unit: "元", Source: "amount of the tender's effective tender.awarded; missing when there is none"},
	}
	// allocation is (P, F).
	allocation = []rule.Fact{
		{Name: "allocation.amount", Type: formula.Amount, Unit: "元", Source: "Σ fund.allocated − fund.recalled of this fund to this project"},
		{Name: "allocation.paid", Type: formula.Amount, Unit: "元", Source: "Σ payment.paid − payment.returned of this project from this fund"},
		{Name: "allocation.requested", Type: formula.Amount, Unit: "元", Source: "requested or approved and not yet paid, without this payment"},
	}
	payment = []rule.Fact{
		{Name: "payment.id", Type: formula.Text, Source: "the payment of the entry"},
		{Name: "payment.payee", Type: formula.Text, Source: "its payee key"},
		{Name: "twin.invoiced", Type: formula.Count, Unit: "笔", Source: "earlier effective payments to the same payee of the same amount on the same invoice code and number"},
		{Name: "twin.exists", Type: formula.Bool, Source: "an earlier effective payment to the same payee of the same amount for the same project"},
		{Name: "twin.on", Type: formula.Civil, Source: "day of the latest such payment; missing when there is none"},
	}
	invoice = []rule.Fact{
		{Name: "invoice.id", Type: formula.Text, Source: "code and number of the payment's invoice, normalised; empty without one"},
		{Name: "invoice.amount", Type: formula.Amount, Unit: "元", Source: "total of the invoice with tax, less its credit notes"},
		{Name: "invoice.paid", Type: formula.Amount, Unit: "元", Source: "Σ paid − returned on the invoice, whoever was paid"},
		{Name: "invoice.requested", Type: formula.Amount, Unit: "元", Source: "requested or approved and not yet paid on the invoice, without this payment"},
	}
)
