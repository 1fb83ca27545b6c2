package main

import (
	"testing"
)

func TestLogHolds(t *testing.T) {
	k := newKeys(t, "")
	f, _ := publish(t, story(300).leaves, k.log, k.witness)
	dir := t.TempDir()
	f.write(t, dir)
	policy := save(t, "policy", []byte(k.policy))
	code, out := verify(t, "log", dir, "--policy", policy, "--lang", "en")
	t.Log(out)
	if code != exitPassed {
		t.Errorf("exit %d", code)
	}
}
