create table word (id integer primary key, text text not null, size integer not null, part real not null);
with recursive line (n, state) as (
  select 1, 7
  union all
  select n + 1, (state * 1664525 + 1013904223) % 4294967296 from line where n < 400
)
insert into word select n, printf('%x', state), length(printf('%x', state)), state / 4294967296.0 from line;
create index by_text on word (text);
select size || ' ' || count(*) || ' ' || printf('%.6f', avg(part)) from word group by size order by size;
select substr(text, 1, 1) || ' ' || count(*) || ' ' || min(text) from word group by substr(text, 1, 1) order by 1;
select a.text || ' ' || b.text from word a join word b on b.text > a.text and substr(b.text, 1, 3) = substr(a.text, 1, 3) order by a.text, b.text limit 30;
update word set text = upper(text) where id % 3 = 0;
delete from word where part between 0.25 and 0.5;
select text || ' ' || row_number() over (order by part desc) from word order by part desc limit 20;
select json_group_array(id) from (select id from word where text glob '[A-F]*' order by id limit 40);
