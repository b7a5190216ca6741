//! Tells open pages that something has changed: in this process at once, on other replicas
//! through the broker. A hint, never the change itself; whoever misses one looks again by himself.

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::{
    broker::{Envelope, Listener, Target},
    domain::{ApprovalId, MessageId, PersonId},
    hub::Hub,
};

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Inboxes of this message's recipients, and whatever shows how it stands.
    Message(MessageId),
    /// How it stands, which its sender sees; nobody's inbox.
    Sent(MessageId),
    /// Somebody's own inbox or badge.
    Person(PersonId),
    /// What somebody did with a message: in his own inbox, and in what its sender sees.
    Line { person: PersonId, message: MessageId },
    /// Somebody's approvals.
    Approval(ApprovalId),
}

#[derive(Clone)]
pub struct Live {
    sender: broadcast::Sender<Change>,
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: broadcast::channel(4096).0 }
    }
}

impl Live {
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }
}

impl Hub {
    /// Never waits for the broker and never fails: the pages of other replicas catch up.
    pub fn announce(&self, change: Change) {
        // nobody listening is no error
        let _ = self.live.sender.send(change.clone());
        if matches!(self.broker, crate::broker::Broker::Memory(_)) {
            return;
        }
        let body = serde_json::to_vec(&change).expect("a change is plain data");
        let envelope =
            Envelope { message_id: Some(self.replica.to_string()), persistent: false, ..Envelope::new(body) };
        let broker = self.broker.clone();
        tokio::spawn(async move {
            if let Err(error) = broker.publish(Target::Live, envelope).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "other replicas were not told of a change");
            }
        });
    }

    /// Passes on what other replicas say, for ever.
    pub async fn hear(&self, mut listener: Listener) {
        let own = self.replica.to_string();
        while let Some(envelope) = listener.next().await {
            if envelope.message_id.as_deref() == Some(&own) {
                continue;
            }
            if let Ok(change) = serde_json::from_slice(&envelope.body) {
                let _ = self.live.sender.send(change);
            }
        }
    }
}
