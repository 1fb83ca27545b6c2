package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// fundFigure and projectFigure are the totals that the entries give, under the
// names they are published under.
type fundFigure struct {
	Fund      string `json:"fund"`
	Received  string `json:"received"`
	InHand    string `json:"in_hand"`
	Allocated string `json:"allocated_unpaid"`
	Paid      string `json:"paid"`
	Returned  string `json:"returned"`
}

type projectFigure struct {
	Project   string `json:"project"`
	Budget    string `json:"budget"`
	Allocated string `json:"allocated"`
	Requested string `json:"requested"`
	Paid      string `json:"paid"`
	Contracts string `json:"contracts"`
}

// figures lists every total in the order of the names.
func (m *money) figures() ([]fundFigure, []projectFigure) {
	var funds []fundFigure
	for n, f := range m.funds {
		funds = append(funds, fundFigure{m.text(n), f.received.String(), f.inHand.String(), f.allocated.String(), f.paid.String(), f.returned.String()})
	}
	var projects []projectFigure
	for n, p := range m.projects {
		projects = append(projects, projectFigure{m.text(n), p.budget.String(), p.allocated.String(), p.requested.String(), p.paid.String(), p.contracts.String()})
	}
	slices.SortFunc(funds, func(a, b fundFigure) int { return cmp.Compare(a.Fund, b.Fund) })
	slices.SortFunc(projects, func(a, b projectFigure) int { return cmp.Compare(a.Project, b.Project) })
	return funds, projects
}

// sums is what all funds received and paid.
func (m *money) sums() (received, paid fen) {
	for _, f := range m.funds {
		received += f.received
		paid += f.paid
	}
	return received, paid
}

// published are figures that a page shows: those of a server's API, or saved
// from it.
type published struct {
	where string // address of the server, or a file
}

// shown is an answer of the API, or a file that holds several of them.
type shown struct {
	Items    []item         `json:"items"`
	Next     string         `json:"next"`
	Funds    []item         `json:"funds"`
	Projects []item         `json:"projects"`
	Size     jsontext.Value `json:"size"`
}

// item is a fund or a project of an answer, of which only some members matter.
type item struct {
	fund    fundFigure
	project projectFigure
}

// UnmarshalJSONFrom reads the members of both: "allocated", "paid" and so on
// belong to whichever the item is.
func (i *item) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	value = value.Clone()
	if err := json.Unmarshal(value, &i.project); err != nil {
		return err
	}
	return json.Unmarshal(value, &i.fund)
}

// compare holds the published figures to those of the report.
func (p *published) compare(ctx context.Context, book string, r *report) {
	funds, projects, size, err := p.read(ctx, book)
	if err != nil {
		r.unsure("公布数未能读取：%v", "the published figures could not be read: %v", err)
		return
	}
	if size >= 0 && uint64(size) != r.Size {
		r.unsure("公布数截至第 %d 条，检查点截至第 %d 条，请待二者一致时再核对", "the figures are of %d entries, the checkpoint of %d; compare when both agree", size, r.Size)
		return
	}
	if len(funds) > 0 {
		compareFigures(r, "资金", "fund", funds, r.Funds, func(f fundFigure) string { return f.Fund })
	}
	if len(projects) > 0 {
		compareFigures(r, "项目", "project", projects, r.Projects, func(p projectFigure) string { return p.Project })
	}
	if len(funds) == 0 {
		r.unsure("没有公布的资金合计", "no totals of funds are published")
	}
	if len(projects) == 0 {
		r.unsure("没有公布的项目合计", "no totals of projects are published")
	}
}

// compareFigures compares two lists by their names. What is published must be
// what the entries give, and nothing that has money may be left out.
func compareFigures[F comparable](r *report, zh, en string, shown, computed []F, name func(F) string) {
	byName := map[string]F{}
	for _, f := range shown {
		if _, twice := byName[name(f)]; twice {
			r.fail(zh+" %s 公布了两次", en+" %s is published twice", name(f))
			return
		}
		byName[name(f)] = f
	}
	wrong := 0
	for _, want := range computed {
		got, ok := byName[name(want)]
		delete(byName, name(want))
		if ok && got == want {
			continue
		}
		if wrong++; wrong > 10 {
			continue
		}
		if !ok {
			r.fail(zh+" %s 没有公布：%v", en+" %s is not published: %v", name(want), want)
			continue
		}
		r.fail(zh+" %s 公布数 %v，按分录应为 %v", en+" %s is published as %v, its entries give %v", name(want), got, want)
	}
	for unknown := range byName {
		wrong++
		r.fail(zh+" %s 已公布而账簿中没有", en+" %s is published and no entry knows it", unknown)
	}
	if wrong == 0 {
		r.pass(zh+" %d 项，公布数与分录相符", "the published figures of %d "+en+"s are those of the entries", len(computed))
	}
}

// read fetches all figures. size is the number of entries they are said to be
// of, -1 if nothing says it.
func (p *published) read(ctx context.Context, book string) (funds []fundFigure, projects []projectFigure, size int64, err error) {
	if !strings.HasPrefix(p.where, "http://") && !strings.HasPrefix(p.where, "https://") {
		b, err := os.ReadFile(p.where)
		if err != nil {
			return nil, nil, -1, err
		}
		var s shown
		if err := json.Unmarshal(b, &s); err != nil {
			return nil, nil, -1, fmt.Errorf("read %s: %w", p.where, err)
		}
		funds, projects = sortItems(slices.Concat(s.Items, s.Funds, s.Projects))
		return funds, projects, sizeOf(s.Size), nil
	}
	server, err := openSource(p.where)
	if err != nil {
		return nil, nil, -1, err
	}
	base := "api/v1/books/" + url.PathEscape(book)
	before, err := ask(ctx, server, base+"/head")
	if err != nil {
		return nil, nil, -1, err
	}
	list, err := ask(ctx, server, base+"/funds")
	if err != nil {
		return nil, nil, -1, err
	}
	items := list.Items
	for after := ""; ; {
		page, err := ask(ctx, server, base+"/projects?limit=500&after="+url.QueryEscape(after))
		if err != nil {
			return nil, nil, -1, err
		}
		items = append(items, page.Items...)
		if after = page.Next; after == "" {
			break
		}
	}
	head, err := ask(ctx, server, base+"/head")
	if err != nil {
		return nil, nil, -1, err
	}
	if sizeOf(before.Size) != sizeOf(head.Size) {
		return nil, nil, -1, fmt.Errorf("the book grew from %d to %d entries while its figures were read; try again", sizeOf(before.Size), sizeOf(head.Size))
	}
	funds, projects = sortItems(items)
	return funds, projects, sizeOf(head.Size), nil
}

// ask reads one answer of the API.
func ask(ctx context.Context, server source, path string) (shown, error) {
	var s shown
	b, err := server.read(ctx, path, nil)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("read %s: %w", path, err)
	}
	return s, nil
}

// sortItems parts funds from projects.
func sortItems(items []item) (funds []fundFigure, projects []projectFigure) {
	for _, i := range items {
		if i.fund.Fund != "" {
			funds = append(funds, i.fund)
		} else {
			projects = append(projects, i.project)
		}
	}
	return funds, projects
}

// sizeOf reads a number of entries, written as a number or a string.
func sizeOf(v jsontext.Value) int64 {
	n, err := strconv.ParseInt(strings.Trim(string(v), `"`), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
