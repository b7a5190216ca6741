//! 导出数据: whom a message reached, as a spreadsheet or as signed evidence. Asked for by its sender,
//! written in the background by whichever replica takes it, in sealed parts, kept for a day.

use chrono::Duration;
use futures_util::Stream;
use serde_json::json;

use crate::{
    domain::{ExportId, MessageId, Problem, evidence::Kind, export::State},
    hub::{
        Change, Hub, Result, Source,
        policy::{self, Action},
    },
    storage::{
        Tx, additions, audit,
        exports::{self, Export},
        messages,
    },
};

/// So long an export can be downloaded.
pub const KEPT: Duration = Duration::days(1);
/// Whoever writes an export has it so long after each part.
const LEASE: Duration = Duration::minutes(1);
/// One that could not be written is taken again after so long,
const AGAIN: Duration = Duration::seconds(10);
/// and given up after so many times.
pub const TRIES: i64 = 5;
/// What the seal of one in one piece is bound to.
const PLACE: &str = "export.content";

impl Hub {
    /// Has a file written about a message. While one of that kind is being written it is that one.
    ///
    /// # Errors
    /// `NOT_FOUND` for everybody but its sender; `STATE` as long as nobody has it.
    pub async fn begin_export(&self, source: &Source, id: MessageId, kind: Kind, lang: &str) -> Result<ExportId> {
        let mut tx = self.db.begin().await?;
        // Two clicks at once are one export.
        let message = messages::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        policy::require(source, Action::SeeDeliveries, &source.facts(&message))?;
        let owner = source.keeper().ok_or_else(Problem::not_found)?;
        if message.sent_at.is_none() {
            return Err(Problem::conflict("STATE", "消息还没有发出，没有可以导出的数据")
                .in_english("this message is not out yet, there is nothing to export")
                .into());
        }
        let last = exports::find_last(&mut tx, id, owner, kind).await?;
        if let Some(export) = last.filter(|export| export.state == State::Waiting) {
            return Ok(export.id);
        }
        let now = self.clock.now();
        let mut total = message.recipients;
        for part in additions::list(&mut tx, id).await? {
            total += if part.sent_at.is_some() && part.state.is_out() { part.recipients } else { 0 };
        }
        let export = Export {
            id: ExportId::new(),
            message_id: id,
            owner_id: owner,
            kind,
            lang: lang.to_owned(),
            state: State::Waiting,
            done: 0,
            total,
            tries: 0,
            created_at: now,
        };
        exports::insert(&mut tx, &export).await?;
        let detail = json!({"people": total, "kind": kind});
        audit::insert(&mut tx, now, &source.actor(), "message.export", &format!("message:{id}"), detail).await?;
        tx.commit().await?;
        self.wake.exports().notify_one();
        Ok(export.id)
    }

    /// The last export of this kind that somebody asked for and that is still kept.
    ///
    /// # Errors
    /// `NOT_FOUND` for everybody but its sender.
    pub async fn last_export(&self, source: &Source, id: MessageId, kind: Kind) -> Result<Option<Export>> {
        self.check_own(source, id).await?;
        let exports = self.list_last_exports(&mut self.db.read().await?, source, id).await?;
        Ok(exports.into_iter().find(|export| export.kind == kind))
    }

    /// The last one of each kind that is still kept, for whoever has been let in already.
    pub async fn list_last_exports(&self, tx: &mut Tx, source: &Source, id: MessageId) -> Result<Vec<Export>> {
        let owner = source.keeper().ok_or_else(Problem::not_found)?;
        let mut exports = exports::list_last(tx, id, owner).await?;
        exports.retain(|export| export.created_at > self.clock.now() - KEPT);
        Ok(exports)
    }

    /// The last export, when it is ready.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is none, or it is not this one's.
    pub async fn exported(&self, source: &Source, id: MessageId, kind: Kind) -> Result<Export> {
        let export = self.last_export(source, id, kind).await?;
        Ok(export.filter(|export| export.state == State::Ready).ok_or_else(Problem::not_found)?)
    }

    /// A part of a file, from 0; none behind its end.
    pub async fn export_part(&self, export: ExportId, nth: i64) -> Result<Option<Vec<u8>>> {
        let mut tx = self.db.read().await?;
        if let Some(sealed) = exports::find_part(&mut tx, export, nth).await? {
            return Ok(Some(self.sealer.open_bytes(&place(export, nth), &sealed)?));
        }
        match exports::find_content(&mut tx, export).await?.filter(|_| nth == 0) {
            Some(sealed) => Ok(Some(self.sealer.open_bytes(PLACE, &sealed)?)),
            None => Ok(None),
        }
    }

    /// The parts of a file one after the other; no more than one is in memory.
    pub fn export_content(self, export: ExportId) -> impl Stream<Item = Result<Vec<u8>>> + Send + 'static {
        futures_util::stream::try_unfold(0, move |nth| {
            let hub = self.clone();
            async move { Ok(hub.export_part(export, nth).await?.map(|part| (part, nth + 1))) }
        })
    }

    /// The next export that is to be written, for this process alone for a while. Looks before it takes:
    /// where nothing waits nobody writes.
    pub async fn take_export(&self) -> Result<Option<Export>> {
        let now = self.clock.now();
        let mut tx = self.db.read().await?;
        let is_idle = !exports::any_waiting(&mut tx, now).await?;
        drop(tx);
        if is_idle {
            return Ok(None);
        }
        let mut tx = self.db.begin().await?;
        let failed = exports::fail_exhausted(&mut tx, now, TRIES).await?;
        let export = exports::take_next(&mut tx, now, now + LEASE, TRIES).await?;
        if let Some(export) = &export {
            exports::remove_parts(&mut tx, export.id, 0).await?;
        }
        tx.commit().await?;
        for message in failed {
            tracing::error!(message.id = %message, "an export of message {message} could not be written {TRIES} times and is given up");
            self.announce(Change::Sent(message));
        }
        Ok(export)
    }

    /// It could not be written now; it is taken again soon, and not for ever.
    pub async fn put_export_back(&self, export: &Export) -> Result<()> {
        let mut tx = self.db.begin().await?;
        exports::put_back(&mut tx, export, self.clock.now() + AGAIN).await?;
        Ok(tx.commit().await?)
    }

    /// A part of the file is written.
    ///
    /// # Errors
    /// `EXPORT_TAKEN` when another replica has taken the export meanwhile: this writer was too slow, and
    /// stops.
    pub async fn keep_part(&self, export: &Export, nth: i64, content: Vec<u8>) -> Result<()> {
        let sealed = self.sealer.seal(&place(export.id, nth), content);
        let mut tx = self.db.begin().await?;
        still_ours(exports::renew(&mut tx, export, self.clock.now() + LEASE).await?)?;
        exports::keep_part(&mut tx, export.id, nth, &sealed).await?;
        Ok(tx.commit().await?)
    }

    /// So many people of an export are written.
    ///
    /// # Errors
    /// `EXPORT_TAKEN`
    pub async fn advance_export(&self, export: &Export, done: i64) -> Result<()> {
        let mut tx = self.db.begin().await?;
        still_ours(exports::advance(&mut tx, export, done, self.clock.now() + LEASE).await?)?;
        tx.commit().await?;
        self.announce(Change::Sent(export.message_id));
        Ok(())
    }

    /// Every part is written.
    ///
    /// # Errors
    /// `EXPORT_TAKEN`
    pub async fn end_export(&self, export: &Export) -> Result<()> {
        let mut tx = self.db.begin().await?;
        still_ours(exports::end(&mut tx, export).await?)?;
        tx.commit().await?;
        self.announce(Change::Sent(export.message_id));
        Ok(())
    }
}

/// Whoever wrote too slowly leaves what his successor writes alone.
fn still_ours(is_ours: bool) -> Result<(), Problem> {
    if is_ours {
        return Ok(());
    }
    Err(Problem::conflict("EXPORT_TAKEN", "此导出已由另一进程接手")
        .in_english("another process has taken this export over"))
}

/// What a part's seal is bound to: no part stands for another.
fn place(export: ExportId, nth: i64) -> String {
    format!("export_part.content {export} {nth}")
}
