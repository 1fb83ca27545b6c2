-- Search over the public names: projects, funds, tenders, contracts, firms.
--
-- A Chinese name is found by any part of it, and pg_trgm knows no words of two
-- characters. So the words of a row are the pairs of neighbouring characters of
-- its texts, and each character, with the book in front; a GIN index holds them,
-- and a text that holds a search word holds all pairs of it. The index follows
-- from the row by itself: there is nothing to keep up to date or to rebuild, and
-- payments, which leave names alone, do not touch it (their updates stay HOT).

-- +goose Up
set local role yilu_owner;

-- Full-width and half-width, the brackets of document numbers, dashes, blanks and
-- the case of letters make no difference.
create function proj.folded(t text) returns text
language sql immutable parallel safe strict
return translate(lower(normalize(t, NFKC) collate "C"),
  U&'\3014\3010\3016\FE5D[{\3015\3011\3017\FE5E]}\2014\2013\2015\2500' || E' \t\r\n' || U&'\200B\FEFF\00A0',
  '(((((())))))----');
comment on function proj.folded(text) is 'A text as search compares it.';

create function proj.words(book text, texts text[]) returns text[]
language sql immutable parallel safe strict cost 10000
return array(
  select v.w
  from (select string_to_array(left(proj.folded(array_to_string(texts, chr(1))), 3000), null)) as s(chars)
  cross join lateral (
    select book || x.c from unnest(s.chars) as x(c)
    union all select book || x.c || x.next from unnest(s.chars, s.chars[2:]) as x(c, next) where x.next is not null
    union all select book || '=' || proj.folded(t.t) from unnest(texts) as t(t) where length(t.t) between 1 and 100
  ) as v(w)
);
comment on function proj.words(text, text[]) is 'What a row is found by: the characters of its texts and the pairs of neighbours, with the book in front, and each short text as a whole behind an equals sign. Its cost keeps the planner from computing it for every row.';

create function proj.wanted(book text, folded text) returns text[]
language sql immutable parallel safe strict
return case when length(folded) < 2 then array[book || folded] else array(
  select distinct book || substr(folded, i, 2) from generate_series(1, length(folded) - 1) i
) end;
comment on function proj.wanted(text, text) is 'The words of every row that holds a folded text.';

grant execute on function proj.folded(text), proj.words(text, text[]), proj.wanted(text, text) to yilu_service;

create index project_words on proj.project using gin (proj.words(book, array[name, project, place_name, unit, document, content])) with (gin_pending_list_limit = 512);
create index fund_words on proj.fund using gin (proj.words(book, array[name, fund, document])) with (gin_pending_list_limit = 512);
create index tender_words on proj.tender using gin (proj.words(book, array[name, tender])) with (gin_pending_list_limit = 512);
create index contract_words on proj.contract using gin (proj.words(book, array[name, contract, supplier_name])) with (gin_pending_list_limit = 512);
create index bid_words on proj.bid using gin (proj.words(book, array[name, bidder])) with (gin_pending_list_limit = 512);
create index payee_words on proj.payee using gin (proj.words(book, array[name, payee])) with (gin_pending_list_limit = 512)
  where payee not like 'p-%' and payee not like 'g-%';

-- Statistics of these words would cost more than they tell.
alter index proj.project_words alter column 1 set statistics 0;
alter index proj.fund_words alter column 1 set statistics 0;
alter index proj.tender_words alter column 1 set statistics 0;
alter index proj.contract_words alter column 1 set statistics 0;
alter index proj.bid_words alter column 1 set statistics 0;
alter index proj.payee_words alter column 1 set statistics 0;

reset role;
