-- Texts that name their reader: {{姓名}}, {{部门}} … stand in title and body and are filled for each person.
alter table message add column is_personal boolean not null default false;
