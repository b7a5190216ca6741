//! The configuration file as flat keys with their lines.
//!
//! A key is the variable's name in lower case without `ZHIHUI_`; any of its underscores may be the
//! border of a section, so `smtp_url = …` and `url = …` under `[smtp]` are the same key.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::de::{DeTable, DeValue};

use super::problem::{Place, Problem};

/// What stands behind one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    One(String),
    Many(Vec<String>),
    /// A kind of value that no setting has, by its TOML name.
    Other(&'static str),
}

/// The entries of a file by flat key, and what was wrong with its form.
pub(super) fn parse(path: &Path, text: &str) -> (BTreeMap<String, (Written, Place)>, Vec<Problem>) {
    let mut reading = Reading { path: path.to_owned(), text, entries: BTreeMap::new(), problems: Vec::new() };
    match DeTable::parse(text) {
        Ok(document) => reading.table(document.get_ref(), &[]),
        Err(error) => {
            let start = error.span().map_or(0, |span| span.start);
            reading.problems.push(Problem {
                place: reading.place(start, ""),
                found: format!("text that is not TOML ({})", error.message().trim()),
                allowed: "TOML as printed by `zhihui config`".into(),
            });
        }
    }
    (reading.entries, reading.problems)
}

struct Reading<'a> {
    path: PathBuf,
    text: &'a str,
    entries: BTreeMap<String, (Written, Place)>,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn table(&mut self, table: &DeTable<'_>, above: &[&str]) {
        for (key, value) in table {
            let path = [above, &[key.get_ref().as_ref()]].concat();
            if let DeValue::Table(inner) = value.get_ref() {
                self.table(inner, &path);
                continue;
            }
            let place = self.place(key.span().start, &path.join("."));
            match self.entries.get(&path.join("_")) {
                Some((_, first)) => self.problems.push(Problem {
                    found: format!("the same setting as in {first}"),
                    place,
                    allowed: "each setting once".into(),
                }),
                None => {
                    let entry = (written(value.get_ref()), place);
                    self.entries.insert(path.join("_"), entry);
                }
            }
        }
    }

    fn place(&self, start: usize, key: &str) -> Place {
        let before = &self.text.as_bytes()[..start.min(self.text.len())];
        Place::Line {
            file: self.path.clone(),
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            key: key.to_owned(),
        }
    }
}

fn written(value: &DeValue<'_>) -> Written {
    match value {
        DeValue::String(text) => Written::One(text.to_string()),
        DeValue::Integer(number) => Written::One(number.to_string()),
        DeValue::Float(number) => Written::One(number.to_string()),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| item.get_ref().as_str());
            match texts.map(|text| text.map(str::to_owned)).collect() {
                Some(texts) => Written::Many(texts),
                None => Written::Other("a list with something other than texts"),
            }
        }
        DeValue::Boolean(_) => Written::Other("true or false"),
        DeValue::Datetime(_) => Written::Other("a date"),
        DeValue::Table(_) => Written::Other("a section"),
    }
}
