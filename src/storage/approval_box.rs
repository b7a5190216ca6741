//! 审批箱: what waits for a person's decision, and what he or a colleague has decided. His is also
//! what those were asked whose deputy he is.

use super::{Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{ApprovalId, PersonId, approval::State},
};

/// Approvals that wait for `$1` at `$2`.
macro_rules! waiting {
    () => {
        concat!(
            "select approval_seat.approval_id from approval_seat
              where approval_seat.state = 'waiting' and ",
            acts_for!("$1", "$2"),
            " and ",
            is_held!()
        )
    };
}

/// Approvals that `$1` was asked about and that do not wait for him at `$2`.
macro_rules! done {
    () => {
        concat!(
            "select approval_seat.approval_id from approval_seat
              where approval_seat.state <> 'waiting' and (approval_seat.decided_by = $1 or ",
            acts_for!("$1", "$2"),
            ")"
        )
    };
}

/// `$3`: those that wait, or those that do not.
macro_rules! is_wanted {
    () => {
        concat!(
            "approval.state <> 'void' and (message.sender_id is null or message.sender_id <> $1)
             and case when $3 then approval.state = 'pending' and approval.id in (",
            waiting!(),
            ") else approval.id in (",
            done!(),
            ") and not (approval.state = 'pending' and approval.id in (",
            waiting!(),
            ")) end"
        )
    };
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
        /// who was asked, where this person was not
        pub principal_name: Option<String>,
        /// the word is this person's own
        pub is_decider: bool,
        /// one of a series
        pub is_run: bool,
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
    pub now: Timestamp,
}

/// A person's approvals, pending or decided, from before `cursor` on.
pub async fn list(tx: &mut Tx, wanted: Wanted<'_>, cursor: (Timestamp, ApprovalId), limit: i64) -> Result<Vec<Line>> {
    let pattern = super::containing(wanted.search);
    fetch_all!(
        tx,
        Line,
        concat!(
            "select approval.id, message.title, message.sender_name, message.sender_department, message.recipients,
                approval.rule_name,
                case when approval.is_returned then 'returned' else approval.state end as state,
                approval.created_at, approval.decided_at, message.send_at,
                case when exists (select 1 from approval_seat
                                   where approval_seat.approval_id = approval.id and approval_seat.person_id = $1)
                     then null
                     else (select min(person.name) from approval_seat
                             join person on person.id = approval_seat.person_id
                            where approval_seat.approval_id = approval.id and (approval_seat.decided_by = $1 or ",
            acts_for!("$1", "$2"),
            ")) end as principal_name,
                exists (select 1 from approval_seat
                         where approval_seat.approval_id = approval.id and approval_seat.decided_by = $1) as is_decider,
                message.series_id is not null as is_run
           from approval join message on message.id = approval.message_id
          where ",
            is_wanted!(),
            " and (approval.created_at, approval.id) < ($4, $5)
            and (lower(message.title) like $7 escape '\\' or lower(message.sender_name) like $7 escape '\\')
          order by approval.created_at desc, approval.id desc limit $6"
        ),
        [wanted.person, wanted.now, wanted.pending, cursor.0, cursor.1, limit, &pattern]
    )
}

/// Whether a person has anything to do with approvals: may be asked, was asked, has decided, or is
/// a deputy.
pub async fn exists(tx: &mut Tx, person: PersonId, now: Timestamp) -> Result<bool> {
    fetch_value!(
        tx,
        bool,
        concat!(
            "select ",
            may_approve!("$1"),
            "
             or exists (select 1 from approval_seat where approval_seat.person_id = $1)
             or exists (select 1 from approval_seat where approval_seat.decided_by = $1)
             or exists (select 1 from approval_delegation
                         where approval_delegation.deputy_id = $1 and approval_delegation.ended_at is null
                           and approval_delegation.from_at <= $2 and approval_delegation.until_at > $2)"
        ),
        [person, now]
    )
}

/// The nearest request on the same side of the box: `(newer, older)`.
pub async fn neighbours(
    tx: &mut Tx,
    wanted: Wanted<'_>,
    (at, id): (Timestamp, ApprovalId),
) -> Result<(Option<ApprovalId>, Option<ApprovalId>)> {
    let newer = fetch_optional_value!(
        tx,
        ApprovalId,
        concat!(
            "select approval.id from approval join message on message.id = approval.message_id
          where ",
            is_wanted!(),
            " and (approval.created_at, approval.id) > ($4, $5) order by approval.created_at, approval.id limit 1"
        ),
        [wanted.person, wanted.now, wanted.pending, at, id]
    )?;
    let older = fetch_optional_value!(
        tx,
        ApprovalId,
        concat!(
            "select approval.id from approval join message on message.id = approval.message_id
          where ",
            is_wanted!(),
            " and (approval.created_at, approval.id) < ($4, $5)
          order by approval.created_at desc, approval.id desc limit 1"
        ),
        [wanted.person, wanted.now, wanted.pending, at, id]
    )?;
    Ok((newer, older))
}

/// How many wait for a person, and how many he was asked about that do not.
pub async fn count(tx: &mut Tx, person: PersonId, now: Timestamp) -> Result<(i64, i64)> {
    let mut counts = [0; 2];
    for (count, pending) in counts.iter_mut().zip([true, false]) {
        *count = fetch_value!(
            tx,
            i64,
            concat!(
                "select count(*) from approval join message on message.id = approval.message_id where ",
                is_wanted!()
            ),
            [person, now, pending]
        )?;
    }
    Ok((counts[0], counts[1]))
}
