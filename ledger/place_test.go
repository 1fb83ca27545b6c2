package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlaceBodies(t *testing.T) {
	t.Parallel()
	testBody(t, []badBody[*PlaceNamed]{
		{func(b *PlaceNamed) { b.Basis = "" }, "basis", "必填", "required"},
		{func(b *PlaceNamed) { b.Name = "" }, "name", "必填", "required"},
		{func(b *PlaceNamed) { b.Place = "411025103" }, "place", "12位", "12-digit"},
	})
}

// TestPlacesAreNamed names a village, names it anew, renames a township, and adds one.
func TestPlacesAreNamed(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	name := func(place, name string) *PlaceNamed { return &PlaceNamed{Basis: "名单", Name: name, Place: place} }
	if at, err := l.PlacesAt(ctx, testBook); err != nil || at != None {
		t.Error("a book without names:", at, err)
	}
	settle(t, l, "S2", draft("a", name("411025103205", "后楚村"), maker), draft("b", name("411025103201", "前楚村"), maker), draft("c", name("411025208000", "新乡"), maker))
	first, err := l.PlacesAt(ctx, testBook)
	if err != nil || first == None {
		t.Fatal(first, err)
	}
	settle(t, l, "S3", draft("d", name("411025103205", "后楚社区"), maker), draft("e", name("411025103000", "颍阳街道"), maker))
	if at, err := l.PlacesAt(ctx, testBook); err != nil || at <= first {
		t.Error("the names have changed:", at, err)
	}
	p, err := l.Places(ctx, testBook)
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{
		"411025103205": "后楚社区", "411025103": "颍阳街道", "411025103000": "颍阳街道", "411025104": "王洛镇", "411025208": "新乡", "411025103299": "411025103299", "411025": "襄城县", "411025000000": "襄城县", "999999": "999999",
	} {
		if got := p.Of(code).Name; got != want {
			t.Errorf("%s is called %s, want %s", code, got, want)
		}
	}
	if p.Of("411025103").En != "Yingyang" || p.Of("411025103205").En != "后楚社区" {
		t.Error("in English:", p.Of("411025103"), p.Of("411025103205"))
	}
	if diff := cmp.Diff([]Division{{"411025103201", "前楚村", "前楚村"}, {"411025103205", "后楚社区", "后楚社区"}}, p.Villages("411025103")); diff != "" {
		t.Error(diff)
	}
	if towns := p.Townships(testBook); len(towns) != 17 || towns[16].Name != "新乡" || towns[4].Name != "颍阳街道" {
		t.Error(towns)
	}
	if !p.Knows("411025103205") || p.Knows("411025103299") || len((Places{}).Townships(testBook)) != 16 {
		t.Error("what has a name")
	}
	refuses(t, l, refusal{"a place of another county", []Draft{draft("", name("411026103205", "他村"), maker)}, []string{"0 body.place place"}})
	if r, err := Rebuild(ctx, db.Owner, testBook, Replay{}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}
