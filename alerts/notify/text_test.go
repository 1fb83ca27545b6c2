package notify

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCutNeverSplitsACharacter(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"核实", 6, "核实"}, {"核实款项", 11, "核实…"}, {"核实款项", 9, "核实…"}, {"核实款项", 8, "核…"}, {"核实款项", 3, "…"},
		{"核实款项", 2, ""}, {"核实", 0, ""}, {"核实", -5, ""}, {"abc", 3, "abc"}, {"", 0, ""},
	} {
		if got := cut(c.text, c.most); got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.text, c.most, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text, most := rapid.String().Draw(t, "text"), rapid.IntRange(0, 100).Draw(t, "most")
		got := cut(text, most)
		if len(got) > most || !utf8.ValidString(got) || !strings.HasPrefix(text, strings.TrimSuffix(got, "…")) {
			t.Fatalf("cut(%q, %d) = %q", text, most, got)
		}
	})
}

// TestTextsKeepWithinTheirBytes: level, code and link stay, however long the
// sentence and however small the room.
func TestTextsKeepWithinTheirBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := message(rapid.IntRange(0, 9999).Draw(t, "i"), Level(rapid.IntRange(0, 3).Draw(t, "level")))
		m.Sentence.Zh = rapid.StringN(0, 400, 1200).Draw(t, "zh")
		m.Sentence.En = m.Sentence.Zh
		lang := rapid.SampledFrom([]Language{Chinese, English}).Draw(t, "lang")
		most := rapid.IntRange(600, 2048).Draw(t, "most")
		_, text := single(m, lang, true, most)
		if len(text) > most || !utf8.ValidString(text) || !strings.HasSuffix(text, m.Link) || !strings.Contains(text, m.Code) {
			t.Fatalf("%d bytes of %d: %q", len(text), most, text)
		}
	})
}

func TestDigestsKeepWithinTheirBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var messages []Message
		for i := range rapid.IntRange(1, 200).Draw(t, "n") {
			m := message(i, Level(rapid.IntRange(0, 3).Draw(t, "level")))
			m.Region = rapid.StringMatching(`41[0-9]{4}`).Draw(t, "region")
			messages = append(messages, m)
		}
		most := rapid.IntRange(600, 4000).Draw(t, "most")
		subject, text := digest(messages, Chinese, "https://yilu.example/alerts", most)
		if len(text) > most || !utf8.ValidString(text) || !strings.HasSuffix(text, "https://yilu.example/alerts") || !strings.HasPrefix(text, subject) {
			t.Fatalf("%d bytes of %d: %q", len(text), most, text)
		}
	})
}

func TestDigestNamesTheRedOnes(t *testing.T) {
	messages := []Message{message(0, Blue), message(1, Red), message(2, Yellow)}
	messages[1].Event = Overdue
	_, text := digest(messages, English, "https://yilu.example/en/alerts", 2048)
	const want = "3 warnings: red 1, yellow 1, blue 1\n[red] warning overdue P08 https://yilu.example/alerts/a0001\n" +
		"411025001: red 1\n411025200205: yellow 1\n411025: blue 1\nsee https://yilu.example/en/alerts"
	if text != want {
		t.Errorf("%q", text)
	}
}

// TestBucketKeepsWhatTheVendorsAllow: whenever letters are taken, no minute (and
// with 飞书 no second) holds more than the documented number.
func TestBucketKeepsWhatTheVendorsAllow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]Kind{DingTalk, WeCom, Feishu}).Draw(t, "kind")
		limit := defaults[kind]
		now := time.Unix(1_790_000_000, 0)
		free := time.Unix(0, 0)
		var times []time.Time
		for range rapid.IntRange(1, 80).Draw(t, "rounds") {
			n := rapid.IntRange(0, limit.tokens(free, now)).Draw(t, "n")
			free = limit.spend(free, now, n)
			for range n {
				times = append(times, now)
			}
			now = now.Add(time.Duration(rapid.IntRange(1, 20_000).Draw(t, "ms")) * time.Millisecond)
		}
		within := func(window time.Duration, most int) {
			for i := range times {
				if j := i + most; j < len(times) && times[j].Sub(times[i]) < window {
					t.Fatalf("%d letters within %s", most+1, times[j].Sub(times[i]))
				}
			}
		}
		if kind == Feishu {
			within(time.Second, 5)
			within(time.Minute, 100)
			return
		}
		within(time.Minute, 20)
	})
}

func TestLimitsHoldFromTheirDay(t *testing.T) {
	limits := []Limit{{From: "2027-01-01", Burst: 3}, {From: "2026-06-01", Burst: 2}}
	for day, want := range map[string]int{"2026-05-31": 9, "2026-06-01": 2, "2026-12-31": 2, "2027-01-01": 3, "2030-01-01": 3} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		c := channel{Channel: Channel{Kind: DingTalk, Limits: limits}}
		if got := c.limit(at).Burst; got != want {
			t.Errorf("%s: %d, want %d", day, got, want)
		}
	}
}
