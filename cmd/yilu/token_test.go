package main

import (
	"regexp"
	"strings"
	"testing"

	"yilu/migrations/pgtest"
)

// TestTokensFromTheShell makes a token, lists it and takes it back. It sets the
// environment, so it is not parallel.
func TestTokensFromTheShell(t *testing.T) {
	db := pgtest.New(t)
	t.Setenv("YILU_DATABASE_URL", db.ServiceURL)
	t.Setenv("YILU_OWNER_URL", db.OwnerURL)
	t.Setenv("LC_ALL", "C")
	code, secret, stderr := yilu("token", "--user", "u1", "--unit", "411025-CZ", "--role", "maker", "--days", "30")
	if code != exitOK || !regexp.MustCompile(`^yilu_[0-9A-Za-z]{43}\n$`).MatchString(secret) {
		t.Fatalf("code %d, %q, %s", code, secret, stderr)
	}
	_, list, _ := yilu("token", "list")
	id := regexp.MustCompile(`(?m)^([0-9A-Z]{8})  u1 +411025-CZ +maker +- +[0-9-]{10} +-$`).FindStringSubmatch(list)
	if id == nil || strings.Contains(list, strings.TrimSpace(secret)) {
		t.Fatalf("list %q", list)
	}
	if code, _, _ := yilu("token", "revoke", id[1], "--book", "411026"); code != exitRefused {
		t.Errorf("another book's token: code %d", code)
	}
	if code, out, _ := yilu("token", "revoke", "--book", "411025", id[1]); code != exitOK || out != "revoked\n" {
		t.Errorf("revoke: code %d, %q", code, out)
	}
	if code, _, _ := yilu("token", "revoke", id[1]); code != exitRefused {
		t.Errorf("revoked twice: code %d", code)
	}
	if code, out, stderr := yilu("token", "--user", "u1", "--unit", "x", "--role", "auditor", "--book", "ocds-ua"); code != exitOK || !strings.HasPrefix(out, "yilu_") {
		t.Errorf("of a book of published records: code %d, %s", code, stderr)
	}
	for _, args := range [][]string{
		{"token"},
		{"token", "--user", "u1", "--unit", "x", "--role", "auditor", "--book", "OCDS UA"},
		{"token", "--user", "u1", "--unit", "x", "--role", "root"},
		{"token", "--user", "u1", "--unit", "x", "--role", "maker", "--days", "0"},
		{"token", "--user", "u 1", "--unit", "x", "--role", "maker"},
		{"token", "take"},
		{"token", "revoke"},
	} {
		if code, out, _ := yilu(args...); code != exitUsage || out != "" {
			t.Errorf("%v: code %d, %q", args, code, out)
		}
	}
}

// TestHelpOfCommands: each command says in both languages how it is written and what it does.
func TestHelpOfCommands(t *testing.T) {
	for lang, want := range map[string]string{"zh": "用法：yilu reject SUBMISSION [参数]\n  退回一个提交\n", "en": "usage: yilu reject SUBMISSION [FLAGS]\n  send a submission back\n"} {
		t.Setenv("LC_ALL", lang+"_CN.UTF-8")
		if code, said, _ := yilu("reject", "--help"); code != exitOK || !strings.HasPrefix(said, want) {
			t.Errorf("%s: code %d, %q", lang, code, said)
		}
		first, _, _ := strings.Cut(want, "\n")
		for _, args := range [][]string{{"reject"}, {"reject", "A", "B"}} { // too few words and too many
			if code, _, said := yilu(args...); code != exitUsage || !strings.Contains(said, first) {
				t.Errorf("%s: %q: code %d, %q", lang, args, code, said)
			}
		}
	}
	t.Setenv("LC_ALL", "C")
	if _, said, _ := yilu("rules", "backfill", "--help"); !strings.HasPrefix(said, "usage: yilu rules backfill [CODE…] --from DAY --to DAY [FLAGS]\n") {
		t.Errorf("of rules: %q", said)
	}
	_, list, _ := yilu("help")
	for _, c := range rulesCommands() {
		if !strings.Contains(list, c.name) {
			t.Errorf("the list of commands does not name rules %s", c.name)
		}
	}
}

// TestWrongFlagsAreSaidInBothLanguages: what is wrong with a flag, what would be right, and
// no list of flags that hides it; asked for, that list comes on standard output.
func TestWrongFlagsAreSaidInBothLanguages(t *testing.T) {
	inShell(t, pgtest.New(t), "C")
	for _, c := range []struct{ line, zh, en string }{
		{"token --rolle maker", "没有参数 --rolle。用法：yilu token --user U", "there is no flag --rolle; usage: yilu token --user U"},
		{"token --user", "参数 --user 后面缺少值", "the flag --user lacks its value"},
		{"token --days ten", "--days ten：读不出", "--days ten: this cannot be read"},
		{"token --days 99999999999999999999", "--days 99999999999999999999：超出范围", "--days 99999999999999999999: out of range"},
		{"import plan x --json=perhaps", "--json perhaps：读不出", "--json perhaps: this cannot be read"},
		{"import plan x --stated 31.3.2020", "--stated 31.3.2020：须为日期，如 2020-03-31", "--stated 31.3.2020: want a day such as 2020-03-31"},
		{"import plan x --user u --unit z --on 2020-02-30", "--on 2020-02-30：须为日期", "--on 2020-02-30: want a day"},
		{"rules test P99", "没有规则 P99 的文件", "there is no file of rule P99"},
		{"rules submit ---", "参数写法有误：---", "this is no flag: ---"},
		{"signer rotate --user u --unit z", "须指明新旧公钥并行到哪一天", "say until which day both keys sign"},
		{"token --user u1 --unit x --role root", "role：角色须为", "role: the role is one of"},
		{"token --user u1 --unit x --role maker --area 1", "area：范围须为", "area: the area is the code"},
	} {
		for lang, want := range map[string]string{"zh_CN.UTF-8": c.zh, "C": c.en} {
			t.Setenv("LC_ALL", lang)
			if code, out, said := yilu(strings.Fields(c.line)...); code != exitUsage || out != "" || !strings.Contains(said, want) || strings.Contains(said, "pg-bin") {
				t.Errorf("%s: code %d, %q, want %q", c.line, code, out+said, want)
			}
		}
	}
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	if code, out, said := yilu("token", "--help"); code != exitOK || said != "" || !strings.Contains(out, "  --days 整数\n") || !strings.Contains(out, "有效天数（默认 365）") {
		t.Errorf("code %d, %s%s", code, out, said)
	}
}
