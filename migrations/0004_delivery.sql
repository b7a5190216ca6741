-- How it gets there: waves (what is to be written when), reminders (asked for by the sender), deliveries (one try to reach one person
-- in one round over one channel), tickets (which worker may do which deliveries now).

-- Round 0 is the fan-out itself, round n the n-th step of the send rule. Waiting for a step costs
-- one row a message, however many people it goes to. The row goes when the wave is through.
create table wave (
    message_id uuid not null,
    round bigint not null,
    due_at timestamptz not null,
    -- everybody up to and including this person is done
    after_person uuid,
    -- a reminder's own people: {"list": [id, …]}; null: everybody
    only_people jsonb,
    primary key (message_id, round)
);
create index wave_due on wave (due_at, message_id, round);

-- The nth reminder is round 1000 + nth; the next one has to wait a while after the last.
create table reminder (
    message_id uuid not null,
    nth bigint not null,
    at timestamptz not null,
    people bigint not null,
    primary key (message_id, nth)
);

create table delivery (
    message_id uuid not null,
    person_id uuid not null,
    channel text not null,
    round bigint not null,
    -- whom to reach: the recipient, or his deputy, or a named person
    callee_id uuid,
    -- do not send any more once this has happened: read, receipt, decided, confirmed
    unless text,
    state text not null check (state in
        ('ready', 'sending', 'accepted', 'delivered', 'undelivered', 'refused', 'unknown', 'cancelled', 'expired')),
    attempts bigint not null,
    fired_at timestamptz,
    provider_ref text,
    detail text,
    done_at timestamptz,
    primary key (message_id, person_id, channel, round)
);
-- who was called, for counting his calls. Only columns that never change: a delivery that moves on
-- must not touch an index.
create index delivery_callee on delivery (callee_id) where channel = 'voice';

-- The right to work on a range of one message's deliveries. Exclusive while leased; gone when the
-- results are recorded. A ticket on the queue is this row's id, channel, size and priority.
create table ticket (
    id uuid primary key not null,
    message_id uuid not null,
    channel text not null,
    round bigint not null,
    first_person uuid not null,
    last_person uuid not null,
    -- deliveries that it was made for
    size bigint not null,
    is_priority boolean not null,
    due_at timestamptz not null,
    -- until then the queue is trusted to hold it; doubled at each publishing
    queued_until timestamptz,
    times_queued bigint not null,
    -- renewed by the worker as long as it lives; the claim tells a later taking from an earlier one
    lease_until timestamptz,
    claim_id uuid
);
create index ticket_due on ticket (due_at);
create index ticket_message on ticket (message_id);
