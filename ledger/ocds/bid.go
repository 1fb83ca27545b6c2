package ocds

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"yilu/ledger"
)

// bids makes an entry for each bid, or for each bidder if only those are told.
func (p *process) bids() {
	n := p.notes
	list, _ := at(p.tree, "bids", "details").([]any)
	for _, o := range p.byLot(list) {
		id := str(o, "id")
		path := "bids[" + id + "]"
		b := &ledger.ProcessBid{Recorded: p.record(id), At: n.moment(path+"/date", o["date"]), Lots: p.related(path, o)}
		b.Amount, b.Foreign = n.positive(path+"/value", o["value"])
		b.Status = n.statusOf(path+"/status", o["status"], ledger.BidStatuses, bidWords)
		b.Documents = p.documents(path+"/documents", o["documents"])
		tenderers := o["tenderers"]
		if tenderers == nil {
			tenderers = o["tenderer"]
		}
		b.Bidders = p.participants(path+"/tenderers", tenderers)
		if deadline := p.deadline(b.Lots); b.At != "" && deadline != "" {
			p.late(path, b, deadline)
		}
		p.bodies = append(p.bodies, b)
	}
	tenderers := at(p.tree, "tender", "tenderers")
	if len(list) > 0 || tenderers == nil {
		return
	}
	for i, party := range p.participants("tender/tenderers", tenderers) {
		n.add("bids_tenderers", "tender/tenderers/"+strconv.Itoa(i), "", "")
		object := n.id("", made+party.Key())
		if party.Person { // whose name is in the body, and enough there
			object = made + hashed(party.Key())
		}
		p.bodies = append(p.bodies, &ledger.ProcessBid{Recorded: p.record(object), Bidders: []ledger.Participant{party}})
	}
}

// byLot divides bids that have a price for each lot (lotValues), as Ukraine tells them, into
// one for each: what is compared is what was bid for a lot.
func (p *process) byLot(list []any) []map[string]any {
	var out []map[string]any
	for _, x := range list {
		o := x.(map[string]any)
		prices, _ := o["lotValues"].([]any)
		if len(prices) == 0 || o["value"] != nil {
			out = append(out, o)
			continue
		}
		id := str(o, "id")
		p.notes.add("bid_by_lot", "bids["+id+"]/lotValues", strconv.Itoa(len(prices)), "")
		for _, price := range prices {
			one, lot := maps.Clone(o), idText(price, "relatedLot")
			if len(prices) > 1 {
				one["id"] = p.notes.id("bids["+id+"]/lotValues", id+"/"+lot)
				p.divided = append(p.divided, id)
			}
			one["value"], one["relatedLots"] = at(price, "value"), []any{lot}
			for _, name := range []string{"date", "status"} {
				if told := at(price, name); told != nil {
					one[name] = told
				}
			}
			out = append(out, one)
		}
	}
	return out
}

// ofLot are the bids that an award rests on, of those that were divided the one for its lot.
func (p *process) ofLot(bids, lots []string) []string {
	for i, id := range bids {
		if len(lots) == 1 && slices.Contains(p.divided, id) {
			bids[i] = p.notes.silent().id("", id+"/"+lots[0])
		}
	}
	return bids
}

// bidWords are what publishers write for the words of the codelist: Ukraine's and the
// Dominican Republic's own, and what cannot be mistaken. An unsuccessful bid is not here: to
// some it was rejected, to others it lost.
var bidWords = map[string]string{
	"active": "valid", "qualified": "valid", "accepted": "valid", "admitted": "valid",
	"invalid": "disqualified", "invalid.pre-qualification": "disqualified", "rejected": "disqualified", "notqualified": "disqualified", "unqualified": "disqualified", "excluded": "disqualified",
	"intreatment": "pending", "underreview": "pending", "underevaluation": "pending",
	"deleted": "withdrawn", "cancelled": "withdrawn", "canceled": "withdrawn",
}

// awardWords are those of awards, likewise. What waits for something is proposed and not yet
// in force.
var awardWords = map[string]string{
	"pending.waiting": "pending", "pending.verification": "pending", "pending.payment": "pending", "pending.admission": "pending", "canceled": "cancelled",
}

// statusOf reads what has become of a bid or an award. A word that is not known is not taken
// for none: whether the bid counts, or the award is in force, would be a guess.
func (n *notes) statusOf(path string, v any, list map[string]ledger.Text, words map[string]string) string {
	told, isText := v.(string)
	if v == nil || isText && strings.TrimSpace(told) == "" {
		return ""
	}
	word := strings.ToLower(strings.NewReplacer(" ", "", "_", "").Replace(told))
	if _, listed := list[word]; listed && word != "other" {
		return n.code(path, v, list, "status_other")
	}
	made := cmp.Or(words[word], "other")
	n.add("status_other", path, short(v), made)
	return made
}

// deadline is the end of the time for bids on some lots, the latest if they have several;
// without lots it is that of the whole tender.
func (p *process) deadline(lots []string) (last ledger.Moment) {
	for _, b := range p.bodies {
		t, ok := b.(*ledger.ProcessTender)
		if !ok { // they are the first
			break
		}
		if (len(lots) == 0 || slices.Contains(lots, t.Object)) && orderOf(t.Deadline).After(orderOf(last)) {
			last = t.Deadline
		}
	}
	if last == "" && len(lots) > 0 { // lots that there are not
		return p.deadline(nil)
	}
	return last
}

// late compares a bid with the deadline as instants: as texts, a later offset
// would pass for a later time.
func (p *process) late(path string, b *ledger.ProcessBid, deadline ledger.Moment) {
	end, ok := deadline.Instant()
	t, known := b.At.Instant()
	switch {
	case !ok || !known:
		p.notes.add("bid_time_unknown", path+"/date", string(b.At), string(deadline))
	case t.After(end):
		p.notes.add("bid_late", path+"/date", string(b.At), string(deadline))
	}
}
