//! 回收站: lines that a person deleted from his inbox, messages that he deleted from his outbox, and
//! how long they stay.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{MessageId, PersonId, message::State},
};

row! {
    /// A line of either bin.
    #[derive(Debug, Clone)]
    pub struct Deleted {
        pub id: MessageId,
        pub title: String,
        pub sender_name: String,
        pub state: State,
        pub recipients: i64,
        pub deleted_at: Timestamp,
        /// The title names its reader.
        pub is_personal: bool,
    }
}

/// Which lines of a bin, and whose.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub person: PersonId,
    /// A part of the title or of the sender's name; empty shows all.
    pub search: &'a str,
}

/// What lies in the inbox's part, last deleted first, from before `cursor` on. What may not be opened
/// any more is not there either.
pub async fn list_inbox(
    tx: &mut Tx,
    wanted: Wanted<'_>,
    cursor: (Timestamp, MessageId),
    limit: i64,
) -> Result<Vec<Deleted>> {
    fetch_all!(
        tx,
        Deleted,
        concat!(
            "select message.id, message.title, message.sender_name, message.state, message.recipients,
                    inbox.deleted_at, message.is_personal
               from inbox join message on message.id = inbox.message_id and ",
            is_visible!(),
            " where inbox.person_id = $1 and inbox.deleted_at is not null and inbox.purged_at is null
                and (inbox.deleted_at, inbox.message_id) < ($2, $3)
                and (lower(message.title) like $5 escape '\\' or lower(message.sender_name) like $5 escape '\\')
              order by inbox.deleted_at desc, inbox.message_id desc limit $4"
        ),
        [wanted.person, cursor.0, cursor.1, limit, super::containing(wanted.search)]
    )
}

/// What lies in the outbox's part, last deleted first, from before `cursor` on.
pub async fn list_outbox(
    tx: &mut Tx,
    wanted: Wanted<'_>,
    cursor: (Timestamp, MessageId),
    limit: i64,
) -> Result<Vec<Deleted>> {
    fetch_all!(
        tx,
        Deleted,
        concat!(
            "select id, title, sender_name, state, recipients, deleted_at, is_personal from message
          where sender_id = $1 and deleted_at is not null and purged_at is null and ",
            is_no_addition!(),
            "
            and (deleted_at, id) < ($2, $3) and lower(title) like $5 escape '\\'
          order by deleted_at desc, id desc limit $4"
        ),
        [wanted.person, cursor.0, cursor.1, limit, super::containing(wanted.search)]
    )
}

row! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Counts {
        pub inbox: i64,
        pub outbox: i64,
    }
}

/// How much lies in each part of a person's bin.
pub async fn count(tx: &mut Tx, person: PersonId) -> Result<Counts> {
    fetch_one!(
        tx,
        Counts,
        concat!(
            "select (select count(*) from inbox join message on message.id = inbox.message_id and ",
            is_visible!(),
            "         where inbox.person_id = $1 and inbox.deleted_at is not null and inbox.purged_at is null) as inbox,
                    (select count(*) from message
                      where sender_id = $1 and deleted_at is not null and purged_at is null and ",
            is_no_addition!(),
            ") as outbox"
        ),
        [person]
    )
}

/// Into its sender's bin, or out of it; false when it was there, or was not.
pub async fn mark_deleted(tx: &mut Tx, message: MessageId, at: Option<Timestamp>) -> Result<bool> {
    let changed = execute!(
        tx,
        "update message set deleted_at = $2
          where id = $1 and purged_at is null and (deleted_at is null) = ($2 is not null)",
        [message, at]
    )?;
    Ok(changed == 1)
}

/// For good; the row stays as proof of what was sent.
pub async fn mark_purged(tx: &mut Tx, message: MessageId, at: Timestamp) -> Result<bool> {
    let changed = execute!(
        tx,
        "update message set purged_at = $2, deleted_at = coalesce(deleted_at, $2) where id = $1 and purged_at is null",
        [message, at]
    )?;
    Ok(changed == 1)
}

/// Purges lines that were deleted from inboxes before `before`, `limit` at most; how many.
pub async fn purge_lines(tx: &mut Tx, before: Timestamp, now: Timestamp, limit: i64) -> Result<u64> {
    execute!(
        tx,
        "update inbox set purged_at = $2 where purged_at is null and (message_id, person_id) in (
            select message_id, person_id from inbox
             where deleted_at < $1 and deleted_at is not null and purged_at is null limit $3)",
        [before, now, limit]
    )
}

/// Messages that were deleted by their senders before `before`, `limit` at most.
pub async fn list_expired(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<Vec<MessageId>> {
    fetch_values!(
        tx,
        MessageId,
        "select id from message where deleted_at < $1 and deleted_at is not null and purged_at is null
          order by deleted_at, id limit $2",
        [before, limit]
    )
}

/// Purges these; returns those that nobody restored or purged meanwhile.
pub async fn purge_messages(tx: &mut Tx, messages: &[MessageId], now: Timestamp) -> Result<Vec<MessageId>> {
    let messages = Json(messages.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "update message set purged_at = $2 where deleted_at is not null and purged_at is null and id in (",
        "$1",
        ") returning id"
    );
    fetch_values!(tx, MessageId, sql, [&messages, now])
}
