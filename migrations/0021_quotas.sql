-- 短信配额: how many SMS pieces a department, with those below it that have no quota of their own, or a
-- module may use in a month.
create table quota (
    id uuid primary key not null,
    department_id uuid unique references department (id),
    producer_id uuid unique references producer (id),
    -- null: as many as it wants, and they are only counted
    pieces bigint,
    -- what goes beyond is refused, or only shown; off: as if there were none, but for its ledger
    mode text not null check (mode in ('strict', 'lenient', 'off')),
    created_at timestamptz not null,
    check ((department_id is null) <> (producer_id is null))
);

-- What of it is held or used: always the sum of its entries of the month.
create table quota_month (
    quota_id uuid not null references quota (id),
    -- where the installation lives: 2026-11
    month text not null,
    pieces bigint not null,
    primary key (quota_id, month)
);

-- 台账: what a message takes from a quota, one row for its first way out and one for each reminder and
-- each resend. No foreign key on message (docs/decisions/0004).
create table quota_entry (
    message_id uuid not null,
    -- its rounds: those of the message itself, of one reminder, of one resend
    first_round bigint not null,
    last_round bigint not null,
    quota_id uuid not null references quota (id),
    month text not null,
    people bigint not null,
    -- pieces of one SMS
    segments bigint not null,
    -- what it may take at most
    held bigint not null,
    -- the same until it is settled, then what it took
    pieces bigint not null,
    held_at timestamptz not null,
    -- it is not settled before
    due_at timestamptz not null,
    settled_at timestamptz,
    primary key (message_id, first_round)
);
create index quota_entry_month on quota_entry (quota_id, month, held_at desc, message_id);
create index quota_entry_open on quota_entry (due_at) where settled_at is null;
