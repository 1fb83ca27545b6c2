package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/account"
	"yilu/audit"
	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/migrations/pgtest"
	"yilu/publicity/photo"
)

// killSpec makes a copy of the test binary a server of its own, to be killed.
type killSpec struct{ URL, Dir string }

const (
	killVariable = "YILU_WEB_CHILD"
	// killName marks the sessions of a child in PostgreSQL.
	killName = "killed_server"
	// killCut is the status that stands for no answer.
	killCut = 599
)

// init takes over the process if it is to be a server.
func init() {
	text := os.Getenv(killVariable)
	if text == "" {
		return
	}
	var spec killSpec
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		log.Fatal(err)
	}
	log.Fatal(spec.serve())
}

// serve serves the typical county of a database until the process is killed or its
// parent is gone.
func (k killSpec) serve() error {
	pool, err := pgxpool.New(context.Background(), k.URL)
	if err != nil {
		return err
	}
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		return err
	}
	now := func() time.Time { return pageNow }
	l := ledger.New(ledger.Config{Pool: pool, Sealer: sealer, Now: now, Judge: testRules().Judge()})
	people, err := account.New(account.Config{Pool: pool, Book: pageBook, Secret: make([]byte, 32), Now: now, Demo: true, Cost: account.Cost{Passes: 1, MemoryKiB: 64, Threads: 1}})
	if err != nil {
		return err
	}
	store, err := document.Open(k.Dir, pool, sealer)
	if err != nil {
		return err
	}
	h := New(Config{
		Ledger: l, Pool: pool, Log: slog.New(slog.DiscardHandler), Now: now, Book: pageBook, Demo: true,
		Alerts: testEngine(l, &pgtest.DB{Pool: pool}), Files: store, Accounts: people,
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + ln.Addr().String())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return http.Serve(ln, h)
}

// killDesk is a desk whose server is another process. It is a handler: what browsers send
// goes there.
type killDesk struct {
	*sheetDesk
	cmd  *exec.Cmd
	base string
}

func newKillDesk(t *testing.T) *killDesk {
	t.Helper()
	k := &killDesk{sheetDesk: newSheetDesk(t)}
	k.begin()
	k.h = k
	t.Cleanup(k.kill)
	return k
}

// begin starts the server, as after a crash.
func (k *killDesk) begin() {
	k.t.Helper()
	self, err := os.Executable()
	if err != nil {
		k.t.Fatal(err)
	}
	mark := "?"
	if strings.Contains(k.db.ServiceURL, "?") {
		mark = "&"
	}
	spec, err := json.Marshal(killSpec{k.db.ServiceURL + mark + "application_name=" + killName, k.dir})
	if err != nil {
		k.t.Fatal(err)
	}
	k.cmd = exec.CommandContext(k.t.Context(), self)
	k.cmd.Env = append(os.Environ(), killVariable+"="+string(spec))
	k.cmd.Stderr = os.Stderr
	if _, err := k.cmd.StdinPipe(); err != nil { // it ends with us
		k.t.Fatal(err)
	}
	out, err := k.cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := k.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		k.t.Fatalf("the server did not start: %v", err)
	}
	k.base = strings.TrimSpace(line)
}

// kill kills the server and waits until PostgreSQL has ended what it was doing.
func (k *killDesk) kill() {
	_ = k.cmd.Process.Kill() // it may have ended
	_ = k.cmd.Wait()
	for until := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		var n int
		err := k.db.Owner.QueryRow(context.Background(), `select count(*) from pg_stat_activity where datname = current_database() and application_name = $1`, killName).Scan(&n)
		if err != nil || n == 0 {
			return
		}
		if time.Now().After(until) {
			k.t.Errorf("%d sessions of a killed server stay", n)
			return
		}
	}
}

// ServeHTTP hands a request on to the other process; no answer is killCut.
func (k *killDesk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sent, err := http.NewRequestWithContext(r.Context(), r.Method, k.base+r.URL.RequestURI(), r.Body)
	if err != nil {
		k.t.Error(err)
		return
	}
	sent.Header, sent.ContentLength = r.Header, r.ContentLength
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(sent)
	if err != nil {
		w.WriteHeader(killCut)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	for name, v := range answer.Header {
		w.Header()[name] = v
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body)
}

// killDelays are how long after it was sent a request is cut off. The last ones are
// mostly answered first.
var killDelays = []time.Duration{0, 3 * time.Millisecond, 10 * time.Millisecond, 30 * time.Millisecond, 90 * time.Millisecond, 270 * time.Millisecond, 810 * time.Millisecond}

// midway sends a request for each delay, kills the server meanwhile, starts it again and
// has the outcome checked, until one was answered.
func (k *killDesk) midway(send func(round int) *httptest.ResponseRecorder, check func(round, status int)) {
	k.t.Helper()
	for round, delay := range killDelays {
		done := make(chan int, 1)
		go func() { done <- send(round).Code }()
		status, answered := 0, false
		select {
		case status = <-done:
			answered = true
		case <-time.After(delay):
		}
		k.kill()
		if !answered {
			status = <-done
		}
		k.begin()
		k.t.Logf("cut off after %v: status %d", delay, status)
		if check(round, status); status != killCut || k.t.(*testing.T).Failed() {
			return
		}
	}
}

// TestDraftKilledInTheMiddle: a draft is as it was before, or as it was sent; what was
// answered is kept.
func TestDraftKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	k := newKillDesk(t)
	b := k.as(ledger.Maker, "maker-1")
	form := fill(t, b, "payment.requested", &ledger.PaymentRequested{Payment: "ZF-1", Project: "XC2020-020", Fund: "2020-SJ-1", Purpose: "稿begin"}, nil)
	w := press(b, form, "save")
	if w.Code != http.StatusOK {
		t.Fatalf("%d", w.Code)
	}
	form.Set("version", formOn(t, w.Body.String()).Get("version"))
	last := "稿begin"
	k.midway(func(round int) *httptest.ResponseRecorder {
		sent := url.Values{}
		for name, v := range form {
			sent[name] = v
		}
		sent.Set("0.body.purpose", fmt.Sprintf("稿%d", round))
		return press(&browser{t: t, h: k, cookie: b.cookie}, sent, "save")
	}, func(round, status int) {
		page := b.do("GET", "/desk/drafts/"+form.Get("draft"), nil).Body.String()
		next := fmt.Sprintf("稿%d", round)
		switch {
		case strings.Contains(page, `value="`+next+`"`):
			last = next
		case !strings.Contains(page, `value="`+last+`"`) || status != killCut:
			t.Errorf("round %d (%d): the draft holds neither %s nor %s", round, status, last, next)
		}
		form.Set("version", formOn(t, page).Get("version"))
		var drafts int
		if err := k.db.Pool.QueryRow(t.Context(), `select count(*) from web.draft`).Scan(&drafts); err != nil || drafts != 1 {
			t.Errorf("%d drafts %v", drafts, err)
		}
	})
}

// TestUploadKilledInTheMiddle: a document is there whole or not at all, what was answered
// is there, and sent again it is there once.
func TestUploadKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	k := newKillDesk(t)
	b := k.as(ledger.Maker, "maker-1")
	word := b.word("/desk/files")
	content := func(round int) []byte {
		return []byte(fmt.Sprintf("%%PDF-%d", round) + strings.Repeat("0123456789abcdef", 4<<16))
	}
	send := func(round int) *httptest.ResponseRecorder {
		return (&browser{t: t, h: k, cookie: b.cookie}).upload("/desk/files", fmt.Sprintf("扫描%d.pdf", round), content(round), "form", word)
	}
	k.midway(send, func(round, status int) {
		if faults, _, err := document.Check(t.Context(), k.db.Pool, k.dir); err != nil || len(faults) > 0 {
			t.Errorf("round %d: %v %v", round, faults, err)
		}
		rows := func() (n int) {
			t.Helper()
			if err := k.db.Pool.QueryRow(t.Context(), `select count(*) from files.stored where name = $1`, fmt.Sprintf("扫描%d.pdf", round)).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := rows(); status != killCut && n != 1 || n > 1 {
			t.Errorf("round %d (%d): %d documents", round, status, n)
		}
		if w := send(round); w.Code != http.StatusSeeOther || rows() != 1 {
			t.Errorf("round %d sent again: %d, %d documents", round, w.Code, rows())
		}
	})
	if stored, err := filepath.Glob(filepath.Join(k.dir, "stored", "*", "*")); err != nil || len(stored) == 0 {
		t.Errorf("%v %v", stored, err)
	}
}

// TestBankReturnKilledInTheMiddle: what a bank has answered is in the book whole or not at
// all, the upload outlives the server, and confirmed again it is there once.
func TestBankReturnKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	k := newKillDesk(t)
	k.batch("DF-0009")
	b := k.as(ledger.Payer, "payer-1")
	at := "/desk/bank/DF-0009"
	w := b.upload(at, "回盘.csv", answers(t, credited(0, "成功", ""), credited(1, "失败", "账号不存在"), credited(2, "成功", ""), credited(3, "退汇", "客户已迁移"), credited(4, "成功", ""), credited(5, "成功", "")),
		"form", b.word(at), "day", "2020-06-12")
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, mainOf(w.Body.String()))
	}
	to, before := w.Header().Get("Location"), k.size()
	form := url.Values{"form": {b.word(to)}}
	send := func(int) *httptest.ResponseRecorder {
		return (&browser{t: t, h: k, cookie: b.cookie}).do("POST", to, form)
	}
	k.midway(send, func(round, status int) {
		pay, err := k.l.Payment(t.Context(), pageBook, "DF-0009")
		whole := pay.State == ledger.StatePaid && pay.Returned == yuan(2000) && k.size() == before+3
		nothing := pay.State == ledger.StateApproved && pay.Returned == 0 && k.size() == before
		if err != nil || !whole && (!nothing || status != killCut) {
			t.Errorf("round %d (%d): %+v, %d entries, %v", round, status, pay, k.size()-before, err)
		}
		if w := b.do("GET", to, nil); w.Code != http.StatusOK && nothing {
			t.Errorf("round %d: the upload is gone: %d", round, w.Code)
		}
	})
	send(0)
	if pay, err := k.l.Payment(t.Context(), pageBook, "DF-0009"); err != nil || pay.State != ledger.StatePaid || pay.Returned != yuan(2000) || k.size() != before+3 {
		t.Errorf("in the end: %+v, %d entries, %v", pay, k.size()-before, err)
	}
}

// TestImportKilledByHTTP: a confirmed sheet is in the book whole or not at all, its
// preview outlives the server, and confirmed again it is there once.
func TestImportKilledByHTTP(t *testing.T) {
	t.Parallel()
	k := newKillDesk(t)
	b := k.as(ledger.Maker, "maker-1")
	var rows [][]string
	for i := range 300 {
		rows = append(rows, payRow(fmt.Sprintf("ZF-7%03d", i), fmt.Sprintf("%d.01", i+1)))
	}
	at, page := b.hand("payment", "支付表.csv", paySheet(t, rows...))
	want(t, page, "确认无误")
	before := k.size()
	form := url.Values{"form": {b.word(at)}, "do": {"submit"}}
	send := func(int) *httptest.ResponseRecorder {
		return (&browser{t: t, h: k, cookie: b.cookie}).do("POST", at, form)
	}
	k.midway(send, func(round, status int) {
		// An answer after the patience of a request is a place to look, no promise.
		if n := k.size() - before; n != 0 && n != 301 {
			t.Errorf("round %d (%d): %d entries", round, status, n)
		}
		if w := b.do("GET", at, nil); w.Code != http.StatusOK {
			t.Errorf("round %d: the preview is gone: %d", round, w.Code)
		}
	})
	send(0)
	b.settled(at)
	var entries, ids int64
	if err := k.db.Owner.QueryRow(t.Context(), `select count(*), count(distinct id) from log.entry where book = $1 and seq >= $2`, pageBook, before).Scan(&entries, &ids); err != nil || entries != 301 || ids != 301 {
		t.Errorf("in the end %d entries, %d ids, %v", entries, ids, err)
	}
}

// TestPhotoKilledInTheMiddle: a photograph is asked for, released and taken off whole or
// not at all. The public page has a link exactly while the picture is served, and no
// document is left half.
func TestPhotoKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	k := newKillDesk(t)
	officer, checker := k.as(ledger.PublicityOfficer, "publicity-1"), k.as(ledger.Checker, "checker-1")
	path := hangPhoto(t, k.sheetDesk, officer, boardPhoto(t, 120))
	before, at := k.size(), ""
	// steps counts the entries since, and says whether the picture is public.
	steps := func(round, status int) (entries int64, public bool) {
		t.Helper()
		if faults, _, err := document.Check(t.Context(), k.db.Pool, k.dir); err != nil || len(faults) > 0 {
			t.Errorf("round %d: %v %v", round, faults, err)
		}
		link := regexp.MustCompile(`/photos/[0-9a-f]{64}\.jpg`).FindString(answerTo(k, "/notices/GS-001").Body.String())
		if link != "" {
			if w := answerTo(k, link); w.Code != http.StatusOK || !photo.IsPublic(w.Body.Bytes()) {
				t.Errorf("round %d (%d): the page links to a picture that is not there: %d", round, status, w.Code)
			}
			at = link
		} else if at != "" {
			if w := answerTo(k, at); w.Code != http.StatusNotFound {
				t.Errorf("round %d (%d): a picture is served that no page links to: %d", round, status, w.Code)
			}
		}
		return k.size() - before, link != ""
	}
	// cut sends a form until it is answered, killed meanwhile, and wants it done once.
	cut := func(who *browser, to string, form url.Values, from, until int64, shown bool) {
		t.Helper()
		send := func(int) *httptest.ResponseRecorder {
			return (&browser{t: t, h: k, cookie: who.cookie}).do("POST", to, form)
		}
		k.midway(send, func(round, status int) {
			entries, public := steps(round, status)
			was := from == 3 // only what was released can be taken off
			done, undone := entries == until && public == shown, entries == from && public == was
			if !done && (!undone || status != killCut) {
				t.Errorf("round %d (%d): %d entries, public %v", round, status, entries, public)
			}
		})
		if entries, _ := steps(-1, 0); entries == from {
			send(0)
		}
		if entries, public := steps(-1, 0); entries != until || public != shown {
			t.Fatalf("in the end %d entries, public %v", entries, public)
		}
	}

	ask := noticeHidden(url.Values{"act": {"ask"}, "caption": {"后楚村公示栏，项目计划公示"}, "basis": {"政府信息公开条例20"}, "photo_check": {"nobody"}}, officer.do("GET", path, nil).Body.String())
	cut(officer, path, ask, 0, 2, false)
	submission := "/desk/submissions/TJ-" + ask.Get("id")
	approve := formOn(t, checker.do("GET", submission, nil).Body.String())
	approve.Set("act", "approve")
	cut(checker, submission, approve, 2, 3, true)
	withdraw := noticeHidden(url.Values{"act": {"withdraw"}, "photo_ground": {"consent"}}, officer.do("GET", path, nil).Body.String())
	cut(officer, path, withdraw, 3, 4, false)
}
