//! Keeping what is being written: by hand, by itself every few seconds, and file by file.

use axum::response::{IntoResponse, Redirect};

use super::fields;
use crate::{
    domain::{Problem, command},
    hub::send::{draft::Kept, origin::Origin},
    storage::{
        Tx, attachments,
        messages::{self, Message},
    },
    web::{
        door::session::Me,
        frame::{
            form::Fields,
            page::{Answer, Around},
            page_error::{PageError, status_of},
        },
        views::{
            compose::{ComposeFiles, KeptFile},
            letter::file_size,
            shell::Section,
        },
    },
};

impl Me {
    /// `do=draft`: kept, and on to the drafts; for a script that saves while one writes the part that
    /// says what is kept.
    pub(super) async fn draft(&self, fields: &Fields, origin: &Origin) -> Answer {
        let saved = self.save(fields, origin).await;
        if !self.wants("compose_files") {
            return match saved {
                Ok(_) => Ok(Redirect::to("/outbox?state=draft&done=drafted").into_response()),
                Err(error) => self.correct(fields, origin, error).await,
            };
        }
        let (kept, origin, problem) = match saved {
            Ok((kept, origin)) => (Some(kept), origin, None),
            Err(error) => (None, origin.clone(), Some(error.into_problem()?)),
        };
        let mut tx = self.web.hub.db.read().await?;
        let view = ComposeFiles {
            problem: problem.as_ref().map(|problem| self.in_words(problem)),
            saved: kept.as_ref().map(|kept| kept.saved_at),
            apart: kept.is_some_and(|kept| kept.is_apart),
            ..self.kept(&mut tx, &origin).await?
        };
        drop(tx);
        let mut around = Around::from(Section::Compose);
        if let Some(problem) = problem {
            around = around.status(status_of(problem.class));
        }
        self.part(around, "compose_files", &view).await
    }

    /// A draft of what stands in the form, with the files that came with it; and what to write on from
    /// now on.
    pub(super) async fn save(&self, fields: &Fields, origin: &Origin) -> Result<(Kept, Origin), PageError> {
        fields.checked()?;
        fields::refuse_crowd(fields)?;
        let hub = &self.web.hub;
        let files: Vec<_> = fields.files.iter().map(|file| (file.name.clone(), file.bytes.to_vec())).collect();
        // Looking into the files may take a while.
        let checked = tokio::task::spawn_blocking(move || {
            let one = |(nth, (name, bytes)): (usize, (String, Vec<u8>))| {
                command::attachment::check(&name, bytes, &format!("/attachments/{nth}"))
            };
            files.into_iter().enumerate().map(one).collect::<Result<Vec<_>, Problem>>()
        });
        let added = checked.await.expect("looking into files does not panic")?;
        let writing = fields::writing(fields, hub.place.timezone);
        let kept = hub.keep_draft(self.id(), origin, writing, &added).await?;
        let files = attachments::list(&mut hub.db.read().await?, kept.id).await?;
        let origin = Origin {
            message: Some(kept.id),
            saved_at: Some(kept.saved_at),
            files: files.into_iter().map(|file| file.id).collect(),
            run: origin.run,
        };
        Ok((kept, origin))
    }

    /// A message of one's own with all its files.
    pub(super) async fn all_of(&self, message: &Message) -> Result<Origin, PageError> {
        let mut tx = self.web.hub.db.read().await?;
        let saved_at = messages::find_draft(&mut tx, message.id, self.id()).await?;
        let files = attachments::list(&mut tx, message.id).await?;
        let files = files.into_iter().map(|file| file.id).collect();
        Ok(Origin { message: Some(message.id), saved_at, files, run: None })
    }

    /// What the form sends back about what it is written on; nothing of what is not one's own.
    pub(super) async fn kept(&self, tx: &mut Tx, origin: &Origin) -> Result<ComposeFiles, PageError> {
        let message = match origin.message {
            Some(id) => messages::find(tx, id).await?.filter(|message| message.sender_id == Some(self.id())),
            None => None,
        };
        let Some(message) = message else { return Ok(ComposeFiles::default()) };
        let files = attachments::list(tx, message.id).await?;
        let kept = |file: attachments::Attachment| KeptFile {
            id: file.id.to_string(),
            name: file.name,
            size: file_size(u64::try_from(file.size_bytes).unwrap_or(0)),
        };
        Ok(ComposeFiles {
            id: message.id.to_string(),
            saved_at: origin.saved_at.map(|at| at.timestamp_micros().to_string()).unwrap_or_default(),
            files: files.into_iter().filter(|file| origin.files.contains(&file.id)).map(kept).collect(),
            ..ComposeFiles::default()
        })
    }
}
