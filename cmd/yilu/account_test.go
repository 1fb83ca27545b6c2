package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"yilu/migrations/pgtest"
)

// TestAccountsFromTheShell makes the first administrators, once, lists them, disables one
// and resets it. It sets the environment, so it is not parallel.
func TestAccountsFromTheShell(t *testing.T) {
	db := pgtest.New(t)
	t.Setenv("YILU_DATABASE_URL", db.ServiceURL)
	t.Setenv("YILU_OWNER_URL", db.OwnerURL)
	t.Setenv("LC_ALL", "C")
	t.Setenv("YILU_SEAL_SECRET_FILE", filepath.Join(t.TempDir(), "seal.secret"))
	code := regexp.MustCompile(`[A-Z2-7]{4}(-[A-Z2-7]{4}){4}`)
	for _, args := range [][]string{
		{"account"},
		{"account", "make"},
		{"account", "init"},
		{"account", "init", "--unit", "411025-BM", "--system", "ma", "--security", "ma", "--audit", "he"},
		{"account", "init", "--unit", "", "--system", "ma", "--security", "hu", "--audit", "he"},
		{"account", "init", "--unit", "411025-BM", "--system", "马", "--security", "hu", "--audit", "he"},
		{"account", "disable"},
	} {
		if code, out, _ := yilu(args...); code != exitUsage || out != "" {
			t.Errorf("%v: code %d, %q", args, code, out)
		}
	}
	first := []string{"account", "init", "--unit", "411025-BM", "--system", "ma:马超", "--security", "hu", "--audit", "he"}
	exit, out, stderr := yilu(first...)
	if exit != exitOK || len(code.FindAllString(out, -1)) != 3 || strings.Count(out, "\n") != 3 {
		t.Fatalf("init: code %d, %q, %s", exit, out, stderr)
	}
	if exit, again, _ := yilu(first...); exit != exitRefused || again != "" {
		t.Errorf("init twice: code %d, %q", exit, again)
	}
	_, list, _ := yilu("account", "list")
	for _, want := range []string{`(?m)^ma +411025-BM +system +fresh +-$`, `(?m)^hu +411025-BM +security +fresh +-$`, `(?m)^he +411025-BM +audit +fresh +-$`} {
		if !regexp.MustCompile(want).MatchString(list) {
			t.Errorf("list %q lacks %s", list, want)
		}
	}
	if code.MatchString(list) {
		t.Error("the list shows a code")
	}
	for _, c := range []struct {
		args []string
		exit int
		out  string
	}{
		{[]string{"account", "disable", "nobody"}, exitRefused, ""},
		{[]string{"account", "disable", "hu"}, exitOK, "disabled"},
		{[]string{"account", "disable", "hu"}, exitRefused, ""},
		{[]string{"account", "reset", "nobody"}, exitRefused, ""},
	} {
		if exit, out, _ := yilu(c.args...); exit != c.exit || !strings.HasPrefix(out, c.out) || c.out == "" && out != "" {
			t.Errorf("%v: code %d, %q", c.args, exit, out)
		}
	}
	if exit, out, _ := yilu("account", "reset", "hu"); exit != exitOK || !code.MatchString(out) {
		t.Errorf("reset: code %d, %q", exit, out)
	}
}

// TestProxies reads networks, and refuses what is none.
func TestProxies(t *testing.T) {
	t.Parallel()
	if all, err := proxies(" 10.1.2.0/24, 2001:db8::/32,"); err != nil || len(all) != 2 {
		t.Errorf("%v: %v", all, err)
	}
	if _, err := proxies("10.1.2.3"); err == nil {
		t.Error("an address is taken for a network")
	}
}
