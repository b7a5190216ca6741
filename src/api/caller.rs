//! Who calls: a module with its token, no faster than it may.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use governor::clock::{Clock, DefaultClock};

use super::{Api, ApiError};
use crate::{
    domain::{Problem, problem::Class, seal::sha256},
    hub::Source,
    storage::producers::{self, Producer},
};

/// The module behind a request.
pub struct Caller(pub Producer);

impl Caller {
    pub fn source(self) -> Source {
        Source::Producer(self.0)
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers).ok_or_else(|| {
            unknown(
                "TOKEN_MISSING",
                "缺少访问令牌：请加请求头 Authorization: Bearer <令牌>",
                "the token is missing: send Authorization: Bearer <token>",
            )
        })?;
        let mut tx = api.hub.db.read().await?;
        let found = producers::find_by_token(&mut tx, &sha256(token.as_bytes())).await?;
        drop(tx);
        let producer = found.ok_or_else(|| {
            unknown("TOKEN_INVALID", "访问令牌无效或已停用", "the token is not valid, or was disabled")
        })?;
        api.rates.check_key(&producer.id).map_err(|early| {
            let wait = early.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
            let mut problem = Problem::new(Class::TooMany, "RATE", "", format!("请求过于频繁，请 {wait} 秒后再试"))
                .in_english(format!("too many requests, try again in {wait} seconds"));
            problem.retry_after = Some(wait);
            problem
        })?;
        Ok(Self(producer))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn unknown(code: &'static str, detail: &str, english: &str) -> Problem {
    Problem::new(Class::Unauthenticated, code, "", detail).in_english(english)
}
