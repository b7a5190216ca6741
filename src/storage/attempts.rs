//! Table `attempt`: what a delivery was before its last state. Written in the transaction of what came
//! after, for those alone that were tried again or reported on.

use serde::Serialize;

use super::{Json, Result, Tx, reached::shown, tickets::Ticket};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, PersonId,
        delivery::{Key, State},
    },
};

/// How a try went that is not the last.
#[derive(Debug, Clone, Serialize)]
pub struct Failed {
    /// without hyphens
    pub person: String,
    pub state: State,
    pub detail: String,
}

/// Keeps what of a ticket did not go through now and may be tried again, while it is still `sending`.
pub async fn keep_failed(tx: &mut Tx, ticket: &Ticket, failed: &[Failed], now: Timestamp) -> Result<u64> {
    if failed.is_empty() {
        return Ok(0);
    }
    let failed = Json(failed);
    let sql = each_row!(
        tx,
        "insert into attempt (message_id, person_id, channel, round, nth, state, fired_at, at, detail)
         select delivery.message_id, delivery.person_id, delivery.channel, delivery.round, delivery.attempts,
                each.state, delivery.fired_at, $5, each.detail from ",
        "$4",
        { person: uuid, state: text, detail: text },
        " join delivery on delivery.message_id = $1 and delivery.channel = $2 and delivery.round = $3
                        and delivery.person_id = each.person
          where delivery.state = 'sending'
         on conflict do nothing"
    );
    execute!(tx, sql, [ticket.message_id, &ticket.channel, ticket.round, &failed, now])
}

/// Keeps what a lost worker left in `sending` and what is sent again.
pub async fn keep_orphans(tx: &mut Tx, ticket: &Ticket, now: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "insert into attempt (message_id, person_id, channel, round, nth, state, fired_at, at, detail)
         select message_id, person_id, channel, round, attempts, 'unknown', fired_at, $6, 'WORKER_LOST' from delivery
          where message_id = $1 and channel = $2 and round = $3 and person_id >= $4 and person_id <= $5
            and state = 'sending'
         on conflict do nothing",
        [ticket.message_id, &ticket.channel, ticket.round, ticket.first_person, ticket.last_person, now]
    )
}

/// Keeps what a delivery was, before a report moves it to what ranks higher.
pub async fn keep_reported(tx: &mut Tx, key: &Key, to: State) -> Result<u64> {
    execute!(
        tx,
        "insert into attempt (message_id, person_id, channel, round, nth, state, fired_at, at, detail)
         select message_id, person_id, channel, round, attempts, state, fired_at, done_at, coalesce(detail, '')
           from delivery
          where message_id = $1 and person_id = $2 and channel = $3 and round = $4 and done_at is not null
            and (case state when 'unknown' then 2 when 'accepted' then 3 when 'undelivered' then 4 else 6 end) < $5
         on conflict do nothing",
        [key.message, key.person, &key.channel, key.round, to.rank()]
    )
}

row! {
    /// One earlier state of a delivery.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Attempt {
        pub person_id: PersonId,
        pub channel: String,
        pub round: i64,
        pub nth: i64,
        pub state: State,
        pub fired_at: Option<Timestamp>,
        pub at: Timestamp,
        pub detail: String,
    }
}

/// Those of these recipients, in the order in which they happened.
pub async fn list(tx: &mut Tx, message: MessageId, people: &[PersonId]) -> Result<Vec<Attempt>> {
    let sql = each_row!(
        tx,
        "select attempt.person_id, attempt.channel, attempt.round, attempt.nth, attempt.state, attempt.fired_at,
                attempt.at, attempt.detail from ",
        "$1",
        { message: uuid, person: uuid },
        "  join attempt on attempt.message_id = each.message and attempt.person_id = each.person
          order by attempt.person_id, attempt.at, attempt.round, attempt.channel, attempt.nth, attempt.state
          limit 100000"
    );
    fetch_all!(tx, Attempt, sql, [shown(message, people)])
}
