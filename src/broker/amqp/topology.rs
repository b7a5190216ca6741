//! The exchanges and queues that must be there, and their declaration.
//!
//! What is wanted only grows: a consumer of a queue adds it, and every reconnection declares all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Connection, ErrorKind, ExchangeKind};

use crate::broker::{DELIVERY_LIMIT, Error, Names, Queue};

/// A full queue refuses; the database keeps what does not fit.
const MAX_LENGTH: i32 = 1_000_000;

/// See the module's head.
pub(super) struct Topology {
    pub(super) names: Names,
    /// Queue to the event bindings it has.
    queues: Mutex<BTreeMap<String, BTreeSet<String>>>,
    /// One declaration at a time: RabbitMQ tells the second of two that the queue exists while
    /// the first is still electing its leader, and then refuses what is published.
    declaring: tokio::sync::Mutex<()>,
}

impl Topology {
    pub(super) fn new(names: Names, channels: &[&str]) -> Self {
        let topology = Self { names, queues: Mutex::default(), declaring: Default::default() };
        let work = channels.iter().map(|channel| Queue::Work((*channel).to_owned()));
        for queue in [Queue::Commands, Queue::Priority, Queue::Dead].into_iter().chain(work) {
            topology.want(&topology.names.queue(&queue), None);
        }
        topology
    }

    /// Adds a queue, and an event binding of it.
    pub(super) fn want(&self, queue: &str, binding: Option<&str>) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.entry(queue.to_owned()).or_default().extend(binding.map(str::to_owned));
    }

    pub(super) fn has(&self, queue: &str) -> bool {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner).contains_key(queue)
    }

    pub(super) fn queue_names(&self) -> Vec<String> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    pub(super) fn exchanges(&self) -> [(String, ExchangeKind); 4] {
        [
            (self.names.dead_exchange(), ExchangeKind::Fanout),
            (self.names.commands_exchange(), ExchangeKind::Topic),
            (self.names.events_exchange(), ExchangeKind::Topic),
            (self.names.live_exchange(), ExchangeKind::Fanout),
        ]
    }

    /// Declares everything; true when a queue was missing, so that its content is lost.
    /// The error is one line for the operator.
    pub(super) async fn declare(&self, connection: &Connection) -> Result<bool, String> {
        for (exchange, kind) in self.exchanges() {
            let declared = async {
                let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
                let channel = connection.create_channel().await?;
                channel.exchange_declare(exchange.as_str().into(), kind, options, FieldTable::default()).await
            };
            declared.await.map_err(|error| format!("exchange {exchange}: {error}"))?;
        }
        let mut anew = false;
        for queue in self.queue_names() {
            anew |= self.declare_queue(connection, &queue).await?;
        }
        Ok(anew)
    }

    /// Declares one wanted queue with its bindings; true when it was missing.
    pub(super) async fn declare_queue(&self, connection: &Connection, queue: &str) -> Result<bool, String> {
        let bindings = {
            let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            queues.get(queue).cloned().unwrap_or_default()
        };
        let name = short(queue).map_err(|error| error.to_string())?;
        let routes = self.routes(queue, &bindings).map_err(|error| error.to_string())?;
        let _alone = self.declaring.lock().await;
        let declared = async {
            let missing = !exists(connection, name.clone()).await?;
            let channel = connection.create_channel().await?;
            channel.queue_declare(name.clone(), QueueDeclareOptions::durable(), self.arguments(queue)).await?;
            for (exchange, binding) in routes {
                let options = QueueBindOptions::default();
                channel.queue_bind(name.clone(), exchange, binding, options, FieldTable::default()).await?;
            }
            Ok(missing)
        };
        declared.await.map_err(|error| explain(queue, &error))
    }

    /// From which exchanges, with which binding, a queue gets its messages.
    fn routes(&self, queue: &str, events: &BTreeSet<String>) -> Result<Vec<(ShortString, ShortString)>, Error> {
        let mut routes = Vec::new();
        for binding in events {
            routes.push((short(&self.names.events_exchange())?, short(binding)?));
        }
        if queue == self.names.queue(&Queue::Commands) {
            routes.push((short(&self.names.commands_exchange())?, "#".into()));
        }
        if queue == self.names.queue(&Queue::Dead) {
            routes.push((short(&self.names.dead_exchange())?, "".into()));
        }
        Ok(routes)
    }

    fn arguments(&self, queue: &str) -> FieldTable {
        let text = |value: &str| AMQPValue::LongString(value.into());
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), text("quorum"));
        // Dead-lettering that loses nothing needs the queue to refuse when it is full.
        arguments.insert("x-overflow".into(), text("reject-publish"));
        arguments.insert("x-max-length".into(), AMQPValue::LongInt(MAX_LENGTH));
        if queue == self.names.queue(&Queue::Dead) {
            // There is nowhere to go from here: RabbitMQ 4 would drop what came back 20 times.
            arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(MAX_LENGTH));
        } else {
            arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(DELIVERY_LIMIT as i32));
            arguments.insert("x-dead-letter-exchange".into(), text(&self.names.dead_exchange()));
            arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
        }
        arguments
    }
}

/// A refused look closes its channel, so each look has one of its own.
async fn exists(connection: &Connection, queue: ShortString) -> lapin::Result<bool> {
    let channel = connection.create_channel().await?;
    match channel.queue_declare(queue, QueueDeclareOptions::durable().passive(), FieldTable::default()).await {
        Ok(_) => Ok(true),
        Err(error) if soft(&error) == Some(&AMQPSoftError::NOTFOUND) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The broker's complaint about one channel, if that is what the error is.
pub(super) fn soft(error: &lapin::Error) -> Option<&AMQPSoftError> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => match error.kind() {
            AMQPErrorKind::Soft(soft) => Some(soft),
            AMQPErrorKind::Hard(_) => None,
        },
        _ => None,
    }
}

fn explain(queue: &str, error: &lapin::Error) -> String {
    if soft(error) == Some(&AMQPSoftError::PRECONDITIONFAILED) {
        return format!("queue {queue} exists with other arguments, delete it and it is declared anew: {error}");
    }
    format!("queue {queue}: {error}")
}

/// AMQP's short string, which lapin would panic over.
pub(super) fn short(text: &str) -> Result<ShortString, Error> {
    ShortString::try_new(text).map_err(|_| Error::TooLong("a name"))
}
