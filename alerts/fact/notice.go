package fact

import (
	"math/big"
	"regexp"
	"slices"
	"strings"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/ledger"
	"yilu/publicity"
)

// Facts of notices, of their proofs, and of objections (公开公示).
var (
	notice = []rule.Fact{
		{Name: "notice.id", Type: formula.Text, Source: "the notice of the entry"},
		{Name: "notice.stage", Type: formula.Text, Source: "matter of the notice: a code of ledger.NoticeStages"},
		{Name: "notice.level", Type: formula.Text, Source: "who publishes: a code of ledger.NoticeLevels"},
		{Name: "notice.channel", Type: formula.Text, Source: "where it is: a code of ledger.NoticeChannels"},
		{Name: "notice.has_end", Type: formula.Bool, Source: "the notice ends at all: it is a posting (公示) and does not stay"},
		{Name: "notice.starts", Type: formula.Civil, Source: "its first day"},
		{Name: "notice.ends", Type: formula.Civil, Source: "its last day; for notice.ended the day on which it was taken down; missing for one that stays"},
	}
	wordsOfNotice = []rule.Fact{
		{Name: "notice.missing", Type: formula.Text, Source: "mandatory fields of its matter that it lacks, with the hotline and the local phone, by code: see publicity.Missing"},
		{Name: "notice.lacking", Type: formula.Count, Unit: "项", Source: "how many they are"},
		{Name: "notice.total", Type: formula.Amount, Unit: "元", Source: "the sum it announces"},
		{Name: "notice.lines_sum", Type: formula.Amount, Unit: "元", Source: "Σ amounts of its rows; the total for one without rows"},
		{Name: "notice.has_ledger_sum", Type: formula.Bool, Source: "an entry it is about has a sum"},
		{Name: "notice.ledger_sum", Type: formula.Amount, Unit: "元", Source: "Σ of the entries it is about, of the sources it announces; missing where none has a sum"},
		{Name: "notice.has_shares", Type: formula.Bool, Source: "a row of it prints a percentage, and its total is above zero"},
		{Name: "notice.share_gap", Type: formula.Share, Unit: "百分点", Source: "max |printed − row ÷ total|, in percentage points, cut at six decimals; missing without percentages"},
		{Name: "notice.unnamed", Type: formula.Amount, Unit: "元", Source: "Σ amounts of its rows whose name, content, item, category and result, as far as they are told, say no more than 其他 or 其它, alone or before 支出, 项目, 费用, 资金, 类, 等"},
		{Name: "notice.own_place", Type: formula.Bool, Source: "by.unit of the entry lies in the township of the notice's place, or is the county's own for a county's notice"},
		{Name: "notice.three_days_on", Type: formula.Civil, Source: "the third day after its first day"},
	}
	hanging = []rule.Fact{
		{Name: "notice.hanging", Type: formula.Bool, Source: "for notice.corrected: the day lies in the period of the version before"},
	}
	proofs = []rule.Fact{
		{Name: "notice.hung", Type: formula.Count, Unit: "张", Source: "proofs of its hanging, but for those of its last day, without this entry"},
		{Name: "notice.hung_end", Type: formula.Count, Unit: "张", Source: "proofs of its last day, without this entry"},
		{Name: "proof.reused", Type: formula.Count, Unit: "次", Source: "for notice.hung: other notices that the same photograph was given for; 0 for other entries"},
		{Name: "notice.is_over", Type: formula.Bool, Source: "the entry takes the notice down"},
	}
	objection = []rule.Fact{
		{Name: "objection.id", Type: formula.Text, Source: "the objection of the entry"},
		{Name: "objection.track", Type: formula.Text, Source: "how it is handled: a code of ledger.ObjectionTracks"},
	}
	posting = []rule.Fact{
		{Name: "posting.exists", Type: formula.Bool, Source: "the payment's project, or its grant batch, has a posting that payment has to wait for: P2, P3, P4 or P8, not taken back, with a last day"},
		{Name: "posting.until", Type: formula.Civil, Source: "the latest last day of these; missing without one"},
	}
)

// waitedFor are the matters whose posting has to end before money moves.
var waitedFor = []string{"P2", "P3", "P4", "P8"}

var noticeProviders = map[string]func(*subject) formula.Value{
	"notice.id":      func(s *subject) formula.Value { return text(s.noticeID()) },
	"notice.stage":   ofNotice(func(n ledger.Notice) formula.Value { return formula.String(n.Stage) }),
	"notice.level":   ofNotice(func(n ledger.Notice) formula.Value { return formula.String(n.Level) }),
	"notice.channel": ofNotice(func(n ledger.Notice) formula.Value { return formula.String(n.Channel) }),
	"notice.has_end": ofNotice(func(n ledger.Notice) formula.Value { return formula.True(n.Ends != "") }),
	"notice.starts":  ofNotice(func(n ledger.Notice) formula.Value { return day(n.Starts) }),
	"notice.ends": func(s *subject) formula.Value {
		n, ok := s.notice()
		if _, over := s.e.Body.(*ledger.NoticeEnded); ok && over && n.Ends != "" {
			return day(s.e.On)
		}
		return day(n.Ends)
	},
	"notice.missing": ofContent(func(c *ledger.NoticeContent) formula.Value {
		return formula.String(strings.Join(publicity.Missing(c), "、"))
	}),
	"notice.lacking": ofContent(func(c *ledger.NoticeContent) formula.Value { return formula.Whole(int64(len(publicity.Missing(c)))) }),
	"notice.total":   ofContent(func(c *ledger.NoticeContent) formula.Value { return yuan(c.Total) }),
	"notice.lines_sum": ofContent(func(c *ledger.NoticeContent) formula.Value {
		if len(c.Lines) == 0 {
			return yuan(c.Total)
		}
		return yuan(c.Sum())
	}),
	"notice.has_ledger_sum": func(s *subject) formula.Value {
		c, ok := s.content()
		if !ok {
			return nothing
		}
		_, stated := s.v.Announced(c)
		return formula.True(stated)
	},
	"notice.ledger_sum": func(s *subject) formula.Value {
		c, ok := s.content()
		if !ok {
			return nothing
		}
		sum, stated := s.v.Announced(c)
		if !stated {
			return nothing
		}
		return yuan(sum)
	},
	"notice.has_shares": ofContent(func(c *ledger.NoticeContent) formula.Value { return formula.True(hasShares(c)) }),
	"notice.share_gap":  ofContent(shareGap),
	"notice.unnamed":    ofContent(func(c *ledger.NoticeContent) formula.Value { return yuan(unnamed(c)) }),
	"notice.own_place":  ownPlace,
	"notice.three_days_on": ofContent(func(c *ledger.NoticeContent) formula.Value {
		return day(c.Starts.AddDays(3))
	}),
	"notice.hanging": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.NoticeCorrected)
		if !ok {
			return nothing
		}
		n, ok := s.v.Notice(b.Notice)
		return formula.True(ok && n.Ends != "" && n.Starts <= s.e.On && s.e.On <= n.Ends)
	},

	"notice.hung":     ofNotice(func(n ledger.Notice) formula.Value { return formula.Whole(n.Hung) }),
	"notice.hung_end": ofNotice(func(n ledger.Notice) formula.Value { return formula.Whole(n.HungEnd) }),
	"notice.is_over":  func(s *subject) formula.Value { return formula.True(s.e.Kind == "notice.ended") },
	"proof.reused": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.NoticeHung)
		if !ok {
			return formula.Whole(0)
		}
		n := int64(0)
		for _, p := range s.v.Photos(b.Photo.SHA256) {
			if p.Notice != b.Notice {
				n++
			}
		}
		return formula.Whole(n)
	},

	"objection.id": func(s *subject) formula.Value {
		switch b := s.e.Body.(type) {
		case *ledger.ObjectionReceived:
			return formula.String(b.Objection)
		case *ledger.ObjectionAnswered:
			return formula.String(b.Objection)
		}
		return nothing
	},
	"objection.track": func(s *subject) formula.Value {
		switch b := s.e.Body.(type) {
		case *ledger.ObjectionReceived:
			return formula.String(b.Track)
		case *ledger.ObjectionAnswered:
			o, ok := s.v.Objection(b.Objection)
			return text(o.Track, ok)
		}
		return nothing
	},

	"posting.exists": func(s *subject) formula.Value {
		until, ok := s.postedUntil()
		if !ok {
			return nothing
		}
		return formula.True(until != "")
	},
	"posting.until": func(s *subject) formula.Value {
		until, _ := s.postedUntil()
		return day(until)
	},
}

// noticeID is the notice of the entry.
func (s *subject) noticeID() (string, bool) {
	switch b := s.e.Body.(type) {
	case *ledger.NoticePosted:
		return b.Notice, true
	case *ledger.NoticeCorrected:
		return b.Notice, true
	case *ledger.NoticeEnded:
		return b.Notice, true
	case *ledger.NoticeHung:
		return b.Notice, true
	}
	return "", false
}

// content is what the notice of the entry says, for those that say it anew.
func (s *subject) content() (*ledger.NoticeContent, bool) {
	switch b := s.e.Body.(type) {
	case *ledger.NoticePosted:
		return &b.Content, true
	case *ledger.NoticeCorrected:
		return &b.Content, true
	}
	return nil, false
}

// notice is the notice as it stands, or as the entry says it anew.
func (s *subject) notice() (ledger.Notice, bool) {
	id, ok := s.noticeID()
	if !ok {
		return ledger.Notice{}, false
	}
	if c, ok := s.content(); ok {
		return ledger.Notice{Notice: id, Stage: c.Stage, Level: c.Level, Channel: c.Channel, Place: c.Place, Starts: c.Starts, Ends: c.Ends, Total: c.Total}, true
	}
	return s.v.Notice(id)
}

func ofNotice(get func(ledger.Notice) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		n, ok := s.notice()
		if !ok {
			return nothing
		}
		return get(n)
	}
}

func ofContent(get func(*ledger.NoticeContent) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		c, ok := s.content()
		if !ok {
			return nothing
		}
		return get(c)
	}
}

func hasShares(c *ledger.NoticeContent) bool {
	return c.Total > 0 && slices.ContainsFunc(c.Lines, func(l ledger.NoticeLine) bool { return l.Share != "" })
}

// shareGap is how far a printed percentage is from the row's part of the total: all of
// it in millionths of a percentage point.
func shareGap(c *ledger.NoticeContent) formula.Value {
	if !hasShares(c) {
		return nothing
	}
	most := new(big.Int)
	for _, l := range c.Lines {
		if l.Share == "" {
			continue
		}
		exact := new(big.Int).Mul(big.NewInt(int64(l.Amount)), big.NewInt(100*micro))
		exact.Quo(exact, big.NewInt(int64(c.Total)))
		gap := new(big.Int).Sub(big.NewInt(hundredthsOf(l.Share)*(micro/100)), exact)
		if gap.Abs(gap).Cmp(most) > 0 {
			most = gap
		}
	}
	return share(most)
}

// telling are the columns that say what a row's money is for.
var telling = []string{"name", "content", "item", "category", "result"}

// vague is a heading that says nothing (笼统科目).
var vague = regexp.MustCompile(`^(其他|其它)(支出|项目|费用|资金|类|等)?$`)

// unnamed is the sum of the rows of which nothing is told but a vague heading.
func unnamed(c *ledger.NoticeContent) (sum ledger.Amount) {
	for _, l := range c.Lines {
		told, specific := false, false
		for i, value := range l.Values {
			value = strings.Join(strings.Fields(value), "")
			if value == "" || !slices.Contains(telling, c.Columns[i]) {
				continue
			}
			told = true
			specific = specific || !vague.MatchString(value)
		}
		if told && !specific {
			sum += l.Amount
		}
	}
	return sum
}

// ownPlace says whether who posts a notice is of its place: units are called by their
// division code, the county's by six digits.
func ownPlace(s *subject) formula.Value {
	c, ok := s.content()
	if !ok {
		return nothing
	}
	unit, _, _ := strings.Cut(s.e.By.Unit, "-")
	if c.Level == "county" {
		return formula.True(unit == string(s.v.Book()))
	}
	return formula.True(len(unit) >= 9 && strings.HasPrefix(c.Place, unit[:9]) || strings.HasSuffix(c.Place, "000000") || unit == string(s.v.Book()) && c.Level == "unit")
}

// postedUntil is the last day of the postings that the entry's payment has to wait for,
// "" for none.
func (s *subject) postedUntil() (ledger.Date, bool) {
	p, ok := s.payment()
	if !ok || p.Project == "" {
		return "", false
	}
	until := ledger.Date("")
	for _, n := range s.v.Notices(p.Project) {
		if n.State != ledger.StateWithdrawn && slices.Contains(waitedFor, n.Stage) && (n.Stage != "P8" || p.Lines > 0 && n.Posted > p.Requested) {
			until = max(until, n.Ends)
		}
	}
	return until, true
}
