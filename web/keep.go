package web

import (
	"bytes"
	"compress/gzip"
	lru "container/list"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/singleflight"
)

// mostKept bounds the bytes of the pages that are kept.
const mostKept = 16 << 20

// kept is a rendered page: compressed, as nearly everybody wants it.
type kept struct {
	// tag names the state of the book that the page shows.
	tag      string
	language string
	gzipped  []byte
	// checked is when the book was last found to be in that state.
	checked time.Time
}

// write answers with the page.
func (k *kept) write(c echo.Context) error {
	h := pageHeaders(c, k.language)
	body := k.gzipped
	if acceptsGzip(c.Request()) {
		h.Set("Content-Encoding", "gzip")
	} else {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(z)
		}
		if err != nil {
			return fmt.Errorf("unpack page: %w", err)
		}
	}
	c.Response().WriteHeader(http.StatusOK)
	_, err := c.Response().Write(body)
	return err
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

func (k *keptAt) size() int { return len(k.key) + len(k.gzipped) + 300 }

func newKeep(fresh time.Duration, now func() time.Time) *keep {
	return &keep{fresh: fresh, now: now, most: mostKept, order: lru.New(), pages: map[string]*lru.Element{}}
}

// get returns a page that is kept, or draws it: once, for all who ask for it at the
// same time. tagNow names the state that the book is in.
func (k *keep) get(ctx context.Context, key string, tagNow func(context.Context) (string, error), draw func(context.Context) (*kept, error)) (*kept, error) {
	if page := k.find(key); page != nil {
		if page.checked.Add(k.fresh).After(k.now()) {
			return page, nil
		}
		tag, err := tagNow(ctx)
		if err != nil {
			return nil, err
		}
		if tag == page.tag {
			return k.put(key, &kept{tag, page.language, page.gzipped, k.now()}), nil
		}
	}
	drawn, err, _ := k.draws.Do(key, func() (any, error) {
		began := k.now()
		if page := k.find(key); page != nil && !page.checked.Before(began) && k.fresh > 0 {
			return page, nil // drawn since we looked
		}
		page, err := draw(context.WithoutCancel(ctx)) // others may wait for it
		if err != nil {
			return nil, err
		}
		page.checked = began
		return k.put(key, page), nil
	})
	if err != nil {
		return nil, err
	}
	return drawn.(*kept), nil
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
func (k *keep) put(key string, page *kept) *kept {
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
	return page
}

func (k *keep) drop(at *lru.Element) {
	held := k.order.Remove(at).(*keptAt)
	delete(k.pages, held.key)
	k.bytes -= held.size()
}
