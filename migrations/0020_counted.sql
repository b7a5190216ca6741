-- Pages over many rows, once more (docs/bench.md, "Pages").

-- Messages that nobody may open, a few among many: whether a line may be shown is asked of these alone,
-- not of the message of each line. By an expression, because SQLite would take the primary key for it
-- otherwise and look into all messages.
create index message_gone on message (coalesce(id, id))
    where state not in ('sending', 'sent') or deleted_at is not null;
drop index message_standing;

-- A person's own answers lie beside each other: which of his lines are answered is asked for all of them.
create unique index receipt_own on receipt (person_id, message_id);

-- What a large message was counted at last, for whoever looks at it first after a start.
create table message_tally (
    message_id uuid primary key not null,
    counted_at timestamptz not null,
    -- see hub::follow::tallies::Tally; one that a later program cannot read is counted again
    tally jsonb not null
);
