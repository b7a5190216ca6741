//! Table `export`: spreadsheets that were asked for, and those that are ready.

use super::{Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{ExportId, MessageId, PersonId, export::State},
};

row! {
    /// One export, without its content.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Export {
        pub id: ExportId,
        pub message_id: MessageId,
        pub owner_id: PersonId,
        pub lang: String,
        pub state: State,
        pub done: i64,
        pub total: i64,
        pub created_at: Timestamp,
    }
}

pub async fn insert(tx: &mut Tx, export: &Export) -> Result<u64> {
    execute!(
        tx,
        "insert into export (id, message_id, owner_id, lang, state, done, total, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            export.id,
            export.message_id,
            export.owner_id,
            &export.lang,
            export.state,
            export.done,
            export.total,
            export.created_at
        ]
    )
}

/// The last one of a message that this person asked for.
pub async fn find_last(tx: &mut Tx, message: MessageId, owner: PersonId) -> Result<Option<Export>> {
    fetch_optional!(
        tx,
        Export,
        "select id, message_id, owner_id, lang, state, done, total, created_at from export
          where message_id = $1 and owner_id = $2 order by created_at desc, id desc limit 1",
        [message, owner]
    )
}

/// Takes the next one that nobody writes, until `until`.
pub async fn take_next(tx: &mut Tx, now: Timestamp, until: Timestamp) -> Result<Option<Export>> {
    let sql = skip_locked!(
        tx,
        "update export set lease_until = $2 where id in (
            select id from export where state = 'waiting' and (lease_until is null or lease_until <= $1)
             order by created_at, id limit 1",
        ") returning id, message_id, owner_id, lang, state, done, total, created_at"
    );
    fetch_optional!(tx, Export, sql, [now, until])
}

/// So many people are written; whoever writes it goes on until `until`.
pub async fn advance(tx: &mut Tx, id: ExportId, done: i64, until: Timestamp) -> Result<u64> {
    execute!(tx, "update export set done = $2, lease_until = $3 where id = $1 and state = 'waiting'", [id, done, until])
}

/// It is ready, with its sealed content; or failed, without one.
pub async fn end(tx: &mut Tx, id: ExportId, content: Option<&[u8]>) -> Result<u64> {
    let state = if content.is_some() { State::Ready } else { State::Failed };
    execute!(
        tx,
        "update export set state = $2, content = $3, lease_until = null where id = $1 and state = 'waiting'",
        [id, state, content]
    )
}

pub async fn find_content(tx: &mut Tx, id: ExportId) -> Result<Option<Vec<u8>>> {
    fetch_optional_value!(tx, Vec<u8>, "select content from export where id = $1 and content is not null", [id])
}

/// Those from before `before`, `limit` at most; how many.
pub async fn remove_before(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    execute!(
        tx,
        "delete from export where id in (select id from export where created_at < $1 order by created_at limit $2)",
        [before, limit]
    )
}
