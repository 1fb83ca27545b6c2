package web

import (
	"context"
	"net/url"

	"yilu/ledger"
	"yilu/publicity/workday"
)

// objectionList are the objections with their public answers as files: never what was
// written. Their page is page_objection.go's.
var objectionList = &listing[reply]{
	Path: "/objections", Title: "notices.to_objections", Caption: "caption.objections", Note: "objections.note", Filters: []string{"notice", "state", "place"},
	Words: map[string][]string{"state": objectionStates},
	Read: func(ctx context.Context, l *ledger.Ledger, book ledger.Book, v url.Values, p ledger.Page) ([]reply, string, error) {
		found, next, err := l.FindObjections(ctx, book, ledger.ObjectionFilter{Notice: v.Get("notice"), State: v.Get("state"), Place: v.Get("place")}, p)
		if err != nil {
			return nil, "", err
		}
		calendar, rows := workday.StateCouncil(), make([]reply, len(found))
		for i, o := range found {
			if rows[i], err = readReply(ctx, l, calendar, book, o); err != nil {
				return nil, "", err
			}
		}
		return rows, next, nil
	},
	Columns: []column[reply]{
		{"objection", "field.objection", "", false, func(_ *frame, r reply) cell { return cell{Text: r.Objection.Objection} }},
		{"topic", "object.topic", "", false, func(f *frame, r reply) cell { return codeCell(f, "topic", r.Topic) }},
		{"track", "receipt.law", "", false, func(f *frame, r reply) cell { return codeCell(f, "track", r.Track) }},
		{"received_on", "objection.received", "", false, func(_ *frame, r reply) cell { return dayCell(r.On) }},
		{"notice", "field.notice", "", false, func(_ *frame, r reply) cell { return cell{Text: r.Notice} }},
		{"project", "field.project", "", false, func(_ *frame, r reply) cell { return cell{Text: r.Project} }},
		{"state", "col.state", "", false, func(f *frame, r reply) cell { return codeCell(f, "state", r.State) }},
		{"due", "objections.due", "", false, func(_ *frame, r reply) cell { return dayCell(r.Due) }},
		{"answered_on", "objections.answered_on", "", false, func(_ *frame, r reply) cell { return dayCell(r.AnsweredOn) }},
		{"late", "objections.is_late", "", false, func(f *frame, r reply) cell {
			if r.Answer == nil || !r.Late {
				return cell{}
			}
			return cell{Text: f.t("objections.late_yes"), Code: "late"}
		}},
		{"outcome", "objection.outcome", "", false, func(f *frame, r reply) cell { return codeCell(f, "objection_outcome", r.Outcome) }},
		{"question", "objection.question", "", false, func(_ *frame, r reply) cell {
			return r.told(func(a *ledger.ObjectionAnswered) string { return a.Question })
		}},
		{"answer", "objection.answer", "", false, func(_ *frame, r reply) cell {
			return r.told(func(a *ledger.ObjectionAnswered) string { return a.Answer })
		}},
		{"answered_by", "field.answered_by", "", false, func(_ *frame, r reply) cell {
			return r.told(func(a *ledger.ObjectionAnswered) string { return a.Unit })
		}},
		{"entry", "col.entry", "", false, func(f *frame, r reply) cell { return f.entryCell(r.Seq) }},
	},
}

// told is a part of the answer, nothing before it.
func (r reply) told(part func(*ledger.ObjectionAnswered) string) cell {
	if r.Answer == nil {
		return cell{}
	}
	return bookCell(part(r.Answer))
}

// objectionNews tells of objections and of their answers, by the time at which they were
// entered.
func objectionNews(ctx context.Context, f *frame, place string) ([]news, error) {
	filter := ledger.ObjectionFilter{Place: place}
	if place == string(f.Book) {
		filter.Place = ""
	}
	found, _, err := f.ledger.FindObjections(ctx, f.Book, filter, ledger.Page{Limit: mostInFeed})
	if err != nil {
		return nil, err
	}
	var seqs []ledger.Seq
	for _, o := range found {
		if seqs = append(seqs, o.Seq); o.Answered != ledger.None {
			seqs = append(seqs, o.Answered)
		}
	}
	entries, err := f.ledger.EntriesAt(ctx, f.Book, seqs)
	if err != nil {
		return nil, err
	}
	var all []news
	for _, o := range found {
		to := "/objections"
		if o.Notice != "" {
			to = "/notices/" + o.Notice
		}
		title := f.name("topic", o.Topic) + " · " + o.Objection
		if e := entries[o.Seq]; e != nil {
			all = append(all, news{ID: "objections/" + o.Objection, Title: f.name("kind", string(e.Kind)) + " · " + title, Text: f.name("track", o.Track), To: to, At: e.At})
		}
		if e := entries[o.Answered]; e != nil {
			b, ok := e.Body.(*ledger.ObjectionAnswered)
			if ok {
				all = append(all, news{ID: "objections/" + o.Objection + "/answered", Title: f.name("kind", string(e.Kind)) + " · " + title, Text: b.Question + "。" + b.Answer, To: to, At: e.At})
			}
		}
	}
	return all, nil
}
