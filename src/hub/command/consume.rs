//! The loop over the command queue.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Done, decode};
use crate::{
    broker::{Delivered, Envelope, Error as BrokerError, Queue, Target},
    domain::{Problem, command, problem::Class},
    hub::{Error, Hub, Result},
    storage::{is_outage, producers},
};

/// Commands worked on at once by one process, so that a slow one does not hold up the next.
const AT_ONCE: u16 = 16;
/// Waits between tries while the database is away; the last one for as long as it takes.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
];
/// So often a failure that does not look like an outage is tried again.
const TRIES: usize = 3;

impl Hub {
    /// Takes commands until `stop`; what is in hand by then is finished or comes again.
    pub async fn consume_commands(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        // The prefetch bounds the tasks: a delivery counts until it is settled.
        let mut commands = self.broker.consume(Queue::Commands, AT_ONCE);
        loop {
            let delivered = tokio::select! {
                () = stop.cancelled() => break,
                delivered = commands.next() => delivered,
            };
            let Some(delivered) = delivered else { break };
            let (hub, stop) = (self.clone(), stop.clone());
            tasks.spawn(async move { hub.work_command(delivered, &stop).await });
        }
    }

    /// Carries out one command, answers and settles it. Dropped unsettled when told to stop while
    /// the database is away: then it comes again.
    pub async fn work_command(&self, delivered: Delivered, stop: &CancellationToken) {
        let envelope = &delivered.envelope;
        let pauses = PAUSES.into_iter().chain(std::iter::repeat(PAUSES[PAUSES.len() - 1]));
        for (tried, pause) in pauses.enumerate() {
            match self.answer_command(envelope, tried + 1 >= TRIES).await {
                Ok(reply) => {
                    self.reply(envelope, reply).await;
                    failpoint!("consume.after_work_before_ack");
                    return delivered.ack().await;
                }
                Err(error) if tried + 1 >= TRIES && !may_pass(&error) => {
                    // Not even its dead letter could be written: the broker puts it with them.
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "a command could neither be carried out nor buried, it goes to the queue of dead letters"
                    );
                    return delivered.reject().await;
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        tried = tried + 1,
                        "a command could not be carried out yet, it waits"
                    );
                }
            }
            tokio::select! {
                () = stop.cancelled() => return delivered.requeue().await,
                () = sleep(pause) => {}
            }
        }
    }

    /// Carries out a command and says what its sender is answered; by then its result is committed.
    ///
    /// # Errors
    /// While nothing is committed and another try may help.
    pub async fn answer_command(&self, envelope: &Envelope, is_last_try: bool) -> Result<Value> {
        let _room = self.in_hand.room().for_values(command::most_values(&envelope.body)).await;
        let decoded = decode(envelope);
        let kind = decoded.as_ref().map_or("unreadable", |incoming| incoming.name.as_str());
        let outcome = match &decoded {
            // A panic belongs to one command: it must neither end the loop nor come again for ever.
            Ok(incoming) => match AssertUnwindSafe(self.execute(incoming)).catch_unwind().await {
                Ok(result) => result,
                Err(_) => Err(broken().into()),
            },
            Err(problem) => Err(problem.clone().into()),
        };
        let problem = match outcome {
            Ok(done) => {
                count(kind, if done.duplicate { "duplicate" } else { "accepted" });
                return Ok(answer(&done, language(envelope)));
            }
            // The first copy of it is being worked on by somebody else.
            Err(Error::Problem(problem)) if problem.code == "IDEM_BUSY" && !is_last_try => return Err(problem.into()),
            Err(Error::Problem(problem)) => problem,
            Err(error) if may_pass(&error) || !is_last_try => return Err(error),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a command failed for good");
                broken()
            }
        };
        self.bury(envelope, &problem).await?;
        count(kind, "rejected");
        Ok(json!({"status": "rejected", "id": null, "state": null, "problem": problem.document(language(envelope))}))
    }

    /// An answer that cannot be delivered is nobody's loss: the message's state can be asked for.
    async fn reply(&self, envelope: &Envelope, reply: Value) {
        let Some(queue) = envelope.reply_to.clone().filter(|queue| !queue.is_empty()) else { return };
        if self.is_of_another(&queue, envelope.user_id.as_deref()).await {
            tracing::warn!(producer = envelope.user_id, "an answer was asked for into the queue of another module");
            return;
        }
        let answer = Envelope {
            content_type: Some("application/json".to_owned()),
            kind: Some("command.answer".to_owned()),
            correlation_id: envelope.correlation_id.clone().or_else(|| envelope.message_id.clone()),
            ..Envelope::new(reply.to_string())
        };
        match self.broker.publish(Target::Reply(queue), answer).await {
            Ok(()) | Err(BrokerError::Unroutable(_)) => {}
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "an answer could not be sent"),
        }
    }

    /// A module's queues are named after its account (docs/operating.md): what the broker does not let
    /// others write into, they must not write into through the hub. In doubt it is another's.
    async fn is_of_another(&self, queue: &str, user: Option<&str>) -> bool {
        let Some((owner, _)) = queue.split_once('.').filter(|(owner, _)| Some(*owner) != user) else { return false };
        let find = async {
            let mut tx = self.db.read().await?;
            producers::has_amqp_user(&mut tx, owner).await
        };
        find.await.unwrap_or(true)
    }
}

/// `{status, id, state, problem}`, and what else there is to say.
fn answer(done: &Done, lang: &str) -> Value {
    let status = if done.duplicate { "duplicate" } else { "accepted" };
    let mut answer = json!({"status": status, "id": done.id, "state": done.state, "problem": null});
    answer["warnings"] = done.warnings.iter().map(|warning| warning.note(lang)).collect();
    for (name, value) in &done.more {
        answer[name] = value.clone();
    }
    answer
}

/// Will it help to wait?
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Storage(error) => is_outage(error),
        Error::File(_) | Error::BrokenOff => true,
        Error::Problem(_) | Error::Sealed(_) => false,
    }
}

/// Our own fault; the dead letter keeps the command until it is mended.
fn broken() -> Problem {
    Problem::new(Class::Conflict, "INTERNAL", "", "系统内部错误，命令已保留，可稍后重投")
        .in_english("an internal error; the command is kept and can be replayed")
}

fn language(envelope: &Envelope) -> &str {
    envelope.headers.get("accept-language").map_or("zh", String::as_str)
}

fn count(command: &str, status: &'static str) {
    metrics::counter!("zhihui_commands_total", "command" => command.to_owned(), "status" => status).increment(1);
}
