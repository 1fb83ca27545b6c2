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
		if code, _, said := yilu("reject", "--help"); code != exitOK || !strings.HasPrefix(said, want) {
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
	if _, _, said := yilu("rules", "backfill", "--help"); !strings.HasPrefix(said, "usage: yilu rules backfill [CODE…] --from DAY --to DAY [FLAGS]\n") {
		t.Errorf("of rules: %q", said)
	}
	_, list, _ := yilu("help")
	for _, c := range rulesCommands() {
		if !strings.Contains(list, c.name) {
			t.Errorf("the list of commands does not name rules %s", c.name)
		}
	}
}
