//! Table `approval`: what was asked about which message, and what became of it; and the approval box
//! of each person. Who was asked is in [`super::seats`].

use super::{Json, Result, Tx, messages::List};
use crate::{
    clock::Timestamp,
    domain::{
        ApprovalId, MessageId, PersonId,
        approval::{Node, State},
    },
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
        /// As they were when it was asked; none of one that an older version asked, which has one.
        pub nodes: Option<Json<List<Node>>>,
        /// which of them is asked, or was last
        pub node: i64,
        pub last_node: i64,
    }
}

impl Approval {
    pub fn node(&self, nth: i64) -> Option<&Node> {
        self.nodes.as_ref()?.list.get(usize::try_from(nth).ok()?)
    }
}

/// What it became, in the words of the domain.
macro_rules! state {
    () => {
        "case when approval.is_returned then 'returned' else approval.state end"
    };
}

macro_rules! approvals {
    ($where:literal) => {
        concat!(
            "select id, message_id, message_version, content_hash, snapshot_hash, rule_name, ",
            state!(),
            " as state, created_at, decided_at, decided_by, opinion, nodes, node, last_node from approval where ",
            $where
        )
    };
}

pub async fn insert(tx: &mut Tx, approval: &Approval) -> Result<u64> {
    execute!(
        tx,
        "insert into approval (id, message_id, message_version, content_hash, snapshot_hash, rule_name, state,
                               created_at, opinion, nodes, node, last_node)
         values ($1, $2, $3, $4, $5, $6, 'pending', $7, '', $8, $9, $10)",
        [
            approval.id,
            approval.message_id,
            approval.message_version,
            &approval.content_hash,
            &approval.snapshot_hash,
            &approval.rule_name,
            approval.created_at,
            &approval.nodes,
            approval.node,
            approval.last_node
        ]
    )
}

pub async fn find(tx: &mut Tx, id: ApprovalId) -> Result<Option<Approval>> {
    fetch_optional!(tx, Approval, approvals!("id = $1"), [id])
}

/// All that were ever asked about a message, oldest first.
pub async fn list_of_message(tx: &mut Tx, message: MessageId) -> Result<Vec<Approval>> {
    fetch_all!(tx, Approval, approvals!("message_id = $1 order by created_at, id limit 50"), [message])
}

/// Whether a person may look at it: asked, or deputy of somebody who was, and not waited for without
/// being allowed to decide any more.
pub async fn may_see(tx: &mut Tx, id: ApprovalId, person: PersonId, now: Timestamp) -> Result<bool> {
    fetch_value!(
        tx,
        bool,
        concat!(
            "select exists (
                select 1 from approval_seat
                  join approval on approval.id = approval_seat.approval_id
                  join person on person.id = $2 and person.state = 'active'
                 where approval_seat.approval_id = $1 and (approval_seat.decided_by = $2 or ",
            acts_for!("$2", "$3"),
            ") and (approval.state <> 'pending' or approval_seat.state <> 'waiting' or ",
            is_held!(),
            "))"
        ),
        [id, person, now]
    )
}

/// What the guarded changes ask of the message: nothing of it has changed since it was asked about.
macro_rules! is_unchanged {
    () => {
        "exists (select 1 from message
                  where message.id = approval.message_id and message.state = 'pending_approval'
                    and message.version = approval.message_version
                    and message.content_hash = approval.content_hash
                    and message.snapshot_hash = approval.snapshot_hash)"
    };
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
    let kept = if to == State::Returned { State::Rejected } else { to };
    let decided = execute!(
        tx,
        concat!(
            "update approval set state = $2, decided_by = $3, opinion = $4, decided_at = $5, is_returned = $6
          where id = $1 and state = 'pending' and ",
            is_unchanged!()
        ),
        [id, kept, by, opinion, at, to == State::Returned]
    )?;
    Ok(decided == 1)
}

/// On to the next node, if nobody was faster and nothing has changed since it was asked.
pub async fn advance(tx: &mut Tx, id: ApprovalId, from: i64) -> Result<bool> {
    let moved = execute!(
        tx,
        concat!(
            "update approval set node = $2 + 1 where id = $1 and state = 'pending' and node = $2 and ",
            is_unchanged!()
        ),
        [id, from]
    )?;
    Ok(moved == 1)
}

/// What was asked about a message is not wanted any more.
pub async fn void(tx: &mut Tx, message: MessageId, at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "update approval_seat set state = 'spared', decided_at = $2
          where state = 'waiting' and approval_id in (
                select approval.id from approval where approval.message_id = $1 and approval.state = 'pending')",
        [message, at]
    )?;
    execute!(
        tx,
        "update approval set state = 'void', decided_at = $2 where message_id = $1 and state = 'pending'",
        [message, at]
    )
}
