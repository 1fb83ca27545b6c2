package audit

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// schemaQuery lists everything that guards the log, a line for each, written so
// that the same migrations give the same lines on PostgreSQL 15 to 18.
//
//go:embed schema.sql
var schemaQuery string

// schemaWant is the listing that our migrations give.
//
//go:embed schema.txt
var schemaWant string

// readSchema lists the guards as they are.
func readSchema(ctx context.Context, q Querier) ([]string, error) {
	rows, err := q.Query(ctx, schemaQuery)
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return lines, nil
}

// Fingerprint is one value for all guards of the log: triggers and whether they
// are on, event triggers, rules, policies, constraints, functions, owners, rights,
// memberships, and tables that inherit. A watcher on another host keeps it and
// compares. Any role may read it.
func Fingerprint(ctx context.Context, q Querier) (string, error) {
	lines, err := readSchema(ctx, q)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:]), nil
}

// CheckSchema compares the guards with what our migrations make and names what is
// missing and what is not of ours; nothing means that they are whole. On a database
// that was migrated by somebody who is no superuser the event triggers are missing
// and the migrating role is a member of yilu_owner: there the guards are partial.
//
// See Partial.
//
// A superuser who changes guards can put them back before anybody looks. That he
// changed entries meanwhile shows elsewhere: see VerifyBook and the signer.
func CheckSchema(ctx context.Context, q Querier) ([]string, error) {
	have, err := readSchema(ctx, q)
	if err != nil {
		return nil, err
	}
	want := strings.Split(strings.TrimSpace(schemaWant), "\n")
	var differences []string
	for _, line := range want {
		if !slices.Contains(have, line) {
			differences = append(differences, "missing: "+line)
		}
	}
	for _, line := range have {
		if !slices.Contains(want, line) {
			differences = append(differences, "not of ours: "+line)
		}
	}
	return differences, nil
}

// Partial says whether all that differs is what a migration by somebody who is no
// superuser leaves out, on a rented PostgreSQL. Where a superuser migrates, such
// differences are as good as any other.
func Partial(differences []string) bool {
	leftOut := []string{
		"missing: event trigger ", "missing: function log.refuse_ddl() ", "not of ours: function log.refuse_ddl() ",
		"not of ours: member of yilu_", "not of ours: right on database: ",
	}
	return !slices.ContainsFunc(differences, func(d string) bool {
		return !slices.ContainsFunc(leftOut, func(prefix string) bool { return strings.HasPrefix(d, prefix) })
	})
}
