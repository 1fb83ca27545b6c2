package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"yilu/ledger"
	"yilu/ledger/sheet"
)

// Lines that a bank could not credit are asked for again, as a batch of their own once
// their accounts are mended. It is read as a grant sheet is, and waits for approval.

// askAgain submits the chosen lines.
func (s *server) askAgain(c *call, o *officer) error {
	p := &bankBatch{officer: o, Business: c.said("day"), ID: c.FormValue("id")}
	if !plain(p.ID) || len(p.ID) != len(newWord()) {
		p.ID = newWord()
	}
	var err error
	if p.Payment, p.Project, err = s.batchOf(c); err != nil {
		return err
	}
	if err := s.mayEnter(); err != nil {
		return err
	}
	if p.Payment.State == ledger.StatePaid {
		if err := s.readFailed(c, p); err != nil {
			return err
		}
	}
	r, err := s.submitAgain(c, p)
	if problems, ok := sheetProblems(err); ok {
		p.Problems = nil
		for _, x := range problems {
			p.Problems = append(p.Problems, o.lang.pick(x.Text))
		}
		return s.keepAgain(c, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/batches/", r))
}

// keepAgain shows the batch again with the accounts that were typed.
func (s *server) keepAgain(c *call, p *bankBatch) error {
	p.template = "bankbatch"
	for i := range p.Failed {
		p.Failed[i].Chosen = slices.Contains(c.Request().Form["line"], fmt.Sprint(int64(p.Failed[i].Line)))
		p.Failed[i].Replace = clip(c.said(fmt.Sprintf("account-%d", p.Failed[i].Line)), 40)
	}
	return s.showStaff(c, http.StatusUnprocessableEntity, p)
}

// submitAgain makes the batch of the chosen lines and returns its submission.
func (s *server) submitAgain(c *call, p *bankBatch) (string, error) {
	chosen := slices.DeleteFunc(slices.Clone(p.Failed), func(l bankLine) bool { return !slices.Contains(c.Request().Form["line"], fmt.Sprint(int64(l.Line))) })
	if len(chosen) == 0 {
		return "", one("line", "请至少选择一户", "choose at least one household")
	}
	content, err := s.againSheet(c.ctx(), p, chosen, func(l bankLine) string { return clip(c.said(fmt.Sprintf("account-%d", l.Line)), 40) })
	if err != nil {
		return "", err
	}
	src, err := sheet.Open("重发.csv", bytes.NewReader(content), int64(len(content)), "")
	if err != nil {
		return "", err
	}
	defer func() { _ = src.Close() }() // in memory
	o := sheet.Options{Book: s.Book, By: c.who.by(), On: s.today()}
	if o.Known, err = sheet.KnownOf(c.ctx(), s.ledger, s.Book); err != nil {
		return "", err
	}
	b, err := sheet.Read(src, sheet.Grant, o)
	if err != nil {
		return "", err
	}
	r, err := b.Import(c.ctx(), s.ledger)
	if same, ok := errors.AsType[*sheet.SameFile](err); ok { // sent twice: the form's own name is in it
		return same.Submission.Submission, nil
	}
	if errors.Is(err, sheet.ErrBadRows) {
		return "", againProblems(b, chosen)
	}
	return r.Submission, err
}

// againProblems names the household of each problem.
func againProblems(b *sheet.Batch, chosen []bankLine) error {
	wrong := &ledger.Invalid{}
	for _, x := range b.Problems {
		text := x.Text
		if i := x.Row - gridTop - 1; i >= 0 && i < len(chosen) {
			text = ledger.Text{Zh: fmt.Sprintf("第 %d 行 %s：%s", chosen[i].Line, x.Header, x.Zh), En: fmt.Sprintf("line %d %s: %s", chosen[i].Line, x.Header, x.En)}
		}
		wrong.Problems = append(wrong.Problems, ledger.Problem{Field: "line", Rule: x.Rule, Text: text})
	}
	return wrong
}

// againSheet writes a grant sheet of lines, with the accounts that replace the old ones.
func (s *server) againSheet(ctx context.Context, p *bankBatch, chosen []bankLine, account func(bankLine) string) ([]byte, error) {
	head, err := s.ledger.Entry(ctx, s.Book, p.Payment.Requested)
	if err != nil {
		return nil, err
	}
	request, ok := head.Body.(*ledger.GrantRequested)
	if !ok {
		return nil, ledger.ErrNotFound
	}
	var seqs []ledger.Seq
	var numbers []uint64
	for _, l := range chosen {
		seqs, numbers = append(seqs, l.Seq), append(numbers, uint64(l.Seq))
	}
	entries, err := s.ledger.EntriesAt(ctx, s.Book, seqs)
	if err != nil {
		return nil, err
	}
	values, err := s.ledger.Sealer.OpenMany(ctx, s.Pool, string(s.Book), numbers)
	if err != nil {
		return nil, err
	}
	lines := [][]string{{sheet.Grant.Zh, p.ID}, {"户主", "身份证号", "账号", "区划代码", "资金编号", "项目编号", "补助项目", "发放期间", "标准", "数量", "金额", "人员类别", "批次", "电话"}}
	for _, l := range chosen {
		line, ok := entries[l.Seq].Body.(*ledger.GrantLine)
		if !ok {
			return nil, ledger.ErrNotFound
		}
		v := values[uint64(l.Seq)]
		to := strings.TrimSpace(account(l))
		if to == "" {
			to = v["payee_account"].Value
		}
		lines = append(lines, []string{
			v["payee_name"].Value, v["id_number"].Value, to, line.Place, request.Fund, request.Project, request.Item, request.Period,
			line.Standard.String(), line.Quantity, line.Amount.String(), line.Category, p.Next, v["phone"].Value,
		})
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(lines); err != nil {
		return nil, fmt.Errorf("write grant sheet: %w", err)
	}
	return b.Bytes(), nil
}
