-- A message that shows its writer alone what he would send: 预览.
alter table message add column preview_of_id uuid;
create index message_preview on message (preview_of_id, created_at) where preview_of_id is not null;
