//! Table `outbox`: events written with the change that they tell of, until they are published.

use super::{Json, Result, Tx};
use crate::{clock::Timestamp, domain::EventId};

row! {
    #[derive(Debug, Clone)]
    pub struct Event {
        pub id: EventId,
        pub kind: String,
        pub event: Json<serde_json::Value>,
        pub created_at: Timestamp,
    }
}

/// `kind` is the event's type and routing key; `event` its data without personal data.
pub async fn insert(tx: &mut Tx, at: Timestamp, kind: &str, event: serde_json::Value) -> Result<()> {
    execute!(
        tx,
        "insert into outbox (id, kind, event, created_at) values ($1, $2, $3, $4)",
        [EventId::new(), kind, Json(&event), at]
    )?;
    Ok(())
}

/// The oldest; two relays may get the same, and publish it twice under the same id.
pub async fn list(tx: &mut Tx, limit: i64) -> Result<Vec<Event>> {
    fetch_all!(tx, Event, "select id, kind, event, created_at from outbox order by id limit $1", [limit])
}

pub async fn remove(tx: &mut Tx, ids: &[EventId]) -> Result<u64> {
    let ids = Json(ids.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(tx, "delete from outbox where id in (", "$1", ")");
    execute!(tx, sql, [&ids])
}

/// The oldest one that still waits.
pub async fn oldest(tx: &mut Tx) -> Result<Option<Timestamp>> {
    fetch_optional_value!(tx, Timestamp, "select created_at from outbox order by id limit 1", [])
}
