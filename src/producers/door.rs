//! The door that the hub's own modules come in by: the command envelope of foreign ones.
//!
//! A foreign module puts the envelope on the command queue, where the broker vouches for its name.
//! Over RabbitMQ one process has one name, so our own modules hand the same envelope to the reader
//! behind the queue; what they may do is what they are registered for, as for everybody.

use std::{future::Future, time::Duration};

use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    broker::Envelope,
    hub::{
        Error, Hub, Result,
        command::{Done, decode},
        people::register::Registration,
    },
    storage::producers::{self, ProducerAudience, ProducerCategories},
};

/// After a failure that may pass an answer waits so long.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// Makes the module known, unless it is. Its token is thrown away: it needs none.
pub(super) async fn register(hub: &Hub, (module, label): (&str, &str), category: &str) -> Result<()> {
    let mut tx = hub.db.read().await?;
    let is_known = producers::find_by_amqp_user(&mut tx, module).await?.is_some();
    drop(tx);
    if is_known {
        return Ok(());
    }
    let registration = Registration {
        name: module.to_owned(),
        label: Some(label.to_owned()),
        audience: ProducerAudience { everyone: true, departments: Vec::new() },
        categories: ProducerCategories { any: false, names: vec![category.to_owned()] },
        is_trusted: true,
    };
    hub.register_producer(registration).await?;
    Ok(())
}

/// Sends a message as this module, once for each key.
pub(super) async fn send(hub: &Hub, module: &str, key: &str, message: &Value) -> Result<Done> {
    let envelope = Envelope {
        content_type: Some("application/json".to_owned()),
        user_id: Some(module.to_owned()),
        message_id: Some(key.to_owned()),
        ..Envelope::keyed("message.send", message.to_string())
    };
    hub.execute(&decode(&envelope)?).await
}

/// What a `receipt.submitted` says, when it answers a message of this module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pressed {
    /// the button
    pub action: String,
    /// what the module had carried along
    pub attributes: Value,
}

/// Hands what people press in this module's messages to `act`, until `stop`. Events come at least
/// once, so that `act` does nothing the second time.
pub(super) async fn hear<F>(
    hub: Hub,
    module: &'static str,
    stop: CancellationToken,
    act: impl Fn(Hub, Pressed) -> F + Send,
) where
    F: Future<Output = Result<()>> + Send,
{
    let mut events = hub.broker.subscribe(module, "receipt.submitted");
    loop {
        let delivered = tokio::select! {
            () = stop.cancelled() => break,
            delivered = events.next() => delivered,
        };
        let Some(delivered) = delivered else { break };
        let done = match pressed(&hub, module, &delivered.envelope).await {
            Ok(Some(pressed)) => act(hub.clone(), pressed).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => delivered.ack().await,
            Err(Error::Problem(problem)) => {
                tracing::warn!(code = problem.code, "the module {module} was refused with {}", problem.code);
                delivered.ack().await;
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an answer to the module {module} waits");
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = sleep(AFTER_FAILURE) => {}
                }
                delivered.requeue().await;
            }
        }
    }
}

/// None: it is another module's, or not about a button.
async fn pressed(hub: &Hub, module: &str, envelope: &Envelope) -> Result<Option<Pressed>> {
    let Ok(event) = serde_json::from_slice::<Value>(&envelope.body) else { return Ok(None) };
    let told = &event["data"];
    let mut tx = hub.db.read().await?;
    let own = producers::find_by_amqp_user(&mut tx, module).await?;
    let is_own = own.is_some_and(|own| told["producer"] == json!(own.id));
    Ok(match told["action"].as_str() {
        Some(action) if is_own => Some(Pressed { action: action.to_owned(), attributes: told["attributes"].clone() }),
        _ => None,
    })
}
