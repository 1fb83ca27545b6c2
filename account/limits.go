package account

import "time"

// Limits are how long sessions last and how those who guess are slowed down. A county may
// set them; zero as a whole is DefaultLimits.
type Limits struct {
	// Idle is how long a session lasts without a request, Whole in all.
	Idle, Whole time.Duration
	// Proof is how long a code of the second factor stands for its person, where money is
	// approved.
	Proof time.Duration
	// Code is how long a one-time code is good.
	Code time.Duration
	// Failures count for Window. Free of an account in one network, and FreeElsewhere from
	// everywhere, are not delayed; the next waits Delay, twice as long each time.
	Window              time.Duration
	Free, FreeElsewhere int
	Delay               time.Duration
	// Known is for how long a network in which an account has logged in is known for it:
	// failures from elsewhere delay nobody there.
	Known time.Duration
}

// DefaultLimits are those of the design: sessions as GB/T 22239 level 3 is read.
var DefaultLimits = Limits{
	Idle: 15 * time.Minute, Whole: 8 * time.Hour, Proof: 5 * time.Minute, Code: 72 * time.Hour,
	Window: 15 * time.Minute, Free: 5, FreeElsewhere: 30, Delay: 10 * time.Second, Known: 30 * 24 * time.Hour,
}
