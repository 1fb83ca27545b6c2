-- What was paid of a fund, by key: its trace read every payment of the book.

-- +goose Up
set local role yilu_owner;

create index payment_paid on proj.payment (fund, book) where state = 'paid';
comment on index proj.payment_paid is 'What was paid of a fund, and how many payments were.';
