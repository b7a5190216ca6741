//! The variable parts of a page's address. What is not even text is not there.

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
