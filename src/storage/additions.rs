//! Table `addition`: people who were added to a message that was out. Each addition is a message of its
//! own with the same words, so that it has its own gate, waves and recall; together they are a thread.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{MessageId, message::State},
};

pub async fn insert(tx: &mut Tx, message: MessageId, adds_to: MessageId, at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "insert into addition (message_id, adds_to_id, created_at) values ($1, $2, $3)",
        [message, adds_to, at]
    )
}

/// The message that this one adds people to; none for a message that stands for itself.
pub async fn find_first(tx: &mut Tx, message: MessageId) -> Result<Option<MessageId>> {
    fetch_optional_value!(tx, MessageId, "select adds_to_id from addition where message_id = $1", [message])
}

row! {
    /// One addition to a message.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Addition {
        pub message_id: MessageId,
        pub state: State,
        pub recipients: i64,
        pub created_at: Timestamp,
        pub sent_at: Option<Timestamp>,
    }
}

/// All that were ever made to a message, oldest first.
pub async fn list(tx: &mut Tx, adds_to: MessageId) -> Result<Vec<Addition>> {
    fetch_all!(
        tx,
        Addition,
        "select addition.message_id, message.state, message.recipients, addition.created_at, message.sent_at
           from addition join message on message.id = addition.message_id
          where addition.adds_to_id = $1 order by addition.created_at, addition.message_id limit 1000",
        [adds_to]
    )
}

/// Those whose people have it, or had it when all of it was recalled.
pub async fn list_out(tx: &mut Tx, adds_to: MessageId) -> Result<Vec<MessageId>> {
    fetch_values!(
        tx,
        MessageId,
        "select addition.message_id from addition
           join message on message.id = addition.message_id
           join message as first on first.id = addition.adds_to_id
          where addition.adds_to_id = $1 and message.sent_at is not null
            and (message.state in ('sending', 'sent') or first.state = 'recalled')
          order by addition.created_at, addition.message_id limit 1000",
        [adds_to]
    )
}

/// People who were added to each of these messages and have it.
pub async fn count_people(tx: &mut Tx, messages: &[MessageId]) -> Result<Vec<(MessageId, MessageId, i64)>> {
    let messages = Json(messages.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "select addition.adds_to_id, message.id, message.recipients from addition
           join message on message.id = addition.message_id
          where message.state in ('sending', 'sent') and addition.adds_to_id in (",
        "$1",
        ") order by addition.adds_to_id, message.id limit 10000"
    );
    fetch_all!(tx, (MessageId, MessageId, i64), sql, [&messages])
}

/// Takes out of an addition whoever has the message already, or is to get it by another addition that
/// waits; how many.
pub async fn drop_those_in(tx: &mut Tx, message: MessageId, adds_to: MessageId) -> Result<u64> {
    execute!(
        tx,
        "delete from recipient where message_id = $1 and (
            exists (select 1 from recipient as theirs
                     where theirs.message_id = $2 and theirs.person_id = recipient.person_id)
            or exists (select 1 from addition
                         join message on message.id = addition.message_id
                                     and message.state not in ('rejected', 'recalled')
                         join recipient as theirs on theirs.message_id = addition.message_id
                        where addition.adds_to_id = $2 and theirs.person_id = recipient.person_id))",
        [message, adds_to]
    )
}
