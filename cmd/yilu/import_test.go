package main

import (
	"bytes"
	"context"
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

// TestImportFromTheShell walks a sheet from bad to imported, approved and taken
// back. It sets the environment, so it is not parallel.
func TestImportFromTheShell(t *testing.T) {
	db := pgtest.New(t)
	dir := t.TempDir()
	t.Setenv("YILU_DATABASE_URL", db.ServiceURL)
	t.Setenv("YILU_SEAL_SECRET_FILE", filepath.Join(dir, "seal.secret"))
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: time.Now})
	t.Cleanup(l.Close)
	if err := l.CreateBook(t.Context(), "411025"); err != nil {
		t.Fatal(err)
	}
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
	if code != exitRefused || !strings.Contains(stderr, "台账.csv:3:E:") || !strings.Contains(stderr, "台账.csv:3:F:") {
		t.Fatalf("bad rows: code %d, %s", code, stderr)
	}
	if _, err := os.Stat(bad); err != nil {
		t.Errorf("no sheet of bad rows: %v", err)
	}
	write("F1,豫财农〔2019〕12号,扶贫资金,中央,2020-01-07,2101.905898\n")
	if code, out, stderr := yilu("import", "--preview", "资金台账", path); code != exitOK || !strings.Contains(out, "1 行") {
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
