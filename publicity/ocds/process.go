package ocds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"yilu/ledger"
)

// Process is a tender, or a contract without one, with all that was told of it.
type Process struct {
	OCID     string
	Releases []*Release
	Compiled *Release
}

// step is something that happened, at the seq at which it took effect.
type step struct {
	at    ledger.Seq
	entry *ledger.Entry
	// undone is set for the taking back of the entry.
	undone bool
	// payment is set for a payment.
	payment *ledger.Payment
}

// history is everything about the tenders and contracts of one project.
type history struct {
	project ledger.Project
	budget  *Budget
	steps   []step
	// at are the entries at whose time a step happened.
	at map[ledger.Seq]*ledger.Entry
}

// Processes reads the processes of a project, ErrNotFound if it has none. Give it a
// snapshot of the ledger: it asks several questions.
func (p *Publisher) Processes(ctx context.Context, l *ledger.Ledger, project string) ([]*Process, error) {
	h, err := p.read(ctx, l, project)
	if err != nil {
		return nil, err
	}
	b := &builder{publisher: p, history: h, processes: map[string]*process{}, of: map[string]*process{}}
	for _, s := range h.steps {
		b.take(s)
	}
	var out []*Process
	for _, id := range slices.Sorted(maps.Keys(b.processes)) {
		out = append(out, b.processes[id].done())
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("tenders of project %s: %w", project, ledger.ErrNotFound)
	}
	return out, nil
}

// read gathers the steps of a project in the order in which they took effect.
func (p *Publisher) read(ctx context.Context, l *ledger.Ledger, project string) (*history, error) {
	h := &history{}
	var err error
	if h.project, err = l.Project(ctx, p.Book, project); err != nil {
		return nil, err
	}
	events, err := l.TenderEvents(ctx, p.Book, project)
	if err != nil {
		return nil, err
	}
	if err := h.readBudget(ctx, l, p.Book); err != nil {
		return nil, err
	}
	payments, err := contractPayments(ctx, l, p.Book, project)
	if err != nil {
		return nil, err
	}
	var seqs []ledger.Seq
	for _, e := range events {
		seqs = append(seqs, e.Entry, e.At)
		if e.ReversedBy != ledger.None {
			seqs = append(seqs, e.ReversedBy)
		}
	}
	for _, pay := range payments {
		seqs = append(seqs, pay.Paid)
	}
	if h.at, err = l.EntriesAt(ctx, p.Book, slices.Compact(slices.Sorted(slices.Values(seqs)))); err != nil {
		return nil, err
	}
	for _, e := range events {
		h.steps = append(h.steps, step{at: e.At, entry: h.at[e.Entry]})
		if e.ReversedBy != ledger.None {
			h.steps = append(h.steps, step{at: e.ReversedBy, entry: h.at[e.Entry], undone: true})
		}
	}
	for i := range payments {
		h.steps = append(h.steps, step{at: payments[i].Paid, payment: &payments[i]})
	}
	slices.SortStableFunc(h.steps, func(a, b step) int { return int(a.at - b.at) })
	return h, nil
}

// readBudget reads what the project may cost, and from which funds.
func (h *history) readBudget(ctx context.Context, l *ledger.Ledger, book ledger.Book) error {
	h.budget = &Budget{ID: h.project.Document, Project: h.project.Name, ProjectID: h.project.Project, Amount: yuan(h.project.Budget)}
	quotas, err := l.Quotas(ctx, book, h.project.Project)
	if err != nil {
		return err
	}
	for _, q := range quotas {
		fund, err := l.Fund(ctx, book, q.Fund)
		if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		h.budget.Breakdown = append(h.budget.Breakdown, Breakdown{ID: q.Fund, Description: strings.TrimSpace(fund.Name + " " + fund.Document), Amount: yuan(q.Budget)})
	}
	return nil
}

// contractPayments are the payments of a project that were paid under a contract.
func contractPayments(ctx context.Context, l *ledger.Ledger, book ledger.Book, project string) ([]ledger.Payment, error) {
	var all []ledger.Payment
	for after := ""; ; {
		rows, next, err := l.Payments(ctx, book, ledger.PaymentFilter{Project: project, State: ledger.StatePaid}, ledger.Page{After: after, Limit: ledger.MaxPage})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.Contract != "" {
				all = append(all, r)
			}
		}
		if next == "" {
			return all, nil
		}
		after = next
	}
}

// partyOf names an organisation: by its code, else by its name.
func partyOf(p ledger.Party) Party {
	if p.Code != "" {
		return Party{ID: codeScheme + "-" + p.Code, Name: p.Name, Identifier: &Identifier{codeScheme, p.Code, p.Name}}
	}
	sum := sha256.Sum256([]byte(p.Name))
	return Party{ID: "name-" + hex.EncodeToString(sum[:8]), Name: p.Name}
}

// codeScheme is the register of unified social credit codes.
const codeScheme = "CN-USCC"

// midnight is the beginning of a day in Shanghai.
func midnight(d ledger.Date) string {
	if d == "" {
		return ""
	}
	return string(d) + "T00:00:00+08:00"
}

// seqText is a seq in an id.
func seqText(q ledger.Seq) string { return strconv.FormatInt(int64(q), 10) }
