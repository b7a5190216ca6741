//! What somebody writes on, and which message the one that he writes stands for.

use crate::{
    clock::Timestamp,
    domain::{
        AttachmentId, MessageId, PersonId,
        message::{Replaces, State},
    },
    hub::Result,
    storage::{Tx, approvals, messages},
};

/// What somebody writes on: a draft, or a message of his that he writes once more.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub message: Option<MessageId>,
    /// Of a draft: the saving that his window shows. `None` overwrites whatever is there.
    pub saved_at: Option<Timestamp>,
    /// Its attachments that stay.
    pub files: Vec<AttachmentId>,
}

/// Which message this one stands for, if it is not the first of its kind.
pub(super) async fn replaced(tx: &mut Tx, who: PersonId, origin: &Origin) -> Result<Option<Replaces>> {
    let Some(id) = origin.message else { return Ok(None) };
    let Some(message) = messages::find(tx, id).await?.filter(|message| message.sender_id == Some(who)) else {
        return Ok(None);
    };
    Ok(match message.state {
        State::Draft => message.replaces_id.map(|id| Replaces { id, version: message.version - 1 }),
        // What was taken back before anybody had it or was asked about it was never a version.
        State::Recalled if message.sent_at.is_none() && approvals::list_of_message(tx, id).await?.is_empty() => None,
        State::Rejected | State::Recalled => Some(Replaces { id, version: message.version }),
        _ => None,
    })
}
