//! Attachments: the bytes under their hash in the data folder, outside of everything that is
//! served, and a row for each use.
//!
//! The file is written and synced before the row that names it, so that a row never lacks its
//! file; a file without a row, as a crash in between leaves it, goes a day later ([`crate::hub::engine::sweep`]).

use std::{io, path::Path};

use tokio::{fs::OpenOptions, io::AsyncWriteExt};

use super::origin::Origin;
use crate::{
    clock::Timestamp,
    domain::{
        AttachmentId, MessageId, PersonId, Problem,
        command::attachment,
        message::AttachedFile,
        seal::{hex, sha256},
    },
    hub::{Hub, Result},
    storage::{
        Tx,
        attachments::{self, Attachment},
        messages,
    },
};

/// What the name of a file ends with while it is being written.
pub(in crate::hub) const HALF: &str = ".part";

impl Hub {
    /// Writes the bytes of each; the rows are still to come.
    pub(super) async fn keep_files(&self, files: &[AttachedFile]) -> Result<Vec<Attachment>> {
        let mut kept = Vec::with_capacity(files.len());
        for (position, file) in (0..).zip(files) {
            let hash = sha256(&file.bytes);
            self.keep_file(&hex(&hash), &file.bytes).await?;
            failpoint!("attach.after_file_before_row");
            kept.push(Attachment {
                id: AttachmentId::new(),
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                size_bytes: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
                content_hash: hash.to_vec(),
                position,
            });
        }
        Ok(kept)
    }

    /// After those that the message has already.
    ///
    /// # Errors
    /// `FILE_COUNT`, `FILE_SIZE`: too many with those that it has.
    pub(in crate::hub) async fn attach(&self, tx: &mut Tx, message: MessageId, files: &[Attachment]) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let last = attachments::list(tx, message).await?.last().map_or(-1, |file| file.position);
        for file in files {
            let file = Attachment { position: last + 1 + file.position, ..file.clone() };
            attachments::insert(tx, message, &file).await?;
            // From now on it stays; a day old and unnamed, it may have gone a moment ago.
            tokio::fs::metadata(self.files().join(hex(&file.content_hash))).await?;
        }
        Ok(refuse_too_many(&attachments::list(tx, message).await?)?)
    }

    /// The bytes of an attachment whose message the caller may read.
    pub async fn read_file(&self, file: &Attachment) -> Result<Vec<u8>> {
        Ok(tokio::fs::read(self.files().join(hex(&file.content_hash))).await?)
    }

    pub(in crate::hub) fn files(&self) -> std::path::PathBuf {
        self.place.data_dir.join("attachments")
    }

    async fn keep_file(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let (folder, now) = (self.files(), self.clock.now());
        let path = folder.join(name);
        if renew(&path, now).await? {
            return Ok(());
        }
        tokio::fs::create_dir_all(&folder).await?;
        let part = folder.join(format!("{}{HALF}", uuid::Uuid::now_v7()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).await?;
        file.write_all(bytes).await?;
        file.flush().await?;
        let file = file.into_std().await;
        file.set_modified(now.into())?;
        tokio::fs::File::from_std(file).sync_all().await?;
        failpoint!("attach.before_name");
        tokio::fs::rename(&part, &path).await?;
        // The name too outlives a loss of power, before a row relies on it.
        Ok(tokio::fs::File::open(&folder).await?.sync_all().await?)
    }
}

/// A file that is there already counts as kept now; false when there is none.
async fn renew(path: &Path, now: Timestamp) -> io::Result<bool> {
    match OpenOptions::new().write(true).open(path).await {
        Ok(file) => file.into_std().await.set_modified(now.into()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

impl Hub {
    /// What is in the files of what somebody writes on that stay: their hashes.
    pub async fn contents(&self, who: PersonId, origin: &Origin) -> Result<Vec<Vec<u8>>> {
        let Some(from) = origin.message.filter(|_| !origin.files.is_empty()) else { return Ok(Vec::new()) };
        let mut tx = self.db.read().await?;
        if messages::find(&mut tx, from).await?.is_none_or(|message| message.sender_id != Some(who)) {
            return Ok(Vec::new());
        }
        let files = attachments::list(&mut tx, from).await?.into_iter();
        Ok(files.filter(|file| origin.files.contains(&file.id)).map(|file| file.content_hash).collect())
    }
}

/// The files of what somebody writes on go with it, as rows of their own. Of a message that is not his
/// nothing goes.
pub(super) async fn carry(tx: &mut Tx, who: PersonId, origin: &Origin, to: MessageId) -> Result<()> {
    let Some(from) = origin.message.filter(|_| !origin.files.is_empty()) else { return Ok(()) };
    if messages::find(tx, from).await?.is_none_or(|message| message.sender_id != Some(who)) {
        return Ok(());
    }
    for file in attachments::list(tx, from).await? {
        if origin.files.contains(&file.id) {
            attachments::insert(tx, to, &Attachment { id: AttachmentId::new(), ..file }).await?;
        }
    }
    Ok(())
}

/// All files of a message go with another one too.
pub(super) async fn copy(tx: &mut Tx, from: MessageId, to: MessageId) -> Result<()> {
    for file in attachments::list(tx, from).await? {
        attachments::insert(tx, to, &Attachment { id: AttachmentId::new(), ..file }).await?;
    }
    Ok(())
}

/// What one message carries, however it came together.
fn refuse_too_many(files: &[Attachment]) -> Result<(), Problem> {
    let total: usize = files.iter().map(|file| usize::try_from(file.size_bytes).unwrap_or(0)).sum();
    attachment::fits(files.len(), total, "/attachments")
}
