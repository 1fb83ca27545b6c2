package web

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"
	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
)

// The 核验 page of an entry: its exact bytes, the way from them to the signed
// root in plain words, both to take home, and a script that checks them in the
// reader's own browser. All of it comes from the published files, not from the
// database.

// proofRoutes are the two files of an entry that a verifier needs.
func (s *server) proofRoutes(g *echo.Group) {
	get := func(path string, h func(c echo.Context, d tile.Dir) error) {
		g.Match([]string{http.MethodGet, http.MethodHead}, path, func(c echo.Context) error { return s.showFile(c, h) })
	}
	get("/leaf/:seq", showLeaf)
	get("/proof/:seq", showProof)
}

// showLeaf gives an entry's exact bytes, which never change.
func showLeaf(c echo.Context, d tile.Dir) error {
	e, err := evidenceOf(d, c.Param("seq"))
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Disposition", "attachment; filename="+leafFile(c.Param("book"), e.Index))
	return c.Blob(http.StatusOK, "application/octet-stream", e.leaf)
}

// showProof gives the proof that the entry is in the newest public checkpoint.
func showProof(c echo.Context, d tile.Dir) error {
	e, err := evidenceOf(d, c.Param("seq"))
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=2")
	h.Set("Content-Disposition", "attachment; filename="+proofFile(c.Param("book"), e.Index))
	return c.Blob(http.StatusOK, "application/octet-stream", e.Text())
}

// leafFile and proofFile are the names under which a reader keeps the two.
func leafFile(book string, seq uint64) string  { return fmt.Sprintf("%s-%d.json", book, seq) }
func proofFile(book string, seq uint64) string { return fmt.Sprintf("%s-%d.tlog-proof", book, seq) }

// evidence is an entry of the published log with the proof that it is in it.
type evidence struct {
	proof.File
	checkpoint proof.Checkpoint
	leaf       []byte
}

// evidenceOf reads an entry and makes its proof. An entry that is not published
// is fs.ErrNotExist. What was read fits the checkpoint's root, or is an error.
func evidenceOf(d tile.Dir, seq string) (evidence, error) {
	index, err := proof.ParseSeq(seq)
	if err != nil {
		return evidence{}, fs.ErrNotExist
	}
	note, err := d.Checkpoint()
	if err != nil {
		return evidence{}, err
	}
	e := evidence{File: proof.File{Index: index, Note: note}}
	if e.checkpoint, err = proof.Unsigned(note); err != nil {
		return evidence{}, err
	}
	if index >= e.checkpoint.Size {
		return evidence{}, fs.ErrNotExist
	}
	tree := tlog.Tree{N: int64(e.checkpoint.Size), Hash: tlog.Hash(e.checkpoint.Root)}
	if e.Hashes, err = proof.ProveInclusion(e.checkpoint.Size, index, tlog.TileHashReader(tree, tileReader{d})); err != nil {
		return evidence{}, fmt.Errorf("prove entry %d: %w", index, err)
	}
	if e.leaf, err = leafOf(d, e.checkpoint.Size, index); err != nil {
		return evidence{}, err
	}
	if err := proof.CheckInclusion(e.Hashes, e.checkpoint.Size, e.checkpoint.Root, index, proof.LeafHash(e.leaf)); err != nil {
		return evidence{}, fmt.Errorf("published entry %d: %w", index, err)
	}
	return e, nil
}

// leafOf cuts an entry out of its bundle.
func leafOf(d tile.Dir, size, index uint64) ([]byte, error) {
	n := index / 256
	width := int(min(size-n*256, 256))
	b, err := d.Read(proof.Bundle(tlog.Tile{H: 8, L: 0, N: int64(n), W: width}))
	if err != nil {
		return nil, err
	}
	leaves, err := proof.ReadBundle(b, width)
	if err != nil {
		return nil, fmt.Errorf("published bundle %d: %w", n, err)
	}
	return leaves[index%256], nil
}

// tileReader lets x/mod read our files; it holds every tile to the signed root.
type tileReader struct{ dir tile.Dir }

func (r tileReader) Height() int { return 8 }

func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		var err error
		if out[i], err = r.dir.Read(t); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r tileReader) SaveTiles([]tlog.Tile, [][]byte) {} // they are on disk already

// proofView explains the proof of one entry.
type proofView struct {
	*frame
	Entry *ledger.Entry
	// Size, Origin and Root are of the public checkpoint; Size is 0 while it does
	// not cover the entry.
	Size         uint64
	Origin, Root string
	// Leaf is the entry's exact text, LeafHash its hash.
	Leaf, LeafHash string
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
	e, err := evidenceOf(d, strconv.FormatInt(int64(p.Entry.Seq), 10))
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
	p.Size, p.Origin = e.checkpoint.Size, e.checkpoint.Origin
	p.Root = base64.StdEncoding.EncodeToString(e.checkpoint.Root[:])
	hash := proof.LeafHash(e.leaf)
	p.Leaf, p.LeafHash = string(e.leaf), hex.EncodeToString(hash[:])
	for _, h := range e.Hashes {
		p.Steps = append(p.Steps, hex.EncodeToString(h[:]))
	}
	return nil
}
