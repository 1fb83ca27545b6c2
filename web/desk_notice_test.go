package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/publicity"
	"yilu/publicity/workday"
)

// noticeDuties are those of the fixture's county.
func (d *sheetDesk) noticeDuties() *publicity.Duties {
	return &publicity.Duties{Ledger: d.l, Pool: d.db.Pool, Calendar: workday.StateCouncil()}
}

// unpublishedPlan is a project whose plan hangs in no village yet.
func (d *sheetDesk) unpublishedPlan() (project ledger.Project, entries []ledger.Seq) {
	d.t.Helper()
	all, _, err := d.l.Projects(d.t.Context(), pageBook, ledger.ProjectFilter{}, ledger.Page{Limit: 100})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, p := range all {
		seqs, err := d.noticeDuties().Unpublished(d.t.Context(), pageBook, "P3", "village", p.Project)
		if err != nil {
			d.t.Fatal(err)
		}
		if len(seqs) > 0 {
			return p, seqs
		}
	}
	d.t.Fatal("every plan is published")
	return project, nil
}

// noticeForm is what an officer types.
func noticeForm(project string) url.Values {
	return url.Values{"matter": {"P3"}, "level": {"village"}, "channel": {"board"}, "project": {project}, "starts": {"2020-07-01"}, "issuer": {"颍阳镇人民政府"}, "hotline": {"12317"}, "phone": {"0374-3560000"}, "act": {"compose"}}
}

// noticeHidden adds the hidden inputs of a page to a form.
func noticeHidden(form url.Values, page string) url.Values {
	for _, found := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(found[1], found[2])
	}
	return form
}

// TestNoticeIsComposedSeenAndApproved: what is shown is what the command composes, what is
// sent is what was shown, and a second person publishes it.
func TestNoticeIsComposedSeenAndApproved(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	maker, checker := d.as(ledger.Maker, "maker-1"), d.as(ledger.Checker, "checker-1")
	project, entries := d.unpublishedPlan()
	form := noticeHidden(noticeForm(project.Project), maker.do("GET", "/desk/notices", nil).Body.String())
	before := d.size()
	w := maker.do("POST", "/desk/notices", form)
	page := w.Body.String()
	content, err := d.noticeDuties().Compose(t.Context(), pageBook, publicity.Order{
		Stage: "P3", Level: "village", Channel: "board", Entries: entries, Starts: "2020-07-01", Signed: "2020-06-30", Issuer: "颍阳镇人民政府", Contacts: ledger.NoticeContacts{Hotline: "12317", Phone: "0374-3560000"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.Code != http.StatusOK || d.size() != before {
		t.Fatalf("compose: %d %s", w.Code, mainOf(page))
	}
	want(t, page, content.Title, content.Total.Comma(), content.Total.Upper(), string(content.Ends), `class="poster"`, "核验码和二维码在发布后生成", `value="send"`)
	stale := noticeHidden(noticeForm(project.Project), page)
	stale.Set("act", "send")
	stale.Set("phone", "0374-1111111") // another notice than the one that was shown
	if w := maker.do("POST", "/desk/notices", stale); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "与刚才看到的稿样不一致") || d.size() != before {
		t.Errorf("changed: %d", w.Code)
	}
	send := noticeHidden(noticeForm(project.Project), page)
	send.Set("act", "send")
	locations := make([]string, 3)
	var all sync.WaitGroup
	for i := range locations { // a double click
		all.Go(func() { locations[i] = maker.do("POST", "/desk/notices", send).Header().Get("Location") })
	}
	all.Wait()
	for _, to := range locations {
		if to == "" || to != locations[0] {
			t.Errorf("sent at once: %q", locations)
		}
	}
	if d.size() != before+2 {
		t.Errorf("%d entries, want 2", d.size()-before)
	}
	notice := "GS-P3-" + send.Get("id")[:8]
	if w := maker.do("GET", "/notices/"+notice, nil); w.Code != http.StatusNotFound {
		t.Errorf("public before it is approved: %d", w.Code)
	}
	to := strings.TrimSuffix(locations[0], "?done=1")
	want(t, checker.do("GET", to, nil).Body.String(), `class="poster"`, content.Title, content.Total.Upper())
	decision := formOn(t, checker.do("GET", to, nil).Body.String())
	decision.Set("act", "approve")
	if w := checker.do("POST", to, decision); w.Code != http.StatusSeeOther {
		t.Fatalf("approve: %d %s", w.Code, mainOf(w.Body.String()))
	}
	posted, err := d.l.Notice(t.Context(), pageBook, notice)
	if err != nil {
		t.Fatal(err)
	}
	e, err := d.l.Entry(t.Context(), pageBook, posted.Posted)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(content, e.Body.(*ledger.NoticePosted).Content); diff != "" {
		t.Errorf("not what the command composes:\n%s", diff)
	}
	if left, err := d.noticeDuties().Unpublished(t.Context(), pageBook, "P3", "village", project.Project); err != nil || len(left) > 0 {
		t.Errorf("still unpublished: %v %v", left, err)
	}
	if w := maker.do("POST", "/desk/notices", noticeHidden(noticeForm(project.Project), page)); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "没有尚待公开的分录") {
		t.Errorf("again: %d", w.Code)
	}
}

// TestNoticeIsRefusedWithReasons: what cannot be composed says why beside its field, and
// keeps what was typed.
func TestNoticeIsRefusedWithReasons(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	maker := d.as(ledger.Maker, "maker-1")
	project, entries := d.unpublishedPlan()
	page := maker.do("GET", "/desk/notices", nil).Body.String()
	for name, test := range map[string]struct {
		field, value string
		code         int
		says         string
	}{
		"no issuer": {"issuer", "", 422, `href="#issuer"`}, "no matter": {"matter", "", 422, `href="#matter"`}, "no day": {"starts", "tomorrow", 422, `href="#starts"`},
		"too few days": {"days", "3", 422, "公示天数须为 10 至 400 天"}, "no days": {"days", "x", 422, `href="#days"`}, "more days": {"days", "30", 200, "2020-07-31"},
		"unknown project": {"project", "none", 422, "没有尚待公开的分录"}, "nothing": {"project", "", 422, "请填写项目、文号或分录序号"}, "no entries": {"entries", "99999", 422, "没有这些分录"}, "no numbers": {"entries", "a,b", 422, `href="#entries"`},
		"another matter's entry": {"entries", "1", 422, "不能列入"}, "by its number": {"entries", entrySeqText(entries), 200, `class="poster"`}, "a hostile title": {"title", "<script>x</script>", 200, "&lt;script&gt;"},
	} {
		form := noticeHidden(noticeForm(project.Project), page)
		form.Set(test.field, test.value)
		w := maker.do("POST", "/desk/notices", form)
		got := w.Body.String()
		if w.Code != test.code || !strings.Contains(got, test.says) || !strings.Contains(got, `value="0374-3560000"`) {
			t.Errorf("%s: %d %s", name, w.Code, problemsOf(got))
		}
	}
	fund := noticeHidden(noticeForm(""), page)
	for name, v := range map[string]string{"matter": "P0", "level": "county", "channel": "portal", "document": "豫财农〔2020〕8号"} {
		fund.Set(name, v)
	}
	if w := maker.do("POST", "/desk/notices", fund); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "豫财农〔2020〕8号") {
		t.Errorf("of a document: %d %s", w.Code, problemsOf(w.Body.String()))
	}
	form := noticeHidden(noticeForm(project.Project), page)
	form.Set("act", "form")
	w := maker.do("POST", "/desk/notices", form)
	if draft := maker.do("GET", w.Header().Get("Location"), nil); w.Code != http.StatusSeeOther || !strings.Contains(draft.Body.String(), "颍阳镇人民政府") {
		t.Errorf("in the full form: %d %d", w.Code, draft.Code)
	}
	if w := d.as(ledger.Payer, "payer-1").do("GET", "/desk/notices", nil); w.Code != http.StatusForbidden {
		t.Errorf("a payer: %d", w.Code)
	}
	far := &browser{t: t, h: d.h}
	far.enter(d.person(ledger.ProjectOfficer, "far-2", "411025116", elsewhereOf(project.Place[:9], "411025116"), d.now), "/desk")
	if w := far.do("POST", "/desk/notices", noticeHidden(noticeForm(project.Project), far.do("GET", "/desk/notices", nil).Body.String())); w.Code != http.StatusNotFound {
		t.Errorf("of another township: %d", w.Code)
	}
}

func entrySeqText(seqs []ledger.Seq) string {
	var words []string
	for _, q := range seqs {
		words = append(words, fmt.Sprint(int64(q)))
	}
	return strings.Join(words, "，")
}

// TestPostingIsRecorded: the photograph is kept and its hash is in the entry, once.
func TestPostingIsRecorded(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	maker := d.as(ledger.Maker, "maker-1")
	want(t, maker.do("GET", "/desk/notices", nil).Body.String(), "/desk/notices/GS-001/hung")
	const path = "/desk/notices/GS-001/hung"
	page := maker.do("GET", path, nil).Body.String()
	photo := []byte("\x89PNG\r\n\x1a\nan image of a board")
	hang := func(b *browser, name string, content []byte, change ...string) (int, string) {
		form := noticeHidden(url.Values{"board": {"村委会公示栏"}, "place": {"411025103201"}, "on": {"2020-06-29"}, "hanger": {"楚某"}, "post": {"村会计"}, "end": {"1"}}, page)
		for i := 0; i < len(change); i += 2 {
			form.Set(change[i], change[i+1])
		}
		var fields []string
		for name := range form {
			fields = append(fields, name, form.Get(name))
		}
		w := b.upload(path, name, content, fields...)
		return w.Code, w.Body.String()
	}
	before := d.size()
	for name, change := range map[string][]string{"a day to come": {"on", "2020-07-02"}, "no day": {"on", ""}, "nobody": {"hanger", ""}, "no board": {"board", ""}, "no place": {"place", "12"}, "no position": {"position", "here"}} {
		if code, got := hang(maker, "照片.png", photo, change...); code != http.StatusUnprocessableEntity || !strings.Contains(got, "✗") {
			t.Errorf("%s: %d", name, code)
		}
	}
	for name, content := range map[string][]byte{"记录.txt": []byte("张贴了"), "假.png": []byte("no image"), "空.png": nil} {
		if code, _ := hang(maker, name, content); code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, code)
		}
	}
	if d.size() != before {
		t.Fatalf("%d entries of what was refused", d.size()-before)
	}
	for range 2 {
		if code, got := hang(maker, "照片.png", photo); code != http.StatusSeeOther {
			t.Fatalf("%d %s", code, problemsOf(got))
		}
	}
	if d.size() != before+1 {
		t.Errorf("%d entries", d.size()-before)
	}
	proofs, err := d.l.NoticeProofs(t.Context(), pageBook, "GS-001")
	if err != nil || len(proofs) != 2 {
		t.Fatalf("%v %v", proofs, err)
	}
	last := proofs[len(proofs)-1]
	store, err := document.Open(d.dir, d.db.Pool, d.l.Sealer)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if stored, err := store.Find(t.Context(), pageBook, last.Photo, ""); err != nil || stored.Name != "照片.png" || !last.End || last.On != "2020-06-29" || last.Hanger != "楚某" {
		t.Errorf("%+v %v", last, err)
	}
	want(t, maker.do("GET", path, nil).Body.String(), last.Photo)
	if w := maker.do("GET", "/desk/notices/none/hung", nil); w.Code != http.StatusNotFound {
		t.Errorf("no notice: %d", w.Code)
	}
	far := &browser{t: t, h: d.h}
	far.enter(d.person(ledger.ProjectOfficer, "far-3", "411025116", "411025116", d.now), "/desk")
	if w := far.do("GET", path, nil); w.Code != http.StatusNotFound {
		t.Errorf("of another township: %d", w.Code)
	}
}
