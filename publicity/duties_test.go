package publicity

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

// TestObligationsAriseAndAreMet follows one project through all that must be public of
// it, and makes it again from the log at each step.
func TestObligationsAriseAndAreMet(t *testing.T) {
	t.Parallel()
	c, seqs := funded(t)
	want := map[string]string{
		"P0/county/1": "2020-04-16 not_yet_due", "P3/county/2": "2020-04-16 not_yet_due", "P3/village/2": "2020-04-16 not_yet_due", "P4/unit/2": " not_yet_due",
		"P1/county/3":                 "2020-04-09 not_yet_due",
		"P9/county/411025000000/2020": "2021-01-29 not_yet_due", "P9/village/411025103205/2020": "2021-01-29 not_yet_due",
	}
	check := func(today ledger.Date) {
		t.Helper()
		if diff := cmp.Diff(want, c.states(today)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", today, diff)
		}
		c.holds()
	}
	check("2020-04-09")
	want["P1/county/3"] = "2020-04-09 missing"
	check("2020-04-10")

	c.day = "2020-04-20"
	c.announce("N1", "P1", "county", "portal", seqs[2])
	want["P1/county/3"] = "2020-04-09 met_late"
	c.day = "2020-03-20"
	c.announce("N2", "P3", "county", "portal", seqs[1])
	c.announce("N3", "P3", "village", "board", seqs[1])
	want["P3/county/2"], want["P3/village/2"] = "2020-04-16 met", "2020-04-16 met"
	want["P0/county/1"] = "2020-04-16 missing"
	check("2020-04-21")

	c.settle(&ledger.NoticeWaived{Basis: "政府信息公开条例14", Entry: seqs[0], Level: "county", Stage: "P0"})
	want["P0/county/1"] = "2020-04-16 waived"
	c.announce("N4", "P4", "unit", "site", seqs[1])
	c.day = "2020-03-19"
	started := c.post(&ledger.WorksStarted{Project: "P1"}, maker)
	want["P4/unit/2"] = "2020-03-19 met_late" // the sign came a day after the start
	check("2020-04-21")
	c.reverse(started)
	want["P4/unit/2"] = " met"
	check("2020-04-21")
	c.day = "2020-04-02"
	c.post(&ledger.WorksStarted{Project: "P1"}, maker)
	want["P4/unit/2"] = "2020-04-02 met"
	check("2020-04-21")

	// A posting that is taken down too soon meets nothing.
	c.day = "2020-03-26"
	c.post(&ledger.NoticeEnded{Notice: "N3", Outcome: "none"}, maker)
	want["P3/village/2"] = "2020-04-16 missing"
	check("2020-04-21")

	got, err := c.d.Coverage(context.Background(), testBook, ByCounty, Filter{}, "2020-04-21")
	if diff := cmp.Diff([]Coverage{{Key: "411025", Arisen: 7, Waiting: 2, Waived: 1, Met: 3, OnTime: 2, Missing: 1}}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if got[0].Share() != "75.00%" || got[0].OnTimeShare() != "50.00%" || got[0].Late() != 1 || got[0].Due() != 4 {
		t.Error(got[0].Share(), got[0].OnTimeShare())
	}
	if none := (Coverage{Arisen: 3, Waiting: 3}); none.Share() != "—" {
		t.Error("none fell due:", none.Share())
	}
	villages, err := c.d.Coverage(context.Background(), testBook, ByVillage, Filter{Stage: "P3"}, "2020-04-21")
	if err != nil || len(villages) != 1 || villages[0].Key != "411025103205" || villages[0].Missing != 1 {
		t.Error(villages, err)
	}
	missing, next, err := c.d.Obligations(context.Background(), testBook, Filter{}, true, "2020-04-21", ledger.Page{})
	if err != nil || next != "" || len(missing) != 1 || missing[0].Project != "P1" {
		t.Error(missing, next, err)
	}
}

// TestNoticesThatMeetNothing: too short, incomplete, at the wrong place, and reversed.
func TestNoticesThatMeetNothing(t *testing.T) {
	t.Parallel()
	c, seqs := funded(t)
	good := c.compose(Order{Stage: "P3", Level: "village", Channel: "board", Entries: seqs[1:2]})
	if good.Ends != "2020-03-30" { // 03-28 is a Saturday
		t.Error("ten days strictly end on", good.Ends)
	}
	n := 0
	try := func(what string, meets bool, change func(b *ledger.NoticeContent)) ledger.Seq {
		t.Helper()
		n++
		b := good
		b.Facts, b.Lines = append([]ledger.NoticeFact{}, good.Facts...), append([]ledger.NoticeLine{}, good.Lines...)
		b.Lines[0].Values = append([]string{}, good.Lines[0].Values...)
		change(&b)
		seq := c.post(&ledger.NoticePosted{Notice: "N" + string('0'+rune(n)), Content: b}, maker)
		if got := c.states("2020-05-01")["P3/village/2"] == "2020-04-16 met"; got != meets {
			t.Errorf("%s: met %v, want %v", what, got, meets)
		}
		return seq
	}
	try("a day too short", false, func(b *ledger.NoticeContent) { b.Ends = "2020-03-29" })
	try("no targets", false, func(b *ledger.NoticeContent) { b.Lines[0].Values[8] = " " })
	try("no phone", false, func(b *ledger.NoticeContent) { b.Contacts.Phone = "" })
	try("on the portal only", false, func(b *ledger.NoticeContent) { b.Channel = "portal" })
	try("by the county", false, func(b *ledger.NoticeContent) { b.Level = "county" })
	seq := try("as it should be", true, func(*ledger.NoticeContent) {})
	c.reverse(seq)
	if got := c.states("2020-05-01")["P3/village/2"]; got != "2020-04-16 missing" {
		t.Error("after the reversal:", got)
	}
	c.holds()
}

// TestCorrectionsKeepTheirDay: a notice that is corrected and stays right has been
// public since its first version.
func TestCorrectionsKeepTheirDay(t *testing.T) {
	t.Parallel()
	c, seqs := funded(t)
	c.announce("N1", "P3", "county", "portal", seqs[1])
	b := c.compose(Order{Stage: "P3", Level: "county", Channel: "portal", Entries: seqs[1:2]})
	c.day = "2020-05-20"
	b.Starts, b.Title = c.day, "更正后的公告"
	c.post(&ledger.NoticeCorrected{Notice: "N1", Content: b, Reason: "other"}, maker)
	if got := c.states("2020-06-01")["P3/county/2"]; got != "2020-04-16 met" {
		t.Error(got)
	}
	b.Contacts.Hotline = ""
	c.post(&ledger.NoticeCorrected{Notice: "N1", Content: b, Reason: "other"}, maker)
	if got := c.states("2020-06-01")["P3/county/2"]; got != "2020-04-16 missing" {
		t.Error("without its hotline:", got)
	}
	c.holds()
}

// TestExtensionsCount: a posting that was too short and is extended while it hangs has
// met its duty since its first day; one that had ended has not.
func TestExtensionsCount(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		on   ledger.Date
		want string
	}{{"2020-03-23", "2020-04-16 met"}, {"2020-04-20", "2020-04-16 met_late"}} {
		c, seqs := funded(t)
		b := c.compose(Order{Stage: "P3", Level: "village", Channel: "board", Entries: seqs[1:2]})
		b.Ends = "2020-03-23"
		c.post(&ledger.NoticePosted{Notice: "N1", Content: b}, maker)
		if got := c.states("2020-05-01")["P3/village/2"]; got != "2020-04-16 missing" {
			t.Error("too short:", got)
		}
		c.day = x.on
		c.post(&ledger.NoticeExtended{Notice: "N1", Ends: "2020-04-30", Reason: "plan"}, maker)
		if got := c.states("2020-05-01")["P3/village/2"]; got != x.want {
			t.Errorf("extended on %s: %s, want %s", x.on, got, x.want)
		}
		c.holds()
	}
}

// TestVillageStatement adds up what was paid in a quarter, to the 分.
func TestVillageStatement(t *testing.T) {
	t.Parallel()
	c, _ := funded(t)
	first := c.pay("Z1", "P1", 1000)
	c.day = "2020-03-30"
	other := c.pay("Z2", "P1", 2001)
	statement := func(id string, seqs ...ledger.Seq) {
		t.Helper()
		b := c.compose(Order{Stage: "P6", Level: "village", Channel: "board", Entries: seqs, Period: "2020-Q1"})
		c.post(&ledger.NoticePosted{Notice: id, Content: b}, maker)
	}
	const key = "P6/village/411025103205/2020-Q1"
	c.day = "2020-04-03"
	statement("N1", first)
	if got := c.states("2020-04-11")[key]; got != "2020-04-10 missing" {
		t.Error("one payment is left out:", got)
	}
	statement("N2", first, other)
	if got := c.states("2020-04-11")[key]; got != "2020-04-10 met" {
		t.Error("all of it:", got)
	}
	c.day = "2020-03-31"
	c.pay("Z3", "P1", 5)
	if got := c.states("2020-04-11")[key]; got != "2020-04-10 missing" {
		t.Error("a payment that was entered later:", got)
	}
	c.holds()
}

// TestYearOfThePlan: the county and each village tell how the plan of the year was
// fulfilled, with all that was paid in it; a payment that is taken back counts no more.
func TestYearOfThePlan(t *testing.T) {
	t.Parallel()
	c, seqs := funded(t)
	c.day = "2020-10-12"
	c.pay("Z1", "P1", 1000)
	wrong := c.pay("Z2", "P1", 2001)
	const village, county, arrears = "P9/village/411025103205/2020", "P9/county/411025000000/2020", "P11/county/411025000000/2020"
	tell := func(id, stage, level, channel string, entries ...ledger.Seq) {
		t.Helper()
		c.post(&ledger.NoticePosted{Notice: id, Content: c.compose(Order{Stage: stage, Level: level, Channel: channel, Entries: entries, Period: "2020"})}, maker)
	}
	want := func(today ledger.Date, key, state string) {
		t.Helper()
		if got := c.states(today)[key]; got != state {
			t.Errorf("%s: %s is %q, want %q", today, key, got, state)
		}
	}
	want("2021-01-29", village, "2021-01-29 not_yet_due")
	want("2021-01-30", village, "2021-01-29 missing")
	c.day = "2021-01-20"
	tell("N1", "P9", "village", "board", seqs[1])
	tell("N2", "P9", "county", "portal", seqs[1])
	want("2021-01-30", village, "2021-01-29 met")
	want("2021-01-30", county, "2021-01-29 met")
	c.reverse(wrong)
	want("2021-01-30", village, "2021-01-29 missing")
	c.day = "2021-01-25"
	tell("N3", "P9", "village", "board", seqs[1])
	want("2021-01-30", village, "2021-01-29 met")
	want("2021-04-01", county, "2021-01-29 missing")
	want("2021-04-01", "P6/village/411025103205/2020-Q4", "2021-01-11 missing")

	want("2021-04-01", arrears, "2021-03-31 missing")
	c.day = "2021-04-02"
	tell("N4", "P11", "county", "portal")
	want("2021-04-03", arrears, "2021-03-31 met_late")
	list, err := c.l.Notice(context.Background(), testBook, "N4")
	if err != nil || list.Total != 0 {
		t.Error(list, err)
	}
	c.holds()
}

// TestArrearsNameContracts composes what is unpaid of a contract with a small firm.
func TestArrearsNameContracts(t *testing.T) {
	t.Parallel()
	c, _ := funded(t)
	signed := c.settle(&ledger.ContractSigned{Contract: "K1", Project: "P1", Name: "施工合同", Supplier: ledger.Party{Name: "某公司"}, Amount: 50000, Category: "works", SME: true})
	b := c.compose(Order{Stage: "P11", Level: "county", Channel: "portal", Entries: signed, Period: "2020"})
	if b.Total != 50000 || b.Fact("count") != "1" || len(Missing(&b)) > 0 {
		t.Error(b)
	}
	if b = c.compose(Order{Stage: "P11", Level: "county", Channel: "portal", Period: "2020"}); b.Total != 0 || b.Fact("count") != "0" || len(Missing(&b)) > 0 {
		t.Error(b)
	}
	if _, err := c.d.Compose(t.Context(), testBook, Order{Stage: "P11", Level: "county", Channel: "portal", Entries: []ledger.Seq{1}}); err == nil {
		t.Error("a fund is no contract")
	}
	if _, err := c.d.Compose(t.Context(), testBook, Order{Stage: "P9", Level: "county", Channel: "portal", Entries: []ledger.Seq{1}}); err == nil {
		t.Error("a fund is no project")
	}
}

// TestHouseholdListsStandBeforeThePayOut has a batch that is posted, paid, and one that
// is rejected.
func TestHouseholdListsStandBeforeThePayOut(t *testing.T) {
	t.Parallel()
	c, _ := funded(t)
	header := c.grants("G1", "P1")
	c.announce("N1", "P8", "village", "board", header)
	key := "P8/village/" + itoa(header)
	if got := c.states("2020-06-01")[key]; got != " met" {
		t.Error("before the pay-out:", got)
	}
	c.day = "2020-04-02"
	c.post(&ledger.PaymentPaid{Payment: "G1"}, payer)
	if got := c.states("2020-06-01")[key]; got != "2020-04-02 met" {
		t.Error("paid:", got)
	}
	b := c.compose(Order{Stage: "P8", Level: "village", Channel: "board", Entries: []ledger.Seq{header}})
	if diff := cmp.Diff([]ledger.NoticeLine{{Amount: 3000, Values: []string{"产业奖补", "颍阳镇某村", "15.00元", "2"}}}, b.Lines); diff != "" {
		t.Error(diff)
	}
	c.holds()
}

// TestLocalTerms: a county's own term holds for what comes after it, and the narrowest
// region wins.
func TestLocalTerms(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	term := func(region string, days, minimum ledger.Count, mode string) *ledger.NoticeRequired {
		return &ledger.NoticeRequired{Basis: "襄政办〔2020〕1号", Days: days, From: "2020-01-01", Level: "village", Minimum: minimum, Mode: mode, Region: region, Stage: "P3", Unit: "wd"}
	}
	seqs := c.settle(&ledger.FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "专项", Level: "central", Amount: 1_000_000, Issued: "2020-01-07", Year: "2020"}, plan9Project("P1", "411025103205", 100))
	c.settle(term("411025103", 3, 7, "inclusive"))
	c.settle(term("41", 10, 10, "strict"))
	later := c.settle(plan9Project("P2", "411025103205", 100), plan9Project("P3", "411025104205", 100))
	got := c.states("2020-03-18")
	for seq, due := range map[ledger.Seq]string{seqs[1]: "2020-04-16", later[0]: "2020-03-23", later[1]: "2020-04-01"} {
		if s := got["P3/village/"+itoa(seq)]; s != due+" not_yet_due" {
			t.Errorf("entry %d: %s, want %s", seq, s, due)
		}
	}
	if b := c.compose(Order{Stage: "P3", Level: "village", Channel: "board", Entries: later[:1]}); b.Ends != "2020-03-24" {
		t.Error("seven days, the first and the last counted:", b.Ends)
	}
	c.holds()
}

// TestReversedEntriesOblige nobody, and neither does what waits for a second person.
func TestReversedEntriesObligeNobody(t *testing.T) {
	t.Parallel()
	c, seqs := funded(t)
	c.reverse(seqs[2])
	listed := c.post(&ledger.ProjectListed{Project: "P9", Name: "大棚", Content: "新建大棚", Type: "industry", Place: "411025106202", PlaceName: "库庄镇某村", Unit: "库庄镇政府"}, maker)
	if _, err := c.l.Submit(context.Background(), testBook, "SX", ledger.SubmissionMade{Submission: "SX", Title: "待审批"}, []ledger.Draft{c.draft(plan9Project("P7", "411025103205", 1), maker)}); err != nil {
		t.Fatal(err)
	}
	got := c.states("2020-03-18")
	if len(got) != 8 || got["P1/county/3"] != "" || got["P2/village/"+itoa(listed)] == "" {
		t.Error(got)
	}
	c.holds()
}

// TestReversedChangeMovesTheProjectBack: where a project lies follows the changes that stand,
// step by step, whether it is followed as they come or all at once.
func TestReversedChangeMovesTheProjectBack(t *testing.T) {
	t.Parallel()
	c, _ := funded(t)
	c.settle(plan9Project("P7", "411025103205", 1))
	place := func() (code string) {
		t.Helper()
		c.states(c.day) // follows the log first
		if err := c.owner.QueryRow(t.Context(), `select place from publicity.project where book = $1 and project = 'P7'`, testBook).Scan(&code); err != nil {
			t.Fatal(err)
		}
		return code
	}
	moved := func(code string) ledger.Seq {
		t.Helper()
		return c.settle(&ledger.ProjectChanged{Project: "P7", Document: "襄扶〔2020〕9号", Reason: "plan", Place: code, PlaceName: "别处"})[0]
	}
	first := place()
	once, named := moved("411025103207"), c.settle(&ledger.ProjectChanged{Project: "P7", Document: "襄扶〔2020〕10号", Reason: "plan", Name: "改名"})[0]
	twice := moved("411025104205")
	if got := place(); got != "411025104205" {
		t.Errorf("moved to %s", got)
	}
	for _, step := range []struct {
		back ledger.Seq
		want string
	}{{twice, "411025103207"}, {named, "411025103207"}, {once, first}} {
		c.reverse(step.back)
		if got := place(); got != step.want {
			t.Errorf("after %d was taken back it lies in %s, want %s", step.back, got, step.want)
		}
		c.holds()
	}
}

// TestManyFollowAtOnce: whoever asks follows, and each entry counts once.
func TestManyFollowAtOnce(t *testing.T) {
	t.Parallel()
	c, _ := funded(t)
	c.pay("Z1", "P1", 1000)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := c.d.CatchUp(context.Background(), testBook); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c.holds()
	if _, err := c.d.Pool.Exec(context.Background(), `delete from publicity.obligation`); err == nil {
		t.Error("the service may delete obligations")
	}
	if _, err := c.owner.Exec(context.Background(), `update publicity.obligation set amount = amount + 1`); err != nil {
		t.Fatal(err)
	}
	if _, err := c.d.Rebuild(context.Background(), c.owner, testBook, false); err == nil {
		t.Error("a changed table passes for the log's")
	}
	if _, err := c.d.Rebuild(context.Background(), c.owner, testBook, true); err != nil {
		t.Error(err)
	}
	c.holds()
}
