package publicity

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
	"yilu/publicity/workday"
)

// TestSlipCodes: a code reads back however it is typed, and one wrong character, or two
// that changed places, are always noticed.
func TestSlipCodes(t *testing.T) {
	t.Parallel()
	seen := map[SlipCode]bool{}
	for range 200 {
		code, err := NewSlipCode()
		if err != nil || seen[code] {
			t.Fatal(code, err)
		}
		seen[code] = true
		for _, typed := range []string{string(code), code.Grouped(), strings.ToLower(code.Grouped()), " " + strings.ReplaceAll(code.Grouped(), "-", "　") + "\t", wide(code)} {
			if got, err := ParseSlipCode(typed); got != code || err != nil {
				t.Errorf("%q read as %q: %v", typed, got, err)
			}
		}
		for i := range code {
			for _, other := range slipLetters {
				wrong := string(code[:i]) + string(other) + string(code[i+1:])
				if _, err := ParseSlipCode(wrong); wrong != string(code) && !errors.Is(err, ErrSlipCode) {
					t.Errorf("%s passes for %s", wrong, code)
				}
			}
			for j := range i {
				b := []byte(code)
				b[i], b[j] = b[j], b[i]
				if _, err := ParseSlipCode(string(b)); string(b) != string(code) && !errors.Is(err, ErrSlipCode) {
					t.Errorf("%s passes for %s", b, code)
				}
			}
		}
	}
	for _, typed := range []string{"", "7KQ3H", strings.Repeat("3", 16), "0OI1L-2Z5S8-BGUU6", "7KQ3H-WN4XD-9TAC\x00", "<script>", strings.Repeat("村", 15)} {
		if _, err := ParseSlipCode(typed); !errors.Is(err, ErrSlipCode) {
			t.Errorf("%q passes: %v", typed, err)
		}
	}
	if n := len(slipLetters); n != 23 || strings.ContainsAny(slipLetters, "01258BGILOSUZ") {
		t.Error(n, slipLetters)
	}
}

// wide is a code in full-width characters, as Chinese input methods write.
func wide(code SlipCode) string {
	return strings.Map(func(r rune) rune { return r - '!' + '！' }, string(code))
}

func TestMaskedNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"张三": "张*", "张小三": "张*三", "欧阳小明": "欧**明", "买买提·艾力": "买****力", "张": "*", "": "", " 张 三 ": "张*", "𬴊𫟅鿍": "𬴊*鿍"} {
		if got := MaskName(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// village has a batch of four households in two villages, two of them of one name.
func (c *county) village(t *testing.T) (ledger.Seq, *Printer) {
	t.Helper()
	lines := []struct {
		name, number, place string
		amount              ledger.Amount
	}{
		{"张三", "411025199001010012", "411025103205", 1500}, {"张三", "11010519491231002X", "411025103205", 3000},
		{"欧阳小明", "440524188001010014", "411025103205", 4500}, {"李四", "41102519720229004X", "411025103206", 1500},
	}
	drafts := []ledger.Draft{c.draft(&ledger.GrantRequested{Payment: "G1", Project: "P1", Fund: "F1", Item: "产业奖补", Lines: 4, Amount: 10500}, maker)}
	for i, l := range lines {
		d := c.draft(&ledger.GrantLine{Payment: "G1", Line: ledger.Count(i + 1), Place: l.place, Standard: 1500, Quantity: string('0' + rune(l.amount/1500)), Amount: l.amount}, maker)
		d.Sealed = map[string]string{"payee_name": l.name, "id_number": l.number, "payee_account": "6200000000000005"}
		drafts = append(drafts, d)
	}
	r, err := c.l.Post(t.Context(), testBook, drafts...)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.d.CatchUp(t.Context(), testBook); err != nil {
		t.Fatal(err)
	}
	return r[0].Seq, &Printer{Ledger: c.l, Pool: c.d.Pool}
}

// TestSlips: a household finds its own grants by the code on its slip, in every batch,
// and no neighbour's; a new slip ends the old one.
func TestSlips(t *testing.T) {
	t.Parallel()
	c, _ := funded(t)
	_, p := c.village(t)
	c.grants("G2", "P1") // to the first two persons again
	ctx := t.Context()
	first, err := p.Slips(ctx, testBook, Wanted{Payment: "G1", Place: "411025103205", By: maker})
	if err != nil || len(first.Households) != 3 || first.Total != 9000 || first.Village != "颍阳镇某村" {
		t.Fatal(first, err)
	}
	if h := first.Households; h[0].Name != "张三" || h[0].Tail != "0012" || h[1].Tail != "002X" || h[2].Name != "欧阳小明" || h[2].Tail != "" {
		t.Error(h)
	}
	grants := func(h Household) []ledger.HouseholdGrant {
		t.Helper()
		g, err := p.Grants(ctx, testBook, strings.ToLower(h.Code.Grouped()))
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	if g := grants(first.Households[0]); len(g) != 2 || g[0].Payment != "G2" || g[1].Payment != "G1" || g[1].Amount != 1500 || g[1].Standard != 1500 || g[1].Quantity != "1" || g[1].State != ledger.StateRequested {
		t.Error(g)
	}
	if g := grants(first.Households[2]); len(g) != 1 || g[0].Amount != 4500 || g[0].Quantity != "3" {
		t.Error(g)
	}

	// One household has another slip; the others keep theirs.
	again, err := p.Slips(ctx, testBook, Wanted{Payment: "G1", Place: "411025103205", Line: 2, By: maker})
	if err != nil || len(again.Households) != 1 || again.Households[0].Line != 2 {
		t.Fatal(again, err)
	}
	for typed, want := range map[string]error{
		string(first.Households[1].Code): ledger.ErrNotFound, "3333333333333": ErrSlipCode, "": ErrSlipCode,
	} {
		if _, err := p.Grants(ctx, testBook, typed); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", typed, err, want)
		}
	}
	if len(grants(again.Households[0])) != 2 || len(grants(first.Households[0])) != 2 {
		t.Error("a slip does not open what it should")
	}
	history, err := p.Printings(ctx, testBook, "G1", "411025103")
	if err != nil || len(history) != 2 || history[0].InForce != 1 || history[1].InForce != 2 || history[1].Lines != 3 || history[0].By != maker || history[0].What != PaperSlips {
		t.Error(history, err)
	}
	if _, err := p.Grants(ctx, "411024", string(first.Households[0].Code)); !errors.Is(err, ledger.ErrNotFound) {
		t.Error("a code opens another county's book:", err)
	}
	var stored int
	if err := c.owner.QueryRow(ctx, `select count(*) from publicity.slip s where s::text like '%' || $1 || '%'`, string(first.Households[0].Code)).Scan(&stored); err != nil || stored != 0 {
		t.Error("the code is stored:", stored, err)
	}
}

// TestPapersThatAreRefused: what has no paper, and what the service may not do.
func TestPapersThatAreRefused(t *testing.T) {
	t.Parallel()
	c, _ := funded(t)
	_, p := c.village(t)
	c.pay("Z1", "P1", 100)
	ctx := t.Context()
	for what, w := range map[string]Wanted{
		"no village": {Payment: "G1", Place: "411025103299"}, "no line": {Payment: "G1", Place: "411025103205", Line: 4}, "a payment to a firm": {Payment: "Z1", Place: "411025103205"},
	} {
		if _, err := p.Slips(ctx, testBook, w); !errors.Is(err, ErrNothingToPrint) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := p.List(ctx, testBook, w); !errors.Is(err, ErrNothingToPrint) {
			t.Errorf("list of %s: %v", what, err)
		}
	}
	if _, err := p.List(ctx, testBook, Wanted{Payment: "none"}); !errors.Is(err, ledger.ErrNotFound) {
		t.Error(err)
	}
	c.post(&ledger.PaymentRejected{Payment: "G1", Reason: "other"}, second)
	if _, err := p.Slips(ctx, testBook, Wanted{Payment: "G1", Place: "411025103205"}); !errors.Is(err, ErrNothingToPrint) {
		t.Error("of a batch that was rejected:", err)
	}
	for _, sql := range []string{`delete from publicity.slip`, `delete from publicity.printing`, `update publicity.printing set by_user = 'x'`, `update publicity.slip set line = 1`, `delete from publicity.forwarding`, `update publicity.forwarding set to_unit = 'x'`} {
		if _, err := c.d.Pool.Exec(ctx, sql); err == nil {
			t.Errorf("the service may %s", sql)
		}
	}
}

// TestListsForTheBoard: names by the policy, of one village, with the notice's code.
func TestListsForTheBoard(t *testing.T) {
	t.Parallel()
	c, _ := funded(t)
	header, p := c.village(t)
	w := Wanted{Payment: "G1", Place: "411025103205", By: maker}
	for policy, want := range map[string]string{"": "张* 张* 欧**明", NamesMasked: "张* 张* 欧**明", NamesFull: "张三 张三 欧阳小明", NamesNone: "  "} {
		p.Names = policy
		s, err := p.List(t.Context(), testBook, w)
		if err != nil || s.Notice != nil {
			t.Fatal(s, err)
		}
		var names []string
		for _, h := range s.Households {
			names = append(names, h.Name)
			if h.Code != "" || h.Tail != "" {
				t.Error("a list has codes or numbers:", h)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: %s, want %s", policy, got, want)
		}
	}
	history, err := p.Printings(t.Context(), testBook, "G1", "")
	if err != nil || len(history) != 3 { // without names nothing is opened
		t.Error(history, err)
	}
	c.announce("N1", "P8", "village", "board", header)
	s, err := p.List(t.Context(), testBook, w)
	if err != nil || s.Notice == nil || s.Notice.Notice != "N1" || s.Contacts != contacts {
		t.Error(s, err)
	}
}

// TestErasedHouseholds: after the erasure the paper says so, and the code opens its line
// alone.
func TestErasedHouseholds(t *testing.T) {
	t.Parallel()
	c, _ := funded(t)
	header, p := c.village(t)
	w := Wanted{Payment: "G1", Place: "411025103206", By: maker}
	before, err := p.Slips(t.Context(), testBook, w)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"payee_name", "id_number"} {
		c.settle(&ledger.SealErased{Entry: ledger.Count(header + 4), Field: field, Ground: "withdrawn"})
	}
	g, err := p.Grants(t.Context(), testBook, string(before.Households[0].Code))
	if err != nil || len(g) != 1 || g[0].Amount != 1500 {
		t.Error(g, err)
	}
	after, err := p.Slips(t.Context(), testBook, w)
	if err != nil || after.Households[0].Name != "" {
		t.Error(after, err)
	}
}

// TestTwoPrintAtOnce: all slips of one of them are good, and none of the other's.
func TestTwoPrintAtOnce(t *testing.T) {
	t.Parallel()
	c, _ := funded(t)
	_, p := c.village(t)
	sheets := make([]Sheet, 4)
	var all sync.WaitGroup
	for i := range sheets {
		all.Go(func() {
			var err error
			if sheets[i], err = p.Slips(context.Background(), testBook, Wanted{Payment: "G1", Place: "411025103205", By: maker}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	good := map[int]int{}
	for i, s := range sheets {
		for _, h := range s.Households {
			if _, err := p.Grants(t.Context(), testBook, string(h.Code)); err == nil {
				good[i]++
			}
		}
	}
	if len(good) != 1 {
		t.Error("slips of several printings are good:", good)
	}
	for _, n := range good {
		if n != 3 {
			t.Error(good)
		}
	}
}

// TestForwarding: each hand-over is kept, the last unit has it, and of two at once one
// is told.
func TestForwarding(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	pool := c.d.Pool
	forward := func(to string) error {
		return Forward(context.Background(), pool, testBook, Forwarding{To: to, By: maker, At: c.l.Now()}, "YJ-1")
	}
	for _, to := range []string{"411025103-ZF", "411025-NY"} {
		if err := forward(to); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range []string{"411025-NY", "", "乡政府", strings.Repeat("x", 65)} {
		if _, ok := errors.AsType[*ledger.Invalid](forward(to)); !ok {
			t.Errorf("%q was taken", to)
		}
	}
	for unit, want := range map[string]int{"411025103-ZF": 0, "411025-NY": 1, "other": 0} {
		if got, err := ForwardedTo(t.Context(), pool, testBook, unit); err != nil || len(got) != want {
			t.Errorf("%s has %v: %v", unit, got, err)
		}
	}
	past, err := Forwardings(t.Context(), pool, testBook, "YJ-1")
	if err != nil || len(past) != 2 || past[0].To != "411025103-ZF" || past[1].By != maker {
		t.Error(past, err)
	}
	atOnce(t, pool, c)
	for range 2 * mostForwarded {
		_, _ = forward("411025-A"), forward("411025-B")
	}
	if past, err = Forwardings(t.Context(), pool, testBook, "YJ-1"); err != nil || len(past) != mostForwarded {
		t.Error(len(past), err)
	}
}

// atOnce hands one objection on by many at the same time.
func atOnce(t *testing.T, pool *pgxpool.Pool, c *county) {
	t.Helper()
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			err := Forward(context.Background(), pool, testBook, Forwarding{To: "U" + string('0'+rune(i)), By: maker, At: c.l.Now()}, "YJ-2")
			if _, ok := errors.AsType[*ledger.Invalid](err); err != nil && !ok {
				t.Error(err)
			}
		})
	}
	all.Wait()
	past, err := Forwardings(t.Context(), pool, testBook, "YJ-2")
	if err != nil || len(past) == 0 {
		t.Error(past, err)
	}
}

func TestWorkdaysLeft(t *testing.T) {
	t.Parallel()
	c := workday.StateCouncil()
	for _, x := range []struct {
		today, due ledger.Date
		want       int
		known      bool
	}{
		{"2020-01-17", "2020-02-06", 9, true}, // over the prolonged Spring Festival
		{"2020-03-18", "2020-03-18", 0, true}, {"2020-03-23", "2020-03-18", -3, true}, {"2020-03-21", "2020-03-20", 0, true},
		{"2020-03-18", "", 0, false}, {"2040-01-01", "2040-01-05", 0, false},
	} {
		if got, known := WorkdaysLeft(c, x.today, x.due); got != x.want || known != x.known {
			t.Errorf("%s to %s: %d %v, want %d %v", x.today, x.due, got, known, x.want, x.known)
		}
	}
}
