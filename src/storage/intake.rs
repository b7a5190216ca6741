//! Table `intake`: one answer for one key of one source.

use super::{Json, Result, Tx};
use crate::{clock::Timestamp, domain::MessageId};

row! {
    /// What was answered the first time.
    #[derive(Debug, Clone)]
    pub struct Earlier {
        pub body_hash: Vec<u8>,
        pub message_id: Option<MessageId>,
        pub answer: Json<serde_json::Value>,
        pub created_at: Timestamp,
    }
}

pub async fn find(tx: &mut Tx, source: &str, key: &str) -> Result<Option<Earlier>> {
    fetch_optional!(
        tx,
        Earlier,
        "select body_hash, message_id, answer, created_at from intake where source = $1 and idempotency_key = $2",
        [source, key]
    )
}

/// Takes a key; false when somebody already has it. A second taker waits for the first to commit.
pub async fn take(
    tx: &mut Tx,
    source: &str,
    key: &str,
    body_hash: &[u8],
    message: MessageId,
    at: Timestamp,
) -> Result<bool> {
    let taken = execute!(
        tx,
        "insert into intake (source, idempotency_key, body_hash, message_id, answer, created_at)
         values ($1, $2, $3, $4, '{}', $5) on conflict (source, idempotency_key) do nothing",
        [source, key, body_hash, message, at]
    )?;
    Ok(taken == 1)
}

pub async fn answer(tx: &mut Tx, source: &str, key: &str, answer: serde_json::Value) -> Result<u64> {
    execute!(
        tx,
        "update intake set answer = $3 where source = $1 and idempotency_key = $2",
        [source, key, Json(&answer)]
    )
}

/// Forgets the oldest keys from before `before`, so many at most.
pub async fn remove_before(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    execute!(
        tx,
        "delete from intake where (source, idempotency_key) in (
            select source, idempotency_key from intake where created_at < $1
             order by created_at, source, idempotency_key limit $2)",
        [before, limit]
    )
}
