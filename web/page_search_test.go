package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestSearchAsAReaderWould: by part of a name, in both languages, page by page, with
// whatever people type.
func TestSearchAsAReaderWould(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	h := x.site("/zt")
	for text, want := range map[string]string{
		"后楚村": `href="/zt/places/411025103205"`, "112号": `href="/zt/funds/2020-ZY-1"`, "恒通路桥": `href="/zt/payees/91350100M000100Y43"`,
		"广厦": `href="/zt/bidders/n-`, "施工合同": `href="/zt/p/XC2020-001"`, "一标段": `href="/zt/p/XC2020-001"`, "颍桥": `href="/zt/places/411025101"`,
		"李一": "没有找到", "张1": "没有找到", "<script>": "没有找到", "": "可以找",
	} {
		w := answerTo(h, "/zt/search?q="+url.QueryEscape(text))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q: %d, no %s in\n%s", text, w.Code, want, mainOf(w.Body.String()))
		}
		lookSafe(t, text, strings.ReplaceAll(strings.ReplaceAll(w.Body.String(), "李一", ""), "张1", ""))
	}
	if w := answerTo(h, "/zt/en/search?q=nothing"); !strings.Contains(w.Body.String(), "Nothing was found") {
		t.Error(w.Body.String())
	}
	for typed, other := range map[string]string{"后楚存": "后楚", "恒桶路桥": "路桥", "施工和同": "施工"} {
		if w := answerTo(h, "/zt/search?q="+url.QueryEscape(typed)); !strings.Contains(w.Body.String(), `<a href="/zt/search?q=`+url.QueryEscape(other)+`"`) {
			t.Errorf("%q is not led to %q: %s", typed, other, mainOf(w.Body.String()))
		}
	}
	for _, odd := range []string{"/zt/search?q=%ff%fe", "/zt/search?q=a&page=-1&kind=project", "/zt/search?q=a&page=99999999999999999999&kind=x", "/zt/search?q=" + strings.Repeat("a", 5000)} {
		if w := answerTo(h, odd); w.Code >= 500 {
			t.Errorf("%.60s: %d", odd, w.Code)
		}
	}
}
