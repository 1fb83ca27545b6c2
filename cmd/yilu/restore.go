package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/audit/durable"
	"yilu/ledger/document"
	"yilu/migrations"
	"yilu/migrations/pgserver"
)

// filesSince is the migration that knows documents.
const filesSince = 18

// restoring is a restore under way.
type restoring struct {
	env      *environment
	manifest *manifest
	from     string
	// folder is where PostgreSQL is made ready, beside its place.
	folder string
	note   *restored
}

// restoreReport is what a restore says.
type restoreReport struct {
	From  string        `json:"from"`
	Data  string        `json:"data"`
	Books []restoreBook `json:"books"`
	// Files is what came back of documents and uploads, nil for a backup without any.
	Files *document.Copied `json:"files,omitzero"`
	// Lost are documents that the database knows and that are not there, or not as they
	// were handed in.
	Lost []document.Fault `json:"lost,omitzero"`
	// Guards are differences between the database's guards and our migrations'.
	Guards  []string `json:"guards,omitzero"`
	Seconds float64  `json:"seconds"`
}

// restoreBook is one book: what it has, and what was published of it.
type restoreBook struct {
	Book     string `json:"book"`
	Restored string `json:"restored"`
	// Published is "" when neither state nor public files were found.
	Published string `json:"published,omitzero"`
	// Held says that nothing may be entered before what is missing is back.
	Held bool `json:"held"`
}

// runRestore makes a backup the database of a data folder that has none.
func runRestore(ctx context.Context, env *environment, args []string) error {
	if len(args) > 0 && args[0] == "confirm" {
		return confirmRestored(ctx, env, args[1:])
	}
	begun := time.Now()
	fs := env.flags("restore")
	s := env.signingFlags(fs)
	from := fs.String("from", "", env.say("备份目录", "folder of the backup"))
	asJSON := fs.Bool("json", false, env.say("在标准输出写 JSON", "write JSON to stdout"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	s.fill(env)
	if *from == "" {
		return &coded{exitUsage, errors.New(env.say("须给出备份目录：--from /backup/2026-11-29 --data 新目录", "name the backup and a new folder: --from /backup/2026-11-29 --data NEW"))}
	}
	if env.DatabaseURL != "" {
		return &coded{exitUsage, errors.New(env.say("恢复到自带的 PostgreSQL：请取消 YILU_DATABASE_URL，恢复后再迁移", "a restore makes our own PostgreSQL: unset YILU_DATABASE_URL"))}
	}
	place, err := filepath.Abs(*from)
	if err != nil {
		return fmt.Errorf("backup folder: %w", err)
	}
	r := &restoring{env: env, from: place, note: &restored{At: begun.UTC().Format(time.RFC3339), From: place, Books: map[string]string{}}}
	if err := r.prepare(); err != nil {
		return err
	}
	report, err := r.run(ctx, s)
	if err != nil {
		return errors.Join(err, os.RemoveAll(r.folder))
	}
	report.Seconds = time.Since(begun).Seconds()
	if *asJSON {
		return json.MarshalWrite(env.Stdout, report, jsontext.WithIndent(" "))
	}
	report.print(env)
	return nil
}

// prepare refuses what cannot become a restore, then marks the data folder as half
// of one.
func (r *restoring) prepare() (err error) {
	data, err := filepath.Abs(r.env.Data)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if r.manifest, err = readManifest(r.from); err != nil {
		return &coded{exitRefused, err}
	}
	if r.manifest.Schema > migrations.Version() {
		return &coded{exitRefused, fmt.Errorf("the backup's schema is at %d, this program knows %d: use the newer program", r.manifest.Schema, migrations.Version())}
	}
	place := filepath.Join(data, "postgres")
	if _, err := os.Lstat(place); !errors.Is(err, os.ErrNotExist) {
		return &coded{exitRefused, errors.Join(err, fmt.Errorf("%s %s", place, r.env.say("已存在；恢复从不覆盖，请用新的数据目录", "is there already: a restore overwrites nothing, take a new data folder")))}
	}
	size := r.manifest.Bytes
	if r.manifest.Files != nil {
		if err := r.manifest.Files.Verify(filepath.Join(r.from, filesFolder)); err != nil {
			return &coded{exitRefused, err}
		}
		size += r.manifest.Files.Bytes
	}
	// Passable for PostgreSQL's user, like all that serve makes.
	if err := durable.MkdirAll(data, 0o711); err != nil {
		return err
	}
	if err := r.env.enoughRoom(data, size); err != nil {
		return err
	}
	if err := r.note.write(data); err != nil {
		return err
	}
	if r.folder, err = os.MkdirTemp(data, ".restore-"); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return os.Chmod(r.folder, 0o711)
}

// run restores, checks every entry, and puts PostgreSQL in its place.
func (r *restoring) run(ctx context.Context, s *signing) (*restoreReport, error) {
	config := pgserver.Config{Dir: r.folder, BinDir: r.env.PGBin, User: r.env.PGUser}
	if r.manifest.Method == byCopy {
		place := r.manifest.place(r.from)
		if err := pgserver.VerifyBackup(ctx, r.env.PGBin, place); err != nil {
			return nil, &coded{exitRefused, err}
		}
		if err := pgserver.Adopt(ctx, config, place, r.manifest.Database, r.env.progress("restore")); err != nil {
			return nil, err
		}
	}
	if err := r.putBackFiles(); err != nil {
		return nil, err
	}
	server, err := pgserver.Start(ctx, config)
	if err != nil {
		return nil, err
	}
	if r.manifest.Method == byDump {
		err = r.load(ctx, server)
	}
	var report *restoreReport
	if err == nil {
		report, err = r.check(ctx, s, server.OwnerURL("yilu"))
	}
	if err = errors.Join(err, server.Stop()); err != nil {
		return nil, err
	}
	if err := os.Rename(r.folder, filepath.Join(report.Data, "postgres")); err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	if err := durable.SyncFolder(report.Data); err != nil {
		return nil, err
	}
	r.note.Whole = true
	return report, r.note.write(report.Data)
}

// putBackFiles puts documents and uploads into the data folder. They stand under hashes
// and random names: what is there already is the same.
func (r *restoring) putBackFiles() error {
	if r.manifest.Files == nil {
		return nil
	}
	return r.manifest.Files.Restore(filepath.Join(r.from, filesFolder), filepath.Join(r.env.Data, filesFolder))
}

// load makes the roles that a dump does not have, by the migrations, and loads it
// into a fresh database.
func (r *restoring) load(ctx context.Context, server *pgserver.Server) error {
	if err := migrations.Up(ctx, server.OwnerURL("yilu")); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, server.OwnerURL("postgres"))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	// Rights on a database are not in a dump of it: as 00001 and 00005 grant them.
	for _, sql := range []string{
		`drop database yilu`, `create database yilu template template0`, `revoke all on database yilu from public`,
		`grant connect on database yilu to yilu_service, yilu_signer`, `grant create on database yilu to yilu_owner`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("make the database anew: %w", err)
		}
	}
	return pgserver.LoadDump(ctx, r.env.PGBin, server.OwnerURL("yilu"), r.manifest.place(r.from))
}

// check recomputes every hash of every book, and holds the books to the manifest and
// to what was published of them.
func (r *restoring) check(ctx context.Context, s *signing, url string) (*restoreReport, error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("open pool: %w", err)
	}
	defer pool.Close()
	for _, b := range r.manifest.Books {
		if err := b.holds(ctx, pool); err != nil {
			return nil, &coded{exitDiverged, err}
		}
	}
	books, err := readBooks(ctx, pool)
	if err != nil {
		return nil, err
	}
	data, err := filepath.Abs(r.env.Data)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	report := &restoreReport{From: r.from, Data: data, Files: r.manifest.Files}
	if r.manifest.Schema >= filesSince {
		if report.Lost, _, err = document.Check(ctx, pool, filepath.Join(data, filesFolder)); err != nil {
			return nil, err
		}
	}
	for _, b := range books {
		head, err := audit.ReadHead(ctx, pool, b.Book)
		if err != nil {
			return nil, err
		}
		if head.Size > 0 {
			bar := r.env.progress("verify " + b.Book)
			if err := audit.VerifyBook(ctx, pool, b.Book, func(n uint64) { bar(int64(min(n, head.Size-1)), int64(head.Size)) }); err != nil {
				return nil, &coded{exitDiverged, err}
			}
			bar(int64(head.Size), int64(head.Size))
		}
		size, known, err := s.published(r.env, b.Book)
		if err != nil {
			return nil, err
		}
		found := restoreBook{Book: b.Book, Restored: b.Size, Held: head.Size < size || !known}
		if known {
			found.Published = fmt.Sprint(size)
		}
		report.Books = append(report.Books, found)
		r.note.Books[b.Book] = b.Size
	}
	if r.manifest.Schema == migrations.Version() {
		report.Guards, err = audit.CheckSchema(ctx, pool)
	}
	return report, err
}

// print says what was restored and what is to do before the server may start.
func (p *restoreReport) print(env *environment) {
	fmt.Fprintf(env.Stdout, env.say("已恢复到 %s，逐条核对完毕（%.0f 秒）。\n", "restored into %s, every entry checked (%.0f s).\n"), p.Data, p.Seconds)
	for _, b := range p.Books {
		switch {
		case b.Published == "":
			fmt.Fprintf(env.Stdout, env.say("  账套 %s：恢复到 %s 条；不知对外公布到第几条。请把 seal.secret、signer/、public/ 放回数据目录，否则不能记账。\n",
				"  book %s: restored to %s, what was published is not known. Put seal.secret, signer/ and public/ back into the data folder: nothing may be entered before.\n"), b.Book, b.Restored)
		case b.Held:
			fmt.Fprintf(env.Stdout, env.say("  账套 %s：恢复到 %s 条，已公布 %s 条。只读，直到运行 yilu signer recover。\n",
				"  book %s: restored to %s, published %s. Read-only until yilu signer recover.\n"), b.Book, b.Restored, b.Published)
		default:
			fmt.Fprintf(env.Stdout, env.say("  账套 %s：恢复到 %s 条，已公布 %s 条，无缺失。\n", "  book %s: restored to %s, published %s, nothing is missing.\n"), b.Book, b.Restored, b.Published)
		}
	}
	p.printFiles(env)
	if len(p.Guards) > 0 {
		fmt.Fprintln(env.Stdout, env.say("  数据库防护与本程序的不同：", "  the guards of the database are not our migrations': ")+strings.Join(p.Guards, "; "))
	}
	missing := slices.Sorted(maps.Keys(p.absent()))
	if len(missing) > 0 {
		fmt.Fprintln(env.Stdout, env.say("  数据目录里还没有：", "  not in the data folder yet: ")+strings.Join(missing, ", "))
	}
}

// mostNamed is how many documents are named one by one.
const mostNamed = 20

// printFiles says what came back of documents.
func (p *restoreReport) printFiles(env *environment) {
	if p.Files == nil {
		fmt.Fprintln(env.Stdout, env.say("  此备份不含附件：请把旧数据目录的 files/ 放回。", "  this backup has no documents: put files/ of the old data folder back."))
	} else {
		fmt.Fprintf(env.Stdout, env.say("  附件 %d 个、待处理的上传 %d 个，逐个核对。\n", "  %d documents and %d uploads that wait, each checked.\n"), p.Files.Documents, p.Files.Uploads)
	}
	if len(p.Lost) > 0 {
		fmt.Fprintf(env.Stdout, env.say("  缺失或已改变的附件 %d 个：\n", "  %d documents are missing or changed:\n"), len(p.Lost))
	}
	for _, f := range p.Lost[:min(len(p.Lost), mostNamed)] {
		fmt.Fprintf(env.Stdout, "    %s %s\n", f.Hash, f.Name)
	}
}

// absent are the things of the old data folder that are not in the new one.
func (p *restoreReport) absent() map[string]bool {
	absent := map[string]bool{}
	for _, name := range []string{"seal.secret", "signer", "public"} {
		if _, err := os.Lstat(filepath.Join(p.Data, name)); err != nil {
			absent[name] = true
		}
	}
	return absent
}
