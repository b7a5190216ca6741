//! `/outbox/{id}/export`: whom a message reached, as a spreadsheet (checklist MO-16). It is written in
//! the background, a part at a time, by whichever replica serves pages; the page shows how far it is.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect},
};
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::{
    Web,
    attachments::disposition,
    export_sheet::Sheet,
    page::Answer,
    path::Path,
    session::Me,
    tally,
    text::{Lang, Tongue},
};
use crate::{
    domain::{MessageId, PersonId, Problem, delivery::Bucket},
    hub::{self, Source},
    storage::{exports::Export, message_status::Wanted, messages},
};

/// People in one part.
const PART: i64 = 500;
/// How often each replica looks by itself.
const PERIOD: std::time::Duration = std::time::Duration::from_secs(5);
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// `POST /outbox/{id}/export`
pub async fn begin(me: Me, Path(id): Path<String>) -> Answer {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found())?;
    me.web.hub.begin_export(me.id(), id, me.tongue().lang.tag()).await?;
    Ok(Redirect::to(&format!("/outbox/{id}")).into_response())
}

/// `GET /outbox/{id}/export`: the file.
pub async fn download(me: Me, Path(id): Path<String>) -> Answer {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found())?;
    let (export, content) = me.web.hub.exported(me.id(), id).await?;
    let at = export.created_at.with_timezone(&me.web.hub.place.timezone).format("%Y%m%d-%H%M");
    let name = me.say("export.file", &[("at", at.to_string())]);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(XLSX)),
        (header::CONTENT_DISPOSITION, disposition(&name)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, content).into_response())
}

/// Writes what is asked for, until told to stop.
pub async fn work(web: Web, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // A panic belongs to one export.
        let written = std::panic::AssertUnwindSafe(web.write_next()).catch_unwind().await;
        match written {
            Ok(Ok(true)) => continue,
            Ok(Ok(false)) => {}
            Ok(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an export could not be written");
            }
            Err(_) => tracing::error!("an export broke off"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(PERIOD) => {}
            () = web.hub.wake.exports().notified() => {}
        }
    }
}

impl Web {
    /// Writes the next export; false when there was none.
    ///
    /// # Errors
    /// When the storage is away: the export is taken again later.
    pub async fn write_next(&self) -> hub::Result<bool> {
        let Some(export) = self.hub.take_export().await? else { return Ok(false) };
        match self.write(&export).await {
            Ok(content) => self.hub.end_export(&export, Some(content)).await?,
            Err(hub::Error::Storage(error)) => return Err(error.into()),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, export.id = %export.id, "export {} cannot be written", export.id);
                self.hub.end_export(&export, None).await?;
            }
        }
        Ok(true)
    }

    async fn write(&self, export: &Export) -> hub::Result<Vec<u8>> {
        let source = Source::Person(export.owner_id);
        let mut tx = self.hub.db.read().await?;
        let message = messages::find(&mut tx, export.message_id).await?.ok_or_else(Problem::not_found)?;
        drop(tx);
        let lang = if export.lang == Lang::English.tag() { Lang::English } else { Lang::Chinese };
        let tongue = Tongue { words: self.templates.words(), lang };
        let mut sheet = Sheet::new(tongue, self.hub.place.timezone).map_err(std::io::Error::other)?;
        let mut after = PersonId(uuid::Uuid::nil());
        loop {
            let wanted = Wanted { bucket: Bucket::All, search: "", after };
            let (people, last) = self.hub.message_deliveries(&source, message.id, wanted, PART).await?;
            for reached in people {
                sheet.add(&tally::row(tongue, reached, &message)).map_err(std::io::Error::other)?;
            }
            self.hub.advance_export(export, sheet.people()).await?;
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        let mut book = sheet.book;
        let saved = tokio::task::spawn_blocking(move || book.save_to_buffer()).await;
        Ok(saved.expect("writing a spreadsheet does not panic").map_err(std::io::Error::other)?)
    }
}
