-- 审批流程: a rule has nodes that are asked one after the other, each node seats for those who are
-- asked, a seat may be given to somebody else or decided by a deputy, and a message knows which one
-- it was written anew from.

-- {"list": [node, …]}, see domain::approval; null: one node of `approver`, decided by any one
alter table approval_rule add column nodes jsonb;

-- the nodes as they were when it was asked; null: one node
alter table approval add column nodes jsonb;
-- which of them is asked, and the last one
alter table approval add column node bigint not null default 0;
alter table approval add column last_node bigint not null default 0;
-- 退回: it is over like a rejection, but asks for changes
alter table approval add column is_returned boolean not null default false;

-- Who is asked at which node, and what he said. In place of approval_approver, which stays as it
-- was and is not read any more.
create table approval_seat (
    approval_id uuid not null references approval (id),
    node bigint not null,
    person_id uuid not null references person (id),
    state text not null check (state in
        ('waiting', 'approved', 'rejected', 'returned', 'transferred', 'spared', 'lapsed')),
    -- 会签: the node is not through without this one
    is_needed boolean not null,
    -- named by the rule: decides without being a head or an approver
    is_named boolean not null,
    asked_at timestamptz not null,
    -- what told him; those who have decided are not chased by it any more
    note_id uuid,
    decided_at timestamptz,
    -- himself, or his deputy
    decided_by uuid,
    opinion text not null,
    -- 转办: who has the seat now
    given_to uuid,
    primary key (approval_id, node, person_id)
);
create index approval_seat_person on approval_seat (person_id, approval_id);
create index approval_seat_decider on approval_seat (decided_by, approval_id) where decided_by is not null;
create index approval_seat_note on approval_seat (note_id, person_id) where note_id is not null;

insert into approval_seat (approval_id, node, person_id, state, is_needed, is_named, asked_at, note_id,
                           decided_at, decided_by, opinion)
select approval.id, 0, approval_approver.person_id,
       case when approval.state = 'pending' then 'waiting'
            when approval.decided_by = approval_approver.person_id then approval.state
            else 'spared' end,
       false, false, approval.created_at,
       (select message.id from message where message.about_approval_id = approval.id
         order by message.created_at, message.id limit 1),
       approval.decided_at,
       case when approval.decided_by = approval_approver.person_id then approval.decided_by end,
       case when approval.decided_by = approval_approver.person_id then approval.opinion else '' end
  from approval_approver join approval on approval.id = approval_approver.approval_id;

-- 委派: for so long the deputy sees and decides what the principal may.
create table approval_delegation (
    id uuid primary key not null,
    person_id uuid not null references person (id),
    deputy_id uuid not null references person (id),
    from_at timestamptz not null,
    until_at timestamptz not null,
    created_at timestamptz not null,
    -- taken back before its time
    ended_at timestamptz
);
create index approval_delegation_person on approval_delegation (person_id, until_at);
create index approval_delegation_deputy on approval_delegation (deputy_id, until_at);

-- the rejected, returned or recalled message that this one was written anew from
alter table message add column replaces_id uuid;
create index message_replaced on message (replaces_id) where replaces_id is not null;
