package notify

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const goodConfig = `{
  "list": "https://yilu.example.gov.cn/alerts",
  "channels": [
    {"name": "supervision", "kind": "dingtalk", "url": {"env": "YILU_TEST_DING_URL"}, "secrets": [{"env": "YILU_TEST_DING_SECRET"}],
     "routes": [{"levels": ["red", "orange"], "regions": ["411025"], "codes": ["P"], "events": ["raised", "overdue"]}],
     "limits": [{"from": "2027-01-01", "burst": 5, "every": "6s", "max_bytes": 15000, "pause": "10m", "basis": "vendor's notice"}]},
    {"name": "provincial", "kind": "webhook", "url": {"env": "YILU_TEST_DING_URL"}, "secrets": [{"env": "YILU_TEST_DING_SECRET"}],
     "private": ["10.20.0.0/16"], "routes": [{}]},
    {"name": "office", "kind": "mail", "language": "en", "routes": [{"levels": ["red"]}],
     "mail": {"host": "smtp.example.gov.cn", "port": 465, "tls": "implicit", "user": "yilu", "password": {"env": "YILU_TEST_DING_SECRET"},
       "from": "一路 <yilu@example.gov.cn>", "to": ["office@example.gov.cn"]}}
  ]
}`

func readText(t *testing.T, text string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "channels.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return ReadConfig(path)
}

func TestConfigIsReadStrictly(t *testing.T) {
	t.Setenv("YILU_TEST_DING_URL", "https://oapi.dingtalk.com/robot/send?access_token=secret-token")
	t.Setenv("YILU_TEST_DING_SECRET", "SECvery-secret")
	c, err := readText(t, goodConfig)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(nil, c, time.Now, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][3]string{
		"unknown member":      {`"kind": "dingtalk"`, `"kind": "dingtalk", "password": "x"`, "password"},
		"repeated member":     {`"kind": "dingtalk"`, `"kind": "dingtalk", "kind": "wecom"`, "duplicate"},
		"other case":          {`"kind": "dingtalk"`, `"Kind": "dingtalk"`, "Kind"},
		"trailing text":       {"  ]\n}", "  ]\n} {}", "after top-level value"},
		"secret written in":   {`"url": {"env": "YILU_TEST_DING_URL"}`, `"url": "https://x"`, "url"},
		"unknown kind":        {`"kind": "dingtalk"`, `"kind": "telegram"`, "want one of"},
		"unknown level":       {`"red", "orange"`, `"crimson"`, "red, orange, yellow, blue"},
		"unknown event":       {`"overdue"`, `"dismissed"`, "raised"},
		"no route":            {`"routes": [{}]`, `"routes": []`, "takes everything"},
		"same name":           {`"name": "provincial"`, `"name": "supervision"`, "twice"},
		"bad name":            {`"name": "provincial"`, `"name": "省厅"`, "a-z"},
		"region":              {`["411025"]`, `["襄城"]`, "division codes"},
		"duration":            {`"every": "6s"`, `"every": "6"`, "6s or 10m"},
		"limit without basis": {`"basis": "vendor's notice"`, `"basis": ""`, "basis"},
		"address":             {`"10.20.0.0/16"`, `"10.20.0.0"`, "private"},
		"mail in the clear":   {`"tls": "implicit"`, `"tls": "none"`, "starttls"},
		"mail address":        {`"office@example.gov.cn"`, `"office"`, "no mail address"},
		"mail for a robot":    {`"kind": "mail"`, `"kind": "wecom"`, "mail"},
		"list":                {`"list": "https://yilu.example.gov.cn/alerts"`, `"list": "/alerts"`, "list"},
	} {
		text := strings.Replace(goodConfig, change[0], change[1], 1)
		if text == goodConfig {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, err := readText(t, text); err == nil || !strings.Contains(err.Error(), change[2]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	all := strings.NewReplacer(`"kind": "dingtalk"`, `"kind": "x"`, `"routes": [{}]`, `"routes": []`).Replace(goodConfig)
	if _, err := readText(t, all); err == nil || !strings.Contains(err.Error(), "supervision") || !strings.Contains(err.Error(), "provincial") {
		t.Errorf("all that is wrong at once: %v", err)
	}
}

func TestSecretsAreReadFromTheirPlaces(t *testing.T) {
	t.Setenv("YILU_TEST_DING_SECRET", " SECvery-secret\n")
	if got, err := (Secret{Env: "YILU_TEST_DING_SECRET"}).read(); err != nil || got != "SECvery-secret" {
		t.Error(got, err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []Secret{{}, {File: empty, Env: "X"}, {File: empty}, {File: empty + "?"}, {Env: "YILU_TEST_NOT_SET"}} {
		if got, err := bad.read(); err == nil {
			t.Errorf("%+v: %q", bad, got)
		}
	}
	t.Setenv("YILU_TEST_DING_URL", "http://oapi.dingtalk.com/robot/send?access_token=secret-token")
	config := Config{List: "https://yilu.example/", Channels: []Channel{{Name: "x", Kind: DingTalk, Routes: []Route{{}}, URL: Secret{Env: "YILU_TEST_DING_URL"}}}}
	if _, err := New(nil, config, time.Now, slog.New(slog.DiscardHandler)); err == nil || strings.Contains(err.Error(), "secret-token") {
		t.Errorf("an address in the clear: %v", err)
	}
}
