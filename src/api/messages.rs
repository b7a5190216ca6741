//! `POST /api/v1/messages` and `GET /api/v1/messages/{id}`

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{Api, ApiError, answer::to_the_end, body, caller::Caller};
use crate::{
    domain::{
        MessageId, Problem,
        command::{self, Name},
        problem::Class,
    },
    hub::{Answer, command::checked_key, status::MessageStatus},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that the answer is that of an earlier request with the same key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

pub async fn send(State(api): State<Api>, caller: Caller, request: Request) -> Result<Response, ApiError> {
    let key = idempotency_key(request.headers())?;
    let (value, size) = body::json(request, body::WITH_FILES).await?;
    if size > body::WITHOUT_FILES && value.get("attachments").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(body::too_large(body::WITHOUT_FILES).into());
    }
    let fingerprint = command::fingerprint(Name::MessageSend, &value);
    let source = caller.source();
    if let Some(answer) = api.hub.answered(&source, &key, fingerprint).await? {
        return Ok(accepted(&answer));
    }
    let draft = command::read_send(&value, api.hub.clock.now())?;
    let answer = to_the_end(async move { api.hub.accept(&source, Some(&key), fingerprint, draft).await });
    Ok(accepted(&answer.await?))
}

fn accepted(answer: &Answer) -> Response {
    let mut response = (StatusCode::ACCEPTED, Json(answer)).into_response();
    let headers = response.headers_mut();
    let location = HeaderValue::from_str(&format!("/api/v1/messages/{}", answer.id));
    headers.insert(header::LOCATION, location.expect("an id is plain ASCII"));
    if answer.duplicate {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

pub async fn show(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let status = api.hub.message_status(&caller.source(), message_id(&id)?).await?;
    Ok(Json(written(&status)))
}

/// An id that is none is an id that is not there.
pub fn message_id(raw: &str) -> Result<MessageId, Problem> {
    raw.parse().map_err(|_| Problem::not_found())
}

/// Bare, or as a string of structured fields (RFC 9651): `"8e03978e"`.
fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Problem::new(Class::Unreadable, "IDEM_MISSING", "", "只能有一个 Idempotency-Key")
            .in_english("there must be one Idempotency-Key"));
    }
    let text = first.map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned());
    let inner = |text: &str| {
        let quoted = text.strip_prefix('"')?.strip_suffix('"')?;
        Some(quoted.replace("\\\"", "\"").replace("\\\\", "\\"))
    };
    checked_key(text.map(|text| inner(&text).unwrap_or(text)))
}

fn written(status: &MessageStatus) -> Value {
    let (message, totals) = (&status.message, &status.totals);
    let receipts: Map<String, Value> =
        status.receipts.iter().map(|(option, count)| (option.clone(), json!(count))).collect();
    let mut channels: Map<String, Value> = Map::new();
    for (channel, state, count) in &status.channels {
        channels.entry(channel.clone()).or_insert_with(|| json!({}))[state.as_str()] = json!(count);
    }
    let approvals: Vec<_> = status
        .approvals
        .iter()
        .map(|asked| {
            json!({
                "rule": asked.rule_name,
                "state": asked.state,
                "asked_at": asked.created_at,
                "decided_at": asked.decided_at,
                "decided_by": asked.decided_by,
                "opinion": asked.opinion,
            })
        })
        .collect();
    json!({
        "id": message.id,
        "state": message.state,
        "kind": message.kind,
        "title": message.title,
        "category": message.category,
        "send_rule": message.rule_name,
        "created_at": message.created_at,
        "send_at": message.send_at,
        "expires_at": message.expires_at,
        "sent_at": message.sent_at,
        "finished_at": message.finished_at,
        "recalled_at": message.recalled_at,
        "counts": {
            "recipients": message.recipients,
            "sent": totals.arrived + totals.sent_outside,
            "delivered": totals.arrived + totals.delivered_outside,
            "failed": totals.failed,
            "read": totals.read,
            "answered": totals.answered,
            "receipts": receipts,
        },
        "channels": channels,
        "approvals": approvals,
        "attributes": message.attributes.0,
    })
}
