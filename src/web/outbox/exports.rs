//! `/outbox/{id}/export`: whom a message reached, as a spreadsheet (checklist MO-16) or as evidence. It is
//! written in the background, a part at a time, by whichever replica serves pages; the page shows how far it is.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect},
};
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::{sheet::Sheet, tally};
use crate::{
    domain::{MessageId, PersonId, Problem, delivery::Bucket, evidence::Kind},
    hub::{self, Source, engine::complaint::Complaint},
    storage::{exports::Export, messages, reached::Wanted},
    web::{
        Web,
        door::session::Me,
        frame::{
            form::{Form, Query},
            page::Answer,
            path::Path,
        },
        message::attachments::disposition,
        words::text::{Lang, Tongue},
    },
};

/// People in one part.
const PART: i64 = 500;
/// How often each replica looks by itself.
const PERIOD: std::time::Duration = std::time::Duration::from_secs(5);

/// A file comes in parts of this length.
const LENGTH: usize = 1024 * 1024;
/// Characters of a title in a file's name: with the rest at most 255 bytes, in Chinese too.
const LONGEST_TITLE: usize = 60;

/// `POST /outbox/{id}/export` with `kind` = `sheet` or `evidence`.
pub async fn begin(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found())?;
    let kind = kind(fields.get("kind"));
    me.web.hub.begin_export(&Source::Person(me.id()), id, kind, me.tongue().lang.tag()).await?;
    Ok(Redirect::to(&format!("/outbox/{id}")).into_response())
}

/// `GET /outbox/{id}/export?kind=…`: the file.
pub async fn download(me: Me, Path(id): Path<String>, Query(query): Query) -> Answer {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found())?;
    let kind = kind(query.get("kind"));
    let export = me.web.hub.exported(&Source::Person(me.id()), id, kind).await?;
    let mut tx = me.web.hub.db.read().await?;
    let message = messages::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    drop(tx);
    let at = export.created_at.with_timezone(&me.web.hub.place.timezone).format("%Y%m%d-%H%M");
    let name = me.say(&format!("export.file.{kind}"), &[("title", in_a_name(&message.title)), ("at", at.to_string())]);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind.media_type())),
        (header::CONTENT_DISPOSITION, disposition(&name)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(me.web.hub.clone().export_content(export.id))).into_response())
}

/// A title as part of a file's name, on every system: without what is a sign there or cannot be seen.
fn in_a_name(title: &str) -> String {
    let is_sign = |c: char| c.is_control() || "/\\:*?\"<>|\u{2028}\u{2029}".contains(c) || is_turn(c);
    let name: String = title.trim().chars().take(LONGEST_TITLE).map(|c| if is_sign(c) { '_' } else { c }).collect();
    name.trim_matches(['.', ' ']).to_owned()
}

/// Turns the direction of what follows, so that a name reads as another: `gpj.exe`.
fn is_turn(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn kind(word: &str) -> Kind {
    word.parse().unwrap_or(Kind::Sheet)
}

/// Writes what is asked for, until told to stop.
pub async fn work(web: Web, stop: CancellationToken) {
    static AWAY: Complaint = Complaint::new();
    while !stop.is_cancelled() {
        // A panic belongs to one export, which is given up when it comes again and again.
        let written = std::panic::AssertUnwindSafe(web.write_next()).catch_unwind().await;
        match written {
            Ok(Ok(is_written)) => {
                if AWAY.is_over() {
                    tracing::info!("exports are written again");
                }
                if is_written {
                    continue;
                }
            }
            Ok(Err(error)) => {
                if AWAY.is_due(web.hub.clock.now()) {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "exports cannot be written, the storage is away"
                    );
                }
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
        let written = match export.kind {
            Kind::Sheet => self.write_sheet(&export).await,
            Kind::Evidence => self.hub.write_evidence(&export).await,
        };
        let ended = match written {
            Ok(()) => self.hub.end_export(&export).await,
            failed => failed,
        };
        match ended {
            Ok(()) => {}
            Err(hub::Error::Storage(error)) => return Err(error.into()),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, export.id = %export.id, "export {} could not be written", export.id);
                self.hub.put_export_back(&export).await?;
            }
        }
        Ok(true)
    }

    async fn write_sheet(&self, export: &Export) -> hub::Result<()> {
        let content = self.sheet(export).await?;
        for (nth, part) in (0..).zip(content.chunks(LENGTH)) {
            self.hub.keep_part(export, nth, part.to_vec()).await?;
        }
        Ok(())
    }

    async fn sheet(&self, export: &Export) -> hub::Result<Vec<u8>> {
        let mut tx = self.hub.db.read().await?;
        let message = messages::find(&mut tx, export.message_id).await?.ok_or_else(Problem::not_found)?;
        drop(tx);
        let lang = if export.lang == Lang::English.tag() { Lang::English } else { Lang::Chinese };
        let tongue = Tongue { words: self.templates.words(), lang };
        let mut sheet = Sheet::new(tongue, self.hub.place.timezone).map_err(std::io::Error::other)?;
        let mut after = PersonId(uuid::Uuid::nil());
        loop {
            let wanted = Wanted { bucket: Bucket::All, search: "", after };
            let (people, last) = self.hub.list_reached(message.id, wanted, PART).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_in_a_files_name_leads_nowhere_and_hides_nothing() {
        assert_eq!(in_a_name("关于放假的通知"), "关于放假的通知");
        assert_eq!(in_a_name("../a\\b:c?\u{202e}\n. "), "_a_b_c___");
        assert_eq!(in_a_name(&"长".repeat(200)).chars().count(), 60);
    }
}
