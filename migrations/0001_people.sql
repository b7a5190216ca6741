-- Who there is: departments, people, their posts, their groups.
-- Phone numbers and e-mail addresses are sealed (AES-256-GCM); the …_index columns are keyed
-- hashes of the normalised value, for finding without opening.

create table department (
    id uuid primary key not null,
    code text not null unique,
    name text not null,
    parent_id uuid references department (id),
    position bigint not null
);
create index department_parent on department (parent_id);

-- Every department with each of its ancestors and itself: a subtree is one join.
create table department_ancestor (
    department_id uuid not null references department (id),
    ancestor_id uuid not null references department (id),
    primary key (department_id, ancestor_id)
);
create index department_ancestor_down on department_ancestor (ancestor_id, department_id);

create table person (
    id uuid primary key not null,
    -- null: somebody outside the organisation, reachable by phone or e-mail alone
    account text unique,
    name text not null,
    -- name, full pinyin and initials of every reading, lower case
    search text not null,
    kind text not null,
    gender text,
    grade text,
    title text,
    phone_sealed bytea,
    phone_index bytea,
    email_sealed bytea,
    email_index bytea,
    dingtalk_id text,
    deputy_id uuid,
    state text not null check (state in ('active', 'frozen', 'resigned')),
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index person_phone on person (phone_index) where phone_index is not null;
create index person_email on person (email_index) where email_index is not null;
-- people outside the organisation, who have no inbox
create index person_outside on person (id) where account is null;

create table assignment (
    person_id uuid not null references person (id),
    department_id uuid not null references department (id),
    is_primary boolean not null,
    is_head boolean not null,
    position bigint not null,
    primary key (person_id, department_id)
);
create index assignment_department on assignment (department_id, person_id);

create table person_group (
    id uuid primary key not null,
    owner_id uuid not null references person (id),
    name text not null,
    created_at timestamptz not null,
    unique (owner_id, name)
);

create table person_group_member (
    group_id uuid not null references person_group (id),
    person_id uuid not null references person (id),
    position bigint not null,
    primary key (group_id, person_id)
);

create table person_group_share (
    group_id uuid not null references person_group (id),
    person_id uuid not null references person (id),
    primary key (group_id, person_id)
);
