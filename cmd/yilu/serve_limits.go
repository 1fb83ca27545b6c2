package main

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"yilu/account"
	"yilu/ledger/document"
)

// limitOptions are the settings that bound sessions, log-ins and files, as they were
// typed, by flag.
type limitOptions map[string]*string

// limits are what a county has set: of accounts, and of files in bytes.
type limits struct {
	accounts account.Limits
	file     int64
}

// spanSetting is a length of time with its bounds.
type spanSetting struct {
	flag, variable, zh, en string
	least, most            time.Duration
	of                     func(*account.Limits) *time.Duration
}

var spanSettings = []spanSetting{
	{"session-idle", "YILU_SESSION_IDLE", "会话多久不操作即退出", "how long a session lasts without use", time.Minute, 2 * time.Hour, func(l *account.Limits) *time.Duration { return &l.Idle }},
	{"session-whole", "YILU_SESSION_WHOLE", "会话最长多久", "how long a session lasts in all", 10 * time.Minute, 24 * time.Hour, func(l *account.Limits) *time.Duration { return &l.Whole }},
	{"code-age", "YILU_CODE_AGE", "审批时动态码多久内有效", "how long a code of the second factor stands for decisions", time.Minute, time.Hour, func(l *account.Limits) *time.Duration { return &l.Proof }},
	{"first-code-age", "YILU_FIRST_CODE_AGE", "一次性代码多久内有效", "how long a one-time code is good", time.Hour, 14 * 24 * time.Hour, func(l *account.Limits) *time.Duration { return &l.Code }},
	{"login-window", "YILU_LOGIN_WINDOW", "登录失败计数多久，也是最长等待", "how long failed log-ins count, which is also the longest wait", time.Minute, 24 * time.Hour, func(l *account.Limits) *time.Duration { return &l.Window }},
	{"login-delay", "YILU_LOGIN_DELAY", "失败次数用完后第一次等多久，以后每次加倍", "the first wait once the free failures are used up; it doubles", time.Second, time.Hour, func(l *account.Limits) *time.Duration { return &l.Delay }},
	{"login-known", "YILU_LOGIN_KNOWN", "账号在某网段登录成功后，多久内别处的失败不拖延它", "how long failures from elsewhere delay nobody in a network where the account has logged in", 24 * time.Hour, 184 * 24 * time.Hour, func(l *account.Limits) *time.Duration { return &l.Known }},
}

const (
	loginFailures = "login-failures"
	uploadLimit   = "upload-limit"
)

func (env *environment) limitFlags(fs *flag.FlagSet) limitOptions {
	o, d := limitOptions{}, account.DefaultLimits
	for _, s := range spanSettings {
		o[s.flag] = fs.String(s.flag, setting(s.variable, spanText(*s.of(&d))), env.say(s.zh, s.en)+" ("+s.variable+")")
	}
	o[loginFailures] = fs.String(loginFailures, setting("YILU_LOGIN_FAILURES", fmt.Sprintf("%d/%d", d.Free, d.FreeElsewhere)), env.say("登录失败几次以内不必等待：同一账号同一网段/不论来自何处 (YILU_LOGIN_FAILURES)", "failed log-ins that need not wait: of an account in one network/from everywhere (YILU_LOGIN_FAILURES)"))
	o[uploadLimit] = fs.String(uploadLimit, setting("YILU_UPLOAD_LIMIT", strconv.Itoa(document.MaxFile>>20)), env.say("上传文件最大多少 MB (YILU_UPLOAD_LIMIT)", "the largest file that is taken, in MB (YILU_UPLOAD_LIMIT)"))
	return o
}

// spanText is a length of time without what is zero in it: 15m, 8h.
func spanText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// read reads the settings and holds them to their bounds.
func (o limitOptions) read(env *environment) (limits, error) {
	l := limits{accounts: account.DefaultLimits}
	for _, s := range spanSettings {
		d, err := time.ParseDuration(*o[s.flag])
		if err != nil || d < s.least || d > s.most {
			return l, badLimit(s.flag, *o[s.flag], fmt.Sprintf(env.say("须在 %s 与 %s 之间，如 %s", "want a time from %s to %s, such as %s"), spanText(s.least), spanText(s.most), spanText(*s.of(&l.accounts))))
		}
		*s.of(&l.accounts) = d
	}
	if a := l.accounts; a.Whole < a.Idle {
		return l, badLimit("session-whole", *o["session-whole"], env.say("不能短于 --session-idle ", "is shorter than --session-idle ")+spanText(a.Idle))
	} else if a.Window < a.Delay {
		return l, badLimit("login-window", *o["login-window"], env.say("不能短于 --login-delay ", "is shorter than --login-delay ")+spanText(a.Delay))
	}
	var rest string
	a := &l.accounts
	if n, _ := fmt.Sscanf(*o[loginFailures], "%d/%d%s", &a.Free, &a.FreeElsewhere, &rest); n != 2 || a.Free < 1 || a.Free > 20 || a.FreeElsewhere < a.Free || a.FreeElsewhere > 500 {
		return l, badLimit(loginFailures, *o[loginFailures], env.say("须形如 5/30，前者 1 至 20，后者不小于前者且不超过 500", "want a form such as 5/30: from 1 to 20, and from that to 500"))
	}
	const most = document.LargestFile >> 20
	megabytes, err := strconv.Atoi(*o[uploadLimit])
	if err != nil || megabytes < 1 || megabytes > most {
		return l, badLimit(uploadLimit, *o[uploadLimit], fmt.Sprintf(env.say("须为 1 至 %d 的整数", "want a whole number from 1 to %d"), most))
	}
	l.file = int64(megabytes) << 20
	return l, nil
}

// badLimit is a setting that cannot be, with what would be right.
func badLimit(name, typed, why string) error {
	return &coded{exitUsage, fmt.Errorf("--%s %s: %s", name, typed, why)}
}
