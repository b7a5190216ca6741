//! Tables `export` and `export_part`: files that were asked for, and those that are ready.

use super::{Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{ExportId, MessageId, PersonId, evidence::Kind, export::State},
};

row! {
    /// One export, without its content.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Export {
        pub id: ExportId,
        pub message_id: MessageId,
        /// a person, or a module under its own id
        pub owner_id: PersonId,
        pub kind: Kind,
        pub lang: String,
        pub state: State,
        pub done: i64,
        pub total: i64,
        /// how often somebody took it to write it; only whoever took it last writes it
        pub tries: i64,
        pub created_at: Timestamp,
    }
}

pub async fn insert(tx: &mut Tx, export: &Export) -> Result<u64> {
    execute!(
        tx,
        "insert into export (id, message_id, owner_id, kind, lang, state, done, total, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            export.id,
            export.message_id,
            export.owner_id,
            export.kind,
            &export.lang,
            export.state,
            export.done,
            export.total,
            export.created_at
        ]
    )
}

/// The last one of a message that this person asked for.
pub async fn find_last(tx: &mut Tx, message: MessageId, owner: PersonId, kind: Kind) -> Result<Option<Export>> {
    fetch_optional!(
        tx,
        Export,
        "select id, message_id, owner_id, kind, lang, state, done, total, tries, created_at from export
          where message_id = $1 and owner_id = $2 and kind = $3 order by created_at desc, id desc limit 1",
        [message, owner, kind]
    )
}

/// The last one of each kind.
pub async fn list_last(tx: &mut Tx, message: MessageId, owner: PersonId) -> Result<Vec<Export>> {
    fetch_all!(
        tx,
        Export,
        "select id, message_id, owner_id, kind, lang, state, done, total, tries, created_at from export
          where id in ((select id from export where message_id = $1 and owner_id = $2 and kind = $3
                         order by created_at desc, id desc limit 1),
                       (select id from export where message_id = $1 and owner_id = $2 and kind = $4
                         order by created_at desc, id desc limit 1)) order by kind desc",
        [message, owner, Kind::Sheet, Kind::Evidence]
    )
}

/// Whether anything waits to be written or to be given up.
pub async fn any_waiting(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    fetch_value!(
        tx,
        bool,
        "select exists (select 1 from export where state = 'waiting' and (lease_until is null or lease_until <= $1))",
        [now]
    )
}

/// Takes the next one that nobody writes, until `until`; those that were taken `most` times in vain not.
pub async fn take_next(tx: &mut Tx, now: Timestamp, until: Timestamp, most: i64) -> Result<Option<Export>> {
    let sql = skip_locked!(
        tx,
        "update export set lease_until = $2, tries = tries + 1 where id in (
            select id from export
             where state = 'waiting' and (lease_until is null or lease_until <= $1) and tries < $3
             order by created_at, id limit 1",
        ") returning id, message_id, owner_id, kind, lang, state, done, total, tries, created_at"
    );
    fetch_optional!(tx, Export, sql, [now, until, most])
}

/// Gives up what was taken `most` times and never came to an end.
pub async fn fail_exhausted(tx: &mut Tx, now: Timestamp, most: i64) -> Result<Vec<MessageId>> {
    fetch_values!(
        tx,
        MessageId,
        "update export set state = 'failed', lease_until = null
          where state = 'waiting' and tries >= $2 and (lease_until is null or lease_until <= $1)
         returning message_id",
        [now, most]
    )
}

/// It could not be written now; somebody takes it again after `until`.
pub async fn put_back(tx: &mut Tx, export: &Export, until: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "update export set lease_until = $3 where id = $1 and tries = $2 and state = 'waiting'",
        [export.id, export.tries, until]
    )
}

/// So many people are written; whoever writes it goes on until `until`. False when somebody else has
/// taken it meanwhile.
pub async fn advance(tx: &mut Tx, export: &Export, done: i64, until: Timestamp) -> Result<bool> {
    let ours = execute!(
        tx,
        "update export set done = $3, lease_until = $4 where id = $1 and tries = $2 and state = 'waiting'",
        [export.id, export.tries, done, until]
    )?;
    Ok(ours == 1)
}

/// Its lease goes on until `until`; holds its row until the end of the transaction. False when somebody
/// else has taken it meanwhile.
pub async fn renew(tx: &mut Tx, export: &Export, until: Timestamp) -> Result<bool> {
    let ours = execute!(
        tx,
        "update export set lease_until = $3 where id = $1 and tries = $2 and state = 'waiting'",
        [export.id, export.tries, until]
    )?;
    Ok(ours == 1)
}

/// Its parts are written. False when somebody else has taken it meanwhile.
pub async fn end(tx: &mut Tx, export: &Export) -> Result<bool> {
    let ours = execute!(
        tx,
        "update export set state = $3, lease_until = null where id = $1 and tries = $2 and state = 'waiting'",
        [export.id, export.tries, State::Ready]
    )?;
    Ok(ours == 1)
}

/// Keeps a part, in place of one that an earlier writer left.
pub async fn keep_part(tx: &mut Tx, id: ExportId, nth: i64, sealed: &[u8]) -> Result<u64> {
    execute!(
        tx,
        "insert into export_part (export_id, nth, content) values ($1, $2, $3)
         on conflict (export_id, nth) do update set content = excluded.content",
        [id, nth, sealed]
    )
}

pub async fn find_part(tx: &mut Tx, id: ExportId, nth: i64) -> Result<Option<Vec<u8>>> {
    fetch_optional_value!(tx, Vec<u8>, "select content from export_part where export_id = $1 and nth = $2", [id, nth])
}

/// All of them, or those from `nth` on.
pub async fn remove_parts(tx: &mut Tx, id: ExportId, nth: i64) -> Result<u64> {
    execute!(tx, "delete from export_part where export_id = $1 and nth >= $2", [id, nth])
}

/// The content of one from before files were kept in parts.
pub async fn find_content(tx: &mut Tx, id: ExportId) -> Result<Option<Vec<u8>>> {
    fetch_optional_value!(tx, Vec<u8>, "select content from export where id = $1 and content is not null", [id])
}

/// Those from before `before`, `limit` at most; how many.
pub async fn remove_before(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    execute!(
        tx,
        "delete from export_part where export_id in (
            select id from export where created_at < $1 order by created_at limit $2)",
        [before, limit]
    )?;
    execute!(
        tx,
        "delete from export where id in (select id from export where created_at < $1 order by created_at limit $2)",
        [before, limit]
    )
}
