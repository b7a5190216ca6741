//! What is wrong with a setting: where it stands, what was found there, what is allowed.
//!
//! A found text that may hold a password is hidden or redacted before it gets here.

use std::{fmt, path::PathBuf};

/// Every problem of one load, so that an operator mends them in one round; one line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.lines())]
pub struct ConfigError(Vec<Problem>);

impl ConfigError {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    /// The problems in the order in which they were found.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }

    fn lines(&self) -> String {
        let lines: Vec<_> = self.0.iter().map(Problem::to_string).collect();
        lines.join("\n")
    }
}

/// One line: place, what was found, what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub place: Place,
    pub found: String,
    pub allowed: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, found, allowed } = self;
        write!(f, "{place}: found {found}; allowed: {allowed}")
    }
}

/// Where a setting was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The configuration file as a whole.
    File(PathBuf),
    /// One key of the file, written as it stands there (`smtp.url`), and its line from 1.
    Line { file: PathBuf, line: usize, key: String },
    /// An environment variable.
    Variable(String),
    /// Nowhere: the default in the code.
    Default(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Line { file, line, key } if key.is_empty() => {
                write!(f, "{}:{line}", file.display())
            }
            Self::Line { file, line, key } => write!(f, "{}:{line}: {key}", file.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Default(key) => write!(f, "{key} (not set)"),
        }
    }
}
