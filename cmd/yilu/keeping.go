package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit/proof"
	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
)

// submit submits one entry for a second person to approve.
func (a *acting) submit(ctx context.Context, env *environment, title string, kind ledger.Kind, body ledger.Body) error {
	by, on, err := a.by(env, ledger.Maker)
	if err != nil {
		return err
	}
	l, closeLedger, err := env.openBook(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	id := "cli-" + rand.Text()
	draft := ledger.Draft{ID: id + "-1", Kind: kind, On: on, By: by, Corrects: ledger.None, Body: body}
	if _, err = l.Submit(ctx, ledger.Book(env.Book), id, ledger.SubmissionMade{Submission: id, Title: title}, []ledger.Draft{draft}); err != nil {
		return refusedPost(env, env.settled(l, id, err))
	}
	sub, err := l.Submission(ctx, ledger.Book(env.Book), id)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, env.say("已提交，待第二人审批：\n  yilu approve %s --hash %s --book %s --user 乙 --unit …\n", "submitted, for a second person to approve:\n  yilu approve %s --hash %s --book %s --user B --unit …\n"), id, sub.ContentHash, env.Book)
	return nil
}

// rotateKey makes the next key and announces it by an entry.
func rotateKey(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("signer rotate")
	s := env.signingFlags(fs)
	a := &acting{}
	a.flags(fs, env)
	until := fs.String("until", "", env.say("新旧公钥并行签名至哪一天", "last day on which both keys sign"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	s.fill(env)
	if *until == "" {
		return &coded{exitUsage, errors.New(env.say("须指明新旧公钥并行到哪一天：--until", "say until which day both keys sign: --until"))}
	}
	day, err := env.day("until", *until, "")
	if err != nil {
		return err
	}
	old, err := signer.LoadKey(s.key)
	if err != nil {
		return err
	}
	if _, _, err := a.by(env, ledger.Maker); err != nil {
		return err // before a key is made
	}
	next, err := signer.NextKey(s.key, s.origin)
	if err != nil {
		return err
	}
	err = a.submit(ctx, env, "更换签名公钥", "key.rotated", &ledger.KeyRotated{Next: next.VerifierKey(), Old: old.VerifierKey(), Until: day})
	if err == nil {
		fmt.Fprintf(env.Stdout, env.say("新公钥：%s\n审批后重启签名程序，两把钥匙一同签名；到期后停下它，运行 yilu signer retire。\n", "the next key: %s\nOnce approved, restart the signer: both sign then. After the day stop it and run yilu signer retire.\n"), next.VerifierKey())
	}
	return err
}

// retireKey drops the old key at the end of the overlap.
func retireKey(ctx context.Context, env *environment, args []string) error {
	return env.withSigner(ctx, "signer retire", args, func(s *signing, pool *pgxpool.Pool) error {
		c, err := s.config(env, pool, nil)
		if err != nil {
			return err
		}
		if err := signer.Retire(c, s.key); err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "%s\n  %s\n", env.say("现在只用新公钥签名：", "signed by the next key alone from now on:"), c.Keys[1].VerifierKey())
		return nil
	})
}

// makeSM2Key makes an SM2 key that signs beside the Ed25519 key.
func makeSM2Key(ctx context.Context, env *environment, args []string) error {
	return env.withSigner(ctx, "signer sm2", args, func(s *signing, _ *pgxpool.Pool) error {
		key, err := signer.CreateSM2Key(s.key, s.origin)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "%s\n  %s\n", env.say("签名程序重启后另加国密签名，公钥：", "the signer adds an SM2 signature from its next start on, by the key:"), key.VerifierKey())
		return nil
	})
}

// sealedField reads a command line of flags and SEQ FIELD.
func (env *environment) sealedField(fs *flag.FlagSet, args []string) (seq uint64, field string, err error) {
	word, err := env.words(fs, args, 2)
	if err != nil {
		return 0, "", err
	}
	if seq, err = proof.ParseSeq(word[0]); err != nil {
		return 0, "", &coded{exitUsage, fmt.Errorf(env.say("%s 不是分录号", "%s is not the number of an entry"), word[0])}
	}
	return seq, word[1], nil
}

// runErase submits the lawful erasure of one private value. It goes when a second
// person approves.
func runErase(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("erase")
	a := &acting{}
	a.flags(fs, env)
	ground := fs.String("ground", "", env.say("依据：purpose 目的已实现、retention 期满、withdrawn 撤回同意、unlawful 违法、order 法院或机关决定", "ground: purpose, retention, withdrawn, unlawful or order"))
	seq, field, err := env.sealedField(fs, args)
	if err != nil {
		return err
	}
	err = a.submit(ctx, env, "依法删除个人信息", "seal.erased", &ledger.SealErased{Entry: ledger.Count(seq), Field: field, Ground: *ground})
	if err == nil {
		fmt.Fprintln(env.Stdout, env.say("审批后即删除；旧备份在过期前仍含该值。", "it is gone once approved; old backups hold it until they expire."))
	}
	return err
}

// disclosure is one private value for one auditor. With the proof beside it, it can
// be checked without asking us: see yilu-verify.
type disclosure struct {
	Book  string `json:"book"`
	Seq   string `json:"seq"`
	Name  string `json:"name"`
	Value string `json:"value"`
	Salt  string `json:"salt"`
}

// runDisclose opens one private value to one auditor: it records that, then writes
// the value, the entry and the entry's proof as files that only their owner can
// read.
func runDisclose(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("disclose")
	s := env.signingFlags(fs)
	a := &acting{}
	a.flags(fs, env)
	to := fs.String("to", "", env.say("披露给哪个单位", "the office it is opened to"))
	folder := fs.String("o", ".", env.say("写入的目录", "folder to write to"))
	seq, field, err := env.sealedField(fs, args)
	if err != nil {
		return err
	}
	s.fill(env)
	by, on, err := a.by(env, ledger.Maker)
	if err != nil {
		return err
	}
	l, closeLedger, err := env.openBook(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	opened, err := l.Sealer.Open(ctx, l.Pool, env.Book, seq)
	if errors.Is(err, pgx.ErrNoRows) {
		return &coded{exitRefused, fmt.Errorf("%s %d", env.say("账套没有这条分录：", "the book has no entry"), seq)}
	}
	if err != nil {
		return err
	}
	value, ok := opened[field]
	if !ok {
		return &coded{exitRefused, fmt.Errorf("%s %s", env.say("该分录没有这个字段，或已依法删除：", "the entry has no such value, or it was erased:"), field)}
	}
	entry, err := tile.Dir(filepath.Join(s.public, env.Book)).Prove(seq)
	if errors.Is(err, tile.ErrUnpublished) {
		return errors.New(env.say("该分录尚未签名，请过几秒再试", "the entry is not signed yet: try again in a few seconds"))
	}
	if err != nil {
		return err
	}
	// Before it is on the record: what nobody gets to see is not disclosed.
	if err := writable(*folder); err != nil {
		return &coded{exitRefused, fmt.Errorf("-o: %w", err)}
	}
	// Ctrl-C waits: what is on the record is opened, too.
	_, err = l.Post(context.WithoutCancel(ctx), ledger.Book(env.Book), ledger.Draft{ID: "cli-" + rand.Text(), Kind: "seal.disclosed", On: on, By: by, Corrects: ledger.None,
		Body: &ledger.SealDisclosed{Entry: ledger.Count(seq), Field: field, To: *to}})
	if err != nil {
		return refusedPost(env, err)
	}
	text, err := json.Marshal(disclosure{env.Book, strconv.FormatUint(seq, 10), field, value.Value, base64.StdEncoding.EncodeToString(value.Salt[:])}, jsontext.WithIndent(" "))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%d", env.Book, seq)
	for file, b := range map[string][]byte{name + ".json": entry.Leaf, name + ".tlog-proof": entry.Text(), name + "-" + field + ".disclosure.json": append(text, '\n')} {
		path := filepath.Join(*folder, file)
		if err := writeFile(path, func(f *os.File) error { _, err := f.Write(b); return err }); err != nil {
			return err
		}
		fmt.Fprintln(env.Stdout, path)
	}
	return nil
}

// writable says whether a file can be made in a folder.
func writable(folder string) error {
	f, err := os.CreateTemp(folder, ".yilu-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
