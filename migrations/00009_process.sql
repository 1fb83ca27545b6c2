-- What others published of procurement processes: which version of which object
-- the book holds. The facts themselves stand in the entries.

-- +goose Up
set local role yilu_owner;

create table proj.record (
  book text not null, record text not null, process text not null, kind text not null, object text not null,
  released text not null, digest text not null, version bigint not null, seq bigint not null,
  constraint record_pkey primary key (book, record),
  constraint record_version_positive check (version >= 1)
);
comment on table proj.record is '采购过程记录: the newest version of each object (lot, bid, award, contract, transaction) of a published process, and its entry.';
comment on column proj.record.digest is
  'Of the content without its version and release: the same thing published again is not entered again.';
create index record_process on proj.record (process, book);

grant select, insert, update on proj.record to yilu_service;

reset role;
