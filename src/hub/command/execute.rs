//! Carrying out a command of a module, once for each idempotency key.

use serde_json::{Map, Value, json};

use super::decode::{Incoming, unverified};
use crate::{
    domain::{
        MessageId, Problem,
        command::{self, Command, Name},
        message::State,
    },
    hub::{Answer, Hub, Result, Source},
    storage::{intake, producers},
};

/// What became of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The same key and body came before.
    pub duplicate: bool,
    pub id: MessageId,
    pub state: State,
    /// What else there is to say: recipients, the approval needed, channels of a recall.
    pub more: Map<String, Value>,
}

impl Hub {
    /// # Errors
    /// A [`Problem`] when the command is refused for good; anything else may pass.
    pub async fn execute(&self, incoming: &Incoming) -> Result<Done> {
        let mut tx = self.db.read().await?;
        let producer = producers::find_by_amqp_user(&mut tx, &incoming.user).await?.ok_or_else(unverified)?;
        drop(tx);
        let source = Source::Producer(producer);
        if incoming.name == Name::MessageSend
            && let Some(answer) = self.answered(&source, &incoming.key, incoming.fingerprint).await?
        {
            return Ok(sent(answer));
        }
        match command::read(incoming.name, &incoming.value, self.clock.now())? {
            Command::Send(draft) => {
                let answer = self.accept(&source, Some(&incoming.key), incoming.fingerprint, *draft).await?;
                Ok(sent(answer))
            }
            Command::Recall(id) => {
                if let Some(earlier) = self.earlier(&source, incoming).await? {
                    return Ok(Done { duplicate: true, id, state: State::Recalled, more: earlier });
                }
                let outcome = self.recall(&source, id).await?;
                let more = object(json!({"channels": outcome.channels}));
                self.remember(&source, incoming, id, &more).await?;
                Ok(Done { duplicate: false, id, state: State::Recalled, more })
            }
            Command::Remind { id, to } => {
                if let Some(earlier) = self.earlier(&source, incoming).await? {
                    return Ok(Done { duplicate: true, id, state: State::Sent, more: earlier });
                }
                let people = self.remind(&source, id, &to).await?;
                let more = object(json!({"people": people}));
                self.remember(&source, incoming, id, &more).await?;
                Ok(Done { duplicate: false, id, state: State::Sent, more })
            }
        }
    }

    /// What was answered to this key before.
    async fn earlier(&self, source: &Source, incoming: &Incoming) -> Result<Option<Map<String, Value>>> {
        let mut tx = self.db.read().await?;
        match intake::find(&mut tx, &source.key(), &incoming.key).await? {
            None => Ok(None),
            Some(earlier) if earlier.body_hash == incoming.fingerprint => Ok(Some(object(earlier.answer.0))),
            Some(_) => Err(Problem::invalid("IDEM_MISMATCH", "", "该幂等键已用于另一请求")
                .in_english("this key was used for another request")
                .into()),
        }
    }

    /// Keeps the answer to a key after the deed. After a crash in between, the
    /// repeated recall is answered that the message is recalled already, and the repeated reminder
    /// meets its pause.
    async fn remember(
        &self,
        source: &Source,
        incoming: &Incoming,
        id: MessageId,
        answer: &Map<String, Value>,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let (source, now) = (source.key(), self.clock.now());
        if intake::take(&mut tx, &source, &incoming.key, &incoming.fingerprint, id, now).await? {
            intake::answer(&mut tx, &source, &incoming.key, Value::Object(answer.clone())).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

fn sent(answer: Answer) -> Done {
    let more = json!({"recipients": answer.recipients, "approval": answer.approval});
    Done { duplicate: answer.duplicate, id: answer.id, state: answer.state, more: object(more) }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
