package web

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"yilu/ledger"
)

// The fund-flow picture (资金流向图): a Sankey diagram drawn here as SVG, so that
// a page needs no script. It is drawn from the same rows as the table that
// follows it; a reader who cannot see it misses nothing.

// picture is a laid-out diagram. Lengths are in units of its own view box.
type picture struct {
	// ID begins the ids inside the SVG, unique on the page.
	ID            string
	Width, Height int
	Title, About  string
	Nodes         []*node
	Ribbons       []*ribbons
	// Narrow is drawn for a phone: labels outside, two columns.
	Narrow bool
}

// node is a bar with its name and sum beside it.
type node struct {
	Lines []string
	Total ledger.Amount
	// Class colours and hatches the bar; "" is plain.
	Class         string
	X, Y, W, H    float64
	LabelX        float64
	LabelY        float64
	Anchor        string
	column        int
	slot          float64
	in, out       float64
	hidden        bool
	sumIn, sumOut ledger.Amount
}

// Name is the whole name in one line.
func (n *node) Name() string { return strings.Join(n.Lines, "") }

// AmountY is where the sum stands, below the lines of the name.
func (n *node) AmountY() float64 { return n.LabelY + lineHeight*float64(len(n.Lines)) }

// LineY is where a line of the name stands.
func (n *node) LineY(i int) float64 { return n.LabelY + lineHeight*float64(i) }

// ribbons are all the money of one class, between any two nodes: one shape each, since
// a phone reads a page by its elements.
type ribbons struct {
	Class string
	Path  string
}

const lineHeight = 17.0

// link is money from one node to another before the drawing.
type link struct {
	from, to *node
	class    string
	amount   ledger.Amount
}

// drawing collects nodes and links, then lays them out in columns.
type drawing struct {
	columns [][]*node
	links   []*link
	byKey   map[string]*node
}

func newDrawing(columns int) *drawing {
	return &drawing{columns: make([][]*node, columns), byKey: map[string]*node{}}
}

// node returns the node with a key in a column, made at its first mention.
func (d *drawing) node(column int, key string, class string, lines ...string) *node {
	at := fmt.Sprintf("%d/%s", column, key)
	n, ok := d.byKey[at]
	if !ok {
		n = &node{Lines: lines, Class: class, column: column, hidden: len(lines) == 0}
		d.byKey[at] = n
		d.columns[column] = append(d.columns[column], n)
	}
	return n
}

// flow adds money between two nodes; bands between the same two of one class
// become one.
func (d *drawing) flow(from, to *node, class string, a ledger.Amount) {
	from.sumOut += a
	to.sumIn += a
	for _, l := range d.links {
		if l.from == from && l.to == to && l.class == class {
			l.amount += a
			return
		}
	}
	d.links = append(d.links, &link{from, to, class, a})
}

// measures are the lengths a layout works with.
type measures struct {
	width, bar, gap float64
	// scale is the height of the largest column's money.
	scale float64
	// columns are the left edges of the bars.
	columns []float64
	// outside puts labels left of the first and right of the last column.
	outside bool
}

// layout places every node in a slot as high as its bar or its label, whichever
// is more: so labels never overlap, however small the money.
func (d *drawing) layout(m measures) *picture {
	var most ledger.Amount
	for _, column := range d.columns {
		var sum ledger.Amount
		for _, n := range column {
			n.Total = max(n.sumIn, n.sumOut)
			sum += n.Total
		}
		most = max(most, sum)
	}
	unit := m.scale / float64(max(most, 1))
	height := 0.0
	for _, column := range d.columns {
		height = max(height, columnHeight(column, unit, m.gap))
	}
	for i, column := range d.columns {
		y := (height - columnHeight(column, unit, m.gap)) / 2
		for _, n := range column {
			n.H = max(float64(n.Total)*unit, 1)
			n.X, n.W, n.Y = m.columns[i], m.bar, y+(n.slot-n.H)/2
			n.place(m, i == 0, y)
			y += n.slot + m.gap
		}
	}
	p := &picture{Width: int(m.width), Height: int(math.Ceil(height)) + 2, Narrow: m.outside}
	for _, column := range d.columns {
		for _, n := range column {
			if !n.hidden {
				p.Nodes = append(p.Nodes, n)
			}
		}
	}
	for _, l := range d.links {
		i := slices.IndexFunc(p.Ribbons, func(r *ribbons) bool { return r.Class == l.class })
		if i < 0 {
			i = len(p.Ribbons)
			p.Ribbons = append(p.Ribbons, &ribbons{Class: l.class})
		}
		p.Ribbons[i].Path += l.draw(unit)
	}
	return p
}

// columnHeight sets the slots of a column and adds them up.
func columnHeight(column []*node, unit, gap float64) float64 {
	height := 0.0
	for _, n := range column {
		label := lineHeight*float64(len(n.Lines)+1) + 5
		if n.hidden {
			label = 0
		}
		n.slot = max(float64(n.Total)*unit, label)
		height += n.slot + gap
	}
	return max(height-gap, 0)
}

// place puts the label beside the bar, in the middle of the slot that begins at y.
func (n *node) place(m measures, first bool, y float64) {
	text := lineHeight * float64(len(n.Lines)+1)
	n.LabelY = y + (n.slot-text)/2 + 13
	n.LabelX, n.Anchor = n.X+n.W+6, "start"
	if m.outside && first {
		n.LabelX, n.Anchor = n.X-6, "end"
	}
}

// draw makes the ribbon between the two bars, below what is there already.
func (l *link) draw(unit float64) string {
	h := float64(l.amount) * unit
	shown := max(h, 0.8) // a thread of money is still seen
	x0, x1 := l.from.X+l.from.W, l.to.X
	y0, y1 := l.from.Y+l.from.out, l.to.Y+l.to.in
	l.from.out += h
	l.to.in += h
	if l.to.hidden { // a passage behind a column: drawn as one with what follows
		x1 = l.to.X + l.to.W
	}
	mid := (x0 + x1) / 2
	return fmt.Sprintf("M%.0f %.1fC%.0f %.1f %.0f %.1f %.0f %.1fV%.1fC%.0f %.1f %.0f %.1f %.0f %.1fZ",
		x0, y0, mid, y0, mid, y1, x1, y1, y1+shown, mid, y1+shown, mid, y0+shown, x0, y0+shown)
}

// wrap cuts a name into at most most lines of about width columns, a Chinese
// character being two. Words of letters stay whole, a closing mark never begins
// a line, and an opening one goes with what it opens. What does not fit ends in
// an ellipsis; the table has it whole.
func wrap(name string, width, most int) []string {
	var lines []string
	line, used := "", 0
	for _, piece := range pieces(name) {
		w := columnsOf(piece)
		if used > 0 && used+w > width && !strings.ContainsAny(piece, closing) {
			if len(lines) == most-1 {
				return append(lines, strings.TrimSpace(line)+"…")
			}
			text := strings.TrimSpace(line)
			kept := strings.TrimRight(text, opening)
			lines, line = append(lines, strings.TrimSpace(kept)), text[len(kept):]
			used = columnsOf(line)
		}
		line += piece
		used += w
	}
	return append(lines, cmp.Or(strings.TrimSpace(line), "—"))
}

const (
	opening = "（〔《【「『("
	closing = "）〕》】」』，。、；：！？)"
)

// pieces are what a line may be broken between: single Chinese characters and
// marks, and words with the space behind them.
func pieces(name string) []string {
	var all []string
	word := ""
	flush := func() {
		if word != "" {
			all = append(all, word)
		}
		word = ""
	}
	for _, r := range name {
		if r > 0x2E7F || strings.ContainsRune(opening+closing, r) {
			flush()
			all = append(all, string(r))
			continue
		}
		word += string(r)
		if r == ' ' || len(word) >= 12 {
			flush()
		}
	}
	flush()
	return all
}

// columnsOf is the width of a text where a Chinese character takes two columns.
func columnsOf(s string) int {
	w := 0
	for _, r := range s {
		w++
		if r > 0x2E7F {
			w++
		}
	}
	return w
}

// countyPicture is level → fund → township → who got it, for a wide screen.
func (f *frame) countyPicture(bands []band) *picture {
	d := newDrawing(4)
	// The columns in the order of the book, not of the money.
	for _, b := range bands {
		d.node(0, b.Level, "", f.name("level", b.Level))
	}
	for _, b := range bands {
		level, fund := d.node(0, b.Level, ""), d.node(1, b.Fund, "", wrap(b.FundName, 26, 2)...)
		d.flow(level, fund, "plain", b.Amount)
	}
	d.columns[2] = nil
	for _, code := range townshipsOf(bands) {
		d.node(2, code, "", wrap(f.division(code), 18, 1)...)
	}
	for _, class := range classOrder {
		for _, b := range bands {
			if b.Class != class {
				continue
			}
			fund, who := d.node(1, b.Fund, ""), d.node(3, class, class, wrap(f.t("class."+class), 20, 2)...)
			through := d.node(2, "~"+class, class) // money that is in no township passes behind
			if b.Township != "" {
				through = d.node(2, b.Township, "")
			}
			d.flow(fund, through, class, b.Amount)
			d.flow(through, who, class, b.Amount)
		}
	}
	d.drop()
	p := d.layout(measures{width: 1000, bar: 12, gap: 8, scale: 340, columns: []float64{0, 160, 470, 790}})
	return f.named(p, "wide", "flow.county")
}

// drop forgets nodes that no money reached.
func (d *drawing) drop() {
	for i, column := range d.columns {
		var kept []*node
		for _, n := range column {
			if n.sumIn != 0 || n.sumOut != 0 {
				kept = append(kept, n)
			}
		}
		d.columns[i] = kept
	}
}

// townshipsOf lists the townships of the bands in the order of their codes.
func townshipsOf(bands []band) []string {
	var codes []string
	seen := map[string]bool{"": true}
	for _, b := range bands {
		if !seen[b.Township] {
			seen[b.Township] = true
			codes = append(codes, b.Township)
		}
	}
	slices.Sort(codes)
	return codes
}

// narrowPicture is fund → who got it, with labels outside: it can be read on a
// phone of 320 pixels.
func (f *frame) narrowPicture(bands []band) *picture {
	d := newDrawing(2)
	for _, b := range bands {
		d.node(0, b.Fund, "", append(wrap(b.FundName, 14, 3), f.name("level", b.Level))...)
	}
	for _, class := range classOrder {
		for _, b := range bands {
			if b.Class == class {
				d.flow(d.node(0, b.Fund, ""), d.node(1, class, class, wrap(f.t("class."+class), 14, 3)...), class, b.Amount)
			}
		}
	}
	return f.named(d.layout(narrow), "narrow", "flow.county")
}

// narrow are the lengths of a picture of two columns.
var narrow = measures{width: 328, bar: 10, gap: 8, scale: 260, columns: []float64{116, 202}, outside: true}

func (f *frame) named(p *picture, id, key string) *picture {
	p.ID, p.Title, p.About = id, f.t(key), f.t(key+"_about")
	return p
}

// documentPicture is fund line → township → class; it has few lines, so it is
// drawn narrow, from lines to where the money is.
func (f *frame) documentPicture(t *documentTrace, shares []ledger.Share) *picture {
	sums := map[string]map[string]ledger.Amount{}
	put := func(fund, class string, a ledger.Amount) {
		if a == 0 {
			return
		}
		if sums[fund] == nil {
			sums[fund] = map[string]ledger.Amount{}
		}
		sums[fund][class] += a
	}
	for _, s := range shares {
		put(s.Fund, classOf(s.Payee), s.Paid)
	}
	for _, q := range t.Quotas {
		put(q.Fund, "unpaid", q.Allocated-q.Paid)
	}
	for _, u := range t.Units {
		put(u.Fund, "unit", u.Amount)
	}
	d := newDrawing(2)
	for _, x := range t.Funds {
		put(x.Fund, "hand", x.InHand)
		put(x.Fund, "returned", x.Returned)
		if x.Received > 0 {
			d.node(0, x.Fund, "", append(wrap(x.Name, 14, 3), f.name("level", x.Level))...)
		}
	}
	for _, class := range classOrder {
		for _, x := range t.Funds {
			if a := sums[x.Fund][class]; a > 0 {
				d.flow(d.node(0, x.Fund, ""), d.node(1, class, class, wrap(f.t("class."+class), 14, 3)...), class, a)
			}
		}
	}
	return f.named(d.layout(narrow), "d"+fmt.Sprint(t.Funds[0].Seq), "flow.document")
}

// classOf is the class of a payee by its key.
func classOf(payee string) string {
	switch {
	case isPrivate(payee):
		return "person"
	case strings.HasPrefix(payee, "g-"):
		return "household"
	}
	return "firm"
}

// mostPayeesDrawn is how many payees a picture names; the others are one bar.
const mostPayeesDrawn = 8

// projectPicture is fund → project's payees, and what is not paid yet.
func (f *frame) projectPicture(p *projectView) *picture {
	d := newDrawing(2)
	for _, q := range p.Quotas {
		if q.Allocated > 0 {
			d.node(0, q.Fund, "", append(wrap(q.Source.Name, 14, 3), f.name("level", q.Source.Level))...)
		}
	}
	drawn := map[string]bool{}
	for _, s := range p.Shares.Rows {
		if s.Paid <= 0 {
			continue
		}
		key, class := s.Payee, classOf(s.Payee)
		lines := wrap(cmp.Or(s.PayeeName, f.t("class."+class)), 14, 3)
		if !drawn[key] && len(drawn) >= mostPayeesDrawn {
			key, lines = "~"+class, wrap(f.t("flow.others"), 14, 2)
		}
		drawn[key] = true
		d.flow(d.node(0, s.Fund, ""), d.node(1, key, class, lines...), class, s.Paid)
	}
	for _, q := range p.Quotas {
		if rest := q.Allocated - q.Paid; rest > 0 {
			d.flow(d.node(0, q.Fund, ""), d.node(1, "unpaid", "unpaid", wrap(f.t("class.unpaid"), 14, 2)...), "unpaid", rest)
		}
	}
	return f.named(d.layout(narrow), "project", "flow.project")
}

// payeePicture is fund → project for the money of one payee.
func (f *frame) payeePicture(p *payeeView, shares []ledger.Share) *picture {
	d := newDrawing(2)
	drawn := map[string]bool{}
	for _, s := range shares {
		if s.Paid <= 0 {
			continue
		}
		key, lines := s.Project, wrap(s.ProjectName, 14, 3)
		if !drawn[key] && len(drawn) >= mostPayeesDrawn {
			key, lines = "~", wrap(f.t("flow.others"), 14, 2)
		}
		drawn[key] = true
		from := d.node(0, s.Fund, "", append(wrap(s.FundName, 14, 3), f.name("level", s.Level))...)
		d.flow(from, d.node(1, key, "firm", lines...), "firm", s.Paid)
	}
	return f.named(d.layout(narrow), "payee", "flow.payee")
}
