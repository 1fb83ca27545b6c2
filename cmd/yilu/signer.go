package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
	"yilu/migrations"
)

// signEvery is the time between two signatures, unless another is set.
const signEvery = 3 * time.Second

// signing are the settings of the signer, the same for serve and signer.
type signing struct {
	origin, key, state, public, witnesses string
	interval                              time.Duration
}

func (env *environment) signingFlags(fs *flag.FlagSet) *signing {
	s := &signing{}
	fs.StringVar(&s.origin, "origin", setting("YILU_ORIGIN", ""), env.say("公开日志的网址，不带 https://，定下后不能改；默认 localhost:8080/log/账套 (YILU_ORIGIN)", "URL of the public log without https://, never to change; localhost:8080/log/BOOK by default (YILU_ORIGIN)"))
	fs.StringVar(&s.key, "key", setting("YILU_SIGNER_KEY", ""), env.say("签名私钥文件，默认在数据目录 signer/账套/key；或 agent:SHA256:… 用 ssh-agent (YILU_SIGNER_KEY)", "file of the signing key, signer/BOOK/key in the data folder by default, or agent:SHA256:… for an ssh-agent (YILU_SIGNER_KEY)"))
	fs.StringVar(&s.state, "state", setting("YILU_SIGNER_STATE", ""), env.say("签名状态文件，默认在数据目录 signer/账套/state (YILU_SIGNER_STATE)", "file of the signer's state, signer/BOOK/state in the data folder by default (YILU_SIGNER_STATE)"))
	fs.StringVar(&s.public, "public", setting("YILU_PUBLIC", ""), env.say("公开文件目录，其下每账套一个，默认数据目录 public (YILU_PUBLIC)", "folder of the public files, one folder a book in it, public in the data folder by default (YILU_PUBLIC)"))
	fs.StringVar(&s.witnesses, "witness-policy", setting("YILU_WITNESS_POLICY", ""), env.say("见证策略文件；不给则不要见证（仅限演示）(YILU_WITNESS_POLICY)", "file of the witness policy; without one nobody is asked, for demonstrations only (YILU_WITNESS_POLICY)"))
	fs.DurationVar(&s.interval, "interval", signEvery, env.say("签名间隔", "time between two signatures"))
	return s
}

// fill puts in what is derived from other settings.
func (s *signing) fill(env *environment) {
	own := filepath.Join(env.Data, "signer", env.Book)
	s.origin = cmp.Or(s.origin, "localhost:8080/log/"+env.Book)
	s.key = cmp.Or(s.key, filepath.Join(own, "key"))
	s.state = cmp.Or(s.state, filepath.Join(own, "state"))
	s.public = cmp.Or(s.public, filepath.Join(env.Data, "public"))
}

// config reads the policy and the keys. Without keys it is fs.ErrNotExist.
func (s *signing) config(env *environment, pool *pgxpool.Pool, log *slog.Logger) (signer.Config, error) {
	c := s.keyless(env, pool, log)
	if s.witnesses != "" {
		policy, err := os.ReadFile(s.witnesses)
		if err != nil {
			return c, fmt.Errorf("witness policy: %w", err)
		}
		c.Witnesses = withoutLogs(string(policy))
	}
	var err error
	if fingerprint, ok := strings.CutPrefix(s.key, "agent:"); ok {
		var key signer.Key
		key, err = signer.AgentKey(s.origin, os.Getenv("SSH_AUTH_SOCK"), fingerprint)
		c.Keys = []signer.Key{key}
		return c, err
	}
	c.Keys, c.Old, err = signer.LoadKeys(s.key)
	return c, err
}

// withoutLogs drops the log lines of a policy, such as the published one: our own
// keys are known better from their files.
func withoutLogs(policy string) string {
	var b strings.Builder
	for line := range strings.Lines(policy) {
		if words := strings.Fields(line); len(words) == 0 || words[0] != "log" {
			b.WriteString(line)
		}
	}
	return b.String()
}

func (s *signing) keyless(env *environment, pool *pgxpool.Pool, log *slog.Logger) signer.Config {
	return signer.Config{
		Book: env.Book, Origin: s.origin, State: s.state, Public: tile.Dir(filepath.Join(s.public, env.Book)),
		Pool: pool, Witnesses: "quorum none\n", Now: time.Now, Log: log,
	}
}

// create makes the key and the state of a book that was never signed, and says by
// which key it can be checked.
func (s *signing) create(ctx context.Context, env *environment, pool *pgxpool.Pool) error {
	// The state comes last: once it is there the log has begun.
	c, err := s.config(env, pool, nil)
	key := signer.Key(nil)
	if err == nil {
		key = c.Keys[0]
	}
	if errors.Is(err, fs.ErrNotExist) {
		key, err = signer.CreateKey(s.key, s.origin)
	}
	if err == nil {
		err = signer.Init(ctx, s.keyless(env, pool, nil))
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "%s\n  %s\n", env.say("已建立账簿的签名公钥，请印发并交给见证方（私钥："+s.key+"）：", "made the log's key; print it and give it to the witnesses (private half: "+s.key+"):"), key.VerifierKey())
	return nil
}

// runSigner signs one book until it is told to stop, or does one of the rare acts
// in the life of a log.
func runSigner(ctx context.Context, env *environment, args []string) error {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "init":
			return initSigner(ctx, env, args[1:])
		case "rotate":
			return rotateKey(ctx, env, args[1:])
		case "retire":
			return retireKey(ctx, env, args[1:])
		case "sm2":
			return makeSM2Key(ctx, env, args[1:])
		case "recover":
			return recoverEntries(ctx, env, args[1:])
		}
		return &coded{exitUsage, fmt.Errorf("%s: yilu signer [init|rotate|retire|sm2|recover] --help", env.say("用法", "usage"))}
	}
	return env.withSigner(ctx, "signer", args, func(s *signing, pool *pgxpool.Pool) error {
		log := slog.New(slog.NewJSONHandler(env.Stderr, nil))
		c, err := s.config(env, pool, log)
		if err != nil {
			return err
		}
		worker, err := signer.Open(c)
		if err != nil {
			return err
		}
		defer worker.Close()
		worker.Run(ctx, s.interval, nil)
		if halt := worker.Halted(); halt != nil {
			return &coded{exitDiverged, errors.New(env.say(halt.Zh(), halt.Error()))}
		}
		return nil
	})
}

// withSigner parses a command line of the signer and opens its pool.
func (env *environment) withSigner(ctx context.Context, name string, args []string, do func(*signing, *pgxpool.Pool) error) error {
	fs := env.flags(name)
	s := env.signingFlags(fs)
	if err := env.parse(fs, args); err != nil {
		return err
	}
	s.fill(env)
	return env.appending(ctx, func(pool *pgxpool.Pool) error {
		if err := migrations.Check(ctx, pool); err != nil {
			return err
		}
		return do(s, pool)
	})
}

// initSigner is the explicit act that begins a log.
func initSigner(ctx context.Context, env *environment, args []string) error {
	return env.withSigner(ctx, "signer init", args, func(s *signing, pool *pgxpool.Pool) error {
		return s.create(ctx, env, pool)
	})
}

// recoverEntries brings back entries that were signed and published and are missing
// from the database: after an old backup was restored. Two persons have to agree.
func recoverEntries(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("signer recover")
	s := env.signingFlags(fs)
	var confirmed [2]string
	fs.StringVar(&confirmed[0], "first", "", env.say("第一人姓名或工号", "the first person who agrees"))
	fs.StringVar(&confirmed[1], "second", "", env.say("第二人姓名或工号", "the second person who agrees"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	if confirmed[0] == "" || confirmed[1] == "" || confirmed[0] == confirmed[1] {
		return &coded{exitUsage, errors.New(env.say("恢复须两人同意：--first 甲 --second 乙", "two persons have to agree: --first A --second B"))}
	}
	s.fill(env)
	return env.appending(ctx, func(pool *pgxpool.Pool) error {
		c, err := s.config(env, pool, slog.New(slog.NewJSONHandler(env.Stderr, nil)))
		if err != nil {
			return err
		}
		n, err := signer.Recover(ctx, c)
		if err != nil {
			return err
		}
		head, err := audit.ReadHead(ctx, pool, env.Book)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, env.say("已从公开分录包恢复 %d 条，账簿共 %d 条。加密的个人信息不在公开包里，须从备份找回。请运行 yilu rebuild --replace，再启动服务。\n",
			"%d entries are back from the public bundles, the book has %d. Sealed values are not in them: look for these in backups. Run yilu rebuild --replace, then start the server.\n"), n, head.Size)
		return nil
	})
}

// appending opens a pool that may append to the log, for the length of a call.
func (env *environment) appending(ctx context.Context, do func(*pgxpool.Pool) error) error {
	db, err := env.database(ctx)
	if err != nil {
		return err
	}
	pool, err := ledger.OpenPool(ctx, db.service, 4, 10*time.Minute)
	if err != nil {
		return errors.Join(err, db.stop())
	}
	err = do(pool)
	pool.Close()
	return errors.Join(err, db.stop())
}
