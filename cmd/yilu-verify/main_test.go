package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	"yilu/audit/proof"
)

func TestProof(t *testing.T) {
	k := newKeys(t, "")
	c := story(300)
	f, stored := publish(t, c.leaves, k.log, k.witness)
	const seq = 20 // a line of grants
	path, err := proof.ProveInclusion(300, seq, stored)
	if err != nil {
		t.Fatal(err)
	}
	file := save(t, "20.tlog-proof", proof.File{Index: seq, Hashes: path, Note: f["checkpoint"]}.Text())
	policy, entry := save(t, "policy", []byte(k.policy)), save(t, "entry", c.leaves[seq])
	sealed := disclosed(t, k, stored)
	for _, tc := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"holds", []string{file, "--entry", entry, "--policy", policy}, exitPassed, "entry 20 stands unchanged in the log that " + testOrigin + " signed and 1 of the policy's witnesses cosigned"},
		{"no policy", []string{file, "--entry", entry}, exitNotChecked, "signatures and witnesses were not checked"},
		{"another entry", []string{file, "--entry", save(t, "other", c.leaves[21]), "--policy", policy}, exitWrong, "the first bad entry is 20: these bytes are not the entry"},
		{"another policy", []string{file, "--entry", entry, "--policy", save(t, "p", []byte(newKeys(t, "stranger").policy))}, exitWrong, "not signed by a log"},
		{"no proof file", []string{entry, "--entry", entry, "--policy", policy}, exitWrong, "line 1"},
		{"disclosure", append([]string{"--disclosure", save(t, "d", []byte(`{"seq":"0","name":"payee_name","value":"张三","salt":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}`))}, sealed...), exitPassed, "the disclosed value of payee_name is what the entry commits to"},
		{"disclosure in hex", append([]string{"--disclosure", save(t, "d", []byte(`{"book":"411025","seq":0,"name":"payee_name","value":"张三","salt":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","by":"x"}`))}, sealed...), exitPassed, "is what the entry commits to"},
		{"false disclosure", append([]string{"--disclosure", save(t, "d", []byte(`{"seq":"0","name":"payee_name","value":"李四","salt":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}`))}, sealed...), exitWrong, "the value is not what the entry commits to"},
		{"disclosure of another entry", append([]string{"--disclosure", save(t, "d", []byte(`{"seq":"1","name":"payee_name","value":"张三","salt":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}`))}, sealed...), exitWrong, "it is of entry"},
	} {
		code, out := verify(t, append([]string{"proof", "--lang", "en"}, tc.args...)...)
		if code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("%s: exit %d\n%s", tc.name, code, out)
		}
	}
}

// disclosed publishes a log of the handbook's golden leaf and gives the arguments
// to prove it.
func disclosed(t *testing.T, k keys, _ hashes) []string {
	leaf := []byte(`{"at":"2020-03-18T01:00:00.000000Z","body":{"amount":"1234.56","fund":"F1","project":"P1"},"book":"411025","by":{"role":"payer","unit":"411025-CZ","user":"u17"},"id":"PAY-1","kind":"payment.paid","on":"2020-03-18","sealed":{"payee_name":"VDXJAYH73VdUe3voOCzADZsrcMpu1hYX8WDe+O6ErTg="},"seq":"0","sm3":"0EYgioqY+EC/sumEiVZfzT2yL+hoAfuo/Jwg29LJORE=","v":"1"}`)
	f, _ := publish(t, [][]byte{leaf}, k.log, k.witness)
	return []string{save(t, "0.tlog-proof", proof.File{Note: f["checkpoint"]}.Text()), "--entry", save(t, "leaf", leaf), "--policy", save(t, "policy", []byte(k.policy))}
}

// The command line: exit codes, both languages, JSON.
func TestCommandLine(t *testing.T) {
	k := newKeys(t, "")
	f, _ := publish(t, story(60).leaves, k.log, k.witness)
	dir := t.TempDir()
	f.write(t, dir)
	policy := save(t, "policy", []byte(k.policy))
	two := save(t, "two", []byte("log fund.example.gov.cn/411026+"+neighbour(t)+"\n"+k.policy))
	for _, tc := range []struct {
		args string
		code int
		want string
	}{
		{"", exitUsage, "usage:"},
		{"help --lang en", exitPassed, "exit codes: 0"},
		{"--help --lang=zh", exitPassed, "退出码：0"},
		{"nothing --lang en", exitUsage, `there is no command "nothing"`},
		{"log --help", exitPassed, "-policy"},
		{"proof --help --lang zh", exitPassed, "策略文件"},
		{"log " + dir, exitUsage, "want --policy"},
		{"log --policy " + policy, exitUsage, "want the address or folder of the log"},
		{"log --policy " + policy + " a b", exitUsage, `unexpected "b"`},
		{"log --nothing", exitUsage, "flag provided but not defined"},
		{"log " + dir + " --policy " + dir + "/checkpoint", exitUsage, "policy line 1"},
		{"log " + dir + "/checkpoint --policy " + policy, exitUsage, "is a file, want the folder"},
		{"log /nowhere --policy " + policy, exitUsage, "open log"},
		{"log " + dir + " --policy " + policy + " --checkpoint " + policy, exitUsage, "kept checkpoint"},
		{"proof x", exitUsage, "want --entry"},
		{"proof /nowhere --entry x", exitUsage, "no such file"},
		{"log " + dir + " --policy " + policy + " --lang zh", exitPassed, "411025 账套的 60 条分录与 " + testOrigin + " 签名、1 个见证会签的检查点完全一致"},
		{"log " + dir + " --policy " + policy + " --max-age 1ns --lang zh", exitWrong, "核验不通过：检查点过旧"},
		{"log " + dir + " --policy " + policy + " --book 411026 --lang en", exitWrong, "the first bad entry is 0: a leaf of book 411025 in the log of book 411026"},
		{"log " + dir + " --policy " + two, exitUsage, "the policy knows several logs"},
		{"log " + dir + " --policy " + two + " --book 411025", exitPassed, "book 411025"},
		{"log " + dir + " --policy " + policy + " --published /nowhere --lang en", exitNotChecked, "nothing wrong was found, but not everything was checked"},
	} {
		if code, out := verify(t, strings.Fields(tc.args)...); code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("%s: exit %d\n%s", tc.args, code, out)
		}
	}
	code, out := verify(t, "log", dir, "--policy", policy, "--json")
	var r report
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitPassed || r.Result != "passed" || r.Size != 60 || len(r.Cosigned) != 1 || r.Cosigned[0].Witness != "audit" || len(r.Funds) != 1 {
		t.Errorf("exit %d, %v\n%s", code, err, out)
	}
	if err := os.Remove(filepath.Join(dir, "tile/0/000.p/60")); err != nil {
		t.Fatal(err)
	}
	code, out = verify(t, "log", dir, "--policy", policy, "--json")
	r = report{}
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitWrong || r.Result != "failed" || r.FirstBad == nil || r.FirstBad.File != "tile/0/000.p/60" {
		t.Errorf("exit %d, %v\n%s", code, err, out)
	}
}

// neighbour is the rest of the vkey of another county's log.
func neighbour(t *testing.T) string {
	vkey, err := note.NewEd25519VerifierKey("fund.example.gov.cn/411026", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(vkey, "+")
	return rest
}
