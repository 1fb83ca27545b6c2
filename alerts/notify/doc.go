// Package notify tells people and machines of warnings: by mail, by webhook and
// through the robots of 钉钉, 企业微信 and 飞书. It owns the schema notify.
//
//	engine's transaction                     worker, one a channel
//	─ alert.raised ─ Enqueue ─ commit ──►  claim ─ commit   send   settle ─ commit
//	                 (rows of notify.outbox)  │ lease, tokens  │      │ sent, due again, failed
//	                                          └ died here? due again when the lease ends
//
// What is guaranteed: what was committed is sent at least once, or after twelve
// tries over two days stands as failed until an operator queues it again; each
// try is kept with its reason. A sending keeps its delivery id, so a receiver
// can drop what it has. Two workers never send one row at the same time; it is
// sent twice only if a worker died, or lost its database, between sending and
// settling.
//
// The claim is a lease and no open transaction, because a receiver may take ten
// seconds to answer: an open transaction would hold a connection and keep VACUUM
// from the whole database for as long. "for update skip locked" is used within
// the claim only.
//
// The token bucket stands in the database: the limit is the robot's, and several
// processes may run. Red goes first. When there is more to tell than tokens, the
// last token takes a digest of the rest by region and level.
//
// Not guaranteed: order across channels; that a chat robot, which knows no
// delivery id, shows a message once after a crash; that anybody reads it.
package notify
