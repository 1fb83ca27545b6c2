package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/account"
	"yilu/ledger"
)

// runAccount makes the first administrators, lists accounts, disables one or resets it on
// the word of whoever has the server. It works beside a running server.
func runAccount(ctx context.Context, env *environment, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "init":
			return initAccounts(ctx, env, args[1:])
		case "list":
			return listAccounts(ctx, env, args[1:])
		case "disable":
			return changeAccount(ctx, env, "account disable", args[1:], disableAccount)
		case "reset":
			return changeAccount(ctx, env, "account reset", args[1:], resetAccount)
		}
	}
	fs := env.flags("account")
	if err := env.parse(fs, args); err != nil {
		return err
	}
	return &coded{exitUsage, errors.New(env.say("用法：yilu account init|list|disable 账号|reset 账号", "usage: yilu account init|list|disable ID|reset ID"))}
}

// accounts are those of the book, by a pool.
func (env *environment) accounts(ctx context.Context, pool *pgxpool.Pool, c account.Config) (*account.Accounts, error) {
	secret, err := env.secret(ctx, pool)
	if err != nil {
		return nil, err
	}
	c.Pool, c.Book, c.Secret, c.Now = pool, ledger.Book(env.Book), secret, time.Now
	return account.New(c)
}

// withAccounts calls do with the accounts of a database at our version.
func (env *environment) withAccounts(ctx context.Context, do func(*account.Accounts) error) error {
	return env.withTokens(ctx, func(pool *pgxpool.Pool) error {
		a, err := env.accounts(ctx, pool, account.Config{})
		if err != nil {
			return err
		}
		return do(a)
	})
}

// initAccounts makes the accounts of the three administrators. Nobody has a password: each
// sets one with the one-time code that is printed. What they may do, they decide between
// themselves: the security administrator proposes the first roles, the audit administrator
// approves.
func initAccounts(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("account init")
	unit := fs.String("unit", "", env.say("管理员所在单位代码，如 411025-BM", "the administrators' unit, such as 411025-BM"))
	named := map[string]*string{}
	for _, duty := range []string{ledger.DutySystem, ledger.DutySecurity, ledger.DutyAudit} {
		name := ledger.Duties.Name(duty)
		named[duty] = fs.String(duty, "", env.say(name.Zh+"员的账号，可带姓名：wang:王小明", name.En+" administrator's account, with a name if you like: wang:王小明"))
	}
	if err := env.parse(fs, args); err != nil {
		return err
	}
	var people []account.Person
	seen := map[string]bool{}
	for _, duty := range []string{ledger.DutySystem, ledger.DutySecurity, ledger.DutyAudit} {
		id, name, ok := strings.Cut(*named[duty], ":")
		if !ok {
			name = id
		}
		if id == "" || seen[id] {
			return &coded{exitUsage, errors.New(env.say("--system、--security、--audit 须为三个不同的账号（三员分立）", "--system, --security and --audit name three different accounts"))}
		}
		seen[id] = true
		people = append(people, account.Person{ID: id, Duty: duty, Name: name, Unit: *unit})
	}
	return env.withAccounts(ctx, func(a *account.Accounts) error {
		all, err := a.People(ctx)
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.Duty != ledger.DutyBusiness && !p.Demo {
				return &coded{exitRefused, fmt.Errorf("%s: %s", p.ID, env.say("已有管理员账号，新账号由系统管理员在页面上建立，重设用 yilu account reset", "there are administrators already: they make further accounts on the pages; yilu account reset resets one"))}
			}
		}
		fmt.Fprintln(env.Stderr, env.say("一次性口令（只显示这一次，三天有效，请分别当面交给本人）：", "one-time codes, shown only once and good for three days; hand each to its person:"))
		for _, p := range people {
			code, err := a.Create(ctx, account.Console, p)
			if errors.Is(err, account.ErrExists) {
				return &coded{exitUsage, fmt.Errorf("%s: %s", p.ID, env.say("账号已存在", "the account exists"))}
			}
			if errors.Is(err, account.ErrName) {
				return &coded{exitUsage, fmt.Errorf(env.say("%s：不能建立这个账号，编号须为字母、数字、点、连字符或下划线：%w", "%s: %w"), p.ID, err)}
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(env.Stdout, "%s\t%s\t%s\n", p.Duty, p.ID, code)
		}
		fmt.Fprintln(env.Stderr, env.say("在 /desk/begin 设置口令并绑定动态码；然后由安全管理员在“账号与授权”提出首批授权，审计管理员审批。", "each sets a password at /desk/begin and enrols an authenticator; then the security administrator proposes the first roles under “Accounts and roles”, and the audit administrator approves them."))
		return nil
	})
}

// listAccounts shows who can log in. What they may do is in the book.
func listAccounts(ctx context.Context, env *environment, args []string) error {
	if err := env.parse(env.flags("account list"), args); err != nil {
		return err
	}
	return env.withAccounts(ctx, func(a *account.Accounts) error {
		all, err := a.People(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ACCOUNT\tUNIT\tDUTY\tSTATE\tLAST")
		for _, p := range all {
			state, last := "good", "-"
			switch {
			case p.Disabled != nil:
				state = "disabled"
			case p.Demo:
				state = "demo"
			case !p.Set:
				state = "fresh"
			case !p.Enrolled:
				state = "unfinished"
			}
			if p.Seen != nil {
				last = string(ledger.DateOf(*p.Seen))
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", p.ID, p.Unit, p.Duty, state, last)
		}
		return w.Flush()
	})
}

// changeAccount does something to one account.
func changeAccount(ctx context.Context, env *environment, name string, args []string, do func(context.Context, *environment, *account.Accounts, string) error) error {
	fs := env.flags(name)
	word, err := env.words(fs, args, 1)
	if err != nil {
		return err
	}
	return env.withAccounts(ctx, func(a *account.Accounts) error {
		err := do(ctx, env, a, word[0])
		if errors.Is(err, ledger.ErrNotFound) {
			return &coded{exitRefused, errors.New(env.say("没有这个账号，或已停用", "there is no such account, or it is disabled already"))}
		}
		return err
	})
}

func disableAccount(ctx context.Context, env *environment, a *account.Accounts, id string) error {
	if err := a.Disable(ctx, account.Console, id); err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout, env.say("已停用，其登录已全部失效", "disabled; its sessions have ended"))
	return nil
}

func resetAccount(ctx context.Context, env *environment, a *account.Accounts, id string) error {
	code, err := a.ResetAtConsole(ctx, id)
	if err != nil {
		return err
	}
	fmt.Fprintln(env.Stderr, env.say("一次性口令（只显示这一次，三天有效），在 /desk/begin 使用：", "one-time code, shown only once and good for three days, for /desk/begin:"))
	fmt.Fprintln(env.Stdout, code)
	return nil
}
