package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

// assetFiles are served under a URL that holds the hash of their content, so
// that a browser may keep them for ever.
//
//go:embed assets/*.css assets/*.js assets/favicon.svg
var assetFiles embed.FS

// asset is one embedded file, compressed once at start.
type asset struct {
	url, mediaType string
	plain, gzipped []byte
}

// assets are the embedded files by name.
type assets map[string]*asset

func readAssets() (assets, error) {
	files, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, err
	}
	all := assets{}
	for _, f := range files {
		b, err := assetFiles.ReadFile("assets/" + f.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		all[f.Name()] = &asset{
			url:       "/a/" + hex.EncodeToString(sum[:6]) + "/" + f.Name(),
			mediaType: mime.TypeByExtension(path.Ext(f.Name())),
			plain:     b,
			gzipped:   compress(b),
		}
	}
	return all, nil
}

// find returns the asset with the given hash and name, or nil.
func (all assets) find(hash, name string) *asset {
	a := all[name]
	if a == nil || a.url != "/a/"+hash+"/"+name {
		return nil
	}
	return a
}

// showAsset serves one file, for a year and never asked for again.
func (s *server) showAsset(c echo.Context) error {
	a := siteOf(s.BasePath).assets.find(c.Param("hash"), c.Param("name"))
	if a == nil {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Content-Type", a.mediaType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := a.plain
	if acceptsGzip(c.Request()) {
		h.Set("Content-Encoding", "gzip")
		body = a.gzipped
	}
	c.Response().WriteHeader(http.StatusOK)
	_, err := c.Response().Write(body)
	return err
}

// acceptsGzip says whether the client takes gzip. A client that refuses it with
// q=0 is believed.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" {
			return strings.TrimSpace(quality) != "q=0"
		}
	}
	return false
}

// packers are gzip writers at rest: a new one clears most of a megabyte.
var packers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// compress makes a gzip file of b. Level 6 costs half a millisecond for a page.
func compress(b []byte) []byte {
	var out bytes.Buffer
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&out)
	if _, err := w.Write(b); err != nil {
		panic(fmt.Sprintf("web: gzip to memory: %v", err))
	}
	if err := w.Close(); err != nil {
		panic(fmt.Sprintf("web: gzip to memory: %v", err))
	}
	return out.Bytes()
}
