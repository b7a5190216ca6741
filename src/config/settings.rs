//! The two outer layers of settings, file and environment, asked key by key by the sections.
//!
//! A variable beats the file. A key of the file that no section has asked for is unknown, so the
//! set of keys is written down nowhere but in the sections. Reading never stops at the first
//! problem: a section gets `None` for what it cannot use and the problem is kept.

use std::{collections::BTreeMap, path::Path};

use super::{
    file::{self, Written},
    problem::{Place, Problem},
    secret::{self, redacted},
};

/// Whether what was found may be shown in an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Plain,
    /// An address that may hold a password: shown without it. May come from a `_file`.
    Redacted,
    /// Never shown. May come from a `_file`.
    Hidden,
}

/// Whether a setting was given itself or as the path of a file that holds it.
enum Held {
    Here(Written),
    InFile(Written),
}

/// The text of examples that nobody may leave standing.
const EXAMPLE: &str = "change-me";

pub(super) struct Settings<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    file: BTreeMap<String, (Written, Place)>,
    places: BTreeMap<&'static str, Place>,
    secrets: Vec<&'static str>,
    problems: Vec<Problem>,
}

impl<'a> Settings<'a> {
    pub fn new(path: &Path, text: Option<&str>, env: &'a dyn Fn(&str) -> Option<String>) -> Self {
        let (file, problems) = file::parse(path, text.unwrap_or_default());
        Self { env, file, places: BTreeMap::new(), secrets: Vec::new(), problems }
    }

    /// The value of `key` if it is set anywhere and `parse` takes it.
    pub fn value<T>(
        &mut self,
        key: &'static str,
        shown: Shown,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = match self.take(key, shown)? {
            Written::One(text) => text,
            Written::Many(_) => return self.refuse(key, "a list", allowed),
            Written::Other(kind) => return self.refuse(key, kind, allowed),
        };
        if shown != Shown::Plain && text.contains(EXAMPLE) {
            return self.refuse(key, "the text of the example", "a value of your own");
        }
        match parse(&text) {
            Some(value) => Some(value),
            None => self.refuse(key, &show(&text, shown), allowed),
        }
    }

    /// A list: texts in brackets in the file, commas in a variable. `None` if it is not set or
    /// `parse` refuses one of its items.
    pub fn list<T>(&mut self, key: &'static str, allowed: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
        let texts = match self.take(key, Shown::Plain)? {
            Written::Many(texts) => texts,
            Written::One(text) => text.split(',').map(|item| item.trim().to_owned()).collect(),
            Written::Other(kind) => return self.refuse(key, kind, allowed),
        };
        let mut values = Vec::new();
        for text in &texts {
            match parse(text) {
                Some(value) => values.push(value),
                None => return self.refuse(key, &show(text, Shown::Plain), allowed),
            }
        }
        Some(values)
    }

    /// Keeps a problem of `key`; always `None`, to be the answer of the caller.
    pub fn refuse<T>(&mut self, key: &'static str, found: &str, allowed: &str) -> Option<T> {
        self.problems.push(Problem { place: self.place(key), found: found.to_owned(), allowed: allowed.to_owned() });
        None
    }

    /// Whether `key`, which was asked for before, is set, even if to something unusable.
    pub fn is_set(&self, key: &str) -> bool {
        self.places.get(key).is_some_and(|place| !matches!(place, Place::Default(_)))
    }

    /// The variables that were asked for.
    pub fn variables(&self) -> Vec<String> {
        let files = self.secrets.iter().map(|key| variable(key) + "_FILE");
        self.places.keys().map(|key| variable(key)).chain(files).collect()
    }

    /// Every problem; call it when all sections have asked.
    pub fn finish(mut self) -> Vec<Problem> {
        for (_, place) in std::mem::take(&mut self.file).into_values() {
            self.problems.push(Problem {
                place,
                found: "an unknown key".into(),
                allowed: "the keys that `zhihui config` prints".into(),
            });
        }
        self.problems
    }

    fn place(&self, key: &'static str) -> Place {
        self.places.get(key).cloned().unwrap_or(Place::Default(key))
    }

    fn take(&mut self, key: &'static str, shown: Shown) -> Option<Written> {
        let own = self.file.remove(key);
        let name = variable(key);
        let set = self.variable(&name);
        let (mut own_path, mut set_path) = (None, None);
        if shown != Shown::Plain {
            self.secrets.push(key);
            own_path = self.file.remove(&format!("{key}_file"));
            set_path = self.variable(&format!("{name}_FILE"));
        }
        let from_file = self.either(own, own_path);
        let from_env = self.either(set, set_path);
        let (written, place) = match from_env.or(from_file) {
            Some((Held::Here(written), place)) => (Some(written), place),
            Some((Held::InFile(path), place)) => (self.read_secret(&path, &place), place),
            None => (None, Place::Default(key)),
        };
        self.places.insert(key, place);
        written
    }

    /// The value itself or the path of the file that holds it; both at once contradict.
    fn either(&mut self, value: Option<(Written, Place)>, path: Option<(Written, Place)>) -> Option<(Held, Place)> {
        if let (Some((_, place)), Some((_, other))) = (&value, &path) {
            self.problems.push(Problem {
                place: place.clone(),
                found: format!("a second value in {other}"),
                allowed: "one of the two".into(),
            });
        }
        match (value, path) {
            (Some((value, place)), _) => Some((Held::Here(value), place)),
            (None, Some((path, place))) => Some((Held::InFile(path), place)),
            (None, None) => None,
        }
    }

    fn read_secret(&mut self, path: &Written, place: &Place) -> Option<Written> {
        let text = match path {
            Written::One(path) => secret::read_private(Path::new(path)),
            Written::Many(_) | Written::Other(_) => Err(("something else".into(), "the path of a file".into())),
        };
        match text {
            Ok(text) => Some(Written::One(text)),
            Err((found, allowed)) => {
                let place = place.clone();
                self.problems.push(Problem { place, found, allowed });
                None
            }
        }
    }

    /// An empty variable counts as not set: that is what compose files pass for what is missing.
    fn variable(&self, name: &str) -> Option<(Written, Place)> {
        let text = (self.env)(name).filter(|text| !text.is_empty())?;
        Some((Written::One(text), Place::Variable(name.to_owned())))
    }
}

fn variable(key: &str) -> String {
    format!("ZHIHUI_{}", key.to_uppercase())
}

fn show(text: &str, shown: Shown) -> String {
    match shown {
        Shown::Plain => format!("{text:?}"),
        Shown::Redacted => format!("{:?}", redacted(text)),
        Shown::Hidden => "a text that is not shown".into(),
    }
}
