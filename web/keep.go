package web

import (
	lru "container/list"
	"context"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/singleflight"
)

// mostKept bounds the bytes of the pages that are kept.
const mostKept = 16 << 20

// kept is a rendered page, compressed as nearly everybody wants it. Who wants it
// plain has it drawn anew.
type kept struct {
	drawn
	// checked is when the book was last found to be in the state that the page shows.
	checked time.Time
}

// keyOf is what a page is kept by: its address.
func keyOf(c echo.Context) string {
	key := c.Request().URL.RequestURI()
	if c.Get(unfiltered) == true {
		key += "#" + unfiltered
	}
	return key
}

// keep holds rendered pages, the longest unasked ones going first. A page is good
// while the book is as it was. So that a book that moves many times a second does not
// have its readers wait for each page to be drawn as often, a page is also good for
// fresh after that was found, and up to mostStale it is shown once more while a newer
// one is drawn. What a page shows is as of the head that stands on it either way.
// Without fresh every request asks the book.
type keep struct {
	fresh time.Duration
	now   func() time.Time
	most  int
	draws singleflight.Group
	// refreshes waits for the pages that are drawn while nobody waits for them.
	refreshes sync.WaitGroup

	mu         sync.Mutex
	bytes      int
	order      *lru.List // of *keptAt, newest first
	pages      map[string]*lru.Element
	refreshing map[string]bool
}

const (
	// mostStale is how old a page may be that is shown while a newer one is drawn: as
	// old as browsers and portals may show it (max-age).
	mostStale = time.Minute
	// mostRefreshing is how many pages are drawn while nobody waits for them.
	mostRefreshing = 2
	// refreshTime is how long that may take.
	refreshTime = 30 * time.Second
)

// drawPage draws a page.
type drawPage func(context.Context) (drawn, error)

// keptAt is a page with the key it is kept by.
type keptAt struct {
	key string
	*kept
}

func (k *keptAt) size() int { return len(k.key) + len(k.body) + 300 }

func newKeep(fresh time.Duration, now func() time.Time) *keep {
	return &keep{fresh: fresh, now: now, most: mostKept, order: lru.New(), pages: map[string]*lru.Element{}, refreshing: map[string]bool{}}
}

// get returns a page that is kept, or draws it: once, for all who ask for it at the
// same time. tagNow names the state that the book is in; detached is a draw that does
// not need the request any more.
func (k *keep) get(ctx context.Context, key string, tagNow func(context.Context) (string, error), draw drawPage, detached func() drawPage) (drawn, error) {
	if page := k.find(key); page != nil {
		age := k.now().Sub(page.checked)
		switch {
		case age < k.fresh:
			return page.drawn, nil
		case k.fresh > 0 && age < mostStale:
			k.refresh(key, tagNow, detached)
			return page.drawn, nil
		}
	}
	return k.renew(ctx, key, tagNow, draw)
}

// renew finds out whether the page that is kept is still good, or draws it.
func (k *keep) renew(ctx context.Context, key string, tagNow func(context.Context) (string, error), draw drawPage) (drawn, error) {
	began := k.now()
	if page := k.find(key); page != nil {
		tag, err := tagNow(ctx)
		if err != nil {
			return drawn{}, err
		}
		if tag == page.tag {
			k.put(key, &kept{page.drawn, began})
			return page.drawn, nil
		}
	}
	page, err, _ := k.draws.Do(key, func() (any, error) {
		if page := k.find(key); page != nil && k.fresh > 0 && !page.checked.Before(began) {
			return page.drawn, nil // drawn since we looked
		}
		page, err := draw(context.WithoutCancel(ctx)) // others may wait for it
		if err != nil {
			return nil, err
		}
		page.body = compress(page.body)
		k.put(key, &kept{page, began})
		return page, nil
	})
	if err != nil {
		return drawn{}, err
	}
	return page.(drawn), nil
}

// refresh renews a page while nobody waits for it. If it cannot, or enough are under
// way, a later request tries again; once the page is too old, that request is told.
func (k *keep) refresh(key string, tagNow func(context.Context) (string, error), detached func() drawPage) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refreshing[key] || len(k.refreshing) >= mostRefreshing {
		return
	}
	k.refreshing[key] = true
	draw := detached()
	k.refreshes.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), refreshTime)
		defer cancel()
		_, _ = k.renew(ctx, key, tagNow, draw)
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.refreshing, key)
	})
}

func (k *keep) find(key string) *kept {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := k.pages[key]
	if at == nil {
		return nil
	}
	k.order.MoveToFront(at)
	return at.Value.(*keptAt).kept
}

// put keeps a page, and lets go of others if there are too many bytes.
func (k *keep) put(key string, page *kept) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if old := k.pages[key]; old != nil {
		k.drop(old)
	}
	held := &keptAt{key, page}
	k.pages[key] = k.order.PushFront(held)
	k.bytes += held.size()
	for k.bytes > k.most {
		k.drop(k.order.Back())
	}
}

func (k *keep) drop(at *lru.Element) {
	held := k.order.Remove(at).(*keptAt)
	delete(k.pages, held.key)
	k.bytes -= held.size()
}
