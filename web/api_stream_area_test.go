package web

import (
	"context"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"yilu/alerts"
	"yilu/ledger"
)

// TestStreamOfAnArea: an officer of a township or village hears of what lies in it and the
// unit has, by list and stream, and of nothing else, whenever it comes.
func TestStreamOfAnArea(t *testing.T) {
	t.Parallel()
	x := newWarned(t, plainText)
	_, e := x.staffOf(time.Now, true)
	srv := httptest.NewServer(e)
	t.Cleanup(srv.Close)
	var near, far alerts.Current // of one unit, in two townships
	for _, c := range x.warnings() {
		switch {
		case near.Alert == "" && c.Region != "":
			near = c
		case far.Alert == "" && near.Alert != "" && c.Alert != near.Alert:
			far = c
		}
	}
	if near.Alert == "" || far.Alert == "" {
		t.Fatal("the county has too few warnings")
	}
	if _, err := x.db.Owner.Exec(t.Context(), `update alert.current set region = case alert when $2 then '411025103201' else '411025104000' end, unit = '411025-CZ' where book = $1`, pageBook, near.Alert); err != nil {
		t.Fatal(err)
	}
	all, err := alerts.Feed(t.Context(), x.db.Pool, pageBook, alerts.Reader{}, ledger.None, 500)
	if err != nil {
		t.Fatal(err)
	}
	of := func(keep func(alerts.Event) bool) (seqs []int64) {
		for _, e := range all {
			if keep(e) {
				seqs = append(seqs, int64(e.Seq))
			}
		}
		return seqs
	}
	here, elsewhere := of(func(e alerts.Event) bool { return e.Alert == near.Alert }), of(func(e alerts.Event) bool { return e.Alert != near.Alert })
	both := slices.Sorted(slices.Values(slices.Concat(here, elsewhere)))
	if len(here) == 0 || len(elsewhere) == 0 {
		t.Fatal("nothing happened in one of the townships")
	}
	next := int64(500_000)
	for name, who := range map[string]struct {
		unit, area string
		role       ledger.Role
		want       []int64
	}{
		"the county": {"411025-CZ", "", ledger.ProjectOfficer, both}, "a township": {"411025-CZ", "411025103", ledger.ProjectOfficer, here},
		"at length": {"411025-CZ", "411025103000", ledger.ProjectOfficer, here}, "its village": {"411025-CZ", "411025103201", ledger.ProjectOfficer, here},
		"a neighbour": {"411025-CZ", "411025103202", ledger.ProjectOfficer, nil}, "the other one": {"411025-CZ", "411025104", ledger.ProjectOfficer, elsewhere},
		"another unit": {"411025-NY", "411025103", ledger.ProjectOfficer, nil}, "an auditor of it": {"411025-SJ", "411025103", ledger.Auditor, here},
	} {
		token, err := CreateToken(t.Context(), x.db.Owner, Token{Book: pageBook, User: "t1", Unit: who.unit, Role: who.role, Area: who.area, Created: time.Now(), Expires: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/api/v1"+book("/alerts/feed"), nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		var page struct {
			Items []struct {
				Seq int64 `json:"seq"`
			} `json:"items"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatalf("%s: %d %v", name, w.Code, err)
		}
		var listed []int64
		for _, item := range page.Items {
			listed = append(listed, item.Seq)
		}
		if d := cmp.Diff(who.want, listed); d != "" {
			t.Errorf("%s lists:\n%s", name, d)
		}
		if who.want == nil {
			continue
		}
		// What comes while one listens: first of what may not be heard, then of what may.
		other, own := far.Alert, near.Alert
		if !slices.Contains(who.want, here[0]) {
			other, own = own, other
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		answer, err := listen(ctx, srv.URL, token, -1, false)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := slices.Clone(who.want)
		if who.area == "" {
			want = append(want, next)
		}
		want = append(want, next+1)
		var heard []int64
		err = seqs(answer.Body, func(seq int64) bool {
			if heard = append(heard, seq); len(heard) == len(who.want) {
				if _, err := x.db.Owner.Exec(ctx, `
					insert into alert.event (book, seq, alert, kind, at, by_user, unit)
					values ($1, $2::bigint, $3, 'alert.commented', now(), 'u', '411025-SJ'), ($1, $2::bigint + 1, $4, 'alert.commented', now(), 'u', '411025-SJ')`, pageBook, next, other, own); err != nil {
					t.Error(err)
					return false
				}
			}
			return len(heard) < len(want)
		})
		cancel()
		if d := cmp.Diff(want, heard); d != "" || err != nil {
			t.Errorf("%s hears: %v\n%s", name, err, d)
		}
		if _, err := x.db.Owner.Exec(t.Context(), `delete from alert.event where book = $1 and seq >= $2`, pageBook, next); err != nil {
			t.Fatal(err)
		}
		next += 10
	}
}
