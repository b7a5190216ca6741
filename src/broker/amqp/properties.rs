//! Between our envelope and AMQP's properties.

use std::collections::BTreeMap;

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable, ShortString};

use crate::broker::{Envelope, Error};

const PERSISTENT: u8 = 2;
const TRANSIENT: u8 = 1;
/// Headers travel in one frame of 128 KiB with all other properties.
const MAX_HEADERS: usize = 64 * 1024;

/// The properties of a message of ours. `user` is our own: RabbitMQ closes the channel on any
/// other, so a stranger's name becomes a header.
pub(super) fn outgoing(envelope: &Envelope, user: &str) -> Result<BasicProperties, Error> {
    let mode = if envelope.persistent { PERSISTENT } else { TRANSIENT };
    let mut properties = BasicProperties::default().with_delivery_mode(mode);
    let mut headers = envelope.headers.clone();
    if let Some(value) = short("content_type", &envelope.content_type)? {
        properties = properties.with_content_type(value);
    }
    if let Some(value) = short("type", &envelope.kind)? {
        properties = properties.with_type(value);
    }
    if let Some(value) = short("message_id", &envelope.message_id)? {
        properties = properties.with_message_id(value);
    }
    if let Some(value) = short("reply_to", &envelope.reply_to)? {
        properties = properties.with_reply_to(value);
    }
    if let Some(value) = short("correlation_id", &envelope.correlation_id)? {
        properties = properties.with_correlation_id(value);
    }
    match &envelope.user_id {
        Some(own) if own == user => properties = properties.with_user_id(user.into()),
        Some(other) => drop(headers.insert(Envelope::CLAIMED_USER.into(), other.clone())),
        None => {}
    }
    if !headers.is_empty() {
        properties = properties.with_headers(table(headers)?);
    }
    Ok(properties)
}

fn short(field: &'static str, value: &Option<String>) -> Result<Option<ShortString>, Error> {
    value.as_deref().map(|value| ShortString::try_new(value).map_err(|_| Error::TooLong(field))).transpose()
}

fn table(headers: BTreeMap<String, String>) -> Result<FieldTable, Error> {
    if headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_HEADERS {
        return Err(Error::TooLong("headers"));
    }
    let mut table = FieldTable::default();
    for (name, value) in headers {
        let name = ShortString::try_new(name).map_err(|_| Error::TooLong("a header's name"))?;
        table.insert(name, AMQPValue::LongString(value.into()));
    }
    Ok(table)
}

/// What was delivered, as an envelope.
pub(super) fn incoming(delivery: &mut Delivery) -> Envelope {
    let properties = &delivery.properties;
    let text = |value: &Option<ShortString>| value.as_ref().map(ToString::to_string);
    let headers = properties.headers().iter().flat_map(|table| table.inner());
    Envelope {
        routing_key: delivery.routing_key.to_string(),
        content_type: text(properties.content_type()),
        kind: text(properties.kind()),
        message_id: text(properties.message_id()),
        user_id: text(properties.user_id()),
        reply_to: text(properties.reply_to()),
        correlation_id: text(properties.correlation_id()),
        headers: headers.filter_map(|(name, value)| Some((name.to_string(), words(value)?))).collect(),
        persistent: *properties.delivery_mode() == Some(PERSISTENT),
        redelivered: delivery.redelivered,
        body: std::mem::take(&mut delivery.data),
    }
}

/// A header that can be written as text without guessing.
fn words(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(text) => String::from_utf8(text.as_bytes().to_vec()).ok(),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        AMQPValue::Boolean(value) => Some(value.to_string()),
        AMQPValue::ShortShortInt(value) => Some(value.to_string()),
        AMQPValue::ShortShortUInt(value) => Some(value.to_string()),
        AMQPValue::ShortInt(value) => Some(value.to_string()),
        AMQPValue::ShortUInt(value) => Some(value.to_string()),
        AMQPValue::LongInt(value) => Some(value.to_string()),
        AMQPValue::LongUInt(value) => Some(value.to_string()),
        AMQPValue::LongLongInt(value) => Some(value.to_string()),
        _ => None,
    }
}
