//! Table `dead_letter`: commands that were not carried out, with the reason, for a second try.

use super::{Result, Tx};
use crate::{clock::Timestamp, domain::DeadLetterId};

row! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct DeadLetter {
        pub id: DeadLetterId,
        pub queue: String,
        /// the broker account; none when the broker did not vouch for one
        pub producer: Option<String>,
        pub code: String,
        pub reason: String,
        pub kind: Option<String>,
        pub idempotency_key: Option<String>,
        /// what came, sealed as `dead_letter.body`
        pub body_sealed: Vec<u8>,
        pub created_at: Timestamp,
        pub replayed_at: Option<Timestamp>,
    }
}

pub async fn insert(tx: &mut Tx, letter: &DeadLetter) -> Result<()> {
    execute!(
        tx,
        "insert into dead_letter (id, queue, producer, code, reason, kind, idempotency_key, body_sealed, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            letter.id,
            &letter.queue,
            &letter.producer,
            &letter.code,
            &letter.reason,
            &letter.kind,
            &letter.idempotency_key,
            &letter.body_sealed,
            letter.created_at
        ]
    )?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: DeadLetterId) -> Result<Option<DeadLetter>> {
    fetch_optional!(
        tx,
        DeadLetter,
        "select id, queue, producer, code, reason, kind, idempotency_key, body_sealed, created_at, replayed_at
           from dead_letter where id = $1",
        [id]
    )
}

row! {
    /// A line of the list: what came stays sealed.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Line {
        pub id: DeadLetterId,
        pub queue: String,
        pub producer: Option<String>,
        pub code: String,
        pub reason: String,
        pub kind: Option<String>,
        pub idempotency_key: Option<String>,
        pub created_at: Timestamp,
        pub replayed_at: Option<Timestamp>,
    }
}

/// Newest first, from before `cursor` on; of one producer or of all.
pub async fn list(
    tx: &mut Tx,
    producer: Option<&str>,
    cursor: (Timestamp, DeadLetterId),
    limit: i64,
) -> Result<Vec<Line>> {
    fetch_all!(
        tx,
        Line,
        "select id, queue, producer, code, reason, kind, idempotency_key, created_at, replayed_at from dead_letter
          where ($1 is null or producer = $1) and (created_at, id) < ($2, $3)
          order by created_at desc, id desc limit $4",
        [producer, cursor.0, cursor.1, limit]
    )
}

/// How many wait for somebody to look at them.
pub async fn count_waiting(tx: &mut Tx) -> Result<i64> {
    fetch_value!(tx, i64, "select count(*) from dead_letter where replayed_at is null", [])
}

/// False when it was replayed before.
pub async fn mark_replayed(tx: &mut Tx, id: DeadLetterId, at: Timestamp) -> Result<bool> {
    let changed =
        execute!(tx, "update dead_letter set replayed_at = $2 where id = $1 and replayed_at is null", [id, at])?;
    Ok(changed == 1)
}
