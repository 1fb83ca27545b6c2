package ocds

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

// Defects that an earlier tool of the field, Cardinal, had on the same data. Each
// is a test of ours; those of rules and not of reading are tested where rules are.

// TestCurrencyIsNotThatOfTheFirstRecord: whichever record comes first, the same
// amounts are in, and what is left out is said.
func TestCurrencyIsNotThatOfTheFirstRecord(t *testing.T) {
	t.Parallel()
	var lines []string
	for i, currency := range []string{"USD", "UAH", "EUR", "UAH", "USD", "UAH"} {
		lines = append(lines, fmt.Sprintf(`{"ocid":"o%d","date":"2020-01-01T00:00:00Z","tender":{"title":"x","value":{"amount":%d,"currency":%q}}}`, i, i+1, currency))
	}
	for seed := range uint64(12) {
		rand.New(rand.NewPCG(seed, 2)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		ps, said := read(t, strings.Join(lines, "\n"), Options{Currency: "UAH"})
		sum, foreign := ledger.Amount(0), 0
		for _, p := range ps {
			b := p.Bodies[0].(*ledger.ProcessTender)
			sum += b.Amount
			if b.Foreign != "" {
				foreign++
			}
		}
		if sum != 12_00 || foreign != 3 || len(said) != 3 {
			t.Fatalf("%s… first: %s in, %d out, %q", lines[0][:8], sum, foreign, said)
		}
	}
}

// TestLateBidsAreComparedAsInstants: a later text may be an earlier instant, and
// the other way round; without a zone there is no answer.
func TestLateBidsAreComparedAsInstants(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ deadline, at, says string }{
		{"2020-02-20T09:00:00Z", "2020-02-20T10:00:00+02:00", ""}, // later text, earlier instant
		{"2020-02-20T09:00:00+02:00", "2020-02-20T08:30:00Z", "bid_late"},
		{"2020-02-20T09:00:00Z", "2020-02-20T09:00:00.000001Z", "bid_late"},
		{"2020-02-20T09:00:00Z", "2020-02-20T09:00:00Z", ""},
		{"2020-02-20T23:00:00-05:00", "2020-02-21T03:59:59Z", ""},
		{"2020-02-20T09:00:00", "2020-02-20T10:00:00Z", "bid_time_unknown"},
		{"2020-02-20T09:00:00Z", "2020-02-21", "bid_time_unknown"},
	} {
		content := strings.Replace(strings.Replace(clean, "2020-02-20T09:00:00Z", c.deadline, 1), "2020-02-19T09:00:00Z", c.at, 1)
		_, said := read(t, content, Options{})
		got := ""
		for _, s := range said {
			if strings.HasPrefix(s, p1+"bid_") && strings.Contains(s, "bids[b1]") {
				got = strings.Fields(s)[1]
			}
		}
		if got != c.says {
			t.Errorf("bid %s, deadline %s: %q, want %q", c.at, c.deadline, got, c.says)
		}
	}
}

// TestTieOfLowestBids: two lowest bids of one amount are both there, in both
// orders, under the ids they have.
func TestTieOfLowestBids(t *testing.T) {
	t.Parallel()
	tie := strings.Replace(clean, `"amount":950,`, `"amount":900.5,`, 1)
	at := strings.Index(tie, `{"id":"b1"`)
	mid := strings.Index(tie, `{"id":"b2"`)
	end := mid + strings.Index(tie[mid:], `]},`)
	first, second := strings.TrimRight(tie[at:mid], ",\n "), tie[mid:end]
	swapped := tie[:at] + second + "," + first + tie[end:]
	a, _ := read(t, tie, Options{})
	b, said := read(t, swapped, Options{})
	lines := func(ps []*Process) []string {
		out := strings.Split(entries(t, ps), "\n")
		slices.Sort(out)
		return out
	}
	if diff := cmp.Diff(lines(a), lines(b)); diff != "" || len(said) > 0 || strings.Count(entries(t, b), `"amount":"900.50"`) < 3 {
		t.Errorf("%q\n%s", said, diff)
	}
}

// TestRepeatedIDsAreKept: of two bids with one id none is lost, whichever comes
// last.
func TestRepeatedIDsAreKept(t *testing.T) {
	t.Parallel()
	bid := func(amount int) string {
		return fmt.Sprintf(`{"id":"b","value":{"amount":%d,"currency":"CNY"}}`, amount)
	}
	want := ""
	for _, order := range [][]int{{1, 2, 3}, {3, 1, 2}, {2, 3, 1}, {3, 2, 1}} {
		content := `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{},"bids":{"details":[` + bid(order[0]) + "," + bid(order[1]) + "," + bid(order[2]) + `]}}`
		ps, said := read(t, content, Options{})
		got := strings.Split(strings.TrimSpace(entries(t, ps)), "\n")
		slices.Sort(got)
		if len(got) != 4 || len(said) != 2 {
			t.Fatalf("%v: %q %q", order, got, said)
		}
		if text := strings.Join(got, "\n"); want == "" {
			want = text
		} else if want != text {
			t.Errorf("%v makes\n%s\nwant\n%s", order, text, want)
		}
	}
}

// TestDatesWithoutZoneAreNotSkipped: each stays as it was told, and each is said.
func TestDatesWithoutZoneAreNotSkipped(t *testing.T) {
	t.Parallel()
	content := strings.ReplaceAll(clean, `:00Z"`, `:00"`)
	ps, said := read(t, content, Options{})
	got := entries(t, ps)
	count := 0
	for _, s := range said {
		if strings.Contains(s, "date_no_zone") {
			count++
		}
	}
	if want := strings.Count(content, `:00"`); count != want || strings.Contains(got, `:00Z"`) || strings.Count(got, `:00"`) < want-1 {
		t.Errorf("%d of %d are said:\n%s\n%s", count, want, strings.Join(said, "\n"), got)
	}
}

// TestBidsAreNotProcesses: bids of one bidder in one process are told apart from
// processes, for whoever counts either.
func TestBidsAreNotProcesses(t *testing.T) {
	t.Parallel()
	content := strings.Replace(clean, `"tenderers":[{"id":"S2","name":"Beta"}]`, `"tenderers":[{"id":"S1","name":"Alpha"}]`, 1)
	ps, _ := read(t, content, Options{})
	processes, bids, keys := map[string]bool{}, 0, map[string]bool{}
	for _, b := range ps[0].Bodies {
		if bid, ok := b.(*ledger.ProcessBid); ok {
			bids++
			processes[bid.Process], keys[bid.Bidders[0].Key()] = true, true
		}
	}
	if len(processes) != 1 || bids != 2 || len(keys) != 1 {
		t.Error(processes, bids, keys)
	}
}
