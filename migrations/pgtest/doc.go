// Package pgtest gives each test a migrated PostgreSQL database of its own.
//
// There are no mocks of the database: the guards that make the log append-only
// live there, and so do most of our invariants. A database made from a template
// costs some 50 ms, which buys tests that run in parallel and may do anything,
// also as superuser. What many tests of a package begin with is posted once and copied
// in the same way: Filled.
//
// All packages of one "go test ./..." share a throw-away cluster. Its pieces:
//
//	/tmp/yilu-pgtest-<uid>-<major>/
//	  users      every test process holds a shared flock on it while it lives
//	  keeper     the keeper holds an exclusive flock on it
//	  current    symlink to the running cluster's folder
//	/dev/shm/yilu-pgtest-<uid>-<major>/, or the folder above if memory has no room
//	  c-…/       a pgserver folder, new for every keeper
//
// The keeper is a detached copy of the first test binary: it starts PostgreSQL,
// and ends it and itself when nobody has held users for a while. Whatever is
// killed, the kernel drops its locks; the next test process starts a new keeper
// on a new folder, and never has to repair one. fsync is off in this cluster:
// tests of crashes use Durable.
//
// YILU_TEST_DATABASE_URL, a superuser's URL of a server without other use,
// replaces the shared cluster; YILU_PG_BIN chooses its binaries.
package pgtest
