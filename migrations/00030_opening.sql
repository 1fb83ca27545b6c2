-- Openings of bids and what was rejected at them, for sweeps.

-- +goose Up
set local role yilu_owner;

create view rules_v1.opening as
  select e.book, j.body ->> 'tender' as tender, e.at_seq, e.entry_seq, e.on_day,
         array(
           select coalesce(r.bid -> 'bidder' ->> 'code', 'n-' || left(encode(sha256(convert_to(r.bid -> 'bidder' ->> 'name', 'UTF8')), 'hex'), 16))
           from json_array_elements(coalesce(j.body -> 'rejected', '[]'::json)) as r(bid)
           where r.bid ->> 'ground' <> 'withdrawn') as rejected
  from proj.event e
  join log.entry l on l.book = e.book and l.seq = e.entry_seq
  cross join lateral (select convert_from(l.leaf, 'UTF8')::json -> 'body' as body offset 0) j
  where e.kind = 'tender.opened' and not exists (select from proj.reversal r where r.book = e.book and r.target = e.entry_seq);
comment on view rules_v1.opening is '开标: the opening of a lot''s bids; those taken back since are left out.';
comment on column rules_v1.opening.book is 'The county''s division code.';
comment on column rules_v1.opening.tender is 'Id of the lot.';
comment on column rules_v1.opening.at_seq is 'The entry by which it took effect.';
comment on column rules_v1.opening.entry_seq is 'The entry it stands in.';
comment on column rules_v1.opening.on_day is 'Business day.';
comment on column rules_v1.opening.rejected is 'Codes of the bidders whose bids were found invalid (否决投标), but for those that they took back themselves.';
grant select on rules_v1.opening to yilu_rule_ro;

reset role;
