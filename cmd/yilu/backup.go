package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"

	"yilu/audit"
	"yilu/audit/durable"
	"yilu/ledger/document"
	"yilu/migrations"
	"yilu/migrations/pgserver"
)

// backupReserve is what a backup leaves free on its disk, in bytes.
const backupReserve = 128 << 20

// runBackup copies database and documents into a new folder, beside a working server too. The
// folder appears whole, under its name, or not at all.
func runBackup(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("backup")
	out := fs.String("out", "", env.say("备份目录，须不存在", "folder of the backup, which must not exist"))
	dump := fs.Bool("dump", false, env.say("只导出本库（pg_dump），不复制整个 PostgreSQL", "dump this database by pg_dump instead of copying the whole PostgreSQL"))
	asJSON := fs.Bool("json", false, env.say("在标准输出写清单 JSON", "write the manifest to stdout as JSON"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	if *out == "" {
		return &coded{exitUsage, errors.New(env.say("须给出备份目录：--out /backup/2026-11-29", "name the folder of the backup: --out /backup/2026-11-29"))}
	}
	target, err := filepath.Abs(*out)
	if err != nil {
		return fmt.Errorf("backup folder: %w", err)
	}
	if _, err := os.Lstat(target); !errors.Is(err, os.ErrNotExist) {
		return &coded{exitRefused, errors.Join(err, fmt.Errorf("%s %s", target, env.say("已存在；备份从不覆盖，请换一个目录", "is there already: a backup overwrites nothing, name another folder")))}
	}
	db, err := env.database(ctx)
	if err != nil {
		return err
	}
	m, err := env.backup(ctx, db.owner, target, *dump)
	if err = errors.Join(err, db.stop()); err != nil {
		return err
	}
	if *asJSON {
		return json.MarshalWrite(env.Stdout, m, jsontext.WithIndent(" "))
	}
	fmt.Fprintf(env.Stdout, env.say("备份完成并已核对：%s（%d 字节，%s）\n", "backed up and checked: %s (%d bytes, %s)\n"), target, m.Bytes, m.Method)
	fmt.Fprintf(env.Stdout, env.say("  附件 %d 个，待处理的上传 %d 个（%d 字节）\n", "  %d documents, %d uploads that wait (%d bytes)\n"), m.Files.Documents, m.Files.Uploads, m.Files.Bytes)
	for _, b := range m.Books {
		fmt.Fprintf(env.Stdout, env.say("  账套 %s：%s 条，树根 %s\n", "  book %s: %s entries, root %s\n"), b.Book, b.Size, b.Root)
	}
	return nil
}

// backup makes a backup at target, which does not exist.
func (env *environment) backup(ctx context.Context, url, target string, dump bool) (*manifest, error) {
	m, size, err := describe(ctx, url, dump)
	if err != nil {
		return nil, err
	}
	parent := filepath.Dir(target)
	if err := durable.MkdirAll(parent, 0o700); err != nil {
		return nil, err
	}
	documents, err := pgserver.FolderSize(filepath.Join(env.Data, filesFolder))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := env.enoughRoom(parent, size+documents); err != nil {
		return nil, err
	}
	// Beside the target, so that it takes its place by one rename.
	temp, err := os.MkdirTemp(parent, "."+filepath.Base(target)+".unfinished-")
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	err = env.fill(ctx, m, url, temp)
	if err == nil {
		if err = os.Rename(temp, target); err == nil {
			err = durable.SyncFolder(parent)
		}
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(temp))
	}
	fmt.Fprintln(env.Stderr, env.say("备份里没有密钥、签名状态和密封密钥，请另行保管："+"数据目录的 seal.secret 和 signer/（若不在别处）。没有 seal.secret，加密的个人信息无法打开。",
		"keys, the signer's state and the sealing secret are not in it. Keep these apart: seal.secret and signer/ of the data folder, if they are there. Without seal.secret sealed values cannot be opened."))
	return m, env.noteBackup(m, target)
}

// fill writes a backup into a folder that nobody takes for one yet.
func (env *environment) fill(ctx context.Context, m *manifest, url, temp string) error {
	if m.Method == byCopy {
		err := pgserver.BaseBackup(ctx, env.PGBin, url, m.place(temp), env.progress("backup"))
		if errors.Is(err, pgserver.ErrNoReplication) {
			fmt.Fprintln(env.Stderr, env.say("该数据库账号不能复制整个 PostgreSQL（无复制权限），改为只导出本库：不含角色和其他库。",
				"this login may not copy the whole PostgreSQL, so this database alone is dumped: without roles, and without other databases. "+err.Error()))
			m.Method = byDump
			err = os.RemoveAll(filepath.Join(temp, "postgres"))
		}
		if err != nil {
			return err
		}
	}
	if m.Method == byDump {
		if err := pgserver.Dump(ctx, env.PGBin, url, m.place(temp)); err != nil {
			return err
		}
		if err := syncFile(m.place(temp)); err != nil {
			return err
		}
	}
	if err := m.seal(temp); err != nil {
		return err
	}
	// After the database: a document is stored before its row, so none that the copy of
	// the database knows is missing.
	files, err := document.Copy(ctx, filepath.Join(env.Data, filesFolder), filepath.Join(temp, filesFolder))
	if err != nil {
		return err
	}
	for _, hash := range files.Damaged {
		fmt.Fprintf(env.Stderr, env.say("附件 %s 的内容与其哈希不符，未备份\n", "the bytes of document %s are not those of its hash: it is not in the backup\n"), hash)
	}
	m.Files = &files
	return m.write(temp)
}

// describe begins a manifest: what is committed now will be in the backup. size is
// what the database takes on its disk, in bytes.
func describe(ctx context.Context, url string, dump bool) (m *manifest, size int64, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, 0, fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	m = &manifest{Format: manifestFormat, Method: byCopy, MadeAt: time.Now().UTC().Format(time.RFC3339), Program: programVersion(), NotIn: notInBackup}
	if dump {
		m.Method = byDump
	}
	if m.Schema, err = migrations.Applied(ctx, conn); err != nil {
		return nil, 0, err
	}
	if m.Schema == 0 || m.Schema > migrations.Version() {
		return nil, 0, migrations.Check(ctx, conn) // what it is made of is not known
	}
	err = conn.QueryRow(ctx, `
		select current_setting('server_version'), current_database(),
			(select sum(pg_database_size(oid))::bigint from pg_database
			 where has_database_privilege(oid, 'connect') and (not $1 or datname = current_database()))`, dump).
		Scan(&m.Postgres, &m.Database, &size)
	if err != nil {
		return nil, 0, fmt.Errorf("read the database's size: %w", err)
	}
	if m.Guards, err = audit.Fingerprint(ctx, conn); err != nil {
		return nil, 0, err
	}
	m.Books, err = readBooks(ctx, conn)
	return m, size, err
}

// programVersion is the commit this program was built from.
func programVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return info.Main.Version
}

// enoughRoom refuses what will not fit, before anything is written.
func (env *environment) enoughRoom(dir string, size int64) error {
	free, _, err := diskSpace(dir)
	if err == nil && free < size+backupReserve {
		err = &coded{exitRefused, fmt.Errorf(env.say("%s 所在磁盘剩 %d MB，需要 %d MB（另留 %d MB）：请清理或换一个磁盘，未写入任何内容",
			"the disk of %s has %d MB free, %d MB are needed and %d MB stay free: make room or take another disk; nothing was written"),
			dir, free>>20, size>>20, backupReserve>>20)}
	}
	return err
}

// diskSpace is what an ordinary user may still write to the disk of a path, and the
// size of that disk, in bytes.
func diskSpace(path string) (free, of int64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, 0, fmt.Errorf("space on the disk of %s: %w", path, err)
	}
	return int64(s.Bavail) * s.Bsize, int64(s.Blocks) * s.Bsize, nil
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// lastBackup is the file last-backup.json of the data folder, for doctor and metrics.
type lastBackup struct {
	MadeAt string `json:"made_at"`
	Folder string `json:"folder"`
}

const lastBackupFile = "last-backup.json"

// noteBackup remembers when the data were last backed up, and where to.
func (env *environment) noteBackup(m *manifest, target string) error {
	text, err := json.Marshal(lastBackup{m.MadeAt, target})
	if err == nil {
		err = durable.MkdirAll(env.Data, 0o711)
	}
	if err == nil {
		err = durable.WriteFile(filepath.Join(env.Data, lastBackupFile), append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("the backup is whole, but the data folder cannot be told: %w", err)
	}
	return nil
}

// backedUp is when the data of a folder were last backed up, the zero time for never.
func backedUp(data string) (at time.Time, folder string, err error) {
	text, err := os.ReadFile(filepath.Join(data, lastBackupFile))
	if errors.Is(err, os.ErrNotExist) {
		return time.Time{}, "", nil
	}
	var last lastBackup
	if err == nil {
		err = json.Unmarshal(text, &last)
	}
	if err == nil {
		at, err = time.Parse(time.RFC3339, last.MadeAt)
	}
	if err != nil {
		return time.Time{}, "", fmt.Errorf("read %s: %w", lastBackupFile, err)
	}
	return at, last.Folder, nil
}
