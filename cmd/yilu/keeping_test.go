package main

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"yilu/audit/proof"
	"yilu/migrations/pgtest"
)

// TestKeepersActs discloses a sealed value, erases it, and changes the log's key,
// as those who keep a log do over the years.
func TestKeepersActs(t *testing.T) {
	db := pgtest.Empty(t)
	t.Setenv("YILU_DATABASE_URL", db.ServiceURL)
	t.Setenv("YILU_OWNER_URL", db.OwnerURL)
	t.Setenv("LC_ALL", "C")
	data := filepath.Join(t.TempDir(), "data")
	do := func(args ...string) string {
		t.Helper()
		code, out, said := yilu(append(args, "--data", data)...)
		if code != exitOK {
			t.Fatalf("%v: %d %s", args, code, said)
		}
		return out
	}
	s := serve(t, data)
	token := strings.TrimSpace(do("token", "--user", "u", "--unit", "z", "--role", "project"))
	s.note = "张三，家住村东"
	if code, said := s.post(token, 0); code != 201 {
		t.Fatalf("post: %d %s", code, said)
	}
	s.signed(1)

	out := t.TempDir()
	if code, _, said := yilu("disclose", "0", "note", "--to", "县审计局", "--user", "a", "--unit", "z", "-o", out+"/none", "--data", data); code != exitRefused || !strings.Contains(said, "none") {
		t.Errorf("into a folder that is none: %d %s", code, said) // and what follows finds no entry of it
	}
	do("disclose", "0", "note", "--to", "县审计局", "--user", "a", "--unit", "z", "-o", out)
	var d disclosure
	if err := json.Unmarshal(mustRead(t, out+"/411025-0-note.disclosure.json"), &d); err != nil || d.Value != s.note {
		t.Errorf("%+v %v", d, err)
	}
	leaf, err := proof.ParseLeaf(mustRead(t, out+"/411025-0.json"))
	if err != nil {
		t.Fatal(err)
	}
	salt, err := base64.StdEncoding.DecodeString(d.Salt)
	if err != nil {
		t.Fatal(err)
	}
	if err := leaf.VerifyCommitment(d.Name, d.Value, proof.Salt(salt)); err != nil {
		t.Error(err)
	}
	file, err := proof.ParseFile(mustRead(t, out+"/411025-0.tlog-proof"))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := proof.Unsigned(file.Note); err != nil || proof.CheckInclusion(file.Hashes, c.Size, c.Root, 0, proof.LeafHash(mustRead(t, out+"/411025-0.json"))) != nil {
		t.Errorf("the proof does not hold: %v", err)
	}
	s.signed(2) // it is on the record
	if info, err := os.Stat(out + "/411025-0-note.disclosure.json"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read it: %v %v", info.Mode(), err)
	}

	// Without the secret none is made: it would open nothing.
	if err := os.Rename(data+"/seal.secret", data+"/kept"); err != nil {
		t.Fatal(err)
	}
	if code, _, said := yilu("approve", "x", "--hash", "x", "--user", "b", "--unit", "z", "--data", data); code != exitRefused || !strings.Contains(said, "put the file back") {
		t.Errorf("without seal.secret: %d %s", code, said)
	}
	if _, err := os.Lstat(data + "/seal.secret"); err == nil {
		t.Error("a new secret was made")
	}
	if err := os.Rename(data+"/kept", data+"/seal.secret"); err != nil {
		t.Fatal(err)
	}

	approve := func(submitted string) {
		t.Helper()
		found := regexp.MustCompile(`yilu approve (\S+) --hash (\S+)`).FindStringSubmatch(submitted)
		if found == nil {
			t.Fatal(submitted)
		}
		do("approve", found[1], "--hash", found[2], "--user", "b", "--unit", "z")
	}
	approve(do("erase", "0", "note", "--ground", "order", "--user", "a", "--unit", "z"))
	if code, _, said := yilu("disclose", "0", "note", "--to", "x", "--user", "a", "--unit", "z", "-o", out, "--data", data); code != exitRefused {
		t.Errorf("disclosed what was erased: %d %s", code, said)
	}
	do("verify", "--all")

	said := do("signer", "rotate", "--until", "2030-01-01", "--user", "a", "--unit", "z")
	approve(said)
	s.signed(8)
	s.stop()
	if code, _, _ := yilu("signer", "retire", "--data", data); code == exitOK {
		t.Error("retired a key whose successor has not signed")
	}
	s = serve(t, data)
	if code, said := s.post(token, 1); code != 201 {
		t.Fatalf("post: %d %s", code, said)
	}
	s.signed(9)
	if _, text := s.get("/log/411025/checkpoint"); strings.Count(text, "\n— ") != 2 {
		t.Errorf("in the overlap: %s", text)
	}
	s.stop()
	do("signer", "retire")
	s = serve(t, data)
	if code, said := s.post(token, 2); code != 201 {
		t.Fatalf("post: %d %s", code, said)
	}
	s.signed(10)
	_, text := s.get("/log/411025/checkpoint")
	_, page := s.get("/en/log")
	if strings.Count(text, "\n— ") != 1 || !strings.Contains(page, "signed up to 9 entries") {
		t.Errorf("after it: %s %s", text, page)
	}
	do("verify", "--all")
	s.stop()
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
