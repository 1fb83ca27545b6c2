package web

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/publicity/photo"
)

// boardPhoto is a photograph of a board, larger than the public sees it.
func boardPhoto(t *testing.T, shade uint8) []byte {
	t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, 1200, 900))
	for i := range p.Pix {
		p.Pix[i] = shade
	}
	for x := 300; x < 900; x++ {
		for y := 200; y < 700; y++ {
			p.Set(x, y, color.RGBA{R: 240, G: uint8(x), B: uint8(y), A: 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hangPhoto records a posting of GS-001 by its photograph, and returns where the
// photograph's page is.
func hangPhoto(t *testing.T, d *sheetDesk, b *browser, content []byte) string {
	t.Helper()
	form := noticeHidden(url.Values{"board": {"村委会公示栏"}, "place": {"411025103205"}, "on": {"2020-06-29"}, "hanger": {"楚某"}}, b.do("GET", "/desk/notices/GS-001/hung", nil).Body.String())
	var fields []string
	for name := range form {
		fields = append(fields, name, form.Get(name))
	}
	if w := b.upload("/desk/notices/GS-001/hung", "公示栏.png", content, fields...); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code, problemsOf(w.Body.String()))
	}
	all := regexp.MustCompile(`/desk/photos/[0-9]+/[0-9a-f]{64}`).FindAllString(b.do("GET", "/desk/notices/GS-001/hung", nil).Body.String(), -1)
	return all[len(all)-1]
}

// ask asks for the release of a photograph, and returns the answer.
func (b *browser) ask(path string, change ...string) (int, string) {
	form := noticeHidden(url.Values{"act": {"ask"}, "caption": {"后楚村公示栏，项目计划公示"}, "basis": {"政府信息公开条例20"}, "photo_check": {"nobody"}}, b.do("GET", path, nil).Body.String())
	for i := 0; i < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	w := b.do("POST", path, form)
	return w.Code, w.Header().Get("Location") + problemsOf(w.Body.String())
}

// TestPhotographIsReleased goes from the photograph of a board to the public page and back:
// two persons, no bytes before, no bytes after.
func TestPhotographIsReleased(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	officer, checker := d.as(ledger.PublicityOfficer, "publicity-1"), d.as(ledger.Checker, "checker-1")
	path := hangPhoto(t, d, officer, boardPhoto(t, 90))
	want(t, officer.do("GET", "/desk/photos", nil).Body.String(), path, "未公开")
	want(t, officer.do("GET", "/desk/photos?project=XC2020-001", nil).Body.String(), path)
	want(t, officer.do("GET", "/desk/photos?project=none", nil).Body.String(), "没有这个项目")
	want(t, officer.do("GET", path, nil).Body.String(), "data:image/jpeg;base64,", `width="640" height="480"`, "送审")

	before := d.size()
	for name, change := range map[string][]string{"no caption": {"caption", ""}, "an ID number": {"caption", "持证人411025199001010012"}, "nobody looked": {"photo_check", ""}, "no basis": {"basis", ""}, "taken off before it was on": {"act", "withdraw"}} {
		if code, said := officer.ask(path, change...); code != http.StatusUnprocessableEntity || said == "" {
			t.Errorf("%s: %d %s", name, code, said)
		}
	}
	if d.size() != before {
		t.Fatalf("%d entries of what was refused", d.size()-before)
	}
	code, at := officer.ask(path)
	if code != http.StatusSeeOther || !strings.HasPrefix(at, "/desk/submissions/") {
		t.Fatal(code, at)
	}
	at, _, _ = strings.Cut(at, "?")
	if w := answerTo(d.h, "/notices/GS-001"); strings.Contains(w.Body.String(), "/photos/") {
		t.Error("shown before it is approved")
	}
	page := checker.do("GET", at, nil).Body.String()
	want(t, page, "data:image/jpeg;base64,", "批准后公众看到的就是这张图片", "画面中没有可辨认的人")
	sub, err := d.l.Submission(t.Context(), pageBook, strings.TrimPrefix(at, "/desk/submissions/"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := d.l.Entry(t.Context(), pageBook, sub.First)
	if err != nil {
		t.Fatal(err)
	}
	picture := "/photos/" + pictureName(e.Body.(*ledger.PhotoReleased).Picture.SHA256)
	if w := answerTo(d.h, picture); w.Code != http.StatusNotFound {
		t.Errorf("served before it is approved: %d", w.Code)
	}
	d.approve(t, checker, at)

	want(t, answerTo(d.h, "/notices/GS-001").Body.String(), `<a href="`+picture+`">看照片：后楚村公示栏，项目计划公示（`)
	want(t, answerTo(d.h, "/en/notices/GS-001").Body.String(), `<a href="`+picture+`" lang="zh-CN">`)
	w := answerTo(d.h, picture)
	got, err := jpeg.Decode(bytes.NewReader(w.Body.Bytes()))
	if w.Code != http.StatusOK || err != nil || got.Bounds().Dx() != 640 || !photo.IsPublic(w.Body.Bytes()) || w.Header().Get("Content-Type") != "image/jpeg" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v %v", w.Code, err, w.Header())
	}
	for _, other := range []string{"/photos/" + strings.TrimPrefix(path[strings.LastIndex(path, "/"):], "/") + ".jpg", strings.TrimSuffix(picture, ".jpg"), "/photos/x.jpg", "/photos/..%2f.jpg"} {
		if w := answerTo(d.h, other); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", other, w.Code)
		}
	}
	if code, said := officer.ask(path); code != http.StatusUnprocessableEntity || !strings.Contains(said, "已公开") {
		t.Errorf("released twice: %d %s", code, said)
	}

	if code, said := officer.ask(path, "act", "withdraw", "photo_ground", "consent"); code != http.StatusSeeOther {
		t.Fatal(code, said)
	}
	if w := answerTo(d.h, picture); w.Code != http.StatusNotFound {
		t.Errorf("served after it was withdrawn: %d", w.Code)
	}
	if w := answerTo(d.h, "/notices/GS-001"); strings.Contains(w.Body.String(), "/photos/") || !strings.Contains(w.Body.String(), "照片") {
		t.Error("the page after it was withdrawn")
	}
	want(t, officer.do("GET", path, nil).Body.String(), "已撤下")
}

// approve approves what stands at an address, as it is shown.
func (d *sheetDesk) approve(t *testing.T, b *browser, at string) {
	t.Helper()
	form := formOn(t, b.do("GET", at, nil).Body.String())
	form.Set("act", "approve")
	if w := b.do("POST", at, form); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code, problemsOf(w.Body.String()))
	}
}

// TestOnlyOurPicturesAreServed: a release by the API that names the photograph itself, with
// all that its camera wrote, shows nothing, and the second person sees that.
func TestOnlyOurPicturesAreServed(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	officer, checker := d.as(ledger.PublicityOfficer, "publicity-1"), d.as(ledger.Checker, "checker-1")
	path := hangPhoto(t, d, officer, boardPhoto(t, 120))
	store, err := document.Open(filepath.Clean(d.dir), d.db.Pool, d.l.Sealer)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	proofs, err := d.l.NoticeProofs(t.Context(), pageBook, "GS-001")
	if err != nil {
		t.Fatal(err)
	}
	last := proofs[len(proofs)-1]
	f, err := store.Find(t.Context(), pageBook, last.Photo, "")
	if err != nil {
		t.Fatal(err)
	}
	b := &ledger.PhotoReleased{Basis: "政府信息公开条例20", Caption: "公示栏", Entry: last.Seq, Height: 480, Looked: "nobody", Original: last.Photo, Picture: f.File(), Width: 640}
	d.day = "2020-06-29"
	sub, _ := d.submit("照片", d.draft(b, pageMaker))
	want(t, checker.do("GET", "/desk/submissions/"+sub.Submission, nil).Body.String(), "即使批准也不会显示")
	d.approve(t, checker, "/desk/submissions/"+sub.Submission)
	if w := answerTo(d.h, "/photos/"+pictureName(last.Photo)); w.Code != http.StatusNotFound {
		t.Errorf("served: %d", w.Code)
	}
	if w := answerTo(d.h, "/notices/GS-001"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "/photos/") {
		t.Errorf("shown: %d", w.Code)
	}
	want(t, officer.do("GET", path, nil).Body.String(), "已公开")
}

// TestPhotographsStayInTheirArea: an officer of another township finds none, and asks for
// none.
func TestPhotographsStayInTheirArea(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	path := hangPhoto(t, d, d.as(ledger.PublicityOfficer, "publicity-1"), boardPhoto(t, 30))
	far := &browser{t: t, h: d.h}
	far.enter(d.person(ledger.ProjectOfficer, "far-9", "411025116", "411025106", d.now), "/desk")
	if w := far.do("GET", path, nil); w.Code != http.StatusNotFound {
		t.Errorf("of another township: %d", w.Code)
	}
	if w := far.do("GET", "/desk/photos", nil); w.Code != http.StatusOK || strings.Contains(w.Body.String(), path) {
		t.Errorf("the list: %d", w.Code)
	}
	near := &browser{t: t, h: d.h}
	near.enter(d.person(ledger.ProjectOfficer, "near-9", "411025103", "411025103", d.now), "/desk")
	if code, said := near.ask(path); code != http.StatusSeeOther {
		t.Errorf("of the township: %d %s", code, said)
	}
}
