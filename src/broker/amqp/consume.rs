//! Consuming: each consumer has a channel of its own, with its prefetch, and finds its way back
//! to its queue after every loss.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use lapin::{Acker, Channel};

use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use tokio::time::timeout;

use super::link::{Link, Wire};
use super::properties;
use super::topology::{Topology, short};
use crate::broker::{Delivered, Envelope};

/// Declaring and opening a consumer may take this long.
const ATTACH_TIMEOUT: Duration = Duration::from_secs(15);
/// A settlement is handed to the connection within this time, or the message comes again.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(5);
/// How many live messages may be on their way to one listener.
const LIVE_PREFETCH: u16 = 1000;
/// How many wait for a listener that is slow before it misses the oldest.
const LIVE_BACKLOG: i32 = 10_000;

/// Something that hands out a queue's deliveries while the connection lasts.
struct Stream {
    wire: Arc<Wire>,
    channel: Channel,
    deliveries: lapin::Consumer,
}

impl Stream {
    async fn open(wire: Arc<Wire>, channel: Channel, queue: ShortString, prefetch: u16) -> lapin::Result<Self> {
        channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let deliveries = channel.basic_consume(queue, ShortString::default(), options, FieldTable::default()).await?;
        Ok(Self { wire, channel, deliveries })
    }

    /// The next delivery; without one this stream is over and the supervisor knows.
    async fn next(&mut self, queue: &str) -> Option<Delivery> {
        match self.deliveries.next().await {
            Some(Ok(delivery)) => return Some(delivery),
            Some(Err(error)) => self.wire.fail_with(&format!("consuming {queue}"), &error),
            None => self.wire.fail(format!("queue {queue} was deleted")),
        }
        None
    }
}

impl Drop for Stream {
    /// What was sent ahead and nobody has seen goes back at once; deliveries in somebody's hands
    /// keep the channel open until they are settled.
    fn drop(&mut self) {
        // Without a runtime the program is at its end, and the connection with it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (channel, mut deliveries) = (self.channel.clone(), self.deliveries.clone());
        runtime.spawn(async move {
            let cancelled = channel.basic_cancel(deliveries.tag(), BasicCancelOptions::default());
            if let Ok(Ok(())) = timeout(SETTLE_TIMEOUT, cancelled).await {
                // Nothing comes after the cancellation, which ends the stream.
                while let Some(Ok(delivery)) = deliveries.next().await {
                    requeue_now(&delivery.acker);
                }
            }
        });
    }
}

/// Hands the word to the connection without waiting: it is passed on at the first poll.
fn requeue_now(acker: &Acker) {
    let _ = acker.nack(BasicNackOptions { requeue: true, multiple: false }).now_or_never();
}

/// One consumer of one durable queue.
pub(in crate::broker) struct AmqpConsumer {
    link: Link,
    topology: Arc<Topology>,
    queue: String,
    prefetch: u16,
    stream: Option<Stream>,
    /// one at a time, see [`Link::is_careful`]
    is_careful: bool,
}

impl AmqpConsumer {
    pub(super) fn new(link: Link, topology: Arc<Topology>, queue: String, prefetch: u16) -> Self {
        Self { link, topology, queue, prefetch, stream: None, is_careful: false }
    }

    /// Attaches to the queue, for as long as that takes; `None` when the broker is closed.
    pub(in crate::broker) async fn ready(&mut self) -> Option<()> {
        while self.stream.is_none() {
            let wire = self.link.wait().await?;
            self.is_careful = self.link.is_careful();
            let attached = timeout(ATTACH_TIMEOUT, self.attach(wire.clone())).await;
            match attached.unwrap_or_else(|_| Err("the broker does not answer".into())) {
                Ok(stream) => self.stream = Some(stream),
                Err(reason) => wire.fail(reason),
            }
        }
        Some(())
    }

    async fn attach(&self, wire: Arc<Wire>) -> Result<Stream, String> {
        self.topology.declare_queue(&wire.connection, &self.queue).await?;
        let name = short(&self.queue).map_err(|error| error.to_string())?;
        let stream = async {
            let channel = wire.connection.create_channel().await?;
            let prefetch = if self.is_careful { 1 } else { self.prefetch };
            Stream::open(wire.clone(), channel, name, prefetch).await
        };
        stream.await.map_err(|error| format!("consuming {}: {error}", self.queue))
    }

    pub(in crate::broker) async fn next(&mut self) -> Option<Delivered> {
        loop {
            if self.is_careful && !self.link.is_careful() {
                self.stream = None;
            }
            self.ready().await?;
            let stream = self.stream.as_mut()?;
            match stream.next(&self.queue).await {
                Some(mut delivery) => {
                    let envelope = properties::incoming(&mut delivery);
                    let settlement = AmqpSettlement { acker: delivery.acker, _channel: stream.channel.clone() };
                    return Some(Delivered::amqp(envelope, settlement));
                }
                None => self.stream = None,
            }
        }
    }
}

/// The right to settle one delivery; dropped, the message goes back.
pub(in crate::broker) struct AmqpSettlement {
    acker: Acker,
    /// A closed channel would give the message to somebody else while we work on it.
    _channel: Channel,
}

impl AmqpSettlement {
    pub(in crate::broker) async fn ack(self) {
        self.settle("ack", self.acker.ack(BasicAckOptions::default())).await;
    }

    pub(in crate::broker) async fn reject(self) {
        self.settle("reject", self.acker.nack(BasicNackOptions::default())).await;
    }

    pub(in crate::broker) async fn requeue(self) {
        self.settle("requeue", self.acker.nack(BasicNackOptions { requeue: true, multiple: false })).await;
    }

    /// A lost settlement is no error: the message comes again, and the work is idempotent.
    async fn settle(&self, word: &str, settled: impl Future<Output = lapin::Result<bool>>) {
        match timeout(SETTLE_TIMEOUT, settled).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => tracing::debug!(word, "the delivery's channel is gone, the message comes again"),
            Ok(Err(error)) => {
                tracing::debug!(word, %error, "the delivery could not be settled, the message comes again")
            }
            Err(_) => tracing::debug!(word, "the delivery could not be settled in time"),
        }
    }
}

impl Drop for AmqpSettlement {
    fn drop(&mut self) {
        if self.acker.usable() {
            requeue_now(&self.acker);
        }
    }
}

/// One listener: a queue of its own, which goes with the connection.
pub(in crate::broker) struct AmqpListener {
    link: Link,
    topology: Arc<Topology>,
    stream: Option<Stream>,
}

impl AmqpListener {
    pub(super) fn new(link: Link, topology: Arc<Topology>) -> Self {
        Self { link, topology, stream: None }
    }

    pub(in crate::broker) async fn ready(&mut self) -> Option<()> {
        while self.stream.is_none() {
            let wire = self.link.wait().await?;
            match timeout(ATTACH_TIMEOUT, self.attach(wire.clone())).await {
                Ok(Ok(stream)) => self.stream = Some(stream),
                Ok(Err(error)) => wire.fail(format!("listening: {error}")),
                Err(_) => wire.fail("the broker does not answer"),
            }
        }
        Some(())
    }

    async fn attach(&self, wire: Arc<Wire>) -> lapin::Result<Stream> {
        // A name of our own choosing, so that `Names::is_own` knows it; a new one each time, as
        // the old queue may outlive its connection by a moment.
        let chance = getrandom::u64().map_err(std::io::Error::other)?;
        let queue: ShortString = self.topology.names.live_queue(&format!("{chance:016x}")).as_str().into();
        let exchange = self.topology.names.live_exchange().as_str().into();
        let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
        let mut arguments = FieldTable::default();
        arguments.insert("x-max-length".into(), AMQPValue::LongInt(LIVE_BACKLOG));
        let channel = wire.connection.create_channel().await?;
        channel.queue_declare(queue.clone(), options, arguments).await?;
        let everything = ShortString::default();
        let binding = QueueBindOptions::default();
        channel.queue_bind(queue.clone(), exchange, everything, binding, FieldTable::default()).await?;
        Stream::open(wire, channel, queue, LIVE_PREFETCH).await
    }

    pub(in crate::broker) async fn next(&mut self) -> Option<Envelope> {
        loop {
            self.ready().await?;
            match self.stream.as_mut()?.next("of a listener").await {
                Some(mut delivery) => {
                    let _ = delivery.acker.ack(BasicAckOptions::default()).now_or_never();
                    return Some(properties::incoming(&mut delivery));
                }
                None => self.stream = None,
            }
        }
    }
}
