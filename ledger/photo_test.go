package ledger

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

// releaseOf releases the photograph of a sample's proof.
func releaseOf(entry Seq) *PhotoReleased {
	b := *samples()["photo.released"].Body.(*PhotoReleased)
	b.Entry, b.Original = entry, samples()["notice.hung"].Body.(*NoticeHung).Photo.SHA256
	return &b
}

func TestPhotoBodies(t *testing.T) {
	t.Parallel()
	testBody(t, []badBody[*PhotoReleased]{
		{func(b *PhotoReleased) { b.Basis = "" }, "basis", "必填", "required"},
		{func(b *PhotoReleased) { b.Caption = "" }, "caption", "必填", "required"},
		{func(b *PhotoReleased) { b.Caption = "持证人411025199001010012" }, "caption", "身份证", "ID"},
		{func(b *PhotoReleased) { b.Looked = "no" }, "photo_check", "nobody", "nobody"},
		{func(b *PhotoReleased) { b.Original = "x" }, "photo_hash", "SHA-256", "SHA-256"},
		{func(b *PhotoReleased) { b.Picture.SHA256 = "x" }, "picture.sha256", "SHA-256", "SHA-256"},
		{func(b *PhotoReleased) { b.Picture.Size = largestPicture + 1 }, "picture.size", "60 KB", "60 KB"},
		{func(b *PhotoReleased) { b.Width = widestPicture + 1 }, "width", "800", "800"},
		{func(b *PhotoReleased) { b.Height = 0 }, "height", "1–800", "1 to 800"},
	})
	testBody(t, []badBody[*PhotoWithdrawn]{
		{func(b *PhotoWithdrawn) { b.Ground = "x" }, "photo_ground", "consent", "consent"},
		{func(b *PhotoWithdrawn) { b.Original = "" }, "photo_hash", "SHA-256", "SHA-256"},
	})
	fine := samples()["photo.released"]
	b := fine.Body.(*PhotoReleased)
	b.Picture.Size, b.Width, b.Height = largestPicture, widestPicture, 1
	if ps := checkDraft(fine); len(ps) != 0 {
		t.Error(ps)
	}
}

// TestPhotoIsReleasedAndWithdrawn goes all the way, twice, and makes it again from the log.
func TestPhotoIsReleasedAndWithdrawn(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	r := mustPost(t, l, draft("n1", planNotice("N1", 2), maker), draft("h1", samples()["notice.hung"].Body, maker))
	proof := r[1].Seq
	release := func(id string) []Draft { return []Draft{draft(id, releaseOf(proof), maker)} }
	foreign := releaseOf(proof)
	foreign.Original = hashOfText("another photograph")
	withdraw := draft("", &PhotoWithdrawn{Entry: proof, Ground: "personal", Original: releaseOf(proof).Original}, maker)
	refuses(t, l,
		refusal{"withdrawn before it was public", []Draft{withdraw}, []string{"0 body.photo_hash not_public"}},
		refusal{"another photograph", []Draft{draft("", foreign, maker)}, []string{"0 body.photo_hash not_found"}},
		refusal{"an entry without photographs", []Draft{draft("", releaseOf(2), maker)}, []string{"0 body.photo_hash not_found"}},
		refusal{"no entry", []Draft{draft("", releaseOf(5000), maker)}, []string{"0 body.entry not_found"}},
	)

	waiting, err := l.Submit(ctx, testBook, "W", SubmissionMade{Submission: "W", Title: "照片"}, release("w1"))
	if err != nil {
		t.Fatal(err)
	}
	if all, err := l.PhotosOf(ctx, testBook, []Seq{proof}); err != nil || len(all) != 0 {
		t.Errorf("before anybody approved: %v %v", all, err)
	}
	settle(t, l, "S2", release("ph1")...)
	refuses(t, l, refusal{"public already", release(""), []string{"0 body.photo_hash exists"}})
	if _, err := l.Approve(ctx, testBook, "W-ok", "W", contentHash(t, l, "W"), "2020-03-18", second); err == nil || !strings.Contains(err.Error(), "photo_hash") {
		t.Errorf("the same once more, from %v: %v", waiting[0].Seq, err)
	}
	want := releaseOf(proof)
	p, err := l.PublicPhoto(ctx, testBook, want.Picture.SHA256)
	if err != nil || p.Entry != proof || p.Original != want.Original || p.Width != 640 || p.Height != 480 || p.Caption != want.Caption || p.On != "2020-03-18" || !p.Public() {
		t.Errorf("%+v %v", p, err)
	}
	mustPost(t, l, withdrawn(withdraw, "d1"))
	if _, err := l.PublicPhoto(ctx, testBook, want.Picture.SHA256); !errors.Is(err, ErrNotFound) {
		t.Errorf("after it was withdrawn: %v", err)
	}
	refuses(t, l, refusal{"withdrawn twice", []Draft{withdraw}, []string{"0 body.photo_hash not_public"}})
	settle(t, l, "S3", release("ph2")...)
	all, err := l.PhotosOf(ctx, testBook, []Seq{proof, 2})
	if err != nil || len(all) != 1 || !all[0].Public() || all[0].Seq <= p.Seq {
		t.Errorf("released again: %+v %v", all, err)
	}
	if r, err := Rebuild(ctx, db.Owner, testBook, Replay{}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
	proofs, err := l.Proofs(ctx, testBook, "411025103", None, 10)
	if err != nil || len(proofs) != 1 {
		t.Error(proofs, err)
	}
	for _, c := range []struct {
		area   string
		before Seq
	}{{"411025104", None}, {"", proof}} {
		if none, err := l.Proofs(ctx, testBook, c.area, c.before, 10); err != nil || len(none) != 0 {
			t.Error(c, none, err)
		}
	}
}

func withdrawn(d Draft, id string) Draft {
	d.ID = id
	return d
}

func contentHash(t *testing.T, l *Ledger, id string) string {
	t.Helper()
	sub, err := l.Submission(t.Context(), testBook, id)
	if err != nil {
		t.Fatal(err)
	}
	return sub.ContentHash
}

// TestPhotoIsWithdrawnOnce: of two who withdraw at once one does.
func TestPhotoIsWithdrawnOnce(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l)
	r := mustPost(t, l, draft("n1", planNotice("N1", 2), maker), draft("h1", samples()["notice.hung"].Body, maker))
	settle(t, l, "S2", draft("ph1", releaseOf(r[1].Seq), maker))
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i, id := range []string{"d1", "d2"} {
		both.Go(func() {
			_, errs[i] = l.Post(t.Context(), testBook, draft(id, &PhotoWithdrawn{Entry: r[1].Seq, Ground: "consent", Original: releaseOf(1).Original}, maker))
		})
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Error(errs)
	}
}

func TestPhotographs(t *testing.T) {
	t.Parallel()
	jpg, pdf := File{Name: "路面.JPG"}, File{Name: "验收单.pdf"}
	for i, c := range []struct {
		body Body
		want int
	}{
		{&NoticeHung{Photo: File{Name: "公示栏"}}, 1}, {&WorksProgressed{Files: []File{jpg, pdf}}, 1}, {&AcceptancePassed{Files: []File{jpg, {Name: "a.jpeg"}, {Name: "b.png"}, pdf}}, 3},
		{&AcceptanceFailed{Files: []File{pdf}}, 0}, {&DocumentFiled{File: jpg, Item: 24}, 1}, {&DocumentFiled{File: jpg, Item: 23}, 0}, {&ContractSigned{}, 0},
	} {
		if got := Photographs(c.body); len(got) != c.want {
			t.Errorf("case %d: %v", i, got)
		}
	}
}
