//! 导出数据: whom a message reached, as a spreadsheet. Asked for by its sender, written in the
//! background by whichever replica takes it (the pages have the words), kept sealed for a day.

use chrono::Duration;
use serde_json::json;

use super::{
    Change, Hub, Result, Source,
    policy::{self, Action},
};
use crate::{
    domain::{ExportId, MessageId, PersonId, Problem, export::State},
    storage::{
        audit,
        exports::{self, Export},
        messages,
    },
};

/// So long an export can be downloaded.
pub const KEPT: Duration = Duration::days(1);
/// Whoever writes an export has it so long after each part.
const LEASE: Duration = Duration::minutes(1);
/// The place that its seal is bound to.
const PLACE: &str = "export.content";

impl Hub {
    /// Has a message's recipients written into a spreadsheet. While one is being written it is that one.
    ///
    /// # Errors
    /// `NOT_FOUND` for everybody but its sender; `STATE` as long as nobody has it.
    pub async fn begin_export(&self, who: PersonId, id: MessageId, lang: &str) -> Result<ExportId> {
        let source = Source::Person(who);
        let mut tx = self.db.begin().await?;
        // Two clicks at once are one export.
        let message = messages::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        policy::require(&source, Action::SeeDeliveries, &source.facts(&message))?;
        if message.sent_at.is_none() {
            return Err(Problem::conflict("STATE", "消息还没有发出，没有可以导出的数据")
                .in_english("this message is not out yet, there is nothing to export")
                .into());
        }
        let last = exports::find_last(&mut tx, id, who).await?;
        if let Some(export) = last.filter(|export| export.state == State::Waiting) {
            return Ok(export.id);
        }
        let now = self.clock.now();
        let export = Export {
            id: ExportId::new(),
            message_id: id,
            owner_id: who,
            lang: lang.to_owned(),
            state: State::Waiting,
            done: 0,
            total: message.recipients,
            created_at: now,
        };
        exports::insert(&mut tx, &export).await?;
        let detail = json!({"people": message.recipients});
        audit::insert(&mut tx, now, &source.actor(), "message.export", &format!("message:{id}"), detail).await?;
        tx.commit().await?;
        self.wake.exports().notify_one();
        Ok(export.id)
    }

    /// The last export of a message that somebody asked for and that is still kept.
    pub async fn last_export(&self, who: PersonId, id: MessageId) -> Result<Option<Export>> {
        let mut tx = self.db.read().await?;
        let export = exports::find_last(&mut tx, id, who).await?;
        Ok(export.filter(|export| export.created_at > self.clock.now() - KEPT))
    }

    /// The file of the last export.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is none, or it is not this person's.
    pub async fn exported(&self, who: PersonId, id: MessageId) -> Result<(Export, Vec<u8>)> {
        let mut tx = self.db.read().await?;
        let message = messages::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        let source = Source::Person(who);
        policy::require(&source, Action::SeeDeliveries, &source.facts(&message))?;
        drop(tx);
        let export = self.last_export(who, id).await?.ok_or_else(Problem::not_found)?;
        let mut tx = self.db.read().await?;
        let sealed = exports::find_content(&mut tx, export.id).await?.ok_or_else(Problem::not_found)?;
        let content = self.sealer.open_bytes(PLACE, &sealed).map_err(|_| Problem::not_found())?;
        Ok((export, content))
    }

    /// The next export that is to be written, for this process alone for a while.
    pub async fn take_export(&self) -> Result<Option<Export>> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let export = exports::take_next(&mut tx, now, now + LEASE).await?;
        tx.commit().await?;
        Ok(export)
    }

    /// So many people of an export are written.
    pub async fn advance_export(&self, export: &Export, done: i64) -> Result<()> {
        let mut tx = self.db.begin().await?;
        exports::advance(&mut tx, export.id, done, self.clock.now() + LEASE).await?;
        tx.commit().await?;
        self.announce(Change::Sent(export.message_id));
        Ok(())
    }

    /// An export is written; none: it cannot be.
    pub async fn end_export(&self, export: &Export, content: Option<Vec<u8>>) -> Result<()> {
        let sealed = content.map(|content| self.sealer.seal(PLACE, content));
        let mut tx = self.db.begin().await?;
        exports::end(&mut tx, export.id, sealed.as_deref()).await?;
        tx.commit().await?;
        self.announce(Change::Sent(export.message_id));
        Ok(())
    }
}
