//! The shape of the tree, checked like any other promise: who may use whom, how long a file may be,
//! what may stand in it, and that no page of ARCHITECTURE.md names a path that is not there.

mod front;
mod papers;
mod source;
mod words;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where people of this project write; nothing else is looked at.
const FOLDERS: [&str; 5] = ["src", "channels", "templates", "tests", "migrations"];
const MOST_LINES: usize = 400;

#[test]
fn no_file_is_long() {
    let long: Vec<_> = files(&["rs", "js", "css", "hbs"])
        .into_iter()
        .map(|file| (read(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .collect();
    assert!(long.is_empty(), "split what is longer than {MOST_LINES} lines: {long:#?}");
}

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Text of a file, by its path from the root.
pub fn read(file: &Path) -> String {
    let path = root().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file with one of these endings in the folders that people write in; paths from the root.
pub fn files(endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<_> = FOLDERS.map(|folder| root().join(folder)).into();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().unwrap() != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The lines of a source file that are code, with their numbers from 1.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}
