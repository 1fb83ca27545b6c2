package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
	"yilu/web"
)

// The states of a finding, in the order of how bad they are.
const (
	well = "ok"
	warn = "warn"
	fail = "fail"
)

// finding is one line of the doctor.
type finding struct {
	Check string `json:"check"`
	State string `json:"state"`
	// Found is what there is, Do what to do about it, "" for nothing.
	Found string `json:"found"`
	Do    string `json:"do,omitzero"`
	// texts are Found and Do in both languages.
	texts [2]ledger.Text
}

// doctor looks at all that the server stands on.
type doctor struct {
	env      *environment
	options  *serveOptions
	signing  *signing
	warning  *warning
	findings []finding
	// night is what a running server checks by itself, nil for the command.
	night *nightly
}

// say adds a finding in the user's language.
func (d *doctor) say(check, state string, found, do ledger.Text) {
	d.findings = append(d.findings, finding{check, state, d.env.say(found.Zh, found.En), d.env.say(do.Zh, do.En), [2]ledger.Text{found, do}})
}

// plain is a text that needs no translation.
func plain(format string, args ...any) ledger.Text {
	s := fmt.Sprintf(format, args...)
	return ledger.Text{Zh: s, En: s}
}

// failed adds that a check could not be made.
func (d *doctor) failed(check string, err error) {
	d.say(check, fail, plain("%v", err), ledger.Text{})
}

// runDoctor checks database, signer, disks, backups and settings, a line each. It
// changes nothing.
func runDoctor(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("doctor")
	d := &doctor{env: env, options: env.serveFlags(fs), signing: env.signingFlags(fs), warning: env.warningFlags(fs)}
	asJSON := fs.Bool("json", false, env.say("在标准输出写 JSON", "write JSON to stdout"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	d.signing.fill(env)
	if err := d.database(ctx); err != nil {
		d.say("database", fail, plain("%v", err), ledger.Text{Zh: "请先使数据库可用：yilu serve，或检查 YILU_DATABASE_URL", En: "make the database reachable first: yilu serve, or look at YILU_DATABASE_URL"})
	}
	d.disks()
	d.backups()
	d.secrets()
	d.settings()
	d.programs(ctx)
	return d.report(*asJSON)
}

// health are the checks that a running server repeats for the administrator's page: those
// that need no other rights than it has.
func (d doctor) health(ctx context.Context, q *pgxpool.Pool) (lines []web.HealthLine) {
	d.findings = nil
	d.server(ctx, q)
	d.clock(ctx, q)
	d.disks()
	d.backups()
	d.settings()
	if faults, n, known := d.night.documents(); known {
		d.sayDocuments(faults, n)
	}
	for _, f := range d.findings {
		lines = append(lines, web.HealthLine{Check: f.Check, State: f.State, Found: f.texts[0], Do: f.texts[1]})
	}
	return lines
}

// database runs the checks that ask PostgreSQL.
func (d *doctor) database(ctx context.Context) error {
	db, err := d.env.database(ctx)
	if err != nil {
		return err
	}
	err = withPool(ctx, db.owner, func(owner *pgxpool.Pool) error {
		return withPool(ctx, db.service, func(service *pgxpool.Pool) error {
			d.server(ctx, owner)
			d.clock(ctx, owner)
			if d.schema(ctx, service) {
				d.rights(ctx, service)
				d.guards(ctx, owner)
				d.logs(ctx, service)
				d.documents(ctx, service)
				d.uploads(ctx, service)
			}
			return nil
		})
	})
	return errors.Join(err, db.stop())
}

// withPool calls do with a pool on a database that answers.
func withPool(ctx context.Context, url string, do func(*pgxpool.Pool) error) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return fmt.Errorf("open pool: %w", err)
	}
	defer pool.Close()
	if err := pool.Ping(ctx); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return do(pool)
}

// report writes the findings. A fail gives an exit code of its own.
func (d *doctor) report(asJSON bool) error {
	rank := map[string]int{well: 0, warn: 1, fail: 2}
	worst, counts := well, map[string]int{}
	for _, f := range d.findings {
		counts[f.State]++
		if cmp.Compare(rank[f.State], rank[worst]) > 0 {
			worst = f.State
		}
	}
	if asJSON {
		err := json.MarshalWrite(d.env.Stdout, struct {
			State  string    `json:"state"`
			Checks []finding `json:"checks"`
		}{worst, d.findings}, jsontext.WithIndent(" "))
		if err != nil {
			return err
		}
	} else {
		for _, f := range d.findings {
			line := fmt.Sprintf("%-4s  %-20s %s", f.State, f.Check, f.Found)
			if f.Do != "" {
				line += " → " + f.Do
			}
			fmt.Fprintln(d.env.Stdout, line)
		}
		fmt.Fprintf(d.env.Stdout, d.env.say("%d 项正常，%d 项提醒，%d 项不合格\n", "%d ok, %d warn, %d fail\n"), counts[well], counts[warn], counts[fail])
	}
	if worst == fail {
		return &coded{exitDiverged, nil}
	}
	return nil
}
