//! What somebody writes on, and which message the one that he writes stands for.

use crate::{
    clock::Timestamp,
    domain::{
        AttachmentId, MessageId, PersonId,
        message::{Replaces, State},
    },
    hub::Result,
    storage::{
        Tx, approvals,
        messages::{self, Message},
    },
};

/// What somebody writes on: a draft, or a message of his that he writes once more.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub message: Option<MessageId>,
    /// Of a draft: the saving that his window shows. `None` overwrites whatever is there.
    pub saved_at: Option<Timestamp>,
    /// Its attachments that stay.
    pub files: Vec<AttachmentId>,
    /// The run of a series that was taken back or refused and that he began with, which a draft outlives.
    pub run: Option<MessageId>,
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

/// Whether he begins with a message of his that was taken back or refused, and that stays.
pub(super) async fn is_again(tx: &mut Tx, who: PersonId, origin: &Origin) -> Result<bool> {
    let Some(id) = origin.message else { return Ok(false) };
    Ok(find_ended(tx, who, id).await?.is_some())
}

/// What was taken back or refused, and what he writes was begun with: a run's series comes to its end where
/// the new one comes again itself.
pub(super) async fn former(
    tx: &mut Tx,
    who: PersonId,
    origin: &Origin,
    replaces: Option<Replaces>,
) -> Result<Option<Message>> {
    // Not everything that was taken back is a version: nobody may have seen it.
    match origin.run.or(replaces.map(|replaces| replaces.id)).or(origin.message) {
        Some(id) => find_ended(tx, who, id).await,
        None => Ok(None),
    }
}

async fn find_ended(tx: &mut Tx, who: PersonId, id: MessageId) -> Result<Option<Message>> {
    let message = messages::find(tx, id).await?.filter(|message| message.sender_id == Some(who));
    Ok(message.filter(|message| matches!(message.state, State::Rejected | State::Recalled)))
}
