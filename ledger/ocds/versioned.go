package ocds

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/ledger"
)

// A versioned release holds in the place of each value the list of all that it ever was,
// each with the release that told it. Where a record has nothing else, it stands for a
// compiled release, and for what contracts were worth before.

// maxVersions is the most dates whose contracts are looked at; with more only the last is.
const maxVersions = 200

// takeVersioned emits what a versioned release says in the end, and before that its
// contracts as they stood at each earlier date.
func (w *walker) takeVersioned(h *holder, raw jsontext.Value) error {
	if err := w.report(Report{h.ocid(), ledger.Finding{Code: "versioned_only"}}); err != nil {
		return err
	}
	tree, err := parse(raw, newNotes(Options{}))
	if errors.Is(err, errTooDeep) {
		return w.report(Report{h.ocid(), ledger.Finding{Code: "too_deep"}})
	}
	if err != nil {
		return err
	}
	dates := map[time.Time]string{}
	versionDates(tree, dates)
	order := slices.SortedFunc(maps.Keys(dates), time.Time.Compare)
	for i, date := range order[max(0, len(order)-maxVersions):] {
		last := i == min(len(order), maxVersions)-1
		o, ok := asOf(tree, date).(map[string]any)
		if !ok || !last && o["contracts"] == nil {
			continue
		}
		if !last {
			o = map[string]any{"contracts": o["contracts"]}
		}
		o["date"] = dates[date]
		text, err := json.Marshal(withNumbers(o), json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
		if err != nil {
			return err
		}
		if err := w.take(&holder{members: membersOf(text), up: h}, last, text); err != nil {
			return err
		}
	}
	return nil
}

// versionsIn are the versions that a list holds, if that is what it is.
func versionsIn(v any) ([]any, bool) {
	list, ok := v.([]any)
	return list, ok && len(list) > 0 && !slices.ContainsFunc(list, func(x any) bool {
		o, ok := x.(map[string]any)
		_, told := o["value"]
		return !ok || !told || str(o, "releaseDate") == ""
	})
}

// versionDates gathers when releases told something, by the instant, as it is written.
func versionDates(v any, dates map[time.Time]string) {
	if versions, ok := versionsIn(v); ok {
		for _, x := range versions {
			date := str(x, "releaseDate")
			dates[orderOf(momentOf(date))] = date
		}
		return
	}
	switch x := v.(type) {
	case map[string]any:
		for _, inner := range x {
			versionDates(inner, dates)
		}
	case []any:
		for _, inner := range x {
			versionDates(inner, dates)
		}
	}
}

// asOf is a versioned tree as it stood at a date; nil where nothing was told yet.
func asOf(v any, date time.Time) any {
	if versions, ok := versionsIn(v); ok {
		var told any
		var at time.Time
		for _, x := range versions {
			if t := orderOf(momentOf(str(x, "releaseDate"))); !t.After(date) && !t.Before(at) {
				told, at = x.(map[string]any)["value"], t
			}
		}
		return told
	}
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range x {
			if was := asOf(inner, date); was != nil {
				out[name] = was
			}
		}
		if len(out) == 0 || len(out) == 1 && out["id"] != nil && len(x) > 1 { // told later
			return nil
		}
		return out
	case []any:
		out := []any{}
		for _, inner := range x {
			if was := asOf(inner, date); was != nil {
				out = append(out, was)
			}
		}
		if len(out) == 0 && len(x) > 0 {
			return nil
		}
		return out
	}
	return v
}

// withNumbers is a tree with its numbers as JSON writes them.
func withNumbers(v any) any {
	switch x := v.(type) {
	case number:
		return jsontext.Value(x)
	case map[string]any:
		out := map[string]any{}
		for name, inner := range x {
			out[name] = withNumbers(inner)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, inner := range x {
			out[i] = withNumbers(inner)
		}
		return out
	}
	return v
}
