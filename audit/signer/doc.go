// Package signer signs the checkpoints of one book: each extends the last that it
// signed, and no other is ever signed.
//
//	       PostgreSQL                     our own disk
//	head, bodies of new entries          state: last note, its edge
//	             └───────────┬──────────────┘
//	 fold the bodies onto the edge; the root must be the head's
//	                         │
//	     sign ──► state ──► log.checkpoint ──► witnesses ──► tiles ──► checkpoint
//	            (the commit point)              (quorum)      (files, this one last)
//
// It trusts the database with nothing that it signed before. A superuser who
// rewrites an entry and recomputes every hash changes the head's root, and the
// fold of the new entries onto the state's edge then gives another one: the
// signer halts. It owns the state file, the key file and what is inserted into
// log.checkpoint and log.cosignature.
//
// What is guaranteed: two notes for one size, or a smaller one after a larger, are
// never signed, whatever crashes and whenever; one signer at a time uses a state
// file; nothing is shown to the public before the state and, by the policy, a
// quorum of witnesses have it. After a crash at any step the next round goes on
// from there.
//
// Not guaranteed: that entries are true; anything against who holds both the key
// and the state file. Witnesses and kept checkpoints are for that. And what is
// entered and changed within one interval, before it is first signed, is guarded
// by the database alone.
package signer
