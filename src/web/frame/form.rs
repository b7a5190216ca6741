//! What a browser sends: the fields of a form or of an address, some of them more than once.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Multipart, Request, multipart::MultipartError},
    http::{header::CONTENT_TYPE, request::Parts},
};
use url::form_urlencoded;

use super::page_error::PageError;
use crate::domain::{MessageId, Problem, command::text, problem::Class};

/// Most that one click changes in a list.
const BULK: usize = 100;

/// What people write by hand, wherever it stands: given back when a form cannot be taken.
const WRITTEN: [&str; 10] =
    ["title", "body", "signature", "url", "opinion", "words", "text", "accounts", "reason", "note"];

/// Names with their values, in the order of the page.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    texts: Vec<(String, String)>,
    /// Why no database could keep them.
    problem: Option<Problem>,
    /// Chosen files, whatever their field is called.
    pub files: Vec<File>,
}

/// A file as the browser sent it: nothing of it is believed yet.
#[derive(Debug, Clone)]
pub struct File {
    pub name: String,
    pub bytes: Bytes,
}

impl Fields {
    pub(in crate::web) fn parse(encoded: &[u8]) -> Result<Self, Problem> {
        let fields = Self::of(form_urlencoded::parse(encoded).into_owned().collect(), Vec::new());
        fields.checked()?;
        Ok(fields)
    }

    /// NUL, which no database keeps, becomes the sign that browsers show in its place.
    fn of(mut texts: Vec<(String, String)>, files: Vec<File>) -> Self {
        let mut problem = None;
        for (name, value) in &mut texts {
            let Some(before) = value.chars().position(|c| c == '\0') else { continue };
            problem = problem.or_else(|| Some(text::control_character(before, &format!("/{name}"))));
            *value = value.replace('\0', "\u{FFFD}");
        }
        Self { texts, problem, files }
    }

    /// # Errors
    /// `TEXT_CONTROL`: a text holds a character that no database keeps.
    pub fn checked(&self) -> Result<(), Problem> {
        self.problem.clone().map_or(Ok(()), Err)
    }

    /// What somebody wrote, where it is not blank.
    pub fn written(&self) -> Vec<String> {
        let by_hand =
            self.texts.iter().filter(|(name, value)| WRITTEN.contains(&name.as_str()) && !value.trim().is_empty());
        by_hand.map(|(_, value)| value.clone()).collect()
    }

    /// The first value of a field; empty when it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.texts.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.texts.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The messages that were ticked in a list: `id`, repeated.
    ///
    /// # Errors
    /// `NOT_FOUND` for what is no id, `BULK_NONE`, `BULK_SIZE`
    pub fn ticked(&self) -> Result<Vec<MessageId>, Problem> {
        let ids: Result<Vec<MessageId>, _> = self.all("id").map(str::parse).collect();
        let ids = ids.map_err(|_| Problem::not_found())?;
        if ids.is_empty() {
            return Err(Problem::invalid("BULK_NONE", "/id", "请先勾选要处理的消息")
                .in_english("tick the messages that are meant first"));
        }
        if ids.len() > BULK {
            return Err(Problem::invalid("BULK_SIZE", "/id", format!("一次最多选 {BULK} 条"))
                .in_english(format!("choose at most {BULK} at once")));
        }
        Ok(ids)
    }
}

/// The fields of `?…`.
pub struct Query(pub Fields);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = PageError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        Ok(Self(Fields::parse(parts.uri.query().unwrap_or_default().as_bytes())?))
    }
}

/// The fields of a posted form.
pub struct Form(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = PageError;
    async fn from_request(request: Request, _: &S) -> Result<Self, PageError> {
        let fields = read(request).await?;
        match fields.checked() {
            Ok(()) => Ok(Self(fields)),
            Err(problem) => Err(PageError::Kept(Box::new((problem, fields.written())))),
        }
    }
}

/// The fields of a form that its page shows again with what is wrong: it asks [`Fields::checked`]
/// before it keeps anything.
pub struct Unchecked(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Unchecked {
    type Rejection = PageError;
    async fn from_request(request: Request, _: &S) -> Result<Self, PageError> {
        Ok(Self(read(request).await?))
    }
}

/// # Errors
/// `FORM` for what is no form.
pub async fn read(request: Request) -> Result<Fields, Problem> {
    let kind = request.headers().get(CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data")) {
        let parts = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
        return with_files(parts).await.map_err(|_| unreadable());
    }
    let body = Bytes::from_request(request, &()).await.map_err(|_| unreadable())?;
    Ok(Fields::of(form_urlencoded::parse(&body).into_owned().collect(), Vec::new()))
}

async fn with_files(mut parts: Multipart) -> Result<Fields, MultipartError> {
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    while let Some(part) = parts.next_field().await? {
        match part.file_name().map(str::to_owned) {
            Some(name) => {
                let bytes = part.bytes().await?;
                // a field in which no file was chosen comes all the same
                if !(name.is_empty() && bytes.is_empty()) {
                    files.push(File { name, bytes });
                }
            }
            None => {
                let name = part.name().unwrap_or_default().to_owned();
                texts.push((name, part.text().await?));
            }
        }
    }
    Ok(Fields::of(texts, files))
}

/// Ids of a repeated field. One that is none is nobody's.
pub fn ids<T: std::str::FromStr>(fields: &Fields, name: &str) -> Result<Vec<T>, Problem> {
    fields.all(name).map(|id| id.parse().map_err(|_| Problem::not_found())).collect()
}

/// One place up, or down; at the end nothing changes.
pub fn shifted<T: PartialEq>(mut order: Vec<T>, one: T, is_up: bool) -> Vec<T> {
    if let Some(at) = order.iter().position(|id| *id == one) {
        let to = if is_up { at.saturating_sub(1) } else { (at + 1).min(order.len() - 1) };
        order.swap(at, to);
    }
    order
}

/// The answer to a button that is none.
pub fn no_such_act() -> PageError {
    Problem::invalid("FIELD_VALUE", "/do", "请选择一种操作").in_english("choose what to do").into()
}

fn unreadable() -> Problem {
    Problem::new(Class::Unreadable, "FORM", "", "表单无法读取，请刷新后重试").in_english("the form cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_may_come_twice_and_are_decoded() {
        let fields = Fields::parse("id=1&id=2&text=%E4%BC%9A+%E8%AE%AE".as_bytes()).unwrap();
        assert_eq!(fields.all("id").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((fields.get("text"), fields.get("none")), ("会 议", ""));
    }

    #[test]
    fn a_character_that_nobody_sees_is_named_by_its_place_and_costs_no_text() {
        let refused = Fields::parse("title=t&body=会议%00".as_bytes()).unwrap_err();
        assert_eq!((refused.code, refused.field.as_str()), ("TEXT_CONTROL", "/body"));
        assert_eq!(refused.detail, "第 3 个字符是不可见控制字符，请删除");
        let texts = [("password", "geheim"), ("body", "会议\0"), ("text", " ")];
        let texts = texts.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let fields = Fields::of(texts.into(), Vec::new());
        assert_eq!(fields.checked().unwrap_err(), refused);
        assert_eq!(fields.written(), ["会议\u{FFFD}"]);
    }
}
