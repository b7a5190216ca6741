-- 消息模板 as people keep them: shown under a label, for everybody or for one department and those below it.
alter table message_template add column label text not null default '';
alter table message_template add column signature text not null default '';
alter table message_template add column department_id uuid;
