package ocds

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/go-json-experiment/json"

	"yilu/ledger"
)

// Publisher says who publishes which book, and how its processes are named.
type Publisher struct {
	Book ledger.Book
	// Prefix begins every ocid. A publisher gets its own from the Open Contracting
	// Partnership; until then DefaultPrefix says that it is none of theirs.
	Prefix string
	// Name is the publisher's, Payer who pays.
	Name, Payer string
	// Address is where the packages are found, such as
	// https://example.gov.cn/yilu/ocds; "" names them by a URN.
	Address string
	// Licence is the address of the licence, "" for none.
	Licence string
}

// DefaultPrefix begins ocids as long as no prefix is registered.
const DefaultPrefix = "ocds-unregistered"

// Kind is what a package holds.
type Kind string

// Releases tell what happened, one by one; records tell how things stand, with the
// releases behind that.
const (
	Releases Kind = "releases"
	Records  Kind = "records"
)

// extensions are those whose members are used.
var extensions = []string{
	"https://raw.githubusercontent.com/open-contracting-extensions/ocds_bid_extension/v1.1.5/extension.json",
	"https://raw.githubusercontent.com/open-contracting-extensions/ocds_budget_breakdown_extension/master/extension.json",
	"https://raw.githubusercontent.com/open-contracting-extensions/ocds_contract_completion_extension/master/extension.json",
}

// packageHead is what a package says before its releases or records.
type packageHead struct {
	URI        string        `json:"uri"`
	Version    string        `json:"version"`
	Extensions []string      `json:"extensions"`
	Published  string        `json:"publishedDate"`
	Publisher  packagePerson `json:"publisher"`
	License    string        `json:"license,omitzero"`
}

type packagePerson struct {
	Name string `json:"name"`
}

// record is a process in a package of records.
type record struct {
	OCID     string     `json:"ocid"`
	Releases []*Release `json:"releases"`
	Compiled *Release   `json:"compiledRelease"`
}

// Write writes one package: of a project, or of the whole book if project is "". It
// holds one project at a time in memory. The package is as of head, which it is
// dated by, and the same book gives the same bytes. The standard knows no empty
// package: without a tender or contract the error is ErrNotFound, and nothing is
// written.
func (p *Publisher) Write(ctx context.Context, w io.Writer, l *ledger.Ledger, head ledger.Head, kind Kind, project string) error {
	at := p.Address
	if at == "" {
		at = "urn:yilu:" + string(p.Book)
	}
	separator, name := "/", string(kind)
	if p.Address == "" {
		separator = ":"
	}
	if project != "" {
		name = project + separator + name
	}
	raw, err := json.Marshal(packageHead{
		URI: at + separator + name, Version: "1.1", Extensions: extensions, Published: head.At, Publisher: packagePerson{p.Name}, License: p.Licence,
	})
	if err != nil {
		return fmt.Errorf("write package: %w", err)
	}
	lead := fmt.Sprintf("%s,%q:[", raw[:len(raw)-1], string(kind))
	empty := true
	put := func(v any) error {
		raw, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("write package: %w", err)
		}
		_, err = io.WriteString(w, lead+string(raw))
		lead, empty = ",\n", false
		return err
	}
	for x, err := range p.all(ctx, l, project) {
		if err != nil {
			return err
		}
		if kind == Records {
			if err := put(record{x.OCID, x.Releases, x.Compiled}); err != nil {
				return err
			}
			continue
		}
		for _, r := range x.Releases {
			if err := put(r); err != nil {
				return err
			}
		}
	}
	if empty {
		return fmt.Errorf("%s: %w", kind, ledger.ErrNotFound)
	}
	_, err = io.WriteString(w, "]}\n") // no line is an object by itself: nobody takes it for JSON lines
	return err
}

// all reads the processes of a project, or of all.
func (p *Publisher) all(ctx context.Context, l *ledger.Ledger, project string) iter.Seq2[*Process, error] {
	return func(yield func(*Process, error) bool) {
		projects, next := []string{project}, ""
		for {
			if project == "" {
				var err error
				if projects, err = l.TenderedProjects(ctx, p.Book, next); err != nil {
					yield(nil, err)
					return
				}
			}
			for _, id := range projects {
				processes, err := p.Processes(ctx, l, id)
				if err != nil {
					yield(nil, err)
					return
				}
				for _, x := range processes {
					if !yield(x, nil) {
						return
					}
				}
				next = id
			}
			if project != "" || len(projects) < ledger.MaxPage {
				return
			}
		}
	}
}
