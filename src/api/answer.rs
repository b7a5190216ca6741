//! What went wrong, as RFC 9457 wants it: one document for every problem, in the caller's language,
//! with the number of the request. Of our own faults it says nothing; they are logged here, once.

use std::sync::Arc;

use axum::{
    Json,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    domain::{Problem, problem::Class},
    hub, storage,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// Seconds after which an outage may be over.
const AFTER_OUTAGE: u64 = 5;

/// Why an endpoint did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error(transparent)]
    Problem(Problem),
    /// 408: the body did not come.
    #[error("the body did not arrive in time")]
    Slow,
    /// 405
    #[error("the address does not know this method")]
    Method,
    #[error("the hub failed")]
    Hub(#[source] hub::Error),
    #[error("a task ended before its time")]
    Task(#[from] tokio::task::JoinError),
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<hub::Error> for ApiError {
    fn from(error: hub::Error) -> Self {
        match error {
            hub::Error::Problem(problem) => Self::Problem(problem),
            other => Self::Hub(other),
        }
    }
}

impl From<storage::Error> for ApiError {
    fn from(error: storage::Error) -> Self {
        Self::Hub(error.into())
    }
}

/// The document is written by [`frame`], which knows language and request.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Gives every request its number and every failure its document.
pub async fn frame(request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    let lang = language(request.headers());
    let mut response = next.run(request).await;
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.extensions_mut().insert(Arc::new(ApiError::Method));
    }
    if let Some(error) = response.extensions_mut().remove::<Arc<ApiError>>() {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = document(&error, lang, &id);
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, HeaderValue::from_str(&id).expect("a UUID is plain ASCII"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn document(error: &ApiError, lang: &'static str, id: &str) -> Response {
    let (status, problem) = match error {
        ApiError::Problem(problem) => (problem.class.status(), problem.clone()),
        ApiError::Slow => {
            (408, plain("BODY_TIMEOUT", "请求体没有在 30 秒内传完", "the body did not arrive within 30 seconds"))
        }
        ApiError::Method => {
            (405, plain("METHOD", "此地址不支持这个请求方法", "this address does not know this method"))
        }
        ApiError::Hub(error) if error.is_away() => {
            let mut problem =
                plain("UNAVAILABLE", "系统暂时不可用，请稍后重试", "the system is not available, try again shortly");
            problem.retry_after = Some(AFTER_OUTAGE);
            (503, problem)
        }
        ApiError::Hub(_) | ApiError::Task(_) => (
            500,
            plain(
                "INTERNAL",
                "系统内部错误，请凭请求编号联系管理员",
                "an internal error; tell the administrator the request_id",
            ),
        ),
    };
    if status >= 500 {
        tracing::error!(
            error = error as &dyn std::error::Error,
            request.id = id,
            http.status = status,
            "request {id} failed with {status}"
        );
    }
    let mut document = problem.document(lang);
    document["status"] = json!(status);
    document["request_id"] = json!(id);
    let status = StatusCode::from_u16(status).expect("one of our own");
    let mut response = (status, Json(document)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang));
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn plain(code: &'static str, detail: &str, english: &str) -> Problem {
    Problem::new(Class::Conflict, code, "", detail).in_english(english)
}

/// English where it is asked for before Chinese.
pub fn language(headers: &HeaderMap) -> &'static str {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = wanted
        .split(',')
        .map(|range| range.trim().to_ascii_lowercase())
        .find(|range| range.starts_with("en") || range.starts_with("zh"));
    if first.is_some_and(|range| range.starts_with("en")) { "en" } else { "zh-CN" }
}

/// Runs to its end even when the caller hangs up.
pub async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = hub::Result<T>> + Send + 'static,
) -> Result<T, ApiError> {
    Ok(tokio::spawn(work).await??)
}
