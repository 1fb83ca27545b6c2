package ocds

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yilu/ledger"
)

// release is one release of a process on its way to be merged.
type release struct {
	tree     map[string]any
	compiled bool
	date     ledger.Moment
	// at is date as an instant; without a zone it is taken as UTC, for the order
	// of releases only.
	at   time.Time
	id   string
	text string
}

// made begins the ids that were made here: no publisher's id begins so.
const made = "~"

// identified are the lists whose things are told apart by their ids, under the
// names of the objects that hold them.
var identified = [][]string{{"parties"}, {"tender", "lots"}, {"bids", "details"}, {"awards"}, {"contracts"}}

// objects are the members that hold one thing; some publishers write a list there.
var objects = []string{
	"tender", "buyer", "procuringEntity", "value", "tenderPeriod", "period", "identifier", "classification", "unit", "implementation", "payer", "payee",
}

// neverText are those of them of which a text or number tells nothing that is read.
var neverText = []string{"tenderPeriod", "period", "identifier", "classification", "unit", "implementation"}

// unlist takes the one thing out of a list that stands where an object is due. Of several
// none is chosen: they stay, and whoever reads there says that it is no object. The path is
// written only where something is found: releases have many members.
func (n *notes) unlist(path []string, v any) {
	switch x := v.(type) {
	case map[string]any:
		for name, inner := range x {
			here := append(path, name)
			list, ok := inner.([]any)
			if ok && len(list) > 0 && slices.Contains(objects, name) {
				if at := strings.Join(here, "/"); len(list) > 1 {
					n.add("object_wanted", at, short(list), "")
				} else {
					n.add("object_listed", at, short(list), short(list[0]))
					inner = list[0]
					x[name] = inner
				}
			}
			switch inner.(type) {
			case string, number, bool:
				if inner != "" && slices.Contains(neverText, name) {
					n.add("object_wanted", strings.Join(here, "/"), short(inner), "")
				}
			}
			n.unlist(here, inner)
		}
	case []any:
		for i, inner := range x {
			switch inner.(type) {
			case map[string]any, []any:
				n.unlist(append(path, strconv.Itoa(i)), inner)
			}
		}
	}
}

// prepare makes of a release's tree one that can be merged: lists are lists, and
// the things in them have ids of their own.
func (n *notes) prepare(tree map[string]any) {
	switch bids := tree["bids"].(type) {
	case nil, map[string]any:
	case []any:
		n.add("bids_list", "bids", strconv.Itoa(len(bids)), "")
		tree["bids"] = map[string]any{"details": bids}
	default:
		n.add("object_wanted", "bids", short(bids), "")
	}
	for _, names := range identified {
		holder, last := tree, names[len(names)-1]
		if len(names) > 1 {
			holder, _ = tree[names[0]].(map[string]any)
		}
		if holder[last] != nil {
			holder[last] = n.identify(strings.Join(names, "/"), holder[last])
		}
	}
	contracts, _ := tree["contracts"].([]any)
	for _, c := range contracts {
		if held, ok := at(c, "implementation").(map[string]any); ok && held["transactions"] != nil {
			held["transactions"] = n.identify("contracts["+str(c, "id")+"]/implementation/transactions", held["transactions"])
		}
	}
}

// identify gives each thing of a list an id that no other has. Of several things
// with one id the first in the order of their texts keeps it, so that the order
// in which they are listed does not matter.
func (n *notes) identify(path string, v any) []any {
	byID := map[string][]map[string]any{}
	var ids []string
	for i, x := range n.list(path, v) {
		o, ok := x.(map[string]any)
		if !ok {
			if x != nil {
				n.add("object_wanted", path+"/"+strconv.Itoa(i), short(x), "")
			}
			continue
		}
		id := n.id(path+"/"+strconv.Itoa(i)+"/id", o["id"])
		if id == "" {
			id = made + strconv.Itoa(i+1)
			n.add("id_missing", path+"/"+strconv.Itoa(i), "", id)
		}
		if byID[id] == nil {
			ids = append(ids, id)
		}
		o["id"] = id
		byID[id] = append(byID[id], o)
	}
	out := []any{}
	for _, id := range ids {
		same := byID[id]
		slices.SortStableFunc(same, func(a, b map[string]any) int { return cmp.Compare(text(a), text(b)) })
		before, kept := "", 0
		for _, o := range same {
			t := text(o)
			switch {
			case t == before:
				n.add("id_twice", path, id, "")
				continue
			case kept > 0 && path == "parties": // one is enough to name it
				n.add("party_repeated", path, "", "")
				continue
			case kept > 0:
				o["id"] = id + made + strconv.Itoa(kept+1)
				n.add("id_repeated", path, id, str(o, "id"))
			}
			before, kept = t, kept+1
			out = append(out, o)
		}
	}
	return out
}

// merge adds a later release to an earlier one, as the standard has it: what is told
// replaces what was, null takes it away, and things in lists are told apart by their ids.
func (n *notes) merge(path string, base, next map[string]any) {
	for name, v := range next {
		old, told := base[name]
		switch old := old.(type) {
		case map[string]any:
			if o, ok := v.(map[string]any); ok {
				n.merge(path+name+"/", old, o)
				continue
			}
		case []any:
			if list, ok := v.([]any); ok && haveIDs(old) && haveIDs(list) {
				base[name] = n.mergeLists(path+name, old, list)
				continue
			}
		}
		if v != nil {
			base[name] = v
			continue
		}
		if told && old != nil && path+name != "ocid" {
			n.add("null_removed", path+name, short(old), "")
		}
		delete(base, name)
	}
}

func haveIDs(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { return idText(v, "id") == "" })
}

func (n *notes) mergeLists(path string, old, list []any) []any {
	place := make(map[string]map[string]any, len(old))
	for _, v := range old {
		place[idText(v, "id")] = v.(map[string]any)
	}
	for _, v := range list {
		o := v.(map[string]any)
		if was := place[idText(v, "id")]; was != nil {
			n.merge(path+"["+idText(v, "id")+"]/", was, o)
			continue
		}
		place[idText(v, "id")] = o
		old = append(old, o)
	}
	return old
}

// differ says whether two releases tell different things of the same.
func differ(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return false
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return b != nil
		}
		for name, v := range x {
			if name != "id" && name != "date" && name != "tag" && name != "language" && y[name] != nil && differ(v, y[name]) {
				return true
			}
		}
		return false
	case []any:
		y, ok := b.([]any)
		if !ok {
			return b != nil
		}
		if !haveIDs(x) || !haveIDs(y) {
			return text(x) != text(y)
		}
		theirs := map[string]any{}
		for _, v := range y {
			theirs[idText(v, "id")] = v
		}
		return slices.ContainsFunc(x, func(v any) bool { return differ(v, theirs[idText(v, "id")]) })
	}
	return b != nil && a != b
}

// merged is the one release that all releases of a process make together.
type merged struct {
	tree map[string]any
	// released is the date of the latest of them, whole whether a compiled release
	// says all that there is.
	released ledger.Moment
	whole    bool
	// values are what contracts were worth by the releases, oldest first.
	values map[string][]ledger.ProcessValue
}

// mergeAll merges the releases of one process, in the order of their dates
// whatever the order in which they came.
func (n *notes) mergeAll(all []*release) *merged {
	for _, r := range all {
		n.unlist(make([]string, 0, maxDepth), r.tree)
		r.date = n.moment("date", r.tree["date"])
		r.id = n.id("id", r.tree["id"])
		if r.date == "" {
			n.add("release_undated", "date", r.id, "")
		}
		if r.at = orderOf(r.date); len(all) > 1 {
			r.text = text(r.tree)
		}
	}
	slices.SortFunc(all, func(a, b *release) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(b2i(a.compiled), b2i(b.compiled)), cmp.Compare(a.id, b.id), cmp.Compare(a.text, b.text))
	})
	all = n.distinct(all)
	m := &merged{values: map[string][]ledger.ProcessValue{}}
	start := 0
	for i, r := range all {
		m.noteValues(n.silent(), r)
		if r.compiled {
			start, m.whole = i, true
		}
	}
	// What is as old as the compiled release, or older, is in it.
	for i, r := range all[start:] {
		n.prepare(r.tree)
		if m.released = r.date; i == 0 {
			m.tree = r.tree
			continue
		}
		if before := all[start+i-1]; before.at.Equal(r.at) && differ(before.tree, r.tree) {
			n.add("same_date", "", before.id, r.id)
		}
		n.merge("", m.tree, r.tree)
	}
	return m
}

// noteValues keeps what contracts are worth by a release, before it is merged.
func (m *merged) noteValues(n *notes, r *release) {
	contracts, _ := r.tree["contracts"].([]any)
	for _, c := range contracts {
		id := n.id("", at(c, "id"))
		a, _ := n.positive("", at(c, "value"))
		told := m.values[id]
		if a != 0 && (len(told) == 0 || told[len(told)-1].Amount != a) {
			m.values[id] = append(told, ledger.ProcessValue{Amount: a, Released: r.date})
		}
	}
}

// distinct drops releases that are there already, and notes ids that are not
// unique.
func (n *notes) distinct(all []*release) []*release {
	texts, ids := map[string]bool{}, map[string]bool{}
	return slices.DeleteFunc(all, func(r *release) bool {
		if texts[r.text] {
			n.add("release_twice", "", r.id, "")
			return true
		}
		if ids[r.id] && r.id != "" && !r.compiled {
			n.add("release_repeated", "id", r.id, "")
		}
		texts[r.text], ids[r.id] = true, true
		return false
	})
}

func orderOf(m ledger.Moment) time.Time {
	if t, ok := m.Instant(); ok {
		return t
	}
	for _, form := range []string{"2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(form, string(m)); err == nil {
			return t
		}
	}
	return time.Time{}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
