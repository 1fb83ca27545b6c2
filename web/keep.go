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
// while the book is as it was; and, so that a book that moves many times a second
// does not have each page drawn as often, for fresh after it was found to be. What
// a page shows is as of the head that stands on it either way.
type keep struct {
	fresh time.Duration
	now   func() time.Time
	most  int
	draws singleflight.Group

	mu    sync.Mutex
	bytes int
	order *lru.List // of *keptAt, newest first
	pages map[string]*lru.Element
}

// keptAt is a page with the key it is kept by.
type keptAt struct {
	key string
	*kept
}

func (k *keptAt) size() int { return len(k.key) + len(k.body) + 300 }

func newKeep(fresh time.Duration, now func() time.Time) *keep {
	return &keep{fresh: fresh, now: now, most: mostKept, order: lru.New(), pages: map[string]*lru.Element{}}
}

// get returns a page that is kept, or draws it: once, for all who ask for it at the
// same time. tagNow names the state that the book is in.
func (k *keep) get(ctx context.Context, key string, tagNow func(context.Context) (string, error), draw func(context.Context) (drawn, error)) (drawn, error) {
	if page := k.find(key); page != nil {
		if page.checked.Add(k.fresh).After(k.now()) {
			return page.drawn, nil
		}
		tag, err := tagNow(ctx)
		if err != nil {
			return drawn{}, err
		}
		if tag == page.tag {
			k.put(key, &kept{page.drawn, k.now()})
			return page.drawn, nil
		}
	}
	page, err, _ := k.draws.Do(key, func() (any, error) {
		began := k.now()
		if page := k.find(key); page != nil && !page.checked.Before(began) && k.fresh > 0 {
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
