//! What is wrong with an input: the same answer on the page, in HTTP and on the queue.
//!
//! Codes and texts are those of the bad-input catalogue. A problem names the field, what is wrong
//! with the value given and what to do; it never shows anything of the inside.

use serde::Serialize;

/// Which family of answers a problem belongs to; HTTP turns it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// 400: could not be read at all.
    Unreadable,
    /// 401: nobody, or nobody we know.
    Unauthenticated,
    /// 403: known, but may not.
    Forbidden,
    /// 404: not there, or not for this caller: the two look the same.
    NotFound,
    /// 409: not in this state.
    Conflict,
    /// 410: was there, and is no more.
    Gone,
    /// 413
    TooLarge,
    /// 415
    WrongType,
    /// 422: readable, and wrong.
    Invalid,
    /// 429
    TooMany,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    #[serde(skip)]
    pub class: Class,
    /// Stable, upper case: `MSG_TITLE_LEN`.
    pub code: &'static str,
    /// JSON pointer into the input, empty when it is about the whole.
    pub field: String,
    /// In Chinese. English speakers get [`Problem::english`].
    pub detail: String,
    #[serde(skip)]
    pub english: String,
    /// Seconds until another try makes sense.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

impl Problem {
    pub fn new(class: Class, code: &'static str, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { class, code, field: field.into(), detail: detail.into(), english: String::new(), retry_after: None }
    }

    /// The commonest: readable, and wrong.
    pub fn invalid(code: &'static str, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Class::Invalid, code, field, detail)
    }

    pub fn not_found() -> Self {
        Self::new(Class::NotFound, "NOT_FOUND", "", "没有找到，或者您无权查看")
            .in_english("not found, or not yours to see")
    }

    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Class::Forbidden, code, "", detail)
    }

    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Class::Conflict, code, "", detail)
    }

    #[must_use]
    pub fn in_english(mut self, text: impl Into<String>) -> Self {
        self.english = text.into();
        self
    }

    /// The text in the reader's language; Chinese where there is no English one.
    pub fn text(&self, lang: &str) -> &str {
        if lang.starts_with("en") && !self.english.is_empty() { &self.english } else { &self.detail }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}
