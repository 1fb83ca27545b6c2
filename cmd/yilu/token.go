package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
	"yilu/migrations"
	"yilu/web"
)

// runToken makes a token for the API, lists those of the book, or takes one
// back. It works beside a running server.
func runToken(ctx context.Context, env *environment, args []string) error {
	if len(args) > 0 && args[0] == "list" {
		return listTokens(ctx, env, args[1:])
	}
	if len(args) > 0 && args[0] == "revoke" {
		return revokeToken(ctx, env, args[1:])
	}
	fs := env.flags("token")
	user := fs.String("user", "", env.say("以谁的名义记账", "who posts with it"))
	unit := fs.String("unit", "", env.say("所代表的单位，如 411025-CZ", "the unit it acts for, such as 411025-CZ"))
	role := fs.String("role", "", env.say("角色：maker 经办、checker 复核、payer 支付、project 项目管理、publicity 公开、auditor 只读", "role: maker, checker, payer, project, publicity, or auditor (reads only)"))
	area := fs.String("area", "", env.say("只限此乡镇（9位）或村（12位）；空为全县", "held to this township (9 digits) or village (12); empty for the county"))
	days := fs.Int("days", 365, env.say("有效天数", "days it is good for"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	if *days < 1 || *days > 3660 {
		return &coded{exitUsage, errors.New(env.say("--days 须为1–3660", "--days is 1 to 3660"))}
	}
	return env.withTokens(ctx, func(pool *pgxpool.Pool) error {
		now := time.Now()
		secret, err := web.CreateToken(ctx, pool, web.Token{
			Book: ledger.Book(env.Book), User: *user, Unit: *unit, Role: ledger.Role(*role), Area: *area, Created: now, Expires: now.AddDate(0, 0, *days),
		})
		if errors.Is(err, web.ErrToken) {
			return &coded{exitUsage, err}
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(env.Stderr, env.say("令牌只显示这一次，请妥善保存：", "this token is shown only once, keep it safe:"))
		fmt.Fprintln(env.Stdout, secret)
		return nil
	})
}

// withTokens calls do with the owner's rights on a database at our version.
func (env *environment) withTokens(ctx context.Context, do func(*pgxpool.Pool) error) error {
	return env.asOwner(ctx, func(pool *pgxpool.Pool) error {
		if err := migrations.Check(ctx, pool); err != nil {
			return err
		}
		return do(pool)
	})
}

// listTokens shows who may write; secrets are stored nowhere.
func listTokens(ctx context.Context, env *environment, args []string) error {
	if err := env.parse(env.flags("token list"), args); err != nil {
		return err
	}
	return env.withTokens(ctx, func(pool *pgxpool.Pool) error {
		tokens, err := web.Tokens(ctx, pool, ledger.Book(env.Book))
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, env.say("编号\t用户\t单位\t角色\t范围\t有效期至\t撤销日期", "ID\tUSER\tUNIT\tROLE\tAREA\tUNTIL\tREVOKED"))
		for _, t := range tokens {
			revoked := "-"
			if t.Revoked != nil {
				revoked = string(ledger.DateOf(*t.Revoked))
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.User, t.Unit, t.Role, cmp.Or(t.Area, "-"), ledger.DateOf(t.Expires), revoked)
		}
		return w.Flush()
	})
}

// revokeToken takes a token back. A running server notices within ten seconds.
func revokeToken(ctx context.Context, env *environment, args []string) error {
	word, err := env.words(env.flags("token revoke"), args, 1)
	if err != nil {
		return err
	}
	return env.withTokens(ctx, func(pool *pgxpool.Pool) error {
		err := web.RevokeToken(ctx, pool, ledger.Book(env.Book), word[0], time.Now())
		if errors.Is(err, ledger.ErrNotFound) {
			return &coded{exitRefused, errors.New(env.say("账套没有这个有效的令牌", "the book has no such token that is still good"))}
		}
		if err == nil {
			fmt.Fprintln(env.Stdout, env.say("已撤销", "revoked"))
		}
		return err
	})
}
