package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// paymentsView lists payments and grant batches, newest first.
type paymentsView struct {
	*frame
	Filter      ledger.PaymentFilter
	Payments    []ledger.Payment
	Next, After string
	States      []string
	Funds       []ledger.Fund
}

func (s *server) paymentsPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	p := &paymentsView{
		frame: f, After: c.QueryParam("after"), States: paymentStates,
		Filter: ledger.PaymentFilter{
			Project: c.QueryParam("project"), Fund: c.QueryParam("fund"), Payee: c.QueryParam("payee"),
			Contract: c.QueryParam("contract"), State: c.QueryParam("state"),
		},
	}
	if isPrivate(p.Filter.Payee) {
		return nil, echo.ErrNotFound
	}
	var err error
	if p.Funds, err = s.ledger.Funds(ctx, s.Book); err != nil {
		return nil, err
	}
	p.Payments, p.Next, err = s.ledger.Payments(ctx, s.Book, p.Filter, ledger.Page{After: p.After})
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
}

// Net is what is paid and was not returned.
func (p *paymentView) Net() ledger.Amount { return p.Payment.Amount - p.Payment.Returned }

func (s *server) paymentPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	p := &paymentView{frame: f}
	var err error
	if p.Payment, err = s.ledger.Payment(ctx, s.Book, c.Param("payment")); err != nil {
		return nil, err
	}
	if p.Project, err = s.ledger.Project(ctx, s.Book, p.Payment.Project); err != nil {
		return nil, err
	}
	if p.Fund, err = s.ledger.Fund(ctx, s.Book, p.Payment.Fund); err != nil {
		return nil, err
	}
	if p.Payment.Contract != "" {
		k, err := s.ledger.Contract(ctx, s.Book, p.Payment.Contract)
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
	sums, err := s.ledger.LinesByPlace(ctx, s.Book, p.Payment.Payment)
	if err != nil {
		return err
	}
	names := map[string]string{}
	if len(p.Project.Place) >= 9 {
		near, _, err := s.ledger.Projects(ctx, s.Book, ledger.ProjectFilter{Place: strings.TrimRight(p.Project.Place[:9], "0")}, ledger.Page{Limit: ledger.MaxPage})
		if err != nil {
			return err
		}
		names = villageNames(near)
	}
	for _, sum := range sums {
		p.Villages = append(p.Villages, villageGrant{PlaceSum: sum, Village: nameOf(names, sum.Place)})
		p.Total.Households += sum.Households
		p.Total.Amount += sum.Amount
		p.Total.Returned += sum.Returned
	}
	p.Checks = []check{{"check.villages", p.Total.Amount, p.Payment.Amount}}
	return nil
}

// payeesView lists who got money, most first. Private persons are left out.
type payeesView struct {
	*frame
	Payees      []ledger.Payee
	Next, After string
}

func (s *server) payeesPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	p := &payeesView{frame: f, After: c.QueryParam("after")}
	var err error
	p.Payees, p.Next, err = s.ledger.Payees(ctx, s.Book, ledger.Page{After: p.After})
	return p, err
}

// payeeView follows a firm's money back to the documents it came from (反查).
type payeeView struct {
	*frame
	Payee    ledger.Payee
	Shares   shareTable
	Payments []ledger.Payment
	More     bool
	Checks   []check
	Picture  *picture
}

func (s *server) payeePage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	key := c.Param("payee")
	if isPrivate(key) {
		return nil, echo.ErrNotFound
	}
	if batch, ok := strings.CutPrefix(key, "g-"); ok {
		return nil, c.Redirect(http.StatusFound, f.site.href(f.lang, "/payments/", batch))
	}
	p := &payeeView{frame: f}
	var err error
	if p.Payee, err = s.ledger.Payee(ctx, s.Book, key); err != nil {
		return nil, err
	}
	shares, err := s.ledger.TracePayee(ctx, s.Book, key)
	if err != nil {
		return nil, err
	}
	p.Shares = sharesOf(shares, mostShares)
	p.Checks = []check{{"check.payee", p.Shares.Paid, p.Payee.Paid}}
	var next string
	if p.Payments, next, err = s.ledger.Payments(ctx, s.Book, ledger.PaymentFilter{Payee: key}, ledger.Page{}); err != nil {
		return nil, err
	}
	p.More = next != ""
	if p.Shares.Paid > 0 {
		p.Picture = f.payeePicture(p, shares)
	}
	return p, nil
}
