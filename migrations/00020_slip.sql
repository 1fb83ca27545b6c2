-- What publicity keeps of paper and of handling, which follows from no entry: slips by
-- their codes, who had names printed, and to which office an objection was handed. A
-- rebuild leaves it alone.

-- +goose Up
set local role yilu_owner;

create table publicity.printing (
  book text not null, printing text not null, what text not null, payment text not null, place text not null, lines bigint not null,
  by_user text not null, by_unit text not null, by_role text not null, at timestamptz not null,
  constraint printing_pkey primary key (book, printing),
  constraint printing_what check (what in ('slips', 'list')),
  constraint printing_lines check (lines > 0)
);
comment on table publicity.printing is '打印记录: who had names of households opened for paper, of which batch and village; INSERT only.';
create index printing_payment on publicity.printing (payment, book);

create table publicity.slip (
  book text not null, payment text not null, line bigint not null, place text not null, code_token bytea not null, printing text not null,
  constraint slip_pkey primary key (book, payment, line),
  constraint slip_code unique (code_token),
  constraint slip_token check (octet_length(code_token) = 16),
  constraint slip_printing foreign key (book, printing) references publicity.printing (book, printing)
);
comment on table publicity.slip is '领款凭条: the code on the last slip of each household''s line, as a keyed token. The code itself stands on paper alone.';

create table publicity.forwarding (
  book text not null, objection text not null, step bigint not null, to_unit text not null, by_user text not null, by_unit text not null, by_role text not null,
  at timestamptz not null,
  constraint forwarding_pkey primary key (book, objection, step)
);
comment on table publicity.forwarding is '转办: to which unit an objection was handed, and by whom; INSERT only. The answer is an entry.';

grant select, insert on publicity.printing, publicity.slip, publicity.forwarding to yilu_service;
grant update (code_token, printing, place) on publicity.slip to yilu_service;

reset role;
