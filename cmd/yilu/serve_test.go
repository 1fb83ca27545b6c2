package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
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
	for deadline := time.Now().Add(time.Minute); !answered && time.Now().Before(deadline); {
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

// TestServeStopsAtWork stops a server whose streams are read, while all that works beside
// requests waits for a lock that is not given: the followers of the log, the engine, and
// its scheduled jobs if their time has come. It ends all the same, in order.
func TestServeStopsAtWork(t *testing.T) {
	db := pgtest.New(t)
	t.Setenv("YILU_DATABASE_URL", db.ServiceURL)
	t.Setenv("YILU_OWNER_URL", db.OwnerURL)
	t.Setenv("LC_ALL", "C")
	data := t.TempDir()
	s := serve(t, data)
	project := strings.TrimSpace(succeed(t, "token", "--data", data, "--user", "u", "--unit", "z", "--role", "project"))
	auditor := strings.TrimSpace(succeed(t, "token", "--data", data, "--user", "a", "--unit", "z", "--role", "auditor"))
	if code, said := s.post(project, 0); code != http.StatusCreated {
		t.Fatalf("post: %d %s", code, said)
	}
	var streams sync.WaitGroup
	for range 3 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.addr+"/api/v1/books/411025/alerts/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+auditor)
		answer, err := http.DefaultClient.Do(r)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("stream: %v %v", answer, err)
		}
		streams.Go(func() {
			defer answer.Body.Close()
			_, _ = io.Copy(io.Discard, answer.Body)
		})
	}
	locked, err := db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = locked.Rollback(context.Background()) }()
	for _, table := range []string{"publicity.cursor", "web.act_cursor", "alert.cursor", "alert.job_run"} {
		if _, err := locked.Exec(t.Context(), "lock table "+table+" in access exclusive mode"); err != nil {
			t.Fatal(err)
		}
	}
	s.until("three wait for a lock", func() bool {
		var waiting int
		err := db.Owner.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and usename = 'yilu_service' and wait_event_type = 'Lock'`).Scan(&waiting)
		return err == nil && waiting >= 3
	})
	if code := s.stop(); code != exitOK {
		t.Errorf("serve ended with %d: %s", code, s.stderr.String())
	}
	streams.Wait()
}

// TestRequestsAreCutOff: who does not end in time is ended.
func TestRequestsAreCutOff(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	under := make(chan struct{})
	over := make(chan error, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- serveHTTP(ctx, ln, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(under)
			<-r.Context().Done()
			over <- r.Context().Err()
		}), nil, 10*time.Millisecond)
	}()
	go func() {
		if r, err := http.Get("http://" + ln.Addr().String()); err == nil {
			r.Body.Close()
		}
	}()
	<-under
	stop()
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
	<-over
}

// TestGreetingComesWithAnswers: the addresses of a demonstration are printed when they are
// answered, and not before.
func TestGreetingComesWithAnswers(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	o := &serveOptions{listen: freeAddress(t), admin: freeAddress(t), grace: time.Minute}
	answer := func(word string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, word) })
	}
	greeted := 0
	err := o.serveAll(ctx, answer("pages"), answer("health"), nil, func() {
		defer stop()
		greeted++
		for address, want := range map[string]string{o.listen: "pages", o.admin: "health"} {
			r, err := http.Get("http://" + address)
			if err != nil {
				t.Error(err)
				continue
			}
			defer r.Body.Close()
			if said, err := io.ReadAll(r.Body); err != nil || string(said) != want {
				t.Errorf("%s says %q, %v", address, said, err)
			}
		}
	})
	if err != nil || greeted != 1 {
		t.Errorf("greeted %d times, %v", greeted, err)
	}
}
