package ledger

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// What the public lists and files ask, beyond what officers do: whole lists of a
// book, page by page, with the names that a reader needs.

// TenderFilter narrows lists of tenders and contracts; empty fields do not.
type TenderFilter struct {
	Project string
	// Supplier is the key of the winner or supplier.
	Supplier string
}

// TenderLine is a lot with the name of its project.
type TenderLine struct {
	Tender
	ProjectName string `db:"project_name" json:"project_name"`
	Place       string `db:"place" json:"place"`
}

// TenderLines lists the lots of a book, newest first.
func (l *Ledger) TenderLines(ctx context.Context, book Book, f TenderFilter, p Page) ([]TenderLine, string, error) {
	rows, err := collect[TenderLine](ctx, l.Read, "tenders", `
		select t.tender, t.project, t.state, t.name, t.method, t.category, t.estimate, t.bids, t.winner, t.winner_name, t.price, t.seq, t.awarded_seq, t.trail,
			j.name, j.place
		from proj.tender t
		cross join lateral (select name, place from proj.project where book = $1 and project = t.project limit 1) j
		where t.book = $1 and t.seq < $2 and ($3 = '' or t.project = $3) and ($4 = '' or t.winner = $4)
		order by t.seq desc limit $5`, book, p.before(), f.Project, f.Supplier, p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r TenderLine) string { return seqKey(r.Seq) })
	return rows, next, nil
}

// ContractLine is a contract with the name of its project.
type ContractLine struct {
	Contract
	ProjectName string `db:"project_name" json:"project_name"`
	Place       string `db:"place" json:"place"`
}

// ContractLines lists the contracts of a book, newest first.
func (l *Ledger) ContractLines(ctx context.Context, book Book, f TenderFilter, p Page) ([]ContractLine, string, error) {
	rows, err := collect[ContractLine](ctx, l.Read, "contracts", `
		select k.contract, k.project, k.tender, k.name, k.supplier, k.supplier_name, coalesce(k.on_day::text, ''), k.signed, k.amount, k.settled,
			k.requested, k.paid, k.seq, k.withdrawn, k.increases, j.name, j.place
		from proj.contract k
		cross join lateral (select name, place from proj.project where book = $1 and project = k.project limit 1) j
		where k.book = $1 and k.seq < $2 and ($3 = '' or k.project = $3) and ($4 = '' or k.supplier = $4)
		order by k.seq desc limit $5`, book, p.before(), f.Project, f.Supplier, p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r ContractLine) string { return seqKey(r.Seq) })
	return rows, next, nil
}

// Bidder is who took part in tenders (投标人), and how often it won.
type Bidder struct {
	Bidder string `db:"bidder" json:"bidder"`
	Name   string `db:"name" json:"name"`
	// Bids counts bids that were not taken back, Won the tenders won with them, and
	// Price adds up their prices.
	Bids  int64  `db:"bids" json:"bids"`
	Won   int64  `db:"won" json:"won"`
	Price Amount `db:"price" json:"price"`
}

// Bidders lists bidders by the number of their bids, most first.
func (l *Ledger) Bidders(ctx context.Context, book Book, p Page) ([]Bidder, string, error) {
	bids, key := int64(1)<<62, ""
	if a, b, ok := strings.Cut(p.After, "~"); ok {
		bids, _ = strconv.ParseInt(a, 10, 64)
		key = b
	}
	rows, err := collect[Bidder](ctx, l.Read, "bidders", `
		with bidders as (
			select b.bidder, max(b.name) as name, count(*) as bids, count(*) filter (where t.winner = b.bidder) as won,
				coalesce(sum(t.price) filter (where t.winner = b.bidder), 0)::bigint as price
			from proj.bid b join proj.tender t on t.book = b.book and t.tender = b.tender
			where b.book = $1 and not b.withdrawn
			group by b.bidder
		)
		select bidder, name, bids, won, price from bidders
		where bids < $2 or bids = $2 and bidder > $3
		order by bids desc, bidder limit $4`, book, bids, key, p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r Bidder) string { return strconv.FormatInt(r.Bids, 10) + "~" + r.Bidder })
	return rows, next, nil
}

// BidFilter narrows a list of bids; empty fields do not.
type BidFilter struct{ Project, Bidder string }

// BidLine is a bid with what it was for and what came of the tender.
type BidLine struct {
	Bid
	TenderName  string `db:"tender_name" json:"tender_name"`
	Project     string `db:"project" json:"project"`
	ProjectName string `db:"project_name" json:"project_name"`
	State       string `db:"state" json:"state"`
	Winner      string `db:"winner" json:"winner"`
}

// BidLines lists the bids of a book, newest first.
func (l *Ledger) BidLines(ctx context.Context, book Book, f BidFilter, p Page) ([]BidLine, string, error) {
	rows, err := collect[BidLine](ctx, l.Read, "bids", `
		select b.bid, b.tender, b.bidder, b.name, b.amount, b.at, b.seq, b.withdrawn, t.name, t.project, j.name, t.state, t.winner
		from proj.bid b
		cross join lateral (select name, project, state, winner from proj.tender where book = $1 and tender = b.tender limit 1) t
		cross join lateral (select name from proj.project where book = $1 and project = t.project limit 1) j
		where b.book = $1 and b.seq < $2 and ($3 = '' or t.project = $3) and ($4 = '' or b.bidder = $4)
		order by b.seq desc limit $5`, book, p.before(), f.Project, f.Bidder, p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r BidLine) string { return seqKey(r.Seq) })
	return rows, next, nil
}

// Allocation is what a fund gave to one project, or what a unit holds of it and
// has not passed on (资金分配结果). Those of a fund add up to what it allocated and
// paid.
type Allocation struct {
	Fund     string `db:"fund" json:"fund"`
	FundName string `db:"fund_name" json:"fund_name"`
	Document string `db:"document" json:"document"`
	Level    string `db:"level" json:"level"`
	// Project or Unit is set.
	Project     string `db:"project" json:"project"`
	ProjectName string `db:"project_name" json:"project_name"`
	Place       string `db:"place" json:"place"`
	PlaceName   string `db:"place_name" json:"place_name"`
	Unit        string `db:"unit" json:"unit"`
	Allocated   Amount `db:"allocated" json:"allocated"`
	Paid        Amount `db:"paid" json:"paid"`
}

// Allocations lists what a fund ("" for all) was allocated to, by fund, place and
// project; units come first.
func (l *Ledger) Allocations(ctx context.Context, book Book, fund, place string, p Page) ([]Allocation, string, error) {
	after := strings.SplitN(p.After+"~~~", "~", 4)
	rows, err := collect[Allocation](ctx, l.Read, "allocations", `
		with given as (
			select q.fund, q.project, j.name as project_name, j.place, j.place_name, '' as unit, q.allocated, q.paid
			from proj.quota q
			cross join lateral (select name, place, place_name from proj.project where book = $1 and project = q.project limit 1) j
			where q.book = $1 and q.allocated <> 0
			union all
			select split_part(account, '/', 3), '', '', '', '', split_part(account, '/', 2), balance, 0
			from proj.account where book = $1 and account >= 'unit/' and account < 'unit0' and balance <> 0
		)
		select g.fund, f.name, f.document, f.level, g.project, g.project_name, g.place, g.place_name, g.unit, g.allocated, g.paid
		from given g
		cross join lateral (select name, document, level from proj.fund where book = $1 and fund = g.fund limit 1) f
		where ($2 = '' or g.fund = $2) and starts_with(g.place, $3) and (g.fund, g.place, g.project, g.unit) > ($4, $5, $6, $7)
		order by g.fund, g.place, g.project, g.unit limit $8`,
		book, fund, place, after[0], after[1], after[2], strings.Trim(after[3], "~"), p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r Allocation) string { return strings.Join([]string{r.Fund, r.Place, r.Project, r.Unit}, "~") })
	return rows, next, nil
}

// GrantSum is what one paid batch of grants brought to one village.
type GrantSum struct {
	Payment     string `db:"payment" json:"payment"`
	Purpose     string `db:"purpose" json:"purpose"`
	Project     string `db:"project" json:"project"`
	ProjectName string `db:"project_name" json:"project_name"`
	PaidOn      Date   `db:"paid_on" json:"paid_on"`
	// Village is the place's name where a project names it, else its code.
	Village string `db:"village" json:"village"`
	PlaceSum
}

// GrantSums lists what paid batches of grants brought to villages, of one batch or
// all (""), in a place or all (""): what may be shown on a portal.
func (l *Ledger) GrantSums(ctx context.Context, book Book, payment, place string, p Page) ([]GrantSum, string, error) {
	after, village, _ := strings.Cut(p.After, "~")
	args, only := []any{book, after, village, p.limit() + 1}, ""
	// Each condition stands only when it is asked for, so that its index is taken.
	if payment != "" {
		args = append(args, payment)
		only += " and g.payment = $" + strconv.Itoa(len(args))
	}
	if place != "" {
		args = append(args, place, place+":") // what follows all digits
		only += " and g.place >= $" + strconv.Itoa(len(args)-1) + " and g.place < $" + strconv.Itoa(len(args))
	}
	rows, err := collect[GrantSum](ctx, l.Read, "grants by place", `
		select p.payment, p.purpose, p.project, j.name, coalesce(p.paid_on::text, ''),
			coalesce((select n.place_name from proj.project n where n.book = $1 and n.place = v.place and n.place <> '' limit 1), v.place),
			v.place, v.households, v.amount, v.returned
		from (
			select g.payment, g.place, count(*) as households, sum(g.amount)::bigint as amount, sum(g.returned)::bigint as returned
			from proj.grant_line g where g.book = $1`+only+`
			group by g.payment, g.place
		) v
		cross join lateral (select payment, purpose, project, paid_on, state from proj.payment where book = $1 and payment = v.payment limit 1) p
		cross join lateral (select name from proj.project where book = $1 and project = p.project limit 1) j
		where p.state = 'paid' and (v.payment, v.place) > ($2, $3)
		order by v.payment, v.place limit $4`, args...)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r GrantSum) string { return r.Payment + "~" + r.Place })
	return rows, next, nil
}

// mostNews is how many payments and projects a feed looks at.
const mostNews = 50

// NewsIn lists the newest payments in a place, a division code or the beginning of
// one, newest first.
func (l *Ledger) NewsIn(ctx context.Context, book Book, place string) ([]Payment, []Project, error) {
	payments, err := collect[Payment](ctx, l.Read, "newest payments", paymentSchema.read+` where book = $1 and payment in (
			select v.payment from proj.project j
			cross join lateral (
				select p.payment, p.requested_seq from proj.payment p
				where p.project = j.project and p.book = j.book and p.requested_seq >= 0 order by p.requested_seq desc limit $3
			) v
			where j.book = $1 and starts_with(j.place, $2)
			order by v.requested_seq desc limit $3
		) order by requested_seq desc`, book, place, mostNews)
	if err != nil {
		return nil, nil, err
	}
	facts, err := collect[ProjectFacts](ctx, l.Read, "newest projects", projectSchema.read+`
		where book = $1 and starts_with(place, $2) order by greatest(listed_seq, approved_seq) desc limit $3`, book, place, mostNews)
	if err != nil {
		return nil, nil, err
	}
	projects, err := l.withTotals(ctx, book, facts)
	return payments, projects, err
}

// tenderKindNames are the kinds that tell of tenders and contracts, but for
// payments.
var tenderKindNames = []string{
	"tender.announced", "tender.changed", "tender.bid", "tender.opened", "tender.candidates", "tender.awarded", "tender.failed", "tender.exempted",
	"contract.signed", "contract.amended", "settlement.audited",
}

// TenderEvents lists what happened in the tenders and contracts of a project, all
// of it, in the order in which it took effect.
func (l *Ledger) TenderEvents(ctx context.Context, book Book, project string) ([]TimelineEvent, error) {
	return collect[TimelineEvent](ctx, l.Read, "events of tenders", `
		select e.project, e.at_seq, e.entry_seq, e.kind, e.on_day::text, e.amount, coalesce(r.by_seq, -1)
		from proj.event e left join proj.reversal r on r.book = e.book and r.target_key = e.entry_seq::text
		where e.book = $1 and e.project = $2 and e.kind = any($3) order by e.at_seq, e.entry_seq`, book, project, tenderKindNames)
}

// TenderedProjects lists the projects with a tender or contract, by id, at most
// MaxPage beyond after.
func (l *Ledger) TenderedProjects(ctx context.Context, book Book, after string) ([]string, error) {
	rows, err := l.Read.Query(ctx, `
		select project from proj.tender where book = $1 and project > $2
		union select project from proj.contract where book = $1 and project > $2
		order by project limit $3`, book, after, MaxPage)
	if err != nil {
		return nil, fmt.Errorf("list projects with tenders: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list projects with tenders: %w", err)
	}
	return ids, nil
}
