package audit

import "yilu/audit/proof"

// The leaf format is pure and stands in package proof, which reads it; this
// package writes it. Their names are the same.
type (
	// Act is what was submitted; see proof.Act.
	Act = proof.Act
	// By names who submitted an act; see proof.By.
	By = proof.By
	// Leaf is an entry read back from its bytes; see proof.Leaf.
	Leaf = proof.Leaf
	// Commitment binds a leaf to a private value; see proof.Commitment.
	Commitment = proof.Commitment
	// Salt keeps a commitment from telling its value; see proof.Salt.
	Salt = proof.Salt
)

// ParseLeaf reads a leaf and accepts only what Prepared.Leaf writes.
func ParseLeaf(b []byte) (Leaf, error) { return proof.ParseLeaf(b) }

// Commit computes the commitment to a named value; see proof.Commit.
func Commit(name, value string, salt Salt) Commitment { return proof.Commit(name, value, salt) }
