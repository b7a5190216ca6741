//! `POST /api/v1/messages` and `GET /api/v1/messages/{id}`

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use crate::{
    api::{
        Api, ApiError,
        answer::{language, to_the_end},
        body,
        caller::Caller,
        idempotency,
        path::InPath,
    },
    domain::{
        ApprovalId, MessageId,
        command::{self, Name},
    },
    hub::{Answer, follow::status::MessageStatus},
    storage::message_status::Seat,
};

/// Runs of a series that are told ahead.
const NEXT_RUNS: usize = 5;
pub async fn send(State(api): State<Api>, caller: Caller, request: Request) -> Result<Response, ApiError> {
    let (key, lang) = (idempotency::required(request.headers())?, language(request.headers()));
    let (value, size, held) = body::json(api.hub.in_hand.room(), request, body::WITH_FILES).await?;
    if size > body::WITHOUT_FILES && value.get("attachments").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(body::too_large(body::WITHOUT_FILES).into());
    }
    let fingerprint = command::fingerprint(Name::MessageSend, &value);
    let source = caller.source();
    if let Some(answer) = api.hub.answered::<Answer>(&source, &key, fingerprint).await? {
        return Ok(accepted(&Answer { duplicate: true, ..answer }, lang));
    }
    let now = api.hub.clock.now();
    // Looking into the files may take a while.
    let draft = tokio::task::spawn_blocking(move || command::read_send(&value, now));
    let draft = draft.await.expect("reading a message does not panic")?;
    let answer = to_the_end(async move {
        let _held = held;
        api.hub.accept(&source, Some(&key), fingerprint, draft).await
    });
    Ok(accepted(&answer.await?, lang))
}

fn accepted(answer: &Answer, lang: &str) -> Response {
    let mut response = (StatusCode::ACCEPTED, Json(answer.document(lang))).into_response();
    let location = HeaderValue::from_str(&format!("/api/v1/messages/{}", answer.id));
    response.headers_mut().insert(header::LOCATION, location.expect("an id is plain ASCII"));
    idempotency::mark(response, answer.duplicate)
}

pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<MessageId>,
) -> Result<Json<Value>, ApiError> {
    let source = caller.source();
    let status = api.hub.message_status(&source, id).await?;
    let series = api.hub.series_of(&source, &status.message).await?;
    let (adds_to, added) = api.hub.thread(&status.message).await?;
    let added = added.iter().map(|each| {
        json!({"id": each.message_id, "state": each.state, "recipients": each.recipients,
               "created_at": each.created_at, "sent_at": each.sent_at})
    });
    let mut answer = written(&status);
    answer["adds_to"] = json!(adds_to);
    answer["additions"] = added.collect();
    answer["series"] = series.map_or(Value::Null, |series| {
        json!({
            "id": series.id,
            "recurrence": series.recurrence.0,
            "next": series.recurrence.0.runs(series.run_at - chrono::Duration::seconds(1), NEXT_RUNS),
            "ended_at": series.ended_at,
        })
    });
    Ok(Json(answer))
}

/// Everybody who was asked, node by node, and what each has said.
fn seats(status: &MessageStatus, approval: ApprovalId) -> Vec<Value> {
    let own = status.seats.iter().filter(|seat| seat.approval_id == approval);
    let seat = |seat: &Seat| {
        json!({
            "node": seat.node,
            "account": seat.account,
            "state": seat.state,
            "asked_at": seat.asked_at,
            "decided_at": seat.decided_at,
            "decided_by": seat.decided_by,
            "given_to": seat.given_to,
            "opinion": seat.opinion,
        })
    };
    own.map(seat).collect()
}

fn written(status: &MessageStatus) -> Value {
    let (message, tally) = (&status.message, &status.tally);
    let totals = &tally.totals;
    let receipts: Map<String, Value> =
        tally.receipts.iter().map(|(option, count)| (option.clone(), json!(count))).collect();
    let mut channels: Map<String, Value> = Map::new();
    for (channel, state, count) in &tally.channels {
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
                "node": asked.node,
                "last_node": asked.last_node,
                "asked": seats(status, asked.id),
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
        "deleted_at": message.deleted_at,
        "counts": {
            "recipients": tally.people,
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
