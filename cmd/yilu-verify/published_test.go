package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"yilu/audit/proof"
)

// serve is a server of the log's files and of the API.
func serve(t *testing.T, f files, api map[string]string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer, ok := api[r.URL.RequestURI()]; ok {
			fmt.Fprint(w, answer)
			return
		}
		b, ok := f[strings.TrimPrefix(r.URL.Path, "/411025/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write(b)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestLogOverHTTPWithPublishedFigures(t *testing.T) {
	k := newKeys(t, "")
	c := story(300)
	f, _ := publish(t, c.leaves, k.log, k.witness)
	funds, projects := wantFigures(payments(c))
	fundsJSON, projectsJSON := encode(t, funds), encode(t, projects)
	good := map[string]string{
		"/api/v1/books/411025/head":                         `{"book":"411025","size":300,"root":"x","at":"y"}`,
		"/api/v1/books/411025/funds":                        `{"items":` + fundsJSON + `}`,
		"/api/v1/books/411025/projects?limit=500&after=":    `{"items":[` + encode(t, projects[0]) + `],"next":"a b"}`,
		"/api/v1/books/411025/projects?limit=500&after=a+b": `{"items":[` + encode(t, projects[1]) + `]}`,
	}
	policy := save(t, "policy", []byte(k.policy))
	for _, tc := range []struct {
		name string
		api  map[string]string
		code int
		want string
	}{
		{"all as it is", nil, exitPassed, "the published figures of 1 funds and 2 projects add up"},
		{"one project hidden", map[string]string{"/api/v1/books/411025/projects?limit=500&after=a+b": `{"items":[]}`}, exitWrong, "project P2 is not published"},
		{"a project too many", map[string]string{"/api/v1/books/411025/projects?limit=500&after=a+b": `{"items":` + strings.Replace(projectsJSON, `"P1"`, `"P3"`, 1) + `}`}, exitWrong, "project P3 is published and no entry knows it"},
		{"a figure changed", map[string]string{"/api/v1/books/411025/funds": `{"items":` + strings.Replace(fundsJSON, "192000.00", "192000.01", 1) + `}`}, exitWrong, "fund F1 is published as"},
		{"figures of a later moment", map[string]string{"/api/v1/books/411025/head": `{"size":301}`}, exitNotChecked, "the figures are of 301 entries"},
		{"no answer", map[string]string{"/api/v1/books/411025/funds": `oops`}, exitNotChecked, "could not be read"},
	} {
		api := maps.Clone(good)
		maps.Copy(api, tc.api)
		s := serve(t, f, api)
		code, out := verify(t, "log", s.URL+"/411025", "--policy", policy, "--published", s.URL, "--lang=en")
		if code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("%s: exit %d\n%s", tc.name, code, out)
		}
	}
	saved := save(t, "figures.json", []byte(`{"funds":`+fundsJSON+`,"projects":`+projectsJSON+`,"size":"300"}`))
	s := serve(t, f, nil)
	if code, out := verify(t, "log", "--policy", policy, "--published", saved, s.URL+"/411025/"); code != exitPassed {
		t.Errorf("saved figures: exit %d\n%s", code, out)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A server that fails now and then is asked again; one that never answers leaves
// the log unchecked, and nothing is said against it.
func TestServerThatFails(t *testing.T) {
	k := newKeys(t, "")
	f, _ := publish(t, story(300).leaves, k.log, k.witness)
	var lock sync.Mutex
	asked := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		asked[r.URL.Path]++
		first := asked[r.URL.Path] == 1
		lock.Unlock()
		switch {
		case strings.HasPrefix(r.URL.Path, "/never/tile/entries/"):
			http.Error(w, "busy", http.StatusServiceUnavailable)
		case first:
			http.Error(w, "busy", http.StatusServiceUnavailable)
		default:
			w.Write(f[strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/once/"), "/never/")])
		}
	}))
	defer s.Close()
	for path, want := range map[string]int{"/once": exitPassed, "/never": exitNotChecked} {
		p, err := proof.ParsePolicy([]byte(k.policy))
		if err != nil {
			t.Fatal(err)
		}
		j := &logJob{from: &site{base: s.URL + path, client: s.Client()}, policy: p, report: &report{}}
		j.run(t.Context())
		if j.report.exit() != want || want == exitNotChecked && !strings.Contains(j.report.Sentence.En, "could not be read to the end") {
			t.Errorf("%s: %s", path, j.report.Sentence.En)
		}
	}
}
