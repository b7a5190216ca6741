-- Groups as people keep them: in folders and in an order, following a department, with a note on
-- each member; and which messages went to which group.

create table group_folder (
    id uuid primary key not null,
    owner_id uuid not null references person (id),
    name text not null,
    position bigint not null,
    created_at timestamptz not null,
    unique (owner_id, name)
);

alter table person_group add column folder_id uuid references group_folder (id);
alter table person_group add column position bigint not null default 0;
-- The department whose people belong to the group at the time of use, with those of all below it
-- or without. No reference: a department goes only when it has nobody left.
alter table person_group add column follows_id uuid;
alter table person_group add column follows_all boolean not null default false;

alter table person_group_member add column note text not null default '';

-- the place among those shared with this person
alter table person_group_share add column position bigint not null default 0;
create index person_group_share_person on person_group_share (person_id);

-- No references: written with every message that goes to a group.
create table message_group (
    group_id uuid not null,
    message_id uuid not null,
    primary key (group_id, message_id)
);
