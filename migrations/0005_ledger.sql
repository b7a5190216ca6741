-- What happened: intake (one answer for one key), events on their way out, dead letters, the audit.

create table intake (
    -- "producer:<id>" or "person:<id>"
    source text not null,
    idempotency_key text not null,
    body_hash bytea not null,
    message_id uuid,
    answer jsonb not null,
    created_at timestamptz not null,
    primary key (source, idempotency_key)
);
create index intake_time on intake (created_at);

-- Events are written with the change that they tell of and published afterwards.
create table outbox (
    id uuid primary key not null,
    kind text not null,
    event jsonb not null,
    created_at timestamptz not null
);

create table dead_letter (
    id uuid primary key not null,
    queue text not null,
    producer text,
    code text not null,
    reason text not null,
    kind text,
    idempotency_key text,
    -- sealed: what came may hold personal data
    body_sealed bytea not null,
    created_at timestamptz not null,
    replayed_at timestamptz
);
create index dead_letter_time on dead_letter (created_at);

-- Written in the transaction of the change. seal_no, prev_hash and hash follow within seconds:
-- the chain is sealed by one replica at a time, so that writers do not queue for its end
-- (docs/decisions/0005).
create table audit (
    id uuid primary key not null,
    at timestamptz not null,
    actor text not null,
    verb text not null,
    object text not null,
    detail jsonb not null,
    seal_no bigint unique,
    prev_hash bytea,
    hash bytea
);
create index audit_unsealed on audit (id) where seal_no is null;
create index audit_object on audit (object, id);

-- Small facts about this installation, one JSON object each.
create table setting (
    name text primary key not null,
    value jsonb not null
);

-- One row a job that only one replica may do at a time.
create table job_lease (
    name text primary key not null,
    owner uuid not null,
    lease_until timestamptz not null
);
