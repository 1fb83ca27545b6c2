package web

import (
	"crypto/rand"
	"crypto/sha256"
	"maps"
	"net/http"
	"sync"
	"time"
)

// sessionCookie is sent to this host alone, over TLS alone (or on the machine
// itself), to no script and with no request that another site caused.
const sessionCookie = "__Host-yilu"

const (
	// sessionIdle and sessionLong are how long a session lasts without a request and
	// in all [GB/T 22239 level 3; docs of the county may shorten it].
	sessionIdle = 15 * time.Minute
	sessionLong = 8 * time.Hour
	// maxSessions bounds their memory.
	maxSessions = 4096
)

// session lets a browser act with a token for a while, so that pages need no script
// to send it. The browser never gets the token back: the cookie is a random name that
// means nothing elsewhere.
type session struct {
	// token is the hash of the token's secret. It is looked up at each request, so that
	// a token which was taken back ends its sessions.
	token [sha256.Size]byte
	// form is in every form of the session, so that no other page can post for it.
	form     string
	begun    time.Time
	lastUsed time.Time
}

// sessions are those of this process: they end with it, and a browser then shows its
// token again. Log-ins of persons will take their place.
type sessions struct {
	mu   sync.Mutex
	open map[[sha256.Size]byte]*session
}

// begin opens a session and returns the cookie's value.
func (ss *sessions) begin(token [sha256.Size]byte, now time.Time) string {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.open == nil {
		ss.open = map[[sha256.Size]byte]*session{}
	}
	if len(ss.open) >= maxSessions {
		maps.DeleteFunc(ss.open, func(_ [sha256.Size]byte, s *session) bool { return s.over(now) })
		if len(ss.open) >= maxSessions {
			clear(ss.open)
		}
	}
	name := rand.Text() + rand.Text()
	ss.open[sha256.Sum256([]byte(name))] = &session{token: token, form: rand.Text(), begun: now, lastUsed: now}
	return name
}

func (s *session) over(now time.Time) bool {
	return now.Sub(s.lastUsed) > sessionIdle || now.Sub(s.begun) > sessionLong
}

// of returns a copy of the session of a request, and whether there is one.
func (ss *sessions) of(r *http.Request, now time.Time) (session, bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return session{}, false
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	key := sha256.Sum256([]byte(cookie.Value))
	s := ss.open[key]
	if s == nil {
		return session{}, false
	}
	if s.over(now) {
		delete(ss.open, key)
		return session{}, false
	}
	s.lastUsed = now
	return *s, true
}

// end forgets the session of a request.
func (ss *sessions) end(r *http.Request) {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		ss.mu.Lock()
		delete(ss.open, sha256.Sum256([]byte(cookie.Value)))
		ss.mu.Unlock()
	}
}

// setSession gives the browser a cookie; an empty value takes it away.
func setSession(w http.ResponseWriter, value string) {
	c := &http.Cookie{Name: sessionCookie, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
