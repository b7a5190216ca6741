//! `GET /openapi.json` and `GET /asyncapi.json`: what programs may rely on, written by hand.

use axum::http::{HeaderName, header};

/// OpenAPI 3.1: the calls of this API.
pub const OPENAPI: &str = include_str!("../../docs/api/openapi.json");
/// AsyncAPI 3.0: commands and events on the queue.
pub const ASYNCAPI: &str = include_str!("../../docs/api/asyncapi.json");

type Document = ([(HeaderName, &'static str); 2], &'static str);

pub async fn openapi() -> Document {
    document(OPENAPI)
}

pub async fn asyncapi() -> Document {
    document(ASYNCAPI)
}

fn document(text: &'static str) -> Document {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")], text)
}
