//! Publishing: persistent, confirmed, mandatory where a queue is meant, and never without an end.
//!
//! Every publish has a channel to itself until its confirmation is there. Only so can a returned
//! message be laid at the right door (see [`Wire::borrow`]), and a publish that was given up
//! leaves nothing behind but a channel that is closed.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::FutureExt;
use lapin::message::BasicReturnMessage;
use lapin::options::BasicPublishOptions;
use lapin::protocol::AMQPSoftError;
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation, PublisherConfirm};
use tokio::time::timeout;

use super::link::Wire;
use super::topology::{short, soft};
use super::{Amqp, properties};
use crate::broker::{BATCH_TIMEOUT, Envelope, Error, PUBLISH_TIMEOUT, Target, WINDOW};

/// A message ready for the wire.
struct Outgoing {
    exchange: ShortString,
    routing_key: ShortString,
    /// A queue has to take it.
    mandatory: bool,
    /// That queue is one of ours and was declared: without it something has been deleted.
    declared: bool,
    properties: BasicProperties,
    body: Vec<u8>,
}

impl Outgoing {
    async fn send(&self, channel: &Channel) -> lapin::Result<PublisherConfirm> {
        let options = BasicPublishOptions { mandatory: self.mandatory, immediate: false };
        let (exchange, routing_key) = (self.exchange.clone(), self.routing_key.clone());
        channel.basic_publish(exchange, routing_key, options, &self.body, self.properties.clone()).await
    }

    fn is(&self, returned: &BasicReturnMessage) -> bool {
        let delivery = &returned.delivery;
        self.exchange == delivery.exchange
            && self.routing_key == delivery.routing_key
            && self.body == delivery.data
            && self.properties.message_id() == delivery.properties.message_id()
    }

    fn unroutable(&self, wire: &Wire) -> Error {
        if self.declared {
            wire.fail(format!("the queue for {} is gone", self.routing_key));
        }
        Error::Unroutable(self.routing_key.to_string())
    }

    /// What a failed channel means for this message.
    fn failed(&self, wire: &Wire, error: &lapin::Error) -> Error {
        match soft(error) {
            Some(AMQPSoftError::NOTFOUND) => {
                wire.fail(format!("exchange {} is gone", self.exchange));
                Error::Disconnected(error.to_string())
            }
            Some(_) => Error::Refused(format!("{}: {error}", self.routing_key)),
            None => Error::Disconnected(error.to_string()),
        }
    }
}

impl Amqp {
    pub(in crate::broker) async fn publish(&self, target: &Target, envelope: Envelope) -> Result<(), Error> {
        let outgoing = self.outgoing(target, envelope)?;
        timeout(PUBLISH_TIMEOUT, self.send(&outgoing)).await.unwrap_or(Err(Error::Timeout))
    }

    async fn send(&self, outgoing: &Outgoing) -> Result<(), Error> {
        let _slot = self.0.slots.acquire().await.map_err(|_| Error::Closed)?;
        let (wire, channel) = self.channel().await?;
        let confirmed = async { outgoing.send(&channel).await?.await };
        let confirmation = confirmed.await.map_err(|error| outgoing.failed(&wire, &error))?;
        wire.give_back(channel);
        match confirmation {
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)) => Err(outgoing.unroutable(&wire)),
            Confirmation::Nack(None) | Confirmation::NotRequested => {
                Err(Error::Refused(outgoing.routing_key.to_string()))
            }
        }
    }

    /// A channel of one's own, unless the broker would take nothing anyway.
    async fn channel(&self) -> Result<(Arc<Wire>, Channel), Error> {
        let wire = self.0.publishing.wire()?;
        if wire.connection.status().blocked() {
            return Err(Error::Blocked);
        }
        let channel = wire.borrow().await.map_err(|error| Error::Disconnected(error.to_string()))?;
        Ok((wire, channel))
    }

    fn outgoing(&self, target: &Target, envelope: Envelope) -> Result<Outgoing, Error> {
        if self.0.closing.is_cancelled() {
            return Err(Error::Closed);
        }
        let user = &self.0.uri.authority.userinfo.username;
        let names = &self.0.topology.names;
        let (exchange, routing_key) = match target {
            Target::Commands => (names.commands_exchange(), envelope.routing_key.clone()),
            Target::Event => (names.events_exchange(), envelope.routing_key.clone()),
            Target::Live => (names.live_exchange(), envelope.routing_key.clone()),
            Target::Dead => (names.dead_exchange(), envelope.routing_key.clone()),
            Target::Work(_) | Target::Priority | Target::Reply(_) => {
                (String::new(), names.target_queue(target).unwrap_or_default())
            }
        };
        match target {
            Target::Commands if envelope.user_id.as_ref().is_some_and(|other| other != user) => {
                return Err(Error::ForeignUser);
            }
            Target::Reply(queue) if names.is_own(queue) => return Err(Error::NotForReplies(queue.clone())),
            Target::Work(_) if !self.0.topology.has(&routing_key) => return Err(Error::Unroutable(routing_key)),
            _ => {}
        }
        Ok(Outgoing {
            exchange: short(&exchange)?,
            routing_key: short(&routing_key)?,
            mandatory: !matches!(target, Target::Event | Target::Live),
            declared: !matches!(target, Target::Event | Target::Live | Target::Reply(_)),
            properties: properties::outgoing(&envelope, user)?,
            body: envelope.body,
        })
    }

    pub(in crate::broker) async fn publish_all(&self, items: Vec<(Target, Envelope)>) -> Vec<Result<(), Error>> {
        let mut batch = Batch::default();
        for (target, envelope) in items {
            let outgoing = self.outgoing(&target, envelope);
            batch.results.push(outgoing.as_ref().err().cloned().map(Err));
            batch.outgoing.push(outgoing.ok());
        }
        let sent = timeout(BATCH_TIMEOUT, self.send_all(&mut batch)).await;
        batch.finish(sent.unwrap_or(Err(Error::Timeout)).err())
    }

    async fn send_all(&self, batch: &mut Batch) -> Result<(), Error> {
        let _slot = self.0.slots.acquire().await.map_err(|_| Error::Closed)?;
        let (wire, channel) = self.channel().await?;
        batch.wire = Some(wire.clone());
        for index in 0..batch.outgoing.len() {
            let Some(outgoing) = &batch.outgoing[index] else { continue };
            let confirm = outgoing.send(&channel).await.map_err(|error| outgoing.failed(&wire, &error))?;
            batch.open.push_back((index, confirm));
            if batch.open.len() >= WINDOW {
                batch.settle_oldest(&wire).await?;
            }
        }
        while !batch.open.is_empty() {
            batch.settle_oldest(&wire).await?;
        }
        wire.give_back(channel);
        Ok(())
    }
}

/// Many messages on one channel. Results stand at the place of their messages.
#[derive(Default)]
struct Batch {
    outgoing: Vec<Option<Outgoing>>,
    results: Vec<Option<Result<(), Error>>>,
    open: VecDeque<(usize, PublisherConfirm)>,
    /// lapin hands these out with whichever confirmation comes next: ours, but of which message?
    returned: Vec<BasicReturnMessage>,
    wire: Option<Arc<Wire>>,
}

impl Batch {
    /// Waits in place, so that dropping this future loses no confirmation.
    async fn settle_oldest(&mut self, wire: &Wire) -> Result<(), Error> {
        let Some((index, confirm)) = self.open.front_mut() else { return Ok(()) };
        let index = *index;
        let confirmation = confirm.await;
        self.open.pop_front();
        match (confirmation, &self.outgoing[index]) {
            (Ok(confirmation), _) => self.record(index, confirmation),
            (Err(error), Some(outgoing)) => return Err(outgoing.failed(wire, &error)),
            (Err(error), None) => return Err(Error::Disconnected(error.to_string())),
        }
        Ok(())
    }

    fn record(&mut self, index: usize, confirmation: Confirmation) {
        let acknowledged = confirmation.is_ack();
        self.returned.extend(confirmation.take_message());
        let refused = || Error::Refused(self.outgoing[index].iter().map(|one| one.routing_key.as_str()).collect());
        self.results[index] = Some(if acknowledged { Ok(()) } else { Err(refused()) });
    }

    /// Every message has a result: what was confirmed, then what came back, then `failure`.
    fn finish(mut self, failure: Option<Error>) -> Vec<Result<(), Error>> {
        while let Some((index, confirm)) = self.open.pop_front() {
            if let Some(Ok(confirmation)) = confirm.now_or_never() {
                self.record(index, confirmation);
            }
        }
        for returned in std::mem::take(&mut self.returned) {
            // Of two equal messages it does not matter which one is said to have come back.
            let place = (0..self.results.len()).find(|&index| {
                matches!(self.results[index], Some(Ok(())))
                    && self.outgoing[index].as_ref().is_some_and(|outgoing| outgoing.is(&returned))
            });
            if let (Some(place), Some(wire)) = (place, &self.wire)
                && let Some(outgoing) = &self.outgoing[place]
            {
                self.results[place] = Some(Err(outgoing.unroutable(wire)));
            }
        }
        let failure = failure.unwrap_or(Error::Timeout);
        self.results.into_iter().map(|result| result.unwrap_or_else(|| Err(failure.clone()))).collect()
    }
}
