//! The broker over AMQP 0-9-1, meant for RabbitMQ 3.10 and later.
//!
//! Three links, each with a supervisor of its own (`link.rs`): one for publishing, because an alarm
//! blocks a connection that publishes and must not stop the acknowledgements; one for consuming; and
//! one for the commands alone, because a message that lapin cannot read ends its connection. lapin's
//! own recovery stays off: a publish then hung for 16 s where an own reconnection failed it at once,
//! and neither lost a confirmed message.

mod consume;
mod link;
mod properties;
mod publish;
mod topology;

use std::sync::Arc;
use std::time::Duration;

use lapin::options::{ExchangeDeleteOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(super) use consume::{AmqpConsumer, AmqpListener, AmqpSettlement};
use link::{Link, Purpose, Supervisor};
use topology::Topology;

use super::{Error, Health, Names, PUBLISH_TIMEOUT, Queue, SUBSCRIBER_PREFETCH};

/// With 10 s a frozen broker is noticed after 20 s; RabbitMQ's own proposal takes two minutes.
const HEARTBEAT_S: u16 = 10;
/// How many single publishes may wait for their confirmation at once; each has a channel alone.
const PUBLISHING_CHANNELS: usize = 64;
/// A closing broker waits no longer than this for the farewell of the other side.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// See the module's head.
#[derive(Clone)]
pub struct Amqp(Arc<Inner>);

struct Inner {
    uri: AMQPUri,
    topology: Arc<Topology>,
    publishing: Link,
    consuming: Link,
    commands: Link,
    slots: Semaphore,
    lost: watch::Receiver<u64>,
    closing: CancellationToken,
    supervisors: TaskTracker,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

impl Amqp {
    /// Starts both supervisors and returns; needs a tokio runtime.
    pub(super) fn open(url: &str, names: Names, channels: &[&str]) -> Result<Self, Error> {
        let uri = address(url)?;
        let lost = Arc::new(watch::Sender::new(0));
        let topology = Arc::new(Topology::new(names, channels));
        let closing = CancellationToken::new();
        let supervisors = TaskTracker::new();
        let start = |purpose| {
            let topology = topology.clone();
            let (supervisor, link) = Supervisor::new(uri.clone(), purpose, topology, lost.clone(), closing.clone());
            supervisors.spawn(supervisor.run());
            link
        };
        Ok(Self(Arc::new(Inner {
            publishing: start(Purpose::Publishing),
            consuming: start(Purpose::Consuming),
            commands: start(Purpose::Commands),
            uri,
            topology,
            slots: Semaphore::new(PUBLISHING_CHANNELS),
            lost: lost.subscribe(),
            closing,
            supervisors,
        })))
    }

    pub(super) fn consume(&self, queue: &Queue, prefetch: u16) -> AmqpConsumer {
        let name = self.0.topology.names.queue(queue);
        self.0.topology.want(&name, None);
        let link = if *queue == Queue::Commands { &self.0.commands } else { &self.0.consuming };
        AmqpConsumer::new(link.clone(), self.0.topology.clone(), name, prefetch)
    }

    pub(super) fn subscribe(&self, name: &str, binding: &str) -> AmqpConsumer {
        let name = self.0.topology.names.module_queue(name);
        self.0.topology.want(&name, Some(binding));
        AmqpConsumer::new(self.0.consuming.clone(), self.0.topology.clone(), name, SUBSCRIBER_PREFETCH)
    }

    pub(super) fn listen(&self) -> AmqpListener {
        AmqpListener::new(self.0.consuming.clone(), self.0.topology.clone())
    }

    pub(super) async fn ready(&self) -> bool {
        self.0.publishing.clone().wait().await.is_some()
    }

    pub(super) fn lost(&self) -> watch::Receiver<u64> {
        let mut lost = self.0.lost.clone();
        lost.mark_unchanged();
        lost
    }

    pub(super) fn health(&self) -> Health {
        let links = [&self.0.publishing, &self.0.consuming, &self.0.commands];
        let troubles = links.into_iter().filter_map(Link::trouble);
        match troubles.min_by_key(|(since, _)| *since) {
            None => Health::Connected { blocked: self.0.publishing.is_blocked() },
            Some((since, reason)) => Health::Reconnecting { since, reason },
        }
    }

    pub(super) async fn depth(&self, queue: &Queue) -> Option<u32> {
        let name = topology::short(&self.0.topology.names.queue(queue)).ok()?;
        let wire = self.0.publishing.wire().ok()?;
        let ask = async {
            let channel = wire.connection.create_channel().await?;
            channel.queue_declare(name, QueueDeclareOptions::durable().passive(), FieldTable::default()).await
        };
        Some(timeout(PUBLISH_TIMEOUT, ask).await.ok()?.ok()?.message_count())
    }

    pub(super) async fn close(&self) {
        self.0.closing.cancel();
        self.0.supervisors.close();
        if timeout(CLOSE_TIMEOUT, self.0.supervisors.wait()).await.is_err() {
            tracing::warn!("the broker did not answer the farewell, its connections are left to end by themselves");
        }
    }

    pub(super) async fn purge(&self) {
        self.close().await;
        let outcome = async {
            let connection = link::connect(&self.0.uri, self.0.topology.names.prefix(), "purging").await?;
            let channel = connection.create_channel().await?;
            for queue in self.0.topology.queue_names() {
                channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
            }
            for (exchange, _) in self.0.topology.exchanges() {
                channel.exchange_delete(exchange.as_str().into(), ExchangeDeleteOptions::default()).await?;
            }
            connection.close(200, "purged".into()).await
        };
        match timeout(super::BATCH_TIMEOUT, outcome).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "queues and exchanges could not be deleted"),
            Err(_) => tracing::warn!("the broker did not delete the queues and exchanges in time"),
        }
    }
}

/// The parsed address, with our heartbeat unless it names one.
fn address(url: &str) -> Result<AMQPUri, Error> {
    // lapin reads an IPv6 literal as `localhost`, so that it would quietly talk to the wrong host.
    if url.contains('[') {
        return Err(Error::Address("an IPv6 broker must be given by its host name".into()));
    }
    // The parser's texts do not repeat the address, and so not the password, for these schemes.
    let mut uri: AMQPUri = url.parse().map_err(Error::Address)?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT_S);
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heartbeat_is_ten_seconds_unless_the_address_says_otherwise() {
        let heartbeat = |url| address(url).expect("a good address").query.heartbeat;
        assert_eq!(heartbeat("amqp://guest:guest@localhost:5672/%2f"), Some(10));
        assert_eq!(heartbeat("amqp://guest:guest@localhost:5672/%2f?heartbeat=3"), Some(3));
    }

    #[test]
    fn a_wrong_address_is_refused_without_its_password() {
        for wrong in [
            "amqp://hub:secret@[::1]:5672/",
            "amqp://hub:secret@host:notaport/",
            "amqp://hub:secret@host/?heartbeat=soon",
        ] {
            let refused = address(wrong).expect_err(wrong).to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }
}
