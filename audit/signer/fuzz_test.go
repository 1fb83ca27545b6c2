package signer

import (
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"yilu/audit"
	"yilu/audit/proof"
)

// FuzzParseState: what is read as a state is what is written for it, byte for byte.
func FuzzParseState(f *testing.F) {
	key, err := CreateKey(filepath.Join(f.TempDir(), "key"), testOrigin)
	if err != nil {
		f.Fatal(err)
	}
	policy, err := proof.ParsePolicy([]byte("log " + key.VerifierKey() + "\nquorum none\n"))
	if err != nil {
		f.Fatal(err)
	}
	var edge proof.Edge
	for n := range uint64(7) {
		edge, _ = edge.Append(n, proof.LeafHash([]byte{byte(n)}))
	}
	signed, err := note.Sign(&note.Note{Text: proof.Checkpoint{Origin: testOrigin, Size: 7, Root: edge.Root()}.Text()}, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state{audit.SignedNote{Size: 7, Note: string(signed)}, edge}.text())
	f.Add(state{}.text())
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseState(text, policy)
		if err == nil && s.text() != text {
			t.Errorf("read %q, which is written %q", text, s.text())
		}
	})
}

// BenchmarkRound10000 is what signing ten thousand new entries costs: reading,
// folding, signing, two tables, tiles on disk.
func BenchmarkRound10000(b *testing.B) {
	r := newRig(b, "quorum none\n")
	s := r.open()
	for b.Loop() {
		b.StopTimer()
		for range 10 {
			r.enter(1000)
		}
		b.StartTimer()
		if err := s.Round(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
