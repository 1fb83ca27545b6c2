package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// Hit is something whose names hold the words that were searched for.
type Hit struct {
	// Kind is project, fund, tender, contract, firm or place.
	Kind string `json:"kind"`
	// ID is that of the thing: a firm's key, a place's code.
	ID    string `json:"id"`
	Title string `json:"title"`
	// Note says more: a project's place, a fund's document, a tender's project.
	Note string `json:"note"`
	// Of is the project of a tender or contract, and the place of a project.
	Of string `json:"of"`
	// Exact is set when one of its names is what was searched for.
	Exact bool `json:"exact"`
	// Named is set when the title holds the first word.
	Named bool `json:"-"`
	// Placed is set when a project's place holds the first word.
	Placed bool `json:"-"`
}

// MostHits is how many things of one kind a search finds; who wants others says
// more words.
const MostHits = 200

// exactHits is how many things of one kind may have the same name.
const exactHits = 20

// searched is a kind of thing that is searched: its table, the expression of its
// index, and what a hit shows. All parts are constants.
type searched struct{ kind, columns, table, texts, only string }

// searchedKinds follow the indexes of migration 00015: PostgreSQL takes an index for
// an expression only if it is written the same.
var searchedKinds = []searched{
	{"project", `project as id, name as title, place_name as note, place as of`, `proj.project`, `name, project, place_name, unit, document, content`, ``},
	{"fund", `fund as id, name as title, document as note, document as of`, `proj.fund`, `name, fund, document`, ``},
	{"tender", `tender as id, name as title, '' as note, project as of`, `proj.tender`, `name, tender`, ``},
	{"contract", `contract as id, name as title, supplier_name as note, project as of`, `proj.contract`, `name, contract, supplier_name`, ``},
	{"firm", `payee as id, name as title, '' as note, 'paid' as of`, `proj.payee`, `name, payee`, ` and payee not like 'p-%' and payee not like 'g-%'`},
	{"firm", `bidder as id, name as title, '' as note, '' as of`, `proj.bid`, `name, bidder`, ``},
}

// words is the expression of the index.
func (x searched) words() string { return `proj.words(book, array[` + x.texts + `])` }

// lacks says of a row and folded words that one of them is not in it.
func (x searched) lacks(words string) string {
	return `exists (select from unnest(` + words + `) w where strpos(proj.folded(concat_ws(chr(10), ` + x.texts + `)), w) = 0)`
}

// sql finds rows by $2, the pairs of all words, or $5, the whole text; of the first
// kind it keeps those that hold each of $3, the folded words of which a pair is a part.
// Folding is most of what a search costs: it is done only where it can tell something.
func (x searched) sql() string {
	placed := `false`
	if x.kind == "project" {
		placed = `(strpos(h.note, $4) > 0 or strpos(proj.folded(h.note), $4) > 0)`
	}
	return `
		select '` + x.kind + `', h.id, h.title, h.note, h.of, h.exact, (strpos(h.title, $4) > 0 or strpos(proj.folded(h.title), $4) > 0) as named, ` + placed + `
		from (
			(select ` + x.columns + `, true as exact from ` + x.table + ` where ` + x.words() + ` @> $5::text[]` + x.only + ` limit $6)
			union all
			(select ` + x.columns + `, false from ` + x.table + ` where ` + x.words() + ` @> $2::text[]` + x.only + ` and book || '' = $1
				and not ` + x.lacks(`$3::text[]`) + ` limit $7)
		) h
		order by h.exact desc, named desc, h.id`
}

// Search finds projects, funds, tenders, contracts, firms and places by parts of
// their names and numbers: all of the words, which blanks part. Brackets, widths and
// cases make no difference. Of each kind there are at most MostHits; those that are
// named exactly come first.
func (l *Ledger) Search(ctx context.Context, book Book, text string) ([]Hit, error) {
	words := strings.Fields(text)
	if len(words) == 0 || len(words) > 10 || len(text) > 400 {
		return nil, nil
	}
	var pairs, folded []string
	var whole string
	err := l.Read.QueryRow(ctx, `
		select array(select distinct unnest(proj.wanted($1, proj.folded(w))) from unnest($2::text[]) w),
			array(select f from (select proj.folded(w) as f, at from unnest($2::text[]) with ordinality u(w, at)) v where f <> '' order by at),
			proj.folded($3)`, book, words, text).Scan(&pairs, &folded, &whole)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	if len(folded) == 0 {
		return nil, nil
	}
	longer := slices.DeleteFunc(slices.Clone(folded), func(w string) bool { return utf8.RuneCountInString(w) <= 2 }) // who has the pair has the word
	var hits []Hit
	b := &pgx.Batch{}
	for _, x := range searchedKinds {
		b.Queue(x.sql(), book, pairs, longer, folded[0], []string{string(book) + "=" + whole}, exactHits, MostHits).Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Hit])
			hits = append(hits, found...)
			return err
		})
	}
	if err := l.Read.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	names, err := l.Places(ctx, book)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return append(placesOf(names, book, hits, folded), once(hits)...), nil
}

// Finds tells for which of some texts, whose words one blank parts, Search finds something:
// the first most of them, by one question to the database for all.
func (l *Ledger) Finds(ctx context.Context, book Book, texts []string, most int) ([]string, error) {
	names, err := l.Places(ctx, book)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	var codes, called []string
	for _, d := range names.All(book) {
		codes, called = append(codes, d.Code), append(called, d.Name)
	}
	var sought []string
	for _, x := range searchedKinds {
		sought = append(sought, `exists (select from `+x.table+` where `+x.words()+` @> a.pairs`+x.only+` and book || '' = $1 and not `+x.lacks(`a.longer`)+`)`)
	}
	var found []string
	err = l.Read.QueryRow(ctx, `
		with asked as materialized (
			select u.text, v.folded, array(select distinct unnest(proj.wanted($1, w)) from unnest(v.folded) w) as pairs,
				array(select w from unnest(v.folded) w where length(w) > 2) as longer
			from unnest($2::text[]) u(text),
				lateral (select array(select proj.folded(w) from unnest(string_to_array(u.text, ' ')) w where proj.folded(w) <> '') as folded) v
		)
		select array(select a.text from asked a
		where a.folded <> '{}' and (exists (select from unnest($3::text[], $4::text[]) p(code, name)
				where not exists (select from unnest(a.folded) w where strpos(p.name, w) = 0 and not starts_with(p.code, w)))
			or `+strings.Join(sought, "\n\t\t\tor ")+`)
		limit $5)`, book, texts, codes, called, most).Scan(&found)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

// placesOf are the townships and villages whose names hold all words, and the villages
// of the projects found whose names hold the first.
func placesOf(names Places, book Book, hits []Hit, folded []string) []Hit {
	var places []Hit
	for _, d := range names.All(book) {
		if !slices.ContainsFunc(folded, func(w string) bool { return !strings.Contains(d.Name, w) && !strings.HasPrefix(d.Code, w) }) {
			places = append(places, Hit{Kind: "place", ID: d.Code, Title: d.Name, Named: true})
		}
	}
	for _, h := range hits {
		if h.Kind == "project" && h.Placed && len(h.Of) == 12 && !strings.HasSuffix(h.Of, "000") {
			places = append(places, Hit{Kind: "place", ID: h.Of, Title: h.Note, Named: true})
		}
	}
	return once(places)
}

// once drops what is there already.
func once(hits []Hit) []Hit {
	seen := map[[2]string]bool{}
	return slices.DeleteFunc(hits, func(h Hit) bool {
		key := [2]string{h.Kind, h.ID}
		if seen[key] {
			return true
		}
		seen[key] = true
		return false
	})
}
