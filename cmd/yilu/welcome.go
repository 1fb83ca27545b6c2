package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
	"yilu/web"
)

// demoUsers are the five people of the demonstration and what each may do.
var demoUsers = []struct {
	user string
	role ledger.Role
	zh   string
	en   string
}{
	{"demo-maker", ledger.Maker, "经办", "enters"},
	{"demo-checker", ledger.Checker, "复核、审批", "approves"},
	{"demo-payer", ledger.Payer, "支付", "records payments"},
	{"demo-project", ledger.ProjectOfficer, "项目管理", "runs projects"},
	{"demo-auditor", ledger.Auditor, "只读监督", "reads everything"},
}

// welcome makes tokens for the demonstration and prints them with the addresses.
// They are made anew at every start and end after a week.
func (env *environment) welcome(ctx context.Context, db *database, o serveOptions) error {
	pool, err := pgxpool.New(ctx, db.owner)
	if err != nil {
		return fmt.Errorf("open pool: %w", err)
	}
	defer pool.Close()
	base := "http://" + o.listen + o.base
	fmt.Fprintf(env.Stdout, "\n%s\n  %s/        %s\n  %s/en/     English\n  %s/api/v1/openapi.json\n",
		env.say("一律已启动（演示数据）：", "Yilü is running (made-up data):"), base, env.say("公开页面", "中文"), base, base)
	fmt.Fprintf(env.Stdout, "  %s/log      %s\n", base, env.say("查证本账簿", "check the book"))
	if o.admin != "" {
		fmt.Fprintf(env.Stdout, "  http://%s/readyz  http://%s/metrics\n", o.admin, o.admin)
	}
	fmt.Fprintf(env.Stdout, "\n%s\n", env.say("接口令牌（一周有效，登录页面将在后续版本提供）：", "API tokens (good for a week; log-ins come with a later version):"))
	now := time.Now()
	for _, u := range demoUsers {
		secret, err := web.CreateToken(ctx, pool, web.Token{Book: ledger.Book(env.Book), User: u.user, Unit: env.Book + "-demo", Role: u.role, Created: now, Expires: now.AddDate(0, 0, 7)})
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "  %-8s %-30s %s\n", u.role, env.say(u.zh, u.en), secret)
	}
	fmt.Fprintf(env.Stdout, "\n%s\n\n", env.say("按 Ctrl-C 停止。", "Ctrl-C stops it."))
	return nil
}
