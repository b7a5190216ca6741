//! `POST /api/v1/messages/{id}/exports`, how far it is, and the file: a spreadsheet or signed evidence.

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    Api, ApiError,
    answer::{language, to_the_end},
    body,
    caller::Caller,
    path::{BothInPath, InPath},
};
use crate::{
    domain::{MessageId, command, evidence::Kind},
    storage::exports::Export,
};

pub async fn begin(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<MessageId>,
    request: Request,
) -> Result<Response, ApiError> {
    let (source, lang) = (caller.source(), language(request.headers()));
    api.hub.check_own(&source, id).await?;
    let (value, _, held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let kind = command::read_export(&value)?;
    let hub = api.hub.clone();
    let export = to_the_end(async move {
        let _held = held;
        let lang = if lang == "en" { "en" } else { "zh-CN" };
        hub.begin_export(&source, id, kind, lang).await?;
        hub.last_export(&source, id, kind).await
    });
    let export = export.await?.ok_or_else(crate::domain::Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(written(&export))).into_response())
}

pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    BothInPath(id, kind): BothInPath<MessageId, Kind>,
) -> Result<Json<Value>, ApiError> {
    let export = api.hub.last_export(&caller.source(), id, kind).await?;
    Ok(Json(written(&export.ok_or_else(crate::domain::Problem::not_found)?)))
}

pub async fn content(
    State(api): State<Api>,
    caller: Caller,
    BothInPath(id, kind): BothInPath<MessageId, Kind>,
    _: HeaderMap,
) -> Result<Response, ApiError> {
    let export = api.hub.exported(&caller.source(), id, kind).await?;
    let headers = [
        (header::CONTENT_TYPE, kind.media_type()),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(api.hub.clone().export_content(export.id))).into_response())
}

fn written(export: &Export) -> Value {
    json!({
        "id": export.id, "message": export.message_id, "kind": export.kind, "state": export.state,
        "done": export.done, "total": export.total, "created_at": export.created_at,
    })
}
