package rule

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"yilu/alerts/formula"
)

var (
	codePattern    = regexp.MustCompile(`^[A-Z][0-9]{2}$`)
	partPattern    = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	namePattern    = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$`)
	remindPattern  = regexp.MustCompile(`^[1-9][0-9]{0,2}(d|wd|mo)$`)
	placeholderSQL = regexp.MustCompile(`(?:^|[^:]):([a-z_][a-z0-9_]*)`)
	clockSQL       = regexp.MustCompile(`(?i)\b(now\s*\(|current_|localtime|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|random|gen_random|set_config|pg_|dblink|lo_|nextval|txid)`)
	floatSQL       = regexp.MustCompile(`(?i)\b(float[48]?|real|double\s+precision)\b`)
)

// oneOf refuses a value that is not in a closed list.
func (c *compilation) oneOf(key, value string, list ...string) {
	if !slices.Contains(list, value) {
		c.bad(key, "%q: want one of %s", value, strings.Join(list, " "))
	}
}

func (c *compilation) names(key string, n Names) {
	if strings.TrimSpace(n.Zh) == "" || strings.TrimSpace(n.En) == "" {
		c.bad(key, "want a text in zh and one in en")
	}
	if word, bad := accuses(n.Zh + " " + n.En); bad {
		c.bad(key, "it says %q: a rule names a pattern, not a guilt", word)
	}
}

// checkHead checks what every rule has.
func (c *compilation) checkHead() {
	r := c.rule
	if !codePattern.MatchString(r.Code) {
		c.bad("code", "%q: want a letter and two digits, such as P08", r.Code)
	}
	if r.File != "" && r.File != r.Code+".yaml" {
		c.bad("code", "want the name of the file, %s", strings.TrimSuffix(r.File, ".yaml"))
	}
	if r.Version < 1 {
		c.bad("version", "want 1 or more, one higher with each change")
	}
	c.oneOf("stage", r.Stage, "fund", "project", "tender", "payment", "acceptance", "governance")
	c.oneOf("state", r.State, "shadow", "active")
	c.oneOf("category", r.Category, "向", "速", "量", "他")
	c.checkHandling("", r.Handling, r.Level)
	c.names("name", r.Name)
	c.names("formula", r.Formula)
	if r.Exclusions != (Names{}) {
		c.names("exclusions", r.Exclusions)
	}
	if strings.TrimSpace(r.Basis) == "" {
		c.bad("basis", "want the law and its article, or [assumed]")
	}
	if r.To != 0 && r.To < r.From {
		c.bad("to", "want a day after from")
	}
	c.oneOf("window", r.Window, "none", "day", "month", "fiscal_year")
	if len(r.Subject) == 0 && r.Kind != OnSweep {
		c.bad("subject", "name the facts that say what the alert is about")
	}
	if r.Minimum != (Minimum{}) && (r.Minimum.Fact == "" || r.Minimum.N < 1) {
		c.bad("minimum", "want fact, a declared count, and n, 1 or more")
	}
	for i, b := range r.Bands {
		key := fmt.Sprintf("bands[%d].", i)
		c.checkHandling(key, b.Handling, b.Level)
		if b.When == "" {
			c.bad(key+"when", "want the condition of the band")
		}
	}
}

func (c *compilation) checkHandling(key, handling, level string) {
	c.oneOf(key+"handling", handling, "B", "A", "W", "N", "L")
	c.oneOf(key+"level", level, "red", "orange", "yellow", "blue")
	if c.rule.Kind != OnEvent && (handling == "B" || handling == "A") {
		c.bad(key+"handling", "%s: what is found later is never above W, since nothing can be stopped", handling)
	}
}

// checkTrigger checks what each kind of rule has, and that it has nothing else.
func (c *compilation) checkTrigger() {
	r := c.rule
	deadline := r.Start != "" || len(r.Expect) > 0 || len(r.Match) > 0 || r.Within != (Within{}) || len(r.Remind) > 0
	sweep := r.Schedule+r.TZ+r.CatchUp+r.SQL != "" || len(r.Said)+len(r.Values) > 0
	condition := r.When != "" || len(r.Bands) > 0
	switch r.Kind {
	case OnEvent:
		if r.When == "" || len(r.Kinds) == 0 || deadline || sweep {
			c.bad("kind", "an event rule has kinds and when, and no start, expect, match, within, remind, schedule, sql")
		}
	case OnDeadline:
		if len(r.Kinds) > 0 || condition || sweep {
			c.bad("kind", "a deadline has start, expect, match, within, and no kinds, when, bands, schedule, sql")
		}
		c.checkDeadline()
	case OnSweep:
		if len(r.Kinds) > 0 || condition || deadline || r.Applies != "" || len(r.Facts)+len(r.Required) > 0 || r.Minimum.Fact != "" {
			c.bad("kind", "a sweep has schedule and sql, and no kinds, facts, applies, when, bands")
		}
		c.checkSweep()
	default:
		c.bad("kind", "%q: want event, deadline or sweep", r.Kind)
	}
	for _, kind := range r.JudgedAt() {
		c.checkKind("kinds", kind)
	}
}

func (c *compilation) checkKind(key, kind string) {
	if _, ok := c.Catalogue[kind]; !ok {
		c.bad(key, "%q is no kind of entry; known are %s", kind, strings.Join(slices.Sorted(maps.Keys(c.Catalogue)), ", "))
	}
}

func (c *compilation) checkDeadline() {
	r := c.rule
	if len(r.Expect) == 0 {
		c.bad("expect", "name the kinds of entries that meet the deadline, such as acceptance.passed")
	}
	if len(r.Match) == 0 {
		c.bad("match", "name the facts that both entries share, such as project.id")
	}
	for _, kind := range r.Expect {
		c.checkKind("expect", kind)
		for _, name := range r.Match {
			if _, ok := c.Catalogue.Fact(kind, name); !ok {
				c.bad("match", "%s is not a fact of %s; %s", name, kind, nearest(name, c.Catalogue[kind]))
			}
		}
	}
	want, ok := map[string]formula.Type{"d": formula.Days, "wd": formula.Workdays, "mo": formula.Months}[r.Within.Unit]
	if !ok || r.Params[r.Within.Param] != want {
		c.bad("within", "want {param: …, unit: d} with a parameter of type days, wd with workdays, or mo with months")
	}
	if from := r.Within.From; from != "" {
		if f, ok := c.Catalogue.Fact(r.Start, from); !ok || f.Type != formula.Civil {
			c.bad("within.from", "%s is no day of %s", from, r.Start)
		}
	}
	for _, before := range r.Remind {
		if !remindPattern.MatchString(before) {
			c.bad("remind", "%q: want days before the end, such as 14d or 3wd", before)
		}
	}
}

// checkSweep checks the form of a query. What it means is for the reviewer, and
// for the database, which runs it read-only and explains it at load.
func (c *compilation) checkSweep() {
	r := c.rule
	c.oneOf("tz", r.TZ, "Asia/Shanghai")
	c.oneOf("catch_up", r.CatchUp, "all", "latest")
	if strings.ContainsAny(r.Schedule, "=@") { // a zone of its own, which may panic, or no fixed slots
		c.bad("schedule", "want five fields such as 30 6 * * 1")
	} else if schedule, err := cron.ParseStandard(r.Schedule); err != nil {
		c.bad("schedule", "want five fields such as 30 6 * * 1: %v", err)
	} else if schedule.Next(time.Date(2020, 1, 1, 0, 0, 0, 0, formula.Shanghai)).IsZero() {
		c.bad("schedule", "%q never comes", r.Schedule)
	}
	sql := strings.ToLower(strings.TrimSpace(r.SQL))
	if !strings.HasPrefix(sql, "select") && !strings.HasPrefix(sql, "with") || strings.Contains(sql, ";") {
		c.bad("sql", "want one query, without a semicolon")
	}
	if floatSQL.MatchString(sql) {
		c.bad("sql", "money is numeric, never a float")
	}
	if found := clockSQL.FindString(sql); found != "" {
		c.bad("sql", "%s: a sweep depends on :as_of, :upto and its rows, on no clock, chance or setting", strings.TrimSpace(found))
	}
	for _, column := range []string{"subject", "entries", "value", "limit_value"} {
		if !strings.Contains(sql, column) {
			c.bad("sql", "want the columns subject, entries, value, limit_value")
			break
		}
	}
	for i, kind := range r.Said {
		if kind != "" && c.Words[kind] == nil {
			c.bad(fmt.Sprintf("said[%d]", i), "%q is no kind of code; %s", kind, strings.Join(slices.Sorted(maps.Keys(c.Words)), ", "))
		}
	}
	for _, word := range slices.Sorted(maps.Keys(r.Values)) {
		key, text := "values."+word, r.Values[word]
		c.names(key, text)
		if found, bad := accuses(text.Zh + text.En); bad {
			c.bad(key, "it says %q: say what it is", found)
		}
		if !strings.Contains(r.SQL, "'"+word) {
			c.bad(key, "no value of the query begins so")
		}
	}
	for _, name := range placeholders(r.SQL) {
		if r.Params[name] == "" && !slices.Contains([]string{"book", "as_of", "upto"}, name) {
			c.bad("sql", ":%s is neither :book, :as_of, :upto nor a parameter", name)
		}
	}
}

// placeholders lists the :names of a query; a cast with :: is none.
func placeholders(sql string) (names []string) {
	for _, found := range placeholderSQL.FindAllStringSubmatch(sql, -1) {
		names = append(names, found[1])
	}
	return names
}
