//! Who was called when, read from `delivery`, where the channel is the phone.

use super::{Json, Result, Tx, tickets::Ticket};
use crate::{
    clock::Timestamp,
    domain::{MessageId, PersonId, delivery::State},
};

/// What a ticket still holds: whose delivery it is, who is called, and whether it is under way.
pub async fn list_open(tx: &mut Tx, ticket: &Ticket) -> Result<Vec<(PersonId, Option<PersonId>, State)>> {
    fetch_all!(
        tx,
        (PersonId, Option<PersonId>, State),
        "select person_id, callee_id, state from delivery
          where message_id = $1 and channel = $2 and round = $3 and person_id >= $4 and person_id <= $5
            and state in ('ready', 'sending')
          order by person_id limit 1000",
        [ticket.message_id, &ticket.channel, ticket.round, ticket.first_person, ticket.last_person]
    )
}

/// Until this transaction ends nobody else decides whether these people are called, so that two
/// workers do not both find room for the last call. On SQLite whoever writes is alone.
pub async fn lock(tx: &mut Tx, callees: &[PersonId]) -> Result<()> {
    debug_assert!(tx.keeps_locks());
    if matches!(tx, Tx::Sqlite(_)) {
        return Ok(());
    }
    let callees = Json(callees.iter().map(|id| id.simple()).collect::<Vec<_>>());
    execute!(
        tx,
        "select pg_advisory_xact_lock(hashtextextended(value, 0))
           from jsonb_array_elements_text($1::jsonb) as each (value)",
        [&callees]
    )?;
    Ok(())
}

/// Calls to these people since `from` that were made, or may have been.
pub async fn list_recent(tx: &mut Tx, callees: &[PersonId], from: Timestamp) -> Result<Vec<(PersonId, Timestamp)>> {
    let callees = Json(callees.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "select callee_id, fired_at from delivery
          where channel = 'voice' and fired_at > $2
            and state in ('sending', 'accepted', 'delivered', 'undelivered', 'unknown') and callee_id in (",
        "$1",
        ") order by fired_at desc, callee_id limit 10000"
    );
    fetch_all!(tx, (PersonId, Timestamp), sql, [&callees, from])
}

/// Calls of rounds below `before` that wait for another try end where `round` calls the same person.
pub async fn cancel_earlier(
    tx: &mut Tx,
    message: MessageId,
    (after, last): (PersonId, PersonId),
    (round, before): (i64, i64),
    now: Timestamp,
) -> Result<u64> {
    execute!(
        tx,
        "update delivery set state = 'cancelled', detail = 'NEXT_STEP', done_at = $5
          where message_id = $1 and person_id > $2 and person_id <= $3 and channel = 'voice' and round < $6
            and state = 'ready' and exists (
                select 1 from delivery as later
                 where later.message_id = $1 and later.person_id = delivery.person_id
                   and later.channel = 'voice' and later.round = $4)",
        [message, after, last, round, now, before]
    )
}
