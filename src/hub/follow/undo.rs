//! 撤销: what was just sent from a page and nobody has yet is a draft again, as if it had never been
//! sent. Whoever was asked about it or has it has seen a message: that is recalled and stays one.

use serde_json::json;

use super::{recall::RecallOutcome, recycle::Discard};
use crate::{
    domain::{MessageId, PersonId, Problem},
    hub::{
        Error, Hub, Result, Source,
        send::{draft::Writing, origin::Origin},
    },
    storage::{
        approvals, attachments,
        messages::{self, Message},
    },
};

/// What became of it.
#[derive(Debug)]
pub enum Undone {
    Draft(MessageId),
    /// It was too late for that, or there is no room for another draft.
    Recalled(RecallOutcome),
}

impl Hub {
    /// # Errors
    /// Those of a recall.
    pub async fn undo(&self, who: PersonId, id: MessageId) -> Result<Undone> {
        let source = Source::Person(who);
        let outcome = self.recall(&source, id).await?;
        let mut tx = self.db.read().await?;
        let message = messages::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        let was_asked = !approvals::list_of_message(&mut tx, id).await?.is_empty();
        let files = attachments::list(&mut tx, id).await?.into_iter().map(|file| file.id).collect();
        drop(tx);
        if !outcome.was_waiting || was_asked {
            return Ok(Undone::Recalled(outcome));
        }
        let origin = Origin { message: Some(id), saved_at: None, files, run: None };
        // A crash before the last step leaves both: nothing of what was written is ever lost.
        match self.keep_draft(who, &origin, writing(message), &[]).await {
            Ok(kept) => {
                self.discard(&source, id, Discard::Purge).await?;
                Ok(Undone::Draft(kept.id))
            }
            Err(Error::Problem(_)) => Ok(Undone::Recalled(outcome)),
            Err(error) => Err(error),
        }
    }
}

/// As it was written; the little while in which it could be taken back was no time of its own.
fn writing(message: Message) -> Writing {
    Writing {
        kind: message.kind,
        title: message.title,
        body: message.body,
        signature: message.signature,
        url: message.url,
        audience: message.audience.0,
        send_rule: message.rule_name,
        category: message.category,
        receipt: message.receipt.map(|receipt| receipt.0),
        send_at: None,
        attributes: json!({}),
    }
}
