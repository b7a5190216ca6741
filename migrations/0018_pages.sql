-- Pages over many rows (docs/bench.md, "Pages"): what a list needs of each line stands in an index, so
-- that counting an inbox reads a few pages in a row and not one for each line and each message.

-- Deleted lines are in the bin's own index. The columns of the condition are named once more for SQLite,
-- which would look them up otherwise.
drop index inbox_page;
create index inbox_page on inbox (person_id, arrived_at desc, message_id desc, read_at, deleted_at)
    where deleted_at is null;
drop index inbox_unread;
create index inbox_unread on inbox (person_id, message_id, read_at, deleted_at)
    where read_at is null and deleted_at is null;

-- whether a recipient may open it
create index message_standing on message (id, state, deleted_at);
-- those that ask for an answer, a few among many
create unique index message_asking on message (id) where receipt is not null or actions <> '{"list":[]}';

-- People in the order of their ids with all that they are searched by.
create index person_named on person (id, search, account, name);
