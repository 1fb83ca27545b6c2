package web

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"yilu/ledger"
)

func testLog(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }

func TestWritingNeedsAToken(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	if err := a.ledger.CreateBook(t.Context(), "411026"); err != nil {
		t.Fatal(err)
	}
	other := a.token(Token{Book: "411026", User: "u1", Unit: "411026-CZ", Role: ledger.Maker, Created: a.clock, Expires: a.clock.Add(time.Hour)})
	body := requestEntry("r1", "Z1", "1.00")
	for _, path := range []string{"/entries", "/units", "/submissions", "/submissions/S1/approve", "/submissions/S1/reject", "/payments/Z1/approve", "/payments/Z1/reject", "/persons/trace"} {
		if w := a.send(401, "POST", book(path), "", body); w.Header().Get("WWW-Authenticate") != `Bearer realm="yilu"` {
			t.Errorf("%s: %v", path, w.Header())
		}
		a.send(401, "POST", book(path), strings.Replace(a.tokens[ledger.Maker], "yilu_", "yilu-", 1), body)
		a.send(401, "POST", book(path), "yilu_"+strings.Repeat("0", tokenDigits), body)
		a.send(403, "POST", book(path), other, body)
	}
	a.send(401, "GET", book("/ids/r1"), "", "")
	a.send(403, "GET", book("/ids/r1"), other, "")
	a.send(403, "GET", book("/funds"), other, "")
	a.send(401, "GET", book("/funds"), "yilu_"+strings.Repeat("0", tokenDigits), "")
	a.send(401, "POST", book("/entries"), "", body, "Authorization", "Basic dTp1")
	a.send(401, "POST", book("/entries"), "", body, "Authorization", "Bearer")
	a.send(404, "GET", book("/ids/r1"), a.tokens[ledger.Auditor], "", "Authorization", "bearer "+a.tokens[ledger.Auditor])
}

// TestRolesByKind sends an empty entry of every kind as every role: exactly the
// roles of the kind may go on.
func TestRolesByKind(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for _, spec := range ledger.Kinds() {
		for _, role := range tokenRoles {
			w := a.try("POST", book("/entries"), a.tokens[role], `{"id":"x","kind":"`+string(spec.Kind)+`","on":"2020-03-18","body":{}}`)
			allowed := false
			for _, r := range spec.Roles {
				allowed = allowed || r == role
			}
			refused := w.Code == 403 || strings.Contains(w.Body.String(), `"by.role"`)
			if refused == allowed {
				t.Errorf("%s as %s: %d %s", spec.Kind, role, w.Code, w.Body)
			}
		}
	}
	a.post(403, ledger.Payer, "/entries", requestEntry("r1", "Z1", "1.00"))
	a.post(403, ledger.Maker, "/payments/Z1/reject", `{"id":"x","reason":"account","on":"2020-03-18"}`)
	a.post(403, ledger.Auditor, "/entries", requestEntry("r1", "Z1", "1.00"))
	for role, status := range map[ledger.Role]int{ledger.Maker: 200, ledger.Checker: 200, ledger.Auditor: 200, ledger.Payer: 403, ledger.ProjectOfficer: 403} {
		a.post(status, role, "/persons/trace", `{"id_number":"`+secretNumber+`"}`)
	}
}

// TestNobodyApprovesTheirOwn gives one user both roles.
func TestNobodyApprovesTheirOwn(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.settle("S1", fundEntry+","+projectEntry+","+allocateEntry)
	w := a.post(201, ledger.Maker, "/entries", requestEntry("r1", "Z1", "1.00"))
	self := a.token(Token{Book: testBook, User: "u0", Unit: "411025-CZ", Role: ledger.Checker, Created: a.clock, Expires: a.clock.Add(time.Hour)})
	approval := fmt.Sprintf(`{"id":"ok","content_hash":"%s","on":"2020-03-18"}`, w.field("/hash"))
	if got := a.send(422, "POST", book("/payments/Z1/approve"), self, approval).field("/problems/0/rule"); got != "self_approval" {
		t.Errorf("rule %v", got)
	}
	other := strings.Replace(approval, fmt.Sprint(w.field("/hash")), fmt.Sprint(w.field("/leaf_hash")), 1)
	if got := a.post(422, ledger.Checker, "/payments/Z1/approve", other).field("/problems/0/rule"); got != "other_content" {
		t.Errorf("rule %v", got)
	}
	a.post(201, ledger.Checker, "/payments/Z1/approve", approval)
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	maker := a.tokens[ledger.Maker]
	ask := func() int { return a.try("GET", book("/ids/x"), maker, "").Code }
	if ask() != 404 {
		t.Fatal("a new token does not work")
	}
	list, err := Tokens(t.Context(), a.db.Owner, testBook)
	if err != nil || len(list) != len(tokenRoles) {
		t.Fatalf("list %v %v", list, err)
	}
	for _, tk := range list {
		if tk.Role != ledger.Maker {
			continue
		}
		if err := RevokeToken(t.Context(), a.db.Owner, testBook, tk.ID, a.clock); err != nil {
			t.Fatal(err)
		}
		if err := RevokeToken(t.Context(), a.db.Owner, testBook, tk.ID, a.clock); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("revoked twice: %v", err)
		}
	}
	if ask() != 404 {
		t.Error("the token was looked up again too soon")
	}
	a.clock = a.clock.Add(tokenAge + time.Second)
	if ask() != 401 {
		t.Error("a revoked token works")
	}
	maker = a.tokens[ledger.Checker]
	if ask() != 404 {
		t.Error("the checker's token does not work")
	}
	a.clock = a.clock.Add(time.Hour)
	if ask() != 401 {
		t.Error("an expired token works")
	}
}

func TestWhatMayBeAToken(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	good := Token{Book: testBook, User: "u1", Unit: "x", Role: ledger.Maker, Created: a.clock, Expires: a.clock.Add(time.Hour)}
	for _, change := range []func(*Token){
		func(t *Token) { t.Role = "root" },
		func(t *Token) { t.Role = "" },
		func(t *Token) { t.User = "" },
		func(t *Token) { t.Unit = "a b" },
		func(t *Token) { t.Expires = t.Created },
	} {
		bad := good
		change(&bad)
		if _, err := CreateToken(t.Context(), a.db.Owner, bad); !errors.Is(err, ErrToken) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := CreateToken(t.Context(), a.db.Pool, good); err == nil {
		t.Error("the service role can make tokens")
	}
	secret := a.token(good)
	var stored int
	if err := a.db.Owner.QueryRow(t.Context(), `select count(*) from web.token t where t::text like '%' || $1 || '%'`, secret[5:]).Scan(&stored); err != nil || stored != 0 {
		t.Errorf("the secret is stored: %d %v", stored, err)
	}
	for _, statement := range []string{`update web.token set role = 'checker'`, `delete from web.token`, `insert into web.token default values`} {
		if _, err := a.db.Pool.Exec(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s as the service: %v", statement, err)
		}
	}
}

func TestTokenMemoryIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tk := newTokens(nil, func() time.Time { return now })
	for i := range maxTokens + 10 {
		tk.remember([32]byte{byte(i), byte(i >> 8)}, verified{&Token{}, now.Add(tokenAge)})
	}
	if n := len(tk.known); n > maxTokens {
		t.Errorf("%d are kept", n)
	}
}
