//! Tables `approval` and `approval_approver`: who was asked, and what was decided.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{ApprovalId, MessageId, PersonId, approval::State},
};

row! {
    #[derive(Debug, Clone)]
    pub struct Approval {
        pub id: ApprovalId,
        pub message_id: MessageId,
        pub message_version: i64,
        pub content_hash: Vec<u8>,
        pub snapshot_hash: Vec<u8>,
        pub rule_name: String,
        pub state: State,
        pub created_at: Timestamp,
        pub decided_at: Option<Timestamp>,
        pub decided_by: Option<PersonId>,
        pub opinion: String,
    }
}

pub async fn insert(tx: &mut Tx, approval: &Approval, approvers: &[PersonId]) -> Result<()> {
    execute!(
        tx,
        "insert into approval (id, message_id, message_version, content_hash, snapshot_hash, rule_name, state,
                               created_at, opinion)
         values ($1, $2, $3, $4, $5, $6, 'pending', $7, '')",
        [
            approval.id,
            approval.message_id,
            approval.message_version,
            &approval.content_hash,
            &approval.snapshot_hash,
            &approval.rule_name,
            approval.created_at
        ]
    )?;
    let approvers = Json(approvers.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "insert into approval_approver (approval_id, person_id) select $1, id from person where id in (",
        "$2",
        ")"
    );
    execute!(tx, sql, [approval.id, &approvers])?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: ApprovalId) -> Result<Option<Approval>> {
    fetch_optional!(
        tx,
        Approval,
        "select id, message_id, message_version, content_hash, snapshot_hash, rule_name, state, created_at,
                decided_at, decided_by, opinion
           from approval where id = $1",
        [id]
    )
}

/// All that were ever asked about a message, oldest first.
pub async fn list_of_message(tx: &mut Tx, message: MessageId) -> Result<Vec<Approval>> {
    fetch_all!(
        tx,
        Approval,
        "select id, message_id, message_version, content_hash, snapshot_hash, rule_name, state, created_at,
                decided_at, decided_by, opinion
           from approval where message_id = $1 order by created_at, id limit 50",
        [message]
    )
}

/// Whether a person may decide it: asked, and still a head or an approver. What is decided may be
/// looked at by all who were asked.
pub async fn is_approver(tx: &mut Tx, id: ApprovalId, person: PersonId) -> Result<bool> {
    let found = fetch_optional_value!(
        tx,
        PersonId,
        concat!(
            "select person.id from approval_approver
           join approval on approval.id = approval_approver.approval_id
           join person on person.id = approval_approver.person_id and person.state = 'active'
          where approval_approver.approval_id = $1 and approval_approver.person_id = $2
            and (approval.state <> 'pending' or ",
            may_approve!("person.id"),
            ")"
        ),
        [id, person]
    )?;
    Ok(found.is_some())
}

/// What nobody who was asked may decide any more, with each who has the role; never the sender.
macro_rules! forsaken {
    () => {
        concat!(
            "select approval.id, holder.id from approval
           join message on message.id = approval.message_id
           join person_role on person_role.role = 'approver'
           join person as holder on holder.id = person_role.person_id and holder.state = 'active'
          where approval.state = 'pending' and (message.sender_id is null or message.sender_id <> holder.id)
            and not exists (
                select 1 from approval_approver as asked
                  join person on person.id = asked.person_id and person.state = 'active'
                 where asked.approval_id = approval.id and ",
            may_approve!("person.id"),
            ")"
        )
    };
}

pub async fn any_forsaken(tx: &mut Tx) -> Result<bool> {
    fetch_value!(tx, bool, concat!("select exists (", forsaken!(), ")"), [])
}

/// Asks all who have the role about what nobody who was asked may decide any more. Returns the
/// approval once for each who is asked.
pub async fn ask_others(tx: &mut Tx) -> Result<Vec<ApprovalId>> {
    let sql = concat!(
        "insert into approval_approver (approval_id, person_id) ",
        forsaken!(),
        " on conflict do nothing returning approval_id"
    );
    fetch_values!(tx, ApprovalId, sql, [])
}

/// Who was asked: id and name.
pub async fn list_approvers(tx: &mut Tx, id: ApprovalId) -> Result<Vec<(PersonId, String)>> {
    fetch_all!(
        tx,
        (PersonId, String),
        "select person.id, person.name from approval_approver
           join person on person.id = approval_approver.person_id
          where approval_id = $1 order by person.name, person.id limit 100",
        [id]
    )
}

/// The decision, if nobody was faster and nothing has changed since it was asked.
pub async fn decide(
    tx: &mut Tx,
    id: ApprovalId,
    to: State,
    by: PersonId,
    opinion: &str,
    at: Timestamp,
) -> Result<bool> {
    let decided = execute!(
        tx,
        "update approval set state = $2, decided_by = $3, opinion = $4, decided_at = $5
          where id = $1 and state = 'pending'
            and exists (select 1 from message
                         where message.id = approval.message_id and message.state = 'pending_approval'
                           and message.version = approval.message_version
                           and message.content_hash = approval.content_hash
                           and message.snapshot_hash = approval.snapshot_hash)",
        [id, to, by, opinion, at]
    )?;
    Ok(decided == 1)
}

/// What was asked about a message is not wanted any more.
pub async fn void(tx: &mut Tx, message: MessageId, at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "update approval set state = 'void', decided_at = $2 where message_id = $1 and state = 'pending'",
        [message, at]
    )
}

row! {
    /// A line of the approval box.
    #[derive(Debug, Clone)]
    pub struct Line {
        pub id: ApprovalId,
        pub title: String,
        pub sender_name: String,
        pub sender_department: String,
        pub recipients: i64,
        pub rule_name: String,
        pub state: State,
        pub created_at: Timestamp,
        pub decided_at: Option<Timestamp>,
        pub send_at: Option<Timestamp>,
    }
}

/// Which lines of the approval box, and of whom.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub person: PersonId,
    /// 待审 or 已审
    pub pending: bool,
    /// A part of the title or of the sender's name; empty shows all.
    pub search: &'a str,
}

/// A person's approvals, pending or decided, from before `cursor` on.
pub async fn list(tx: &mut Tx, wanted: Wanted<'_>, cursor: (Timestamp, ApprovalId), limit: i64) -> Result<Vec<Line>> {
    let pattern = super::containing(wanted.search);
    fetch_all!(
        tx,
        Line,
        concat!(
            "select approval.id, message.title, message.sender_name, message.sender_department, message.recipients,
                approval.rule_name, approval.state, approval.created_at, approval.decided_at, message.send_at
           from approval_approver
           join approval on approval.id = approval_approver.approval_id
           join message on message.id = approval.message_id
          where approval_approver.person_id = $1 and (approval.state = 'pending') = $2 and approval.state <> 'void'
            and (approval.state <> 'pending' or ",
            may_approve!("$1"),
            ")
            and (approval.created_at, approval.id) < ($3, $4)
            and (lower(message.title) like $6 escape '\\' or lower(message.sender_name) like $6 escape '\\')
          order by approval.created_at desc, approval.id desc limit $5"
        ),
        [wanted.person, wanted.pending, cursor.0, cursor.1, limit, &pattern]
    )
}

/// Whether a person was ever asked to decide anything.
pub async fn was_asked(tx: &mut Tx, person: PersonId) -> Result<bool> {
    fetch_value!(
        tx,
        bool,
        "select exists (select 1 from approval_approver where approval_approver.person_id = $1)",
        [person]
    )
}

/// The nearest request in the same state on either side: `(newer, older)`.
pub async fn neighbours(
    tx: &mut Tx,
    person: PersonId,
    pending: bool,
    (at, id): (Timestamp, ApprovalId),
) -> Result<(Option<ApprovalId>, Option<ApprovalId>)> {
    let newer = fetch_optional_value!(
        tx,
        ApprovalId,
        "select approval.id from approval_approver join approval on approval.id = approval_approver.approval_id
          where approval_approver.person_id = $1 and (approval.state = 'pending') = $2 and approval.state <> 'void'
            and (approval.created_at, approval.id) > ($3, $4)
          order by approval.created_at, approval.id limit 1",
        [person, pending, at, id]
    )?;
    let older = fetch_optional_value!(
        tx,
        ApprovalId,
        "select approval.id from approval_approver join approval on approval.id = approval_approver.approval_id
          where approval_approver.person_id = $1 and (approval.state = 'pending') = $2 and approval.state <> 'void'
            and (approval.created_at, approval.id) < ($3, $4)
          order by approval.created_at desc, approval.id desc limit 1",
        [person, pending, at, id]
    )?;
    Ok((newer, older))
}

/// How many wait for a person, and how many he or a colleague has decided.
pub async fn count(tx: &mut Tx, person: PersonId) -> Result<(i64, i64)> {
    fetch_one!(
        tx,
        (i64, i64),
        concat!(
            "select count(*) filter (where approval.state = 'pending' and ",
            may_approve!("$1"),
            "),
                count(*) filter (where approval.state in ('approved', 'rejected'))
           from approval_approver join approval on approval.id = approval_approver.approval_id
          where approval_approver.person_id = $1"
        ),
        [person]
    )
}

/// The codes of the departments that a person has a post in.
pub async fn departments_of(tx: &mut Tx, person: PersonId) -> Result<Vec<String>> {
    fetch_values!(
        tx,
        String,
        "select department.code from assignment join department on department.id = assignment.department_id
          where assignment.person_id = $1 order by assignment.is_primary desc, department.code limit 50",
        [person]
    )
}

/// The active heads of a person's primary department, or of the nearest one above that has a head
/// other than himself.
pub async fn nearest_heads(tx: &mut Tx, person: PersonId) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "with recursive up (id, parent_id, depth) as (
             select department.id, department.parent_id, 0 from department
               join assignment on assignment.department_id = department.id
              where assignment.person_id = $1 and assignment.is_primary
             union all
             select department.id, department.parent_id, up.depth + 1
               from department join up on department.id = up.parent_id
         ),
         heads (person_id, depth) as (
             select assignment.person_id, up.depth from up
               join assignment on assignment.department_id = up.id and assignment.is_head
               join person on person.id = assignment.person_id and person.state = 'active'
              where assignment.person_id <> $1
         )
         select distinct person_id from heads where depth = (select min(depth) from heads)
          order by person_id limit 20",
        [person]
    )
}

/// Everybody active with the role `approver`, without `except`.
pub async fn role_holders(tx: &mut Tx, except: Option<PersonId>) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "select person_role.person_id from person_role
           join person on person.id = person_role.person_id and person.state = 'active'
          where person_role.role = 'approver' and ($1 is null or person_role.person_id <> $1)
          order by person_role.person_id limit 100",
        [except]
    )
}
