//! `POST /api/v1/messages/{id}/recall` and `POST /api/v1/messages/{id}/remind`

use axum::{
    Json,
    extract::{Path, Request, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::{Api, ApiError, answer::to_the_end, body, caller::Caller, messages::message_id};
use crate::domain::{command, message};

pub async fn recall(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let id = message_id(&id)?;
    let outcome = to_the_end(async move { api.hub.recall(&caller.source(), id).await }).await?;
    let answer = json!({"id": id, "state": message::State::Recalled, "channels": outcome.channels});
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

pub async fn remind(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let id = message_id(&id)?;
    let (value, _) = body::json(request, body::WITHOUT_FILES).await?;
    let to = command::read_remind_to(&value)?;
    let people = to_the_end(async move { api.hub.remind(&caller.source(), id, &to).await }).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({"id": id, "people": people}))))
}
