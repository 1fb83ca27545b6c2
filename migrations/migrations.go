// Package migrations owns the shape of the database: numbered SQL files that
// are applied in order, each in one transaction, and never edited once landed.
//
// Migrations only go forward. Going back means restoring a backup, because a
// ledger whose rows may never be deleted has no honest "down". A file that has
// landed is protected by its checksum in checksums.txt: two databases that say
// they are at version 7 must have run the same bytes.
//
// Every migration runs as a user who owns the database, never as the server's
// own login yilu_service; tables belong to yilu_owner, who cannot log in. A
// migration therefore begins with "set local role yilu_owner" or ends with
// "alter table … owner to yilu_owner".
package migrations

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// versionTable is named with its schema so that no search_path can hide it.
const versionTable = "public.goose_db_version"

// ErrOlder says that the database still waits for migrations of this binary;
// running Up cures it.
var ErrOlder = errors.New("database schema is older than this program")

// ErrNewer says that a later binary has migrated the database. This one must
// not write to it, because it does not know what the newer tables promise.
var ErrNewer = errors.New("database schema is newer than this program")

// Up brings the database at ownerURL to Version. Several processes may call it
// at once: the first migrates while the others wait up to five minutes for its
// lock, then find nothing to do. The URL must lead straight to PostgreSQL, not
// through a pooler, since the lock belongs to one session.
func Up(ctx context.Context, ownerURL string) error {
	config, err := pgx.ParseConfig(ownerURL)
	if err != nil {
		return fmt.Errorf("migrate: read database url: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	db := stdlib.OpenDB(*config)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithTableName(versionTable),
		goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return errors.Join(fmt.Errorf("migrate: %w", err), db.Close())
	}
	_, err = provider.Up(ctx)
	if err := errors.Join(err, provider.Close()); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}

	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("migrate: connect for check: %w", err)
	}
	return errors.Join(Check(ctx, conn), conn.Close(context.WithoutCancel(ctx)))
}

// Version is the newest migration this binary carries.
func Version() int64 {
	names := names()
	number, _, _ := strings.Cut(names[len(names)-1], "_")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("migrations: file %s has no number", names[len(names)-1]))
	}
	return version
}

// Fingerprint changes whenever a byte of any migration does. It names the
// template databases of the tests, so that an edited schema is never tested
// through a stale template.
func Fingerprint() string {
	sum := sha256.New()
	for _, name := range names() {
		data, err := files.ReadFile(name)
		if err != nil {
			panic(err) // embedded: cannot be missing
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(data), data)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// names lists the embedded files in the order of their numbers.
func names() []string {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		panic(err) // the pattern is constant
	}
	return names
}

// Querier is what Check needs of a *pgx.Conn, a pool or a transaction.
type Querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Applied is the newest migration that a database has, 0 for none. It only reads,
// and yilu_service may run it.
func Applied(ctx context.Context, db Querier) (int64, error) {
	var have int64
	err := db.QueryRow(ctx, `select coalesce(max(version_id), 0) from public.goose_db_version where is_applied`).Scan(&have)
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && pgErr.Code == "42P01" {
		err = nil // no such table: never migrated
	}
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return have, nil
}

// Check compares the schema with the binary and returns nil, ErrOlder or
// ErrNewer, wrapped with both numbers. It only reads, and yilu_service may run
// it: the server asks before it becomes ready.
func Check(ctx context.Context, db Querier) error {
	have, err := Applied(ctx, db)
	switch want := Version(); {
	case err != nil:
		return err
	case have < want:
		return fmt.Errorf("%w: schema is at %d, program needs %d: run yilu migrate", ErrOlder, have, want)
	case have > want:
		return fmt.Errorf("%w: schema is at %d, program knows %d: use the newer program", ErrNewer, have, want)
	}
	return nil
}
