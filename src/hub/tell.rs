//! What other modules hear: events with ids, the producer's own attributes, and nobody's data but
//! accounts (spec/interfaces §3).

use serde_json::{Map, Value, json};

use super::{Hub, Result};
use crate::{
    clock::Timestamp,
    storage::{Tx, messages::Message, outbox},
};

impl Hub {
    /// Writes an event about a message with the change that it tells of.
    pub(super) async fn tell(
        &self,
        tx: &mut Tx,
        at: Timestamp,
        kind: &str,
        message: &Message,
        more: Value,
    ) -> Result<()> {
        let mut event = Map::new();
        event.insert("message".to_owned(), json!(message.id));
        event.insert("state".to_owned(), json!(message.state));
        event.insert("recipients".to_owned(), json!(message.recipients));
        event.insert("producer".to_owned(), json!(message.producer_id));
        event.insert("attributes".to_owned(), message.attributes.0.clone());
        if let Value::Object(more) = more {
            event.extend(more);
        }
        outbox::insert(tx, at, kind, Value::Object(event)).await?;
        Ok(())
    }
}
