-- Payments that are not paid, by state.

-- +goose Up
set local role yilu_owner;

drop index proj.payment_waiting;
create index payment_unpaid on proj.payment (book, state, requested_seq) where state <> 'paid';
comment on index proj.payment_unpaid is 'Payments that wait or came to nothing: paid is most of them, and in no index by state.';
