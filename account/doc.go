// Package account says who somebody is (账号): accounts with a password and a second
// factor, what they failed at, and the sessions of their browsers.
//
// It owns schema account. What a person may do is not here: roles are entries
// (ledger.RoleGranted), and a session only says in which of them its person acts. Nor are
// the tokens of programs, which package web has.
//
//	one-time code ──► password ──► second factor ──► session ──► role
//	                     │              │               │
//	        mlps3 or asvs│   once a code│   idle, whole │limits, ended when the
//	     not a common one│              │               │account is disabled
//
// Where the office has a provider of sign-on (SignOn, OpenID Connect), it may stand in the
// place of the password: for accounts that are there, and before the second factor.
//
// Guaranteed: neither the answer nor its time says whether an account exists; a code
// works once; whoever guesses is slowed down, and cannot slow down those who have logged
// in from elsewhere before; the cookie alone, stolen from the database, opens nothing.
// Not guaranteed: that the one who has password and phone is the person.
package account
