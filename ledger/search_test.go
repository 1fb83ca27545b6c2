package ledger

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// searchable is a county whose names are hard to find.
func searchable(t *testing.T) *Ledger {
	t.Helper()
	l, _ := testLedger(t)
	drafts := []Draft{
		draft("f1", &FundReceived{Fund: "F1", Document: "豫财农〔2019〕112号", Name: "中央财政专项扶贫资金（发展）", Level: "central", Amount: 1000000, Issued: "2020-01-07", Year: "2020"}, maker),
	}
	for id, p := range map[string][2]string{
		"P1": {"后楚村道路硬化", "颍阳镇后楚村"}, "P2": {"灵树村蔬菜大棚ABC", "库庄镇灵树村"}, "P3": {"100%_道路'\\", "库庄镇"}, "P4": {"道路", "王洛镇东村"}, "P5": {"硬化道路以外", "王洛镇东村"},
		"P6": {"𬴊𫟅鿍𠅤村", "范湖乡城上村"},
	} {
		b := approvedProject(id, "F1", 10000)
		b.Name, b.PlaceName, b.Place, b.Content = p[0], p[1], "411025103205", "按批复实施"
		drafts = append(drafts, draft(id, b, maker), draft(id+"a", &FundAllocated{Fund: "F1", Project: id, Document: "襄财〔2020〕1号", Amount: 5000}, maker))
	}
	for i, who := range []Party{{Name: "许昌恒通路桥工程有限公司", Code: "91350100M000100Y43"}, {Name: "襄城县众和建筑队"}} {
		r := request("Z"+string(rune('0'+i)), 100)
		r.Project, r.Fund, r.Payee = "P1", "F1", who
		drafts = append(drafts, draft(r.Payment, r, maker))
	}
	settle(t, l, "S1", drafts...)
	return l
}

func TestSearchFindsPartsOfNames(t *testing.T) {
	t.Parallel()
	l := searchable(t)
	for text, want := range map[string]string{
		"后楚":            "place/411025103205 project/P1",
		"楚":             "place/411025103205 project/P1",
		"道路硬化":          "project/P1",
		"道路":            "project/P4 project/P1 project/P3 project/P5", // the exact name first
		"硬化 道路":         "project/P1 project/P5",
		"豫财农[2019]112号": "fund/F1",
		"豫财农（2019）112":  "fund/F1",
		"豫财农〔２０１９〕１１２号":      "fund/F1",
		" 豫财农 〔2019〕 ":       "fund/F1",
		"专项扶贫资金(发展)":         "fund/F1",
		"abc":                "project/P2",
		"ＡＢＣ":                "project/P2",
		"100%_":              "project/P3",
		"%":                  "project/P3",
		"'\\":                "project/P3",
		"恒通路桥":               "firm/91350100M000100Y43",
		"91350100M000100Y43": "firm/91350100M000100Y43",
		"众和建筑":               "firm/n-",
		"库庄镇":                "place/411025106 project/P3 project/P2",
		"鿍𠅤":                 "project/P6",
		"没有的":                "", "楚后": "", "": "", "  ": "", "\u200b": "",
	} {
		hits, err := l.Search(t.Context(), testBook, text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var got []string
		for _, h := range hits {
			id := h.ID
			if strings.HasPrefix(id, "n-") {
				id = "n-"
			}
			got = append(got, h.Kind+"/"+id)
		}
		if text == "库庄镇" { // villages follow their townships
			got = slices.DeleteFunc(got, func(s string) bool { return s == "place/411025103205" })
		}
		if diff := cmp.Diff(strings.Fields(want), got); diff != "" && want+strings.Join(got, "") != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	if hits, err := l.Search(t.Context(), "411024", "道路"); err != nil || len(hits) != 0 {
		t.Errorf("another book: %v %v", hits, err)
	}
	if hits, err := l.Search(t.Context(), testBook, strings.Repeat("长", 500)); err != nil || len(hits) != 0 {
		t.Errorf("endless: %v %v", hits, err)
	}
}

// TestSearchUsesItsIndexes: a renamed expression would be found by reading
// everything, and nobody would notice on a small book.
func TestSearchUsesItsIndexes(t *testing.T) {
	t.Parallel()
	l := searchable(t)
	err := l.Snapshot(t.Context(), testBook, func(at *Ledger, _ Head) error {
		tx, err := at.Read.Begin(t.Context())
		if err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), `set local enable_seqscan = off`); err != nil {
			return err
		}
		for _, x := range searchedKinds {
			rows, err := tx.Query(t.Context(), `explain `+x.sql(), string(testBook), []string{"411025道路"}, []string{"道路"}, "道路", []string{"411025=道路"}, exactHits, MostHits)
			if err != nil {
				return err
			}
			plan := ""
			for rows.Next() {
				var line string
				if err := rows.Scan(&line); err != nil {
					return err
				}
				plan += line + "\n"
			}
			if index := strings.TrimPrefix(x.table, "proj.") + "_words"; strings.Count(plan, index) != 2 {
				t.Errorf("%s is not searched by %s:\n%s", x.table, index, plan)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFindsSaysOfManyTextsWhatSearchDoes: of each text, in order and at once.
func TestFindsSaysOfManyTextsWhatSearchDoes(t *testing.T) {
	t.Parallel()
	l := searchable(t)
	texts := []string{"", "\u200b", "没有的", "后楚", "楚后", "后楚 没有", "硬化 道路", "道路硬化", "道路化硬", "豫财农[2019]112号", "abc", "100%_", "恒通路桥", "众和建筑", "李一", "库庄镇", "411025103", "411025103 后楚", "颍阳镇 库庄"}
	var want []string
	for _, text := range texts {
		hits, err := l.Search(t.Context(), testBook, text)
		if err != nil {
			t.Fatal(err)
		}
		if len(hits) > 0 {
			want = append(want, text)
		}
	}
	counted := &countedReader{Reader: l.Read}
	l.Read = counted
	for _, most := range []int{len(texts), 3} {
		got, err := l.Finds(t.Context(), testBook, texts, most)
		if diff := cmp.Diff(want[:min(most, len(want))], got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
	if counted.queries > 4 { // the names of the places and the texts, twice
		t.Errorf("%d questions for %d texts", counted.queries, len(texts))
	}
}

// countedReader counts what is asked.
type countedReader struct {
	Reader
	queries int
}

func (r *countedReader) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r.queries++
	return r.Reader.Query(ctx, sql, args...)
}

func (r *countedReader) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	r.queries++
	return r.Reader.QueryRow(ctx, sql, args...)
}

func (r *countedReader) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	r.queries++
	return r.Reader.SendBatch(ctx, b)
}
