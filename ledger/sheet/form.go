package sheet

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"yilu/ledger"
)

// kind is how the cells of a column are read.
type kind int

const (
	text     kind = iota // any words, as written
	id                   // our own or the office's number of a thing
	amount               // money, in the sheet's unit
	day                  // a day
	period               // first and last day of works
	count                // a whole number
	quantity             // a number with up to six decimals
	number               // an identifying number: citizen, account, phone
	share                // a percentage, checked and not kept
	upper                // money in capital numerals, checked and not kept
)

// Column is one column of a form.
type Column struct {
	// Name is the header as we print it, and the key of a [Record].
	Name string
	// Aliases are other headers that mean the same.
	Aliases  []string
	kind     kind
	required bool
	// unhashed columns do not make a row another row: 序号, 备注.
	unhashed bool
	// loose columns have no total that could be held against the rows.
	loose bool
	// example stands in the template's 填写说明.
	example string
}

// Form is one of the county's tables: its columns, and how a row of it becomes
// drafts.
type Form struct {
	// Name is the word for programs: "plan", "payment".
	Name string
	// Text is the table's title.
	ledger.Text
	// Wan is set where amounts are in 万元 unless the sheet says otherwise.
	Wan     bool
	Columns []Column
	// main is the column whose sum is the sheet's total; of a list, one that no other
	// sheet has.
	main string
	// list is the comparison list that a file of the form is a load of, else empty.
	list string
	// apart says that no row rests on another: the good ones are tried beside bad ones.
	apart bool
	// fields says which column a field of a refused draft came from.
	fields map[string]string
	// row makes drafts of one record; done makes those that need all records.
	row  func(b *builder, r *record)
	done func(b *builder)
}

// Forms lists the forms that can be imported: in the order of the money's way, then
// the lists that it is held against, then the names of places.
var Forms = []*Form{FundLedger, Library, Plan, Allocation, Payment, Grant, Assets, Poor, Payroll, Cadres, Deceased, Debarred, Firms, FirmPersons, Accounts, Measures, Entitled, Places}

// FormOf finds a form by its name or title.
func FormOf(name string) (*Form, bool) {
	for _, f := range Forms {
		if f.Name == name || f.Zh == name {
			return f, true
		}
	}
	return nil, false
}

// HoldsMoney says whether rows of the form are of money: those of lists are not.
func (f *Form) HoldsMoney() bool { return f.Columns[f.column(f.main)].kind == amount }

// IsList says whether it is a comparison list (比对名单).
func (f *Form) IsList() bool { return f.list != "" }

// LeavesOut says whether rows that are in the book already can be left out of a file:
// where each row is an entry, or a line of a grant batch.
func (f *Form) LeavesOut() bool {
	return slices.Contains([]string{"library", "plan", "allocation", "payment", "grant", "asset", "place"}, f.Name)
}

// column is the index of a column of the form, or -1.
func (f *Form) column(name string) int {
	return slices.IndexFunc(f.Columns, func(c Column) bool { return c.Name == name })
}

var (
	inBrackets  = regexp.MustCompile(`\([^()]*\)`)
	unitPattern = regexp.MustCompile(`单位:?(?:人民币)?(亿元|千万元|百万元|十万元|万元|千元|百元|元)`)
	headerUnit  = regexp.MustCompile(`[(/,:](亿元|千万元|百万元|十万元|万元|千元|百元|元)\)?$`)
)

// match finds the form's column that a header names, or -1.
func (f *Form) match(header string) int {
	const longest = 120 // bytes; no header is longer, many cells are
	if len(header) > longest {
		return -1
	}
	h := fold(header)
	if h == "" {
		return -1
	}
	names := f.names()
	if i, ok := names[plain.Replace(h)]; ok {
		return i
	}
	if i, ok := names[strings.Trim(inBrackets.ReplaceAllString(h, ""), "*:")]; ok {
		return i
	}
	return -1
}

var (
	plain = strings.NewReplacer("(", "", ")", "", "*", "")
	// headers holds the names of each form, made at first use.
	headers sync.Map
)

// names are the form's headers and their aliases with the column of each.
func (f *Form) names() map[string]int {
	if m, ok := headers.Load(f); ok {
		return m.(map[string]int)
	}
	m := map[string]int{}
	for i, c := range f.Columns {
		for _, a := range c.Aliases {
			if _, taken := m[plain.Replace(fold(a))]; !taken {
				m[plain.Replace(fold(a))] = i
			}
		}
	}
	for i, c := range f.Columns {
		m[plain.Replace(fold(c.Name))] = i
	}
	headers.Store(f, m)
	return m
}

// table is where a sheet keeps what: found in its first rows.
type table struct {
	form *Form
	// from is the first row after the header.
	from int
	// at is the sheet column of each form column, or -1; headers are as written.
	at      []int
	headers []string
	// matched is the form column of each sheet column, or -1.
	matched []int
	// wan is the unit of each form column.
	wan []bool
	// ignored are headers that the form does not know.
	ignored []string
}

// maxTop is how many filled rows may stand above the data.
const maxTop = 30

// findTable looks for the header among the first lines: the row, or pair of
// rows where a group of columns has a common heading, that names most columns.
func (f *Form) findTable(top []Line) (*table, error) {
	best, most := []string(nil), 0
	from, first := 0, 0
	for i, l := range top {
		if n := f.score(l.Cells); n > most {
			best, most, from, first = l.Cells, n, l.Row+1, i
		}
	}
	for i := 1; i < len(top); i++ {
		joined := join(top[i-1].Cells, top[i].Cells)
		if n := f.score(joined); n > most {
			best, most, from, first = joined, n, top[i].Row+1, i-1
		}
	}
	if most < 2 {
		return nil, fileProblem("找不到%s的表头：前 %d 行里没有它的列名（如“%s”），请用模板填写（导入页可下载，或 yilu export template %s）", "the first %[2]d rows hold no header of the form %[4]s (columns such as %[3]s); yilu export template %[4]s gives a template", f.Zh, maxTop, f.Columns[f.column(f.main)].Name, f.Name)
	}
	t := &table{form: f, from: from, headers: best, at: make([]int, len(f.Columns)), wan: make([]bool, len(f.Columns))}
	return t, t.place(top[:first])
}

func (f *Form) score(cells []string) int {
	seen := map[int]bool{}
	for _, c := range cells {
		if i := f.match(c); i >= 0 {
			seen[i] = true
		}
	}
	return len(seen)
}

// join lays a row of headers over the row of common headings above it.
func join(upper, lower []string) []string {
	out := make([]string, max(len(upper), len(lower)))
	for i := range out {
		if i < len(lower) && strings.TrimSpace(lower[i]) != "" {
			out[i] = lower[i]
		} else if i < len(upper) {
			out[i] = upper[i]
		}
	}
	return out
}

// place notes which sheet column serves which form column, and the units.
func (t *table) place(titles []Line) error {
	wan, err := sheetUnit(t.form.Wan, titles)
	if err != nil {
		return err
	}
	for i := range t.at {
		t.at[i], t.wan[i] = -1, wan
	}
	for n, h := range t.headers {
		i := t.form.match(h)
		t.matched = append(t.matched, i)
		if i < 0 {
			if h := clean(h); h != "" && h != errorHeader {
				t.ignored = append(t.ignored, h)
			}
			continue
		}
		if t.at[i] >= 0 {
			return fileProblem("%s 列与 %s 列都是“%s”，请只保留一列", "columns %s and %s are both %q", columnName(t.at[i]), columnName(n), t.form.Columns[i].Name)
		}
		t.at[i] = n
		if m := headerUnit.FindStringSubmatch(fold(h)); m != nil && t.form.Columns[i].kind == amount {
			if t.wan[i], err = unitOf(m[1]); err != nil {
				return err
			}
		}
	}
	var missing []string
	for i, c := range t.form.Columns {
		if c.required && t.at[i] < 0 {
			missing = append(missing, c.Name)
		}
	}
	if len(missing) > 0 {
		return fileProblem("表头缺少必需的列：%s", "the header lacks columns: %s", strings.Join(missing, "、"))
	}
	return nil
}

// sheetUnit reads the line 单位：万元 above a table.
func sheetUnit(wan bool, titles []Line) (bool, error) {
	for _, l := range titles {
		for _, c := range l.Cells {
			if m := unitPattern.FindStringSubmatch(fold(c)); m != nil {
				return unitOf(m[1])
			}
		}
	}
	return wan, nil
}

func unitOf(word string) (wan bool, err error) {
	switch word {
	case "元":
		return false, nil
	case "万元":
		return true, nil
	}
	return false, fileProblem("金额单位“%s”不支持，请改为元或万元", "amounts in %s are not read, use 元 or 万元", word)
}

// repeats says whether a row is the header once more, as printing on several
// pages leaves it.
func (t *table) repeats(cells []string) bool {
	same, filled := 0, 0
	for n, c := range cells {
		if strings.TrimSpace(c) == "" {
			continue
		}
		filled++
		if n < len(t.matched) && t.matched[n] >= 0 && t.form.match(c) == t.matched[n] {
			same++
		}
	}
	return same >= 2 && same*2 >= filled
}

var (
	totalPattern = regexp.MustCompile(`^(.{0,12})(小计|合计|总计|共计)([:(].*)?$`)
	footPattern  = regexp.MustCompile(`^(注|备注|说明|填表|制表|填报|审核|复核|单位负责人|单位\(|经办|负责人|联系|打印|第\d+页)`)
)

// totalOf says whether a row is a total and of what sort: "小计" or "合计".
func (t *table) totalOf(cells []string) string {
	seen := 0
	for n, c := range cells {
		if strings.TrimSpace(c) == "" || n >= len(t.matched) {
			continue
		}
		i := t.matched[n]
		if i >= 0 && t.form.Columns[i].kind != text && t.form.Columns[i].kind != id {
			continue
		}
		if m := totalPattern.FindStringSubmatch(fold(c)); m != nil {
			if m[2] == "小计" {
				return "小计"
			}
			return "合计"
		}
		if seen++; seen > 1 {
			return ""
		}
	}
	return ""
}

// foot says whether a row is a note below the table.
func (t *table) foot(cells []string) bool {
	for i, c := range t.form.Columns {
		if c.required && c.Name != "序号" && t.at[i] > 0 && t.at[i] < len(cells) && strings.TrimSpace(cells[t.at[i]]) != "" {
			return false
		}
	}
	for _, c := range cells {
		if f := fold(c); f != "" {
			return footPattern.MatchString(f)
		}
	}
	return false
}
