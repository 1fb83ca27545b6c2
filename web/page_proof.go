package web

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/labstack/echo/v4"

	"yilu/audit/proof"
	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
)

// The 核验 page of an entry: its exact bytes, the way from them to the signed
// root in plain words, both to take home, and a script that checks them in the
// reader's own browser. All of it comes from the published files; the database is only
// asked whether it still has the same.

// showLeaf gives an entry's exact bytes, which never change.
func showLeaf(c echo.Context, d tile.Dir) error {
	e, err := proven(c, d)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return download(c, leafFile(c.Param("book"), e.Index), e.Leaf)
}

// showProof gives the proof that the entry is in the newest public checkpoint.
func showProof(c echo.Context, d tile.Dir) error {
	e, err := proven(c, d)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=2")
	return download(c, proofFile(c.Param("book"), e.Index), e.Text())
}

// proven is the entry that a path names.
func proven(c echo.Context, d tile.Dir) (tile.Proven, error) {
	seq, err := proof.ParseSeq(c.Param("seq"))
	if err != nil {
		return tile.Proven{}, fs.ErrNotExist
	}
	return d.Prove(seq)
}

// download gives a file to keep.
func download(c echo.Context, name string, b []byte) error {
	c.Response().Header().Set("Content-Disposition", "attachment; filename="+name)
	return c.Blob(http.StatusOK, "application/octet-stream", b)
}

// leafFile and proofFile are the names under which a reader keeps the two.
func leafFile(book string, seq uint64) string  { return fmt.Sprintf("%s-%d.json", book, seq) }
func proofFile(book string, seq uint64) string { return fmt.Sprintf("%s-%d.tlog-proof", book, seq) }

// proofView explains the proof of one entry.
type proofView struct {
	*frame
	Entry *ledger.Entry
	// Size, LogOrigin and SignedRoot are of the public checkpoint; Size is 0 while it
	// does not cover the entry. (Root is the frame's: of the book as it is now.)
	Size                  uint64
	LogOrigin, SignedRoot string
	// Leaf is the entry's exact text, LeafHash its hash.
	Leaf, LeafHash string
	// Shown is the hash of the entry that our other pages show, from the database.
	Shown string
	// Steps are the hashes on the way to the root, bottom up.
	Steps []string
	// Key is what the signature can be checked with.
	Key string
	// Base is the path of the log's files.
	Base string
}

// LeafFile, ProofFile and PolicyFile are the names of the downloads.
func (p *proofView) LeafFile() string   { return leafFile(string(p.Book), uint64(p.Entry.Seq)) }
func (p *proofView) ProofFile() string  { return proofFile(string(p.Book), uint64(p.Entry.Seq)) }
func (p *proofView) PolicyFile() string { return "policy.txt" }

// Altered says that the database no longer has what was published.
func (p *proofView) Altered() bool { return p.Shown != p.LeafHash }

// Command checks the downloads.
func (p *proofView) Command() string {
	return "yilu-verify proof " + p.ProofFile() + " --entry " + p.LeafFile() + " --policy " + p.PolicyFile()
}

// showProofPage is the page. Like the log's it follows the published files, which
// move by themselves, and so it is not kept like the pages of the book.
func (s *server) showProofPage(c echo.Context) error {
	ctx := c.Request().Context()
	seq, err := proof.ParseSeq(c.Param("seq"))
	if err != nil {
		return echo.ErrNotFound
	}
	head, err := s.ledger.Head(ctx, s.Book)
	if err != nil {
		return err
	}
	p := &proofView{frame: s.newFrame(c, "proof", "entries"), Base: s.BasePath + "/log/" + string(s.Book)}
	p.setHead(head)
	p.script = true
	if p.Entry, err = s.ledger.Entry(ctx, s.Book, ledger.Seq(seq)); err != nil {
		return err
	}
	if err := p.read(s.publicDir(string(s.Book))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=5")
	return s.render(c, http.StatusOK, p)
}

// read fills the page from the public files; without them the entry waits.
func (p *proofView) read(d tile.Dir, ok bool) error {
	if !ok {
		return fs.ErrNotExist
	}
	e, err := d.Prove(uint64(p.Entry.Seq))
	if err != nil {
		return err
	}
	status, err := signer.ReadStatus(d)
	if err != nil {
		return err
	}
	if len(status.Keys) > 0 {
		p.Key = status.Keys[0]
	}
	p.Size, p.LogOrigin = e.Checkpoint.Size, e.Checkpoint.Origin
	p.SignedRoot = base64.StdEncoding.EncodeToString(e.Checkpoint.Root[:])
	hash := proof.LeafHash(e.Leaf)
	p.Leaf, p.LeafHash, p.Shown = string(e.Leaf), hex.EncodeToString(hash[:]), hex.EncodeToString(p.Entry.LeafHash[:])
	for _, h := range e.Hashes {
		p.Steps = append(p.Steps, hex.EncodeToString(h[:]))
	}
	return nil
}
