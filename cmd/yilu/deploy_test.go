package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// TestSettingsReference holds deploy/CONFIG.md to the code, and the code to it: no
// variable is read that it does not name.
func TestSettingsReference(t *testing.T) {
	t.Setenv("YILU_LISTEN", "203.0.113.1:1") // says nothing of defaults
	code, got, said := yilu("help", "--config")
	if code != exitOK {
		t.Fatal(said)
	}
	if os.Getenv("YILU_LISTEN") == "" {
		t.Error("the environment was lost")
	}
	const path = "deploy/CONFIG.md"
	if os.Getenv("YILU_GOLDEN") == "write" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what the code says, renew it by make golden:\n%s", path, diff)
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`YILU_[A-Z_]*[A-Z]`).FindAllString(string(text), -1) {
			if !strings.Contains(got, "`"+name+"`") {
				t.Errorf("%s reads %s, which %s does not name", source, name, path)
			}
		}
	}
}

// watchedNames are the metrics that the dashboard and the alarms ask for.
func watchedNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, file := range []string{"deploy/alarms.yaml", "deploy/dashboard.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, regexp.MustCompile(`\b(yilu|go|process)_[a-z_]+`).FindAllString(string(text), -1)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// checkWatched holds the names that are watched to those that a server tells, and
// the other way round: a figure that nobody looks at is none.
func checkWatched(t *testing.T, figures string) {
	t.Helper()
	told, base := map[string]bool{}, []string{}
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(figures, -1) {
		told[found[1]], base = true, append(base, found[1])
		if found[2] == "histogram" {
			told[found[1]+"_bucket"], told[found[1]+"_count"] = true, true
		}
	}
	names := watchedNames(t)
	for _, name := range names {
		if !told[name] {
			t.Errorf("%s is watched and no server tells it", name)
		}
	}
	for _, name := range base {
		if strings.HasPrefix(name, "yilu_") && !strings.Contains(strings.Join(names, " "), name) {
			t.Errorf("%s is told and nobody watches it", name)
		}
	}
	if len(names) < 20 {
		t.Errorf("only %q are watched", names)
	}
}

// TestAlarms reads the rules as Prometheus does: each says what is wrong and what to
// do about it.
func TestAlarms(t *testing.T) {
	text, err := os.ReadFile("deploy/alarms.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Load(text, &file, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if seen[r.Alert] || r.Expr == "" || r.Annotations["summary"] == "" || r.Annotations["zh"] == "" || r.Annotations["do"] == "" || r.Labels["severity"] == "" {
				t.Errorf("%s: %+v", g.Name, r)
			}
			seen[r.Alert] = true
		}
	}
	for _, must := range []string{"YiluUnknownOutcome", "YiluPublishedBeyondHead", "YiluOwnCheckFaults", "YiluDiskFilling", "YiluBackupOld", "YiluCheckpointLate"} {
		if !seen[must] {
			t.Errorf("no alarm %s", must)
		}
	}
}

func TestDashboardAndCompose(t *testing.T) {
	text, err := os.ReadFile("deploy/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			ID      int
			Type    string
			Title   string
			Targets []struct{ Expr string }
			GridPos struct{ X, Y, W, H int } `json:"gridPos"`
		}
	}
	if err := json.Unmarshal(text, &board, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	for i, p := range board.Panels {
		if p.ID != i+1 || p.Title == "" || p.Type != "row" && len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %+v", p)
		}
	}
	text, err = os.ReadFile("deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Name     string
		Services map[string]map[string]any
		Volumes  map[string]map[string]any
	}
	if err := yaml.Load(text, &compose, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	for _, hardening := range []string{"read_only", "cap_drop", "security_opt"} {
		if compose.Services["yilu"][hardening] == nil {
			t.Errorf("compose: no %s", hardening)
		}
	}
}

// TestUnits has systemd read the units, where it is installed.
func TestUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("NOT RUN: no systemd-analyze")
	}
	units, err := filepath.Glob("deploy/yilu*.*")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	args := []string{"verify"}
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.Base(unit))
		// The program need not be installed here.
		if err := os.WriteFile(path, bytes.ReplaceAll(text, []byte("=/usr/bin/yilu"), []byte("=/bin/true")), 0o644); err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(path) != ".env" {
			args = append(args, path)
		}
	}
	if out, err := exec.Command(analyze, args...).CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
