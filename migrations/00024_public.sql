-- What public pages ask of a place and of entries without effect, by key.

-- +goose Up
set local role yilu_owner;

create index grant_line_place on proj.grant_line (place, payment);
comment on index proj.grant_line_place is 'What grants brought to a village or township.';

create index payment_gone on proj.payment (book, payment) where lines > 0 and state in ('withdrawn', 'rejected');
comment on index proj.payment_gone is 'Batches whose lines have no effect.';

create index submission_rejected on proj.submission (book, first_seq) where state = 'rejected';
comment on index proj.submission_rejected is 'Submissions whose entries have no effect.';
