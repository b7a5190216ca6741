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

impl Class {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::Unreadable => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Gone => 410,
            Self::TooLarge => 413,
            Self::WrongType => 415,
            Self::Invalid => 422,
            Self::TooMany => 429,
        }
    }

    /// The same for every problem of the class, in Chinese and in English.
    fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Unreadable => ("请求无法读取", "The request cannot be read"),
            Self::Unauthenticated => ("需要身份凭证", "Credentials are needed"),
            Self::Forbidden => ("没有权限", "Not allowed"),
            Self::NotFound => ("没有找到", "Not found"),
            Self::Conflict => ("与当前状态冲突", "Not possible in this state"),
            Self::Gone => ("已不存在", "Gone"),
            Self::TooLarge => ("内容太大", "Too large"),
            Self::WrongType => ("不支持的内容类型", "Unsupported media type"),
            Self::Invalid => ("内容有误", "The input is wrong"),
            Self::TooMany => ("请求过于频繁", "Too many requests"),
        }
    }
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

    /// For something that went well all the same: a warning beside the answer.
    pub fn note(&self, lang: &str) -> serde_json::Value {
        serde_json::json!({"code": self.code, "field": self.field, "detail": self.text(lang)})
    }

    /// The problem document of RFC 9457, the same over HTTP and on the queue.
    pub fn document(&self, lang: &str) -> serde_json::Value {
        let (chinese, english) = self.class.title();
        serde_json::json!({
            "type": format!("urn:zhihui:problem:{}", self.code.to_ascii_lowercase()),
            "title": if lang.starts_with("en") { english } else { chinese },
            "status": self.class.status(),
            "detail": self.text(lang),
            "code": self.code,
            "field": self.field,
        })
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}
