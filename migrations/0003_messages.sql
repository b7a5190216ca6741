-- What is said: messages, the frozen list of whom they go to, inboxes, receipts, approvals.
-- recipient, inbox and delivery carry no foreign keys: they are written 100,000 at a time, and a
-- check for each row would cost more than the row (docs/decisions/0004).

create table category (
    name text primary key not null,
    label text not null,
    position bigint not null
);

create table send_rule (
    name text primary key not null,
    label text not null,
    -- {"steps": [...]}, see domain::send_rule
    definition jsonb not null,
    position bigint not null,
    is_offered boolean not null
);

create table approval_rule (
    id uuid primary key not null,
    name text not null,
    -- {"min_recipients": …, …}, see domain::approval
    condition jsonb not null,
    approver text not null,
    position bigint not null
);

create table message_template (
    name text primary key not null,
    title text not null,
    body text not null,
    updated_at timestamptz not null
);

create table message (
    id uuid primary key not null,
    -- who is behind it: a person or a producing module, never both; both null: the hub itself
    sender_id uuid,
    producer_id uuid,
    sender_name text not null,
    sender_department text not null,
    kind text not null check (kind in ('content', 'link')),
    title text not null,
    body text not null,
    signature text not null,
    url text,
    category text not null,
    -- the send rule as it was when the message was accepted: {"list": [round, …]}
    rule_name text not null,
    rounds jsonb not null,
    -- {"options": [...], "due_at": …} or null
    receipt jsonb,
    -- {"list": [{"id", "label"}, …]}
    actions jsonb not null,
    attributes jsonb not null,
    audience jsonb not null,
    -- the approval that this message asks somebody to decide
    about_approval_id uuid,
    state text not null check (state in
        ('draft', 'pending_approval', 'rejected', 'held', 'scheduled', 'sending', 'sent', 'recalled')),
    version bigint not null,
    content_hash bytea not null,
    snapshot_hash bytea not null,
    recipients bigint not null,
    created_at timestamptz not null,
    send_at timestamptz,
    expires_at timestamptz,
    sent_at timestamptz,
    finished_at timestamptz,
    recalled_at timestamptz
);
create index message_sender on message (sender_id, created_at desc, id desc) where sender_id is not null;
create index message_producer on message (producer_id, created_at desc, id desc) where producer_id is not null;
create index message_scheduled on message (send_at) where state = 'scheduled';
create index message_sending on message (sent_at) where state = 'sending';
create index message_about on message (about_approval_id) where about_approval_id is not null;

create table recipient (
    message_id uuid not null,
    person_id uuid not null,
    primary key (message_id, person_id)
);

create table inbox (
    message_id uuid not null,
    person_id uuid not null,
    arrived_at timestamptz not null,
    read_at timestamptz,
    read_channel text,
    deleted_at timestamptz,
    purged_at timestamptz,
    primary key (message_id, person_id)
);
create index inbox_page on inbox (person_id, arrived_at desc, message_id desc);
create index inbox_unread on inbox (person_id) where read_at is null;

create table receipt (
    message_id uuid not null,
    person_id uuid not null,
    -- one of the message's options, or the action that was pressed
    option text,
    action_id text,
    words text not null,
    channel text not null,
    -- himself, or whoever was called in his place
    answered_by uuid not null,
    answered_at timestamptz not null,
    primary key (message_id, person_id)
);

create table attachment (
    id uuid primary key not null,
    message_id uuid not null,
    name text not null,
    media_type text not null,
    size_bytes bigint not null,
    -- SHA-256 of the bytes, also their name in the attachments folder
    content_hash bytea not null,
    position bigint not null
);
create index attachment_message on attachment (message_id);

create table approval (
    id uuid primary key not null,
    message_id uuid not null,
    message_version bigint not null,
    content_hash bytea not null,
    snapshot_hash bytea not null,
    rule_name text not null,
    state text not null check (state in ('pending', 'approved', 'rejected', 'void')),
    created_at timestamptz not null,
    decided_at timestamptz,
    decided_by uuid,
    opinion text not null
);
create unique index approval_one_pending on approval (message_id) where state = 'pending';
create index approval_message on approval (message_id, created_at);

create table approval_approver (
    approval_id uuid not null references approval (id),
    person_id uuid not null references person (id),
    primary key (approval_id, person_id)
);
create index approval_approver_person on approval_approver (person_id, approval_id);
