package sheet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
)

// TestListsAreImported reads each list as an office hands it over, has it approved, and
// finds what it says in the book.
func TestListsAreImported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form   *Form
		rows   [][]string
		member ledger.Kind
		sealed map[string]string
		body   ledger.Body
	}{
		{Poor, [][]string{{"襄城县脱贫户监测户名单"}, {"序号", "乡镇", "村代码", "户编号", "姓名", "证件号码", "与户主关系", "户类型"}, {"1", "颍阳镇", "411025103205", "H0001", "张三", "11010519491231002x", "户主", "脱贫户"}},
			"register.person", map[string]string{"name": "张三", "id_number": "11010519491231002X", "household": "H0001", "class": "脱贫户"}, &ledger.RegisterPerson{Line: 1, Place: "411025103205"}},
		{Payroll, [][]string{{"姓名", "身份证号", "工作单位", "职务"}, {"张三", "11010519491231002X", "农业农村局", "科员"}},
			"register.person", map[string]string{"name": "张三", "id_number": "11010519491231002X", "post": "农业农村局科员"}, &ledger.RegisterPerson{Line: 1}},
		{Cadres, [][]string{{"乡镇", "村", "姓名", "身份证号", "职务"}, {"颍阳镇", "某村", "张三", "11010519491231002X", "村支书"}},
			"register.person", map[string]string{"name": "张三", "id_number": "11010519491231002X", "post": "村支书"}, &ledger.RegisterPerson{Line: 1, Place: "411025103000"}},
		{Deceased, [][]string{{"姓名", "身份证号", "死亡时间"}, {"张三", "11010519491231002X", "2020年2月3日"}},
			"register.person", map[string]string{"name": "张三", "id_number": "11010519491231002X", "died_on": "2020-02-03"}, &ledger.RegisterPerson{Line: 1}},
		{Debarred, [][]string{{"企业名称", "信用代码", "处罚日期", "到期日期", "处罚决定书"}, {"某建筑有限公司", "91350100M000100Y43", "2019/6/1", "2022-05-31", "财采罚〔2019〕5号"}},
			"register.supplier", nil, &ledger.RegisterSupplier{Line: 1, Supplier: ledger.Party{Name: "某建筑有限公司", Code: "91350100M000100Y43"}, Basis: "财采罚〔2019〕5号", From: "2019-06-01", To: "2022-05-31"}},
		{Firms, [][]string{{"企业名称", "信用代码", "成立日期", "注册地址"}, {"某建筑有限公司", "91350100M000100Y43", "2015/6/1", "文化路1号"}},
			"register.supplier", nil, &ledger.RegisterSupplier{Line: 1, Supplier: ledger.Party{Name: "某建筑有限公司", Code: "91350100M000100Y43"}, Address: "文化路1号", From: "2015-06-01"}},
		{FirmPersons, [][]string{{"企业名称", "信用代码", "姓名", "身份证号", "职务"}, {"某建筑有限公司", "91350100M000100Y43", "张三", "11010519491231002X", "法定代表人"}},
			"register.person", map[string]string{"name": "张三", "id_number": "11010519491231002X", "post": "法定代表人"}, &ledger.RegisterPerson{Firm: "91350100M000100Y43", Line: 1}},
		{Accounts, [][]string{{"卡号", "客户姓名", "证件号码", "开户机构", "开户时间", "开户流水号"}, {"6217000000000000004", "张三", "11010519491231002X", "某银行襄城支行", "2020年2月3日", "127"}},
			"register.account", map[string]string{"payee_account": "6217000000000000004", "name": "张三", "id_number": "11010519491231002X"}, &ledger.RegisterAccount{Line: 1, Branch: "某银行襄城支行", Opened: "2020-02-03", Serial: 127}},
		{Measures, [][]string{{"乡镇", "村代码", "户编号", "姓名", "身份证号", "措施名称", "开始日期", "结束日期"}, {"颍阳镇", "411025103205", "H0001", "张三", "11010519491231002X", "公益性岗位", "2020年1月1日", "2020-06-30"}},
			"register.person", map[string]string{"name": "张三", "id_number": "11010519491231002X", "household": "H0001", "class": "公益性岗位", "first_on": "2020-01-01", "last_on": "2020-06-30"}, &ledger.RegisterPerson{Line: 1, Place: "411025103205"}},
		{Entitled, [][]string{{"姓名", "身份证号", "应享政策", "认定日期"}, {"张三", "11010519491231002X", "低保", "2020-01-01"}},
			"register.person", map[string]string{"name": "张三", "id_number": "11010519491231002X", "class": "低保", "first_on": "2020-01-01"}, &ledger.RegisterPerson{Line: 1}},
	} {
		t.Run(c.form.Name, func(t *testing.T) {
			t.Parallel()
			l := newLedger(t)
			r := load(t, l, c.form, options(t, l), lines(t, c.rows...))
			head, err := l.Entry(t.Context(), book, r.First)
			if err != nil {
				t.Fatal(err)
			}
			loaded := head.Body.(*ledger.RegisterLoaded)
			want := ledger.RegisterLoaded{Register: loaded.Register, List: c.form.list, Region: "411025", Source: "县公安局", Stated: "2020-02-29", From: "2020-03-01", To: "2020-04-30", Lines: 1, LinesHash: loaded.LinesHash}
			if diff := cmp.Diff(&want, loaded); diff != "" || !strings.HasPrefix(loaded.Register, c.form.list+"-2020-02-29-") {
				t.Errorf("header %s (-want +got):\n%s", loaded.Register, diff)
			}
			e, err := l.Entry(t.Context(), book, r.Last)
			if err != nil || e.Kind != c.member {
				t.Fatalf("%+v %v", e, err)
			}
			switch b := c.body.(type) {
			case *ledger.RegisterPerson:
				b.Register = loaded.Register
			case *ledger.RegisterSupplier:
				b.Register = loaded.Register
			case *ledger.RegisterAccount:
				b.Register = loaded.Register
			}
			if diff := cmp.Diff(c.body, e.Body); diff != "" {
				t.Errorf("member (-want +got):\n%s", diff)
			}
			if c.sealed == nil {
				return
			}
			opened, err := l.Sealer.Open(t.Context(), l.Pool, string(book), uint64(r.Last))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for name, o := range opened {
				got[name] = o.Value
			}
			if diff := cmp.Diff(c.sealed, got); diff != "" {
				t.Errorf("sealed (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBadListsNameEveryRow: all that is wrong at once, each with its cell, and no
// number of anybody in what is said.
func TestBadListsNameEveryRow(t *testing.T) {
	t.Parallel()
	head := []string{"乡镇", "区划代码", "姓名", "身份证号", "死亡日期"}
	b := read(t, "死亡.csv", lines(t, head,
		[]string{"颍阳镇", "", "张三", "11010519491231002X", "2020-02-03"},
		[]string{"颍阳镇", "", "", "440524188001010014", "2020-02-03"},               // no name
		[]string{"颍阳镇", "", "李四", "110105194912310021", "2020-02-03"},             // check digit
		[]string{"颍阳镇", "", "王五", "411025199001010012", "2020-02-30"},             // no such day
		[]string{"颍阳镇", "", "王五", "411025199001010012", "2020-03-01"},             // after the day stated
		[]string{"无此镇", "", "赵六", "41102519720229004X", "2020-02-03"},             // no such township
		[]string{"颍阳镇", "411024103205", "赵六", "41102519720229004X", "2020-02-03"}, // another county
		[]string{"颍桥回族镇", "", "张三三", "11010519491231002x", "2020-02-04"},          // the same person
		[]string{"颍阳镇", "", "孙七", "440308199901101512", "1998-01-01"}), Deceased)  // dead before birth
	want := []string{"C3 required", "D4 form", "E5 form", "E6 future", "A7 place", "B8 place", "D9 duplicate", "E10 form"}
	if diff := cmp.Diff(want, seen(b.Problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s%s", diff, problems(b))
	}
	for _, p := range b.Problems {
		if strings.Contains(fmt.Sprint(p), "1949123") {
			t.Errorf("a number is told: %+v", p)
		}
	}
	b = read(t, "禁入.csv", lines(t, []string{"供应商名称", "统一社会信用代码", "起始日期", "截止日期", "依据"},
		[]string{"某建筑有限公司", "91350100M000100Y43", "2019-06-01", "2019-05-31", "财采罚〔2019〕5号"},
		[]string{"某建筑有限公司", "", "2019-06-01", "", "财采罚〔2019〕5号"},
		[]string{"某劳务公司", "91120222MA06DG3067", "2019-06-01", "", "财采罚〔2019〕6号"},
		[]string{"某劳务公司", "91120222MA06DG3067", "2019-06-01", "", "财采罚〔2019〕7号"},
		[]string{"某劳务公司", "91120222MA06DG3068", "2020-06-01", "", "财采罚〔2020〕7号"}), Debarred)
	if diff := cmp.Diff([]string{"D2 form", "B3 required", "B5 duplicate"}, seen(b.Problems)); diff != "" || len(b.Warnings) != 1 {
		t.Errorf("problems (-want +got):\n%s%s %v", diff, problems(b), b.Warnings)
	}
	b = read(t, "开户.csv", lines(t, []string{"账号", "户名", "开户网点", "开户日期", "开户序号"},
		[]string{"6217000000000000004", "张三", "某支行", "2020-02-03", "7"},
		[]string{"6217 0000 0000 0000 004", "李四", "某支行", "2020-02-03", "8"}, // the same account
		[]string{"6200000000000005", "李四", "", "2020-02-03", "9"},           // no branch
		[]string{"6200000000000013", "李四", "某支行", "2020-03-01", "10"},       // after the day stated
		[]string{"6200000000000021", "李四", "某支行", "2020-02-03", "0"},
		[]string{"", "李四", "某支行", "2020-02-03", "十"}), Accounts)
	if diff := cmp.Diff([]string{"A3 duplicate", "C4 required", "D5 future", "E6 form", "A7 required", "E7 form"}, seen(b.Problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s%s", diff, problems(b))
	}
	b = read(t, "措施.csv", lines(t, []string{"户编号", "姓名", "身份证号", "帮扶措施", "起始日期", "截止日期"},
		[]string{"H0001", "张三", "11010519491231002X", "产业帮扶", "2020-01-01", ""},
		[]string{"H0001", "张三", "11010519491231002X", "公益岗位", "2020-01-01", ""},           // another measure
		[]string{"H0001", "张三", "11010519491231002X", "产业帮扶", "2020-02-01", ""},           // the same once more
		[]string{"H0001", "张三", "11010519491231002X", "产业帮扶", "2020-01-01", "2020-02-01"}, // the same from the same day on
		[]string{"", "李四", "411025199001010012", "产业帮扶", "2020-01-01", ""},                // no household
		[]string{"H0002", "李四", "411025199001010012", "", "2020-01-01", ""},               // no measure
		[]string{"H0002", "李四", "411025199001010012", "产业帮扶", "", ""},                     // no day
		[]string{"H0002", "李四", "411025199001010012", "产业帮扶", "2020-01-02", "2020-01-01"}, // ended before it began
		[]string{"H0002", "李四", "411025199001010012", "医保", "2020-02-30", ""}), Measures)
	if diff := cmp.Diff([]string{"C5 duplicate", "A6 required", "D7 required", "E8 required", "F9 form", "E10 form"}, seen(b.Problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s%s", diff, problems(b))
	}
	b = read(t, "应享.csv", lines(t, []string{"姓名", "身份证号", "享受政策", "起始日期"},
		[]string{"张三", "11010519491231002X", "低保", "2020-01-01"},
		[]string{"张三", "11010519491231002X", "医保参保资助", "2020-01-01"},
		[]string{"张三", "11010519491231002X", "低保", "2020-01-01"},
		[]string{"李四", "411025199001010012", strings.Repeat("长", ledger.MaxText+1), "2020-01-01"}), Entitled)
	if diff := cmp.Diff([]string{"B4 duplicate", "C5 form"}, seen(b.Problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s%s", diff, problems(b))
	}
	o := options(t, nil)
	o.Source, o.Stated, o.From, o.To = "", "", "", ""
	b, err := Read(open(t, "名单.csv", lines(t, head, []string{"颍阳镇", "", "张三", "11010519491231002X", "2020-02-03"})), Deceased, o)
	if err != nil {
		t.Fatal(err)
	}
	for i, flag := range []string{"--source", "--stated", "--valid-from", "--valid-to"} {
		if len(b.Problems) != 4 || !strings.Contains(b.Problems[i].Zh, flag) || !strings.Contains(b.Problems[i].En, flag) {
			t.Errorf("without %s: %s", flag, problems(b))
		}
	}
}

// TestListsAgain: the same file is known again, next month's is not, and a load that was
// taken back can be made once more.
func TestListsAgain(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	header, row := []string{"姓名", "身份证号", "死亡日期"}, []string{"张三", "11010519491231002X", "2020-02-03"}
	content := lines(t, header, row)
	r := load(t, l, Deceased, options(t, l), content)
	b, err := Read(open(t, "x.csv", content), Deceased, options(t, l))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Import(t.Context(), l); !isSameFile(err) {
		t.Errorf("the same file: %v", err)
	}
	next := options(t, l)
	next.Stated, next.On = "2020-03-17", "2020-03-19"
	load(t, l, Deceased, next, lines(t, header, row, []string{"李四", "411025199001010012", "2020-03-03"}))
	back, err := Reverse(t.Context(), l, book, Reversal{Submission: r.Submission, Reason: "other", On: "2020-03-20", By: maker})
	if err != nil || back.Entries != 1 {
		t.Fatalf("%+v %v", back, err)
	}
	if _, err := l.Approve(t.Context(), book, "back-ok", back.Submission, back.ContentHash, "2020-03-20", second); err != nil {
		t.Fatal(err)
	}
	again := load(t, l, Deceased, options(t, l), content)
	for _, seq := range []ledger.Seq{r.First, again.First} {
		e, err := l.Entry(t.Context(), book, seq)
		if err != nil || e.Kind != "register.loaded" {
			t.Errorf("%+v %v", e, err)
		}
	}
}

func isSameFile(err error) bool {
	_, same := errors.AsType[*SameFile](err)
	return same
}

// TestListImportCutOff kills the server's connections in the middle of an import, again
// and again: the list is in the book as a whole, once, or not at all.
func TestListImportCutOff(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	sealer, err := audit.NewSealer(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: time.Now})
	t.Cleanup(l.Close)
	if err := l.CreateBook(t.Context(), book); err != nil {
		t.Fatal(err)
	}
	rows := [][]string{{"姓名", "身份证号", "单位"}}
	for n := range 2000 {
		rows = append(rows, []string{"张三", citizenNumber(n), "某局"})
	}
	content := lines(t, rows...)
	o := options(t, l)
	for wait := time.Millisecond; wait < 3*time.Second; wait *= 3 {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		b, err := Read(open(t, "名单.csv", content), Payroll, o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Import(ctx, l)
		cancel()
		if _, kill := db.Owner.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'yilu_service'`); kill != nil {
			t.Fatal(kill)
		}
		h, headErr := l.Head(t.Context(), book)
		if headErr != nil {
			continue // the connection that was ended
		}
		if h.Size != 0 && h.Size != int64(len(rows)+1) {
			t.Fatalf("%d entries after %v", h.Size, err)
		}
	}
	b, err := Read(open(t, "名单.csv", content), Payroll, o)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // a connection that was ended is found out by its next use
		if _, err = b.Import(t.Context(), l); err == nil || isSameFile(err) {
			break
		}
	}
	h, headErr := l.Head(t.Context(), book)
	if err != nil && !isSameFile(err) || headErr != nil || h.Size != int64(len(rows)+1) {
		t.Errorf("%d entries, want %d: %v %v", h.Size, len(rows)+1, err, headErr)
	}
}

// citizenNumber is a valid number of nobody in particular.
func citizenNumber(n int) string {
	s := fmt.Sprintf("4110251960%02d%02d%03d", 1+n/1000%12, 1+n/12000%28, n%1000)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(s[i]-'0') * w
	}
	return s + string("10X98765432"[sum%11])
}

// TestListsAreForms: each list of the ledger has a form, by its name.
func TestListsAreForms(t *testing.T) {
	t.Parallel()
	for list, text := range ledger.Lists {
		form, ok := FormOf(list)
		if !ok || form.list != list || form.Text != text || form.HoldsMoney() {
			t.Errorf("%s: %+v", list, form)
		}
	}
	if !slices.ContainsFunc(Forms, (*Form).HoldsMoney) {
		t.Error("no form holds money")
	}
}
