package ocds

import (
	"cmp"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"yilu/ledger"
)

// Process is one procurement process as it can be entered: its objects as bodies
// of entries, without their versions, and what was repaired.
type Process struct {
	// ID is the ocid, Released the date of the latest release.
	ID       string
	Released ledger.Moment
	// Whole says that this is all there is of the process; else what is missing
	// may have been told before.
	Whole    bool
	Bodies   []ledger.Body
	Findings []ledger.Finding
}

// process is a process on its way to Process.
type process struct {
	notes   *notes
	id      string
	merged  *merged
	tree    map[string]any
	parties map[string]map[string]any
	lots    []string
	// divided are bids with a price for each lot.
	divided []string
	bodies  []ledger.Body
}

// normalise makes the process of all its releases.
func normalise(id string, all []*release, n *notes) *Process {
	p := &process{notes: n, id: n.id("ocid", id), merged: n.mergeAll(all), parties: map[string]map[string]any{}}
	p.tree = p.merged.tree
	for _, x := range n.list("parties", p.tree["parties"]) {
		if o, ok := x.(map[string]any); ok {
			p.parties[strings.TrimSpace(idText(o, "id"))] = o
		}
	}
	if dropped := contacts(p.tree); dropped > 0 {
		n.add("contacts", "", strconv.Itoa(dropped), "")
	}
	p.tenders()
	p.bids()
	awards := p.awards()
	p.contracts(awards)
	p.tellApart()
	return &Process{ID: p.id, Released: p.merged.released, Whole: p.merged.whole, Bodies: p.bodies, Findings: n.sorted()}
}

// tellApart renames what ended under one name after all: CONTRACT/TRANSACTION may
// be read in two ways, and an id that was made here may be somebody's.
func (p *process) tellApart() {
	seen := map[string]bool{}
	for _, b := range p.bodies {
		r := ledger.RecordedOf(b)
		told := r.Object
		for seen[place(kindOf(b), r.Process, r.Object)] {
			r.Object = made + hashed(r.Object+"\n"+told)
			p.notes.add("id_repeated", "", told, r.Object)
		}
		seen[place(kindOf(b), r.Process, r.Object)] = true
	}
}

// contacts counts what is left out of everybody: contact points and addresses.
func contacts(v any) int {
	count := 0
	switch x := v.(type) {
	case map[string]any:
		for name, inner := range x {
			switch name {
			case "contactPoint", "additionalContactPoints", "address", "beneficialOwners", "persones", "signatories", "mainProcurementContact":
				if inner != nil {
					count++
				}
			default:
				count += contacts(inner)
			}
		}
	case []any:
		for _, inner := range x {
			count += contacts(inner)
		}
	}
	return count
}

// record is the beginning of a record of this process.
func (p *process) record(object string) ledger.Recorded {
	return ledger.Recorded{Currency: p.notes.currency, Object: object, Process: p.id, Released: p.merged.released}
}

// tenders makes one entry for each lot, or one for a tender without lots.
func (p *process) tenders() {
	n := p.notes
	tender, ok := p.tree["tender"].(map[string]any)
	if !ok {
		if p.tree["tender"] != nil {
			n.add("object_wanted", "tender", short(p.tree["tender"]), "")
		}
		n.add("tender_missing", "", "", "")
		return
	}
	whole := p.tender("tender", tender)
	lots, _ := tender["lots"].([]any)
	if len(lots) == 0 {
		whole.Amount, whole.Foreign = n.positive("tender/value", tender["value"])
		whole.Bidders = p.bidders(tender, "", true)
		whole.Items = p.items("tender/items", n.list("tender/items", tender["items"]))
		p.bodies = append(p.bodies, whole)
		return
	}
	for _, x := range lots {
		p.lots = append(p.lots, str(x, "id"))
	}
	tender["items"] = n.list("tender/items", tender["items"])
	p.itemsOfNoLot(tender)
	for i, x := range lots {
		lot, id := x.(map[string]any), p.lots[i]
		path := "tender/lots[" + id + "]"
		body := *whole
		body.Recorded = p.record(id)
		if name := n.text(path+"/title", lot["title"], 500); name != "" {
			body.Name = name
		}
		if s := n.text(path+"/description", lot["description"], 1000); s != "" {
			body.Description = s
		}
		if status := n.code(path+"/status", lot["status"], ledger.TenderStatuses, "status_other"); status != "" {
			body.Status = status
		}
		body.Amount, body.Foreign = n.positive(path+"/value", lot["value"])
		if body.Amount == 0 && body.Foreign == "" && len(lots) == 1 {
			body.Amount, body.Foreign = n.positive("tender/value", tender["value"])
		}
		if m := n.moment(path+"/tenderPeriod/startDate", at(lot, "tenderPeriod", "startDate")); m != "" {
			body.Opens = m
		}
		if m := n.moment(path+"/tenderPeriod/endDate", at(lot, "tenderPeriod", "endDate")); m != "" {
			body.Deadline = m
		}
		if lot["mainProcurementCategory"] != nil {
			body.Category = p.category(path, lot)
		}
		body.Bidders = p.bidders(tender, id, len(lots) == 1)
		body.Items = p.items(path+"/items", p.itemsOf(lot, id, tender["items"], len(lots) == 1))
		p.bodies = append(p.bodies, &body)
	}
}

// tender reads what lots have in common.
func (p *process) tender(path string, t map[string]any) *ledger.ProcessTender {
	n := p.notes
	b := &ledger.ProcessTender{Recorded: p.record("")}
	b.Name = n.text(path+"/title", t["title"], 500)
	b.Description = n.text(path+"/description", t["description"], 1000)
	b.Status = n.code(path+"/status", t["status"], ledger.TenderStatuses, "status_other")
	b.Method = n.code(path+"/procurementMethod", t["procurementMethod"], ledger.ProcessMethods, "method_other")
	b.MethodDetails = n.text(path+"/procurementMethodDetails", t["procurementMethodDetails"], 200)
	b.Category = p.category(path, t)
	b.Criteria = n.text(path+"/awardCriteria", t["awardCriteria"], 100)
	b.Eligibility = n.text(path+"/eligibilityCriteria", t["eligibilityCriteria"], 1500)
	b.Opens = n.moment(path+"/tenderPeriod/startDate", at(t, "tenderPeriod", "startDate"))
	b.Deadline = n.moment(path+"/tenderPeriod/endDate", at(t, "tenderPeriod", "endDate"))
	b.Documents = p.documents(path+"/documents", t["documents"])
	b.Amendments = p.amendments(path, t)
	if p.tree["buyer"] != nil {
		b.Buyer = p.participant("buyer", p.tree["buyer"])
	}
	if b.Buyer == (ledger.Participant{}) {
		b.Buyer = p.participant(path+"/procuringEntity", t["procuringEntity"])
	}
	return b
}

// bidders is how many bidders are counted for a lot, 0 for no number: in the statistics of
// bids, or, if there is no other lot, for the whole tender.
func (p *process) bidders(tender map[string]any, lot string, alone bool) ledger.Count {
	list, _ := at(p.tree, "bids", "statistics").([]any)
	for i, x := range list {
		if str(x, "measure") == "bidders" && (str(x, "relatedLot") == lot || alone && str(x, "relatedLot") == "") {
			return p.notes.count("bids/statistics/"+strconv.Itoa(i)+"/value", at(x, "value"))
		}
	}
	if !alone {
		return 0
	}
	return p.notes.count("tender/numberOfTenderers", tender["numberOfTenderers"])
}

// wider are categories of later codelists and the one that holds them.
var wider = map[string]string{"consultingServices": "services", "consultingservices": "services", "supplies": "goods", "construction": "works"}

func (p *process) category(path string, t map[string]any) string {
	path += "/mainProcurementCategory"
	if told := str(t, "mainProcurementCategory"); wider[told] != "" {
		p.notes.add("kind_other", path, told, wider[told])
		return wider[told]
	}
	return p.notes.code(path, t["mainProcurementCategory"], ledger.Categories, "kind_other")
}

// documents are the types of what was published, each once.
func (p *process) documents(path string, v any) []string {
	var types []string
	for i, x := range p.notes.objects(path, v) {
		if kind := p.notes.id(path+"/"+strconv.Itoa(i)+"/documentType", at(x, "documentType")); kind != "" {
			types = append(types, kind)
		}
	}
	slices.Sort(types)
	return capped(p.notes, path, slices.Compact(types), roomOfIDs)
}

// amendments reads the changes that are told, in the order of their dates.
func (p *process) amendments(path string, holder map[string]any) []ledger.ProcessAmendment {
	n := p.notes
	list := n.list(path+"/amendments", holder["amendments"])
	if old := holder["amendment"]; old != nil {
		n.add("old_form", path+"/amendment", "amendment", "amendments")
		list = append(slices.Clone(list), old)
	}
	var out []ledger.ProcessAmendment
	for i, x := range n.objects(path+"/amendments", list) {
		where := path + "/amendments/" + strconv.Itoa(i)
		a := ledger.ProcessAmendment{At: n.moment(where+"/date", at(x, "date")), Reason: n.text(where+"/rationale", at(x, "rationale"), 300)}
		if a.Reason == "" {
			a.Reason = n.text(where+"/description", at(x, "description"), 300)
		}
		if a != (ledger.ProcessAmendment{}) && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b ledger.ProcessAmendment) int { return orderOf(a.At).Compare(orderOf(b.At)) })
	return capped(n, path+"/amendments", out, roomOfChanges)
}

// itemsOf are the items of a lot: those that name it, or that it names.
func (p *process) itemsOf(lot map[string]any, id string, v any, only bool) []any {
	all, _ := v.([]any)
	if only {
		return all
	}
	named, _ := lot["items"].([]any)
	var out []any
	for _, x := range all {
		item := idText(x, "id")
		if idText(x, "relatedLot") == id || item != "" && slices.ContainsFunc(named, func(v any) bool { return v == item || idText(v, "id") == item }) {
			out = append(out, x)
		}
	}
	return out
}

// itemsOfNoLot notes what no entry will hold: items that name none of several
// lots, and that none names.
func (p *process) itemsOfNoLot(tender map[string]any) {
	all, _ := tender["items"].([]any)
	lots, _ := tender["lots"].([]any)
	held := 0
	for i, x := range lots {
		held += len(p.itemsOf(x.(map[string]any), p.lots[i], all, len(lots) == 1))
	}
	if held < len(all) {
		p.notes.add("item_no_lot", "tender/items", strconv.Itoa(len(all)-held), "")
	}
}

func (p *process) items(path string, list []any) []ledger.ProcessItem {
	n := p.notes
	var out []ledger.ProcessItem
	for i, x := range n.objects(path, list[:min(len(list), mostItems+1)]) {
		where := path + "/" + strconv.Itoa(i)
		item := ledger.ProcessItem{Name: n.text(where+"/description", at(x, "description"), 80), Quantity: n.quantity(where+"/quantity", at(x, "quantity")), Unit: n.text(where+"/unit/name", at(x, "unit", "name"), 50)}
		if code := plain(n.idTold(where+"/classification/id", at(x, "classification", "id"))); code != "" {
			scheme := str(x, "classification", "scheme")
			if scheme == "" || len(scheme) > 40 {
				scheme = "?"
			}
			item.Class = n.id(where+"/classification", plain(scheme)+":"+code)
		}
		if item.Name == "" {
			item.Name = n.text(where+"/classification/description", at(x, "classification", "description"), 80)
		}
		if item != (ledger.ProcessItem{}) {
			out = append(out, item)
		}
	}
	return capped(n, path, out, roomOfItems)
}

// related reads the lots that a thing names, and notes those that there are not.
func (p *process) related(path string, o map[string]any) []string {
	lots := p.notes.ids(path+"/relatedLots", o["relatedLots"])
	if old := cmp.Or(o["relatedLot"], o["lotID"]); old != nil {
		for _, id := range p.notes.ids(path+"/relatedLot", []any{old}) {
			if !slices.Contains(lots, id) {
				lots = append(lots, id)
			}
		}
	}
	for _, id := range lots {
		if len(p.lots) > 0 && !slices.Contains(p.lots, id) {
			p.notes.add("lot_unknown", path+"/relatedLots", id, "")
		}
	}
	return lots
}

// awards makes an entry for each award and returns their ids.
func (p *process) awards() []string {
	n := p.notes
	list, _ := p.tree["awards"].([]any)
	var ids []string
	for _, x := range list {
		o, id := x.(map[string]any), str(x, "id")
		path := "awards[" + id + "]"
		ids = append(ids, id)
		b := &ledger.ProcessAward{Recorded: p.record(id), At: n.moment(path+"/date", o["date"]), Lots: p.related(path, o), Name: n.text(path+"/title", o["title"], 500)}
		b.Amount, b.Foreign = n.positive(path+"/value", o["value"])
		b.Status = n.statusOf(path+"/status", o["status"], ledger.AwardStatuses, awardWords)
		b.Suppliers = p.participants(path+"/suppliers", p.suppliers(path, o))
		b.Bids = n.ids(path+"/relatedBids", o["relatedBids"])
		if old := cmp.Or(o["relatedBid"], o["bid_id"]); old != nil && len(b.Bids) == 0 {
			b.Bids = n.ids(path+"/relatedBid", []any{old})
		}
		b.Bids = p.ofLot(b.Bids, b.Lots)
		switch {
		case len(b.Suppliers) > 1:
			n.add("award_joint", path+"/suppliers", strconv.Itoa(len(b.Suppliers)), "")
		case len(b.Suppliers) == 0 && b.Status == "active":
			n.add("award_no_supplier", path+"/suppliers", "", "")
		}
		p.bodies = append(p.bodies, b)
	}
	return ids
}

// suppliers are those of an award or contract: some publishers write one, without a list.
func (p *process) suppliers(path string, o map[string]any) any {
	if o["supplier"] == nil || o["suppliers"] != nil {
		return o["suppliers"]
	}
	p.notes.add("old_form", path+"/supplier", "supplier", "suppliers")
	if one, ok := o["supplier"].(map[string]any); ok {
		return []any{one}
	}
	return o["supplier"]
}

// contracts makes an entry for each contract and each transaction under it.
func (p *process) contracts(awards []string) {
	n := p.notes
	list, _ := p.tree["contracts"].([]any)
	for _, x := range list {
		o, id := x.(map[string]any), str(x, "id")
		path := "contracts[" + id + "]"
		b := &ledger.ProcessContract{Recorded: p.record(id), Signed: n.moment(path+"/dateSigned", o["dateSigned"]), Name: n.text(path+"/title", o["title"], 500)}
		b.Amount, b.Foreign = n.positive(path+"/value", o["value"])
		b.Status = n.code(path+"/status", o["status"], ledger.ContractStatuses, "status_other")
		b.Start = n.moment(path+"/period/startDate", at(o, "period", "startDate"))
		b.Finish = n.moment(path+"/period/endDate", at(o, "period", "endDate"))
		b.Suppliers = p.participants(path+"/suppliers", p.suppliers(path, o))
		b.Amendments = p.amendments(path, o)
		b.Extends = n.id(path+"/extendsContractID", o["extendsContractID"])
		if told := p.merged.values[id]; len(told) > 1 {
			b.Values = capped(n, path+"/value", told, roomOfIDs)
		}
		b.Awards = n.ids(path+"/awardIDs", o["awardIDs"])
		if o["awardID"] != nil && len(b.Awards) == 0 {
			b.Awards = n.ids(path+"/awardID", []any{o["awardID"]})
		}
		if missing := func(award string) bool { return !slices.Contains(awards, award) }; b.Extends == "" && (len(b.Awards) == 0 || slices.ContainsFunc(b.Awards, missing)) {
			n.add("award_unknown", path+"/awardID", strings.Join(b.Awards, " "), "")
		}
		p.single(path, b)
		p.bodies = append(p.bodies, b)
		p.transactions(path, id, o)
	}
}

// single gives a contract the amount of its one award where its own is that in single
// precision: some publishers' programs keep amounts so, and 2809999999 becomes 2809999872.
func (p *process) single(path string, b *ledger.ProcessContract) {
	if len(b.Awards) != 1 || b.Amount == 0 {
		return
	}
	for _, x := range p.bodies {
		if a, ok := x.(*ledger.ProcessAward); ok && a.Object == b.Awards[0] && a.Amount != b.Amount && inSinglePrecision(a.Amount) == b.Amount {
			p.notes.add("amount_single", path+"/value/amount", b.Amount.String(), a.Amount.String())
			b.Amount = a.Amount
		}
	}
}

// inSinglePrecision is an amount of whole units rounded to 24 binary digits, half to even,
// as IEEE 754 has it.
func inSinglePrecision(a ledger.Amount) ledger.Amount {
	n := uint64(a) / 100
	shift := bits.Len64(n) - 24
	if a < 0 || a%100 != 0 || shift <= 0 {
		return a
	}
	kept, rest, half := n>>shift, n&(1<<shift-1), uint64(1)<<(shift-1)
	if rest > half || rest == half && kept%2 == 1 {
		kept++
	}
	return ledger.Amount(kept << shift * 100)
}

func (p *process) transactions(path, contract string, o map[string]any) {
	n := p.notes
	list, _ := at(o, "implementation", "transactions").([]any)
	for _, x := range list {
		t, id := x.(map[string]any), str(x, "id")
		path := path + "/transactions[" + id + "]"
		for _, member := range [][2]string{{"amount", "value"}, {"providerOrganization", "payer"}, {"receiverOrganization", "payee"}} {
			if old, now := member[0], member[1]; t[old] != nil && t[now] == nil {
				n.add("old_form", path+"/"+old, old, now)
				t[now] = t[old]
			}
		}
		b := &ledger.ProcessTransaction{Recorded: p.record(n.id(path+"/id", contract+"/"+id)), At: n.moment(path+"/date", t["date"]), Of: contract}
		b.Amount, b.Foreign = n.money(path+"/value", t["value"])
		if b.Amount < 0 {
			n.add("refund", path+"/value", b.Amount.String(), "")
		}
		if t["payee"] != nil {
			b.Payee = p.participant(path+"/payee", t["payee"])
		}
		if t["payer"] != nil {
			b.Payer = p.participant(path+"/payer", t["payer"])
		}
		p.bodies = append(p.bodies, b)
	}
}

// day is the business day of a record: when it happened, as it was told, else
// when it was released.
func day(b ledger.Body, otherwise ledger.Date) ledger.Date {
	var told ledger.Moment
	switch b := b.(type) {
	case *ledger.ProcessTender:
		told = b.Opens
	case *ledger.ProcessBid:
		told = b.At
	case *ledger.ProcessAward:
		told = b.At
	case *ledger.ProcessContract:
		told = b.Signed
	case *ledger.ProcessTransaction:
		told = b.At
	}
	for _, m := range []ledger.Moment{told, ledger.RecordedOf(b).Released} {
		if d := m.Day(); len(d) == len(time.DateOnly) {
			return d
		}
	}
	return otherwise
}
