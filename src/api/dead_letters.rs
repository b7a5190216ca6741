//! `GET /api/v1/dead-letters` and `POST /api/v1/dead-letters/{id}/replay`: a module's own.

use axum::{
    Json,
    extract::{Query as Pairs, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::{
    Api, ApiError,
    answer::to_the_end,
    caller::Caller,
    path::InPath,
    query::{Query, read_place, write_place},
};
use crate::{clock::END_OF_TIME, domain::DeadLetterId, storage::dead_letters};

pub async fn list(
    State(api): State<Api>,
    Caller(producer): Caller,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let query = Query::of(pairs, &["cursor", "limit"])?;
    let newest = (END_OF_TIME, DeadLetterId(uuid::Uuid::max()));
    let (before, limit) = (query.cursor(read_place)?.unwrap_or(newest), query.limit()?);
    let mut tx = api.hub.db.read().await?;
    let mut lines = dead_letters::list(&mut tx, Some(&producer.amqp_user), before, limit + 1).await?;
    let is_more = i64::try_from(lines.len()).is_ok_and(|found| found > limit);
    lines.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = lines.last().filter(|_| is_more).map(|last| write_place(last.created_at, last.id));
    let items: Vec<_> = lines
        .iter()
        .map(|line| {
            json!({
                "id": line.id,
                "command": line.kind,
                "idempotency_key": line.idempotency_key,
                "code": line.code,
                "reason": line.reason,
                "at": line.created_at,
                "replayed_at": line.replayed_at,
            })
        })
        .collect();
    Ok(Json(json!({"items": items, "next_cursor": next})))
}

pub async fn replay(
    State(api): State<Api>,
    Caller(producer): Caller,
    InPath(id): InPath<DeadLetterId>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let done = to_the_end(async move {
        let actor = format!("producer:{}", producer.name);
        api.hub.replay_dead_letter(id, Some(&producer.amqp_user), &actor).await
    });
    let done = done.await?;
    let status = if done.duplicate { "duplicate" } else { "accepted" };
    let mut answer = json!({"status": status, "id": done.id, "state": done.state});
    for (name, value) in done.more {
        answer[name] = value;
    }
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
