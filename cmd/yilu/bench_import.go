package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"yilu/ledger"
)

// previewRows is how many rows a sheet has whose preview is measured.
const previewRows = 50_000

// desk is an officer's browser on our server: no more than what an upload takes.
type desk struct {
	base, cookie string
	client       http.Client
}

// openDesk opens a maker's session.
func (b *bench) openDesk(ctx context.Context) (*desk, error) {
	cookie, err := b.enter(ctx, "desk-maker", ledger.Maker)
	return &desk{base: "http://" + b.addr, cookie: cookie, client: http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, err
}

// send makes a request and reads its answer.
func (d *desk) send(ctx context.Context, method, path string, body io.Reader, mediaType string) (*http.Response, []byte, error) {
	q, err := http.NewRequestWithContext(ctx, method, d.base+path, body)
	if err != nil {
		return nil, nil, fmt.Errorf("desk: %w", err)
	}
	q.Header.Set("Content-Type", mediaType)
	q.Header.Set("Cookie", d.cookie)
	r, err := d.client.Do(q)
	if err != nil {
		return nil, nil, fmt.Errorf("desk: %w", err)
	}
	text, err := io.ReadAll(r.Body)
	return r, text, errors.Join(err, r.Body.Close())
}

var formWord = regexp.MustCompile(`name="form" value="([^"]+)"`)

// upload sends a grant sheet as the page's form does and returns where its preview is.
func (d *desk) upload(ctx context.Context, file string) (string, error) {
	_, page, err := d.send(ctx, http.MethodGet, "/desk/import", http.NoBody, "")
	if err != nil {
		return "", err
	}
	word := formWord.FindSubmatch(page)
	if word == nil {
		return "", errors.New("desk: the page has no form")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("desk: %w", err)
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	var part io.Writer
	if err = errors.Join(w.WriteField("form", string(word[1])), w.WriteField("sheetform", "grant")); err == nil {
		part, err = w.CreateFormFile("file", filepath.Base(file))
	}
	if err == nil {
		_, err = part.Write(content)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return "", fmt.Errorf("desk: %w", err)
	}
	r, text, err := d.send(ctx, http.MethodPost, "/desk/import", &body, w.FormDataContentType())
	if err == nil && r.StatusCode != http.StatusSeeOther {
		err = fmt.Errorf("desk: status %d: %.300s", r.StatusCode, text)
	}
	if err != nil {
		return "", err
	}
	return r.Header.Get("Location"), nil
}

// previewed uploads a long sheet and waits for its preview, once for both figures.
func (b *bench) previewed(ctx context.Context) error {
	if b.kept["preview_ms"] != 0 {
		return nil
	}
	if err := b.start(ctx); err != nil {
		return err
	}
	file, err := b.grantFile(previewRows)
	if err != nil {
		return err
	}
	d, err := b.openDesk(ctx)
	if err != nil {
		return err
	}
	began, before := time.Now(), b.cpu()
	at, err := d.upload(ctx, file)
	if err != nil {
		return err
	}
	for {
		r, page, err := d.send(ctx, http.MethodGet, at, http.NoBody, "")
		if err != nil {
			return err
		}
		if r.StatusCode != http.StatusOK {
			return fmt.Errorf("preview: status %d", r.StatusCode)
		}
		if r.Header.Get("Refresh") == "" {
			if !bytes.Contains(page, []byte(`value="submit"`)) {
				return fmt.Errorf("preview: it cannot be submitted: %.2000s", page[bytes.Index(page, []byte("<main")):])
			}
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.kept["preview_ms"] = max(time.Since(began).Milliseconds(), 1)
	b.note("50,000 rows: %s", b.cpu().since(before, previewRows))
	b.kept["preview_kb"], err = memory(b.server.Process.Pid, "VmHWM")
	return err
}

func figImportPreview(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.previewed(ctx); err != nil {
		return "", false, err
	}
	ms := b.kept["preview_ms"]
	return fmt.Sprintf("%d.%03d", ms/1000, ms%1000), ms <= 10_000, nil
}

func figImportMemory(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.previewed(ctx); err != nil {
		return "", false, err
	}
	mb := megabytes(b.kept["preview_kb"])
	return strconv.FormatInt(mb, 10), mb <= 150, nil
}
