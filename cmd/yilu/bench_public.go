package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"yilu/cmd/yilu/demo"
	"yilu/ledger"
)

// The figures of the public part: a server of the demonstration county, or of the
// bench's own book, as readers ask it.

// publicPages are what readers look at most.
var publicPages = []string{"/", "/funds", "/projects", "/payments", "/documents", "/payees", "/contracts", "/places/411025103", "/en/", "/allocations"}

// flat is the pace of clients that ask again as soon as they are answered.
const flat = 0

// view asks for pages, n of each client in turn, so many a second in all or as fast as
// they are answered, and returns views a second and the 99th percentile. At a pace each
// is timed from when it was due: a server that stands still makes all late, not one.
func (b *bench) view(ctx context.Context, clients, perSecond int, path func(client, n int) string) (int64, time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}, Timeout: 30 * time.Second}
	start := time.Now()
	took := make([][]time.Duration, clients)
	errs := make([]error, clients)
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for n := 0; time.Since(start) < b.seconds && errs[i] == nil; n++ {
				began := time.Now()
				if perSecond != flat {
					began = start.Add(time.Duration(n*clients+i) * time.Second / time.Duration(perSecond))
					time.Sleep(time.Until(began))
				}
				errs[i] = viewOne(ctx, client, "http://"+b.addr+path(i, n))
				took[i] = append(took[i], time.Since(began))
			}
		})
	}
	all.Wait()
	times := slices.Sorted(slices.Values(slices.Concat(took...)))
	if err := errors.Join(errs...); err != nil || len(times) == 0 {
		return 0, 0, errors.Join(err, fmt.Errorf("%d pages viewed", len(times)))
	}
	return int64(len(times)) * int64(time.Second) / int64(b.seconds), times[len(times)*99/100], nil
}

func viewOne(ctx context.Context, client *http.Client, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept-Encoding", "gzip")
	w, err := client.Do(r)
	if err != nil {
		return err
	}
	defer w.Body.Close()
	if _, err := io.Copy(io.Discard, w.Body); err != nil {
		return err
	}
	if w.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", address, w.StatusCode)
	}
	return nil
}

// figPagesWarm views pages that are kept, while entries are being posted.
func figPagesWarm(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.start(ctx); err != nil {
		return "", false, err
	}
	stop := b.postMeanwhile(ctx, 300)
	before := b.cpu()
	n, p99, err := b.view(ctx, 32, flat, func(client, n int) string { return publicPages[(client+n)%len(publicPages)] })
	b.note("warm: %s, what is posted meanwhile included", b.cpu().since(before, n*int64(b.seconds/time.Second)))
	posted, failed := stop()
	b.note("%d page views/s, p99 %s, while %d entries/s were posted", n, p99, posted)
	return strconv.FormatInt(n, 10), n >= 2000 && p99 <= 50*time.Millisecond, errors.Join(err, failed)
}

// postMeanwhile posts so many entries a second until the func it returns is called,
// which says how many it were.
func (b *bench) postMeanwhile(ctx context.Context, perSecond int64) func() (int64, error) {
	b.round++
	round, began := b.round, time.Now()
	quit, ended := make(chan struct{}), make(chan error, 1)
	n := int64(0)
	go func() {
		tick := time.NewTicker(time.Second / time.Duration(perSecond/10))
		defer tick.Stop()
		for {
			select {
			case <-quit:
				ended <- nil
				return
			case <-tick.C:
			}
			var drafts []ledger.Draft
			for range 10 {
				n++
				id := fmt.Sprintf("v%d-%d", round, n)
				drafts = append(drafts, ledger.Draft{ID: id, Kind: "payment.requested", On: "2020-03-18", By: ledger.By{Role: ledger.Maker, Unit: "bench", User: "maker"}, Corrects: ledger.None,
					Body: &ledger.PaymentRequested{Payment: id, Project: "P0-0", Fund: "F0", Amount: 1234, Purpose: "工程进度款", Payee: ledger.Party{Code: "91350100M000100Y43", Name: "某建筑工程有限公司"}}})
			}
			if _, err := b.ledger.Post(ctx, ledger.Book(b.env.Book), drafts...); err != nil {
				ended <- err
				return
			}
		}
	}()
	return func() (int64, error) {
		close(quit)
		err := <-ended
		return n * int64(time.Second) / int64(time.Since(began)), err
	}
}

// coldViews is how many pages a second are asked for when it is timed how long they take.
const coldViews = 300

// figPagesCold views pages of which each is asked for once, while entries are being
// posted: as many as can be, and at a pace, which says how long one takes.
func figPagesCold(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.start(ctx); err != nil {
		return "", false, err
	}
	stop := b.postMeanwhile(ctx, 300)
	b.round++
	cold := func(client, n int) string {
		return fmt.Sprintf("/p/P%d-%d?cold=%d-%d", (client*31+n)%benchFunds, n%benchProjects, b.round*100+client, n)
	}
	before := b.cpu()
	most, _, err := b.view(ctx, 32, flat, cold)
	b.note("cold: %s, what is posted meanwhile included", b.cpu().since(before, most*int64(b.seconds/time.Second)))
	b.round++
	paced, p99, late := b.view(ctx, 32, coldViews, cold)
	posted, failed := stop()
	b.note("cold: at most %d page views/s; p99 %s at %d/s, while %d entries/s were posted", most, p99, paced, posted)
	return strconv.FormatInt(most, 10), most >= coldViews && p99 <= 50*time.Millisecond, errors.Join(err, late, failed)
}

// searchTexts are what people search for: names, parts of names, numbers.
var searchTexts = []string{"道路", "测试项目", "硬化", "P7-3", "颍阳镇", "某建筑工程", "测〔2020〕3号", "没有的村", "测试 颍阳", "公司"}

// benchSearched is how many projects the book has that is searched.
const benchSearched = 100_000

// figSearch searches 100,000 projects in the large book, each time for something that
// was not asked before.
func figSearch(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.grow(ctx, b.entries); err != nil {
		return "", false, err
	}
	if err := b.listProjects(ctx); err != nil {
		return "", false, err
	}
	b.round++
	n, p99, err := b.view(ctx, 2, flat, func(client, n int) string {
		return "/search?q=" + url.QueryEscape(searchTexts[(client+n)%len(searchTexts)]) + fmt.Sprintf("&cold=%d-%d-%d", b.round, client, n)
	})
	b.note("%d searches/s, p99 %s", n, p99)
	ms := (p99 + time.Millisecond - 1) / time.Millisecond
	return strconv.FormatInt(int64(ms), 10), ms <= 50, err
}

// listProjects lists projects in the library until there are enough to search.
func (b *bench) listProjects(ctx context.Context) error {
	if b.kept["searched"] != 0 {
		return nil
	}
	townships, works := ledger.Townships(ledger.Book(b.env.Book)), []string{"村内道路硬化", "安全饮水巩固提升", "标准化大棚", "扶贫车间设备购置", "危房改造"}
	progress := b.env.progress("list projects")
	for from := 0; from < benchSearched; from += 1000 {
		var drafts []ledger.Draft
		for i := from; i < from+1000; i++ {
			at := townships[i%len(townships)]
			village := string([]rune{rune(0x4e00 + i*7919%8000), rune(0x4e00 + i*104_729%8000)}) + "村"
			id := fmt.Sprintf("L%06d", i)
			drafts = append(drafts, ledger.Draft{ID: id, Kind: "project.listed", On: "2020-01-07", By: ledger.By{Role: ledger.Maker, Unit: "bench", User: "maker"}, Corrects: ledger.None,
				Body: &ledger.ProjectListed{Project: id, Name: at.Name + village + works[i%len(works)] + "项目", Content: "硬化村内道路3.2公里，宽4米，厚0.18米", Type: "construction",
					Place: at.Code + fmt.Sprintf("%03d", 200+i%40), PlaceName: at.Name + village, Unit: at.Name + "人民政府"}})
		}
		if _, err := b.ledger.Post(ctx, ledger.Book(b.env.Book), drafts...); err != nil {
			return fmt.Errorf("list projects: %w", err)
		}
		progress(int64(from)+1000, benchSearched)
	}
	b.kept["searched"] = 1
	return nil
}

// withCounty does something in a database of its own that holds the demonstration county;
// took is how long that took to load.
func (b *bench) withCounty(ctx context.Context, do func(env *environment, took time.Duration) error) error {
	dir, err := os.MkdirTemp("", "yilu-bench-county-")
	if err != nil {
		return fmt.Errorf("bench folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil { // postgres must pass
		return fmt.Errorf("bench folder: %w", err)
	}
	env := *b.env
	env.Data, env.Book, env.DatabaseURL, env.OwnerURL = filepath.Join(dir, "data"), string(demo.Book), "", ""
	db, err := env.makeDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = db.stop() }()
	began := time.Now()
	if err := runDemo(ctx, &env, []string{"--data", env.Data}); err != nil {
		return err
	}
	return do(&env, time.Since(began))
}

// figDemoLoad loads the demonstration county, with the tables to be made before.
func figDemoLoad(ctx context.Context, b *bench) (value string, ok bool, err error) {
	err = b.withCounty(ctx, func(_ *environment, took time.Duration) error {
		value, ok = seconds(took), took <= 15*time.Second
		return nil
	})
	return value, ok, err
}

// figSiteExport copies the site of the demonstration county, in a process and a
// database of its own.
func figSiteExport(ctx context.Context, b *bench) (value string, ok bool, err error) {
	err = b.withCounty(ctx, func(env *environment, _ time.Duration) error {
		l, closeLedger, err := env.open(ctx)
		if err != nil {
			return err
		}
		defer closeLedger()
		began := time.Now()
		s, err := env.copySite(ctx, l, publicOptions{demo: true}, filepath.Join(env.Data, "site"))
		took := time.Since(began)
		b.note("%d files, %d MB", s.Files, s.Bytes>>20)
		value, ok = seconds(took), took <= 20*time.Second
		return err
	})
	return value, ok, err
}
