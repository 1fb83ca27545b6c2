package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yilu/audit"
)

var (
	builder  = Party{Name: "某建筑公司", Code: "91350100M000100Y43"}
	stranger = Party{Name: "某工程公司", Code: "91120222MA06DG3067"}
	zeroHash = encodeHash(make([]byte, 32))
	paper    = File{Name: "正式文件", SHA256: encodeHash(make([]byte, 32)), Size: 2048}
)

const (
	aVillage = "411025103205"
	anID     = "411025199001010012"
)

// samples holds one valid draft of every kind, each member filled in. They tell
// one story and could be posted in the order of the stages.
func samples() map[Kind]Draft {
	noon := instant("2020-03-18T04:00:00.000000Z")
	bodies := []Body{
		&FundReceived{Amount: 100000, Document: "豫财农〔2019〕1号", Files: []File{paper}, FunctionCode: "2130599", Fund: "F1", Issued: "2020-01-07", Level: "central", Name: "财政专项扶贫资金", Principle: "按脱贫人口", Uses: []string{"construction"}, Year: "2020"},
		&FundAdjusted{Amount: -500, Document: "豫财农〔2020〕9号", Files: []File{paper}, Fund: "F1"},
		&FundRecalled{Amount: 300, Document: "襄财〔2020〕7号", Fund: "F1", Project: "P1", Reason: "plan"},
		&FundAllocated{Amount: 60000, Document: "襄财〔2020〕1号", Files: []File{paper}, FromUnit: "U1", Fund: "F1", Project: "P1"},
		&ProjectListed{Beneficiaries: 120, Content: "硬化道路1公里", Estimate: 80000, Finish: "2020-06-30", Linkage: "务工就业", Name: "道路硬化", Nature: "新建", Place: aVillage, PlaceName: "颍阳镇某村", Poor: 40, Project: "P1", Sources: "中央财政专项", Start: "2020-03-01", Subtype: "通村路", Targets: "通行改善", Type: "construction", Unit: "颍阳镇政府"},
		&ProjectApproved{Beneficiaries: 120, Budget: []BudgetLine{{Amount: 80000, Fund: "F1"}}, Content: "硬化道路1公里", Department: "农业农村局", Document: "襄扶〔2020〕3号", Files: []File{paper}, Finish: "2020-06-30", Linkage: "务工就业", Name: "道路硬化", Place: aVillage, PlaceName: "颍阳镇某村", Poor: 40, Project: "P1", Remark: "续建", Responsible: Person{Name: "张某", Post: "副镇长"}, Standard: "每公里30万元", Start: "2020-03-01", Subtype: "通村路", Targets: "通行改善", Type: "construction", Unit: "颍阳镇政府"},
		&ProjectChanged{Budget: []BudgetLine{{Amount: 90000, Fund: "F1"}}, Content: "硬化道路1.2公里", Document: "襄扶〔2020〕8号", Files: []File{paper}, Finish: "2020-07-31", Linkage: "务工就业", Name: "道路硬化(二期)", Place: aVillage, PlaceName: "颍阳镇某村", Project: "P1", Reason: "plan", Responsible: Person{Name: "李某", Post: "镇长"}, Standard: "每公里32万元", Start: "2020-03-10", Targets: "通行改善", Unit: "颍阳镇政府"},
		&ProjectCancelled{Document: "襄扶〔2020〕9号", Project: "P1", Reason: "plan"},
		&TenderAnnounced{Ceiling: 79000, Category: "works", Deadline: noon, Estimate: 78000, Method: "open", Name: "道路硬化施工", Platform: "许昌市公共资源交易中心", Project: "P1", SaleFrom: "2020-02-20", SaleTo: "2020-02-26", Tender: "T1"},
		&TenderChanged{Content: "补充图纸", Deadline: noon, Files: []File{paper}, Tender: "T1"},
		&TenderBid{Amount: 77000, At: noon, Bidder: builder, Bond: 1500, BondPayer: builder, Tender: "T1"},
		&TenderEvaluator{Expert: true, Tender: "T1"},
		&TenderOpened{At: noon, Experts: 4, Members: 5, Place: "开标一室", Rejected: []RejectedBid{{Bidder: stranger, Ground: "seal"}}, Tender: "T1"},
		&TenderCandidates{Candidates: []Candidate{{Amount: 77000, Bidder: builder}}, Reported: "2020-03-18", Tender: "T1"},
		&TenderAwarded{Amount: 77000, Files: []File{paper}, Tender: "T1", Winner: builder},
		&TenderFailed{Reason: "bidders", Tender: "T1"},
		&TenderExempted{Ground: "work_relief", Files: []File{paper}, Method: "self_built", Project: "P1"},
		&ContractSigned{Amount: 77000, Category: "works", Contract: "K1", Files: []File{paper}, Finish: "2020-06-30", Bill: []ContractItem{{"路面硬化", 385, "200", "平方米"}}, LabourMonths: 1, LabourShare: "20", Name: "道路硬化施工合同", PaymentDays: 30, Pricing: "unit", Project: "P1", Retention: "3", SettledByAudit: true, SME: true, Start: "2020-03-20", Supplier: builder, Tender: "T1", WageAccount: true},
		&ContractAmended{Amount: -100, Contract: "K1", Document: "补充协议1", Files: []File{paper}, Finish: "2020-07-31", Bill: []ContractItem{{"路面硬化", 385, "199.74", "平方米"}}, Reason: "plan"},
		&ContractSubcontracted{Amount: 20000, Contract: "K1", Document: "分包合同1", Files: []File{paper}, Part: "other", PassedBy: stranger, Subcontractor: Party{Name: "某劳务公司"}},
		&PaymentRequested{Amount: 20000, Contract: "K1", EconomicCode: "31005", Files: []File{paper}, FunctionCode: "2130599", Fund: "F1", Invoice: Invoice{Amount: 30000, Code: "041001900204", Number: "12345678", On: "2020-03-10"}, Mandate: paper, Method: "direct", Payee: builder, Payment: "Z1", Project: "P1", Purpose: "第一次进度款", Stage: "progress"},
		&PaymentApproved{Hash: zeroHash, Payment: "Z1"},
		&PaymentRejected{Payment: "Z1", Reason: "incomplete"},
		&PaymentPaid{Payment: "Z1", Voucher: "00123"},
		&PaymentReturned{Amount: 500, Line: 2, Payment: "Z1", Reason: "account"},
		&GrantRequested{Amount: 3000, Files: []File{paper}, Fund: "F1", Item: "产业奖补", Lines: 1, LinesHash: zeroHash, Payment: "G1", Period: "2020-Q1", Project: "P1"},
		&GrantLine{Amount: 3000, Category: "脱贫户", Line: 1, Mandate: paper, Payment: "G1", Place: aVillage, Quantity: "1.5", Standard: 2000},
		&WorksStarted{Contract: "K1", Project: "P1"},
		&WorksProgressed{Content: "路基完成", Files: []File{paper}, Percent: 40, Project: "P1", Value: 30000},
		&WorksCompleted{Content: "完成硬化1公里", Project: "P1"},
		&AcceptancePassed{Acceptors: []Party{stranger}, Conclusion: "合格", Files: []File{paper}, Level: "county", Project: "P1", Quantities: []AcceptedQuantity{{"K1", "路面硬化", "199.74"}}},
		&AcceptanceFailed{Acceptors: []Party{stranger}, Conclusion: "厚度不足", Files: []File{paper}, Level: "county", Project: "P1", Quantities: []AcceptedQuantity{{"K1", "路面硬化", "150"}}},
		&SettlementAudited{Amount: 76000, Auditor: stranger, Contract: "K1", Document: "审字〔2020〕5号", Files: []File{paper}},
		&AssetRegistered{Asset: "A1", Class: "public", Income: "无", Keeper: "村委会", Name: "通村路", Operator: "某村合作社", Owner: "某村村集体", Place: aVillage, Project: "P1", State: "used", Value: 76000},
		&AssetDisposed{Asset: "A1", Decision: "村民代表会议决议〔2020〕2号", Files: []File{paper}, Proceeds: 1000, Project: "P1", Value: 76000, Way: "sold"},
		&DocumentFiled{File: paper, Item: 24, Project: "P1"},
		&DocumentWaived{Explanation: "自建项目，无施工合同", Item: 20, Project: "P1"},
		&SubmissionMade{AfterFact: true, ContentHash: zeroHash, Entries: 1, File: paper, Form: "payment", Submission: "S1", Title: "三月支付"},
		&SubmissionApproved{ContentHash: zeroHash, Submission: "S1"},
		&SubmissionRejected{Reason: "incomplete", Submission: "S1"},
		&EntryReversed{Reason: "amount"},
		&PeriodClosed{Period: "2020-02"},
		&AlertRaised{Alert: "AL1", Code: "P01", Episode: 1, Handling: "W", Level: "orange", Origin: "live", Outcome: "not_evaluable", Parent: "AL0", Reason: "field:contract.amount", RuleHash: zeroHash, Shadow: true, Suppressed: "县政府会议纪要〔2020〕3号", Version: 1},
		&AlertRepeated{Alert: "AL1", Count: 2, Level: "orange"},
		&AlertAcknowledged{Code: "P13", File: paper, Of: "Z1", Ground: "agreed", Version: 1},
		&AlertSummary{Day: "2020-03-18", Flagged: 1, Judged: 200, NotEvaluable: 2, Rules: zeroHash, Until: 300},
		&AlertAssigned{Step: Step{"AL1", 1}, Unit: "411025-NY"},
		&AlertAnswered{Step: Step{"AL1", 2}, Files: []File{paper}},
		&AlertDismissed{Step: Step{"AL1", 3}, Files: []File{paper}, Ground: "lawful"},
		&AlertSeconded{Step{"AL1", 4}},
		&AlertConfirmed{Step: Step{"AL1", 3}, Adjust: 100, Files: []File{paper}, Other: 200, Return: 300, Violation: "V05"},
		&AlertRectified{Step: Step{"AL1", 4}, Adjusted: 100, Entries: []Count{7}, Files: []File{paper}, Returned: 300},
		&AlertReturned{Step: Step{"AL1", 5}, Reason: "incomplete"},
		&AlertClosed{Step{"AL1", 6}},
		&AlertReopened{Step{"AL1", 7}},
		&AlertEscalated{Step: Step{"AL1", 8}, Overdue: "2020-03-25", To: "411000-NY"},
		&AlertCommented{Step: Step{"AL1", 9}, Files: []File{paper}},
		&AlertSilenced{Step: Step{"AL1", 10}, Ground: "season", Until: "2020-04-01"},
		&ExemptionSet{Basis: "县政府会议纪要〔2020〕3号", Code: "A10", Fact: "project.id", From: "2020-01-01", Text: "P1", To: "2020-12-31"},
		&FreezeSet{Document: "襄审〔2020〕1号", Lifted: true, Subject: "P1", What: "project"},
		&RuleActivated{Code: "P01", FileHash: hashOfText("code: P01\n"), FileLines: []string{"code: P01"}, ReportHash: zeroHash, State: "active", TestHash: zeroHash, Version: 1},
		&ParameterSet{Basis: "襄政办〔2020〕1号", Category: "works", Code: "P08", From: "2020-01-01", Name: "p", Region: "411025", To: "2020-12-31", Value: "0.30"},
		&RegisterLoaded{Files: []File{paper}, From: "2020-03-01", List: ListPoor, Lines: 1, LinesHash: zeroHash, Region: "411025", Register: "R1", Source: "县扶贫办", Stated: "2020-02-29", To: "2020-04-30"},
		&RegisterPerson{Firm: builder.Code, Line: 1, Place: aVillage, Register: "R1"},
		&RegisterAccount{Branch: "某银行襄城支行", Line: 1, Opened: "2020-02-03", Register: "R3", Serial: 127},
		&RegisterSupplier{Address: "文化路1号", Basis: "财采罚〔2019〕5号", From: "2019-06-01", Line: 1, Register: "R2", Supplier: stranger, To: "2021-05-31"},
		&RoleGranted{Area: "411025103", Grant: "SQ1", Person: "wang", Role: ProjectOfficer, Unit: "411025-103", Until: "2020-12-31"},
		&RoleRevoked{Grant: "SQ1", Ground: "moved"},
		&KeyRotated{Next: "log.example/1+00000002+AQ==", Old: "log.example/1+00000001+AQ==", Until: "2020-06-30"},
		&NoticePosted{Content: sampleNotice(), Notice: "N1"},
		&NoticeHung{Board: "村委会公示栏", End: true, Hanger: Person{Name: "王某", Post: "村会计"}, Notice: "N1", Photo: paper, Place: aVillage, Position: "33.851,113.482"},
		&NoticeCorrected{Content: sampleNotice(), Notice: "N1", Reason: "amount"},
		&NoticeExtended{Ends: "2020-04-10", Notice: "N1", Reason: "plan"},
		&NoticeEnded{Notice: "N1", Outcome: "none"},
		&NoticeWaived{Basis: "政府信息公开条例14", Entry: 5, Level: "county", Stage: "P3"},
		&NoticeRequired{Basis: "甘政办发〔2016〕1号", Days: 10, From: "2020-01-01", Level: "county", Minimum: 10, Mode: "strict", Region: "62", Stage: "P3", To: "2020-12-31", Unit: "wd"},
		&ObjectionReceived{CodeHash: zeroHash, Notice: "N1", Objection: "YJ1", Project: "P1", Topic: "amount", Track: "general"},
		&ObjectionAnswered{Answer: "已核实并更正", Files: []File{paper}, Objection: "YJ1", Outcome: "upheld", Question: "公示金额与批复不一致", Unit: "颍阳镇人民政府"},
		&PhotoReleased{Basis: "政府信息公开条例20", Caption: "后楚村公示栏", Entry: 5, Height: 480, Looked: "nobody", Original: zeroHash, Picture: File{Name: "公示栏.jpg", SHA256: zeroHash, Size: 40000}, Width: 640},
		&PhotoWithdrawn{Entry: 5, Ground: "personal", Original: zeroHash},
		&PlaceNamed{Basis: "2020年行政区划代码", English: "Houchu", Name: "后楚村", Place: aVillage},
		&SealErased{Entry: 1, Field: "name", Ground: "order"},
		&SealDisclosed{Entry: 1, Field: "name", To: "县审计局"},
	}
	bodies = append(bodies, processSamples()...)
	all := make(map[Kind]Draft, len(bodies))
	for _, b := range bodies {
		d := draft("", b, maker)
		d.ID = string(d.Kind)
		d.By.Role = kinds[d.Kind].Roles[0]
		switch d.Kind {
		case "objection.received":
			d.Sealed = map[string]string{fieldNote: "路没有修完"}
		case "grant.line":
			d.Sealed = map[string]string{fieldName: "张三", fieldIDNumber: anID}
		case "register.person", "tender.evaluator":
			d.Sealed = map[string]string{fieldPerson: "张三", fieldIDNumber: anID}
		case "register.account":
			d.Sealed = map[string]string{fieldAccount: "6217000000000000004"}
		case "entry.reversed":
			d.Corrects = 0
		}
		all[d.Kind] = d
	}
	return all
}

// sampleNotice is a notice with each member filled in.
func sampleNotice() NoticeContent {
	return NoticeContent{
		About: []Seq{5}, Channel: "board", Columns: []string{"name", "unit"}, Contacts: NoticeContacts{Address: "襄城县文化路1号", Hotline: "12317", Mail: "fupin@example.gov.cn", Phone: "0374-3560000"},
		Copy: "襄城县人民政府网站", Ends: "2020-03-30", Facts: []NoticeFact{{"document", "襄扶〔2020〕3号"}}, Issuer: "颍阳镇人民政府", Level: "village",
		Lines: []NoticeLine{{Amount: 80000, Share: "100", Values: []string{"道路硬化", "颍阳镇政府"}}}, Period: "2020-Q1", Place: aVillage, PlaceName: "颍阳镇某村",
		Signed: "2020-03-18", Sources: []string{"central"}, Stage: "P3", Starts: "2020-03-19", Title: "颍阳镇某村2020年扶贫项目公示", Total: 80000,
	}
}

func TestEveryKindHasASample(t *testing.T) {
	t.Parallel()
	all := samples()
	for kind := range kinds {
		d, ok := all[kind]
		if !ok {
			t.Errorf("%s has no sample", kind)
			continue
		}
		if ps := checkDraft(d); len(ps) > 0 {
			t.Errorf("%s: the sample is refused: %v", kind, ps)
		}
		v := reflect.ValueOf(d.Body).Elem()
		for i := range v.NumField() {
			alone := map[string]bool{"FundAllocated.Unit": true, "FundRecalled.Unit": true, "ProcessBid.Amount": true, "ProcessTender.Foreign": true, "ProcessAward.Foreign": true, "ProcessContract.Foreign": true, "ProcessTransaction.Foreign": true}
			if name := v.Type().Name() + "." + v.Type().Field(i).Name; v.Field(i).IsZero() && !alone[name] {
				t.Errorf("the sample leaves %s empty, so the golden leaves do not hold it", name)
			}
		}
	}
}

func TestBodiesReadWhatTheyWrite(t *testing.T) {
	t.Parallel()
	for kind, d := range samples() {
		raw, err := EncodeBody(d.Body)
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodeBody(kind, raw)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if diff := cmp.Diff(d.Body, again); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
		if NewBody(kind) == nil {
			t.Errorf("%s: no new body", kind)
		}
	}
}

// TestGoldenLeaves holds the bytes that are hashed. A line may be added, but one
// that changes means that every proof of every book in use would break.
func TestGoldenLeaves(t *testing.T) {
	t.Parallel()
	const name = "testdata/leaves.txt"
	got := goldenLeaves(t)
	if os.Getenv("YILU_GOLDEN") == "write" {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Error("leaves (-want +got); write the file anew only for kinds and members that no book holds yet:\n" + diff)
	}
}

func goldenLeaves(t *testing.T) []byte {
	var out bytes.Buffer
	out.WriteString("# id, SHA-256 of the act, SHA-256 of the leaf: entry 0 of book 411025\n")
	for _, spec := range Kinds() {
		d := samples()[spec.Kind]
		var sealed map[string]audit.Commitment
		for _, field := range spec.Sealed {
			if sealed == nil {
				sealed = map[string]audit.Commitment{}
			}
			sealed[field] = audit.Commitment(sha256.Sum256([]byte(field)))
		}
		act, err := prepareAct(testBook, d, sealed)
		if err != nil {
			t.Fatal(err)
		}
		leaf := act.Leaf(time.Date(2020, 3, 18, 1, 2, 3, 456000, time.UTC), 0)
		sum := sha256.Sum256(leaf)
		fmt.Fprintf(&out, "%s %s %s\n", d.ID, hex.EncodeToString(act.Hash[:]), hex.EncodeToString(sum[:]))
		e, err := DecodeEntry(leaf)
		if err != nil {
			t.Fatalf("%s: %v", spec.Kind, err)
		}
		d.Sealed = nil
		if diff := cmp.Diff(d, e.Draft); diff != "" {
			t.Errorf("%s read back (-want +got):\n%s", spec.Kind, diff)
		}
	}
	return out.Bytes()
}

func TestRolesPostOnlyTheirKinds(t *testing.T) {
	t.Parallel()
	allowed := map[Role][]Kind{}
	for kind, d := range samples() {
		for _, role := range []Role{Maker, Checker, Payer, ProjectOfficer, Auditor, PublicityOfficer, Leader, SystemAdmin, SecurityAdmin, AuditAdmin, Engine, Public, "admin", ""} {
			d.By.Role = role
			want := !slices.Contains(kinds[kind].Roles, role)
			if !want {
				allowed[role] = append(allowed[role], kind)
			}
			ps := checkDraft(d)
			if got := len(ps) == 1 && ps[0].Rule == "role" && ps[0].Field == "by.role" && strings.Contains(ps[0].Zh, kinds[kind].Zh); got != want {
				t.Errorf("%q posts %s: %v", role, kind, ps)
			}
		}
	}
	for _, of := range allowed {
		slices.Sort(of)
	}
	// Who decides never enters, who pays never decides, administrators give roles and
	// touch nothing else, leaders only read.
	// Only the service raises warnings.
	want := map[Role][]Kind{
		Public: {"objection.received"},
		Engine: {"alert.escalated", "alert.raised", "alert.repeated", "alert.summary"},
		Auditor: {"alert.assigned", "alert.closed", "alert.commented", "alert.confirmed", "alert.dismissed", "alert.escalated", "alert.reopened", "alert.returned", "alert.seconded",
			"alert.silenced", "exemption.set", "freeze.set", "parameter.set", "register.account", "register.loaded", "register.person", "register.supplier", "rule.activated", "seal.disclosed", "submission.approved", "submission.made", "submission.rejected"},
		Checker:          {"alert.answered", "alert.commented", "alert.rectified", "payment.approved", "payment.rejected", "submission.approved", "submission.rejected"},
		PublicityOfficer: {"notice.corrected", "notice.ended", "notice.extended", "notice.hung", "notice.posted", "objection.answered", "objection.received", "photo.released", "photo.withdrawn", "submission.made"},
		SecurityAdmin:    {"role.granted", "role.revoked", "submission.approved", "submission.made", "submission.rejected"},
		AuditAdmin:       {"submission.approved", "submission.rejected"},
		Payer:            {"alert.acknowledged", "payment.paid", "payment.returned"},
		ProjectOfficer: {"acceptance.failed", "acceptance.passed", "alert.acknowledged", "alert.answered", "alert.commented", "alert.rectified", "asset.disposed", "asset.registered", "contract.amended", "contract.signed", "contract.subcontracted", "document.filed", "document.waived", "entry.reversed", "notice.corrected", "notice.ended", "notice.extended", "notice.hung", "notice.posted", "objection.answered", "objection.received",
			"photo.released", "photo.withdrawn", "project.listed", "settlement.audited", "submission.made", "tender.announced", "tender.awarded", "tender.bid", "tender.candidates", "tender.changed", "tender.evaluator", "tender.exempted",
			"tender.failed", "tender.opened", "works.completed", "works.progressed", "works.started"},
	}
	want[Maker] = slices.DeleteFunc(slices.Sorted(maps.Keys(kinds)), func(k Kind) bool {
		shared := slices.Contains(want[ProjectOfficer], k) || k == "exemption.set" || k == "seal.disclosed" || k == "freeze.set" || k == "parameter.set" || k == "rule.activated" || strings.HasPrefix(string(k), "register.")
		return !shared && (strings.HasPrefix(string(k), "role.") || slices.Contains(want[Checker], k) || slices.Contains(want[Engine], k) || slices.Contains(want[Auditor], k))
	})
	if diff := cmp.Diff(want, allowed); diff != "" {
		t.Error("roles (-want +got):\n" + diff)
	}
}

func TestSealedFieldsPerKind(t *testing.T) {
	t.Parallel()
	values := map[string]string{fieldIDNumber: anID, fieldName: "张三", fieldAccount: "6217000000000000004", fieldBank: "农商行", fieldHolder: "李四", fieldPhone: "13800138000", fieldNote: "张三来电", fieldContact: "张三", "illness": "x"}
	for kind := range kinds {
		for name, value := range values {
			d := samples()[kind]
			if _, set := d.Sealed[name]; set {
				continue
			}
			d.Sealed = maps.Clone(d.Sealed)
			if d.Sealed == nil {
				d.Sealed = map[string]string{}
			}
			d.Sealed[name] = value
			unknown := slices.ContainsFunc(checkDraft(d), func(p Problem) bool {
				return p.Field == "sealed."+name && strings.Contains(p.En, "no such sealed field") && strings.Contains(p.Zh, "没有该保密字段")
			})
			if want := !slices.Contains(kinds[kind].Sealed, name); unknown != want {
				t.Errorf("%s with sealed %s: refused %v, want %v", kind, name, unknown, want)
			}
		}
	}
	if !slices.Equal(kinds["grant.line"].Sealed, []string{fieldName, fieldIDNumber, fieldAccount, fieldHolder, fieldPhone, fieldNote}) {
		t.Errorf("grant.line seals %v", kinds["grant.line"].Sealed)
	}
}

func TestSealedValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, value string
		fine        bool
	}{
		{fieldName, "张三", true}, {fieldName, "", false}, {fieldName, strings.Repeat("长", MaxText), true},
		{fieldName, strings.Repeat("长", MaxText+1), false}, {fieldName, "张\n三", false}, {fieldName, "张\xff", false},
		{fieldIDNumber, "11010519491231002x", true}, {fieldIDNumber, "110105194912310021", false},
		{fieldNote, "身份证411025199001010012，电话13800138000", true},
	} {
		k := &checker{}
		k.sealed(c.name, c.value)
		if fine := len(k.problems) == 0; fine != c.fine {
			t.Errorf("%s %.20q: %v, want fine %v", c.name, c.value, k.problems, c.fine)
		}
	}
}

// badBody is a change that makes a valid body invalid, and where and why.
type badBody[B Body] struct {
	change func(b B)
	field  string
	// zh and en are parts of the reason in the two languages.
	zh, en string
}

// testBody holds a kind's table of invalid bodies: one problem each, which names
// the field and says why in both languages.
func testBody[B Body](t *testing.T, cases []badBody[B]) {
	t.Helper()
	var kind Kind
	for i, c := range cases {
		kind = kindOf[reflect.TypeFor[B]()]
		d := samples()[kind]
		c.change(d.Body.(B))
		ps := checkDraft(d)
		if len(ps) != 1 || ps[0].Field != "body."+c.field || !strings.Contains(ps[0].Zh, c.zh) || !strings.Contains(ps[0].En, c.en) || c.zh == "" || c.en == "" {
			t.Errorf("%s case %d: got %v, want %s because %q, %q", kind, i, ps, c.field, c.zh, c.en)
		}
	}
}

// balances are all accounts with money now.
func balances(t testing.TB, l *Ledger) map[string]Amount {
	t.Helper()
	rows, _, err := l.Balances(t.Context(), testBook, "", As{}, Page{Limit: MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Amount{}
	for _, r := range rows {
		if r.Balance != 0 {
			out[r.Account] = r.Balance
		}
	}
	return out
}

// moneyOf is a fund as received, in hand, allocated and unpaid, paid, returned.
func moneyOf(t testing.TB, l *Ledger, fund string) [5]Amount {
	t.Helper()
	f, err := l.Fund(t.Context(), testBook, fund)
	if err != nil {
		t.Fatal(err)
	}
	return [5]Amount{f.Received, f.InHand, f.Allocated, f.Paid, f.Returned}
}

// refusal is something the book forbids: drafts that are posted as one unit, and
// every problem of the answer as "index field rule".
type refusal struct {
	name   string
	drafts []Draft
	want   []string
}

// refuses posts each unit, inside a submission where a second person is needed,
// and wants it refused with nothing left behind.
func refuses(t *testing.T, l *Ledger, cases ...refusal) {
	t.Helper()
	before, err := l.Head(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		covered := c.drafts[0].Kind != "submission.made" && slices.ContainsFunc(c.drafts, func(d Draft) bool { return kinds[d.Kind].TwoPersons })
		id := fmt.Sprintf("%s-%d", strings.ReplaceAll(t.Name(), "/", "."), i)
		for n := range c.drafts {
			if c.drafts[n].ID == "" {
				c.drafts[n].ID = fmt.Sprintf("%s-%d", id, n)
			}
		}
		if covered {
			_, err = l.Submit(t.Context(), testBook, id, SubmissionMade{Submission: id, Title: "测试"}, c.drafts)
		} else {
			_, err = l.Post(t.Context(), testBook, c.drafts...)
		}
		if diff := cmp.Diff(c.want, said(err, covered)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	after, err := l.Head(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	if before.Size != after.Size {
		t.Errorf("%d refused entries are in the book", after.Size-before.Size)
	}
}

// said is what a refusal said, as "index field rule"; covered entries are
// counted without the submission's header.
func said(err error, covered bool) []string {
	refused, ok := errors.AsType[*Refused](err)
	if !ok {
		return []string{fmt.Sprint(err)}
	}
	var out []string
	for _, p := range refused.Problems {
		if covered {
			p.Index--
		}
		out = append(out, fmt.Sprintf("%d %s %s", p.Index, p.Field, p.Rule))
		if p.Zh == "" || p.En == "" || p.Zh == p.En {
			out = append(out, "no reason in both languages")
		}
	}
	return out
}

// TestEveryRefusalIsTested finds each refusal in the code by its field and rule,
// and wants a test that is refused by it.
func TestEveryRefusalIsTested(t *testing.T) {
	t.Parallel()
	inCode := regexp.MustCompile(`refuse\((?:"([a-z_.]+)"|[^,"]+), "([a-z_]+)"`)
	inTests := regexp.MustCompile(`"-?[0-9]+ (?:entries\.[0-9]+\.)?([a-z_.0-9]+) ([a-z_]+)"`)
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	sites := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			for _, m := range inTests.FindAllStringSubmatch(string(text), -1) {
				tested[m[1]+" "+m[2]], tested[" "+m[2]] = true, true
			}
			continue
		}
		for _, m := range inCode.FindAllStringSubmatch(string(text), -1) {
			sites[m[1]+" "+m[2]] = name
		}
	}
	if len(sites) < 30 {
		t.Errorf("found only %d refusals in the code", len(sites))
	}
	for _, site := range slices.Sorted(maps.Keys(sites)) {
		if !tested[site] {
			t.Errorf("%s: no test is refused by %q", sites[site], site)
		}
	}
}

// TestErrorsTell holds the texts that callers log and that people read.
func TestErrorsTell(t *testing.T) {
	t.Parallel()
	var many []Problem
	for i := range 7 {
		p := problem("body.amount", "错", "wrong")
		p.Index = i
		many = append(many, p)
	}
	for want, err := range map[string]error{
		"invalid entry: body.amount: wrong / 错":                                     &Invalid{many[:1]},
		"refused: entry 1: body.amount: wrong / 错; entry 2: body.amount: wrong / 错": &Refused{Problems: many[:2]},
		"refused: entry 1: body.amount: wrong / 错; entry 2: body.amount: wrong / 错; entry 3: body.amount: wrong / 错; entry 4: body.amount: wrong / 错; entry 5: body.amount: wrong / 错; and 2 more": &Refused{Problems: many},
		"id e1 is entry 7 with other content":         &Conflict{"e1", 7},
		"too many posts are waiting, try again later": &Busy{},
	} {
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Error("(-want +got):\n" + diff)
		}
	}
}

func TestNumbersInBodies(t *testing.T) {
	t.Parallel()
	var s Seq
	if err := s.UnmarshalText([]byte("12")); err != nil || s != 12 {
		t.Error(s, err)
	}
	if text, err := s.MarshalText(); err != nil || string(text) != "12" {
		t.Error(string(text), err)
	}
	for _, text := range []string{"", "-1", "01", "1.0", "1e3", "+1", "９", "99999999999999999999"} {
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken as %d", text, s)
		}
	}
	if spec, ok := SpecOf("payment.paid"); !ok || spec.Zh != "支付" {
		t.Error(spec, ok)
	}
	if _, ok := SpecOf("payment.lost"); ok || NewBody("payment.lost") != nil {
		t.Error("a kind that is none")
	}
	if got := States.Name("unheard"); got.Zh != "unheard" {
		t.Error(got)
	}
}

// TestStatesHaveNames: no code word of a state reaches a page.
func TestStatesHaveNames(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]codes{"states": States, "levels": Levels, "types": ProjectTypes, "reasons": Reasons, "methods": Methods, "categories": Categories,
		"failures": FailReasons, "grounds": Grounds, "stages of payment": PayStages, "ways of payment": PayMethods, "acceptance": AcceptanceLevels,
		"rejected bids": RejectGrounds, "asset classes": AssetClasses, "asset states": AssetStates, "ways": ProcessMethods, "tender statuses": TenderStatuses, "bid statuses": BidStatuses,
		"award statuses": AwardStatuses, "contract statuses": ContractStatuses,
		"notice stages": NoticeStages, "notice levels": NoticeLevels, "channels": NoticeChannels, "notice fields": NoticeFields, "notice outcomes": NoticeOutcomes, "modes": NoticeModes,
		"topics": ObjectionTopics, "tracks": ObjectionTracks, "objection outcomes": ObjectionOutcomes} {
		for code, text := range list {
			if text.Zh == "" || text.En == "" || text.Zh == text.En || !validID(code) {
				t.Errorf("%s: %s is %+v", name, code, text)
			}
		}
	}
}
