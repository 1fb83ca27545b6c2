package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"
	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
)

const (
	testOrigin = "fund.example.gov.cn/411025"
	testBook   = "411025"
)

// county writes the entries of a made-up book, leaf by leaf, with nothing of the
// server: what it writes is what the handbook says a server writes.
type county struct {
	leaves [][]byte
	at     time.Time
}

func newCounty() *county { return &county{at: time.Date(2020, 3, 18, 1, 0, 0, 0, time.UTC)} }

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// act is an act without its braces. body is canonical, corrects may be "".
func act(id, kind, user, corrects, body string) string {
	if corrects != "" {
		corrects = `"corrects":"` + corrects + `",`
	}
	return `"body":` + body + `,"book":"` + testBook + `","by":{"role":"maker","unit":"411025-CZ","user":"` + user + `"},` + corrects +
		`"id":"` + id + `","kind":"` + kind + `","on":"2020-03-18"`
}

// post appends an act as the next leaf and returns its content hash.
func (c *county) post(act string) [32]byte {
	digest := sm3.Sum([]byte("{" + act + "}"))
	c.at = c.at.Add(time.Second)
	c.leaves = append(c.leaves, []byte(`{"at":"`+c.at.Format(proof.InstantLayout)+`",`+act+`,"seq":"`+strconv.Itoa(len(c.leaves))+`","sm3":"`+b64(digest[:])+`","v":"1"}`))
	return sha256.Sum256([]byte("{" + act + "}"))
}

// submit posts acts of one maker in a submission and has another person approve
// it.
func (c *county) submit(id string, acts ...string) {
	c.approve(id, c.made(id, acts...), "u2")
}

// made posts a submission without deciding it and returns its content hash.
func (c *county) made(id string, acts ...string) string {
	h := sha256.New()
	for _, a := range acts {
		sum := sha256.Sum256([]byte("{" + a + "}"))
		h.Write(sum[:])
	}
	hash := b64(h.Sum(nil))
	c.post(act("S-"+id, "submission.made", "u1", "", fmt.Sprintf(`{"content_hash":"%s","entries":"%d","submission":"%s","title":"表"}`, hash, len(acts), id)))
	for _, a := range acts {
		c.post(a)
	}
	return hash
}

func (c *county) approve(id, hash, by string) {
	c.post(act("A-"+id, "submission.approved", by, "", fmt.Sprintf(`{"content_hash":"%s","submission":"%s"}`, hash, id)))
}

// pay requests, approves and pays one payment.
func (c *county) pay(id, project, fund, amount string) {
	hash := c.post(act("R-"+id, "payment.requested", "u1", "", `{"amount":"`+amount+`","fund":"`+fund+`","payee":{"name":"襄城县某公司"},"payment":"`+id+`","project":"`+project+`","purpose":"工程款"}`))
	c.post(act("P-"+id, "payment.approved", "u2", "", `{"hash":"`+b64(hash[:])+`","payment":"`+id+`"}`))
	c.post(act("D-"+id, "payment.paid", "u3", "", `{"payment":"`+id+`"}`))
}

// grants are the acts of a batch of household grants of 100 yuan each.
func grants(id, project, fund string, lines int) []string {
	acts := []string{""}
	h := sha256.New()
	for i := 1; i <= lines; i++ {
		line := act(fmt.Sprintf("L-%s-%d", id, i), "grant.line", "u1", "", fmt.Sprintf(`{"amount":"100.00","category":"脱贫户","line":"%d","payment":"%s","place":"411025103205","quantity":"1","standard":"100.00"}`, i, id)) +
			`,"sealed":{"account":"VDXJAYH73VdUe3voOCzADZsrcMpu1hYX8WDe+O6ErTg=","id_number":"VDXJAYH73VdUe3voOCzADZsrcMpu1hYX8WDe+O6ErTg=","payee_name":"VDXJAYH73VdUe3voOCzADZsrcMpu1hYX8WDe+O6ErTg="}`
		sum := sha256.Sum256([]byte("{" + line + "}"))
		h.Write(sum[:])
		acts = append(acts, line)
	}
	acts[0] = act("B-"+id, "grant.requested", "u1", "", fmt.Sprintf(`{"amount":"%d.00","fund":"%s","item":"产业奖补","lines":"%d","lines_hash":"%s","payment":"%s","project":"%s"}`, 100*lines, fund, lines, b64(h.Sum(nil)), id, project))
	return acts
}

// beginnings give a fund and two projects, one with an approved budget and an
// allocation of it.
func (c *county) beginnings(received, budget, allocated string) {
	c.submit("1",
		act("F1", "fund.received", "u1", "", `{"amount":"`+received+`","document":"豫财农〔2019〕12号","fund":"F1","issued":"2020-01-02","level":"central","name":"中央财政专项扶贫资金","year":"2020"}`),
		act("P1", "project.approved", "u1", "", `{"budget":[{"amount":"`+budget+`","fund":"F1"}],"content":"道路","document":"襄扶组〔2020〕1号","finish":"2020-12-31","name":"道路硬化","place":"411025103205","place_name":"后楚村","project":"P1","responsible":{"name":"张三"},"start":"2020-03-01","targets":"通行","type":"construction","unit":"颍阳镇"}`),
		act("G1", "fund.allocated", "u1", "", `{"amount":"`+allocated+`","document":"襄财〔2020〕3号","fund":"F1","project":"P1"}`))
	c.post(act("P2", "project.listed", "u1", "", `{"content":"大棚","name":"蔬菜大棚","place":"411025106202","place_name":"灵树村","project":"P2","type":"industry","unit":"库庄镇"}`))
}

// story is a book with most of what can happen; see its figures in the tests.
func story(entries int) *county {
	c := newCounty()
	c.beginnings("1000000.00", "900000.00", "800000.00")
	c.post(act("K1", "contract.signed", "u1", "", `{"amount":"500000.00","contract":"K1","name":"施工合同","project":"P1","supplier":{"name":"襄城县某公司"}}`))
	c.pay("PAY-1", "P1", "F1", "1000.00")
	c.submit("2", grants("B1", "P1", "F1", 5)...)
	c.post(act("D-B1", "payment.paid", "u3", "", `{"payment":"B1"}`))
	c.post(act("T-B1", "payment.returned", "u3", "", `{"amount":"100.00","line":"3","payment":"B1","reason":"returned"}`))
	c.pay("PAY-2", "P1", "F1", "250.50")
	paid := len(c.leaves) - 1
	c.submit("3", act("V1", "entry.reversed", "u1", strconv.Itoa(paid), `{"reason":"amount"}`))
	c.made("4", act("G2", "fund.allocated", "u1", "", `{"amount":"1.00","document":"襄财〔2020〕4号","fund":"F1","unit":"颍阳镇"}`))
	c.post(act("J4", "submission.rejected", "u2", "", `{"reason":"other","submission":"4"}`))
	c.submit("5",
		act("G3", "fund.allocated", "u1", "", `{"amount":"5000.00","document":"襄财〔2020〕5号","fund":"F1","unit":"YY"}`),
		act("G4", "fund.allocated", "u1", "", `{"amount":"2000.00","document":"襄财〔2020〕6号","from_unit":"YY","fund":"F1","project":"P2"}`),
		act("G5", "fund.recalled", "u1", "", `{"amount":"3000.00","document":"襄财〔2020〕7号","fund":"F1","reason":"surplus"}`),
		act("C1", "project.changed", "u1", "", `{"budget":[{"amount":"950000.00","fund":"F1"}],"document":"襄扶组〔2020〕9号","project":"P1","reason":"plan"}`))
	for n := 3; len(c.leaves)+3 <= entries; n++ {
		c.pay(fmt.Sprintf("PAY-%d", n), "P1", "F1", "1.00")
	}
	for n := 0; len(c.leaves) < entries; n++ {
		c.post(act(fmt.Sprintf("W%d", n), "works.progressed", "u1", "", `{"percent":"50","project":"P1"}`))
	}
	return c
}

// keys sign and cosign for the made-up log.
type keys struct {
	log, witness note.Signer
	policy       string
}

// newKeys makes keys from a word, so that other words make other keys.
func newKeys(t testing.TB, word string) keys {
	t.Helper()
	sign := func(name string) (note.Signer, note.Signer, string) {
		seed := sha256.Sum256([]byte(word + name))
		vkey, err := note.NewEd25519VerifierKey(name, ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
		if err != nil {
			t.Fatal(err)
		}
		skey := "PRIVATE+KEY+" + name + "+" + strings.Split(vkey, "+")[1] + "+" + b64(append([]byte{1}, seed[:]...))
		plain, err := note.NewSigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		timed, err := cosignature.NewSignerForCosignatureV1(skey)
		if err != nil {
			t.Fatal(err)
		}
		return plain, timed, vkey
	}
	logSigner, _, logKey := sign(testOrigin)
	_, witness, witnessKey := sign("audit.example.gov.cn")
	witnessKey, err := cosignature.VKeyToCosignatureV1(witnessKey)
	if err != nil {
		t.Fatal(err)
	}
	return keys{logSigner, witness, "log " + logKey + "\nwitness audit " + witnessKey + "\nquorum audit\n"}
}

// hashes is a tlog.HashReader over all stored hashes of a log.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = h[index]
	}
	return found, nil
}

// files are a published log, by path.
type files map[string][]byte

// publish makes the files of a log of these leaves.
func publish(t testing.TB, leaves [][]byte, signers ...note.Signer) (files, hashes) {
	t.Helper()
	var edge proof.Edge
	var stored hashes
	for i, leaf := range leaves {
		h := proof.LeafHash(leaf)
		next, nodes := edge.Append(uint64(i), h)
		edge = next
		stored = append(stored, h)
		for _, n := range nodes {
			stored = append(stored, n)
		}
	}
	f := files{}
	for _, tile := range proof.Tiles(0, uint64(len(leaves))) {
		b, err := proof.RenderTile(tile, stored)
		if err != nil {
			t.Fatal(err)
		}
		f[proof.TilePath(tile)] = b
		if tile.L > 0 {
			continue
		}
		var bundle []byte
		for i := range tile.W {
			bundle = proof.AppendBundle(bundle, leaves[int(tile.N)*proof.TileWidth+i])
		}
		f[proof.TilePath(proof.Bundle(tile))] = bundle
	}
	checkpoint := proof.Checkpoint{Origin: testOrigin, Size: uint64(len(leaves)), Root: edge.Root()}
	signed, err := note.Sign(&note.Note{Text: checkpoint.Text()}, signers...)
	if err != nil {
		t.Fatal(err)
	}
	f["checkpoint"] = signed
	return f, stored
}

// write puts the files into a folder.
func (f files) write(t testing.TB, dir string) {
	t.Helper()
	for path, b := range f {
		name := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// save writes a file of a test and returns its name.
func save(t testing.TB, name string, b []byte) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// verify runs the program and returns its exit code and output.
func verify(t testing.TB, args ...string) (int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, &out, &errs)
	if all := out.String() + errs.String(); strings.Contains(all, "%!") {
		t.Errorf("ill-formed text: %s", all)
	}
	return code, out.String() + errs.String()
}
