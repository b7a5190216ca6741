//! Names that say nothing are not given to files or types.

use std::path::Path;

use super::{code, files, read};

const EMPTY: [&str; 13] = [
    "manager", "handler", "helper", "helpers", "util", "utils", "common", "misc", "service", "data", "info", "old",
    "v2",
];
const KINDS: [&str; 4] = ["struct", "enum", "trait", "type"];

#[test]
fn files_have_names_that_say_something() {
    let empty: Vec<_> = files(&["rs", "js", "css", "hbs"])
        .into_iter()
        .filter(|file| is_empty(&stem(file).split(['_', '-', '.']).collect::<Vec<_>>()))
        .collect();
    assert!(empty.is_empty(), "say the thing: {empty:#?}");
}

#[test]
fn types_have_names_that_say_something() {
    let mut empty = Vec::new();
    for file in files(&["rs"]) {
        for (number, line) in code(&read(&file)) {
            for name in defined(line) {
                if is_empty(&parts(&name).iter().map(String::as_str).collect::<Vec<_>>()) {
                    empty.push(format!("{}:{number}: {name}", file.display()));
                }
            }
        }
    }
    assert!(empty.is_empty(), "say the thing: {empty:#?}");
}

/// `new` says when, not what; `New…` as a whole prefix is as bad as `…New`.
fn is_empty(parts: &[&str]) -> bool {
    parts.iter().any(|part| EMPTY.contains(part) || *part == "new")
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap().to_str().unwrap().to_lowercase()
}

/// Names of the types that a line defines.
fn defined(line: &str) -> Vec<String> {
    let words: Vec<_> = line.split_whitespace().collect();
    let after = words.windows(2).filter(|pair| KINDS.contains(&pair[0]));
    let names = after.map(|pair| pair[1].chars().take_while(|c| c.is_alphanumeric()).collect::<String>());
    names.filter(|name| name.starts_with(char::is_uppercase)).collect()
}

/// The words of a type's name, in lower case.
fn parts(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for c in name.chars() {
        match parts.last_mut() {
            Some(last) if !c.is_uppercase() => last.push(c),
            _ => parts.push(c.to_lowercase().collect()),
        }
    }
    parts
}

#[test]
fn the_name_rules_themselves() {
    assert_eq!(defined(concat!("pub(crate) struct", " InboxData<T> {")), ["InboxData"]);
    assert_eq!(parts("InboxData"), ["inbox", "data"]);
    assert!(is_empty(&["inbox", "data"]) && !is_empty(&["database"]) && !is_empty(&["news"]));
}
