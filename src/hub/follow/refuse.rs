//! What is answered to a verb on a message that is not as it would have to be; each of these holds for
//! several verbs.

use crate::{
    clock::Timestamp,
    domain::{Problem, message::State},
    storage::messages::Message,
};

/// What lies in the bin is left alone until it is restored.
///
/// # Errors
/// `DELETED`
pub fn refuse_deleted(message: &Message) -> Result<(), Problem> {
    if message.deleted_at.is_none() {
        return Ok(());
    }
    Err(Problem::conflict("DELETED", "消息在回收站中，请先还原")
        .in_english("this message is in the recycle bin, restore it first"))
}

/// What has expired goes to nobody any more, neither again nor to others.
///
/// # Errors
/// `EXPIRED`
pub(in crate::hub) fn refuse_expired(message: &Message, now: Timestamp) -> Result<(), Problem> {
    if message.expires_at.is_none_or(|until| until > now) {
        return Ok(());
    }
    Err(Problem::conflict("EXPIRED", "消息已过有效期，不能再发送；如仍需通知，请重新编写")
        .in_english("this message has expired; write a new one if it is still needed"))
}

/// What is still to go out would go out unseen, and what is on its way would stop half way.
///
/// # Errors
/// `STATE`
pub(super) fn refuse_under_way(message: &Message) -> Result<(), Problem> {
    match message.state {
        State::Draft | State::Rejected | State::Sent | State::Recalled => Ok(()),
        State::PendingApproval | State::Held | State::Scheduled | State::Sending => {
            Err(Problem::conflict("STATE", format!("消息处于“{}”状态，请先撤回再删除", message.state.chinese()))
                .in_english(format!("a message in state {} is to be recalled before it is deleted", message.state)))
        }
    }
}
