package ledger

import "testing"

func TestTrail(t *testing.T) {
	t.Parallel()
	all := trail("").step(5, "announced", "opened").step(12, "opened", "opened").step(15, "opened", "awarded")
	if all != "5:announced 15:opened" {
		t.Errorf("trail %q", all)
	}
	for _, c := range []struct {
		q      Seq
		rest   trail
		before string
		last   bool
	}{
		{15, "5:announced", "opened", true},
		{5, all, "awarded", false},
		{12, all, "awarded", true}, // changed nothing
		{1, all, "awarded", true},  // no step of 15's digits
	} {
		if rest, before, last := all.back(c.q, "awarded"); rest != c.rest || before != c.before || last != c.last {
			t.Errorf("back %d: %q %q %v, want %q %q %v", c.q, rest, before, last, c.rest, c.before, c.last)
		}
	}
	if rest, before, last := trail("5:announced").back(5, "opened"); rest != "" || before != "announced" || !last {
		t.Errorf("the only step: %q %q %v", rest, before, last)
	}
}

// A price typed wrong is taken back and entered anew, also when the contract is
// signed: the last step first, and the tender stands where it stood before.
func TestAwardIsCorrected(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	all := samples()
	steps := map[Kind]Seq{}
	for _, kind := range []Kind{"tender.announced", "tender.bid", "tender.opened", "tender.candidates", "tender.awarded"} {
		steps[kind] = mustPost(t, l, all[kind])[0].Seq
	}
	settle(t, l, "S2", all["contract.signed"])
	refuses(t, l, refusal{"candidates before the award", []Draft{reversal(steps["tender.candidates"], maker)}, []string{"0 corrects in_use"}})
	state := func(want string, price Amount) {
		t.Helper()
		ts, err := l.Tenders(t.Context(), testBook, "P1")
		if err != nil || len(ts) != 1 || ts[0].State != want || ts[0].Price != price || (price == 0) != (ts[0].Winner == "") {
			t.Fatalf("want %s at %s: %+v %v", want, price, ts, err)
		}
	}
	back := func(id string, target Seq) {
		t.Helper()
		if err := reverse(t, l, id, target); err != nil {
			t.Fatal(err)
		}
	}
	back("x1", steps["tender.awarded"])
	state(StateCandidates, 0)
	right := *all["tender.awarded"].Body.(*TenderAwarded)
	right.Amount = 76900
	again := draft("again", &right, maker)
	again.Corrects = steps["tender.awarded"]
	mustPost(t, l, again)
	state(StateAwarded, 76900)
	back("x2", mustPost(t, l, draft("fail", &TenderExempted{Project: "P1", Ground: "other", Method: "open"}, maker))[0].Seq)
	state(StateAwarded, 76900)
	rebuilds(t, db)
}

// Facts about the works are taken back from the last to the first, a
// cancellation before all.
func TestWorksAreTakenBack(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	var seqs []Seq
	for i, b := range []Body{
		&WorksProgressed{Project: "P1", Content: "路基", Percent: 40}, &WorksProgressed{Project: "P1", Content: "路面", Percent: 90},
		&WorksCompleted{Project: "P1", Content: "完成"}, &AcceptanceFailed{Project: "P1", Level: "county", Conclusion: "厚度不足"},
		&WorksCompleted{Project: "P1", Content: "整改完成"}, &AcceptancePassed{Project: "P1", Level: "township", Conclusion: "合格"},
		&AcceptancePassed{Project: "P1", Level: "county", Conclusion: "合格"},
	} {
		seqs = append(seqs, mustPost(t, l, draft("w"+string(rune('0'+i)), b, maker))[0].Seq)
	}
	refuses(t, l, refusal{"the first completion", []Draft{reversal(seqs[2], maker)}, []string{"0 corrects in_use"}})
	for i, want := range []string{StateCompleted, StateCompleted, StateStarted, StateCompleted, StateStarted, StateStarted, StateApproved} {
		n := len(seqs) - 1 - i
		if err := reverse(t, l, "x"+string(rune('0'+n)), seqs[n]); err != nil {
			t.Fatal(err)
		}
		if p, err := l.Project(t.Context(), testBook, "P1"); err != nil || p.State != want {
			t.Errorf("without step %d: %s %v, want %s", n, p.State, err, want)
		}
	}
	rebuilds(t, db)
}
