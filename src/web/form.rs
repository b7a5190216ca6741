//! What a browser sends: the fields of a form or of an address, some of them more than once.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Multipart, Request, multipart::MultipartError},
    http::{header::CONTENT_TYPE, request::Parts},
};
use url::form_urlencoded;

use super::page_error::PageError;
use crate::domain::{MessageId, Problem, problem::Class};

/// Most that one click changes in a list.
const BULK: usize = 100;

/// Names with their values, in the order of the page.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    texts: Vec<(String, String)>,
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
    pub(super) fn parse(encoded: &[u8]) -> Result<Self, Problem> {
        Self { texts: form_urlencoded::parse(encoded).into_owned().collect(), files: Vec::new() }.checked()
    }

    fn checked(self) -> Result<Self, Problem> {
        match self.texts.iter().find_map(|(name, value)| value.find('\0').map(|at| (name, at))) {
            // no database keeps it, and nobody can type it
            Some((name, at)) => Err(Problem::invalid(
                "TEXT_CONTROL",
                format!("/{name}"),
                format!("第 {} 个字符是不可见控制字符，请删除", at + 1),
            )
            .in_english("there is a control character in this text")),
            None => Ok(self),
        }
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
    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        let kind = request.headers().get(CONTENT_TYPE);
        if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data")) {
            let parts = Multipart::from_request(request, state).await.map_err(|_| unreadable())?;
            return Ok(Self(with_files(parts).await.map_err(|_| unreadable())?.checked()?));
        }
        let body = Bytes::from_request(request, state).await.map_err(|_| unreadable())?;
        Ok(Self(Fields::parse(&body)?))
    }
}

async fn with_files(mut parts: Multipart) -> Result<Fields, MultipartError> {
    let mut fields = Fields::default();
    while let Some(part) = parts.next_field().await? {
        match part.file_name().map(str::to_owned) {
            Some(name) => {
                let bytes = part.bytes().await?;
                // a field in which no file was chosen comes all the same
                if !(name.is_empty() && bytes.is_empty()) {
                    fields.files.push(File { name, bytes });
                }
            }
            None => {
                let name = part.name().unwrap_or_default().to_owned();
                fields.texts.push((name, part.text().await?));
            }
        }
    }
    Ok(fields)
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
        assert_eq!(Fields::parse(b"q=a%00b").unwrap_err().code, "TEXT_CONTROL");
    }
}
