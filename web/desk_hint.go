package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"yilu/ledger"
)

// What stands beside the inputs: how much is left of what an amount is drawn on (指标
// 余额), and suggestions for the names of things.

// mostPicks bounds each list of suggestions.
const mostPicks = 200

// pick is a suggestion: what is typed, and what it is.
type pick struct{ Value, Text string }

// complete fills in what follows from what was typed: the supplier of a contract, and
// the project of a contract.
func (s *server) complete(ctx context.Context, f *deskForm) error {
	for n := range f.entries() {
		if f.kind(n) != "payment.requested" {
			continue
		}
		at := nth(n) + ".body."
		contract := strings.TrimSpace(f.values.Get(at + "contract"))
		if contract == "" || f.values.Get(at+"payee.name") != "" || f.values.Get(at+"payee.code") != "" || f.values.Get(nth(n)+".sealed.payee_name") != "" {
			continue
		}
		k, err := s.ledger.Contract(ctx, s.Book, contract)
		if errors.Is(err, ledger.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		f.values.Set(at+"payee.name", k.SupplierName)
		if code := firmCode(k.Supplier); code != "" {
			f.values.Set(at+"payee.code", code)
		}
		if f.values.Get(at+"project") == "" {
			f.values.Set(at+"project", k.Project)
		}
	}
	return nil
}

// firmCode is the credit code of a payee, "" where the key is none.
func firmCode(payee string) string {
	if strings.HasPrefix(payee, "n-") {
		return ""
	}
	return payeeCode(payee).Text
}

// hint puts what is left beside the amounts, and gathers the suggestions that the
// inputs ask for.
func (s *server) hint(ctx context.Context, p *formView) error {
	wanted := map[string]bool{}
	for _, e := range p.Entries {
		picksOf(wanted, e.inputs())
		rest, err := s.rest(ctx, p.frame, e.Kind, func(name string) string { return strings.TrimSpace(p.form.values.Get(nth(e.N) + ".body." + name)) })
		if err != nil {
			return err
		}
		if in := find(e.Inputs, nth(e.N)+".body.amount"); in != nil {
			in.Rest = rest
		}
	}
	p.Lists = map[string][]pick{}
	for what := range wanted {
		list, err := s.picks(ctx, p.frame, what, "")
		if err != nil {
			return err
		}
		p.Lists[what] = list
	}
	return nil
}

func picksOf(wanted map[string]bool, all []*input) {
	for _, in := range all {
		if in.Picks != "" {
			wanted[in.Picks] = true
		}
		picksOf(wanted, in.Parts)
		picksOf(wanted, in.Rows)
	}
}

// rest says what is left of what an entry draws on, in sentences. typed gives a member
// of the body.
func (s *server) rest(ctx context.Context, f *frame, kind ledger.Kind, typed func(name string) string) ([]string, error) {
	var out []string
	say := func(key string, args ...any) { out = append(out, f.t(key, args...)) }
	fund, project := typed("fund"), typed("project")
	if plain(fund) && fund != "" && strings.HasPrefix(string(kind), "fund.") {
		x, err := s.ledger.Fund(ctx, s.Book, fund)
		if err == nil {
			say("rest.fund", x.Name, x.InHand.Comma())
		} else if !errors.Is(err, ledger.ErrNotFound) {
			return nil, err
		}
	}
	if plain(project) && project != "" {
		quotas, err := s.ledger.Quotas(ctx, s.Book, project)
		if err != nil {
			return nil, err
		}
		for _, q := range quotas {
			switch {
			case fund != "" && q.Fund != fund:
			case kind == "fund.allocated":
				say("rest.budget", q.Fund, (q.Budget - q.Allocated).Comma(), q.Budget.Comma())
			default:
				say("rest.quota", q.Fund, q.Available().Comma(), q.Allocated.Comma(), q.Paid.Comma(), q.Requested.Comma())
			}
		}
	}
	if contract := typed("contract"); plain(contract) && contract != "" {
		k, err := s.ledger.Contract(ctx, s.Book, contract)
		if err == nil {
			say("rest.contract", k.Name, k.Available().Comma(), k.Limit().Comma())
		} else if !errors.Is(err, ledger.ErrNotFound) {
			return nil, err
		}
	}
	if payment := typed("payment"); plain(payment) && payment != "" && kind == "payment.returned" {
		x, err := s.ledger.Payment(ctx, s.Book, payment)
		if err == nil {
			say("rest.payment", (x.Amount - x.Returned).Comma())
		} else if !errors.Is(err, ledger.ErrNotFound) {
			return nil, err
		}
	}
	return out, nil
}

// picks are suggestions for the name of a thing, those that hold a text or, without
// one, the first.
func (s *server) picks(ctx context.Context, f *frame, what, text string) (out []pick, err error) {
	holds := func(parts ...string) bool { return text == "" || strings.Contains(strings.Join(parts, " "), text) }
	switch what {
	case "fund":
		funds, err := s.ledger.Funds(ctx, s.Book)
		for _, x := range funds {
			if holds(x.Fund, x.Name, x.Document) && len(out) < mostPicks {
				out = append(out, pick{x.Fund, f.t("pick.fund", x.Name, x.Document, x.InHand.Comma())})
			}
		}
		return out, err
	case "project":
		projects, _, err := s.ledger.Projects(ctx, s.Book, ledger.ProjectFilter{Text: text}, ledger.Page{Limit: mostPicks})
		for _, x := range projects {
			out = append(out, pick{x.Project, x.Name})
		}
		return out, err
	case "contract":
		contracts, _, err := s.ledger.ContractLines(ctx, s.Book, ledger.TenderFilter{}, ledger.Page{Limit: mostPicks})
		for _, x := range contracts {
			if holds(x.Contract.Contract, x.Name, x.SupplierName) {
				out = append(out, pick{x.Contract.Contract, x.Name + " · " + x.SupplierName})
			}
		}
		return out, err
	case "payment":
		payments, _, err := s.ledger.Payments(ctx, s.Book, ledger.PaymentFilter{State: ledger.StateApproved}, ledger.Page{Limit: mostPicks})
		for _, x := range payments {
			out = append(out, pick{x.Payment, x.Purpose + " · " + x.Amount.Comma()})
		}
		return out, err
	case "party":
		payees, _, err := s.ledger.Payees(ctx, s.Book, ledger.Page{Limit: mostPicks})
		for _, x := range payees {
			if !isPrivate(x.Payee) && !strings.HasPrefix(x.Payee, "g-") && holds(x.Name) {
				out = append(out, pick{x.Name, firmCode(x.Payee)})
			}
		}
		return out, err
	}
	return nil, nil
}

// restAnswer is what the script of a form gets when an amount's source changes.
type restAnswer struct {
	Rest []string `json:"rest"`
}

// restPage tells the script of a form what is left. The names come in the address: they
// are public ids.
func (s *server) restPage(c *call, o *officer) error {
	q := c.query("kind", "fund", "project", "contract", "payment")
	for _, name := range []string{"kind", "fund", "project", "contract", "payment"} {
		q.text(name)
	}
	if err := q.err(); err != nil {
		return err
	}
	rest, err := s.rest(c.ctx(), o.frame, ledger.Kind(q.values.Get("kind")), q.values.Get)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, restAnswer{rest})
}
