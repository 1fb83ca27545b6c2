package ledger

import "strings"

// 照片公开: a photograph that an entry names by its hash is shown to the public once two
// persons have looked at it, and taken off again by one.
var photoKinds = []Spec{
	{Kind: "photo.released", Stage: StageNotice, Text: Text{"照片公开", "photograph released"}, TwoPersons: true, Roles: []Role{Maker, ProjectOfficer, PublicityOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(PhotoReleased) }},
	{Kind: "photo.withdrawn", Stage: StageNotice, Text: Text{"照片撤下", "photograph withdrawn"}, Roles: []Role{Maker, ProjectOfficer, PublicityOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(PhotoWithdrawn) }},
}

// PhotoReleased lets the public see a photograph (照片公开): not the file that was handed
// in, which holds where and by which telephone it was taken, but a small picture made of
// it, which both persons saw.
//
// Effect: the picture is public. Refused: an entry that is not there, has no effect or was
// taken back, one that names no such photograph, and a photograph that is public already.
type PhotoReleased struct {
	// Basis is by what it may be shown (公开依据).
	Basis string `json:"basis"`
	// Caption says what the picture shows, also to those who cannot see it.
	Caption string `json:"caption"`
	// Entry names the photograph Original, by its base64 SHA-256.
	Entry  Seq   `json:"entry"`
	Height Count `json:"height"`
	// Looked is what was found of persons in it, one of PhotoChecks.
	Looked   string `json:"photo_check"`
	Original string `json:"photo_hash"`
	// Picture is what the public gets.
	Picture File  `json:"picture"`
	Width   Count `json:"width"`
}

// PhotoChecks are what whoever releases a photograph found of persons in it: each is a
// ground on which it may be shown [law 个25, 34].
var PhotoChecks = codes{
	"nobody":  {"画面中没有可辨认的人、证件、账号、车牌", "no person, document, account or number plate can be made out in it"},
	"consent": {"画面中可辨认的人已单独同意公开", "whoever can be made out in it has agreed to its publication"},
	"on_duty": {"画面中只有正在履行职务的工作人员", "only officers on duty can be made out in it"},
}

// largestPicture and widestPicture bound what is shown: pages are read on cheap phones.
const (
	largestPicture = 60 << 10
	widestPicture  = 800
)

func (b *PhotoReleased) check(c *checker) {
	c.text("basis", b.Basis, 300)
	c.text("caption", b.Caption, 100)
	c.oneOf("photo_check", b.Looked, PhotoChecks)
	c.hash("photo_hash", b.Original)
	c.file("picture", b.Picture)
	if b.Picture.Size > largestPicture {
		c.bad("picture.size", "公开图片不得超过60 KB", "a public picture has at most 60 KB")
	}
	for field, n := range map[string]Count{"height": b.Height, "width": b.Width} {
		if n < 1 || n > widestPicture {
			c.bad(field, "须为1–800像素", "want 1 to 800 pixels")
		}
	}
}

func (b *PhotoReleased) touch(s *state, _ *Entry) {
	s.touchEffective(b.Entry)
	s.photos.get(photoKey(b.Entry, b.Original))
}

func (b *PhotoReleased) apply(s *state, e *Entry) {
	of := s.effective("body.entry", b.Entry, e.Seq)
	if of == nil {
		return
	}
	if !holdsPhoto(of.Body, b.Original) {
		s.refuse("body.photo_hash", "not_found", "第 "+seqKey(b.Entry)+" 号分录没有这张照片（张贴存证、施工进度、验收的照片和归档的第24项可以公开）",
			"entry "+seqKey(b.Entry)+" names no such photograph: those of postings, of progress, of acceptances, and papers filed as item 24 can be released")
		return
	}
	key := photoKey(b.Entry, b.Original)
	row := Photo{
		Key: key, Entry: b.Entry, Original: b.Original, Picture: b.Picture.SHA256, Size: int64(b.Picture.Size), Width: int64(b.Width), Height: int64(b.Height),
		Caption: b.Caption, On: of.On, Seq: e.Seq, Withdrawn: None,
	}
	switch known := s.photos.get(key); {
	case known == nil:
		s.photos.add(key, row)
	case known.Public():
		s.refuse("body.photo_hash", "exists", "这张照片已公开（第 "+seqKey(known.Seq)+" 号分录）", "the photograph is public already, by entry "+seqKey(known.Seq))
	default:
		*s.photos.edit(key) = row
	}
}

// PhotoWithdrawn takes a picture off the public pages (照片撤下). One person does so, at
// once: who is shown against their will must not wait for a second.
//
// Effect: the picture is not public; both entries stay. Refused: one that is not public.
type PhotoWithdrawn struct {
	Entry Seq `json:"entry"`
	// Ground is one of PhotoGrounds.
	Ground   string `json:"photo_ground"`
	Original string `json:"photo_hash"`
}

// PhotoGrounds are why a picture is taken off.
var PhotoGrounds = codes{
	"personal": {"画面含个人信息", "it shows personal data"},
	"consent":  {"本人撤回同意", "consent was withdrawn"},
	"mistaken": {"照片有误", "it is the wrong photograph"},
	"order":    {"依法责令撤下", "ordered by law"},
}

func (b *PhotoWithdrawn) check(c *checker) {
	c.oneOf("photo_ground", b.Ground, PhotoGrounds)
	c.hash("photo_hash", b.Original)
}

func (b *PhotoWithdrawn) touch(s *state, _ *Entry) { s.photos.get(photoKey(b.Entry, b.Original)) }

func (b *PhotoWithdrawn) apply(s *state, e *Entry) {
	key := photoKey(b.Entry, b.Original)
	if row := s.photos.get(key); row == nil || !row.Public() {
		s.refuse("body.photo_hash", "not_public", "这张照片没有公开", "the photograph is not public")
		return
	}
	s.photos.edit(key).Withdrawn = e.Seq
}

// Photo is a photograph that was released, whether or not it still is.
type Photo struct {
	Key      string `db:"photo" json:"-"`
	Entry    Seq    `db:"entry_seq" json:"entry"`
	Original string `db:"original" json:"photo_hash"`
	// Picture is the base64 SHA-256 of what the public gets, Size its bytes.
	Picture string `db:"picture" json:"picture"`
	Size    int64  `db:"size" json:"size"`
	Width   int64  `db:"width" json:"width"`
	Height  int64  `db:"height" json:"height"`
	Caption string `db:"caption" json:"caption"`
	// On is the day of the entry that names it, Seq the entry that released it and
	// Withdrawn the one that took it off, or None.
	On        Date `db:"on_day" json:"on"`
	Seq       Seq  `db:"seq" json:"seq"`
	Withdrawn Seq  `db:"withdrawn_seq" json:"withdrawn_seq"`
}

func (r Photo) key() string { return r.Key }

// Public says whether the picture is shown.
func (r Photo) Public() bool { return r.Withdrawn == None }

func photoKey(entry Seq, original string) string { return seqKey(entry) + "/" + original }

// filedPhotos is the paper of 一项一档 that is photographs.
const filedPhotos = 24

// Photographs are what an entry names that may be photographs: those of a board, and the
// files of progress and acceptance whose names end as those of pictures do.
func Photographs(b Body) []File {
	var all []File
	switch b := b.(type) {
	case *NoticeHung:
		return []File{b.Photo}
	case *WorksProgressed:
		all = b.Files
	case *AcceptancePassed:
		all = b.Files
	case *AcceptanceFailed:
		all = b.Files
	case *DocumentFiled:
		if b.Item == filedPhotos {
			all = []File{b.File}
		}
	}
	var photos []File
	for _, f := range all {
		switch name := strings.ToLower(f.Name); {
		case strings.HasSuffix(name, ".jpg"), strings.HasSuffix(name, ".jpeg"), strings.HasSuffix(name, ".png"):
			photos = append(photos, f)
		}
	}
	return photos
}

func holdsPhoto(b Body, original string) bool {
	for _, f := range Photographs(b) {
		if f.SHA256 == original {
			return true
		}
	}
	return false
}
