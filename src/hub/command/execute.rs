//! Carrying out a command of a module, once for each idempotency key.

use serde_json::{Map, Value, json};

use super::decode::{Incoming, unverified};
use crate::{
    domain::{
        MessageId, Problem,
        command::{self, Command, Name},
        message::State,
    },
    hub::{Answer, Hub, Once, Result, Source},
    storage::producers,
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
    /// What the sender should know although it was accepted.
    pub warnings: Vec<Problem>,
}

impl Done {
    fn new(id: MessageId, state: State, more: Map<String, Value>) -> Self {
        Self { duplicate: false, id, state, more, warnings: Vec::new() }
    }
}

impl Hub {
    /// # Errors
    /// A [`Problem`] when the command is refused for good; anything else may pass.
    pub async fn execute(&self, incoming: &Incoming) -> Result<Done> {
        let mut tx = self.db.read().await?;
        let producer = producers::find_by_amqp_user(&mut tx, &incoming.user).await?.ok_or_else(unverified)?;
        drop(tx);
        let source = Source::Producer(producer);
        let once = Once { key: &incoming.key, fingerprint: &incoming.fingerprint };
        if incoming.name == Name::MessageSend
            && let Some(answer) = self.answered::<Answer>(&source, &incoming.key, incoming.fingerprint).await?
        {
            return Ok(sent(Answer { duplicate: true, ..answer }));
        }
        match command::read(incoming.name, &incoming.value, self.clock.now())? {
            Command::Send(draft) => {
                let answer = self.accept(&source, Some(&incoming.key), incoming.fingerprint, *draft).await?;
                Ok(sent(answer))
            }
            Command::Recall(id) => {
                let outcome = self.recall_once(&source, Some(once), id).await?;
                let warnings = outcome.warnings();
                let more = object(json!({"channels": outcome.channels}));
                Ok(Done { duplicate: outcome.duplicate, warnings, ..Done::new(id, State::Recalled, more) })
            }
            Command::Release(id) => {
                let released = self.release(&source, Some(once), id).await?;
                Ok(Done { duplicate: released.duplicate, ..Done::new(id, released.state, Map::new()) })
            }
            Command::Resend { id, to } => {
                let resent = self.resend(&source, Some(once), id, &to).await?;
                let more = object(json!({"people": resent.people}));
                let (duplicate, warnings) = (resent.duplicate, resent.warnings());
                Ok(Done { duplicate, warnings, ..Done::new(id, resent.state, more) })
            }
            Command::AddRecipients { id, audience } => {
                let added = self.add_recipients(&source, Some(once), id, *audience).await?;
                let more = json!({"adds_to": added.adds_to, "recipients": added.recipients,
                                  "already": added.already, "approval": added.approval});
                Ok(Done { duplicate: added.duplicate, ..Done::new(added.id, added.state, object(more)) })
            }
            Command::Remind { id, to } => {
                let reminded = self.remind(&source, Some(once), id, &to).await?;
                let more = object(json!({"people": reminded.people}));
                let (duplicate, warnings) = (reminded.duplicate, reminded.warnings());
                Ok(Done { duplicate, warnings, ..Done::new(id, reminded.state, more) })
            }
        }
    }
}

fn sent(answer: Answer) -> Done {
    let warnings = answer.warnings();
    let more = json!({"recipients": answer.recipients, "repeated": answer.repeated, "approval": answer.approval});
    Done { duplicate: answer.duplicate, warnings, ..Done::new(answer.id, answer.state, object(more)) }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
