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
	payment := slices.Concat(entry, amount, project, fund, allocation, contract, payment, invoice)
	return rule.Catalogue{
		"fund.received":          slices.Concat(entry, recording, amount, fund, receipt, level, dates),
		"fund.allocated":         slices.Concat(entry, recording, amount, fund, pool, project, level, allotment, carry, money, papers),
		"project.listed":         slices.Concat(entry, recording, project, plan, names, wording, place),
		"project.approved":       slices.Concat(entry, recording, project, plan, estimate, names, wording, place, papers),
		"tender.announced":       slices.Concat(entry, recording, project, tender, terms, sale, purchase, names),
		"tender.changed":         slices.Concat(entry, project, tender),
		"tender.bid":             slices.Concat(entry, amount, project, tender, terms, bids, bond, names, codes, shared),
		"tender.evaluator":       slices.Concat(entry, project, tender, linked),
		"tender.opened":          slices.Concat(entry, recording, project, tender, terms, bids, opening, filed, waived),
		"tender.candidates":      slices.Concat(entry, project, tender, shortlist),
		"tender.awarded":         slices.Concat(entry, recording, amount, project, tender, terms, bids, screens, winner, debarred, related, purchase, works, money, approved, names, codes),
		"contract.signed":        slices.Concat(entry, recording, amount, project, tender, purchase, contract, deed, award, approved, money, filing, waived, names, codes, dates, conditions, registration),
		"contract.amended":       slices.Concat(entry, recording, amount, project, contract, deed, amendment, quantities, purchase, approved, money),
		"contract.subcontracted": slices.Concat(entry, amount, project, tender, contract, subcontract),
		"payment.requested":      slices.Concat(payment, recording, request, bill, dead, settled, warranty, carry, eve, works, names, codes, wording, dates, papers, frozen, posting, account, holder),
		"payment.approved":       slices.Concat(payment, recording, approval, frozen),
		"payment.paid":           slices.Concat(payment, recording, eve, debt, posting),
		"payment.returned":       slices.Concat(entry, recording, amount, project, fund, returned),
		"grant.requested":        slices.Concat(entry, recording, amount, project, fund, allocation, batch, wording, papers, frozen),
		"grant.line":             slices.Concat(entry, amount, project, fund, batch, line, place, dead, recipient, holder),
		"works.started":          slices.Concat(entry, recording, project, approved, money, exempted, term),
		"works.progressed":       slices.Concat(entry, recording, project, money, progress),
		"works.completed":        slices.Concat(entry, recording, project, works, term, approved, money, exempted),
		"acceptance.passed":      slices.Concat(entry, recording, project, works, acceptance, accounts, waived, debt, papers, approved, money, exempted),
		"settlement.audited":     slices.Concat(entry, recording, amount, project, contract),
		"asset.registered":       slices.Concat(entry, recording, project),
		"asset.disposed":         slices.Concat(entry, recording, amount, project, disposal),
		"document.filed":         slices.Concat(entry, project, accounts, filing),
		"document.waived":        slices.Concat(entry, project, accounts, filing),
		"submission.approved":    slices.Concat(entry, approval),

		"process.tender":      slices.Concat(entry, amount, recordFacts, library, tender, terms, names),
		"process.bid":         slices.Concat(entry, amount, recordFacts, library, tender, terms, bids, names),
		"process.award":       slices.Concat(entry, amount, recordFacts, library, tender, terms, bids, screens, winner, names),
		"process.contract":    slices.Concat(entry, amount, recordFacts, library, tender, award, recordDeed, dates, names),
		"process.transaction": slices.Concat(entry, amount, recordFacts, recordPayment),
		"notice.posted":       slices.Concat(entry, notice, wordsOfNotice, candidacy),
		"notice.corrected":    slices.Concat(entry, notice, wordsOfNotice, hanging),
		"notice.hung":         slices.Concat(entry, notice, proofs),
		"notice.ended":        slices.Concat(entry, notice, proofs),
		"objection.received":  slices.Concat(entry, objection),
		"objection.answered":  slices.Concat(entry, objection),
	}
}

var (
	entry = []rule.Fact{
		{Name: "entry.on", Type: formula.Civil, Source: "day of the act: on of the entry"},
		{Name: "entry.unit", Type: formula.Text, Source: "by.unit of the entry"},
	}
	// recording is when an entry came into the book, against its own day.
	recording = []rule.Fact{
		{Name: "entry.recorded_on", Type: formula.Civil, Source: "the day in Shanghai of at of the entry: of what a second person approved, of the submission"},
		{Name: "entry.taken_over", Type: formula.Bool, Source: "the submission that the entry came in says after_fact (补录)"},
		{Name: "book.begun_on", Type: formula.Civil, Source: "the day in Shanghai of at of the first entry of the book"},
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
		{Name: "tender.deadline", Type: formula.Instant, Source: "deadline of tender.announced, or of the latest tender.changed that has one, this entry counted; bids_until of a record"},
		{Name: "tender.issued_on", Type: formula.Civil, Source: "on of tender.announced; bids_from of a record"},
	}
	bids = []rule.Fact{
		{Name: "tender.bidders", Type: formula.Count, Unit: "家", Source: "distinct bidders with an effective tender.bid in the tender"},
		{Name: "tender.bids", Type: formula.Amounts, Unit: "元", Source: "amounts of the other bidders' effective bids in the order of their seq, one a bidder"},
	}
	winner = []rule.Fact{
		{Name: "winner.id", Type: formula.Text, Source: "payee key of body.winner"},
		{Name: "winner.bid_at", Type: formula.Instant, Source: "at of the winner's effective tender.bid; missing when no bid is recorded"},
	}
	exempted = []rule.Fact{
		{Name: "project.exempted", Type: formula.Bool, Source: "an effective tender.exempted of the project with on ≤ the day of the entry"},
	}
	// purchase is what is bought, whether by a tender or directly.
	purchase = slices.Concat(exempted, []rule.Fact{
		{Name: "purchase.method", Type: formula.Text, Source: "method of the tender; direct for a contract without one"},
		{Name: "purchase.category", Type: formula.Text, Source: "category of the tender, or as contract.signed says: works, goods, services; missing for a direct contract that says nothing"},
		{Name: "purchase.estimate", Type: formula.Amount, Unit: "元", Source: "estimate of the tender, or amount of a contract without one, with all mergeable items of the project summed"},
		{Name: "project.investment", Type: formula.Amount, Unit: "元", Source: "total investment: project.cap, or the estimate of project.listed before approval"},
		{Name: "project.public_money", Type: formula.Amount, Unit: "元", Source: "Σ fund.allocated − fund.recalled of the project, or its approved budget lines if more"},
	})
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
		{Name: "award.made", Type: formula.Bool, Source: "the tender has an effective tender.awarded"},
		{Name: "award.on", Type: formula.Civil, Source: "on of tender.awarded; missing when there is none"},
		{Name: "award.winner", Type: formula.Text, Source: "payee key of its winner; missing when there is none"},
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

	// recordFacts are of records of published processes; see record.go for what the
	// other facts are there.
	recordFacts = []rule.Fact{
		{Name: "record.id", Type: formula.Text, Source: "the process and the object of the record"},
		{Name: "record.gone", Type: formula.Text, Source: "members that the version before had and this one has not, in the order of their names; empty for none, and for a first version. An amount that is now told in another currency is not gone"},
		{Name: "entry.currency", Type: formula.Text, Source: "the currency in which the amount was told; the book's if it was told in that or not at all"},
		{Name: "book.currency", Type: formula.Text, Source: "the book's currency"},
	}
	library = []rule.Fact{
		{Name: "project.id", Type: formula.Text, Source: "the process of a record"},
	}
	recordDeed = []rule.Fact{
		{Name: "contract.id", Type: formula.Text, Source: "the process and the contract"},
		{Name: "contract.supplier", Type: formula.Text, Source: "key of its suppliers, or else of its award's"},
		{Name: "contract.has_term", Type: formula.Bool, Source: "the record tells the first and the last day of the contract"},
		{Name: "contract.start", Type: formula.Civil, Source: "period_from of the record"},
		{Name: "contract.finish", Type: formula.Civil, Source: "period_until of the record"},
	}
	recordPayment = []rule.Fact{
		{Name: "contract.id", Type: formula.Text, Source: "the process and the contract that is paid"},
		{Name: "contract.amount", Type: formula.Amount, Unit: "元", Source: "amount of the contract's newest record; missing when none is told"},
		{Name: "contract.is_settled", Type: formula.Bool, Source: "no: contract.amount is that of a record, never a settled price"},
		{Name: "contract.signed_on", Type: formula.Civil, Source: "signed_at of the contract's newest record"},
		{Name: "contract.paid", Type: formula.Amount, Unit: "元", Source: "Σ of the contract's other transactions"},
		{Name: "contract.requested", Type: formula.Amount, Unit: "元", Source: "0.00: what is asked for is not told"},
		{Name: "payment.id", Type: formula.Text, Source: "the object of the transaction, unlike that of any other process"},
	}

	// level is a fund on its way down.
	level = []rule.Fact{
		{Name: "fund.level", Type: formula.Text, Source: "level of fund.received: a code of ledger.Levels"},
		{Name: "fund.passed_down", Type: formula.Text, Source: "for fund.received the fund; for fund.allocated the fund if nothing of it is left in hand then, else missing"},
	}
	allotment = []rule.Fact{
		{Name: "fund.uses", Type: formula.Texts, Source: "uses of fund.received: types of projects; empty for any"},
		{Name: "fund.received_on", Type: formula.Civil, Source: "on of fund.received"},
		{Name: "project.type", Type: formula.Text, Source: "type of the project: a code of ledger.ProjectTypes"},
		{Name: "project.targets", Type: formula.Text, Source: "performance targets of the project; empty for none"},
		{Name: "project.is_approved", Type: formula.Bool, Source: "the project has an effective project.approved"},
		{Name: "project.approved_on", Type: formula.Civil, Source: "on of project.approved; missing before it"},
	}
	money = []rule.Fact{
		{Name: "project.allocated", Type: formula.Amount, Unit: "元", Source: "Σ fund.allocated − fund.recalled of the project"},
		{Name: "project.paid", Type: formula.Amount, Unit: "元", Source: "Σ payment.paid − payment.returned of the project"},
	}
	estimate = []rule.Fact{
		{Name: "project.has_estimate", Type: formula.Bool, Source: "the project was listed with an estimate"},
		{Name: "project.estimate", Type: formula.Amount, Unit: "元", Source: "estimate of project.listed; missing without one"},
		{Name: "approval.budget", Type: formula.Amount, Unit: "元", Source: "Σ budget lines of the entry"},
	}
	plan = []rule.Fact{
		{Name: "plan.type", Type: formula.Text, Source: "type of the entry's project: a code of ledger.ProjectTypes"},
		{Name: "plan.beneficiaries", Type: formula.Count, Unit: "户", Source: "beneficiaries of the entry; 0 for none stated"},
		{Name: "plan.start", Type: formula.Civil, Source: "planned start of the entry; missing without one"},
		{Name: "plan.linkage", Type: formula.Text, Source: "linkage of the entry; empty for none"},
	}
	carry = []rule.Fact{
		{Name: "fund.carry_until", Type: formula.Civil, Source: "31 December of the year after the budget year of the fund"},
	}
	eve = []rule.Fact{
		{Name: "entry.day_before", Type: formula.Civil, Source: "the day before on of the entry"},
	}
	warranty = []rule.Fact{
		{Name: "project.accepted_on", Type: formula.Civil, Source: "day of the latest acceptance.passed above township level; missing before it"},
		{Name: "contract.has_retention", Type: formula.Bool, Source: "contract.signed has a retention"},
		{Name: "contract.retention", Type: formula.Share, Source: "retention of contract.signed; missing without one"},
	}
	progress = []rule.Fact{
		{Name: "works.value", Type: formula.Amount, Unit: "元", Source: "value of the entry: of all work done so far"},
	}
	papers = []rule.Fact{
		{Name: "entry.files", Type: formula.Count, Unit: "份", Source: "files attached to the entry, and the imported sheet that it came in"},
	}
	names = []rule.Fact{
		{Name: "entry.names", Type: formula.Texts, Source: "what the entry calls the project, its place, content, unit, officer, the lot, the contract, the purpose and the party, as far as its form has them"},
	}
	wording = []rule.Fact{
		{Name: "entry.wording", Type: formula.Text, Source: "name, content, remark, purpose or item of the entry, as far as its form has them, one a line"},
	}
	codes = []rule.Fact{
		{Name: "entry.bad_codes", Type: formula.Count, Unit: "个", Source: "credit codes of 18 characters in the entry whose check character is not that of GB 32100"},
	}
	place = []rule.Fact{
		{Name: "entry.place", Type: formula.Text, Source: "division code of the entry's place"},
		{Name: "book.id", Type: formula.Text, Source: "division code of the county"},
	}
	dates = []rule.Fact{
		{Name: "dates.known", Type: formula.Bool, Source: "the entry states both days"},
		{Name: "dates.first", Type: formula.Civil, Source: "issued of a fund's document; day of a contract; day of an invoice"},
		{Name: "dates.last", Type: formula.Civil, Source: "day of the receipt; planned end of the contract; day of the request"},
	}
	terms = []rule.Fact{
		{Name: "tender.estimate", Type: formula.Amount, Unit: "元", Source: "estimate of tender.announced"},
		{Name: "tender.has_ceiling", Type: formula.Bool, Source: "tender.announced has a ceiling"},
		{Name: "tender.ceiling", Type: formula.Amount, Unit: "元", Source: "ceiling of tender.announced; missing without one"},
	}
	sale = []rule.Fact{
		{Name: "tender.has_sale", Type: formula.Bool, Source: "tender.announced has both days of the sale of documents"},
		{Name: "tender.sale_from", Type: formula.Civil, Source: "sale_from of tender.announced"},
		{Name: "tender.sale_to", Type: formula.Civil, Source: "sale_to of tender.announced"},
	}
	bond = []rule.Fact{
		{Name: "bid.bond", Type: formula.Amount, Unit: "元", Source: "bond of the entry; 0.00 for none"},
		{Name: "bid.bond_payer", Type: formula.Text, Source: "payee key of the holder of the account that the bond came from; missing when it is not stated"},
		{Name: "tender.bond_payers", Type: formula.Texts, Source: "payee keys of those who paid the bonds of the other bidders' effective bids, as far as stated; in the order of their seq"},
	}
	opening = []rule.Fact{
		{Name: "tender.opened_at", Type: formula.Instant, Source: "at of the entry"},
		{Name: "committee.members", Type: formula.Count, Unit: "人", Source: "members of the entry; missing when none are stated"},
		{Name: "committee.experts", Type: formula.Count, Unit: "人", Source: "experts of the entry; missing when no members are stated"},
		{Name: "committee.even", Type: formula.Bool, Source: "the number of members is even; missing when none are stated"},
	}
	// screens are statistics of one lot: valid bids, one a bidder; see statistics.go.
	screens = []rule.Fact{
		{Name: "tender.price_only", Type: formula.Bool, Source: "a record says that the price alone decides (awardCriteria priceOnly or lowestCost); in the county's own book the method tells it"},
		{Name: "bids.n", Type: formula.Count, Unit: "家", Source: "bidders with an effective bid that was not rejected at the opening"},
		{Name: "bids.lowest", Type: formula.Amount, Unit: "元", Source: "b1, the lowest of their bids"},
		{Name: "bids.second", Type: formula.Amount, Unit: "元", Source: "b2, the second lowest; as b1 when two are lowest"},
		{Name: "bids.highest", Type: formula.Amount, Unit: "元", Source: "bn, the highest"},
		{Name: "bids.cv", Type: formula.Share, Source: "s/mean with s the sample deviation (n−1), cut at six decimals"},
		{Name: "bids.losers_deviation", Type: formula.Amount, Unit: "元", Source: "sample deviation of b2 to bn, cut to the 分"},
		{Name: "bids.gap_deviation", Type: formula.Share, Source: "max |gi/mean gap − 1|, raised at six decimals; s0 when all bids are equal"},
		{Name: "bids.percent_deviation", Type: formula.Share, Source: "max distance of bi/b1 − 1 (i>1) to a whole percentage, raised at six decimals; s0 when all bids are equal"},
		{Name: "bids.span", Type: formula.Count, Unit: "分钟", Source: "whole minutes from the first to the last of them by at, cut"},
		{Name: "bids.common_unit", Type: formula.Amount, Unit: "元", Source: "largest power of ten yuan that all bids are whole multiples of, or 0.01, 0.10"},
		{Name: "rejected.n", Type: formula.Count, Unit: "家", Source: "bidders whose bids were rejected at the opening"},
		{Name: "rejected.lowest", Type: formula.Amount, Unit: "元", Source: "the lowest of their bids; missing without one"},
	}
	deed = []rule.Fact{
		{Name: "contract.supplier", Type: formula.Text, Source: "payee key of the supplier"},
		{Name: "contract.direct", Type: formula.Bool, Source: "no tender, or one of method direct or single"},
		{Name: "contract.has_term", Type: formula.Bool, Source: "contract.signed has start and finish"},
		{Name: "contract.start", Type: formula.Civil, Source: "start of contract.signed"},
		{Name: "contract.finish", Type: formula.Civil, Source: "finish of contract.signed"},
		{Name: "contract.has_retention", Type: formula.Bool, Source: "contract.signed has a retention"},
		{Name: "contract.retention", Type: formula.Share, Source: "retention of contract.signed; missing without one"},
	}
	amendment = []rule.Fact{
		{Name: "contract.amendments", Type: formula.Count, Unit: "次", Source: "earlier effective contract.amended of the contract"},
		{Name: "contract.amended_on", Type: formula.Civil, Source: "day of the latest of them; missing when there is none"},
		{Name: "amendment.has_finish", Type: formula.Bool, Source: "the entry has a finish"},
		{Name: "amendment.finish", Type: formula.Civil, Source: "finish of the entry"},
	}
	settled = []rule.Fact{
		{Name: "contract.is_settled", Type: formula.Bool, Source: "the contract has an effective settlement.audited"},
		{Name: "contract.settled", Type: formula.Amount, Unit: "元", Source: "amount of settlement.audited; missing without one"},
	}
	request = []rule.Fact{
		{Name: "payment.economic_code", Type: formula.Text, Source: "economic_code of the entry; empty for none"},
		{Name: "payment.to_person", Type: formula.Bool, Source: "the payee is a private person"},
		{Name: "payment.payee_name", Type: formula.Text, Source: "name of the payee; empty for a private person"},
		{Name: "payment.same_day", Type: formula.Amount, Unit: "元", Source: "Σ other effective payments to the payee, under the same contract or none, that were asked for on the same day"},
		{Name: "payment.same_day_most", Type: formula.Amount, Unit: "元", Source: "the largest of them; 0.00 for none"},
		{Name: "twin.near_invoiced", Type: formula.Count, Unit: "笔", Source: "earlier effective payments to the same payee of the same amount on an invoice that is written otherwise, with the same number but for its code and leading zeros"},
		{Name: "invoice.other_payees", Type: formula.Count, Unit: "笔", Source: "effective payments of the same amount on the same invoice to another payee"},
		{Name: "invoice.dated", Type: formula.Bool, Source: "the payment's invoice has a day"},
		{Name: "invoice.on", Type: formula.Civil, Source: "day of the payment's invoice"},
		{Name: "refund.payee", Type: formula.Text, Source: "payee key of the payment; none while no payment of the project came back"},
	}
	returned = []rule.Fact{
		{Name: "payment.id", Type: formula.Text, Source: "the payment of the entry"},
		{Name: "payment.payee", Type: formula.Text, Source: "its payee key"},
		{Name: "payment.is_grant", Type: formula.Bool, Source: "the payment is a batch of household grants"},
		{Name: "refund.payee", Type: formula.Text, Source: "payee key of the payment that came back"},
		{Name: "refund.reason", Type: formula.Text, Source: "reason of the entry: a code of ledger.Reasons"},
	}
	batch = []rule.Fact{
		{Name: "payment.id", Type: formula.Text, Source: "the payment of the entry"},
	}
	line = []rule.Fact{
		{Name: "grant.item", Type: formula.Text, Source: "item of the line's batch"},
		{Name: "grant.period", Type: formula.Text, Source: "period of the line's batch; empty for what is given once, or not stated"},
		{Name: "line.standard", Type: formula.Amount, Unit: "元", Source: "standard of the entry: yuan a unit"},
		{Name: "line.quantity", Type: formula.Share, Source: "quantity of the entry"},
		{Name: "person.twins", Type: formula.Count, Unit: "行", Source: "other effective lines of the same person (keyed token) for the same item (normalised) and period, not wholly returned"},
	}
	// dead and recipient are of whoever gets the money, by the keyed token of the ID number.
	dead = []rule.Fact{
		{Name: "person.dead", Type: formula.Bool, Source: "the person is on a list of deceased (死亡人员) in force for the day and place; unfit without a list, or when one that is out of date does not have the person"},
		{Name: "person.died_on", Type: formula.Civil, Source: "earliest day of death that these lists have; missing without one"},
		{Name: "grant.period_start", Type: formula.Civil, Source: "first day of the period of the line's batch; day of the entry where none is stated, and for a single payment"},
	}
	recipient = []rule.Fact{
		{Name: "project.type", Type: formula.Text, Source: "type of the project: a code of ledger.ProjectTypes"},
		{Name: "line.category", Type: formula.Text, Source: "category of the entry; empty for none"},
		{Name: "person.public", Type: formula.Bool, Source: "the person is on a list of persons paid by the budget (财政供养人员) or of village cadres (村干部) in force; unfit without a list, or when one is out of date"},
		{Name: "person.listed", Type: formula.Bool, Source: "the person is on a list of households out of poverty or watched (脱贫户、监测户) in force for the day and place; unfit without a list, or when one is out of date"},
		{Name: "household.granted", Type: formula.Amount, Unit: "元", Source: "Σ amounts, less returns, of other effective lines for the same item (normalised), in batches of the same year, of everybody whom these lists have in the household of the person; of the person alone when no list has them"},
		{Name: "person.listed_elsewhere", Type: formula.Bool, Source: "the person is on these lists with a place, and with none in the township of the line"},
		{Name: "person.age", Type: formula.Count, Unit: "岁", Source: "full years from the birth date of the ID number to the day of the entry; missing once it is erased"},
	}
	debarred = []rule.Fact{
		{Name: "winner.debarred", Type: formula.Bool, Source: "the winner's credit code is on a list of debarred suppliers (禁入供应商) in force, with a ban that covers the day of the award; missing for a winner without a code"},
	}
	works = []rule.Fact{
		{Name: "works.percent", Type: formula.Share, Source: "percent of the latest works.progressed of the project; 0 before any, 1 once completed"},
		{Name: "works.is_started", Type: formula.Bool, Source: "an effective works.started or works.progressed of the project"},
		{Name: "works.started_on", Type: formula.Civil, Source: "the earliest day of these; missing when there is none"},
		{Name: "works.latest_on", Type: formula.Civil, Source: "the latest day of works.started, progressed, completed; missing when there is none"},
	}
	term = []rule.Fact{
		{Name: "project.has_term", Type: formula.Bool, Source: "the project has a planned start and finish"},
		{Name: "project.start", Type: formula.Civil, Source: "planned start of the project"},
		{Name: "project.finish", Type: formula.Civil, Source: "planned finish of the project"},
	}
	acceptance = []rule.Fact{
		{Name: "acceptance.level", Type: formula.Text, Source: "level of the entry: a code of ledger.AcceptanceLevels"},
		{Name: "acceptance.failures", Type: formula.Count, Unit: "次", Source: "earlier effective acceptance.failed of the project"},
		{Name: "acceptance.acceptors", Type: formula.Texts, Source: "names (normalised) of the units that took part; missing when none are stated"},
		{Name: "acceptance.parties", Type: formula.Texts, Source: "names (normalised) of the project's unit and of the suppliers of its effective contracts"},
	}
	debt = []rule.Fact{
		{Name: "sme.contract", Type: formula.Text, Source: "for acceptance.passed, the project's one contract whose supplier is an SME, if more than the retention of it is unpaid, else empty; for payment.paid, its contract if no more than the retention is unpaid then, else missing"},
	}
	accounts = []rule.Fact{
		{Name: "accounts.project", Type: formula.Text, Source: "the project; for document.filed and document.waived only of item 22, the final accounts (决算表), else missing"},
	}
	filing = []rule.Fact{
		{Name: "filing.project", Type: formula.Text, Source: "the project; for document.filed only of item 18, which holds the filing of the contract (合同备案), or 20, the contract, for document.waived only of item 18, else missing"},
	}
	frozen = []rule.Fact{
		{Name: "payment.freezes", Type: formula.Count, Unit: "项", Source: "freeze.set in effect that name the payment's project, contract, fund or payee"},
	}
	waived = []rule.Fact{
		{Name: "project.waived", Type: formula.Texts, Source: "numbers of the items (一项一档) that an effective document.waived says not to apply to the project, each once, in their order"},
	}
	filed = []rule.Fact{
		{Name: "project.filed", Type: formula.Texts, Source: "numbers of the items (一项一档) of which a paper of the project is filed, each once, in their order"},
	}
	approval = []rule.Fact{
		{Name: "approval.by", Type: formula.Text, Source: "by.user of the entry"},
		{Name: "approval.maker", Type: formula.Text, Source: "by.user of what is approved"},
	}
)
