-- The outbox made whole: what became of each try before the last, people added to a message that is
-- out, sending again, and exports of more than one kind.

-- A delivery keeps its last state; what it was before stands here, written only for those that were
-- tried again or reported on. No references: see 0003.
create table attempt (
    message_id uuid not null,
    person_id uuid not null,
    channel text not null,
    round bigint not null,
    -- of the delivery's attempts this one, from 1
    nth bigint not null,
    -- accepted: the provider took it; undelivered: it did not now; unknown: nobody heard
    state text not null check (state in ('accepted', 'delivered', 'undelivered', 'unknown')),
    fired_at timestamptz,
    at timestamptz not null,
    -- our code and the provider's own words
    detail text not null,
    primary key (message_id, person_id, channel, round, nth, state)
);

-- 新增发送人: a message of its own with the words of the other, to those who have it not
-- (docs/decisions/0013).
create table addition (
    message_id uuid primary key not null,
    adds_to_id uuid not null,
    created_at timestamptz not null
);
create index addition_of on addition (adds_to_id, created_at);

-- 重新发送: the nth goes through the rule's steps again as rounds 10000 + 100 * nth + step.
create table resend (
    message_id uuid not null,
    nth bigint not null,
    at timestamptz not null,
    people bigint not null,
    primary key (message_id, nth)
);

-- sheet: a spreadsheet; evidence: a signed file
alter table export add column kind text not null default 'sheet';
-- how often somebody began to write it
alter table export add column tries bigint not null default 0;

-- A file in parts, each sealed, so that nobody needs room for the whole.
create table export_part (
    export_id uuid not null,
    nth bigint not null,
    content bytea not null,
    primary key (export_id, nth)
);
