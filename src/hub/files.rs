//! Attachments: the bytes under their hash in the data folder, outside of everything that is
//! served, and a row for each use.
//!
//! The file is written and synced before the row that names it, so that a row never lacks its
//! file; a crash in between leaves a file without a row, which harms nobody.

use tokio::io::AsyncWriteExt;

use super::{Hub, Result};
use crate::{
    domain::{
        AttachmentId, MessageId,
        message::AttachedFile,
        seal::{hex, sha256},
    },
    storage::{Tx, attachments, attachments::Attachment},
};

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

    pub(super) async fn attach(&self, tx: &mut Tx, message: MessageId, files: &[Attachment]) -> Result<()> {
        for file in files {
            attachments::insert(tx, message, file).await?;
        }
        Ok(())
    }

    /// The bytes of an attachment whose message the caller may read.
    pub async fn read_file(&self, file: &Attachment) -> Result<Vec<u8>> {
        Ok(tokio::fs::read(self.files().join(hex(&file.content_hash))).await?)
    }

    fn files(&self) -> std::path::PathBuf {
        self.place.data_dir.join("attachments")
    }

    async fn keep_file(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let folder = self.files();
        let path = folder.join(name);
        if tokio::fs::try_exists(&path).await? {
            return Ok(());
        }
        tokio::fs::create_dir_all(&folder).await?;
        let part = folder.join(format!("{}.part", uuid::Uuid::now_v7()));
        let mut file = tokio::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        tokio::fs::rename(&part, &path).await?;
        // The name too outlives a loss of power, before a row relies on it.
        Ok(tokio::fs::File::open(&folder).await?.sync_all().await?)
    }
}
