package ledger

import "context"

// Withdrawn says which of some entries have no effect any more: they were
// reversed, stand in a rejected submission, or are lines of a grant batch that
// was withdrawn. Entering the same again is then no duplicate.
func (l *Ledger) Withdrawn(ctx context.Context, book Book, seqs []Seq) (map[Seq]bool, error) {
	rows, err := collect[struct{ Seq Seq }](ctx, l.Pool, "withdrawn entries", `
		select s.seq from unnest($2::bigint[]) as s(seq)
		where exists (select 1 from proj.reversal r where r.book = $1 and r.target_key = s.seq::text)
		or exists (select 1 from proj.submission b where b.book = $1 and b.state = 'rejected'
			and s.seq between b.first_seq and b.last_seq)
		or exists (select 1 from proj.grant_line g join proj.payment p on p.book = g.book and p.payment = g.payment
			where g.book = $1 and g.seq = s.seq and p.state in ('withdrawn', 'rejected'))
		or exists (select 1 from proj.register r
			where r.book = $1 and r.withdrawn and s.seq > r.seq and s.seq <= r.seq + r.members)`, book, seqs)
	if err != nil {
		return nil, err
	}
	gone := make(map[Seq]bool, len(rows))
	for _, r := range rows {
		gone[r.Seq] = true
	}
	return gone, nil
}
