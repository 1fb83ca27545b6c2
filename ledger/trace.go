package ledger

import (
	"context"
	"fmt"
)

// As says as of when a balance is asked: the zero As is now.
type As struct {
	// Seq is the last entry to count, when Given.
	Seq   Seq
	Given bool
	// Day is the last business day to count, or "".
	Day Date
}

// Balances lists accounts whose name begins with prefix, with their balance now,
// after an entry, or at the end of a business day. Accounts are named
// source/FUND, hand/FUND, unit/UNIT/FUND, project/PROJECT/FUND and payee/KEY.
func (l *Ledger) Balances(ctx context.Context, book Book, prefix string, as As, p Page) ([]Account, string, error) {
	args := []any{book, prefix, p.After, p.limit() + 1}
	sql := `
		select account, balance from proj.account
		where book = $1 and account >= $2 and account < $2 || '~' and account > $3 order by account limit $4`
	switch {
	case as.Given:
		args = append(args, as.Seq)
		sql = `
			select a.account, g.balance from proj.account a
			cross join lateral (
				select balance from proj.leg g
				where g.book = a.book and g.account = a.account and g.at_seq <= $5
				order by g.at_seq desc, g.entry_seq desc limit 1
			) g
			where a.book = $1 and a.account >= $2 and a.account < $2 || '~' and a.account > $3 order by a.account limit $4`
	case as.Day != "":
		args = append(args, as.Day)
		sql = `
			select a.account, t.balance from proj.account a
			cross join lateral (
				select sum(amount)::bigint as balance from proj.turnover t
				where t.book = a.book and t.account = a.account and t.on_day <= $5::text::date
			) t
			where a.book = $1 and a.account >= $2 and a.account < $2 || '~' and a.account > $3 and t.balance is not null
			order by a.account limit $4`
	}
	rows, err := collect[Account](ctx, l.Read, "balances", sql, args...)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r Account) string { return r.Account })
	return rows, next, nil
}

// Summary is where a book's money is, and how much there is of everything.
type Summary struct {
	Received  Amount `json:"received"`
	InHand    Amount `json:"in_hand"`
	Allocated Amount `json:"allocated_unpaid"`
	Paid      Amount `json:"paid"`
	Returned  Amount `json:"returned"`
	Funds     int64  `json:"funds"`
	Projects  int64  `json:"projects"`
	Payments  int64  `json:"payments"`
	// Households counts grant lines whose batch is paid, less returned ones.
	Households int64 `json:"household_grants"`
}

// Summary adds up a book.
func (l *Ledger) Summary(ctx context.Context, book Book) (Summary, error) {
	rows, err := collect[Summary](ctx, l.Read, "summary", `
		select coalesce(sum(received), 0)::bigint, coalesce(sum(in_hand), 0)::bigint, coalesce(sum(allocated), 0)::bigint,
			coalesce(sum(paid), 0)::bigint, coalesce(sum(returned), 0)::bigint, count(*),
			(select count(*) from proj.project where book = $1 and state not in ('listed', 'withdrawn')),
			(select count(*) from proj.payment where book = $1 and state = 'paid'),
			(select coalesce(sum(g.households), 0)::bigint from proj.payment p
				cross join lateral (select count(*) as households from proj.grant_line where payment = p.payment and book = $1 and returned < amount) g
				where p.book = $1 and p.state = 'paid' and p.lines > 0)
		from proj.fund where book = $1`, book)
	if err != nil {
		return Summary{}, err
	}
	return rows[0], nil
}

// Share is one step of a trace: how much of one fund went through one project
// to one payee. Paid is net of returns, so shares add up to the fund's paid.
type Share struct {
	Document    string `json:"document"`
	Fund        string `json:"fund"`
	FundName    string `json:"fund_name"`
	Level       string `json:"level"`
	Project     string `json:"project"`
	ProjectName string `json:"project_name"`
	Place       string `json:"place"`
	Contract    string `json:"contract"`
	Payee       string `json:"payee"`
	PayeeName   string `json:"payee_name"`
	// Lines is the number of households behind a grant batch.
	Lines    int64  `json:"households"`
	Payments int64  `json:"payments"`
	Paid     Amount `json:"paid"`
	Returned Amount `json:"returned"`
}

// shares is the whole trace; every question about it is a filter. Payments are added up
// before their fund and project are looked up, each by its key (as in Flows).
const shares = `
	select f.document, v.fund, f.name, f.level, v.project, j.name, j.place, v.contract, v.payee, v.payee_name, v.lines, v.payments, v.paid, v.returned
	from (
		select p.fund, p.project, p.contract, p.payee, p.payee_name,
			sum(p.lines)::bigint as lines, count(*) as payments, sum(p.amount - p.returned)::bigint as paid, sum(p.returned)::bigint as returned
		from proj.payment p where p.book = $1 and p.state = 'paid' and `

const sharesGroup = `
		group by 1, 2, 3, 4, 5
	) v
	cross join lateral (select document, name, level from proj.fund where book = $1 and fund = v.fund limit 1) f
	cross join lateral (select name, place from proj.project where book = $1 and project = v.project limit 1) j
	order by f.document, f.level, v.fund, j.place, v.project, v.payee, v.contract`

// FundTrace is where the money of a fund document went (正查): its lines, the
// projects that hold it, and who was paid.
type FundTrace struct {
	Funds  []Fund      `json:"funds"`
	Quotas []FundQuota `json:"projects"`
	Shares []Share     `json:"payees"`
}

// FundQuota is what one project has of a fund.
type FundQuota struct {
	Quota
	ProjectName string `json:"project_name"`
	Place       string `json:"place"`
	PlaceName   string `json:"place_name"`
	State       string `json:"state"`
}

// TraceFund follows one fund line (id) or a whole document (文号) forward. It is
// exact: every payment names the fund it draws on. ErrNotFound if there is none.
func (l *Ledger) TraceFund(ctx context.Context, book Book, fundOrDocument string) (FundTrace, error) {
	var t FundTrace
	var err error
	t.Funds, err = collect[Fund](ctx, l.Read, "funds", fundSchema.read+` where book = $1 and (fund = $2 or document = $2) order by level, fund`, book, fundOrDocument)
	if err != nil {
		return t, err
	}
	if len(t.Funds) == 0 {
		return t, fmt.Errorf("fund %s: %w", fundOrDocument, ErrNotFound)
	}
	ids := make([]string, len(t.Funds))
	for i, f := range t.Funds {
		ids[i] = f.Fund
	}
	t.Quotas, err = collect[FundQuota](ctx, l.Read, "quotas", `
		select q.quota, q.project, q.fund, q.budget, q.allocated, q.requested, q.paid, j.name, j.place, j.place_name, j.state
		from proj.quota q
		cross join lateral (select name, place, place_name, state from proj.project where book = $1 and project = q.project limit 1) j
		where q.book = $1 and q.fund = any($2) order by j.place, q.project, q.fund`, book, ids)
	if err != nil {
		return t, err
	}
	t.Shares, err = collect[Share](ctx, l.Read, "shares", shares+`p.fund = any($2)`+sharesGroup, book, ids)
	return t, err
}

// Trace lists who was paid from which fund through which project, all of it: the
// county has as many rows as payees times projects.
func (l *Ledger) Trace(ctx context.Context, book Book) ([]Share, error) {
	return collect[Share](ctx, l.Read, "shares", shares+`true`+sharesGroup, book)
}

// QuotaSums adds up, by fund, what projects have of it.
func (l *Ledger) QuotaSums(ctx context.Context, book Book) (map[string]Quota, error) {
	rows, err := collect[Quota](ctx, l.Read, "sums of quotas", `
		select '', '', fund, sum(budget)::bigint, sum(allocated)::bigint, sum(requested)::bigint, sum(paid)::bigint
		from proj.quota where book = $1 group by fund`, book)
	sums := make(map[string]Quota, len(rows))
	for _, q := range rows {
		sums[q.Fund] = q
	}
	return sums, err
}

// TraceProject lists who was paid from which fund through one project.
func (l *Ledger) TraceProject(ctx context.Context, book Book, project string) ([]Share, error) {
	return collect[Share](ctx, l.Read, "shares", shares+`p.project = $2`+sharesGroup, book, project)
}

// TracePayee follows a payee's money back to the documents it came from (反查).
func (l *Ledger) TracePayee(ctx context.Context, book Book, payee string) ([]Share, error) {
	return collect[Share](ctx, l.Read, "shares", shares+`p.payee = $2`+sharesGroup, book, payee)
}

// PersonShare is one grant or payment to a private person, with its source.
type PersonShare struct {
	Document    string `json:"document"`
	Fund        string `json:"fund"`
	FundName    string `json:"fund_name"`
	Level       string `json:"level"`
	Project     string `json:"project"`
	ProjectName string `json:"project_name"`
	Payment     string `json:"payment"`
	Line        int64  `json:"line"`
	Purpose     string `json:"purpose"`
	PaidOn      Date   `json:"paid_on"`
	Paid        Amount `json:"paid"`
	Returned    Amount `json:"returned"`
}

// TracePerson follows a private person's money back to its documents, household
// grants and single payments alike. The ID number is turned into a keyed token
// and stored nowhere; asking is for officers only.
func (l *Ledger) TracePerson(ctx context.Context, book Book, idNumber string) ([]PersonShare, error) {
	if !ValidIDNumber(idNumber) {
		return nil, &Invalid{[]Problem{problem("id_number", "身份证号不对（GB 11643）", "not a valid ID number (GB 11643)")}}
	}
	return l.TraceKey(ctx, book, personKey(l.Sealer.Token(idNumber)))
}

// TraceKey is TracePerson for whom a projection names by a key: no number is needed,
// and the key is for officers only, too.
func (l *Ledger) TraceKey(ctx context.Context, book Book, person string) ([]PersonShare, error) {
	return collect[PersonShare](ctx, l.Read, "shares of a person", `
		select f.document, f.fund, f.name, f.level, p.project, j.name, p.payment, v.line, p.purpose, p.paid_on::text, v.paid, v.returned
		from (
			select payment, line, amount - returned as paid, returned from proj.grant_line where book = $1 and person = $2 and person <> ''
			union all
			select payment, 0, amount - returned, returned from proj.payment where book = $1 and payee = $2
		) v
		join proj.payment p on p.book = $1 and p.payment = v.payment and p.state = 'paid'
		join proj.fund f on f.book = $1 and f.fund = p.fund
		join proj.project j on j.book = $1 and j.project = p.project
		order by p.paid_on, p.payment, v.line`, book, person)
}

// AccountLine is a line of a grant that goes to the account of another one.
type AccountLine struct {
	Payment     string `json:"payment"`
	Line        int64  `json:"line"`
	Project     string `json:"project"`
	ProjectName string `json:"project_name"`
	Purpose     string `json:"purpose"`
	On          Date   `json:"on"`
	State       string `json:"state"`
	Amount      Amount `json:"amount"`
	// Other is set when it is another person's.
	Other bool `json:"other"`
}

// mostAlike is how many lines to one account are listed, the newest first.
const mostAlike = 200

// SameAccount lists the other lines of grants to the account of a line (同一账户), by a
// keyed token: nobody sees the number. It is for officers only.
func (l *Ledger) SameAccount(ctx context.Context, book Book, payment string, line int64) ([]AccountLine, error) {
	return collect[AccountLine](ctx, l.Read, "lines to one account", `
		select b.payment, b.line, p.project, j.name, p.purpose, p.on_day::text, p.state, b.amount - b.returned, b.person <> a.person
		from proj.grant_line a
		join proj.grant_line b on b.book = a.book and b.account = a.account and b.account <> '' and b.line_key <> a.line_key
		join proj.payment p on p.book = b.book and p.payment = b.payment
		join proj.project j on j.book = p.book and j.project = p.project
		where a.book = $1 and a.payment = $2 and a.line = $3
		order by b.seq desc limit $4`, book, payment, line, mostAlike)
}

// Flow is one band of the fund-flow picture: level → fund → township → class of
// payee. Class is firm, household or person; "" is allocated and unpaid. Bands
// of a fund add up to what its projects got; what units still hold is not in one.
type Flow struct {
	Level    string `json:"level"`
	Fund     string `json:"fund"`
	FundName string `json:"fund_name"`
	// Township is the 9-digit code of where the project lies.
	Township string `json:"township"`
	Class    string `json:"class"`
	Amount   Amount `json:"amount"`
}

// Flows adds up the whole book for the fund-flow picture. Projects and funds are looked
// up one by one by their keys: what a planner knows of a young book lets it join them by
// reading all projects for each payment.
func (l *Ledger) Flows(ctx context.Context, book Book) ([]Flow, error) {
	return collect[Flow](ctx, l.Read, "flows", `
		with paid as (
			select fund, project, case when payee like 'g-%' then 'household' when payee like 'p-%' then 'person' else 'firm' end as class,
				sum(amount - returned) as amount
			from proj.payment where book = $1 and state = 'paid' group by 1, 2, 3
		), unpaid as (
			select fund, project, '', allocated - paid from proj.quota where book = $1
		), by_township as (
			select v.fund, left(j.place, 9) as township, v.class, sum(v.amount)::bigint as amount
			from (table paid union all table unpaid) v
			cross join lateral (select place from proj.project where book = $1 and project = v.project limit 1) j
			where v.amount <> 0
			group by 1, 2, 3
		)
		select f.level, v.fund, f.name, v.township, v.class, v.amount
		from by_township v
		cross join lateral (select level, name from proj.fund where book = $1 and fund = v.fund limit 1) f
		order by f.level, v.fund, v.township, v.class`, book)
}
