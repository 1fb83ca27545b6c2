package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSignOnSettings: nothing is asked for without an issuer, and each setting that cannot
// be is named.
func TestSignOnSettings(t *testing.T) {
	t.Parallel()
	env := newEnvironment(io.Discard, io.Discard)
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := signOnOptions{issuer: "https://id.example.gov.cn/realms/county", client: "yilu", secretFile: write("secret", "s3cret\n"), claim: "preferred_username", private: "10.20.0.0/16, 10.30.0.0/16"}
	const back = "https://yilu.example.gov.cn/zt/"
	if s, err := good.read(env, back); err != nil || s.Secret != "s3cret" || s.Back != "https://yilu.example.gov.cn/zt/desk/enter/back" || s.HTTP == nil {
		t.Errorf("%+v %v", s, err)
	}
	if s, err := (&signOnOptions{claim: "x"}).read(env, ""); err != nil || s != nil {
		t.Errorf("none: %v %v", s, err)
	}
	for flag, change := range map[string]func(*signOnOptions){
		"oidc-issuer": func(o *signOnOptions) { o.issuer = "http://id.example.gov.cn" }, "oidc-client": func(o *signOnOptions) { o.client = "" }, "oidc-claim": func(o *signOnOptions) { o.claim = "" },
		"oidc-secret-file": func(o *signOnOptions) { o.secretFile = write("empty", "\n") }, "oidc-private": func(o *signOnOptions) { o.private = "10.20.0.0" }, "oidc-ca-file": func(o *signOnOptions) { o.caFile = o.secretFile },
	} {
		bad := good
		change(&bad)
		if _, err := bad.read(env, back); err == nil || !strings.Contains(err.Error(), "--"+flag) {
			t.Errorf("%s: %v", flag, err)
		}
	}
	for _, issuer := range []string{"id.example.gov.cn", "https://a:b@id.example.gov.cn", "https://id.example.gov.cn?x=1", "ftp://x", "http://10.20.0.1"} {
		bad := good
		bad.issuer = issuer
		if _, err := bad.read(env, back); err == nil {
			t.Errorf("%s was taken", issuer)
		}
	}
	if _, err := good.read(env, ""); err == nil || !strings.Contains(err.Error(), "--public-url") {
		t.Errorf("without our address: %v", err)
	}
	missing := good
	missing.secretFile = filepath.Join(dir, "none")
	if _, err := missing.read(env, back); err == nil {
		t.Error("a secret that is not there was taken")
	}
	trial := good
	trial.issuer = "http://127.0.0.1:9000"
	if _, err := trial.read(env, back); err != nil {
		t.Errorf("a trial on this machine: %v", err)
	}
}
