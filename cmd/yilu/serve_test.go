package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yilu/migrations/pgtest"
)

// TestServeOnAGivenDatabase starts on a database by URL, with a data folder that
// nobody has made, and ends cleanly when told to. It sets the environment, so it
// is not parallel.
func TestServeOnAGivenDatabase(t *testing.T) {
	db := pgtest.Empty(t)
	t.Setenv("YILU_DATABASE_URL", db.ServiceURL)
	t.Setenv("YILU_OWNER_URL", db.OwnerURL)
	t.Setenv("LC_ALL", "C")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr, data := ln.Addr().String(), filepath.Join(t.TempDir(), "made", "here")
	ln.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var stdout, stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--data", data, "--listen", addr, "--admin", ""}, &stdout, &stderr)
	}()
	answered := false
	for deadline := time.Now().Add(30 * time.Second); !answered && time.Now().Before(deadline); {
		select {
		case code := <-ended:
			t.Fatalf("serve ended with %d: %s", code, stderr.String())
		case <-time.After(50 * time.Millisecond):
		}
		if r, err := http.Get("http://" + addr + "/"); err == nil {
			r.Body.Close()
			answered = r.StatusCode == http.StatusOK
		}
	}
	if !answered {
		t.Error("the page never came")
	}
	// Who gives an address that somebody listens at is told so before anything starts.
	other := filepath.Join(t.TempDir(), "other")
	if code, _, said := yilu("serve", "--data", other, "--listen", addr, "--admin", ""); code != exitUsage || !strings.Contains(said, "--listen cannot be listened at") {
		t.Errorf("a second server at the same address: code %d, %s", code, said)
	}
	if _, err := os.Lstat(other); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its data folder was made: %v", err)
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("serve ended with %d: %s", code, stderr.String())
	}
	for _, args := range [][]string{{"rebuild"}, {"verify"}, {"migrate"}} {
		if code, out, said := yilu(append(args, "--data", data)...); code != exitOK || out == "" {
			t.Errorf("%v: code %d, %q, %s", args, code, out, said)
		}
	}
}
