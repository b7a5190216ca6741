//! The variable parts of a page's address, of which what is not even text is not there; and addresses
//! that somebody else names, of which none leads away.

use axum::{
    extract::{self, FromRequestParts},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use super::page_error::PageError;
use crate::domain::Problem;

/// axum's own, but never 400: an address that cannot be read leads nowhere.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let found = extract::Path::<T>::from_request_parts(parts, state).await.ok();
        Ok(found.map(|found| Self(found.0)).ok_or_else(Problem::not_found)?)
    }
}

/// A path of this server: nobody is sent elsewhere after signing in.
pub fn own_path(path: &str) -> &str {
    let is_path = path.starts_with('/') && !path.starts_with("//");
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_door = path.starts_with("/login") || path.starts_with("/events");
    if is_path && is_plain && !is_door { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_sent_elsewhere() {
        assert_eq!(own_path("/inbox/1?tab=unread"), "/inbox/1?tab=unread");
        for elsewhere in ["", "https://evil.example", "//evil.example", "/\\evil.example", "/login?next=/", "/a\r\nb"] {
            assert_eq!(own_path(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
