package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/audit"
)

// load is a register with its persons; each has what every list of persons wants.
func load(id, list, region string, from, to Date, persons ...int) []Draft {
	drafts := []Draft{draft(id, &RegisterLoaded{Register: id, List: list, Region: region, Source: "县公安局", Stated: "2020-01-31", From: from, To: to, Lines: Count(len(persons))}, maker)}
	for i, n := range persons {
		d := draft(fmt.Sprintf("%s-%d", id, i+1), &RegisterPerson{Register: id, Line: Count(i + 1), Place: aVillage}, maker)
		d.Sealed = map[string]string{fieldPerson: "李四", fieldIDNumber: citizen(n), fieldHousehold: fmt.Sprintf("户H%d", n/2), fieldClass: "脱贫户", fieldDied: fmt.Sprintf("2020-01-%02d", n%28+1)}
		drafts = append(drafts, d)
	}
	return drafts
}

// debarred is a register of one firm with its bans.
func debarred(id string, bans ...*RegisterSupplier) []Draft {
	drafts := []Draft{draft(id, &RegisterLoaded{Register: id, List: ListDebarred, Region: "411025", Source: "省财政厅", Stated: "2020-01-31", From: "2020-02-01", To: "2020-12-31", Lines: Count(len(bans))}, maker)}
	for i, b := range bans {
		c := *b
		c.Register, c.Line = id, Count(i+1)
		drafts = append(drafts, draft(fmt.Sprintf("%s-%d", id, i+1), &c, maker))
	}
	return drafts
}

// opened is a register of accounts that one branch opened on one day.
func opened(id string, accounts ...string) []Draft {
	drafts := []Draft{draft(id, &RegisterLoaded{Register: id, List: ListAccounts, Region: "411025", Source: "某银行", Stated: "2020-01-31", From: "2020-02-01", To: "2020-12-31", Lines: Count(len(accounts))}, maker)}
	for i, account := range accounts {
		d := draft(fmt.Sprintf("%s-%d", id, i+1), &RegisterAccount{Register: id, Line: Count(i + 1), Branch: "某银行襄城支行", Opened: "2020-01-31", Serial: Count(7 + i)}, maker)
		d.Sealed = map[string]string{fieldAccount: account, fieldPerson: "李四", fieldIDNumber: citizen(1)}
		drafts = append(drafts, d)
	}
	return drafts
}

// TestOpenedAccounts: a bank's list finds accounts by their token, keeps whom they belong
// to sealed, and forgets an account that is erased.
func TestOpenedAccounts(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	const one, two = "6217000000000000004", "6200000000000005"
	spoil := func(change func(d []Draft)) []Draft {
		d := opened("RX", one, two)
		change(d)
		return d
	}
	refuses(t, l,
		refusal{"opened after the list", spoil(func(d []Draft) { d[1].Body.(*RegisterAccount).Opened = "2020-02-01" }), []string{"1 body.opened future"}},
		refusal{"one account twice", opened("RX", one, "6217 0000 0000 0000 004"), []string{"2 body.line duplicate"}},
		refusal{"accounts on a list of persons", spoil(func(d []Draft) { d[0].Body.(*RegisterLoaded).List = ListPoor }), []string{"1 kind lines", "1 body.register outside_batch", "2 body.register outside_batch"}},
	)
	if _, err := l.Post(ctx, testBook, spoil(func(d []Draft) { delete(d[2].Sealed, fieldAccount) })...); err == nil || !strings.Contains(err.Error(), "account number is required") {
		t.Errorf("without an account: %v", err)
	}
	r := settle(t, l, "S1", opened("R1", one, two)...)
	member := func(line int) (who, branch string, serial int64) {
		t.Helper()
		if err := db.Owner.QueryRow(ctx, `select who, branch, serial from proj.register_member where line = $1`, line).Scan(&who, &branch, &serial); err != nil {
			t.Fatal(err)
		}
		return who, branch, serial
	}
	who, branch, serial := member(2)
	if who != accountOrNone(l.Sealer.Token("account "+two)) || who == "" || branch != "某银行襄城支行" || serial != 8 {
		t.Errorf("%q %q %d", who, branch, serial)
	}
	settle(t, l, "S2", draft("e1", &SealErased{Entry: Count(r[1].Seq), Field: fieldAccount, Ground: "order"}, maker), draft("e2", &SealErased{Entry: Count(r[1].Seq), Field: fieldPerson, Ground: "order"}, maker))
	if who, _, serial := member(1); who != "" || serial != 7 {
		t.Errorf("after the erasure: %q %d", who, serial)
	}
	var leaves string
	if err := db.Owner.QueryRow(ctx, `select string_agg(convert_from(leaf, 'UTF8'), '') || (select string_agg(m::text, '') from proj.register_member m) from log.entry`).Scan(&leaves); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{one, two, "李四", citizen(1)} {
		if strings.Contains(leaves, secret) {
			t.Error("what is sealed can be read")
		}
	}
	if r, err := Rebuild(ctx, db.Owner, testBook, Replay{Sealer: l.Sealer}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}

func TestRegisterBodies(t *testing.T) {
	t.Parallel()
	testBody(t, []badBody[*RegisterLoaded]{
		{func(b *RegisterLoaded) { b.Register = "" }, "register", "字母", "letters"},
		{func(b *RegisterLoaded) { b.List = "rich" }, "list", "deceased（死亡人员名单）", "deceased"},
		{func(b *RegisterLoaded) { b.Source = "" }, "source", "必填", "required"},
		{func(b *RegisterLoaded) { b.Stated = "" }, "stated", "必填", "required"},
		{func(b *RegisterLoaded) { b.From = "" }, "from", "必填", "required"},
		{func(b *RegisterLoaded) { b.To = "2020-02-29" }, "to", "不得早于2020-03-01", "before 2020-03-01"},
		{func(b *RegisterLoaded) { b.From, b.To = "2020-01-01", "2020-02-28" }, "to", "不得早于2020-02-29", "before 2020-02-29"},
		{func(b *RegisterLoaded) { b.Region = "4110" }, "region", "6位县", "county (6 digits)"},
		{func(b *RegisterLoaded) { b.Region = "41102x" }, "region", "6位县", "county (6 digits)"},
		{func(b *RegisterLoaded) { b.Lines = MaxUnit }, "lines", "0–120000", "0 to 120000"},
		{func(b *RegisterLoaded) { b.LinesHash = "x" }, "lines_hash", "SHA-256", "SHA-256"},
	})
	testBody(t, []badBody[*RegisterPerson]{
		{func(b *RegisterPerson) { b.Register = "" }, "register", "字母", "letters"},
		{func(b *RegisterPerson) { b.Line = 0 }, "line", "从1起", "from 1"},
		{func(b *RegisterPerson) { b.Place = "411025" }, "place", "12位", "12-digit"},
		{func(b *RegisterPerson) { b.Firm = "某公司" }, "firm.code", "统一社会信用代码", "the code"},
	})
	testBody(t, []badBody[*RegisterAccount]{
		{func(b *RegisterAccount) { b.Register = "" }, "register", "字母", "letters"},
		{func(b *RegisterAccount) { b.Line = 0 }, "line", "从1起", "from 1"},
		{func(b *RegisterAccount) { b.Branch = "" }, "branch", "必填", "required"},
		{func(b *RegisterAccount) { b.Branch = strings.Repeat("长", 101) }, "branch", "最多100字", "at most 100"},
		{func(b *RegisterAccount) { b.Opened = "2020-02-30" }, "opened", "日期", "day"},
		{func(b *RegisterAccount) { b.Serial = 0 }, "serial", "正整数", "positive whole number"},
	})
	testBody(t, []badBody[*RegisterSupplier]{
		{func(b *RegisterSupplier) { b.Line = 0 }, "line", "从1起", "from 1"},
		{func(b *RegisterSupplier) { b.Supplier.Code = "" }, "supplier.code", "必填", "required"},
		{func(b *RegisterSupplier) { b.Supplier.Name = "" }, "supplier.name", "必填", "required"},
		{func(b *RegisterSupplier) { b.Basis = strings.Repeat("长", 201) }, "basis", "最多200字", "at most 200"},
		{func(b *RegisterSupplier) { b.Address = strings.Repeat("长", 201) }, "address", "最多200字", "at most 200"},
		{func(b *RegisterSupplier) { b.From = "" }, "from", "必填", "required"},
		{func(b *RegisterSupplier) { b.To = "2019-05-31" }, "to", "不得早于2019-06-01", "before 2019-06-01"},
	})
	person := samples()["register.person"]
	for field, value := range map[string]string{fieldPerson: "", fieldIDNumber: "", fieldDied: "1989-12-31", fieldFirst: "2020-02-30", fieldLast: "2019-12-31"} {
		d := person
		d.Sealed = map[string]string{fieldPerson: "张三", fieldIDNumber: anID, fieldFirst: "2020-01-01"}
		if d.Sealed[field] = value; value == "" {
			delete(d.Sealed, field)
		}
		if ps := checkDraft(d); len(ps) != 1 || ps[0].Field != "sealed."+field || ps[0].Zh == "" || ps[0].En == "" {
			t.Errorf("%s %q: %v", field, value, ps)
		}
	}
}

func TestRegisterRefusals(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	settle(t, l, "S1", load("R1", ListPoor, "411025", "2020-02-01", "2020-12-31", 1, 2)...)
	spoil := func(change func(d []Draft)) []Draft {
		d := load("RX", ListDeceased, "411025", "2020-02-01", "2020-12-31", 1, 2)
		for i := range d {
			d[i].ID = ""
		}
		change(d)
		return d
	}
	head := func(d []Draft) *RegisterLoaded { return d[0].Body.(*RegisterLoaded) }
	ban := &RegisterSupplier{Supplier: stranger, Basis: "财采罚〔2019〕5号", From: "2019-06-01"}
	later := *ban
	later.From = "2020-06-01"
	refuses(t, l,
		refusal{"an id that exists", spoil(func(d []Draft) { head(d).Register, head(d).Lines = "R1", 0 })[:1], []string{"0 body.register exists"}},
		refusal{"a day to come", spoil(func(d []Draft) { head(d).Stated, head(d).Lines = "2020-03-19", 0 })[:1], []string{"0 body.stated future"}},
		refusal{"another county", spoil(func(d []Draft) { head(d).Region, head(d).Lines = "411024", 0 })[:1], []string{"0 body.region place"}},
		refusal{"a member alone", append(spoil(func([]Draft) {})[1:2], draft("", &PeriodClosed{Period: "2020-02"}, maker)), []string{"0 body.register outside_batch"}},
		refusal{"too few members", spoil(func(d []Draft) { head(d).Lines = 3 }), []string{"2 body.lines lines"}},
		refusal{"order", spoil(func(d []Draft) {
			d[1].Body.(*RegisterPerson).Line, d[2].Body.(*RegisterPerson).Line = 2, 1
		}), []string{"1 body.line line", "2 body.line line", "2 body.lines lines"}},
		refusal{"the same person twice", spoil(func(d []Draft) { d[2].Sealed[fieldIDNumber] = citizen(1) }), []string{"2 body.line duplicate"}},
		refusal{"no day of death", spoil(func(d []Draft) { delete(d[1].Sealed, fieldDied) }), []string{"1 sealed.died_on required"}},
		refusal{"died after the list", spoil(func(d []Draft) { d[1].Sealed[fieldDied] = "2020-02-01" }), []string{"1 sealed.died_on future"}},
		refusal{"hash", spoil(func(d []Draft) { head(d).LinesHash = zeroHash }), []string{"2 body.lines_hash hash"}},
		refusal{"persons on a list of firms", spoil(func(d []Draft) { head(d).List = ListDebarred }), []string{"1 kind lines", "1 body.register outside_batch", "2 body.register outside_batch"}},
		refusal{"one ban twice", debarred("RY", ban, ban), []string{"2 body.line duplicate"}},
		refusal{"a ban without its decision", debarred("RY", &RegisterSupplier{Supplier: stranger, From: "2019-06-01"}), []string{"1 body.basis required"}},
		refusal{"a person of a firm on another list", spoil(func(d []Draft) { d[1].Body.(*RegisterPerson).Firm = builder.Code }), []string{"1 body.firm firm"}},
		refusal{"a person of no firm", spoil(func(d []Draft) { head(d).List = ListPersons }), []string{"1 body.firm firm", "2 body.firm firm"}},
		refusal{"reversed by who may not load", []Draft{func() Draft {
			d := draft("", &EntryReversed{Reason: "other"}, By{Role: ProjectOfficer, Unit: "411025103", User: "u8"})
			d.Corrects = 1
			return d
		}()}, []string{"0 by.role role"}},
	)
	poor := load("RZ", ListPoor, "411025", "2020-02-01", "2020-12-31", 1)
	delete(poor[1].Sealed, fieldHousehold)
	delete(poor[1].Sealed, fieldClass)
	refuses(t, l, refusal{"no household, no class", poor, []string{"1 sealed.household required", "1 sealed.class required"}})
	refuses(t, l,
		refusal{"a measure of no household, from no day", lists(ListMeasures, map[string]string{fieldClass: "产业帮扶"}), []string{"1 sealed.household required", "1 sealed.first_on required"}},
		refusal{"one measure twice from a day on", lists(ListMeasures, measure("产业帮扶", "2020-01-01"), measure("产业帮扶", "2020-01-01")), []string{"2 body.line duplicate"}},
		refusal{"entitled to nothing", lists(ListEntitled, map[string]string{}), []string{"1 sealed.class required", "1 sealed.first_on required"}},
		refusal{"entitled twice from a day on", lists(ListEntitled, measure("低保", "2020-01-01"), measure("低保", "2020-01-01")), []string{"2 body.line duplicate"}},
	)
	_, err := l.Post(t.Context(), testBook, load("RW", ListPoor, "411025", "2020-02-01", "2020-12-31", 1)...)
	wantRule(t, "two_persons", err)
	settle(t, l, "S2", debarred("R2", ban, &later)...)
	settle(t, l, "S3", debarred("R3")...) // nobody is debarred
	firms := debarred("R4", &RegisterSupplier{Supplier: builder, Address: "文化路1号", From: "2015-06-01"}, &RegisterSupplier{Supplier: stranger, From: "2016-06-01", To: "2019-12-31"})
	firms[0].Body.(*RegisterLoaded).List = ListFirms
	settle(t, l, "S4", firms...)
	firms = debarred("R5", &RegisterSupplier{Supplier: builder, From: "2015-06-01"}, &RegisterSupplier{Supplier: builder, From: "2016-06-01"})
	firms[0].Body.(*RegisterLoaded).List = ListFirms
	refuses(t, l, refusal{"a firm registered twice", firms, []string{"2 body.line duplicate"}})
	persons := load("R6", ListPersons, "411025", "2020-02-01", "2020-12-31", 1, 1, 2) // the head of two firms
	for i, firm := range []string{builder.Code, stranger.Code, builder.Code} {
		persons[1+i].Body.(*RegisterPerson).Firm = firm
	}
	settle(t, l, "S5", persons...)
	settle(t, l, "S6", lists(ListMeasures, measure("产业帮扶", "2020-01-01"), measure("产业帮扶", "2020-02-01"), measure("公益岗位", "2020-01-01"))...)
	settle(t, l, "S7", lists(ListEntitled, map[string]string{fieldClass: "低保", fieldFirst: "2020-01-01"}, map[string]string{fieldClass: "医保参保资助", fieldFirst: "2020-01-01"})...)
}

// lists is a register in which one person stands once for each of what is sealed.
func lists(list string, sealed ...map[string]string) []Draft {
	drafts := []Draft{draft("R-"+list, &RegisterLoaded{Register: "R-" + list, List: list, Region: "411025", Source: "县扶贫办", Stated: "2020-01-31", From: "2020-02-01", To: "2020-12-31", Lines: Count(len(sealed))}, maker)}
	for i, values := range sealed {
		d := draft(fmt.Sprint("R-", list, i), &RegisterPerson{Register: "R-" + list, Line: Count(i + 1), Place: aVillage}, maker)
		d.Sealed = map[string]string{fieldPerson: "李四", fieldIDNumber: citizen(1)}
		maps.Copy(d.Sealed, values)
		drafts = append(drafts, d)
	}
	return drafts
}

// measure is what a list seals of a measure or policy that goes on.
func measure(class, first string) map[string]string {
	return map[string]string{fieldHousehold: "户H7", fieldClass: class, fieldFirst: first}
}

// TestMeasures: what a list says of a measure stands in the projections alone, its days
// too, and goes when it is erased.
func TestMeasures(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	ended := measure("公益岗位", "2020-01-05")
	ended[fieldLast] = "2020-01-20"
	r := settle(t, l, "S1", lists(ListMeasures, measure("产业帮扶", "2020-01-04"), ended)...)
	member := func(line int) (said string) {
		t.Helper()
		if err := db.Owner.QueryRow(ctx, `
			select concat_ws(' ', household, class, from_day, coalesce(to_day::text, 'on'))
			from rules_v1.register_member where book = $1 and line = $2`, testBook, line).Scan(&said); err != nil {
			t.Fatal(err)
		}
		return said
	}
	if one, two := member(1), member(2); one != "户H7 产业帮扶 2020-01-04 on" || two != "户H7 公益岗位 2020-01-05 2020-01-20" {
		t.Errorf("%q, %q", one, two)
	}
	var leaves string
	if err := db.Owner.QueryRow(ctx, `select string_agg(convert_from(leaf, 'UTF8'), '') from log.entry`).Scan(&leaves); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"户H7", "产业帮扶", "公益岗位", "2020-01-04", "2020-01-05", "2020-01-20"} {
		if strings.Contains(leaves, secret) {
			t.Errorf("a leaf holds %s", secret)
		}
	}
	var drafts []Draft
	for _, field := range []string{fieldFirst, fieldLast} {
		drafts = append(drafts, draft("e"+field, &SealErased{Entry: Count(r[2].Seq), Field: field, Ground: "order"}, maker))
	}
	settle(t, l, "S2", drafts...)
	if said := member(2); said != "户H7 公益岗位 on" {
		t.Errorf("after the erasure %q", said)
	}
	if r, err := Rebuild(ctx, db.Owner, testBook, Replay{Sealer: l.Sealer}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}

// seen is what registers say of the person of each grant line, as a judge reads it.
var seenLists = []string{ListPoor, ListDeceased, ListPayroll}

var registerNoter = &Judge{Weigh: func(v View, e *Entry) Verdict {
	b, ok := e.Body.(*GrantLine)
	if !ok {
		return Verdict{}
	}
	who, _ := PersonOf(e)
	var note []byte
	for _, list := range seenLists {
		for _, r := range v.Registers(list, b.Place, e.On) {
			note = fmt.Appendf(note, "%s %v", r.Register, r.To < e.On)
			for _, m := range v.Members(r.Register, who) {
				note = fmt.Appendf(note, " %s of %d %s %s %s", m.Household, len(v.Household(r.Register, m.Household)), m.Class, m.Place, m.From)
			}
			note = append(note, ';')
		}
	}
	return Verdict{Note: fmt.Appendf(note, "%s", e.Sealed[fieldIDNumber][:6])}
}}

// modelled is one load of the model: what it should say.
type modelled struct {
	list, region string
	from, to     Date
	persons      []int
	seq          Seq
	gone         bool
}

// says is what the note should be.
func says(loads []modelled, ids []string, person int, place string, on Date) string {
	var note strings.Builder
	for _, list := range seenLists {
		for _, n := range []int{6, 9, 12} {
			best := -1
			for i, m := range loads {
				if m.list == list && m.region == place[:n] && !m.gone && m.from <= on && (best < 0 || m.from >= loads[best].from) {
					best = i
				}
			}
			if best < 0 {
				continue
			}
			m := loads[best]
			fmt.Fprintf(&note, "%s %v", ids[best], m.to < on)
			for _, p := range m.persons {
				if p != person {
					continue
				}
				home := 0
				for _, q := range m.persons {
					if q/2 == p/2 {
						home++
					}
				}
				fmt.Fprintf(&note, " 户H%d of %d 脱贫户 %s 2020-01-%02d", p/2, home, aVillage, p%28+1)
			}
			note.WriteByte(';')
		}
	}
	return note.String() + "411025"
}

// TestRegistersHold loads and reverses registers at random, and asks of persons what
// holds of them: in a group, when submitted and approved, replayed, and in a fold.
func TestRegistersHold(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	l.Judge = registerNoter
	ctx := t.Context()
	funded(t, l)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 7))
	day := func() Date { return Date(fmt.Sprintf("2020-%02d-%02d", 2+r.IntN(2), 1+r.IntN(28))) }
	places := []string{aVillage, "411025103206", "411025104201"}
	var loads []modelled
	var ids, want []string
	for step := range 60 {
		id := fmt.Sprintf("R%d", step)
		switch what := r.IntN(10); {
		case what < 3:
			from, to := day(), day()
			if to < from {
				from, to = to, from
			}
			m := modelled{list: seenLists[r.IntN(3)], region: places[r.IntN(3)][:[]int{6, 9, 12}[r.IntN(3)]], from: from, to: to}
			for p := 1; p < 9; p++ {
				if r.IntN(2) == 0 {
					m.persons = append(m.persons, p)
				}
			}
			m.seq = settle(t, l, "S"+id, load(id, m.list, m.region, m.from, m.to, m.persons...)...)[0].Seq
			loads, ids = append(loads, m), append(ids, id)
		case what < 4 && len(loads) > 0:
			m := &loads[r.IntN(len(loads))]
			if err := reverse(t, l, "x"+id, m.seq); (err == nil) == m.gone {
				t.Fatalf("reversed (before: %v): %v", m.gone, err)
			}
			m.gone = true
		default:
			lines := 1 + r.IntN(3)
			drafts := batch("g"+id, "G"+id, lines)
			on := day()
			for i := range drafts {
				if drafts[i].On = on; i > 0 {
					person := 1 + r.IntN(9)
					drafts[i].Sealed[fieldIDNumber] = citizen(person)
					place := places[r.IntN(3)]
					drafts[i].Body.(*GrantLine).Place = place
					want = append(want, says(loads, ids, person, place, on))
				}
			}
			if r.IntN(2) == 0 {
				settle(t, l, "S"+id, drafts...)
			} else {
				mustPost(t, l, drafts...)
			}
		}
	}
	if diff := cmp.Diff(want, notes(t, db)); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if got, err := Rebuild(ctx, db.Owner, testBook, Replay{Judge: registerNoter, Sealer: l.Sealer}); err != nil {
		t.Errorf("rebuild: %+v %v", got, err)
	}
	var folded []string
	f := NewFold(testBook, &Judge{Weigh: func(v View, e *Entry) Verdict {
		verdict := registerNoter.Weigh(v, e)
		if verdict.Note != nil {
			folded = append(folded, string(verdict.Note))
		}
		return verdict
	}})
	h, err := l.Head(ctx, testBook)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.FoldUpTo(ctx, f, Seq(h.Size-1), nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, folded); diff != "" {
		t.Errorf("folded (-want +got):\n%s", diff)
	}
}

// TestFoldOfALargeRegister: whoever looks back on a submission of more entries than a
// fold keeps still sees who its members are.
func TestFoldOfALargeRegister(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	ctx := t.Context()
	r := settle(t, l, "S1", load("R1", ListDeceased, "411025", "2020-02-01", "2020-12-31", 1, 2, 3)...)
	fetch := l.fetchPast(ctx, testBook, pastBlocks)
	e := fetch(r[2].Seq)
	if who, ok := PersonOf(e); !ok || who != personKey(l.Sealer.Token(citizen(2))) || e.Sealed[fieldDied] != "2020-01-03" {
		t.Errorf("%v %v", e.Sealed, ok)
	}
	if _, told := e.Sealed[fieldPerson]; told {
		t.Error("the name was opened, and nothing needs it")
	}
	if before := fetch(r[0].Seq); before == nil || before.Kind != "register.loaded" {
		t.Errorf("%+v", before)
	}
	if after := fetch(1000); after != nil {
		t.Errorf("%+v", after)
	}
}

// TestTwoLoadsAtOnce: of two loads of one register that are posted at once one is in,
// and two of the same list and day are both in, of which the later one holds.
func TestTwoLoadsAtOnce(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	other := ledgerOn(t, db)
	ctx := t.Context()
	submit := func(l *Ledger, id string, drafts []Draft) error {
		for i := range drafts {
			drafts[i].ID = id + drafts[i].ID
		}
		_, err := l.Submit(ctx, testBook, id, SubmissionMade{Submission: id, Title: "测试"}, drafts)
		return err
	}
	both := func(a, b func() error) (fine int) {
		var wg sync.WaitGroup
		errs := make([]error, 2)
		wg.Go(func() { errs[0] = a() })
		wg.Go(func() { errs[1] = b() })
		wg.Wait()
		for _, err := range errs {
			if err == nil {
				fine++
			}
		}
		return fine
	}
	persons := make([]int, 300)
	for i := range persons {
		persons[i] = i + 1
	}
	register := func(id string) []Draft {
		return load(id, ListDeceased, "411025", "2020-02-01", "2020-12-31", persons...)
	}
	// Submissions only try: both of one id may wait, and one of them is approved.
	if n := both(func() error { return submit(l, "A", register("R1")) }, func() error { return submit(other, "B", register("R1")) }); n != 2 {
		t.Fatalf("%d of 2 are submitted", n)
	}
	approve := func(l *Ledger, id string) error {
		sub, err := l.Submission(ctx, testBook, id)
		if err != nil {
			return err
		}
		_, err = l.Approve(ctx, testBook, id+"-ok", id, sub.ContentHash, "2020-03-18", second)
		return err
	}
	if n := both(func() error { return approve(l, "A") }, func() error { return approve(other, "B") }); n != 1 {
		t.Errorf("%d loads of one register are in", n)
	}
	for _, id := range []string{"C", "D"} {
		if err := submit(l, id, register("R"+id)); err != nil {
			t.Fatal(err)
		}
	}
	if n := both(func() error { return approve(l, "C") }, func() error { return approve(other, "D") }); n != 2 {
		t.Errorf("%d of two loads are in", n)
	}
	var members, registers int
	if err := db.Owner.QueryRow(ctx, `select (select count(*) from proj.register), count(*) from proj.register_member`).Scan(&registers, &members); err != nil || registers != 3 || members != 900 {
		t.Errorf("%d registers, %d members, %v", registers, members, err)
	}
	if r, err := Rebuild(ctx, db.Owner, testBook, Replay{Sealer: l.Sealer}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}

// TestRegisterErasure: who is erased from a list is no member any more, and what was
// known of him is gone from the projections too.
func TestRegisterErasure(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	r := settle(t, l, "S0", load("R1", ListDeceased, "411025", "2020-02-01", "2020-12-31", 1, 2)...)
	var drafts []Draft
	for i, field := range []string{fieldIDNumber, fieldHousehold, fieldClass, fieldDied} {
		drafts = append(drafts, draft(fmt.Sprint("e", i), &SealErased{Entry: Count(r[1].Seq), Field: field, Ground: "order"}, maker))
	}
	settle(t, l, "S2", drafts...)
	funded(t, l)
	card := batch("G1", "G1", 1)
	card[1].Sealed[fieldAccount] = "6217000000000000004"
	line := mustPost(t, l, card...)[1].Seq
	var account string
	of := `select account from proj.grant_line`
	if err := db.Owner.QueryRow(ctx, of).Scan(&account); err != nil || account != accountOrNone(l.Sealer.Token("account 6217 0000 0000 0000 004")) {
		t.Errorf("account %q %v", account, err)
	}
	settle(t, l, "S3", draft("e9", &SealErased{Entry: Count(line), Field: fieldAccount, Ground: "order"}, maker))
	if err := db.Owner.QueryRow(ctx, of).Scan(&account); err != nil || account != "" {
		t.Errorf("the account is still known by %q %v", account, err)
	}
	var left string
	if err := db.Owner.QueryRow(ctx, `select who || household || class || coalesce(from_day::text, '') from proj.register_member where line = 1`).Scan(&left); err != nil || left != "" {
		t.Errorf("left of the erased: %q %v", left, err)
	}
	if r, err := Rebuild(ctx, db.Owner, testBook, Replay{Sealer: l.Sealer}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
	if _, err := db.Owner.Exec(ctx, `update seal.private_field set salt = decode(repeat('00', 32), 'hex') where name = 'died_on'`); err != nil {
		t.Fatal(err)
	}
	if _, err := Rebuild(ctx, db.Owner, testBook, Replay{Sealer: l.Sealer}); !errors.Is(err, audit.ErrUnsealable) {
		t.Errorf("a value that is not the leaf's: %v", err)
	}
}

// TestRegisterKeepsPersonsSealed looks for what is personal in every byte of the
// database: names and numbers nowhere, and in leaves nothing of it.
func TestRegisterKeepsPersonsSealed(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := context.Background()
	settle(t, l, "S1", load("R1", ListPoor, "411025", "2020-02-01", "2020-12-31", 1, 2)...)
	found := func(what string, columns string) (n int) {
		t.Helper()
		if err := db.Owner.QueryRow(ctx, `select count(*) from (`+columns+`) v(line) where line like '%' || $1 || '%'`, what).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	leaves := `select convert_from(leaf, 'UTF8') from log.entry`
	rows := leaves + ` union all select t::text from proj.register t union all select t::text from proj.register_member t
		union all select encode(value_enc, 'escape') from seal.private_field union all select t::text from proj.submission t`
	for _, secret := range []string{citizen(1), citizen(2), "李四", citizen(1)[6:14]} {
		if n := found(secret, rows); n != 0 {
			t.Errorf("%d rows hold what is sealed", n)
		}
	}
	for _, secret := range []string{"脱贫户\"", "户H0", "2020-01-02"} {
		if n := found(secret, leaves); n != 0 {
			t.Errorf("%d leaves hold %s", n, secret)
		}
	}
	if n := found("R1", leaves); n == 0 {
		t.Error("the search finds nothing at all")
	}
}
