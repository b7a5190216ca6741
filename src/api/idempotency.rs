//! The header `Idempotency-Key`, and the one that says that an answer is that of an earlier request.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue},
    response::Response,
};

use crate::{
    domain::{Problem, problem::Class},
    hub::command::checked_key,
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// # Errors
/// `IDEM_MISSING`
pub fn required(headers: &HeaderMap) -> Result<String, Problem> {
    checked_key(written(headers)?)
}

/// None when there is no such header.
///
/// # Errors
/// `IDEM_MISSING` when there is one that is none.
pub fn optional(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    written(headers)?.map(|text| checked_key(Some(text))).transpose()
}

/// Bare, or as a string of structured fields (RFC 9651): `"8e03978e"`.
fn written(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Problem::new(Class::Unreadable, "IDEM_MISSING", "", "只能有一个 Idempotency-Key")
            .in_english("there must be one Idempotency-Key"));
    }
    let inner = |text: &str| {
        let quoted = text.strip_prefix('"')?.strip_suffix('"')?;
        Some(quoted.replace("\\\"", "\"").replace("\\\\", "\\"))
    };
    let Some(first) = first else { return Ok(None) };
    // Made readable by force, two different keys would become one.
    let text = std::str::from_utf8(first.as_bytes()).map_err(|_| {
        Problem::new(Class::Unreadable, "IDEM_MISSING", "", "Idempotency-Key 须是 UTF-8 编码")
            .in_english("the Idempotency-Key must be UTF-8")
    })?;
    let text = text.trim();
    Ok(Some(inner(text).unwrap_or_else(|| text.to_owned())))
}

/// Says so when the answer is that of an earlier request with the same key.
pub fn mark(mut response: Response, duplicate: bool) -> Response {
    if duplicate {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
