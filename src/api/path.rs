//! What stands in an address: an id of ours, or nothing that is there.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

use super::{Api, ApiError};
use crate::domain::Problem;

/// The one variable part of an address. What is no id, or not even text, is not there.
pub struct InPath<T>(pub T);

/// Two of them.
pub struct BothInPath<A, B>(pub A, pub B);

impl<A: std::str::FromStr, B: std::str::FromStr> FromRequestParts<Api> for BothInPath<A, B> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let found = Path::<(String, String)>::from_request_parts(parts, api).await.ok();
        let read = found.and_then(|Path((a, b))| Some(Self(a.parse().ok()?, b.parse().ok()?)));
        Ok(read.ok_or_else(Problem::not_found)?)
    }
}

impl<T: std::str::FromStr> FromRequestParts<Api> for InPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let found = Path::<String>::from_request_parts(parts, api).await.ok();
        let read = found.and_then(|Path(raw)| raw.parse().ok()).map(Self);
        Ok(read.ok_or_else(Problem::not_found)?)
    }
}
