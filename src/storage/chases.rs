//! Whom the later steps of a rule chase, and who has done what they wait for: read from `delivery`,
//! `ticket`, `wave`, `inbox`, `receipt` and `approval_seat`.

use std::ops::Range;

use super::{Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{ApprovalId, MessageId, PersonId, chase::Goal},
};

/// Whether one of these rounds has begun to chase a person.
pub async fn has_begun(tx: &mut Tx, message: MessageId, person: PersonId, rounds: Range<i64>) -> Result<bool> {
    let found = fetch_optional_value!(
        tx,
        PersonId,
        "select person_id from delivery
          where message_id = $1 and person_id = $2 and round >= $3 and round < $4 and unless is not null limit 1",
        [message, person, rounds.start, rounds.end]
    )?;
    Ok(found.is_some())
}

/// Who was chased for his word on an approval until this moment, and by which message.
pub async fn list_deciders(
    tx: &mut Tx,
    approval: ApprovalId,
    at: Timestamp,
    rounds: Range<i64>,
) -> Result<Vec<(MessageId, PersonId)>> {
    fetch_all!(
        tx,
        (MessageId, PersonId),
        "select distinct delivery.message_id, delivery.person_id from approval_seat
           join delivery on delivery.message_id = approval_seat.note_id
                        and delivery.person_id = approval_seat.person_id
          where approval_seat.approval_id = $1 and approval_seat.decided_at = $2 and delivery.unless = 'decided'
            and delivery.round >= $3 and delivery.round < $4
          order by delivery.message_id, delivery.person_id limit 1000",
        [approval, at, rounds.start, rounds.end]
    )
}

/// Whether anything of these rounds is still to be planned or to go out.
pub async fn is_under_way(tx: &mut Tx, message: MessageId, rounds: Range<i64>) -> Result<bool> {
    let found = fetch_optional_value!(
        tx,
        i64,
        "select round from ticket where message_id = $1 and round >= $2 and round < $3
          union all
         select round from wave where message_id = $1 and round >= $2 and round < $3
          limit 1",
        [message, rounds.start, rounds.end]
    )?;
    Ok(found.is_some())
}

/// Whether somebody whom the goal's round chased has still not done it.
pub async fn any_left(tx: &mut Tx, message: MessageId, goal: Goal) -> Result<bool> {
    let found = fetch_optional_value!(
        tx,
        PersonId,
        concat!(
            "select delivery.person_id from delivery
           join person on person.id = delivery.person_id and person.state = 'active'
          where delivery.message_id = $1 and delivery.round = $2
            and ($3 <> 'read' or not exists (
                 select 1 from inbox where inbox.message_id = $1 and inbox.person_id = delivery.person_id
                                       and inbox.read_at is not null))
            and ($3 not in ('receipt', 'confirmed') or not exists (
                 select 1 from receipt where receipt.message_id = $1 and receipt.person_id = delivery.person_id))
            and ($3 <> 'decided' or ",
            is_undecided!("$1", "delivery.person_id"),
            ") limit 1"
        ),
        [message, goal.round, goal.unless]
    )?;
    Ok(found.is_some())
}
