package main

import (
	"flag"
	"io"
	"strings"
	"testing"
	"time"

	"yilu/account"
	"yilu/ledger/document"
)

// TestLimitSettings: what nobody sets is as before, each bound is taken, and what lies
// beyond it is refused with what would be right.
func TestLimitSettings(t *testing.T) {
	t.Parallel()
	env := newEnvironment(io.Discard, io.Discard)
	read := func(args ...string) (limits, error) {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		o := env.limitFlags(fs)
		if err := fs.Parse(args); err != nil {
			t.Fatal(err)
		}
		return o.read(env)
	}
	if l, err := read(); err != nil || l != (limits{account.DefaultLimits, document.MaxFile}) {
		t.Errorf("defaults: %+v %v", l, err)
	}
	for _, s := range spanSettings {
		for _, d := range []time.Duration{s.least, s.most} {
			args := []string{"--" + s.flag + "=" + d.String()}
			switch s.flag { // the one may not be shorter than the other
			case "session-idle":
				args = append(args, "--session-whole=24h")
			case "session-whole":
				args = append(args, "--session-idle=1m")
			case "login-delay":
				args = append(args, "--login-window=24h")
			}
			if l, err := read(args...); err != nil || *s.of(&l.accounts) != d {
				t.Errorf("%s: %v", args, err)
			}
		}
		for _, bad := range []string{(s.least - 1).String(), (s.most + 1).String(), "", "15", "-5m"} {
			if _, err := read("--" + s.flag + "=" + bad); err == nil || !strings.Contains(err.Error(), "--"+s.flag) || !strings.Contains(err.Error(), spanText(s.most)) {
				t.Errorf("%s=%s: %v", s.flag, bad, err)
			}
		}
	}
	for _, bad := range []string{"session-whole=10m", "login-window=5m --login-delay=6m", "login-failures=5", "login-failures=0/5", "login-failures=21/30", "login-failures=6/5", "login-failures=5/501", "login-failures=5/30x", "upload-limit=0", "upload-limit=33", "upload-limit=ten"} {
		if _, err := read(strings.Fields("--" + bad)...); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	if l, err := read("--upload-limit=32", "--login-failures=1/1"); err != nil || l.file != 32<<20 || l.accounts.Free != 1 || l.accounts.FreeElsewhere != 1 {
		t.Errorf("%+v %v", l, err)
	}
	for d, want := range map[time.Duration]string{15 * time.Minute: "15m", 8 * time.Hour: "8h", 10 * time.Second: "10s", 90 * time.Minute: "1h30m", 20 * time.Minute: "20m", 100 * time.Second: "1m40s"} {
		if got := spanText(d); got != want {
			t.Errorf("%s: %s", d, got)
		}
	}
}
