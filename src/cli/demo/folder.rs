//! The demonstration's own folder. Invariant: nothing is deleted in a folder that the demonstration
//! did not make, and one demonstration at a time uses it.

use std::{
    fs::{self, File, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};

/// Marks the folder, and holds the lock.
const MARKER: &str = "zhihui-demo.json";

/// What the marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    people: usize,
    /// False while the university is being founded: a half is begun again.
    complete: bool,
}

/// A folder that is ours while this value lives.
#[derive(Debug)]
pub(super) struct Folder {
    marker: File,
    pub people: usize,
    /// It is empty, and the university is still to be founded.
    pub is_empty: bool,
}

impl Folder {
    /// Takes the folder; `wanted` people if that was said, else as many as it has.
    ///
    /// # Errors
    /// It holds something else, another demonstration uses it, or it has another number of people.
    pub fn take(path: &Path, wanted: Option<usize>, is_fresh: bool) -> anyhow::Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("{} cannot be made", path.display()))?;
        let at = path.join(MARKER);
        let is_ours = at.is_file();
        let others = entries(path)?;
        ensure!(
            is_ours || others.is_empty(),
            "{} holds something that is not a demonstration: choose another folder with --data-dir",
            path.display()
        );
        let mut marker = File::options().read(true).write(true).create(true).truncate(false).open(&at)?;
        match marker.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another demonstration is using {}", path.display()),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let mut text = String::new();
        marker.read_to_string(&mut text)?;
        let mark = serde_json::from_str::<Mark>(&text).ok().filter(|mark| mark.complete && !is_fresh);
        if let (Some(mark), Some(wanted)) = (mark, wanted) {
            let there = mark.people;
            ensure!(there == wanted, "this demonstration has {there} people; --fresh makes one of {wanted}");
        }
        let people = mark.map(|mark| mark.people).or(wanted).unwrap_or(super::PEOPLE);
        let mut folder = Self { marker, people, is_empty: mark.is_none() };
        if folder.is_empty {
            folder.mark(false)?;
            empty(&others)?;
        }
        Ok(folder)
    }

    /// The university is founded.
    pub fn complete(&mut self) -> anyhow::Result<()> {
        self.mark(true)
    }

    fn mark(&mut self, complete: bool) -> anyhow::Result<()> {
        let mark = Mark { people: self.people, complete };
        self.marker.set_len(0)?;
        self.marker.rewind()?;
        self.marker.write_all(&serde_json::to_vec(&mark)?)?;
        self.marker.sync_all()?;
        Ok(())
    }
}

/// What lies in the folder beside the marker.
fn entries(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() != MARKER {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn empty(entries: &[PathBuf]) -> std::io::Result<()> {
    for entry in entries {
        if entry.is_dir() && !entry.is_symlink() {
            fs::remove_dir_all(entry)?;
        } else {
            fs::remove_file(entry)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_demonstration_is_deleted_and_only_when_asked() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("demo");
        let mut folder = Folder::take(&path, Some(400), false).expect("made");
        assert!(folder.is_empty && folder.people == 400);
        fs::write(path.join("zhihui.db"), "x").expect("written");
        let second = Folder::take(&path, None, true).expect_err("it is in use");
        assert!(second.to_string().contains("another demonstration"));
        drop(folder.complete());
        drop(folder);

        let again = Folder::take(&path, None, false).expect("it is ours");
        assert!(!again.is_empty && again.people == 400 && path.join("zhihui.db").exists());
        drop(again);
        assert!(Folder::take(&path, Some(500), false).is_err());
        let fresh = Folder::take(&path, Some(500), true).expect("asked for");
        assert!(fresh.is_empty && !path.join("zhihui.db").exists());
        drop(fresh);
        fs::write(path.join("half"), "x").expect("written");
        assert!(Folder::take(&path, None, false).expect("a half").is_empty && !path.join("half").exists());

        let other = dir.path().join("other");
        fs::create_dir(&other).expect("made");
        fs::write(other.join("thesis.docx"), "x").expect("written");
        assert!(Folder::take(&other, None, true).is_err());
        assert!(other.join("thesis.docx").exists());
    }
}
