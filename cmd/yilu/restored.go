package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/audit"
	"yilu/audit/durable"
	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
)

// restored is the file restored.json of a data folder that a backup was restored
// into. Until it is released, nothing is entered unless it is known how much was
// published of each book: what is entered after an old backup would take numbers
// that published entries have.
type restored struct {
	At   string `json:"at"`
	From string `json:"from"`
	// Whole is set at the end: before, the folder is half a database.
	Whole bool `json:"whole"`
	// Books are the entries that each book had after the restore.
	Books map[string]string `json:"books"`
	// Released says by what it was found, or who agreed, that nothing is missing.
	Released string `json:"released,omitzero"`
}

func restoredPath(data string) string { return filepath.Join(data, "restored.json") }

// readRestored is nil for a folder that nothing was restored into.
func readRestored(data string) (*restored, error) {
	text, err := os.ReadFile(restoredPath(data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	r := &restored{}
	if err == nil {
		err = json.Unmarshal(text, r, json.RejectUnknownMembers(true))
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", restoredPath(data), err)
	}
	return r, nil
}

func (r *restored) write(data string) error {
	text, err := json.Marshal(r, jsontext.WithIndent(" "), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("write restored.json: %w", err)
	}
	return durable.WriteFile(restoredPath(data), append(text, '\n'), 0o644)
}

// published is how much of a book was given out, by the signer's state and the
// public checkpoint. It is not known when neither can be read.
func (s *signing) published(env *environment, book string) (size uint64, known bool, err error) {
	state := s.state
	if book != env.Book {
		state = filepath.Join(env.Data, "signer", book, "state")
	}
	signed, err := signer.SignedSize(state)
	switch {
	case err == nil:
		known = true
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission): // another user's signer
		return 0, false, err
	}
	public, err := tile.Dir(filepath.Join(s.public, book)).Size()
	if err != nil {
		return 0, false, err
	}
	return max(signed, public), known || public > 0, nil
}

// held says why nothing may be entered: a book has fewer entries than were signed or
// published of it, or was restored and nobody knows.
func (s *signing) held(ctx context.Context, env *environment, q audit.Querier) (ledger.Text, error) {
	books, err := audit.Books(ctx, q)
	if err != nil {
		return ledger.Text{}, err
	}
	r, err := readRestored(env.Data)
	if err != nil {
		return ledger.Text{}, err
	}
	for _, book := range books {
		size, known, err := s.published(env, book)
		if err != nil {
			return ledger.Text{}, err
		}
		head, err := audit.ReadHead(ctx, q, book)
		if err != nil {
			return ledger.Text{}, err
		}
		if head.Size < size {
			halt := &signer.Halt{Reason: signer.EntriesMissing, Book: book, Signed: size, Found: head.Size}
			return ledger.Text{Zh: halt.Zh(), En: halt.Error()}, nil
		}
		if known || r == nil || r.Released != "" {
			continue
		}
		note, err := audit.LastNote(ctx, q, book)
		if err != nil {
			return ledger.Text{}, err
		}
		if note.Size > 0 || book == env.Book { // another book that was never signed was never given out
			return unknownPublished(book, head.Size), nil
		}
	}
	return ledger.Text{}, nil
}

func unknownPublished(book string, size uint64) ledger.Text {
	return ledger.Text{
		Zh: fmt.Sprintf("账套 %s 由备份恢复，共 %d 条；不知道对外公布到第几条，现已停止记账。请放回签名状态（signer/）或公开文件（public/），都没有时由两人确认：yilu restore confirm --first 甲 --second 乙", book, size),
		En: fmt.Sprintf("book %s was restored to %d entries and nobody knows how many were published. Nothing may be entered. Put the signer's state (signer/) or the public files (public/) back; if there are none, two persons confirm: yilu restore confirm --first A --second B", book, size),
	}
}

// release ends the watch over a restored folder once it is known that nothing is
// missing. worker may be nil: then the witnesses are asked by the signer apart.
func (s *signing) release(ctx context.Context, env *environment, worker *signer.Signer, log *slog.Logger) error {
	r, err := readRestored(env.Data)
	if err != nil || r == nil || r.Released != "" {
		return err
	}
	found := "the signer's state or the public checkpoint has no more"
	if worker != nil {
		answered, of, err := worker.AskAhead(ctx)
		if err != nil {
			return err
		}
		if answered < of {
			log.WarnContext(ctx, "restored: not every witness says how much it has cosigned, they are asked again at the next start", "answered", answered, "of", of)
			return nil
		}
		found += fmt.Sprintf(", nor have %d witnesses", of)
	}
	r.Released = time.Now().UTC().Format(time.RFC3339) + " " + found
	return r.write(env.Data)
}

// confirmRestored releases a restored folder by the word of two persons, where
// neither signer state nor public files are left.
func confirmRestored(_ context.Context, env *environment, args []string) error {
	fs := env.flags("restore confirm")
	first := fs.String("first", "", env.say("第一人姓名或工号", "the first person who agrees"))
	second := fs.String("second", "", env.say("第二人姓名或工号", "the second person who agrees"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	if *first == "" || *second == "" || *first == *second {
		return &coded{exitUsage, errors.New(env.say("须两人同意：--first 甲 --second 乙", "two persons have to agree: --first A --second B"))}
	}
	r, err := readRestored(env.Data)
	if err != nil {
		return err
	}
	if r == nil || !r.Whole {
		return &coded{exitRefused, fmt.Errorf("%s: %s", env.Data, env.say("这个数据目录没有恢复完成的备份", "no backup was restored into this data folder to its end"))}
	}
	if r.Released == "" {
		r.Released = time.Now().UTC().Format(time.RFC3339) + " " + *first + ", " + *second
		if err := r.write(env.Data); err != nil {
			return err
		}
	}
	fmt.Fprintln(env.Stdout, env.say("已确认：", "confirmed: ")+r.Released)
	return nil
}
