package ocds

import (
	"cmp"
	"slices"

	"yilu/ledger"
)

// builder makes the processes of a project, step by step.
type builder struct {
	publisher *Publisher
	history   *history
	processes map[string]*process
	// of finds a contract's process.
	of map[string]*process
	// exemption is why and how what follows needs no tender.
	exemption *ledger.TenderExempted
}

// process is the state of a process, which each step changes, and its releases.
type process struct {
	builder  *builder
	ocid     string
	parties  map[string]*Party
	buyer    Party
	tender   *Tender
	bids     []*Bid
	awards   []*Award
	contract []*Contract
	releases []*Release
	// deadlines are those that the tender has been given and that stand, the last one holds.
	deadlines []deadline
	// now is the release that is being made.
	now *Release
}

// deadline is when bids are due as of an entry.
type deadline struct {
	by    ledger.Seq
	until string
}

// take adds a step to its process.
func (b *builder) take(s step) {
	if s.payment != nil {
		if p := b.of[s.payment.Contract]; p != nil {
			p.pay(s)
		}
		return
	}
	switch body := s.entry.Body.(type) {
	case *ledger.TenderAnnounced:
		b.process(body.Tender).announce(s, body)
	case *ledger.TenderChanged:
		b.process(body.Tender).change(s, body)
	case *ledger.TenderBid:
		b.process(body.Tender).bid(s, body)
	case *ledger.TenderOpened:
		b.process(body.Tender).open(s, body)
	case *ledger.TenderAwarded:
		b.process(body.Tender).award(s, body)
	case *ledger.TenderFailed:
		b.process(body.Tender).fail(s, body)
	case *ledger.TenderExempted:
		b.exemption = body
		if s.undone {
			b.exemption = nil
		}
	case *ledger.ContractSigned:
		if b.of[body.Contract] == nil {
			b.of[body.Contract] = b.process(cmp.Or(body.Tender, body.Contract))
		}
		b.of[body.Contract].sign(s, body)
	case *ledger.ContractAmended:
		if p := b.of[body.Contract]; p != nil {
			p.amend(s, body)
		}
	case *ledger.SettlementAudited:
		if p := b.of[body.Contract]; p != nil {
			p.settle(s, body)
		}
	}
}

// process is that of a tender, or of a contract without one.
func (b *builder) process(id string) *process {
	p := b.processes[id]
	if p == nil {
		p = &process{
			builder: b, ocid: b.publisher.Prefix + "-" + string(b.publisher.Book) + "-" + id, parties: map[string]*Party{},
			tender: &Tender{ID: id}, buyer: partyOf(ledger.Party{Name: b.history.project.Unit}),
		}
		b.processes[id] = p
	}
	return p
}

// begin begins the release of a step.
func (p *process) begin(s step, tag string) {
	at := p.builder.history.at[s.at]
	id := p.ocid + "-" + seqText(s.at)
	if s.entry != nil && s.entry.Seq != s.at {
		id += "-" + seqText(s.entry.Seq)
	}
	p.now = &Release{OCID: p.ocid, ID: id, Date: at.At.UTC().Format("2006-01-02T15:04:05.000000Z"), Tag: []string{tag}, InitiationType: "tender", Language: "zh"}
	p.releases = append(p.releases, p.now)
}

// party says that an organisation has a role, and names it.
func (p *process) party(who ledger.Party, role string) Reference { return p.known(partyOf(who), role) }

func (p *process) known(who Party, role string) Reference {
	all := p.parties[who.ID]
	if all == nil {
		all = &who
		p.parties[who.ID] = all
	}
	if !slices.Contains(all.Roles, role) {
		all.Roles = append(slices.Clone(all.Roles), role)
	}
	at := slices.IndexFunc(p.now.Parties, func(x Party) bool { return x.ID == who.ID })
	if at < 0 {
		p.now.Parties = append(p.now.Parties, *all)
	} else {
		p.now.Parties[at] = *all
	}
	return Reference{all.ID, all.Name}
}

// tellTender puts the tender into the release.
func (p *process) tellTender() {
	buyer := p.known(p.buyer, "buyer")
	p.tender.Buyer = new(p.known(p.buyer, "procuringEntity"))
	p.now.Buyer = &buyer
	p.now.Planning = &Planning{Rationale: p.builder.history.project.Targets, Budget: p.builder.history.budget}
	t := *p.tender
	t.Tenderers = slices.Clone(t.Tenderers)
	p.now.Tender = &t
}

// methods are the standard's words for ways of buying; the book's own word stands
// in procurementMethodDetails.
var methods = map[string]string{
	"open": "open", "invited": "limited", "negotiation": "limited", "consultation": "limited", "inquiry": "limited",
	"single": "direct", "self_built": "direct", "direct": "direct",
}

func (p *process) announce(s step, b *ledger.TenderAnnounced) {
	if s.undone {
		p.begin(s, "tenderCancellation")
		p.tender.Status = "withdrawn"
		p.tellTender()
		return
	}
	p.begin(s, "tender")
	t := p.tender
	t.Title, t.Status, t.Value, t.Category = b.Name, "active", yuan(b.Estimate), b.Category
	t.Method, t.MethodDetails = methods[b.Method], ledger.Methods.Name(b.Method).Zh
	t.Period = &Period{Start: midnight(cmp.Or(b.SaleFrom, s.entry.On)), End: string(b.Deadline)}
	p.deadlines = []deadline{{s.entry.Seq, string(b.Deadline)}}
	if b.Ceiling != 0 {
		t.Description = "最高限价 " + b.Ceiling.Comma() + " 元"
	}
	p.tellTender()
}

// change puts the deadline off, or back where that was taken back.
func (p *process) change(s step, b *ledger.TenderChanged) {
	p.begin(s, "tenderAmendment")
	switch {
	case s.undone:
		p.deadlines = slices.DeleteFunc(p.deadlines, func(d deadline) bool { return d.by == s.entry.Seq })
	case b.Deadline != "":
		p.deadlines = append(p.deadlines, deadline{s.entry.Seq, string(b.Deadline)})
	}
	if n := len(p.deadlines); n > 0 {
		p.tender.Period = &Period{Start: p.tender.Period.Start, End: p.deadlines[n-1].until}
	}
	p.tellTender()
}

func (p *process) bid(s step, b *ledger.TenderBid) {
	p.begin(s, "tenderUpdate")
	id := p.tender.ID + "-" + seqText(s.entry.Seq)
	if s.undone {
		if x := p.bidOf(id); x != nil {
			x.Status = "withdrawn"
			p.now.Bids = &Bids{[]Bid{*x}}
		}
		p.tender.Bidders--
		p.tellTender()
		return
	}
	who := p.party(b.Bidder, "tenderer")
	x := &Bid{ID: id, Date: string(b.At), Status: "pending", Tenderers: []Reference{who}, Value: yuan(b.Amount)}
	p.bids = append(p.bids, x)
	p.tender.Bidders++
	if !slices.Contains(p.tender.Tenderers, who) {
		p.tender.Tenderers = append(p.tender.Tenderers, who)
	}
	p.now.Bids = &Bids{[]Bid{*x}}
	p.tellTender()
}

func (p *process) bidOf(id string) *Bid {
	for _, x := range p.bids {
		if x.ID == id {
			return x
		}
	}
	return nil
}

// open tells which bids were found valid.
func (p *process) open(s step, b *ledger.TenderOpened) {
	p.begin(s, "tenderUpdate")
	told := &Bids{}
	for _, x := range p.bids {
		if x.Status == "withdrawn" {
			continue
		}
		x.Status = "valid"
		if s.undone {
			x.Status = "pending"
		}
		for _, rejected := range b.Rejected {
			if !s.undone && x.Tenderers[0].ID == partyOf(rejected.Bidder).ID {
				x.Status = "disqualified"
			}
		}
		told.Details = append(told.Details, *x)
	}
	if len(told.Details) > 0 {
		p.now.Bids = told
	}
	p.tellTender()
}

func (p *process) award(s step, b *ledger.TenderAwarded) {
	id := p.tender.ID + "-" + seqText(s.entry.Seq)
	if s.undone {
		p.begin(s, "awardCancellation")
		p.tender.Status = "active"
		for _, x := range p.awards {
			if x.ID == id {
				x.Status = "cancelled"
				p.now.Awards = []Award{*x}
			}
		}
		p.tellTender()
		return
	}
	p.begin(s, "award")
	x := &Award{ID: id, Title: p.tender.Title, Status: "active", Date: midnight(s.entry.On), Value: yuan(b.Amount), Suppliers: []Reference{p.party(b.Winner, "supplier")}}
	p.awards = append(p.awards, x)
	p.now.Awards = []Award{*x}
	p.tender.Status = "complete"
	p.tellTender()
}

func (p *process) fail(s step, b *ledger.TenderFailed) {
	p.begin(s, "tenderCancellation")
	p.tender.Status = "unsuccessful"
	if s.undone {
		p.tender.Status = "active"
		p.now.Tag = []string{"tenderUpdate"}
	}
	p.tender.Rationale = ledger.FailReasons.Name(b.Reason).Zh
	p.tellTender()
}

// done is the process as it is now.
func (p *process) done() *Process {
	last := p.releases[len(p.releases)-1]
	all := &Release{OCID: p.ocid, ID: p.ocid + "-compiled-" + last.ID[len(p.ocid)+1:], Date: last.Date, Tag: []string{"compiled"}, InitiationType: "tender", Language: "zh"}
	p.now = all
	p.tellTender()
	all.Parties = nil
	seen := map[string]bool{}
	for _, r := range p.releases { // in the order in which they came
		for _, x := range r.Parties {
			if !seen[x.ID] {
				seen[x.ID] = true
				all.Parties = append(all.Parties, *p.parties[x.ID])
			}
		}
	}
	for _, x := range p.bids {
		if all.Bids == nil {
			all.Bids = &Bids{}
		}
		all.Bids.Details = append(all.Bids.Details, *x)
	}
	for _, x := range p.awards {
		all.Awards = append(all.Awards, *x)
	}
	for _, x := range p.contract {
		all.Contracts = append(all.Contracts, x.clone())
	}
	return &Process{p.ocid, p.releases, all}
}
