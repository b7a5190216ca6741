-- 回收站: what a sender has deleted (nobody can open it until he restores it), what is gone from
-- there for good (the row stays as proof), and the two bins in the order in which they are shown.
alter table message add column deleted_at timestamptz;
alter table message add column purged_at timestamptz;

create index message_bin on message (sender_id, deleted_at desc, id desc)
    where deleted_at is not null and purged_at is null;
create index message_bin_age on message (deleted_at) where deleted_at is not null and purged_at is null;
create index inbox_bin on inbox (person_id, deleted_at desc, message_id desc)
    where deleted_at is not null and purged_at is null;
create index inbox_bin_age on inbox (deleted_at) where deleted_at is not null and purged_at is null;
