//! One message on its way, and where it goes to or comes from.

use std::collections::BTreeMap;

/// A message in either direction. Its fields are the properties of AMQP 0-9-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Type of the command or event. Where the target is one queue, that queue's name.
    pub routing_key: String,
    /// The message itself.
    pub body: Vec<u8>,
    /// Media type of the body.
    pub content_type: Option<String>,
    /// AMQP's `type`.
    pub kind: Option<String>,
    /// The producer's idempotency key.
    pub message_id: Option<String>,
    /// Who published, validated by the broker on receipt.
    ///
    /// In what the hub itself publishes over AMQP only its own user can stand here: anybody
    /// else's name travels as the header [`Envelope::CLAIMED_USER`], which proves nothing.
    pub user_id: Option<String>,
    /// Queue for the answer.
    pub reply_to: Option<String>,
    /// Comes back unchanged with the answer.
    pub correlation_id: Option<String>,
    /// Headers that can be written as text; others are left out on receipt.
    pub headers: BTreeMap<String, String>,
    /// Survives a restart of the broker.
    pub persistent: bool,
    /// Was delivered before, so that the work may have been done.
    pub redelivered: bool,
}

impl Envelope {
    /// Header for the producer's name in a dead letter. Anybody can set it.
    pub const CLAIMED_USER: &str = "x-claimed-user";
    /// Header with the queue in which a rejected message lay.
    pub const DEAD_FROM: &str = "x-first-death-queue";
    /// Header with the broker's word for why: `rejected` or `delivery_limit`.
    pub const DEAD_BECAUSE: &str = "x-first-death-reason";

    /// A persistent message with this body and nothing else.
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }

    /// The same with a routing key.
    pub fn keyed(routing_key: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { routing_key: routing_key.into(), ..Self::new(body) }
    }
}

impl Default for Envelope {
    fn default() -> Self {
        Self {
            routing_key: String::new(),
            body: Vec::new(),
            content_type: None,
            kind: None,
            message_id: None,
            user_id: None,
            reply_to: None,
            correlation_id: None,
            headers: BTreeMap::new(),
            persistent: true,
            redelivered: false,
        }
    }
}

/// A queue of the hub.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Commands of modules.
    Commands,
    /// Work tickets of one channel.
    Work(String),
    /// Tickets that overtake all others: codes and escalations.
    Priority,
    /// What could not be read or was rejected.
    Dead,
}

/// Where a message is published to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The work queue of a channel.
    Work(String),
    /// The queue of urgent tickets.
    Priority,
    /// The command queue, as a module would.
    Commands,
    /// All whose binding fits the routing key; may be nobody.
    Event,
    /// The dead letters, with a reason in the headers.
    Dead,
    /// The queue that a command named for its answer.
    Reply(String),
    /// Every listening replica; may be nobody.
    Live,
}
