package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/account"
	"yilu/ledger"
	"yilu/web"
)

// demoPerson is one of the people of the demonstration.
type demoPerson struct {
	user, name string
	roles      []ledger.Role
	// area is the township that the person is held to, empty for the county.
	area string
}

// demoPeople are the people of the demonstration and what each may do. The names are made up.
var demoPeople = []demoPerson{
	{"demo-maker", "王敏", []ledger.Role{ledger.Maker}, ""},
	{"demo-checker", "李卫国", []ledger.Role{ledger.Checker}, ""},
	{"demo-payer", "赵静", []ledger.Role{ledger.Payer}, ""},
	{"demo-project", "陈建军", []ledger.Role{ledger.ProjectOfficer, ledger.PublicityOfficer}, ""},
	{"demo-town", "刘芳", []ledger.Role{ledger.ProjectOfficer}, "411025103"},
	{"demo-auditor", "杨正", []ledger.Role{ledger.Auditor}, ""},
	{"demo-auditor-2", "周明", []ledger.Role{ledger.Auditor}, ""},
	{"demo-publicity", "孙丽", []ledger.Role{ledger.PublicityOfficer}, ""},
	{"demo-leader", "郭志远", []ledger.Role{ledger.Leader}, ""},
	{"demo-system", "马超", []ledger.Role{ledger.SystemAdmin}, ""},
	{"demo-security", "胡平", []ledger.Role{ledger.SecurityAdmin}, ""},
	{"demo-audit", "何清", []ledger.Role{ledger.AuditAdmin}, ""},
}

// say names what a person of the demonstration does.
func (p demoPerson) say(env *environment) string {
	var names []string
	for _, r := range p.roles {
		name := ledger.Roles.Name(string(r))
		names = append(names, env.say(name.Zh, name.En))
	}
	if p.area != "" {
		place := ledger.DivisionOf(p.area)
		names = append(names, env.say(place.Name, place.En))
	}
	return strings.Join(names, env.say("、", ", "))
}

// welcome makes accounts and tokens for the demonstration, and writes the greeting that
// has them with the addresses. The accounts open nothing but in a demonstration; their password and the
// tokens are made anew at every start.
func (env *environment) welcome(ctx context.Context, db *database, o *serveOptions, l *ledger.Ledger, a *account.Accounts) error {
	pool, err := pgxpool.New(ctx, db.owner)
	if err != nil {
		return fmt.Errorf("open pool: %w", err)
	}
	defer pool.Close()
	base := o.here()
	fmt.Fprintf(&o.greeting, "\n%s\n  %s/        %s\n  %s/en/     English\n  %s/api/v1/openapi.json\n",
		env.say("一律已启动（演示数据）：", "Yilü is running (made-up data):"), base, env.say("公开页面", "中文"), base, base)
	fmt.Fprintf(&o.greeting, "  %s/log      %s\n", base, env.say("查证本账簿", "check the book"))
	if o.admin != "" {
		fmt.Fprintf(&o.greeting, "  http://%s/readyz  http://%s/metrics\n", o.admin, o.admin)
	}
	if err := env.welcomePeople(ctx, o, l, a); err != nil {
		return err
	}
	fmt.Fprintf(&o.greeting, "\n%s\n", env.say("接口令牌（一周有效）：", "API tokens (good for a week):"))
	now := time.Now()
	for _, p := range demoPeople {
		role := p.roles[0]
		if ledger.DutyOf(role) != ledger.DutyBusiness || role == ledger.Leader || strings.HasSuffix(p.user, "-2") {
			continue
		}
		secret, err := web.CreateToken(ctx, pool, web.Token{Book: ledger.Book(env.Book), User: p.user, Unit: env.Book + "-demo", Role: role, Area: p.area, Created: now, Expires: now.AddDate(0, 0, 7)})
		if err != nil {
			return err
		}
		fmt.Fprintf(&o.greeting, "  %-9s %-16s %s\n", role, p.user, secret)
	}
	fmt.Fprintf(&o.greeting, "\n%s\n\n", env.say("按 Ctrl-C 停止。", "Ctrl-C stops it."))
	return nil
}

// here is where the pages of a demonstration are.
func (o *serveOptions) here() string { return "http://" + o.listen + o.base }

// welcomePeople makes the accounts, gives them their roles, and says how to log in.
func (env *environment) welcomePeople(ctx context.Context, o *serveOptions, l *ledger.Ledger, a *account.Accounts) error {
	password := "demo-" + strings.ToLower(rand.Text()[:10])
	fmt.Fprintf(&o.greeting, "\n%s\n  %s  %s\n", env.say("登录（演示账号，不需要动态码，正式运行时一律无效）：", "Log in (accounts of the demonstration, without codes; in earnest they open nothing):"),
		o.here()+"/desk/enter", env.say("口令：", "password: ")+password)
	var people []account.Person
	for _, p := range demoPeople {
		people = append(people, account.Person{ID: p.user, Duty: ledger.DutyOf(p.roles[0]), Name: p.name, Unit: env.Book + "-demo"})
		fmt.Fprintf(&o.greeting, "  %-16s %s\n", p.user, p.say(env))
	}
	if err := a.SetDemo(ctx, password, people...); err != nil {
		return err
	}
	return env.grantDemo(ctx, l)
}

// grantDemo enters the roles of the demonstration's people, which two of them make.
func (env *environment) grantDemo(ctx context.Context, l *ledger.Ledger) error {
	book, unit := ledger.Book(env.Book), env.Book+"-demo"
	held, err := l.Holdings(ctx, book, "")
	if err != nil || len(held) > 0 {
		return err
	}
	security := ledger.By{Role: ledger.SecurityAdmin, Unit: unit, User: "demo-security"}
	overseer := ledger.By{Role: ledger.AuditAdmin, Unit: unit, User: "demo-audit"}
	today := ledger.DateOf(time.Now())
	var ds []ledger.Draft
	for _, p := range demoPeople {
		for _, r := range p.roles {
			grant := p.user + "-" + string(r)
			ds = append(ds, ledger.Draft{ID: "demo-grant-" + grant, Kind: "role.granted", On: today, By: security, Corrects: ledger.None,
				Body: &ledger.RoleGranted{Grant: grant, Person: p.user, Role: r, Unit: unit, Area: p.area}})
		}
	}
	const id = "demo-roles"
	if _, err := l.Submit(ctx, book, id, ledger.SubmissionMade{Submission: id, Title: "演示账号授权", Form: ledger.RoleForm}, ds); err != nil {
		return fmt.Errorf("give the demonstration's people their roles: %w", err)
	}
	sub, err := l.Submission(ctx, book, id)
	if err != nil {
		return err
	}
	_, err = l.Approve(ctx, book, id+"-approved", id, sub.ContentHash, today, overseer)
	return err
}
