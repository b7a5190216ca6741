-- Who may do what, and how they prove who they are. Nothing here can be turned back into a secret.

create table person_role (
    person_id uuid not null references person (id),
    role text not null check (role in ('approver', 'org_admin', 'system_admin', 'audit_admin')),
    primary key (person_id, role)
);

create table credential (
    person_id uuid primary key not null references person (id),
    password_hash text not null,
    changed_at timestamptz not null,
    failures bigint not null,
    locked_until timestamptz
);

-- Links that stand for a person: the one-time set-up link, the demo's one-click sign-in.
create table sign_in_link (
    token_hash bytea primary key not null,
    person_id uuid not null references person (id),
    purpose text not null check (purpose in ('setup', 'demo')),
    expires_at timestamptz not null,
    used_at timestamptz
);

create table session (
    token_hash bytea primary key not null,
    person_id uuid not null references person (id),
    csrf text not null,
    created_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    -- when the password was last asked for again
    proved_at timestamptz
);
create index session_person on session (person_id);
-- what is forgotten first
create index session_expiry on session (expires_at, token_hash);

create table producer (
    id uuid primary key not null,
    name text not null unique,
    -- how it is named as the sender of its messages: 访客预约
    label text not null,
    token_hash bytea not null unique,
    -- the broker account that this module publishes with
    amqp_user text not null unique,
    -- {"everyone": bool, "departments": ["code", …]}
    audience jsonb not null,
    -- {"any": bool, "names": ["meeting", …]}
    categories jsonb not null,
    is_trusted boolean not null,
    created_at timestamptz not null,
    disabled_at timestamptz
);
