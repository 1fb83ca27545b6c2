package web

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
	"yilu/publicity/photo"
)

// 公开照片: the small pictures of photographs that two persons have released. No page loads
// one before a reader asks for it, and none is served that holds more than its pixels.

// shownPhoto is a picture on a public page.
type shownPhoto struct {
	ledger.Photo
	// Kind is that of the entry which names the photograph.
	Kind ledger.Kind
}

// File is the name of the picture in addresses.
func (p shownPhoto) File() string { return pictureName(p.Picture) }

// Bytes is its size for people, who pay for what they load.
func (p shownPhoto) Bytes() string { return sizeText(p.Size) }

// pictureName is the file's name of a picture, by its base64 SHA-256.
func pictureName(hash string) string {
	sum, err := base64.StdEncoding.DecodeString(hash)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(sum) + ".jpg"
}

// shownPhotos are the pictures of some entries that are public and can be shown, in the
// order of the entries.
func (s *server) shownPhotos(ctx context.Context, l *ledger.Ledger, entries []ledger.Seq) ([]shownPhoto, error) {
	if s.Files == nil || len(entries) == 0 {
		return nil, nil
	}
	released, err := l.PhotosOf(ctx, s.Book, entries)
	if err != nil {
		return nil, err
	}
	var shown []shownPhoto
	for _, p := range released {
		if !p.Public() {
			continue
		}
		if _, err := s.pictureBytes(ctx, p.Picture); err != nil { // the page has the reference all the same
			s.Log.WarnContext(ctx, "picture cannot be shown", "book", string(s.Book), "seq", int64(p.Seq), "error", err.Error())
			continue
		}
		shown = append(shown, shownPhoto{Photo: p})
	}
	return shown, nil
}

// pictureBytes are the bytes of a public picture. What was not made by publicity/photo
// is none, whoever released it.
func (s *server) pictureBytes(ctx context.Context, hash string) ([]byte, error) {
	f, err := s.Files.Find(ctx, s.Book, hash, "")
	if err != nil {
		return nil, err
	}
	file, err := s.Files.Content(f)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // reading only
	content, err := io.ReadAll(io.LimitReader(file, photo.MostBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	if !photo.IsPublic(content) {
		return nil, fmt.Errorf("picture %s holds more than its pixels: %w", hash, ledger.ErrNotFound)
	}
	return content, nil
}

// showPicture serves a picture for as long as it is public.
func (s *server) showPicture(c echo.Context) error {
	name, isPicture := strings.CutSuffix(c.Param("name"), ".jpg")
	sum, err := hex.DecodeString(name)
	if err != nil || !isPicture || s.Files == nil {
		return echo.ErrNotFound
	}
	ctx, hash := c.Request().Context(), base64.StdEncoding.EncodeToString(sum)
	err = s.ledger.Snapshot(ctx, s.Book, func(at *ledger.Ledger, _ ledger.Head) error {
		_, err := at.PublicPhoto(ctx, s.Book, hash)
		return err
	})
	if err != nil {
		return err
	}
	tag := `"` + name + `"`
	s.cacheHeaders(c, tag)
	if strings.Contains(c.Request().Header.Get("If-None-Match"), tag) {
		return c.NoContent(http.StatusNotModified)
	}
	content, err := s.pictureBytes(ctx, hash)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	return c.Blob(http.StatusOK, "image/jpeg", content)
}

// inline puts a picture into a page of officers, who see it before the public may.
func inline(content []byte) template.URL {
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(content))
}
