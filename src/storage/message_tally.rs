//! Table `message_tally`: what a message was counted at last. Whoever writes it knows what it holds.

use serde::Serialize;

use super::{Json, Result, Tx};
use crate::{clock::Timestamp, domain::MessageId};

/// Keeps a count unless a later one is kept.
pub async fn save(tx: &mut Tx, message: MessageId, counted_at: Timestamp, tally: &impl Serialize) -> Result<u64> {
    let tally = serde_json::to_value(tally).map_err(|error| super::Error::Encode(error.into()))?;
    execute!(
        tx,
        "insert into message_tally (message_id, counted_at, tally) values ($1, $2, $3)
         on conflict (message_id) do update set counted_at = excluded.counted_at, tally = excluded.tally
          where message_tally.counted_at < excluded.counted_at",
        [message, counted_at, Json(&tally)]
    )
}

/// The count that is kept.
pub async fn find(tx: &mut Tx, message: MessageId) -> Result<Option<serde_json::Value>> {
    let found = fetch_optional_value!(
        tx,
        Json<serde_json::Value>,
        "select tally from message_tally where message_id = $1",
        [message]
    )?;
    Ok(found.map(|tally| tally.0))
}
