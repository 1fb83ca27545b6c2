package publicity

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"yilu/ledger"
	"yilu/publicity/workday"
)

// Order says which notice to compose (拟稿): of which entries, by whom, from when. What
// is left empty follows from the entries and the policy.
type Order struct {
	Stage, Level, Channel string
	// Entries are those it is about, in the order of its rows.
	Entries []ledger.Seq
	// Issuer signs it on the day Signed; it hangs from the day Starts.
	Issuer         string
	Signed, Starts ledger.Date
	Contacts       ledger.NoticeContacts
	// Place, PlaceName and Title may be given; Period is that of a statement.
	Place, PlaceName, Title, Period string
	// Days is how many days it hangs, at least what the policy asks for; 0 is that.
	Days int
}

// mostDays is the longest posting, as for the county's own terms.
const mostDays = 400

// Compose makes a notice of the entries that it is about, in the layout of its stage:
// the head and the table filled with what the book knows, the total computed, the last
// day counted. What the book does not know stays empty, and [Missing] names it.
func (d *Duties) Compose(ctx context.Context, book ledger.Book, o Order) (ledger.NoticeContent, error) {
	c := &composer{Duties: d, book: book, out: ledger.NoticeContent{
		About: o.Entries, Channel: o.Channel, Contacts: o.Contacts, Issuer: o.Issuer, Level: o.Level, Period: o.Period, Place: o.Place, PlaceName: o.PlaceName,
		Signed: o.Signed, Stage: o.Stage, Starts: o.Starts, Title: o.Title,
	}, funds: map[string]ledger.Fund{}, projects: map[string]ledger.Project{}, plans: map[string]plan{}}
	var err error
	if c.names, err = d.Ledger.Places(ctx, book); err != nil {
		return c.out, err
	}
	found, err := d.Ledger.EntriesAt(ctx, book, o.Entries)
	if err != nil {
		return c.out, err
	}
	for _, q := range o.Entries {
		if found[q] == nil {
			return c.out, fmt.Errorf("entry %d: %w", q, ledger.ErrNotFound)
		}
		c.entries = append(c.entries, found[q])
	}
	layout, ok := layouts[o.Stage]
	if !ok {
		return c.out, fmt.Errorf("stage %q has no layout: %w", o.Stage, ledger.ErrNotFound)
	}
	if err := layout(ctx, c); err != nil {
		return c.out, err
	}
	c.out.Total = c.out.Sum()
	c.head()
	return c.out, c.lastDay(ctx, o.Days)
}

// composer is one notice in the making.
type composer struct {
	*Duties
	book     ledger.Book
	out      ledger.NoticeContent
	entries  []*ledger.Entry
	funds    map[string]ledger.Fund
	projects map[string]ledger.Project
	plans    map[string]plan
	// years are those that the entries are of, names those of places.
	years []string
	names ledger.Places
}

// layouts fill the head and the table of each stage.
var layouts = map[string]func(context.Context, *composer) error{
	"P0": composeDocuments, "P1": composeAllocation, "P2": composeLibrary, "P3": composePlan, "P4": composePlan,
	"P5b": composeCandidates, "P5c": composeResults, "P6": composePayments, "P7": composeAcceptance, "P8": composeGrants,
	"P9": composeFulfilled, "P11": composeArrears,
}

func (c *composer) fact(field, value string) {
	if value != "" {
		c.out.Facts = append(c.out.Facts, ledger.NoticeFact{Field: field, Value: value})
	}
}

func (c *composer) line(a ledger.Amount, values ...string) {
	c.out.Lines = append(c.out.Lines, ledger.NoticeLine{Amount: a, Values: values})
}

func (c *composer) fund(ctx context.Context, id string) (ledger.Fund, error) {
	if f, ok := c.funds[id]; ok {
		return f, nil
	}
	f, err := c.Ledger.Fund(ctx, c.book, id)
	c.funds[id] = f
	return f, err
}

func (c *composer) project(ctx context.Context, id string) (ledger.Project, error) {
	if p, ok := c.projects[id]; ok {
		return p, nil
	}
	p, err := c.Ledger.Project(ctx, c.book, id)
	if err == nil && c.out.Level != "county" {
		c.out.Place, c.out.PlaceName = cmp.Or(c.out.Place, p.Place), cmp.Or(c.out.PlaceName, p.PlaceName)
	}
	c.projects[id] = p
	return p, err
}

// head fills in place and title.
func (c *composer) head() {
	county := c.names.Of(string(c.book)).Name
	c.out.Place = cmp.Or(c.out.Place, string(c.book)+"000000")
	c.out.PlaceName = cmp.Or(c.out.PlaceName, county)
	c.out.Title = cmp.Or(c.out.Title, c.title())
}

// lastDay counts the last day of a posting by the policy or by the county's own term, or
// of a longer one that is asked for.
func (c *composer) lastDay(ctx context.Context, days int) error {
	d, ok := DutyOf(c.out.Stage, c.out.Level, c.out.Starts)
	if !ok {
		return nil
	}
	if err := c.CatchUp(ctx, c.book); err != nil {
		return err
	}
	terms, err := readTerms(ctx, c.Ledger.Read, c.book)
	if err != nil {
		return err
	}
	d = local(terms, d, c.out.Level, c.out.Place, c.out.Starts)
	if days != 0 && days < d.Minimum || days > mostDays {
		return &ledger.Invalid{Problems: []ledger.Problem{{Field: "days", Rule: "minimum", Text: ledger.Text{
			Zh: fmt.Sprintf("公示天数须为 %d 至 %d 天", d.Minimum, mostDays), En: fmt.Sprintf("want from %d to %d days", d.Minimum, mostDays)}}}}
	}
	if d.Minimum = max(d.Minimum, days); d.Minimum == 0 {
		return nil
	}
	if c.out.Ends, err = c.Calendar.PostingEnd(c.out.Starts, d.Minimum, d.Mode); err != nil && d.Mode == workday.Strict {
		return fmt.Errorf("last day of the posting: %w", err)
	}
	return err
}

// joinedOnce joins texts, each once, in their order.
func joinedOnce(texts []string) string {
	var once []string
	for _, t := range texts {
		if t != "" && !slices.Contains(once, t) {
			once = append(once, t)
		}
	}
	return strings.Join(once, "；")
}

// composeDocuments tells of fund documents (资金文件).
func composeDocuments(ctx context.Context, c *composer) error {
	c.out.Columns = []string{"fund", "level", "document"}
	var documents, texts []string
	for _, e := range c.entries {
		var fund, document string
		var a ledger.Amount
		switch b := e.Body.(type) {
		case *ledger.FundReceived:
			fund, document, a = b.Fund, b.Document, b.Amount
		case *ledger.FundAdjusted:
			fund, document, a = b.Fund, b.Document, max(b.Amount, -b.Amount)
		default:
			return c.unfit(e)
		}
		f, err := c.fund(ctx, fund)
		if err != nil {
			return err
		}
		c.of(f.Year)
		level := ledger.Levels.Name(f.Level).Zh
		documents = append(documents, document)
		texts = append(texts, fmt.Sprintf("%s下达%s（%s）%s元，预算年度%s。%s", level, f.Name, document, a.Comma(), f.Year, f.Principle))
		c.line(a, f.Name, level, document)
	}
	c.fact("document", joinedOnce(documents))
	c.fact("text", joinedOnce(texts))
	return nil
}

// composeAllocation has the three parts of Henan's notices: 一、资金来源 二、分配原则
// 三、分配情况.
func composeAllocation(ctx context.Context, c *composer) error {
	c.out.Columns = []string{"result", "place", "content", "unit"}
	sources := map[string]ledger.Amount{}
	var documents, names, principles []string
	for _, e := range c.entries {
		var fund, project, unit, document string
		var a ledger.Amount
		switch b := e.Body.(type) {
		case *ledger.FundAllocated:
			fund, project, unit, document, a = b.Fund, b.Project, b.Unit, b.Document, b.Amount
		case *ledger.FundRecalled:
			fund, project, unit, document, a = b.Fund, b.Project, b.Unit, b.Document, b.Amount
		default:
			return c.unfit(e)
		}
		f, err := c.fund(ctx, fund)
		if err != nil {
			return err
		}
		c.of(f.Year)
		documents, names, principles = append(documents, document), append(names, f.Name), append(principles, f.Principle)
		sources[f.Level] += a
		if project == "" {
			c.line(a, unit, "", "按部门安排", unit)
			continue
		}
		p, err := c.project(ctx, project)
		if err != nil {
			return err
		}
		c.line(a, p.Name, p.PlaceName, p.Content, p.Unit)
	}
	var from []string
	for _, level := range []string{"central", "province", "city", "county", "other"} {
		if a := sources[level]; a != 0 {
			from = append(from, ledger.Levels.Name(level).Zh+a.Comma()+"元")
		}
	}
	c.fact("document", joinedOnce(documents))
	c.fact("fund", joinedOnce(names))
	c.fact("source", joinedOnce(from))
	c.fact("principle", joinedOnce(principles))
	return nil
}

// unfit says that an entry has no place in the layout.
func (c *composer) unfit(e *ledger.Entry) error {
	return &ledger.Invalid{Problems: []ledger.Problem{{Field: "entries", Rule: "kind", Text: ledger.Text{
		Zh: fmt.Sprintf("第 %d 号分录不能列入“%s”公示", e.Seq, ledger.NoticeStages[c.out.Stage].Zh), En: fmt.Sprintf("entry %d is no matter of a notice of %s", e.Seq, ledger.NoticeStages[c.out.Stage].En)}}}}
}
