package ocds

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// versioned is a record whose process is told by versions alone: a title that changed, a
// contract that grew and an award that was taken back.
const versioned = `{"records":[{"ocid":"o","releases":[{"url":"https://x/1","date":"2020-01-01T00:00:00Z"}],"versionedRelease":{"ocid":"o",
	"initiationType":[{"releaseID":"r1","releaseDate":"2020-01-01T00:00:00Z","releaseTag":["tender"],"value":"tender"}],
	"tender":{"id":[{"releaseID":"r1","releaseDate":"2020-01-01T00:00:00Z","value":"t"}],
		"title":[{"releaseID":"r2","releaseDate":"2020-02-01T00:00:00Z","value":"Bridge"},{"releaseID":"r1","releaseDate":"2020-01-01T01:00:00+01:00","value":"Road"}],
		"value":{"amount":[{"releaseID":"r1","releaseDate":"2020-01-01T00:00:00Z","value":1000.10}],"currency":[{"releaseID":"r1","releaseDate":"2020-01-01T00:00:00Z","value":"CNY"}]}},
	"awards":[{"id":"a1","title":[{"releaseID":"r2","releaseDate":"2020-02-01T00:00:00Z","value":"Lot"},{"releaseID":"r3","releaseDate":"2020-03-01T00:00:00Z","value":null}]}],
	"contracts":[{"id":"c1","extendsContractID":[{"releaseID":"r2","releaseDate":"2020-02-01T00:00:00Z","value":"c0"}],
		"value":{"amount":[{"releaseID":"r2","releaseDate":"2020-02-01T00:00:00Z","value":900},{"releaseID":"r3","releaseDate":"2020-03-01T00:00:00Z","value":950.5}],
			"currency":[{"releaseID":"r2","releaseDate":"2020-02-01T00:00:00Z","value":"CNY"}]}}]}}]}`

func TestVersionedRelease(t *testing.T) {
	t.Parallel()
	ps, said := read(t, versioned, Options{})
	if diff := cmp.Diff([]string{"o versioned_only :  →"}, said); diff != "" || len(ps) != 1 || !ps[0].Whole || ps[0].Released != "2020-03-01T00:00:00Z" {
		t.Fatalf("%d processes, findings (-want +got):\n%s", len(ps), diff)
	}
	got := entries(t, ps)
	for _, s := range []string{`"name":"Bridge"`, `"amount":"1000.10"`, `"amount":"950.50"`, `{"amount":"900.00","released":"2020-02-01T00:00:00Z"}`} {
		if !strings.Contains(got, s) {
			t.Errorf("the entries lack %s:\n%s", s, got)
		}
	}
	for _, s := range []string{"Road", "process.award"} {
		if strings.Contains(got, s) {
			t.Errorf("the entries hold %s:\n%s", s, got)
		}
	}
}
