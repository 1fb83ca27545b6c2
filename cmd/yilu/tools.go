package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/alerts"
	"yilu/audit"
	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
	"yilu/migrations"
	"yilu/publicity"
	"yilu/publicity/workday"
	"yilu/web"
)

// runMigrate brings the database to this program's version.
func runMigrate(ctx context.Context, env *environment, args []string) error {
	if err := env.parse(env.flags("migrate"), args); err != nil {
		return err
	}
	db, err := env.makeDatabase(ctx)
	if err != nil {
		return err
	}
	err = migrations.Up(ctx, db.owner)
	if err == nil {
		fmt.Fprintf(env.Stdout, "%s %d\n", env.say("数据库版本", "database version"), migrations.Version())
	}
	return errors.Join(err, db.stop())
}

// asOwner opens a pool with the owner's rights for the length of a call.
func (env *environment) asOwner(ctx context.Context, do func(*pgxpool.Pool) error) error {
	db, err := env.database(ctx)
	if err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, db.owner)
	if err != nil {
		return errors.Join(fmt.Errorf("open pool: %w", err), db.stop())
	}
	err = do(pool)
	pool.Close()
	return errors.Join(err, db.stop())
}

// runRebuild replays the log into the projections and compares.
func runRebuild(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("rebuild")
	replace := fs.Bool("replace", false, env.say("不一致时采用重算结果", "keep the replayed result if it differs"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	known, err := loadRules()
	if err != nil {
		return err
	}
	return env.asOwner(ctx, func(pool *pgxpool.Pool) error {
		sealer, err := env.sealer(ctx, pool)
		if err != nil {
			return err
		}
		r, err := ledger.Rebuild(ctx, pool, ledger.Book(env.Book), ledger.Replay{Judge: known.Judge(), Sealer: sealer, Replace: *replace, Progress: env.progress("rebuild")})
		if errors.Is(err, ledger.ErrDiverged) {
			return &coded{exitDiverged, err}
		}
		if errors.Is(err, ledger.ErrNotFound) {
			return env.noBook()
		}
		if err != nil {
			return err
		}
		if err := errors.Join(env.rebuildCases(ctx, pool, known, sealer, *replace), env.rebuildDuties(ctx, pool, sealer, *replace), env.rebuildTrail(ctx, pool, *replace)); err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, env.say("重算 %d 条分录、%d 行投影：", "replayed %d entries into %d rows: "), r.Entries, r.Rows)
		if len(r.Differing) == 0 {
			fmt.Fprintln(env.Stdout, env.say("完全一致", "identical"))
		} else {
			fmt.Fprintln(env.Stdout, env.say("已替换", "replaced"), r.Differing)
		}
		return nil
	})
}

// rebuildCases replays what the log says of warnings and compares.
func (env *environment) rebuildCases(ctx context.Context, pool *pgxpool.Pool, known *alerts.Rules, sealer *audit.Sealer, replace bool) error {
	engine := &alerts.Engine{Ledger: ledger.New(ledger.Config{Pool: pool, Sealer: sealer, Now: time.Now}), Pool: pool, Rules: known, Calendar: workday.StateCouncil()}
	n, err := engine.Rebuild(ctx, pool, ledger.Book(env.Book), replace)
	if errors.Is(err, alerts.ErrDiverged) {
		return &coded{exitDiverged, err}
	}
	if err == nil {
		fmt.Fprintf(env.Stdout, env.say("重算预警 %d 件\n", "replayed %d warnings\n"), n)
	}
	return err
}

// rebuildDuties follows the log anew for what must be published, and compares.
func (env *environment) rebuildDuties(ctx context.Context, pool *pgxpool.Pool, sealer *audit.Sealer, replace bool) error {
	duties := &publicity.Duties{Ledger: ledger.New(ledger.Config{Pool: pool, Sealer: sealer, Now: time.Now}), Pool: pool, Calendar: workday.StateCouncil()}
	n, err := duties.Rebuild(ctx, pool, ledger.Book(env.Book), replace)
	if errors.Is(err, publicity.ErrDiverged) {
		return &coded{exitDiverged, err}
	}
	if err == nil {
		fmt.Fprintf(env.Stdout, env.say("重算公开义务 %d 项\n", "replayed %d obligations to publish\n"), n)
	}
	return err
}

// rebuildTrail follows the log anew for who did what, and compares.
func (env *environment) rebuildTrail(ctx context.Context, pool *pgxpool.Pool, replace bool) error {
	trail := &web.Trail{Ledger: ledger.New(ledger.Config{Pool: pool, Now: time.Now}), Pool: pool}
	n, err := trail.Rebuild(ctx, pool, ledger.Book(env.Book), replace)
	if errors.Is(err, web.ErrTrailDiverged) {
		return &coded{exitDiverged, err}
	}
	if err == nil {
		fmt.Fprintf(env.Stdout, env.say("重算办理记录 %d 条\n", "replayed %d acts of people\n"), n)
	}
	return err
}

// runVerify recomputes every hash of the log; with --all, of every book, and holds
// the books to their signed checkpoints and the database to its guards.
func runVerify(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("verify")
	s := env.signingFlags(fs)
	all := fs.Bool("all", false, env.say("所有账套，并核对已签名的检查点和数据库防护", "every book, its signed checkpoints, and the guards of the database"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	s.fill(env)
	return env.asOwner(ctx, func(pool *pgxpool.Pool) error {
		var err error
		if *all {
			err = verifyAll(ctx, pool, s.public)
		} else {
			err = audit.VerifyBook(ctx, pool, env.Book, nil)
		}
		if errors.Is(err, audit.ErrNoBook) {
			return env.noBook()
		}
		if _, found := errors.AsType[*audit.Tampered](err); found || errors.Is(err, errGuards) {
			return &coded{exitDiverged, err}
		}
		if err == nil {
			fmt.Fprintln(env.Stdout, env.say("账簿完整：每条分录的哈希与树根一致", "the log is whole: every hash and the root agree"))
		}
		if err == nil && *all {
			var fingerprint string
			if fingerprint, err = audit.Fingerprint(ctx, pool); err == nil {
				fmt.Fprintln(env.Stdout, env.say("已签名的检查点和数据库防护一致，防护指纹：", "so do the signed checkpoints and the database's guards, whose fingerprint is"), fingerprint)
			}
		}
		return err
	})
}

// errGuards is a database whose guards are not those of our migrations.
var errGuards = errors.New("the guards of the database are not whole")

// verifyAll checks every stored byte of every book, and the guards.
func verifyAll(ctx context.Context, q audit.Querier, public string) error {
	if err := verifyBooks(ctx, q, public); err != nil {
		return err
	}
	differences, err := audit.CheckSchema(ctx, q)
	if err == nil && len(differences) > 0 {
		err = fmt.Errorf("%w: %s", errGuards, strings.Join(differences, "; "))
	}
	return err
}

// verifyBooks checks every stored byte of every book. The keys are those that the
// public folder names; a book that was never signed has none.
func verifyBooks(ctx context.Context, q audit.Querier, public string) error {
	books, err := audit.Books(ctx, q)
	if err != nil {
		return err
	}
	for _, book := range books {
		policy, err := signer.PublishedPolicy(tile.Dir(filepath.Join(public, book)))
		if err != nil {
			return err
		}
		if err := audit.VerifySigned(ctx, q, book, policy, nil); err != nil {
			return err
		}
	}
	return nil
}
