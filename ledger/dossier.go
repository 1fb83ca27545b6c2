package ledger

import "slices"

// 一项一档: the papers that a project's file has, by their number [doc 郧阳; editable].

// Paper is one of the papers of a project's file.
type Paper struct {
	Item Count
	Text
	// Due is the state of the project from which the paper should be there; StatePaid is
	// the first payment.
	Due string
	// Works is set for papers that only works and purchases have.
	Works bool
}

// Papers are the 27 papers in their order.
var Papers = []Paper{
	{1, Text{"支出报账单（拨付申请书）", "claim for payment"}, StatePaid, false},
	{2, Text{"项目报账审批表", "approval of the claim"}, StatePaid, false},
	{3, Text{"项目竣工验收单", "certificate of completion"}, StateAccepted, true},
	{4, Text{"报账审批表", "approval of payment"}, StatePaid, false},
	{5, Text{"立项申报表", "application for the project"}, StateListed, false},
	{6, Text{"村民会议决议", "resolution of the villagers"}, StateListed, false},
	{7, Text{"绩效目标申报表", "targets applied for"}, StateListed, false},
	{8, Text{"申报公示", "posting of the application"}, StateListed, false},
	{9, Text{"入库请示", "request for listing"}, StateListed, false},
	{10, Text{"入库批复", "approval of the listing"}, StateListed, false},
	{11, Text{"绩效申报表", "targets"}, StateApproved, false},
	{12, Text{"绩效审核表", "review of the targets"}, StateApproved, false},
	{13, Text{"绩效批复函", "approval of the targets"}, StateApproved, false},
	{14, Text{"运行监控表", "monitoring"}, StateStarted, false},
	{15, Text{"绩效自评表", "own assessment"}, StateAccepted, false},
	{16, Text{"自评报告及公示照片", "report of the own assessment, with photographs of its posting"}, StateAccepted, false},
	{17, Text{"实施方案", "plan of the works"}, StateApproved, false},
	{18, Text{"实施手续（自建：四议两公开；招标：财评、代理、中标、备案）", "papers of the way it is carried out: self-build or tender"}, StateStarted, true},
	{19, Text{"预算表、控制价及公示照片", "budget and control price, with photographs of the posting"}, StateStarted, true},
	{20, Text{"施工合同", "contract"}, StateStarted, true},
	{21, Text{"发票", "invoices"}, StatePaid, false},
	{22, Text{"决算表及公示照片", "final accounts, with photographs of the posting"}, StateAccepted, true},
	{23, Text{"竣工验收表", "acceptance"}, StateAccepted, false},
	{24, Text{"照片（前、中、后）", "photographs before, during and after"}, StateAccepted, false},
	{25, Text{"审计报告及公示照片", "audit report, with photographs of the posting"}, StateAccepted, true},
	{26, Text{"确权移交", "handing over of the asset"}, StateAccepted, true},
	{27, Text{"后续管护", "upkeep"}, StateAccepted, true},
}

// projectOrder are the states of a project that goes well.
var projectOrder = []string{StateListed, StateApproved, StateStarted, StateCompleted, StateAccepted}

// IsDue says whether a paper should be in the file of a project as it is now.
func (p Paper) IsDue(of Project) bool {
	if p.Due == StatePaid {
		return of.Paid > 0
	}
	return slices.Index(projectOrder, of.State) >= slices.Index(projectOrder, p.Due)
}
