package web

import (
	"context"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// paymentsView lists payments and grant batches, newest first.
type paymentsView struct {
	*frame
	Filter      ledger.PaymentFilter
	Table       table
	First, Next string
	State       wordFilter
	Funds       []ledger.Fund
}

func (s *server) paymentsPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	filter, after := known(paymentList, c.QueryParams()), c.QueryParam("after")
	p := &paymentsView{frame: f, State: f.choose(paymentList, filter, "state", "col.state", "state"), Filter: paymentFilter(filter)}
	var err error
	if p.Funds, err = f.ledger.Funds(ctx, s.Book); err != nil {
		return nil, err
	}
	if f.status != 0 {
		return p, nil
	}
	rows, next, err := paymentList.Read(ctx, f.ledger, s.Book, filter, ledger.Page{After: after})
	p.Table = paymentList.table(f, rows, filter)
	p.First, p.Next = f.pager(paymentList.Path, filter, after, next)
	return p, err
}

// paymentView is one payment, or one batch of grants in sums by village.
type paymentView struct {
	*frame
	Payment  ledger.Payment
	Project  ledger.Project
	Fund     ledger.Fund
	Contract *ledger.Contract
	Villages []villageGrant
	Total    ledger.PlaceSum
	Checks   []check
	// Grants are the files of the sums by village.
	Grants files
}

// Net is what is paid and was not returned.
func (p *paymentView) Net() ledger.Amount { return p.Payment.Amount - p.Payment.Returned }

func (s *server) paymentPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	p := &paymentView{frame: f}
	var err error
	if p.Payment, err = f.ledger.Payment(ctx, s.Book, c.Param("payment")); err != nil {
		return nil, err
	}
	if p.Project, err = f.ledger.Project(ctx, s.Book, p.Payment.Project); err != nil {
		return nil, err
	}
	if p.Fund, err = f.ledger.Fund(ctx, s.Book, p.Payment.Fund); err != nil {
		return nil, err
	}
	if p.Payment.Contract != "" {
		k, err := f.ledger.Contract(ctx, s.Book, p.Payment.Contract)
		if err != nil {
			return nil, err
		}
		p.Contract = &k
	}
	if p.Payment.Lines == 0 {
		return p, nil
	}
	return p, s.readVillages(ctx, p)
}

// readVillages sums the lines of a batch by village and holds the sum to the
// batch.
func (s *server) readVillages(ctx context.Context, p *paymentView) error {
	p.Grants = grantList.files(p.frame, url.Values{"payment": {p.Payment.Payment}})
	sums, err := p.ledger.LinesByPlace(ctx, s.Book, p.Payment.Payment)
	if err != nil {
		return err
	}
	names := map[string]string{}
	if len(p.Project.Place) >= 9 {
		near, _, err := p.ledger.Projects(ctx, s.Book, ledger.ProjectFilter{Place: ledger.RegionPrefix(p.Project.Place[:9])}, ledger.Page{Limit: ledger.MaxPage})
		if err != nil {
			return err
		}
		names = villageNames(near)
	}
	for _, sum := range sums {
		p.Villages = append(p.Villages, villageGrant{PlaceSum: sum, Village: p.village(names, sum.Place)})
		p.Total.Households += sum.Households
		p.Total.Amount += sum.Amount
		p.Total.Returned += sum.Returned
	}
	p.Checks = []check{{"check.villages", p.Total.Amount, p.Payment.Amount}}
	return nil
}

// payeeView follows a firm's money back to the documents it came from (反查).
type payeeView struct {
	*frame
	Payee  ledger.Payee
	Shares shareTable
	// Trace are the files of the shares.
	Trace        files
	PaymentTable table
	More         bool
	Checks       []check
	Picture      *picture
}

func (s *server) payeePage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	key := c.Param("payee")
	if isPrivate(key) {
		return nil, echo.ErrNotFound
	}
	if batch, ok := strings.CutPrefix(key, "g-"); ok {
		return nil, &elsewhere{f.site.href(f.lang, "/payments/", batch)}
	}
	p := &payeeView{frame: f}
	var err error
	if p.Payee, err = f.ledger.Payee(ctx, s.Book, key); err != nil {
		return nil, err
	}
	shares, err := f.ledger.TracePayee(ctx, s.Book, key)
	if err != nil {
		return nil, err
	}
	filter := url.Values{"payee": {key}}
	p.Shares = f.sharesOf(shares, mostShares, filter)
	p.Trace = p.Shares.Table.Files
	p.Checks = []check{{"check.payee", p.Shares.Paid, p.Payee.Paid}}
	payments, next, err := f.ledger.Payments(ctx, s.Book, ledger.PaymentFilter{Payee: key}, ledger.Page{})
	if err != nil {
		return nil, err
	}
	p.PaymentTable = paymentList.table(f, payments, filter)
	p.More = next != ""
	if p.Shares.Paid > 0 {
		p.Picture = f.payeePicture(p, shares)
	}
	return p, nil
}
