package ledger

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Ids are told apart by case. People type them in small letters, and are then told that
// there is no such thing: so they are told which one there is.

// thingsNamed finds things by their ids, by the member of a body that names them.
var thingsNamed = map[string]string{
	"project":  `select project from proj.project where book = $1 and project = any($2)`,
	"fund":     `select fund from proj.fund where book = $1 and fund = any($2)`,
	"contract": `select contract from proj.contract where book = $1 and contract = any($2)`,
	"tender":   `select tender from proj.tender where book = $1 and tender = any($2)`,
	"payment":  `select payment from proj.payment where book = $1 and payment = any($2)`,
}

// thingWords are the words for them.
var thingWords = map[string]Text{
	"project": {"项目", "project"}, "fund": {"资金", "fund"}, "contract": {"合同", "contract"}, "tender": {"招标", "tender"}, "payment": {"支付", "payment"},
}

// InCapitals says which of the ids of a kind of thing ("project") there are in capital
// letters, though not as they are written.
func (l *Ledger) InCapitals(ctx context.Context, book Book, thing string, ids ...string) (map[string]string, error) {
	return inCapitals(ctx, l.Read, book, thing, ids)
}

func inCapitals(ctx context.Context, q querier, book Book, thing string, ids []string) (map[string]string, error) {
	written := map[string][]string{}
	for _, id := range ids {
		if upper := strings.ToUpper(id); upper != id && validID(id) && !slices.Contains(written[upper], id) {
			written[upper] = append(written[upper], id)
		}
	}
	if len(written) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, thingsNamed[thing], book, slices.Collect(maps.Keys(written)))
	if err != nil {
		return nil, fmt.Errorf("look for ids in capitals: %w", err)
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for ids in capitals: %w", err)
	}
	found := map[string]string{}
	for _, upper := range there {
		for _, id := range written[upper] {
			found[id] = upper
		}
	}
	return found, nil
}

// suggest adds to what is wrong with drafts the ids that were probably meant.
func suggest(ctx context.Context, q querier, book Book, drafts []Draft, problems []Problem) error {
	missing, at := map[string][]string{}, map[int][2]string{}
	for i, p := range problems {
		thing := strings.TrimPrefix(p.Field, "body.")
		if thingsNamed[thing] == "" || p.Rule != "not_found" && (p.Rule != "over_payment" || thing != "fund") || p.Index < 0 || p.Index >= len(drafts) {
			continue
		}
		v := reflect.ValueOf(drafts[p.Index].Body).Elem().FieldByName(strings.ToUpper(thing[:1]) + thing[1:])
		if v.Kind() == reflect.String {
			missing[thing], at[i] = append(missing[thing], v.String()), [2]string{thing, v.String()}
		}
	}
	for thing, ids := range missing {
		found, err := inCapitals(ctx, q, book, thing, ids)
		if err != nil {
			return err
		}
		for i, of := range at {
			if id := found[of[1]]; of[0] == thing && id != "" {
				problems[i].Text = Suggested(problems[i].Text, thing, id)
			}
		}
	}
	return nil
}

// Suggested is a sentence about a thing that there is not, with the one that there is.
func Suggested(t Text, thing, id string) Text {
	return Text{
		Zh: t.Zh + "；同编号的" + thingWords[thing].Zh + " " + id + " 是大写的，请核对",
		En: t.En + "; there is " + thingWords[thing].En + " " + id + ", in capital letters: please check",
	}
}
