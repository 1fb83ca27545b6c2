package ledger

import "testing"

// TestInvalidBodies takes a valid body of the kinds that officers fill in most
// and spoils one field at a time.
func TestInvalidBodies(t *testing.T) {
	t.Parallel()
	testBody(t, []badBody[*FundReceived]{
		{func(b *FundReceived) { b.Fund = "资金1" }, "fund", "字母", "letters"},
		{func(b *FundReceived) { b.Document = " " }, "document", "必填", "required"},
		{func(b *FundReceived) { b.Level = "国家" }, "level", "central", "one of"},
		{func(b *FundReceived) { b.Amount = 0 }, "amount", "大于零", "above zero"},
		{func(b *FundReceived) { b.Amount = MaxAmount + 1 }, "amount", "单笔最多", "at most"},
		{func(b *FundReceived) { b.Year = "20" }, "year", "四位", "four digits"},
		{func(b *FundReceived) { b.FunctionCode = "21305x" }, "function_code", "功能科目", "function code"},
		{func(b *FundReceived) { b.Issued = "" }, "issued", "必填", "required"},
		{func(b *FundReceived) { b.Uses = []string{"roads"} }, "uses.0", "须为", "one of"},
		{func(b *FundReceived) { b.Name = "联系13800138000" }, "name", "手机号", "mobile"},
	})
	testBody(t, []badBody[*FundAllocated]{
		{func(b *FundAllocated) { b.Unit = "U9" }, "project", "只填一个", "either"},
		{func(b *FundAllocated) { b.Project = "" }, "project", "只填一个", "either"},
		{func(b *FundAllocated) { b.Amount = -1 }, "amount", "大于零", "above zero"},
	})
	testBody(t, []badBody[*ProjectApproved]{
		{func(b *ProjectApproved) { b.Targets = "" }, "targets", "必填", "required"},
		{func(b *ProjectApproved) { b.Place = "411025" }, "place", "12位", "12-digit"},
		{func(b *ProjectApproved) { b.Finish = "2020-01-01" }, "finish", "不得早于", "before"},
		{func(b *ProjectApproved) { b.Budget = nil }, "budget", "1–50", "1 to 50"},
		{func(b *ProjectApproved) { b.Budget = append(b.Budget, b.Budget[0]) }, "budget.1.fund", "一行", "once"},
		{func(b *ProjectApproved) { b.Content = "身份证 411025 19900101 0012" }, "content", "身份证号", "ID number"},
	})
	testBody(t, []badBody[*PaymentRequested]{
		{func(b *PaymentRequested) { b.Payment = "" }, "payment", "字母", "letters"},
		{func(b *PaymentRequested) { b.Purpose = "" }, "purpose", "必填", "required"},
		{func(b *PaymentRequested) { b.EconomicCode = "3" }, "economic_code", "经济科目", "economic code"},
		{func(b *PaymentRequested) { b.Stage = "first" }, "stage", "须为", "one of"},
	})
	testBody(t, []badBody[*GrantLine]{
		{func(b *GrantLine) { b.Amount++ }, "amount", "标准×数量", "standard × quantity"},
		{func(b *GrantLine) { b.Line = 0 }, "line", "从1", "from 1"},
		{func(b *GrantLine) { b.Quantity = "1,5" }, "quantity", "数量", "number"},
	})
	testBody(t, []badBody[*TenderCandidates]{
		{func(b *TenderCandidates) { b.Candidates = nil }, "candidates", "1–3", "1 to 3"},
	})
	testBody(t, []badBody[*PeriodClosed]{
		{func(b *PeriodClosed) { b.Period = "2020" }, "period", "2020-03", "month"},
	})
}
