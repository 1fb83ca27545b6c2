// Package pgserver runs PostgreSQL from the binaries the system has installed,
// so that Yilü is one program to start and one to stop.
//
// It is for the county that has no database administrator: nothing to
// configure, no network port, no default password. A Config.Dir holds all:
//
//	lock              flock'ed while a Server of any process uses the folder
//	pgdata/           the data directory, owned by the operating system user
//	                  that PostgreSQL runs as
//	owner.password    of the superuser yilu_admin, 0600, the caller's
//	service.password  of yilu_service, 0600, the caller's
//	socket/           0700, the only way in (elsewhere if its path is too long)
//
// What is guaranteed: two processes never share the folder; nothing that could
// be data is ever deleted or overwritten, whatever the folder holds;
// PostgreSQL stops cleanly when the caller stops or dies; after kill -9 of
// both, the next Start recovers.
//
// BaseBackup copies a working server, ours or a given one, and Adopt makes such a
// copy the data directory of a new folder.
//
// What is not: this is one server on one machine. Standbys, archiving and a
// second machine need a PostgreSQL that is administered, given by its URL.
package pgserver
