package notify

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// Config is the file that says who is told of what. It holds no secret, only
// where secrets are: it may be shown, and kept with other settings.
//
//	{
//	  "list": "https://yilu.example.gov.cn/alerts",
//	  "channels": [{
//	    "name": "supervision",
//	    "kind": "dingtalk",
//	    "url": {"file": "/etc/yilu/ding.url"},
//	    "secrets": [{"env": "YILU_DING_SECRET"}],
//	    "routes": [{"levels": ["red", "orange"], "regions": ["411025"], "codes": ["P"]}]
//	  }]
//	}
type Config struct {
	// List is the address of the list of warnings, to which digests link. An empty
	// Config tells nobody.
	List     string    `json:"list"`
	Channels []Channel `json:"channels"`
}

// Kind is how a channel speaks.
type Kind string

// The kinds of channels.
const (
	Mail     Kind = "mail"
	Webhook  Kind = "webhook"
	DingTalk Kind = "dingtalk" // 钉钉
	WeCom    Kind = "wecom"    // 企业微信
	Feishu   Kind = "feishu"   // 飞书
)

var kinds = []Kind{Mail, Webhook, DingTalk, WeCom, Feishu}

// Channel is one receiver.
type Channel struct {
	// Name stays: it is part of what makes a message told. One that is renamed
	// leaves its waiting rows behind, which Status shows.
	Name     string   `json:"name"`
	Kind     Kind     `json:"kind"`
	Language Language `json:"language,omitzero"` // zh if absent
	// Routes say what is told here: what any of them takes.
	Routes []Route `json:"routes"`
	// URL is where webhooks and robots listen. A robot's address is a secret by
	// itself.
	URL Secret `json:"url,omitzero"`
	// Secrets sign. A webhook has one, or several while they are exchanged; 钉钉
	// and 飞书 have the one of 加签 and 签名校验, if it is switched on.
	Secrets []Secret `json:"secrets,omitempty"`
	// Private lists addresses that may be reached though they are not public.
	Private []netip.Prefix `json:"private,omitempty"`
	// CAFile holds certificates of authorities to trust besides the system's.
	CAFile string `json:"ca_file,omitzero"`
	// Limits replace the documented ones, each from its day on.
	Limits []Limit     `json:"limits,omitempty"`
	Mail   *MailServer `json:"mail,omitempty"`
}

// Route takes what fits all that it names; what it leaves out may be anything.
type Route struct {
	Levels []Level `json:"levels,omitempty"`
	// Regions take themselves and what lies below: "4110" takes 411025.
	Regions []string `json:"regions,omitempty"`
	// Codes take rules by the beginning of their code: "P" takes P08.
	Codes  []string `json:"codes,omitempty"`
	Events []Event  `json:"events,omitempty"`
}

func (r Route) takes(m Message) bool {
	any := func(beginnings []string, s string) bool {
		return len(beginnings) == 0 || slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(s, b) })
	}
	return (len(r.Levels) == 0 || slices.Contains(r.Levels, m.Level)) &&
		(len(r.Events) == 0 || slices.Contains(r.Events, m.Event)) &&
		any(r.Regions, m.Region) && any(r.Codes, m.Code)
}

// Secret says where a secret is: in a file of its own or in the environment.
type Secret struct {
	File string `json:"file,omitzero"`
	Env  string `json:"env,omitzero"`
}

// read fetches the secret. Its errors name the place and never the content.
func (s Secret) read() (string, error) {
	switch {
	case (s.File == "") == (s.Env == ""):
		return "", errors.New(`want {"file": …} or {"env": …}`)
	case s.Env != "":
		if v := strings.TrimSpace(os.Getenv(s.Env)); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("environment variable %s is empty", s.Env)
	}
	data, err := os.ReadFile(s.File)
	if err != nil {
		return "", err
	}
	if v := strings.TrimSpace(string(data)); v != "" && len(data) <= 4096 {
		return v, nil
	}
	return "", fmt.Errorf("file %s: want a secret of 1 to 4,096 bytes", s.File)
}

// ReadConfig reads the file strictly: unknown and repeated members are refused,
// and all that is wrong in it is said at once.
func ReadConfig(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read channels: %w", err)
	}
	var c Config
	if err := json.Unmarshal(data, &c, json.RejectUnknownMembers(true)); err != nil {
		return Config{}, fmt.Errorf("read channels: %s: %w", path, err)
	}
	if err := c.check(); err != nil {
		return Config{}, fmt.Errorf("read channels: %s: %w", path, err)
	}
	return c, nil
}

var channelName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

func (c Config) check() error {
	var errs []error
	if u, err := url.Parse(c.List); len(c.Channels) > 0 && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		errs = append(errs, errors.New("list: want the full web address of the list of warnings"))
	}
	names := map[string]bool{}
	for i, channel := range c.Channels {
		if names[channel.Name] {
			errs = append(errs, fmt.Errorf("channel %q is there twice", channel.Name))
		}
		names[channel.Name] = true
		for _, err := range channel.check() {
			errs = append(errs, fmt.Errorf("channel %d %q: %w", i+1, channel.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (c Channel) check() (errs []error) {
	say := func(wrong bool, what string) {
		if wrong {
			errs = append(errs, errors.New(what))
		}
	}
	say(!channelName.MatchString(c.Name), "name: want a-z, 0-9, _ and -, at most 40")
	say(!slices.Contains(kinds, c.Kind), fmt.Sprintf("kind %q: want one of %v", c.Kind, kinds))
	say(c.Language != "" && wordsOf[c.Language].events == nil, `language: want "zh" or "en"`)
	say(len(c.Routes) == 0, "routes: want at least one; {} takes everything")
	for _, r := range c.Routes {
		say(slices.ContainsFunc(r.Regions, func(s string) bool { return !digits(s) }), "regions: want division codes or their beginnings")
		say(slices.Contains(r.Codes, ""), "codes: want rules' codes or their beginnings")
	}
	say((c.Kind == Mail) != (c.Mail != nil), "mail: want it for kind mail, and only there")
	say((c.Kind == Mail) != (c.URL == Secret{}), "url: want it for all kinds but mail")
	say(c.Kind == Webhook && (len(c.Secrets) == 0 || len(c.Secrets) > 4), "secrets: a webhook wants 1 to 4")
	say((c.Kind == DingTalk || c.Kind == Feishu) && len(c.Secrets) > 1, "secrets: want one at most")
	say((c.Kind == Mail || c.Kind == WeCom) && len(c.Secrets) > 0, "secrets: this kind does not sign")
	for _, l := range c.Limits {
		say(l.Burst < 1 || l.Every == 0 || l.Pause == 0 || l.MaxBytes < 600 || l.Basis == "",
			"limits: want burst, every, max_bytes of 600 or more, pause and basis")
	}
	if c.Mail != nil {
		errs = append(errs, c.Mail.check()...)
	}
	return errs
}

func isHTTPS(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
}
