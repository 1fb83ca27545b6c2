package publicity

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"yilu/ledger"
)

// composeFulfilled tells how the plan of a year was fulfilled (年度计划完成情况): of each
// project that the entries approved, what was to be built, how far it is, and what was
// paid in the year.
func composeFulfilled(ctx context.Context, c *composer) error {
	c.out.Columns = []string{"name", "content", "progress", "targets"}
	for _, e := range c.entries {
		b, ok := e.Body.(*ledger.ProjectApproved)
		if !ok {
			return c.unfit(e)
		}
		p, err := c.project(ctx, b.Project)
		if err != nil {
			return err
		}
		paid, err := c.paidIn(ctx, b.Project, c.out.Period)
		if err != nil {
			return err
		}
		c.of(string(e.On))
		c.line(paid, p.Name, p.Content, ledger.States.Name(p.State).Zh, p.Targets)
	}
	if c.out.Period != "" {
		c.fact("period", c.out.Period)
	}
	return nil
}

// paidIn is what was paid for a project in a year.
func (c *composer) paidIn(ctx context.Context, project, year string) (ledger.Amount, error) {
	var sum ledger.Amount
	for page := (ledger.Page{Limit: ledger.MaxPage}); ; {
		payments, next, err := c.Ledger.Payments(ctx, c.book, ledger.PaymentFilter{Project: project, State: ledger.StatePaid}, page)
		if err != nil {
			return 0, err
		}
		for _, p := range payments {
			if strings.HasPrefix(string(p.PaidOn), year) {
				sum += p.Amount
			}
		}
		if next == "" {
			return sum, nil
		}
		page.After = next
	}
}

// composeArrears tells of what is overdue to small and medium firms (逾期尚未支付中小企业款项):
// how many of the contracts that the entries signed, and how much of them is unpaid.
// Which are overdue the officer says; without entries there are none.
func composeArrears(ctx context.Context, c *composer) error {
	c.out.Columns = []string{"contract", "unit", "contract_price", "cumulative"}
	for _, e := range c.entries {
		b, ok := e.Body.(*ledger.ContractSigned)
		if !ok {
			return c.unfit(e)
		}
		k, err := c.Ledger.Contract(ctx, c.book, b.Contract)
		if err != nil {
			return err
		}
		p, err := c.project(ctx, b.Project)
		if err != nil {
			return err
		}
		c.of(string(c.out.Starts))
		c.line(max(k.Limit()-k.Paid, 0), b.Name, p.Unit, k.Limit().Comma(), k.Paid.Comma())
	}
	c.fact("period", c.out.Period)
	c.fact("count", strconv.Itoa(len(c.entries)))
	c.fact("text", fmt.Sprintf("截至%s，上一年度逾期尚未支付中小企业款项的合同%d份，金额%s元。", c.out.Starts, len(c.entries), c.out.Sum().Comma()))
	return nil
}
