package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"yilu/alerts"
	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/publicity/photo"
)

// 照片公开: an officer sees what the public would see of a photograph, says why it may be
// shown and who can be made out in it, and sends it to a second person, who sees the same.
// Taking it off again needs nobody else.

// photosDesk lists photographs that can be shown: of the last postings, or of a project.
type photosDesk struct {
	*officer
	// Project narrows the list to one project; Unknown says that there is none such.
	Project string
	Unknown bool
	Rows    []photoRow
	// Older is the address of the photographs before these, "" for none.
	Older string
}

// photoRow is a photograph that an entry names, and what has become of it.
type photoRow struct {
	Entry *ledger.Entry
	File  ledger.File
	// Kept says whether its file is here; Photo is its release, nil for none.
	Kept  bool
	Photo *ledger.Photo
	// About is the notice or project that it is of.
	About string
}

// Key names the photograph in addresses.
func (r photoRow) Key() string { return strings.TrimSuffix(pictureName(r.File.SHA256), ".jpg") }

// State is what has become of it: "kept" before it is released, "public", "withdrawn", or
// "away" where its file is not here.
func (r photoRow) State() string {
	switch {
	case r.Photo != nil && r.Photo.Public():
		return "public"
	case !r.Kept:
		return "away"
	case r.Photo != nil:
		return "withdrawn"
	}
	return "kept"
}

// photosPerPage is how many postings a page of the list looks at.
const photosPerPage = 50

func (s *server) photosDesk(c *call, o *officer) error {
	o.template = "photosdesk"
	if err := c.query("project", "before").err(); err != nil {
		return err
	}
	p := &photosDesk{officer: o, Project: typedID(clip(c.QueryParam("project"), 64))}
	seqs, err := s.photographed(c, p)
	if err != nil {
		return err
	}
	entries, err := s.ledger.EntriesAt(c.ctx(), s.Book, seqs)
	if err != nil {
		return err
	}
	for _, seq := range seqs {
		if e := entries[seq]; e != nil {
			for _, f := range ledger.Photographs(e.Body) {
				row, err := s.photoRow(c.ctx(), e, f)
				if err != nil {
					return err
				}
				p.Rows = append(p.Rows, row)
			}
		}
	}
	p.Zh, p.En = s.other(p.frame, p.site.href(p.lang, "/desk/photos"))
	return s.showStaff(c, http.StatusOK, p)
}

// photographed are the entries whose photographs the page lists.
func (s *server) photographed(c *call, p *photosDesk) (seqs []ledger.Seq, err error) {
	if p.Project != "" {
		project, err := s.projectIn(c.ctx(), c.who, s.ledger, p.Project)
		if errors.Is(err, ledger.ErrNotFound) {
			p.Unknown = true
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return s.photographedOf(c.ctx(), project.Project)
	}
	before := ledger.None
	if err := before.UnmarshalText([]byte(c.QueryParam("before"))); err != nil {
		before = ledger.None
	}
	proofs, err := s.ledger.Proofs(c.ctx(), s.Book, c.who.region(), before, photosPerPage+1)
	if err != nil {
		return nil, err
	}
	if len(proofs) > photosPerPage {
		proofs = proofs[:photosPerPage]
		p.Older = p.site.live(p.lang, "/desk/photos", "before", strconv.FormatInt(int64(proofs[photosPerPage-1].Seq), 10))
	}
	for _, x := range proofs {
		seqs = append(seqs, x.Seq)
	}
	return seqs, nil
}

// photographedOf are the entries of a project and the postings of its notices, the newest
// first.
func (s *server) photographedOf(ctx context.Context, project string) (seqs []ledger.Seq, err error) {
	events, err := s.ledger.Timeline(ctx, s.Book, project)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.ReversedBy == ledger.None {
			seqs = append(seqs, e.Entry)
		}
	}
	notices, err := s.ledger.NoticesOf(ctx, s.Book, project)
	if err != nil {
		return nil, err
	}
	for _, n := range notices {
		proofs, err := s.ledger.NoticeProofs(ctx, s.Book, n.Notice)
		if err != nil {
			return nil, err
		}
		for _, x := range proofs {
			seqs = append(seqs, x.Seq)
		}
	}
	slices.Sort(seqs)
	seqs = slices.Compact(seqs)
	slices.Reverse(seqs)
	return seqs, nil
}

// photoRow finds out what has become of a photograph.
func (s *server) photoRow(ctx context.Context, e *ledger.Entry, f ledger.File) (photoRow, error) {
	row := photoRow{Entry: e, File: f, About: memberOf(e.Body, "Notice") + memberOf(e.Body, "Project")}
	released, err := s.ledger.PhotosOf(ctx, s.Book, []ledger.Seq{e.Seq})
	if err != nil {
		return row, err
	}
	if i := slices.IndexFunc(released, func(p ledger.Photo) bool { return p.Original == f.SHA256 }); i >= 0 {
		row.Photo = &released[i]
	}
	kept, err := s.Files.Find(ctx, s.Book, f.SHA256, "")
	if errors.Is(err, ledger.ErrNotFound) {
		return row, nil
	}
	row.Kept = err == nil && (kept.Kind == "jpg" || kept.Kind == "png")
	return row, err
}

// photoDesk is one photograph: as the public would see it, with the form that asks for its
// release, or the one that takes it off.
type photoDesk struct {
	*officer
	typedFields
	photoRow
	// Seen is the picture as the public would see it, "" where none can be made.
	Seen template.URL
	// Made is what was made of it, ID what makes a form that is sent twice one.
	Made   photo.Picture
	ID     string
	Checks []option
	Reason []option
	// Bytes is the picture's size, for people.
	Bytes string
	Done  bool
}

// photoInputs are what an officer says of a photograph.
var photoInputs = []string{"caption", "basis", "photo_check", "photo_ground"}

func (s *server) photoPage(c *call, o *officer) error {
	p := &photoDesk{officer: o, ID: newID(), Done: c.QueryParam("done") != "", typedFields: typedFields{Typed: map[string]string{"basis": o.t("photos.basis")}}}
	if err := s.findPhotograph(c, p); err != nil {
		return err
	}
	return s.showPhotograph(c, http.StatusOK, p)
}

// findPhotograph finds a photograph by the entry that names it, if it lies in the
// officer's area.
func (s *server) findPhotograph(c *call, p *photoDesk) error {
	var seq ledger.Seq
	sum, err := hex.DecodeString(c.Param("hash"))
	if err != nil || seq.UnmarshalText([]byte(c.Param("entry"))) != nil {
		return ledger.ErrNotFound
	}
	e, err := s.ledger.Entry(c.ctx(), s.Book, seq)
	if err != nil {
		return err
	}
	photos, hash := ledger.Photographs(e.Body), base64.StdEncoding.EncodeToString(sum)
	i := slices.IndexFunc(photos, func(f ledger.File) bool { return f.SHA256 == hash })
	if i < 0 {
		return ledger.ErrNotFound
	}
	place, err := (&places{ledger: s.ledger, book: s.Book, known: map[string]string{}}).of(c.ctx(), e.Body)
	if err = errors.Join(err, s.ofArea(c, place)); err != nil {
		return err
	}
	if p.photoRow, err = s.photoRow(c.ctx(), e, photos[i]); err != nil || !p.Kept {
		return err
	}
	return s.makePicture(c.ctx(), p)
}

// makePicture makes what the public would see, or says why nothing can be made.
func (s *server) makePicture(ctx context.Context, p *photoDesk) error {
	f, err := s.Files.Find(ctx, s.Book, p.File.SHA256, "")
	if err != nil {
		return err
	}
	content, err := s.Files.Content(f)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }() // reading only
	select {                               // one at a time: a photograph takes a few hundred megabytes
	case s.picturing <- struct{}{}:
		defer func() { <-s.picturing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	p.Made, err = photo.Of(content)
	if problems, ok := sheetProblems(err); ok {
		p.Problems = append(p.Problems, formProblem{"photo", p.lang.pick(problems[0].Text)})
		return nil
	}
	p.Seen, p.Bytes = inline(p.Made.JPEG), sizeText(int64(len(p.Made.JPEG)))
	return err
}

func (s *server) showPhotograph(c *call, status int, p *photoDesk) error {
	p.template = "photodesk"
	asking := &asker{f: p.frame}
	p.Checks, p.Reason = asking.options(ledger.PhotoChecks, []string{p.Of("photo_check")}), asking.options(ledger.PhotoGrounds, []string{p.Of("photo_ground")})
	return s.showStaff(c, status, p)
}

// takePhotoStep asks for the release of a photograph, or takes it off.
func (s *server) takePhotoStep(c *call, o *officer) error {
	p := &photoDesk{officer: o, ID: newID(), typedFields: typedFields{Typed: map[string]string{}}}
	for _, name := range photoInputs {
		p.Typed[name] = oneLine(clip(c.FormValue(name), 500))
	}
	if id := c.FormValue("id"); formID.MatchString(id) {
		p.ID = id
	}
	if err := s.findPhotograph(c, p); err != nil {
		return err
	}
	if err := s.mayEnter(); err != nil {
		return err
	}
	to := p.site.live(p.lang, "/desk/photos/"+strconv.FormatInt(int64(p.Entry.Seq), 10)+"/"+p.Key(), "done", "1")
	var err error
	if c.FormValue("act") == "withdraw" {
		_, err = s.post(c, ledger.Draft{ID: "web-" + p.ID, Kind: "photo.withdrawn", On: s.today(), By: c.who.by(), Corrects: ledger.None,
			Body: &ledger.PhotoWithdrawn{Entry: p.Entry.Seq, Ground: p.Of("photo_ground"), Original: p.File.SHA256}})
	} else {
		to = p.site.live(p.lang, "/desk/submissions/"+url.PathEscape("TJ-"+p.ID), "done", "1")
		err = s.askRelease(c, p)
	}
	if problems, ok := sheetProblems(err); ok {
		for _, x := range problems {
			p.Problems = append(p.Problems, formProblem{strings.TrimPrefix(x.Field, "body."), p.lang.pick(x.Text)})
		}
		return s.showPhotograph(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// askRelease stores the picture and submits its release to a second person.
func (s *server) askRelease(c *call, p *photoDesk) error {
	if p.Seen == "" {
		return one("photo", "照片文件不在本系统，或不能制成图片，无法公开", "its file is not here or no picture can be made of it, so it cannot be released")
	}
	f, err := s.Files.Put(c.ctx(), s.Book, document.Stored{Unit: c.who.Unit, User: c.who.User, Name: "公开图片-" + p.Key()[:12] + ".jpg", At: s.Now()}, bytes.NewReader(p.Made.JPEG))
	if err != nil {
		return err
	}
	body := &ledger.PhotoReleased{
		Basis: p.Of("basis"), Caption: p.Of("caption"), Entry: p.Entry.Seq, Height: ledger.Count(p.Made.Height), Looked: p.Of("photo_check"),
		Original: p.File.SHA256, Picture: f.File(), Width: ledger.Count(p.Made.Width),
	}
	d := ledger.Draft{ID: "web-" + p.ID + "-0", Kind: "photo.released", On: s.today(), By: c.who.by(), Corrects: ledger.None, Body: body}
	title := "公开照片：" + clip(p.Of("caption"), 100)
	drafts := ledger.Submitted("web-"+p.ID, ledger.SubmissionMade{Submission: "TJ-" + p.ID, Title: title}, []ledger.Draft{d})
	if err := s.mayTouch(c, drafts); err != nil {
		return err
	}
	check, err := alerts.Check(c.ctx(), s.ledger, s.Book, drafts...)
	if err != nil {
		return err
	}
	began := s.Now()
	_, err = s.ledger.PostWith(c.ctx(), s.Book, keepPrecheck(s.Book, "TJ-"+p.ID, check), drafts...)
	s.Metrics.posted(s.Book, s.Now().Sub(began), err)
	return err
}

// decidedPhoto is a picture that somebody decides on: as the public would get it, or "" where
// it is not here or holds more than pixels, and is never shown.
type decidedPhoto struct {
	Seen template.URL
	// Original names the photograph itself in addresses.
	Original string
	Width    ledger.Count
	Height   ledger.Count
	Caption  string
}

func (s *server) decidedPhoto(ctx context.Context, b *ledger.PhotoReleased) *decidedPhoto {
	p := &decidedPhoto{Original: strings.TrimSuffix(pictureName(b.Original), ".jpg"), Width: b.Width, Height: b.Height, Caption: b.Caption}
	if s.Files == nil {
		return p
	}
	if content, err := s.pictureBytes(ctx, b.Picture.SHA256); err == nil {
		p.Seen = inline(content)
	}
	return p
}
