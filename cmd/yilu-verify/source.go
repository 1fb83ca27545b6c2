package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// source is where a published log is read from. What it gives is believed of
// nobody: every byte is checked by the caller.
type source interface {
	// read returns the file at a path below the log's URL. It may use buf's
	// memory. errNotThere is returned, wrapped, for a file that does not exist.
	read(ctx context.Context, path string, buf []byte) ([]byte, error)
	// workers is how many reads at a time serve it best.
	workers(cores int) int
}

// errNotThere marks a file that the log should have and has not.
var errNotThere = errors.New("not there")

// maxFile bounds what is read of one file: a bundle of 256 entries of the
// longest kind.
const maxFile = 256 * (2 + 65535)

// openSource takes an http(s) URL or a folder.
func openSource(where string) (source, error) {
	if strings.HasPrefix(where, "http://") || strings.HasPrefix(where, "https://") {
		u, err := url.Parse(where)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%q is no address of a log", where)
		}
		return &site{strings.TrimSuffix(where, "/"), &http.Client{Timeout: time.Minute}, 100 * time.Millisecond}, nil
	}
	info, err := os.Stat(where)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open log: %s is a file, want the folder that holds checkpoint and tile/, or an address", where)
	}
	return folder(where), nil
}

// folder is a copy of a log on disk.
type folder string

func (f folder) workers(cores int) int { return cores }

func (f folder) read(_ context.Context, path string, buf []byte) ([]byte, error) {
	file, err := os.Open(filepath.Join(string(f), filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", path, errNotThere)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() < maxFile {
		buf = slices.Grow(buf[:0], int(info.Size())+1)
	}
	b, err := readAll(file, buf)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return b, nil
}

// site is a log behind HTTP.
type site struct {
	base   string
	client *http.Client
	pause  time.Duration // before the second try; then four and nine times as long
}

// workers keeps the line busy while answers are on their way.
func (s *site) workers(cores int) int { return max(8, 2*cores) }

// read tries a few times: a verification of millions of entries must not fail
// for one lost packet.
func (s *site) read(ctx context.Context, path string, buf []byte) ([]byte, error) {
	const tries = 4
	for try := 1; ; try++ {
		b, err := s.get(ctx, s.base+"/"+path, buf)
		if err == nil || try == tries || errors.Is(err, errNotThere) || ctx.Err() != nil {
			return b, err
		}
		select {
		case <-time.After(time.Duration(try*try) * s.pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *site) get(ctx context.Context, address string, buf []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", address, err)
	}
	request.Header.Set("User-Agent", "yilu-verify")
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", address, err)
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, fmt.Errorf("read %s: %w", address, errNotThere)
	default:
		return nil, fmt.Errorf("read %s: the server answers %s", address, answer.Status)
	}
	b, err := readAll(answer.Body, buf)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", address, err)
	}
	return b, nil
}

// readAll reads to the end into buf's memory, which grows when it must.
func readAll(r io.Reader, buf []byte) ([]byte, error) {
	b := buf[:0]
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case len(b) > maxFile:
			return nil, fmt.Errorf("more than %d bytes, which no file of a log has", maxFile)
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, err
		}
	}
}
