-- Photographs that the public may see, and the names of places (schema proj): both follow
-- from the log and can be made again.

-- +goose Up
set local role yilu_owner;

create table proj.photo (
  book text not null, photo text not null, entry_seq bigint not null, original text not null, picture text not null, size bigint not null,
  width bigint not null, height bigint not null, caption text not null, on_day date, seq bigint not null, withdrawn_seq bigint not null,
  constraint photo_pkey primary key (book, photo)
);
comment on table proj.photo is '照片公开: the small picture that the public sees of a photograph, by the entry that names it; withdrawn_seq is -1 while it does.';
create index photo_entry on proj.photo (entry_seq, book);
create index photo_picture on proj.photo (picture, book);

create table proj.place (
  book text not null, place text not null, name text not null, english text not null, seq bigint not null, at_seq bigint not null,
  constraint place_pkey primary key (book, place)
);
comment on table proj.place is '区划名称: how the county, its townships and its villages are called.';
create index place_changed on proj.place (book, at_seq);

create index notice_proof_seq on proj.notice_proof (book, seq) where seq >= 0;
comment on index proj.notice_proof_seq is 'The newest photographs of boards.';

grant select, insert, update on proj.photo, proj.place to yilu_service;
