package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/audit"
)

// Record is the newest version of one object of a published process.
type Record struct {
	Key      string `db:"record" json:"-"`
	Process  string `db:"process" json:"process"`
	Kind     Kind   `db:"kind" json:"kind"`
	Object   string `db:"object" json:"object"`
	Released Moment `db:"released" json:"released"`
	// Digest is RecordDigest of its body.
	Digest  string `db:"digest" json:"digest"`
	Version int64  `db:"version" json:"version"`
	Seq     Seq    `db:"seq" json:"seq"`
}

func (r Record) key() string { return r.Key }

// RecordDigest tells whether a record says something new: it is over the body
// without its version and release. Bodies of other kinds have none.
func RecordDigest(b Body) string {
	if _, ok := b.(record); !ok {
		return ""
	}
	raw, err := EncodeBody(b)
	if err == nil {
		raw, err = audit.Canonical(raw)
	}
	members := map[string]jsontext.Value{}
	if err == nil {
		err = json.Unmarshal(raw, &members)
	}
	delete(members, "version")
	delete(members, "released")
	if err == nil {
		raw, err = json.Marshal(members, json.Deterministic(true))
	}
	if err != nil {
		return "" // nothing that could be entered; the checks say why
	}
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// Records returns what the book holds of some published processes, by process,
// kind and object.
func (l *Ledger) Records(ctx context.Context, book Book, processes ...string) ([]Record, error) {
	return collect[Record](ctx, l.Read, "records of processes", `
		select v.record, v.process, v.kind, v.object, v.released, v.digest, v.version, v.seq
		from unnest($2::text[]) as w(wanted)
		cross join lateral (
			select record, process, kind, object, released, digest, version, seq from proj.record
			where process = w.wanted and book = $1
		) v
		order by v.process, v.kind, v.object`, book, processes)
}
