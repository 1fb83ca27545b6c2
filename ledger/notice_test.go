package ledger

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNoticeBodies(t *testing.T) {
	t.Parallel()
	testBody(t, []badBody[*NoticePosted]{
		{func(b *NoticePosted) { b.Notice = "公示" }, "notice", "字母", "letters"},
		{func(b *NoticePosted) { b.Content.Title = "" }, "announcement.title", "必填", "is required"},
		{func(b *NoticePosted) { b.Content.Issuer = " " }, "announcement.issuer", "必填", "is required"},
		{func(b *NoticePosted) { b.Content.Place = "411025" }, "announcement.place", "12位", "12-digit"},
		{func(b *NoticePosted) { b.Content.PlaceName = "" }, "announcement.place_name", "必填", "is required"},
		{func(b *NoticePosted) { b.Content.Stage = "P12" }, "announcement.matter", "P1（资金分配结果）", "want one of"},
		{func(b *NoticePosted) { b.Content.Level = "city" }, "announcement.publisher_level", "乡镇", "want one of"},
		{func(b *NoticePosted) { b.Content.Channel = "radio" }, "announcement.channel", "公示栏", "want one of"},
		{func(b *NoticePosted) { b.Content.Copy = strings.Repeat("长", 301) }, "announcement.copy", "最多300字", "at most 300"},
		{func(b *NoticePosted) { b.Content.Signed = "" }, "announcement.signed", "必填", "is required"},
		{func(b *NoticePosted) { b.Content.Starts = "" }, "announcement.starts", "必填", "is required"},
		{func(b *NoticePosted) { b.Content.Ends = "2020-03-18" }, "announcement.ends", "不得早于", "not be before"},
		{func(b *NoticePosted) { b.Content.Period = "第一季度" }, "announcement.period", "2020-Q1", "2020-Q1"},
		{func(b *NoticePosted) { b.Content.Sources[0] = "town" }, "announcement.sources.0", "省级", "want one of"},
		{func(b *NoticePosted) { b.Content.About = []Seq{5, 5} }, "announcement.about.1", "一次", "once"},
		{func(b *NoticePosted) {
			b.Content.About = nil
			for q := range Seq(maxAbout + 1) {
				b.Content.About = append(b.Content.About, q)
			}
		}, "announcement.about", "1000", "1000"},
		{func(b *NoticePosted) { b.Content.Contacts.Phone = "身份证411025199001010012" }, "announcement.contacts.phone", "身份证号", "ID number"},
		{func(b *NoticePosted) { b.Content.Contacts.Hotline = strings.Repeat("1", 201) }, "announcement.contacts.hotline", "最多200字", "at most 200"},
		{func(b *NoticePosted) { b.Content.Facts[0].Field = "secret" }, "announcement.facts.0.field", "文号", "want one of"},
		{func(b *NoticePosted) { b.Content.Facts[0].Value = "电话 138 0013 8000" }, "announcement.facts.0.value", "手机号", "mobile"},
		{func(b *NoticePosted) { b.Content.Columns[0] = "secret" }, "announcement.columns.0", "文号", "want one of"},
		{func(b *NoticePosted) { b.Content.Lines[0].Values = nil }, "announcement.lines.0.values", "2栏", "want 2"},
		{func(b *NoticePosted) { b.Content.Lines[0].Values[1] = "卡6217 0000 0000 0000 004" }, "announcement.lines.0.values.1", "银行卡号", "bank card"},
		{func(b *NoticePosted) { b.Content.Lines[0].Share = "101" }, "announcement.lines.0.share", "0–100", "0 to 100"},
		{func(b *NoticePosted) { b.Content.Lines = slices.Repeat(b.Content.Lines, 1001) }, "announcement.lines", "1000行", "1000 rows"},
		{func(b *NoticePosted) { b.Content.Copy, b.Content.Total = "", 80001 }, "announcement.total", "合计 800.00 元", "add up to 800.00"},
		{func(b *NoticePosted) { b.Content.Total = -1 }, "announcement.total", "为负", "negative"},
	})
	testBody(t, []badBody[*NoticeHung]{
		{func(b *NoticeHung) { b.Notice = "" }, "notice", "字母", "letters"},
		{func(b *NoticeHung) { b.Board = "" }, "board", "必填", "is required"},
		{func(b *NoticeHung) { b.Place = "" }, "place", "12位", "12-digit"},
		{func(b *NoticeHung) { b.Photo.Name = "" }, "photo.name", "必填", "is required"},
		{func(b *NoticeHung) { b.Hanger.Name = "" }, "hanger.name", "必填", "is required"},
		{func(b *NoticeHung) { b.Hanger.Post = strings.Repeat("长", 51) }, "hanger.post", "最多50字", "at most 50"},
		{func(b *NoticeHung) { b.Position = "村口" }, "position", "纬度", "latitude"},
	})
	testBody(t, []badBody[*NoticeCorrected]{
		{func(b *NoticeCorrected) { b.Notice = "" }, "notice", "字母", "letters"},
		{func(b *NoticeCorrected) { b.Reason = "whim" }, "reason", "金额错误", "want one of"},
		{func(b *NoticeCorrected) { b.Content.Title = "" }, "announcement.title", "必填", "is required"},
	})
	testBody(t, []badBody[*NoticeExtended]{
		{func(b *NoticeExtended) { b.Notice = "" }, "notice", "字母", "letters"},
		{func(b *NoticeExtended) { b.Ends = "" }, "ends", "必填", "is required"},
		{func(b *NoticeExtended) { b.Reason = "" }, "reason", "金额错误", "want one of"},
	})
	testBody(t, []badBody[*NoticeEnded]{
		{func(b *NoticeEnded) { b.Notice = "" }, "notice", "字母", "letters"},
		{func(b *NoticeEnded) { b.Outcome = "" }, "notice_outcome", "无异议", "want one of"},
	})
	testBody(t, []badBody[*NoticeWaived]{
		{func(b *NoticeWaived) { b.Basis = "" }, "basis", "必填", "is required"},
		{func(b *NoticeWaived) { b.Stage = "" }, "matter", "资金分配结果", "want one of"},
		{func(b *NoticeWaived) { b.Level = "" }, "publisher_level", "乡镇", "want one of"},
	})
	testBody(t, []badBody[*NoticeRequired]{
		{func(b *NoticeRequired) { b.Basis = "" }, "basis", "必填", "is required"},
		{func(b *NoticeRequired) { b.Stage = "" }, "matter", "资金分配结果", "want one of"},
		{func(b *NoticeRequired) { b.Level = "" }, "publisher_level", "乡镇", "want one of"},
		{func(b *NoticeRequired) { b.Mode = "" }, "day_count", "首尾", "want one of"},
		{func(b *NoticeRequired) { b.Unit = "w" }, "term_unit", "工作日", "want one of"},
		{func(b *NoticeRequired) { b.From = "" }, "from", "必填", "is required"},
		{func(b *NoticeRequired) { b.To = "2019-12-31" }, "to", "不得早于", "not be before"},
		{func(b *NoticeRequired) { b.Days = 401 }, "days", "0–400", "0 to 400"},
		{func(b *NoticeRequired) { b.Minimum = -1 }, "minimum", "0–400", "0 to 400"},
		{func(b *NoticeRequired) { b.Region = "襄城" }, "region", "区划代码", "division code"},
	})
	testBody(t, []badBody[*ObjectionReceived]{
		{func(b *ObjectionReceived) { b.Objection = "" }, "objection", "字母", "letters"},
		{func(b *ObjectionReceived) { b.Notice = "公示" }, "notice", "字母", "letters"},
		{func(b *ObjectionReceived) { b.Project = "项目" }, "project", "字母", "letters"},
		{func(b *ObjectionReceived) { b.CodeHash = "" }, "receipt_hash", "SHA-256", "SHA-256"},
		{func(b *ObjectionReceived) { b.Topic = "" }, "topic", "工程质量", "want one of"},
		{func(b *ObjectionReceived) { b.Track = "" }, "track", "群众反映", "want one of"},
	})
	testBody(t, []badBody[*ObjectionAnswered]{
		{func(b *ObjectionAnswered) { b.Objection = "" }, "objection", "字母", "letters"},
		{func(b *ObjectionAnswered) { b.Question = "" }, "question", "必填", "is required"},
		{func(b *ObjectionAnswered) { b.Answer = "" }, "answer", "必填", "is required"},
		{func(b *ObjectionAnswered) { b.Unit = "" }, "answered_by", "必填", "is required"},
		{func(b *ObjectionAnswered) { b.Outcome = "" }, "objection_outcome", "属实", "want one of"},
		{func(b *ObjectionAnswered) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
	d := samples()["objection.received"]
	d.Sealed = nil
	if ps := checkDraft(d); len(ps) != 1 || ps[0].Field != "sealed.note" {
		t.Error("an objection without words:", ps)
	}
	official := samples()["notice.posted"]
	official.Body.(*NoticePosted).Content.Contacts.Phone = "0374-3560000、13800138000"
	if ps := checkDraft(official); len(ps) > 0 {
		t.Error("an official mobile number:", ps)
	}
}

// planNotice is a notice of what funded has approved: 800 yuan.
func planNotice(id string, about ...Seq) *NoticePosted {
	c := sampleNotice()
	c.Copy, c.Sources, c.About = "", nil, about
	return &NoticePosted{Content: c, Notice: id}
}

// TestNoticeAllTheWay posts, hangs, corrects, extends, is objected to, answers and
// ends, and then makes all of it again from the log.
func TestNoticeAllTheWay(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l) // entry 0 opens the submission, 1 the fund, 2 the project, 3 its allocation
	post := func(id string, b Body) Receipt {
		t.Helper()
		return mustPost(t, l, draft(id, b, maker))[0]
	}
	first := post("n1", planNotice("N1", 2))
	hung := *samples()["notice.hung"].Body.(*NoticeHung)
	hung.End = false
	post("h1", &hung)
	corrected := planNotice("N1", 2)
	corrected.Content.Title = "更正"
	second := post("c1", &NoticeCorrected{Content: corrected.Content, Notice: "N1", Reason: "other"})
	third := post("x1", &NoticeExtended{Notice: "N1", Ends: "2020-04-15", Reason: "plan"})
	object := samples()["objection.received"]
	object.By = By{Role: Public, Unit: "411025", User: "public"}
	mustPost(t, l, object)
	refuses(t, l, refusal{"ended with an open objection", []Draft{draft("", &NoticeEnded{Notice: "N1", Outcome: "settled"}, maker)}, []string{"0 body.notice open_objections"}})
	post("answer", samples()["objection.answered"].Body)
	refuses(t, l, refusal{"no objection, though there was one", []Draft{draft("", &NoticeEnded{Notice: "N1", Outcome: "none"}, maker)}, []string{"0 body.notice_outcome objections"}})
	for day, want := range map[Date]int{"2020-04-15": 1, "2020-04-16": 1, "": 1} { // its last day has no photograph yet
		if on, _, err := l.Notices(ctx, testBook, NoticeFilter{OnBoards: day}, Page{}); err != nil || len(on) != want {
			t.Error(day, on, err)
		}
	}
	last := hung
	last.End = true
	post("h2", &last)
	for day, want := range map[Date]int{"2020-04-15": 1, "2020-04-16": 0, "": 1} {
		if on, _, err := l.Notices(ctx, testBook, NoticeFilter{OnBoards: day}, Page{}); err != nil || len(on) != want {
			t.Error("with the photograph of its last day,", day, on, err)
		}
	}
	end := draft("e1", &NoticeEnded{Notice: "N1", Outcome: "settled"}, maker)
	end.On = "2020-04-16"
	mustPost(t, l, end)

	want := Notice{
		Notice: "N1", State: StateEnded, Stage: "P3", Level: "village", Channel: "board", Place: aVillage, Period: "2020-Q1", Title: "更正", Issuer: "颍阳镇人民政府",
		Starts: "2020-03-19", Ends: "2020-04-15", Ended: "2020-04-16", Total: 80000, Code: CheckCode(third.Hash), Hung: 1, HungEnd: 1, Objections: 1, Versions: 3,
		Posted: first.Seq, Current: second.Seq, On: "2020-03-18",
	}
	got, err := l.Notice(ctx, testBook, "N1")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	versions, err := l.NoticeVersions(ctx, testBook, "N1")
	if err != nil || len(versions) != 3 || versions[0].Code != CheckCode(first.Hash) || versions[1].Seq != second.Seq {
		t.Error(versions, err)
	}
	if v, err := l.NoticeByCode(ctx, testBook, CheckCode(first.Hash)); err != nil || v.Version != 1 {
		t.Error("the older poster:", v, err)
	}
	if of, err := l.NoticesOf(ctx, testBook, "P1"); err != nil || len(of) != 1 {
		t.Error(of, err)
	}
	if proofs, err := l.NoticeProofs(ctx, testBook, "N1"); err != nil || len(proofs) != 2 || proofs[0].Hanger != "王某" {
		t.Error(proofs, err)
	}
	o, err := l.ObjectionByCode(ctx, testBook, zeroHash)
	if err != nil || o.State != StateAnswered || o.Outcome != "upheld" {
		t.Error(o, err)
	}
	if all, next, err := l.Objections(ctx, testBook, "N1", Page{}); err != nil || len(all) != 1 || next != "" {
		t.Error(all, next, err)
	}
	if r, err := Rebuild(ctx, db.Owner, testBook, Replay{}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}

// TestNoticesSayWhatEntriesSay refuses a sum that is a 分 off, and what has no effect.
func TestNoticesSayWhatEntriesSay(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l)
	settle(t, l, "S2", draft("p2", approvedProject("P2", "F1", 500), maker))
	r, err := l.Submit(t.Context(), testBook, "S3", SubmissionMade{Submission: "S3", Title: "待审批"}, []Draft{draft("p3", approvedProject("P3", "F1", 1), maker)})
	if err != nil {
		t.Fatal(err)
	}
	waiting := r[1].Seq
	of := func(total Amount, about ...Seq) []Draft {
		b := planNotice("N3", about...)
		b.Content.Lines, b.Content.Columns, b.Content.Total = nil, nil, total
		return []Draft{draft("", b, maker)}
	}
	wrongSource := planNotice("N1", 2)
	wrongSource.Content.Sources = []string{"province"}
	refuses(t, l,
		refusal{"a fen too much", of(80001, 2), []string{"0 body.announcement.total announced"}},
		refusal{"a fen too little", of(79999, 2), []string{"0 body.announcement.total announced"}},
		refusal{"central money announced as the province's", []Draft{draft("", wrongSource, maker)}, []string{"0 body.announcement.total announced"}},
		refusal{"not approved", of(1, waiting), []string{"0 body.announcement.about.0 no_effect"}},
		refusal{"no such entry", of(1, 5000), []string{"0 body.announcement.about.0 not_found"}},
		refusal{"no notice to hang", []Draft{draft("", samples()["notice.hung"].Body, maker)}, []string{"0 body.notice not_found"}},
		refusal{"no notice to extend", []Draft{draft("", samples()["notice.extended"].Body, maker)}, []string{"0 body.notice not_found"}},
		refusal{"no notice to end", []Draft{draft("", samples()["notice.ended"].Body, maker)}, []string{"0 body.notice not_found"}},
		refusal{"no notice to correct", []Draft{draft("", samples()["notice.corrected"].Body, maker)}, []string{"0 body.notice not_found"}},
		refusal{"no notice to object to", []Draft{samples()["objection.received"]}, []string{"0 body.notice not_found"}},
		refusal{"no objection to answer", []Draft{samples()["objection.answered"]}, []string{"0 body.objection not_found"}},
		refusal{"nothing to waive", []Draft{draft("", &NoticeWaived{Basis: "x", Entry: 5000, Level: "county", Stage: "P3"}, maker)}, []string{"0 body.entry not_found"}},
	)
	copied := planNotice("N9", 2)
	copied.Content.Copy, copied.Content.Total = "某网站", 99
	both := planNotice("N1", 2)
	both.Content.About = []Seq{2, 6}
	both.Content.Total, both.Content.Lines = 80500, []NoticeLine{{Amount: 80000, Values: []string{"a", "b"}}, {Amount: 500, Values: []string{"c", "d"}}}
	posted := mustPost(t, l, draft("n9", copied, maker), draft("n1", both, maker))
	refuses(t, l,
		refusal{"twice", []Draft{draft("", both, maker)}, []string{"0 body.notice exists"}},
		refusal{"shorter", []Draft{draft("", &NoticeExtended{Notice: "N1", Ends: "2020-03-30", Reason: "plan"}, maker)}, []string{"0 body.ends earlier"}},
		refusal{"ended before it began", []Draft{draft("", &NoticeEnded{Notice: "N1", Outcome: "none"}, maker)}, []string{"0 on earlier"}},
	)
	noProject := samples()["objection.received"]
	noProject.Body.(*ObjectionReceived).Project = "P77"
	refuses(t, l, refusal{"no such project", []Draft{noProject}, []string{"0 body.project not_found"}})
	object := samples()["objection.received"]
	mustPost(t, l, object)
	again := samples()["objection.received"]
	again.ID = "again"
	back := draft("", &EntryReversed{Reason: "other"}, maker)
	back.Corrects = posted[1].Seq
	refuses(t, l, refusal{"the same objection", []Draft{again}, []string{"0 body.objection exists"}},
		refusal{"taken back with an open objection", []Draft{back}, []string{"0 corrects in_use"}})
	if err := reverse(t, l, "r9", posted[0].Seq); err != nil {
		t.Fatal(err)
	}
	reversedProject := mustPost(t, l, draft("listed", samples()["project.listed"].Body.(*ProjectListed).named("P5"), maker))[0]
	if err := reverse(t, l, "r5", reversedProject.Seq); err != nil {
		t.Fatal(err)
	}
	refuses(t, l, refusal{"withdrawn", []Draft{draft("", &NoticeEnded{Notice: "N9", Outcome: "none"}, maker)}, []string{"0 body.notice state"}},
		refusal{"taken back", of(80000, reversedProject.Seq), []string{"0 body.announcement.about.0 reversed"}})
	if n, err := l.Notice(t.Context(), testBook, "N9"); err != nil || n.State != StateWithdrawn || !n.Copy {
		t.Error(n, err)
	}
}

func (b *ProjectListed) named(id string) *ProjectListed {
	b.Project = id
	return b
}
