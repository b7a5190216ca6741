//! 立即发送: the sender lets a message go that was held because its time had passed.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    domain::{MessageId, Problem, message::State},
    hub::{
        Change, Hub, Once, Result, Source,
        engine::once::Keyed,
        follow::refuse::{refuse_deleted, refuse_expired},
        policy::{self, Action},
    },
    storage::{Tx, audit, messages},
};

/// A message that goes out after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// The same key came before; this is the answer of then.
    #[serde(skip)]
    pub duplicate: bool,
    pub state: State,
}

impl Hub {
    /// Sends a held message now, once for each key. Whoever does not want it any more recalls it.
    ///
    /// # Errors
    /// `NOT_FOUND`, `STATE`, `EXPIRED`, `IDEM_MISMATCH`, `IDEM_BUSY`
    pub async fn release(&self, source: &Source, once: Option<Once<'_>>, id: MessageId) -> Result<Released> {
        let let_go = async |tx: &mut Tx| {
            self.let_go(tx, source, id).await?;
            Ok(Released { duplicate: false, state: State::Sending })
        };
        let released = match self.do_once(source, once, id, let_go).await? {
            Keyed::Done(released) => released,
            Keyed::Earlier(earlier) => return Ok(Released { duplicate: true, ..earlier }),
        };
        self.wake.all();
        self.announce(Change::Message(id));
        Ok(released)
    }

    async fn let_go(&self, tx: &mut Tx, source: &Source, id: MessageId) -> Result<()> {
        let now = self.clock.now();
        let message = messages::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
        policy::require(source, Action::Release, &source.facts(&message))?;
        refuse_deleted(&message)?;
        refuse_expired(&message, now)?;
        if !messages::mark_sending(tx, id, State::Held, now).await? {
            return Err(Problem::conflict("STATE", "消息不在等待发送的状态")
                .in_english("this message is not held")
                .into());
        }
        self.start(tx, &message, now).await?;
        audit::insert(tx, now, &source.actor(), "message.release", &format!("message:{id}"), json!({})).await?;
        Ok(())
    }
}
