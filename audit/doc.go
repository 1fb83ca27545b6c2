// Package audit keeps one append-only log per book (a county). An entry is a
// leaf of a Merkle tree: exact bytes that are hashed as stored and never
// written anew. The package does not know what money is; package ledger says
// what may be entered, audit only that what was entered cannot be changed
// unseen.
//
//	Prepare ──► Lock ──► Append ──► QueueAppend ──► commit
//	  │           │         │            │
//	  │           │         │            └ head first, then the entries
//	  │           │         └ splice at and seq, hash, fold the right edge
//	  │           └ log.head for update: the only order there is
//	  └ canonical bytes, SM3, content hash: all that needs no lock
//
// It owns schema log (head, entry, checkpoint, cosignature) and schema seal (private_field). The log
// holds commitments of private values only; the values themselves live in
// seal.private_field, the one table from which anything may be deleted, and
// deleting there leaves every proof valid.
//
// Not guaranteed here: that an entry is true; that nobody with the rights of
// a database superuser changes the tables. The latter is made visible by
// VerifyBook and, against someone who recomputes all hashes, by signed
// checkpoints kept elsewhere.
package audit
