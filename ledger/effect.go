package ledger

import "context"

// Withdrawn says which of some entries have no effect any more: they were
// reversed, stand in a rejected submission, or are lines of a grant batch that
// was withdrawn. Entering the same again is then no duplicate.
func (l *Ledger) Withdrawn(ctx context.Context, book Book, seqs []Seq) (map[Seq]bool, error) {
	rows, err := collect[struct{ Seq Seq }](ctx, l.Read, "withdrawn entries", `
		with rejected as materialized (
			select b.first_seq, b.last_seq from proj.submission b
			where b.book = $1 and b.state = 'rejected' and b.first_seq <= (select max(u) from unnest($2::bigint[]) u)
		), lines as materialized (
			select v.seq from proj.payment p
			cross join lateral (select g.seq from proj.grant_line g where g.payment = p.payment and g.book = p.book and g.seq = any($2)) v
			where p.book = $1 and p.lines > 0 and p.state in ('withdrawn', 'rejected')
		), lists as materialized (
			select r.seq, r.seq + r.members as last_seq from proj.register r where r.book = $1 and r.withdrawn
		)
		select s.seq from unnest($2::bigint[]) as s(seq)
		where exists (select from proj.reversal r where r.book = $1 and r.target_key = s.seq::text)
		or exists (select from rejected b where s.seq between b.first_seq and b.last_seq)
		or s.seq in (select seq from lines)
		or exists (select from lists r where s.seq > r.seq and s.seq <= r.last_seq)`, book, seqs)
	if err != nil {
		return nil, err
	}
	gone := make(map[Seq]bool, len(rows))
	for _, r := range rows {
		gone[r.Seq] = true
	}
	return gone, nil
}
