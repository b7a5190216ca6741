//! The broker carries commands in, work tickets between replicas, and events out.
//!
//! It is never a place where something is kept: the database is the ledger, so that deleting
//! every queue costs time and no mail. Two brokers do the same thing, one inside this process
//! and one over AMQP 0-9-1; one contract (`tests/it/contract/broker.rs`) holds for both.
//!
//! Invariants: a publish that returned `Ok` lies in a queue; every publish ends within
//! [`PUBLISH_TIMEOUT`]; what a consumer took and did not settle comes back.

mod amqp;
mod consumer;
mod envelope;
mod memory;
mod names;

use std::time::{Duration, Instant};

use tokio::sync::watch;

pub use amqp::Amqp;
pub use consumer::{Consumer, Delivered, Listener};
pub use envelope::{Envelope, Queue, Target};
pub use memory::Memory;
pub use names::Names;

/// After so long without the broker's answer one publish has failed.
pub const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);
/// After so long what is left of one [`Broker::publish_all`] has failed.
pub const BATCH_TIMEOUT: Duration = Duration::from_secs(10);
/// How many publishes of one batch may wait for their confirmation at once.
pub const WINDOW: usize = 1000;
/// How often a message may come back before it is taken for poison and goes to the dead letters.
pub const DELIVERY_LIMIT: u32 = 20;
/// Longest prefix and longest channel, in bytes: with what is between them still below 255.
const MAX_NAME: usize = 100;
/// How many events a subscriber may hold unsettled.
const SUBSCRIBER_PREFETCH: u16 = 20;

/// Why something could not be published, or why a broker could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The setting is wrong; the text never repeats the address, which holds a password.
    #[error("the broker address is wrong: {0}")]
    Address(String),
    /// There is no connection at the moment; the supervisor is at work on it.
    #[error("not connected to the broker: {0}")]
    Disconnected(String),
    /// A memory or disk alarm: the broker takes nothing until it is over.
    #[error("the broker takes no messages because of a memory or disk alarm")]
    Blocked,
    /// No answer in time. The message may or may not lie in its queue.
    #[error("the broker did not confirm in time")]
    Timeout,
    /// No queue took the message.
    #[error("no queue for {0}")]
    Unroutable(String),
    /// The queue is full and said so.
    #[error("the broker refused the message for {0}")]
    Refused(String),
    /// The queue belongs to the hub, so that no stranger may have an answer sent there.
    #[error("{0} is not a queue for answers")]
    NotForReplies(String),
    /// AMQP cannot carry a name or property above 255 bytes, nor headers above 64 KiB.
    #[error("{0} is too long for AMQP")]
    TooLong(&'static str),
    /// RabbitMQ lets nobody send a command in another user's name.
    #[error("a command can only be sent as the broker's own user")]
    ForeignUser,
    /// [`Broker::close`] was called.
    #[error("the broker is closed")]
    Closed,
}

/// How the broker is doing at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// The queue lives in this process and cannot be away.
    Local,
    /// Connected; `blocked` while a memory or disk alarm keeps it from taking messages.
    Connected {
        /// True during an alarm.
        blocked: bool,
    },
    /// Not connected, or only half; being worked on for ever.
    Reconnecting {
        /// When it was lost, or when the program started.
        since: Instant,
        /// One line for the operator, without any password.
        reason: String,
    },
}

impl Health {
    /// True while messages can be published.
    pub fn takes_messages(&self) -> bool {
        matches!(self, Self::Local | Self::Connected { blocked: false })
    }
}

/// The closed set of brokers. Cheap to clone; all clones are the same broker.
#[derive(Clone)]
pub enum Broker {
    /// In this process.
    Memory(Memory),
    /// RabbitMQ, or whatever speaks AMQP 0-9-1 with quorum queues.
    Amqp(Amqp),
}

impl Broker {
    /// Opens the broker at `url`: `memory:` or `amqp://user:password@host:port/vhost`.
    ///
    /// Returns at once, connected or not ([`Broker::health`] says which). `prefix` begins every
    /// name (`zhihui` unless tests want to be alone), `channels` are those that get a work queue.
    ///
    /// # Errors
    /// [`Error::Address`] when the address cannot be understood, [`Error::TooLong`] for a prefix
    /// or a channel whose names would not fit into AMQP.
    pub async fn connect(url: &str, prefix: &str, channels: &[&str]) -> Result<Self, Error> {
        if channels.iter().chain([&prefix]).any(|name| name.len() > MAX_NAME) {
            return Err(Error::TooLong("the prefix or a channel's name"));
        }
        let names = Names::new(prefix);
        match url.split_once(':') {
            Some(("memory", _)) => Ok(Self::Memory(Memory::new(names, channels))),
            Some(("amqp" | "amqps", rest)) if rest.starts_with("//") => {
                Ok(Self::Amqp(Amqp::open(url, names, channels)?))
            }
            _ => Err(Error::Address("it must begin with memory:, amqp:// or amqps://".into())),
        }
    }

    /// Publishes one message and waits until a queue has it.
    ///
    /// An event or a live message that nobody wants is no error; an answer whose queue is gone
    /// is [`Error::Unroutable`], which the caller may ignore.
    ///
    /// # Errors
    /// See [`Error`]; nothing was published, except perhaps after [`Error::Timeout`].
    pub async fn publish(&self, target: Target, envelope: Envelope) -> Result<(), Error> {
        match self {
            Self::Memory(memory) => memory.publish(&target, envelope),
            Self::Amqp(amqp) => amqp.publish(&target, envelope).await,
        }
    }

    /// Publishes many messages at the speed of the broker; the results are in the same order.
    pub async fn publish_all(&self, items: Vec<(Target, Envelope)>) -> Vec<Result<(), Error>> {
        match self {
            Self::Memory(memory) => {
                items.into_iter().map(|(target, envelope)| memory.publish(&target, envelope)).collect()
            }
            Self::Amqp(amqp) => amqp.publish_all(items).await,
        }
    }

    /// Takes messages from one of the hub's queues, at most `prefetch` unsettled at a time
    /// (0: no limit). Survives the loss of the connection and of the queue.
    pub fn consume(&self, queue: Queue, prefetch: u16) -> Consumer {
        match self {
            Self::Memory(memory) => Consumer::memory(memory.consume(&queue, prefetch)),
            Self::Amqp(amqp) => Consumer::amqp(amqp.consume(&queue, prefetch)),
        }
    }

    /// Hears every [`Target::Live`] message from now on, as every other listener does.
    /// Live messages are hints: a listener that is too slow or cut off misses some.
    pub fn listen(&self) -> Listener {
        match self {
            Self::Memory(memory) => Listener::memory(memory.listen()),
            Self::Amqp(amqp) => Listener::amqp(amqp.listen()),
        }
    }

    /// The events whose type fits `binding` (`*` one word, `#` any number of words), kept in a
    /// durable queue called `name`. Bindings of one name add up and outlive the program, so a
    /// subscriber ignores what it does not know.
    pub fn subscribe(&self, name: &str, binding: &str) -> Consumer {
        match self {
            Self::Memory(memory) => Consumer::memory(memory.subscribe(name, binding)),
            Self::Amqp(amqp) => Consumer::amqp(amqp.subscribe(name, binding)),
        }
    }

    /// Waits until there is a connection for publishing; false when the broker was closed.
    pub async fn ready(&self) -> bool {
        match self {
            Self::Memory(memory) => memory.is_open(),
            Self::Amqp(amqp) => amqp.ready().await,
        }
    }

    /// How the broker is at this moment.
    pub fn health(&self) -> Health {
        match self {
            Self::Memory(_) => Health::Local,
            Self::Amqp(amqp) => amqp.health(),
        }
    }

    /// Moves whenever queues may have lost what they held, or a listener what it should have
    /// heard: after a reconnection, and when a queue was gone and had to be declared anew.
    /// The hub then issues all tickets again.
    pub fn lost(&self) -> watch::Receiver<u64> {
        match self {
            Self::Memory(memory) => memory.lost(),
            Self::Amqp(amqp) => amqp.lost(),
        }
    }

    /// How many messages wait in the queue; `None` when the broker cannot say.
    pub async fn depth(&self, queue: Queue) -> Option<u32> {
        match self {
            Self::Memory(memory) => memory.depth(&queue),
            Self::Amqp(amqp) => amqp.depth(&queue).await,
        }
    }

    /// Ends every consumer and listener and lets go of the connections. Deliveries that are not
    /// settled come back to another replica.
    pub async fn close(&self) {
        match self {
            Self::Memory(memory) => memory.close(),
            Self::Amqp(amqp) => amqp.close().await,
        }
    }

    /// Closes the broker and deletes all its queues and exchanges with what is in them.
    /// For tests and benchmarks, which each have a prefix of their own.
    pub async fn purge_topology(&self) {
        match self {
            Self::Memory(memory) => memory.purge(),
            Self::Amqp(amqp) => amqp.purge().await,
        }
    }
}
