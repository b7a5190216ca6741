//! `DELETE /api/v1/messages/{id}`, `POST …/restore` and `…/purge`: 回收站 of what a module has sent.
//!
//! Each says how things stand afterwards; doing it again changes nothing and says the same.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{
    api::{Api, ApiError, answer::to_the_end, caller::Caller, path::InPath},
    domain::MessageId,
    hub::follow::recycle::Discard,
};

pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<MessageId>,
) -> Result<Json<Value>, ApiError> {
    discard(api, caller, id, Discard::Delete).await
}

pub async fn restore(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<MessageId>,
) -> Result<Json<Value>, ApiError> {
    discard(api, caller, id, Discard::Restore).await
}

pub async fn purge(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<MessageId>,
) -> Result<Json<Value>, ApiError> {
    discard(api, caller, id, Discard::Purge).await
}

async fn discard(api: Api, caller: Caller, id: MessageId, what: Discard) -> Result<Json<Value>, ApiError> {
    let changed = to_the_end(async move { api.hub.discard(&caller.source(), id, what).await }).await?;
    Ok(Json(json!({"id": id, "in_bin": what == Discard::Delete, "changed": changed})))
}
