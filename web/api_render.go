package web

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/ledger"
)

// rendering says how the ledger's values look in answers: every answer goes
// through it, so that no handler can forget what is private.
//
// Seqs are numbers, null where there is none. Amounts are strings of yuan, as
// everywhere. The keys of private payees are left out: they are tokens that
// link one person's payments, and nobody's business.
var rendering = json.JoinOptions(json.Deterministic(true), json.WithMarshalers(json.JoinMarshalers(
	json.MarshalToFunc(func(e *jsontext.Encoder, q ledger.Seq) error {
		if q == ledger.None {
			return e.WriteToken(jsontext.Null)
		}
		return e.WriteToken(jsontext.Int(int64(q)))
	}),
	json.MarshalToFunc(func(e *jsontext.Encoder, p ledger.Payment) error {
		type open ledger.Payment
		if isPrivate(p.Payee) {
			p.Payee, p.PayeeName = "", ""
		}
		return json.MarshalEncode(e, open(p))
	}),
	json.MarshalToFunc(func(e *jsontext.Encoder, p ledger.Share) error {
		type open ledger.Share
		if isPrivate(p.Payee) {
			p.Payee, p.PayeeName = "", ""
		}
		return json.MarshalEncode(e, open(p))
	}),
	json.MarshalToFunc(func(e *jsontext.Encoder, p ledger.Payee) error {
		type open ledger.Payee
		if isPrivate(p.Payee) {
			p.Payee, p.Name = "", ""
		}
		return json.MarshalEncode(e, open(p))
	}),
	json.MarshalToFunc(func(e *jsontext.Encoder, t time.Time) error { return e.WriteToken(jsontext.String(instant(t))) }),
	json.MarshalToFunc(renderEntry),
	json.MarshalToFunc(renderHead),
	json.MarshalToFunc(renderReceipt),
	json.MarshalToFunc(renderSpec),
)))

// privatePayee begins the keys of private persons.
const privatePayee = "p-"

func isPrivate(payee string) bool { return strings.HasPrefix(payee, privatePayee) }

// instantForm is how the log writes instants.
const instantForm = "2006-01-02T15:04:05.000000Z"

func instant(t time.Time) string { return t.UTC().Format(instantForm) }

// renderedEntry is an entry with the names of its sealed fields. Their values
// are not in an Entry that was read, their commitments are in the leaf.
type renderedEntry struct {
	Seq      ledger.Seq     `json:"seq"`
	ID       string         `json:"id"`
	Kind     ledger.Kind    `json:"kind"`
	On       ledger.Date    `json:"on"`
	At       string         `json:"at"`
	By       ledger.By      `json:"by"`
	Corrects ledger.Seq     `json:"corrects"`
	Body     jsontext.Value `json:"body"`
	Sealed   []string       `json:"sealed"`
	Hash     [32]byte       `json:"hash"`
	LeafHash [32]byte       `json:"leaf_hash"`
}

func renderEntry(e *jsontext.Encoder, x *ledger.Entry) error {
	body, err := ledger.EncodeBody(x.Body)
	if err != nil {
		return err
	}
	return json.MarshalEncode(e, renderedEntry{x.Seq, x.ID, x.Kind, x.On, instant(x.At), x.By, x.Corrects, body, slices.Sorted(maps.Keys(x.Commitments)), x.Hash, x.LeafHash})
}

// renderedHead shows the root, which pages do not.
type renderedHead struct {
	Book ledger.Book `json:"book"`
	Size int64       `json:"size"`
	Root [32]byte    `json:"root"`
	At   string      `json:"at"`
}

func renderHead(e *jsontext.Encoder, h ledger.Head) error {
	return json.MarshalEncode(e, renderedHead{h.Book, h.Size, h.Root, h.At})
}

// renderedReceipt names the members of a receipt.
type renderedReceipt struct {
	ID       string     `json:"id"`
	Seq      ledger.Seq `json:"seq"`
	At       string     `json:"at"`
	Hash     [32]byte   `json:"hash"`
	LeafHash [32]byte   `json:"leaf_hash"`
	Repeated bool       `json:"repeated"`
}

func renderReceipt(e *jsontext.Encoder, r ledger.Receipt) error {
	return json.MarshalEncode(e, renderedReceipt{r.ID, r.Seq, instant(r.At), r.Hash, r.LeafHash, r.Repeated})
}

// renderedSpec is what a form must know of a kind.
type renderedSpec struct {
	Kind       ledger.Kind   `json:"kind"`
	Stage      ledger.Stage  `json:"stage"`
	Zh         string        `json:"zh"`
	En         string        `json:"en"`
	TwoPersons bool          `json:"two_persons"`
	Roles      []ledger.Role `json:"roles"`
	Sealed     []string      `json:"sealed"`
}

func renderSpec(e *jsontext.Encoder, k ledger.Spec) error {
	return json.MarshalEncode(e, renderedSpec{k.Kind, k.Stage, k.Zh, k.En, k.TwoPersons, k.Roles, k.Sealed})
}
