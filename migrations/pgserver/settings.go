package pgserver

import (
	"context"
	"maps"
	"slices"
)

// ledgerSettings are for a ledger: what has been answered is on disk, and what
// is on disk can be checked. They are given on the command line, which no
// edited postgresql.conf and no ALTER SYSTEM overrides.
var ledgerSettings = map[string]string{
	"fsync":              "on",
	"full_page_writes":   "on",
	"synchronous_commit": "on",

	// Long, even checkpoints keep a burst of imports from stalling on them.
	"max_wal_size":                 "4GB",
	"checkpoint_timeout":           "15min",
	"checkpoint_completion_target": "0.9",
	"wal_compression":              "on",

	"shared_buffers":  "256MB",
	"max_connections": "60",
	// Our queries are short; compiling them costs more than it gives.
	"jit": "off",

	"listen_addresses":        "",
	"unix_socket_permissions": "0700",
	"port":                    port,
	"password_encryption":     "scram-sha-256",

	"timezone":     "UTC",
	"log_timezone": "UTC",
	"lc_messages":  "C", // blockedByPredecessor reads them

	// Our process takes the log from stderr. Statements and details may hold
	// personal data or a password and are left out.
	"log_destination":         "stderr",
	"logging_collector":       "off",
	"log_min_error_statement": "panic",
	"log_error_verbosity":     "terse",
}

// serverArguments is the command line of postgres.
func serverArguments(ctx context.Context, run runner, data, socketDir string, overrides map[string]string) []string {
	values := maps.Clone(ledgerSettings)
	values["unix_socket_directories"] = socketDir
	if run.hasLZ4(ctx, data) {
		values["wal_compression"] = "lz4"
	}
	maps.Copy(values, overrides)

	arguments := []string{"-D", data}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		arguments = append(arguments, "-c", name+"="+values[name])
	}
	return arguments
}

// hasLZ4 asks postgres to accept the value, since it depends on how it was
// built.
func (r runner) hasLZ4(ctx context.Context, data string) bool {
	return r.command(ctx, data, "postgres", "-D", data, "-c", "wal_compression=lz4", "-C", "wal_compression").Run() == nil
}
