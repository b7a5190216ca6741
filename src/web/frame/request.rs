//! What happens to every request: it gets an id, a line in the log, a limit of time; and what it
//! changes is carried through even when the browser has gone.

use std::panic;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderValue, Method, StatusCode, header::HeaderName},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::Instrument;

use crate::web::PATIENCE;

/// The id of a request, in the answer and in every line of the log about it.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names a request and says how it ended.
pub async fn name(mut request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    let span = tracing::info_span!("request", request.id = %id);
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    // The pattern, never the address itself: set-up links are secrets.
    let path = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let mut response = next.run(request).instrument(span).await;
    let status = response.status().as_u16();
    tracing::debug!(request.id = %id, http.status = status, "{method} {path} answered {status}");
    metrics::counter!("zhihui_pages_total", "path" => path, "status" => status.to_string()).increment(1);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Gives up on what takes too long, so that a stuck database does not collect browsers.
pub async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// A page that changes something runs in a task of its own: a browser that closes half-way would
/// otherwise drop it between two statements.
pub async fn finish(request: Request, next: Next) -> Response {
    if is_safe(request.method()) {
        return next.run(request).await;
    }
    let task = tokio::spawn(next.run(request).in_current_span());
    match task.await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => panic::resume_unwind(panic),
            // only at shutdown
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        },
    }
}

/// Changes nothing, by the promise of its method.
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
