//! Takes files away that no attachment names any more: of drafts that were thrown away, of messages that
//! were refused, and what a crash left behind.
//!
//! A file is kept before the row that names it, so that one without a row may be about to get it. None
//! is taken away within a day of when it was last kept, nor while rows can come: whoever adds one looks
//! afterwards whether its file is still there ([`crate::hub::send::files`]).

use std::{collections::BTreeSet, io::ErrorKind, path::Path};

use chrono::Duration;

use crate::{
    clock::Timestamp,
    domain::seal,
    hub::{Hub, Result},
    storage::{attachments, is_lock_timeout},
};

/// So long a file stays that nothing names.
const UNNAMED: Duration = Duration::days(1);
/// Files that are taken away while nobody can attach any.
const AT_ONCE: usize = 50;
/// Hashes that are read at a time.
const PAGE: i64 = 1_000;

impl Hub {
    /// Takes away what is due; returns how many files.
    ///
    /// # Errors
    /// Where the folder cannot be read, or the storage is away.
    pub async fn sweep_files(&self) -> Result<u64> {
        let folder = self.files();
        let before = self.clock.now() - UNNAMED;
        let mut old = list_old(&folder, before).await?;
        let mut after = Vec::new();
        while !old.is_empty() {
            let named = attachments::list_hashes(&mut self.db.read().await?, &after, PAGE).await?;
            for hash in &named {
                old.remove(&seal::hex(hash));
            }
            match named.last() {
                Some(last) => after.clone_from(last),
                None => break,
            }
        }
        let old: Vec<_> = old.into_iter().collect();
        let mut swept = 0;
        for part in old.chunks(AT_ONCE) {
            if self.in_hand.is_stopping() {
                break;
            }
            match self.sweep(&folder, part, before).await {
                // Somebody is writing a large message: an hour later is as good.
                Err(crate::hub::Error::Storage(error)) if is_lock_timeout(&error) => break,
                part => swept += part?,
            }
        }
        Ok(swept)
    }

    /// Looks once more at each, now that no row can come.
    async fn sweep(&self, folder: &Path, names: &[String], before: Timestamp) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        attachments::lock(&mut tx).await?;
        let mut swept = 0;
        for name in names {
            // Half written, it never had a row.
            let is_named = match seal::from_hex(name) {
                Some(hash) => attachments::is_named(&mut tx, &hash).await?,
                None => false,
            };
            let path = folder.join(name);
            if !is_named && is_old(&path, before).await? {
                tokio::fs::remove_file(&path).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

/// The names of the files that were last kept before `before`; none where nobody has ever attached one.
async fn list_old(folder: &Path, before: Timestamp) -> Result<BTreeSet<String>> {
    let mut old = BTreeSet::new();
    let mut entries = match tokio::fs::read_dir(folder).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(old),
        Err(error) => return Err(error.into()),
    };
    while let Some(entry) = entries.next_entry().await? {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_ours = seal::from_hex(&name).is_some() || name.ends_with(crate::hub::send::files::HALF);
        if is_ours && is_old(&entry.path(), before).await? {
            old.insert(name);
        }
    }
    Ok(old)
}

/// False as well for what is gone meanwhile.
async fn is_old(path: &Path, before: Timestamp) -> std::io::Result<bool> {
    match tokio::fs::metadata(path).await {
        Ok(found) => Ok(Timestamp::from(found.modified()?) < before),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
