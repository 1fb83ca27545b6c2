package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"pgregory.net/rapid"
)

// TestFiltersStandInThePath: what a link says is what the handler reads, and the
// link is a name that files may have.
func TestFiltersStandInThePath(t *testing.T) {
	t.Parallel()
	site := siteOf("/zt")
	rapid.Check(t, func(t *rapid.T) {
		want := url.Values{}
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"place", "state", "text", "after"}), func(s string) string { return s }).Draw(t, "names") {
			want.Set(name, rapid.StringN(1, 20, 60).Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s }).Draw(t, name))
		}
		file := rapid.SampledFrom([]string{"", "list.csv"}).Draw(t, "file")
		link := site.address(chinese, "/projects", want, file)
		path, err := url.PathUnescape(link)
		if err == nil && len(want) > 0 && !strings.Contains(link, "?") {
			for segment := range strings.SplitSeq(path, "/") {
				if strings.ContainsAny(segment, `\:*?"<>|%`) || len(segment) > mostSegment || segment == "." || segment == ".." {
					t.Fatalf("%s has a segment %q", link, segment)
				}
			}
		}
		e := echo.New()
		e.Pre(readFilterPath)
		var got *url.URL
		e.GET("/*", func(c echo.Context) error { got = c.Request().URL; return nil })
		e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, link, nil))
		wantPath := "/zt/projects"
		if file != "" {
			wantPath += "/" + file
		}
		if got == nil || got.Path != wantPath || got.RawQuery != want.Encode() {
			t.Fatalf("%s was read as %v, want %s?%s", link, got, wantPath, want.Encode())
		}
	})
}

func TestFilterPathsThatAreNone(t *testing.T) {
	t.Parallel()
	h := newFixture(t, plainText).site("")
	for path, want := range map[string]int{
		"/projects/-/": 200, "/projects/-/place=~4": 404, "/projects/-/place=~GG": 404, "/projects/-/x": 404, "/projects/-/place=411025101": 200,
		"/projects/-/place=%2e%2e": 200, "/-/..": 404,
	} {
		if w := answerTo(h, path); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}
