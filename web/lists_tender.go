package web

import (
	"context"
	"net/url"

	"yilu/ledger"
)

// The public lists of 招投标.

// tenderFilter reads the filters of lists of tenders and contracts.
func tenderFilter(v url.Values) ledger.TenderFilter {
	return ledger.TenderFilter{Project: v.Get("project"), Supplier: v.Get("supplier")}
}

var tenderList = &listing[ledger.TenderLine]{
	Path: "/tenders", Title: "nav.tenders", Caption: "caption.tenders", Filters: []string{"project", "supplier"},
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, v url.Values, p ledger.Page) ([]ledger.TenderLine, string, error) {
		return l.TenderLines(ctx, book, tenderFilter(v), p)
	},
	Gone: func(r ledger.TenderLine) bool { return r.State == ledger.StateWithdrawn },
	Columns: []column[ledger.TenderLine]{
		{"name", "col.tender", "", false, func(f *frame, r ledger.TenderLine) cell {
			c := f.entryCell(r.Seq)
			return cell{Text: r.Name, Zh: true, To: c.To}
		}},
		{"tender", "field.tender", "", true, func(_ *frame, r ledger.TenderLine) cell { return cell{Text: r.Tender.Tender} }},
		{"project_name", "col.project", "", false, func(f *frame, r ledger.TenderLine) cell { return f.linkCell(r.ProjectName, "/p/", r.Project) }},
		{"project", "field.project", "", true, func(_ *frame, r ledger.TenderLine) cell { return cell{Text: r.Project} }},
		{"place_code", "field.place", "", true, func(_ *frame, r ledger.TenderLine) cell { return cell{Text: r.Place} }},
		{"method", "field.method", "", false, func(f *frame, r ledger.TenderLine) cell { return codeCell(f, "method", r.Method) }},
		{"category", "field.category", "", true, func(f *frame, r ledger.TenderLine) cell { return codeCell(f, "category", r.Category) }},
		{"state", "col.state", "", false, func(f *frame, r ledger.TenderLine) cell { return tagCell(f, "state", r.State) }},
		{"bids", "col.bids", "n", false, func(_ *frame, r ledger.TenderLine) cell { return countCell(r.Bids) }},
		{"estimate", "field.estimate", "n", false, func(_ *frame, r ledger.TenderLine) cell { return amountCell(r.Estimate) }},
		{"winner", "tender.winner", "", false, func(f *frame, r ledger.TenderLine) cell {
			if r.Winner == "" {
				return cell{}
			}
			return f.linkCell(r.WinnerName, "/bidders/", r.Winner)
		}},
		{"winner_code", "col.payee_code", "", true, func(_ *frame, r ledger.TenderLine) cell { return cell{Text: r.Winner} }},
		{"price", "col.price", "n", false, func(_ *frame, r ledger.TenderLine) cell {
			if r.Winner == "" {
				return cell{}
			}
			return amountCell(r.Price)
		}},
		{"entry", "col.entry", "", true, func(f *frame, r ledger.TenderLine) cell { return f.entryCell(r.Seq) }},
	},
}

var bidList = &listing[ledger.BidLine]{
	Path: "/bids", Title: "nav.bids", Caption: "caption.bids", Filters: []string{"project", "bidder"},
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, v url.Values, p ledger.Page) ([]ledger.BidLine, string, error) {
		return l.BidLines(ctx, book, ledger.BidFilter{Project: v.Get("project"), Bidder: v.Get("bidder")}, p)
	},
	Gone: func(r ledger.BidLine) bool { return r.Withdrawn },
	Columns: []column[ledger.BidLine]{
		{"bidder", "col.bidder", "", false, func(f *frame, r ledger.BidLine) cell { return f.linkCell(r.Name, "/bidders/", r.Bidder) }},
		{"bidder_code", "col.payee_code", "", true, func(_ *frame, r ledger.BidLine) cell { return cell{Text: r.Bidder} }},
		{"tender_name", "col.tender", "", false, func(_ *frame, r ledger.BidLine) cell { return bookCell(r.TenderName) }},
		{"tender", "field.tender", "", true, func(_ *frame, r ledger.BidLine) cell { return cell{Text: r.Tender} }},
		{"project_name", "col.project", "", false, func(f *frame, r ledger.BidLine) cell { return f.linkCell(r.ProjectName, "/p/", r.Project) }},
		{"project", "field.project", "", true, func(_ *frame, r ledger.BidLine) cell { return cell{Text: r.Project} }},
		{"received_at", "col.bid_at", "", true, func(_ *frame, r ledger.BidLine) cell { return cell{Text: r.At} }},
		{"result", "col.result", "", false, func(f *frame, r ledger.BidLine) cell {
			switch {
			case r.Withdrawn:
				return cell{Text: f.t("bid.withdrawn"), Code: "withdrawn", Form: "tag"}
			case r.Winner == r.Bidder:
				return cell{Text: f.t("tender.winner"), Code: "won", Form: "tag"}
			case r.Winner == "":
				return cell{Text: f.t("bid.open"), Code: "open"}
			}
			return cell{Text: f.t("bid.lost"), Code: "lost"}
		}},
		{"amount", "col.amount", "n", false, func(_ *frame, r ledger.BidLine) cell {
			c := amountCell(r.Amount)
			if r.Withdrawn {
				c.Form = "del"
			}
			return c
		}},
		{"entry", "col.entry", "", false, func(f *frame, r ledger.BidLine) cell { return f.entryCell(r.Seq) }},
	},
}

var bidderList = &listing[ledger.Bidder]{
	Path: "/bidders", Title: "nav.bidders", Caption: "caption.bidders", Note: "bidders.note",
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, _ url.Values, p ledger.Page) ([]ledger.Bidder, string, error) {
		return l.Bidders(ctx, book, p)
	},
	Columns: []column[ledger.Bidder]{
		{"bidder", "col.bidder", "", false, func(f *frame, r ledger.Bidder) cell { return f.linkCell(r.Name, "/bidders/", r.Bidder) }},
		{"code", "col.payee_code", "", true, func(_ *frame, r ledger.Bidder) cell { return cell{Text: r.Bidder} }},
		{"bids", "col.bids", "n", false, func(_ *frame, r ledger.Bidder) cell { return countCell(r.Bids) }},
		{"won", "col.won", "n", false, func(_ *frame, r ledger.Bidder) cell { return countCell(r.Won) }},
		{"price", "col.price", "n", false, func(_ *frame, r ledger.Bidder) cell { return amountCell(r.Price) }},
	},
}

var contractList = &listing[ledger.ContractLine]{
	Path: "/contracts", Title: "nav.contracts", Caption: "caption.contracts", Filters: []string{"project", "supplier"},
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, v url.Values, p ledger.Page) ([]ledger.ContractLine, string, error) {
		return l.ContractLines(ctx, book, tenderFilter(v), p)
	},
	Gone: func(r ledger.ContractLine) bool { return r.Withdrawn },
	Columns: []column[ledger.ContractLine]{
		{"name", "col.contract", "", false, func(f *frame, r ledger.ContractLine) cell {
			c := f.entryCell(r.Seq)
			return cell{Text: r.Name, Zh: true, To: c.To}
		}},
		{"contract", "field.contract", "", true, func(_ *frame, r ledger.ContractLine) cell { return cell{Text: r.Contract.Contract} }},
		{"tender", "field.tender", "", true, func(_ *frame, r ledger.ContractLine) cell { return cell{Text: r.Tender} }},
		{"project_name", "col.project", "", false, func(f *frame, r ledger.ContractLine) cell { return f.linkCell(r.ProjectName, "/p/", r.Project) }},
		{"project", "field.project", "", true, func(_ *frame, r ledger.ContractLine) cell { return cell{Text: r.Project} }},
		{"supplier", "col.supplier", "", false, func(f *frame, r ledger.ContractLine) cell { return f.linkCell(r.SupplierName, "/bidders/", r.Supplier) }},
		{"supplier_code", "col.payee_code", "", true, func(_ *frame, r ledger.ContractLine) cell { return cell{Text: r.Supplier} }},
		{"day", "col.day", "", false, func(_ *frame, r ledger.ContractLine) cell { return dayCell(r.On) }},
		{"signed", "col.signed", "n", false, func(_ *frame, r ledger.ContractLine) cell {
			c := amountCell(r.Signed)
			if r.Withdrawn {
				c.Form = "del"
			}
			return c
		}},
		{"amended", "col.amended", "n", false, func(_ *frame, r ledger.ContractLine) cell { return amountCell(r.Amount) }},
		{"settled", "col.settled", "n", false, func(_ *frame, r ledger.ContractLine) cell {
			if r.Settled == 0 {
				return cell{}
			}
			return amountCell(r.Settled)
		}},
		{"paid", "col.paid", "n", false, func(_ *frame, r ledger.ContractLine) cell { return amountCell(r.Paid) }},
		{"withdrawn", "col.effect", "", true, func(f *frame, r ledger.ContractLine) cell {
			if r.Withdrawn {
				return cell{Text: f.t("entry.gone"), Code: "none"}
			}
			return cell{}
		}},
		{"entry", "col.entry", "", true, func(f *frame, r ledger.ContractLine) cell { return f.entryCell(r.Seq) }},
	},
}
