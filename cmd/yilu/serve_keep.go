package main

import (
	"flag"
	"strconv"

	"yilu/web"
)

// keepOptions say for how many days what is beside the log is kept.
type keepOptions struct{ keep web.Keep }

func (env *environment) keepFlags(fs *flag.FlagSet, o *keepOptions) {
	days := func(to *int, name, variable string, otherwise int, zh, en string) {
		fs.IntVar(to, name, otherwise, env.say(zh+" ("+variable+")", en+" ("+variable+")"))
		if n, err := strconv.Atoi(setting(variable, "")); err == nil {
			*to = n
		} else if setting(variable, "") != "" {
			*to = -1 // refused by check
		}
	}
	k := web.DefaultKeep
	days(&o.keep.Logins, "keep-logins", "YILU_KEEP_LOGINS", k.Logins, "会话和登录记录保存多少天，至少 184（网络安全法第二十一条：不少于六个月）", "days that sessions and log-ins are kept, at least 184 (six months by law)")
	days(&o.keep.Trail, "keep-trail", "YILU_KEEP_TRAIL", k.Trail, "账号日志保存多少天，至少 184", "days that the trail of accounts is kept, at least 184")
	days(&o.keep.Drafts, "keep-drafts", "YILU_KEEP_DRAFTS", k.Drafts, "账号停用多少天后删除其草稿", "days after which drafts of a closed account go")
	days(&o.keep.Uploads, "keep-uploads", "YILU_KEEP_UPLOADS", k.Uploads, "没有分录引用的附件保存多少天，至少 31", "days that documents which no entry names are kept, at least 31")
}
