//! The receiving end: consumers, listeners, and deliveries that must be settled.

use super::Envelope;
use super::amqp::{AmqpConsumer, AmqpListener, AmqpSettlement};
use super::memory::{MemoryConsumer, MemoryListener, MemorySettlement};

/// Takes messages from one queue, in order, for as long as the broker is open.
pub struct Consumer(ConsumerOf);

enum ConsumerOf {
    Memory(MemoryConsumer),
    Amqp(Box<AmqpConsumer>),
}

impl Consumer {
    pub(super) fn memory(consumer: MemoryConsumer) -> Self {
        Self(ConsumerOf::Memory(consumer))
    }

    pub(super) fn amqp(consumer: AmqpConsumer) -> Self {
        Self(ConsumerOf::Amqp(Box::new(consumer)))
    }

    /// Waits until the queue is there and its messages come here; a subscription misses no
    /// event from then on. [`Consumer::next`] does the same by itself.
    pub async fn ready(&mut self) {
        match &mut self.0 {
            ConsumerOf::Memory(_) => {}
            ConsumerOf::Amqp(consumer) => drop(consumer.ready().await),
        }
    }

    /// The next message; waits for it, through reconnections too. `None` only after
    /// [`super::Broker::close`]. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Delivered> {
        match &mut self.0 {
            ConsumerOf::Memory(consumer) => consumer.next().await,
            ConsumerOf::Amqp(consumer) => consumer.next().await,
        }
    }
}

/// A message in this consumer's hands. Dropped without a word it goes back to the queue.
#[must_use = "a delivery that is dropped comes back"]
pub struct Delivered {
    /// The message.
    pub envelope: Envelope,
    settlement: Settlement,
}

enum Settlement {
    Memory(MemorySettlement),
    Amqp(AmqpSettlement),
}

impl Delivered {
    pub(super) fn memory(envelope: Envelope, settlement: MemorySettlement) -> Self {
        Self { envelope, settlement: Settlement::Memory(settlement) }
    }

    pub(super) fn amqp(envelope: Envelope, settlement: AmqpSettlement) -> Self {
        Self { envelope, settlement: Settlement::Amqp(settlement) }
    }

    /// The work is done and committed: the queue forgets the message.
    /// When the connection is gone this does nothing, and the message comes again.
    pub async fn ack(self) {
        match self.settlement {
            Settlement::Memory(settlement) => settlement.ack(),
            Settlement::Amqp(settlement) => settlement.ack().await,
        }
    }

    /// Nobody can do this work: to the dead letters.
    pub async fn reject(self) {
        match self.settlement {
            Settlement::Memory(settlement) => settlement.reject(),
            Settlement::Amqp(settlement) => settlement.reject().await,
        }
    }

    /// Not now, or not here: back to the queue, at most [`super::DELIVERY_LIMIT`] times.
    pub async fn requeue(self) {
        match self.settlement {
            Settlement::Memory(settlement) => drop(settlement),
            Settlement::Amqp(settlement) => settlement.requeue().await,
        }
    }
}

/// Hears what all replicas hear.
pub struct Listener(ListenerOf);

enum ListenerOf {
    Memory(MemoryListener),
    Amqp(Box<AmqpListener>),
}

impl Listener {
    pub(super) fn memory(listener: MemoryListener) -> Self {
        Self(ListenerOf::Memory(listener))
    }

    pub(super) fn amqp(listener: AmqpListener) -> Self {
        Self(ListenerOf::Amqp(Box::new(listener)))
    }

    /// Waits until this listener hears. [`Listener::next`] does the same by itself.
    pub async fn ready(&mut self) {
        match &mut self.0 {
            ListenerOf::Memory(_) => {}
            ListenerOf::Amqp(listener) => drop(listener.ready().await),
        }
    }

    /// The next live message; `None` only after [`super::Broker::close`].
    pub async fn next(&mut self) -> Option<Envelope> {
        match &mut self.0 {
            ListenerOf::Memory(listener) => listener.next().await,
            ListenerOf::Amqp(listener) => listener.next().await,
        }
    }
}
