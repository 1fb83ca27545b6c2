package web

import (
	"bytes"
	"encoding/xml"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"yilu/ledger"
)

// answerForm are the hidden inputs of a form of the desk.
func answerForm(t *testing.T, page, kind string) url.Values {
	t.Helper()
	return hiddenOf(t, page, kind)
}

// TestObjectionIsAnsweredAtTheDesk: from the list to the public page, with what is
// refused on the way.
func TestObjectionIsAnsweredAtTheDesk(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	var log bytes.Buffer
	h := New(Config{Ledger: x.l, Pool: x.db.Pool, Log: slog.New(slog.NewJSONHandler(&log, nil)), Now: func() time.Time { return pageNow }, Book: pageBook, Demo: true,
		Accounts: x.accounts(func() time.Time { return pageNow }, true)})
	b := &browser{t: t, h: h}
	list := b.enter(x.token(ledger.Maker, "maker-1", "411025-NY", pageNow), "/desk/objections").Body.String()
	if !strings.Contains(list, "YJ-2") || strings.Contains(list, "YJ-1<") || !strings.Contains(list, "已逾期") {
		t.Fatal(list)
	}
	if all := b.do("GET", "/desk/objections?state=all", nil).Body.String(); !strings.Contains(all, "YJ-1") || !strings.Contains(all, "YJ-2") {
		t.Error(all)
	}
	page := b.do("GET", "/desk/objections/YJ-2", nil).Body.String()
	for _, want := range []string{"李一家门口的路没修，电话13800138000", "张1", "颍阳镇后楚村2020年项目公示", "2020-02-17"} {
		if !strings.Contains(page, want) {
			t.Errorf("the desk lacks %q", want)
		}
	}
	if !strings.Contains(log.String(), "objection opened") || strings.Contains(log.String(), "13800138000") {
		t.Error("the log:", log.String())
	}
	form := answerForm(t, page, "answer")
	form.Set("question", "东头的路何时修，电话13800138000")
	form.Set("answer", "已列入")
	refused := b.do("POST", "/desk/objections/YJ-2", form)
	if body := refused.Body.String(); refused.Code != http.StatusUnprocessableEntity || !strings.Contains(body, "须填写") && !strings.Contains(body, "aria-invalid") || !strings.Contains(body, "已列入") {
		t.Error(refused.Code, body)
	}
	form.Set("objection_outcome", "explained")
	form.Set("answered_by", "襄城县农业农村局")
	refused = b.do("POST", "/desk/objections/YJ-2", form)
	if refused.Code != http.StatusUnprocessableEntity || !strings.Contains(refused.Body.String(), "不得含手机号") {
		t.Error("a number in a public answer:", refused.Code, refused.Body)
	}
	form.Set("question", "东头的路何时修")
	if w := b.do("POST", "/desk/objections/YJ-2", form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/desk/objections/YJ-2" {
		t.Fatal(w.Code, w.Body)
	}
	if page := b.do("GET", "/desk/objections/YJ-2", nil).Body.String(); strings.Contains(page, "<textarea") || !strings.Contains(page, "逾期答复") {
		t.Error("after the answer:", page)
	}
	for _, path := range []string{"/objections", "/notices/GS-001", "/objections/list.csv", "/objections/list.json", "/feed.atom", "/places/411025103/feed.atom"} {
		if w := answerTo(h, path); !strings.Contains(w.Body.String(), "东头的路何时修") || strings.Contains(w.Body.String(), "李一家") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	var feed struct {
		Entries []struct {
			ID string `xml:"id"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(answerTo(h, "/places/411025104/feed.atom").Body.Bytes(), &feed); err != nil || strings.Contains(answerTo(h, "/places/411025104/feed.atom").Body.String(), "objections/") {
		t.Error("another township's feed has it:", err)
	}
	if again := b.do("POST", "/desk/objections/YJ-2", form); again.Code != http.StatusForbidden {
		t.Error("answered twice:", again.Code)
	}
}

// TestObjectionsAreHandedOn: a township sees its own and what it was handed; the auditor
// reads, hands on and does not answer.
func TestObjectionsAreHandedOn(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	h := x.officers("", func() time.Time { return pageNow })
	officer := func(role ledger.Role, unit string) *browser {
		b := &browser{t: t, h: h}
		b.enter(x.token(role, "u-"+unit, unit, pageNow), "/desk/objections")
		return b
	}
	own, other, auditor := officer(ledger.Maker, "411025103-ZF"), officer(ledger.ProjectOfficer, "411025104-ZF"), officer(ledger.Auditor, "411025-SJ")
	sees := func(b *browser) bool {
		t.Helper()
		in := strings.Contains(b.do("GET", "/desk/objections", nil).Body.String(), "YJ-2")
		if open := b.do("GET", "/desk/objections/YJ-2", nil).Code == http.StatusOK; open != in {
			t.Error("the list and the page differ")
		}
		return in
	}
	if !sees(own) || sees(other) || !sees(auditor) {
		t.Error("who sees it:", sees(own), sees(other), sees(auditor))
	}
	page := auditor.do("GET", "/desk/objections/YJ-2", nil).Body.String()
	if strings.Contains(page, `value="answer"`) {
		t.Error("the auditor answers")
	}
	if !strings.Contains(page, `list="to_unit-forward-list"`) || !strings.Contains(page, `<option value="411025-SJ">`) {
		t.Error("the units that there are are not suggested")
	}
	form := answerForm(t, page, "forward")
	for to, want := range map[string]string{"": "aria-invalid", "乡 政府": "单位代码须为"} {
		form.Set("to_unit", to)
		if w := auditor.do("POST", "/desk/objections/YJ-2", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), want) {
			t.Errorf("to %q: %d %s", to, w.Code, w.Body)
		}
	}
	form.Set("to_unit", "411025104-ZF")
	if w := auditor.do("POST", "/desk/objections/YJ-2", form); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code, w.Body)
	}
	if !sees(other) || !sees(own) {
		t.Error("after the hand-over")
	}
	if page := other.do("GET", "/desk/objections/YJ-2", nil).Body.String(); !strings.Contains(page, "u-411025-SJ") || !strings.Contains(page, `value="answer"`) {
		t.Error(page)
	}
	if w := auditor.do("POST", "/desk/objections/YJ-2", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "已在该单位办理") {
		t.Error("handed to who has it:", w.Code)
	}
	if w := officer(ledger.Checker, "411025-CZ").do("GET", "/desk/objections", nil); w.Code != http.StatusForbidden {
		t.Error("a checker:", w.Code)
	}
	if w := auditor.do("GET", "/desk/objections/none", nil); w.Code != http.StatusNotFound {
		t.Error(w.Code)
	}
}
