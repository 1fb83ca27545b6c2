package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
)

// yilu runs the program as a shell would.
func yilu(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// inShell points the program at a database and at a folder of its own, so that what
// another yilu of this machine keeps is never looked at.
func inShell(t *testing.T, db *pgtest.DB, language string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Setenv("YILU_DATABASE_URL", db.ServiceURL)
	t.Setenv("YILU_OWNER_URL", db.OwnerURL)
	t.Setenv("YILU_DATA", dir)
	t.Setenv("LC_ALL", language)
	if err := os.WriteFile(filepath.Join(dir, "seal.secret"), make([]byte, 32), 0o600); err != nil { // that of besideProgram
		t.Fatal(err)
	}
	return dir
}

// besideProgram is a ledger on the database that the program uses.
func besideProgram(t *testing.T, db *pgtest.DB, judge *ledger.Judge) *ledger.Ledger {
	t.Helper()
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: time.Now, Judge: judge})
	t.Cleanup(l.Close)
	return l
}

// emptyBook is such a ledger with the book of the tests, in which there is nothing yet.
func emptyBook(t *testing.T, db *pgtest.DB, judge *ledger.Judge) *ledger.Ledger {
	t.Helper()
	l := besideProgram(t, db, judge)
	if err := l.CreateBook(t.Context(), "411025"); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestImportFromTheShell walks a sheet from bad to imported, approved and taken
// back. It sets the environment, so it is not parallel.
func TestImportFromTheShell(t *testing.T) {
	db := pgtest.New(t)
	dir := inShell(t, db, "zh_CN.UTF-8")
	l := emptyBook(t, db, nil)
	header := "资金编号,资金文号,资金名称,级次,下达日期,指标金额（万元）\n"
	path := filepath.Join(dir, "台账.csv")
	write := func(rows string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(header+rows), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("F1,豫财农〔2019〕12号,扶贫资金,中央,2020-01-07,2101.905898\nF2,豫财农〔2019〕13号,扶贫资金,省级,2020-02-30,0.0000001\n")
	bad := filepath.Join(dir, "bad.xlsx")
	code, _, stderr := yilu("import", "ledger", path, "--user", "u1", "--unit", "411025-CZ", "--errors", bad)
	if code != exitRefused || !strings.Contains(stderr, "台账.csv:3:E（") || !strings.Contains(stderr, "台账.csv:3:F（") {
		t.Fatalf("bad rows: code %d, %s", code, stderr)
	}
	if _, err := os.Stat(bad); err != nil {
		t.Errorf("no sheet of bad rows: %v", err)
	}
	write("F1,豫财农〔2019〕12号,扶贫资金,中央,2020-01-07,2101.905898\n")
	if code, out, stderr := yilu("import", "--preview", "资金台账", path); code != exitOK || !strings.Contains(out, "1 行") || !strings.Contains(out, "21,019,058.98 元（贰仟") {
		t.Fatalf("preview: code %d, %s%s", code, out, stderr)
	}
	code, out, stderr := yilu("import", "ledger", path, "--user", "u1", "--unit", "411025-CZ")
	found := regexp.MustCompile(`(imp-ledger-\S+?)（[\s\S]*内容摘要：(\S+)`).FindStringSubmatch(out)
	if code != exitOK || found == nil {
		t.Fatalf("import: code %d, %s%s", code, out, stderr)
	}
	if code, _, stderr := yilu("import", "ledger", path, "--user", "u1", "--unit", "411025-CZ"); code != exitRefused || !strings.Contains(stderr, found[1]) {
		t.Errorf("same file: code %d, %s", code, stderr)
	}
	if code, _, _ := yilu("approve", found[1], "--hash", found[2], "--user", "u1", "--unit", "411025-CZ"); code != exitRefused {
		t.Errorf("own approval: code %d", code)
	}
	if code, _, stderr := yilu("approve", found[1], "--hash", found[2], "--user", "u2", "--unit", "411025-CZ"); code != exitOK {
		t.Fatalf("approve: code %d, %s", code, stderr)
	}
	f, err := l.Fund(t.Context(), "411025", "F1")
	if err != nil || f.Received != 2_101_905_898 {
		t.Errorf("fund %+v, %v", f, err)
	}
	if code, out, stderr := yilu("reverse", found[1], "--user", "u1", "--unit", "411025-CZ"); code != exitOK || !strings.Contains(out, "rev-") {
		t.Errorf("reverse: code %d, %s%s", code, out, stderr)
	}
	for _, args := range [][]string{{"import", "ledger", path + ".none"}, {"reverse", "NONE"}, {"disclose", "99", "note", "--to", "x"}, {"notice", "--matter", "P3", "--entries", "99"}} {
		if code, _, stderr := yilu(append(args, "--user", "u1", "--unit", "411025-CZ")...); code != exitRefused || stderr == "" {
			t.Errorf("what is not there: %q: code %d, %s", args, code, stderr)
		}
	}
	if code, _, stderr := yilu("approve", found[1], "--user", "u2", "--unit", "411025-CZ"); code != exitUsage || !strings.Contains(stderr, "--hash") {
		t.Errorf("approval of nothing seen: code %d, %s", code, stderr)
	}
	template := filepath.Join(dir, "t.xlsx")
	if code, _, stderr := yilu("export", "template", "payment", "-o", template); code != exitOK {
		t.Errorf("template: code %d, %s", code, stderr)
	}
	if code, _, stderr := yilu("import", "payment", template, "--preview"); code != exitRefused || !strings.Contains(stderr, "没有数据行") {
		t.Errorf("empty template: code %d, %s", code, stderr)
	}
	if code, _, _ := yilu("import", "nothing", template); code != exitUsage {
		t.Errorf("unknown form: code %d", code)
	}
}

// TestImportHeldByARule: a receipt that was entered before, under another id, is held,
// and goes in with an explanation and the file that shows it.
func TestImportHeldByARule(t *testing.T) {
	db := pgtest.New(t)
	dir := inShell(t, db, "zh_CN.UTF-8")
	known, err := loadRules()
	if err != nil {
		t.Fatal(err)
	}
	l := emptyBook(t, db, known.Judge())
	settle := func(id string, role ledger.Role, bodies ...ledger.Body) {
		t.Helper()
		var drafts []ledger.Draft
		by := ledger.By{Role: role, Unit: "411025-SJ", User: "a1"}
		for i, b := range bodies {
			drafts = append(drafts, ledger.Draft{ID: fmt.Sprint(id, i), Kind: ledger.KindOf(b), On: "2020-01-07", By: by, Corrects: ledger.None, Body: b})
		}
		if _, err := l.Submit(t.Context(), "411025", id, ledger.SubmissionMade{Submission: id, Title: "测试"}, drafts); err != nil {
			t.Fatal(err)
		}
		sub, err := l.Submission(t.Context(), "411025", id)
		if err != nil {
			t.Fatal(err)
		}
		decider := ledger.By{Role: ledger.Checker, Unit: "411025-SJ", User: "a2"}
		if role == ledger.Auditor {
			decider.Role = ledger.Auditor
		}
		if _, err := l.Approve(t.Context(), "411025", id+"-ok", id, sub.ContentHash, "2020-01-07", decider); err != nil {
			t.Fatal(err)
		}
	}
	var rules []ledger.Body
	for _, a := range known.Activations() {
		rules = append(rules, a)
	}
	settle("rules", ledger.Auditor, rules...)
	settle("first", ledger.Maker, &ledger.FundReceived{Fund: "F0", Document: "豫财农〔2019〕12号", Name: "扶贫资金", Level: "central", Issued: "2020-01-07", Year: "2020", Amount: 100})
	path, why := filepath.Join(dir, "台账.csv"), filepath.Join(dir, "说明.txt")
	for file, text := range map[string]string{
		path: "资金编号,资金文号,资金名称,级次,下达日期,年度,指标金额（万元）\nF1,豫财农〔2019〕12号,扶贫资金,中央,2020-01-07,2020,2101.905898\n",
		why:  "第二笔为追加",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"import", "ledger", path, "--user", "u1", "--unit", "411025-CZ"}
	if code, _, stderr := yilu(args...); code != exitRefused || !strings.Contains(stderr, ": A17 ") || !strings.Contains(stderr, "--explain A17=理由:文件\n") {
		t.Errorf("held: code %d, %s", code, stderr)
	}
	if code, _, stderr := yilu(append(args, "--explain", "A17=because:"+why)...); code != exitUsage || !strings.Contains(stderr, "agreed") {
		t.Errorf("no such ground: code %d, %s", code, stderr)
	}
	if code, out, stderr := yilu(append(args, "--explain", "A17=approved:"+why)...); code != exitOK || !strings.Contains(out, "2 条") {
		t.Errorf("explained: code %d, %s%s", code, out, stderr)
	}
}

// TestImportAListFromTheShell: what a list does not say of itself comes as flags, each
// of which is missed by name; nothing personal is printed.
func TestImportAListFromTheShell(t *testing.T) {
	db := pgtest.New(t)
	dir := inShell(t, db, "zh_CN.UTF-8")
	emptyBook(t, db, nil)
	path := filepath.Join(dir, "死亡.csv")
	write := func(number string) {
		t.Helper()
		if err := os.WriteFile(path, []byte("姓名,身份证号,死亡日期\n张三,"+number+",2020-02-03\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	who := []string{"--user", "u1", "--unit", "411025-FP", "--on", "2020-03-18"}
	when := []string{"--source", "县公安局", "--stated", "2020-02-29", "--valid-from", "2020-03-01", "--valid-to", "2020-04-30"}
	write("110105194912310021")
	code, out, stderr := yilu(append(append([]string{"import", "deceased", path}, who...), when...)...)
	if code != exitRefused || !strings.Contains(stderr, "死亡.csv:2:B（身份证号）: 身份证号不对") || strings.Contains(out+stderr, "19491231") {
		t.Errorf("a wrong number: code %d, %s%s", code, out, stderr)
	}
	write("11010519491231002X")
	if code, _, stderr := yilu(append([]string{"import", "deceased", path}, who...)...); code != exitRefused || strings.Count(stderr, "死亡.csv: 表外须说明") != 4 {
		t.Errorf("without the header's days: code %d, %s", code, stderr)
	}
	if code, _, _ := yilu(append([]string{"import", "deceased", path, "--stated", "2020-02-30"}, who...)...); code != exitUsage {
		t.Errorf("a day that is none: code %d", code)
	}
	code, out, stderr = yilu(append(append([]string{"import", "死亡人员名单", path}, who...), when...)...)
	found := regexp.MustCompile(`(imp-deceased-\S+?)（[\s\S]*内容摘要：(\S+)`).FindStringSubmatch(out)
	if code != exitOK || found == nil || !strings.Contains(out, "死亡人员名单：1 行\n") || strings.Contains(out+stderr, "张三") {
		t.Fatalf("import: code %d, %s%s", code, out, stderr)
	}
	if code, _, stderr := yilu("approve", found[1], "--hash", found[2], "--user", "u2", "--unit", "411025-FP"); code != exitOK {
		t.Fatalf("approve: code %d, %s", code, stderr)
	}
	if code, out, stderr := yilu("export", "template", "deceased", "-o", filepath.Join(dir, "模板.xlsx")); code != exitOK {
		t.Errorf("template: code %d, %s%s", code, out, stderr)
	}
}

// TestFilesThatAreNone: a path that is no file, a worksheet or book that is not there, and
// what was not read are said with what would be right. It sets the environment, so it is not
// parallel.
func TestFilesThatAreNone(t *testing.T) {
	db := pgtest.New(t)
	dir := inShell(t, db, "zh_CN.UTF-8")
	emptyBook(t, db, nil)
	ragged := filepath.Join(dir, "台账.csv")
	if err := os.WriteFile(ragged, []byte("资金文号,资金名称,级次,下达日期,指标金额（万元）\n豫财农〔2020〕1号,扶贫资金,中央,2020-01-07,1,另有\n豫财农〔2020〕2号,扶贫资金,中央,2020-01-07,壹\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(dir, "分配.csv")
	if err := os.WriteFile(short, []byte("序号,项目名称,建设地点,建设内容,投资规模,责任单位\n1,甲村道路,颍阳镇,硬化,20,颍阳镇人民政府\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ line, want string }{
		{"import allocation " + short + " --preview", "分配.csv:2:（指标文号）: 须填写资金编号或指标文号，或为整张表指定资金（表上没有这一列，可用 --fund 为各行指明）"},
		{"import ledger " + dir + " --preview", dir + ": 这是一个目录，须为文件"},
		{"import ledger " + dir + "/无.xlsx --preview", dir + "/无.xlsx: 没有这个文件"},
		{"import ocds " + dir + " --currency UAH --dry-run", dir + ": 这是一个目录，须为文件"},
		{"import ledger " + ragged + " --preview", "台账.csv:2:F: 提醒：这一列没有表头"},
		{"import ledger " + ragged + " --preview", "台账.csv:3:E（指标金额（万元））: 不是金额"},
		{"import ledger " + ragged + " --preview --book 999999", "没有账套 999999"},
		{"verify --book 999999", "没有账套 999999"},
		{"rules submit P13 --user u1 --unit z --report " + dir + "/无.json", dir + "/无.json: 没有这个文件"},
		{"rebuild --book 999999", "没有账套 999999"},
		{"reject S1 --user u1 --unit z --book 999999", "没有账套 999999"},
		{"rules submit P13 --user u1 --unit z --book 999999", "没有账套 999999"},
	} {
		if code, _, said := yilu(strings.Fields(c.line)...); code != exitRefused || !strings.Contains(said, c.want) {
			t.Errorf("%s: code %d, %q, want %q", c.line, code, said, c.want)
		}
	}
}
