package web

import (
	"cmp"
	"context"
	"net/url"

	"yilu/ledger"
)

// The public lists. One more list is one more value here, its sentences, and its
// place in outlets.

// outlets are all public lists: each has its files, and a line on the page of data.
var outlets = []outlet{
	fundList, allocationList, projectList, tenderList, bidList, bidderList, contractList, paymentList, grantList, payeeList, noticeList, objectionList, traceList, entryList,
}

// whole gives a list that is read in one piece.
func whole[R any](rows []R, err error) ([]R, string, error) { return rows, "", err }

var fundList = &listing[ledger.Fund]{
	Path: "/funds", Title: "nav.funds", Caption: "caption.funds",
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, _ url.Values, _ ledger.Page) ([]ledger.Fund, string, error) {
		return whole(fundsInOrder(ctx, l, book))
	},
	Columns: []column[ledger.Fund]{
		{"name", "col.fund", "", false, func(f *frame, r ledger.Fund) cell { return f.linkCell(r.Name, "/funds/", r.Fund) }},
		{"fund", "field.fund", "", true, func(_ *frame, r ledger.Fund) cell { return cell{Text: r.Fund} }},
		{"document", "col.document", "", false, func(f *frame, r ledger.Fund) cell { return f.documentCell(r.Document) }},
		{"level", "col.level", "lv", false, func(f *frame, r ledger.Fund) cell { return codeCell(f, "level", r.Level) }},
		{"year", "field.year", "", true, func(_ *frame, r ledger.Fund) cell { return cell{Text: r.Year} }},
		{"issued", "field.issued", "", true, func(_ *frame, r ledger.Fund) cell { return dayCell(r.Issued) }},
		{"function_code", "field.function_code", "", true, func(_ *frame, r ledger.Fund) cell { return cell{Text: r.FunctionCode} }},
		{"principle", "field.principle", "", true, func(_ *frame, r ledger.Fund) cell { return bookCell(r.Principle) }},
		{"received", "money.received", "n", false, func(_ *frame, r ledger.Fund) cell { return amountCell(r.Received) }},
		{"in_hand", "money.hand", "n", false, func(_ *frame, r ledger.Fund) cell { return amountCell(r.InHand) }},
		{"allocated_unpaid", "money.allocated", "n", false, func(_ *frame, r ledger.Fund) cell { return amountCell(r.Allocated) }},
		{"paid", "money.paid", "n", false, func(_ *frame, r ledger.Fund) cell { return amountCell(r.Paid) }},
		{"returned", "money.returned", "n", false, func(_ *frame, r ledger.Fund) cell { return amountCell(r.Returned) }},
		{"entry", "col.entry", "", true, func(f *frame, r ledger.Fund) cell { return f.entryCell(r.Seq) }},
	},
}

// fundTable shows funds with their totals.
func fundTable(f *frame, funds []ledger.Fund) table {
	m := moneyOf(funds)
	return fundList.table(f, funds, nil).total(f, map[string]ledger.Amount{
		"received": m.Received, "in_hand": m.InHand, "allocated_unpaid": m.Allocated, "paid": m.Paid, "returned": m.Returned,
	})
}

// 资金分配结果: what the public must be told of each fund.
var allocationList = &listing[ledger.Allocation]{
	Path: "/allocations", Title: "nav.allocations", Caption: "caption.allocations", Filters: []string{"fund", "place"},
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, v url.Values, p ledger.Page) ([]ledger.Allocation, string, error) {
		return l.Allocations(ctx, book, v.Get("fund"), v.Get("place"), p)
	},
	Columns: []column[ledger.Allocation]{
		{"to", "col.given_to", "", false, func(f *frame, r ledger.Allocation) cell {
			if r.Project == "" {
				return cell{Text: f.t("unit.holds", r.Unit), File: r.Unit}
			}
			return f.linkCell(r.ProjectName, "/p/", r.Project)
		}},
		{"project", "field.project", "", true, func(_ *frame, r ledger.Allocation) cell { return cell{Text: r.Project} }},
		{"place", "col.place", "", false, func(f *frame, r ledger.Allocation) cell { return f.placeCell(r.Place, r.PlaceName) }},
		{"place_code", "field.place", "", true, func(_ *frame, r ledger.Allocation) cell { return cell{Text: r.Place} }},
		{"fund_name", "col.fund", "", false, func(f *frame, r ledger.Allocation) cell {
			c := f.linkCell(r.FundName, "/funds/", r.Fund)
			c.More = "(" + f.name("level", r.Level) + ")"
			return c
		}},
		{"fund", "field.fund", "", true, func(_ *frame, r ledger.Allocation) cell { return cell{Text: r.Fund} }},
		{"document", "col.document", "", false, func(f *frame, r ledger.Allocation) cell { return f.documentCell(r.Document) }},
		{"level", "col.level", "", true, func(f *frame, r ledger.Allocation) cell { return codeCell(f, "level", r.Level) }},
		{"allocated", "col.allocated", "n", false, func(_ *frame, r ledger.Allocation) cell { return amountCell(r.Allocated) }},
		{"paid", "col.paid", "n", false, func(_ *frame, r ledger.Allocation) cell { return amountCell(r.Paid) }},
	},
}

var projectList = &listing[ledger.Project]{
	Path: "/projects", Title: "nav.projects", Caption: "caption.projects", Filters: []string{"place", "type", "state", "fund", "text"},
	Words: map[string][]string{"type": projectTypes(), "state": projectStates},
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, v url.Values, p ledger.Page) ([]ledger.Project, string, error) {
		return l.Projects(ctx, book, projectFilter(v), p)
	},
	Gone: func(r ledger.Project) bool {
		return r.State == ledger.StateCancelled || r.State == ledger.StateWithdrawn
	},
	Columns: []column[ledger.Project]{
		{"name", "col.project", "", false, func(f *frame, r ledger.Project) cell { return f.linkCell(r.Name, "/p/", r.Project) }},
		{"project", "field.project", "", true, func(_ *frame, r ledger.Project) cell { return cell{Text: r.Project} }},
		{"place", "col.place", "", false, func(f *frame, r ledger.Project) cell { return f.placeCell(r.Place, r.PlaceName) }},
		{"place_code", "field.place", "", true, func(_ *frame, r ledger.Project) cell { return cell{Text: r.Place} }},
		{"type", "col.type", "", false, func(f *frame, r ledger.Project) cell { return codeCell(f, "type", r.Type) }},
		{"subtype", "field.subtype", "", true, func(_ *frame, r ledger.Project) cell { return bookCell(r.Subtype) }},
		{"state", "col.state", "", false, func(f *frame, r ledger.Project) cell { return tagCell(f, "state", r.State) }},
		{"content", "field.content", "", true, func(_ *frame, r ledger.Project) cell { return bookCell(r.Content) }},
		{"unit", "project.unit", "", true, func(_ *frame, r ledger.Project) cell { return bookCell(r.Unit) }},
		{"responsible", "field.responsible", "", true, func(_ *frame, r ledger.Project) cell { return bookCell(r.Responsible) }},
		{"document", "project.approval", "", true, func(_ *frame, r ledger.Project) cell { return bookCell(r.Document) }},
		{"start", "field.start", "", true, func(_ *frame, r ledger.Project) cell { return dayCell(r.Start) }},
		{"finish", "field.finish", "", true, func(_ *frame, r ledger.Project) cell { return dayCell(r.Finish) }},
		{"targets", "field.targets", "", true, func(_ *frame, r ledger.Project) cell { return bookCell(r.Targets) }},
		{"linkage", "field.linkage", "", true, func(_ *frame, r ledger.Project) cell { return bookCell(r.Linkage) }},
		{"beneficiaries", "field.beneficiaries", "", true, func(_ *frame, r ledger.Project) cell { return countCell(r.Beneficiaries) }},
		{"budget", "col.budget", "n", false, func(_ *frame, r ledger.Project) cell { return amountCell(r.Budget) }},
		{"allocated", "col.allocated", "n", false, func(_ *frame, r ledger.Project) cell { return amountCell(r.Allocated) }},
		{"contracts", "project.contracts", "", true, func(_ *frame, r ledger.Project) cell { return amountCell(r.Contracts) }},
		{"paid", "col.paid", "n", false, func(_ *frame, r ledger.Project) cell { return amountCell(r.Paid) }},
	},
}

// projectFilter reads the filters of a list of projects.
func projectFilter(v url.Values) ledger.ProjectFilter {
	return ledger.ProjectFilter{Place: v.Get("place"), Type: v.Get("type"), State: v.Get("state"), Fund: v.Get("fund"), Text: clip(v.Get("text"), 100)}
}

var paymentList = &listing[ledger.Payment]{
	Path: "/payments", Title: "nav.payments", Caption: "caption.payments", Note: "payments.note",
	Filters: []string{"project", "fund", "payee", "contract", "state"}, Words: map[string][]string{"state": paymentStates},
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, v url.Values, p ledger.Page) ([]ledger.Payment, string, error) {
		filter := paymentFilter(v)
		if isPrivate(filter.Payee) {
			return nil, "", ledger.ErrNotFound
		}
		return l.Payments(ctx, book, filter, p)
	},
	Columns: []column[ledger.Payment]{
		{"payment", "col.payment", "", false, func(f *frame, r ledger.Payment) cell {
			return cell{Text: r.Payment, To: f.site.href(f.lang, "/payments/", r.Payment)}
		}},
		{"day", "col.day", "", false, func(_ *frame, r ledger.Payment) cell { return dayCell(cmp.Or(r.PaidOn, r.On)) }},
		{"requested_on", "payment.requested_on", "", true, func(_ *frame, r ledger.Payment) cell { return dayCell(r.On) }},
		{"paid_on", "payment.paid_on", "", true, func(_ *frame, r ledger.Payment) cell { return dayCell(r.PaidOn) }},
		{"payee", "col.payee", "", false, func(f *frame, r ledger.Payment) cell { return f.payeeCell(r.Payee, r.PayeeName, r.Lines) }},
		{"payee_code", "col.payee_code", "", true, func(_ *frame, r ledger.Payment) cell { return payeeCode(r.Payee) }},
		{"households", "col.householdcount", "", true, func(_ *frame, r ledger.Payment) cell { return countCell(r.Lines) }},
		{"purpose", "col.purpose", "", false, func(_ *frame, r ledger.Payment) cell { return bookCell(r.Purpose) }},
		{"project", "field.project", "", true, func(_ *frame, r ledger.Payment) cell { return cell{Text: r.Project} }},
		{"fund", "field.fund", "", true, func(_ *frame, r ledger.Payment) cell { return cell{Text: r.Fund} }},
		{"contract", "field.contract", "", true, func(_ *frame, r ledger.Payment) cell { return cell{Text: r.Contract} }},
		{"stage", "field.stage", "", true, func(f *frame, r ledger.Payment) cell { return codeCell(f, "part", r.Stage) }},
		{"state", "col.state", "", false, func(f *frame, r ledger.Payment) cell { return tagCell(f, "state", r.State) }},
		{"amount", "col.amount", "n", false, func(_ *frame, r ledger.Payment) cell {
			c := amountCell(r.Amount)
			if !r.Effective() {
				c.Form = "del"
			}
			return c
		}},
		{"returned", "col.returned", "n", false, func(_ *frame, r ledger.Payment) cell { return amountCell(r.Returned) }},
		{"entry", "col.entry", "", true, func(f *frame, r ledger.Payment) cell { return f.entryCell(r.Requested) }},
	},
}

// paymentFilter reads the filters of a list of payments.
func paymentFilter(v url.Values) ledger.PaymentFilter {
	return ledger.PaymentFilter{Project: v.Get("project"), Fund: v.Get("fund"), Payee: v.Get("payee"), Contract: v.Get("contract"), State: v.Get("state")}
}

var grantList = &listing[ledger.GrantSum]{
	Path: "/grants", Title: "nav.grants", Caption: "caption.grants", Note: "grants.note", Filters: []string{"payment", "place"},
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, v url.Values, p ledger.Page) ([]ledger.GrantSum, string, error) {
		return l.GrantSums(ctx, book, v.Get("payment"), v.Get("place"), p)
	},
	Columns: []column[ledger.GrantSum]{
		{"purpose", "col.grant", "", false, func(f *frame, r ledger.GrantSum) cell { return f.linkCell(r.Purpose, "/payments/", r.Payment) }},
		{"payment", "col.payment", "", true, func(_ *frame, r ledger.GrantSum) cell { return cell{Text: r.Payment} }},
		{"place", "col.village", "", false, func(f *frame, r ledger.GrantSum) cell {
			if !isVillage(r.Place) {
				return f.placeCell(r.Place, r.Village)
			}
			return f.linkCell(f.village(map[string]string{r.Place: r.Village}, r.Place), "/places/", r.Place)
		}},
		{"place_code", "field.place", "", true, func(_ *frame, r ledger.GrantSum) cell { return cell{Text: r.Place} }},
		{"project_name", "col.project", "", false, func(f *frame, r ledger.GrantSum) cell { return f.linkCell(r.ProjectName, "/p/", r.Project) }},
		{"project", "field.project", "", true, func(_ *frame, r ledger.GrantSum) cell { return cell{Text: r.Project} }},
		{"day", "col.day", "", false, func(_ *frame, r ledger.GrantSum) cell { return dayCell(r.PaidOn) }},
		{"households", "col.householdcount", "n", false, func(_ *frame, r ledger.GrantSum) cell { return countCell(r.Households) }},
		{"returned", "col.returned", "n", false, func(_ *frame, r ledger.GrantSum) cell { return amountCell(r.Returned) }},
		{"amount", "col.amount", "n", false, func(_ *frame, r ledger.GrantSum) cell { return amountCell(r.Amount) }},
	},
}

var payeeList = &listing[ledger.Payee]{
	Path: "/payees", Title: "nav.payees", Caption: "caption.payees", Note: "payees.note",
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, _ url.Values, p ledger.Page) ([]ledger.Payee, string, error) {
		return l.Payees(ctx, book, p)
	},
	Columns: []column[ledger.Payee]{
		{"payee", "col.payee", "", false, func(f *frame, r ledger.Payee) cell { return f.payeeCell(r.Payee, r.Name, 0) }},
		{"code", "col.payee_code", "", true, func(_ *frame, r ledger.Payee) cell { return payeeCode(r.Payee) }},
		{"payments", "col.payments", "n", false, func(_ *frame, r ledger.Payee) cell { return countCell(r.Payments) }},
		{"requested", "col.requested_all", "n", false, func(_ *frame, r ledger.Payee) cell { return amountCell(r.Requested) }},
		{"paid", "col.paid", "n", false, func(_ *frame, r ledger.Payee) cell { return amountCell(r.Paid) }},
	},
}

// traceList is the last step of a trace: of a fund, a document, a project, a payee,
// or of everything. It has no page of its own, but stands on theirs.
var traceList = &listing[share]{
	Path: "/trace", Title: "nav.documents", Caption: "caption.shares", Note: "payments.note", Filters: []string{"fund", "no", "project", "payee"},
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, v url.Values, _ ledger.Page) ([]share, string, error) {
		rows, err := tracedShares(ctx, l, book, v)
		return joinPersons(rows).Rows, "", err
	},
	Columns: []column[share]{
		{"payee", "col.payee", "", false, func(f *frame, r share) cell {
			if r.Persons > 0 {
				return cell{Text: f.t("payee.persons", r.Persons)}
			}
			return f.payeeCell(r.Payee, r.PayeeName, r.Lines)
		}},
		{"payee_code", "col.payee_code", "", true, func(_ *frame, r share) cell { return payeeCode(r.Payee) }},
		{"households", "col.householdcount", "", true, func(_ *frame, r share) cell { return countCell(r.Lines) }},
		{"project_name", "col.project", "", false, func(f *frame, r share) cell { return f.linkCell(r.ProjectName, "/p/", r.Project) }},
		{"project", "field.project", "", true, func(_ *frame, r share) cell { return cell{Text: r.Project} }},
		{"place_code", "field.place", "", true, func(_ *frame, r share) cell { return cell{Text: r.Place} }},
		{"contract", "field.contract", "", true, func(_ *frame, r share) cell { return cell{Text: r.Contract} }},
		{"fund_name", "col.fund", "", false, func(f *frame, r share) cell {
			c := f.linkCell(r.FundName, "/funds/", r.Fund)
			c.More = "(" + f.name("level", r.Level) + ")"
			return c
		}},
		{"fund", "field.fund", "", true, func(_ *frame, r share) cell { return cell{Text: r.Fund} }},
		{"document", "col.document", "", true, func(f *frame, r share) cell { return f.documentCell(r.Document) }},
		{"payments", "col.payments", "n", false, func(_ *frame, r share) cell { return countCell(r.Payments) }},
		{"returned", "col.returned", "n", false, func(_ *frame, r share) cell { return amountCell(r.Returned) }},
		{"paid", "col.net", "n", false, func(_ *frame, r share) cell { return amountCell(r.Paid) }},
	},
}

// tracedShares is the trace that the filters name.
func tracedShares(ctx context.Context, l *ledger.Ledger, book ledger.Book, v url.Values) ([]ledger.Share, error) {
	switch {
	case v.Get("project") != "":
		return l.TraceProject(ctx, book, v.Get("project"))
	case isPrivate(v.Get("payee")):
		return nil, ledger.ErrNotFound
	case v.Get("payee") != "":
		return l.TracePayee(ctx, book, v.Get("payee"))
	case v.Get("fund") != "" || v.Get("no") != "":
		t, err := l.TraceFund(ctx, book, cmp.Or(v.Get("fund"), v.Get("no")))
		return t.Shares, err
	}
	return l.Trace(ctx, book)
}

// entryRow is an entry in a list: what and how much, in one line.
type entryRow struct {
	*ledger.Entry
	Amount ledger.Amount
	// HasAmount tells an amount of zero from none.
	HasAmount bool
	// Void is set when the entry has no effect any more, or never had.
	Void bool
}

// noticeList are the notices as files; their page is page_notice.go's.
var noticeList = &listing[ledger.Notice]{
	Path: "/notices", Title: "nav.notices", Caption: "caption.notices", Filters: []string{"stage", "level", "place", "state"},
	Words: map[string][]string{"stage": noticeStages, "level": noticeLevels, "state": noticeStates},
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, v url.Values, p ledger.Page) ([]ledger.Notice, string, error) {
		return l.Notices(ctx, book, ledger.NoticeFilter{Stage: v.Get("stage"), Level: v.Get("level"), Place: v.Get("place"), State: v.Get("state")}, p)
	},
	Columns: []column[ledger.Notice]{
		{"title", "col.notice", "", false, func(f *frame, r ledger.Notice) cell { return f.linkCell(r.Title, "/notices/", r.Notice) }},
		{"notice", "field.notice", "", true, func(_ *frame, r ledger.Notice) cell { return cell{Text: r.Notice} }},
		{"matter", "notice.matter", "", false, func(f *frame, r ledger.Notice) cell { return codeCell(f, "notice_stage", r.Stage) }},
		{"level", "notice.publisher", "", false, func(f *frame, r ledger.Notice) cell { return codeCell(f, "notice_level", r.Level) }},
		{"issuer", "notice.issuer", "", false, func(_ *frame, r ledger.Notice) cell { return bookCell(r.Issuer) }},
		{"place_code", "field.place", "", true, func(_ *frame, r ledger.Notice) cell { return cell{Text: r.Place} }},
		{"starts", "notice.starts", "", false, func(_ *frame, r ledger.Notice) cell { return dayCell(r.Starts) }},
		{"ends", "notice.ends", "", false, func(_ *frame, r ledger.Notice) cell { return dayCell(r.Ends) }},
		{"ended", "notice.ended", "", true, func(_ *frame, r ledger.Notice) cell { return dayCell(r.Ended) }},
		{"state", "col.state", "", false, func(f *frame, r ledger.Notice) cell { return codeCell(f, "state", r.State) }},
		{"total", "notice.total", "n", false, func(_ *frame, r ledger.Notice) cell { return amountCell(r.Total) }},
		{"objections", "notice.objections", "n", true, func(_ *frame, r ledger.Notice) cell { return countCell(r.Objections) }},
		{"code", "notice.code", "", true, func(_ *frame, r ledger.Notice) cell { return cell{Text: r.Code} }},
		{"entry", "col.entry", "", true, func(f *frame, r ledger.Notice) cell { return f.entryCell(r.Posted) }},
	},
}

var entryList = &listing[entryRow]{
	Path: "/entries", Title: "nav.entries", Caption: "caption.entries", Note: "entries.note",
	Read: readEntryRows,
	Columns: []column[entryRow]{
		{"entry", "col.seq", "", false, func(f *frame, r entryRow) cell { return f.entryCell(r.Seq) }},
		{"kind", "col.kind", "", false, func(f *frame, r entryRow) cell {
			c := codeCell(f, "kind", string(r.Kind))
			if r.Void {
				c.Form, c.More = "del", f.t("entry.gone")
			}
			return c
		}},
		{"effect", "col.effect", "", true, func(f *frame, r entryRow) cell {
			if r.Void {
				return cell{Text: f.t("entry.gone"), Code: "none"}
			}
			return cell{}
		}},
		{"day", "col.day", "", false, func(_ *frame, r entryRow) cell { return dayCell(r.On) }},
		{"recorded_at", "entry.at", "", true, func(_ *frame, r entryRow) cell { return cell{Text: instant(r.At)} }},
		{"unit", "col.unit", "", false, func(f *frame, r entryRow) cell {
			return cell{Text: r.By.Unit + " " + f.t("role."+string(r.By.Role)), File: r.By.Unit}
		}},
		{"role", "col.role", "", true, func(f *frame, r entryRow) cell {
			return cell{Text: f.t("role." + string(r.By.Role)), Code: string(r.By.Role)}
		}},
		{"corrects", "entry.corrects", "", true, func(f *frame, r entryRow) cell { return f.entryCell(r.Corrects) }},
		{"amount", "col.amount", "n", false, func(_ *frame, r entryRow) cell {
			if !r.HasAmount {
				return cell{}
			}
			c := amountCell(r.Amount)
			if r.Void {
				c.Form = "del"
			}
			return c
		}},
		{"leaf_hash", "entry.leaf", "", true, func(_ *frame, r entryRow) cell { return cell{Text: hexText(r.LeafHash[:])} }},
	},
}
