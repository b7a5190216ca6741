//! `GET /api/v1/messages/{id}/deliveries`

use axum::{
    Json,
    extract::{Query as Pairs, State},
};
use serde_json::{Value, json};

use crate::{
    api::{Api, ApiError, caller::Caller, path::InPath, query::Query},
    clock::Timestamp,
    domain::{MessageId, PersonId, Problem, delivery::Bucket},
    hub::follow::status::Reached,
    storage::{
        attempts::Attempt,
        reached::{Try, Wanted},
    },
};

pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<MessageId>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let query = Query::of(pairs, &["state", "cursor", "limit"])?;
    let bucket = query.get("state").map_or(Ok(Bucket::All), bucket)?;
    let after = query.cursor(|text| text.parse().ok())?.unwrap_or(PersonId(uuid::Uuid::nil()));
    let wanted = Wanted { bucket, search: "", after };
    let (people, next) = api.hub.message_deliveries(&caller.source(), id, wanted, query.limit()?).await?;
    let items: Vec<_> = people.iter().map(written).collect();
    Ok(Json(json!({"items": items, "next_cursor": next})))
}

fn bucket(word: &str) -> Result<Bucket, Problem> {
    word.parse().map_err(|_| {
        let known = Bucket::ALL.iter().map(|bucket| bucket.as_str()).collect::<Vec<_>>();
        Problem::invalid("FIELD_VALUE", "/state", format!("state 的值“{word}”无效，可用：{}", known.join("、")))
            .in_english(format!("“{word}” is not a state, allowed: {}", known.join(", ")))
    })
}

/// One person; the inbox is a channel like the others.
fn written(reached: &Reached) -> Value {
    let person = &reached.person;
    let inbox = person
        .arrived_at
        .map(|at| json!({"channel": "inbox", "round": 0, "state": "delivered", "at": at, "detail": null}));
    let tries = reached.tries.iter().map(|each| {
        json!({
            "channel": each.channel,
            "round": each.round,
            "state": each.state,
            "at": each.done_at.or(each.fired_at),
            "detail": each.detail,
        })
    });
    let receipt = person.answered_at.map(|at| {
        json!({
            "option": person.option.as_ref().or(person.action_id.as_ref()),
            "text": person.words.as_deref().unwrap_or_default(),
            "at": at,
            "by": person.proxy_account.as_ref().or(person.account.as_ref()),
        })
    });
    let mut attempts: Vec<_> = reached.earlier.iter().map(earlier).collect();
    attempts.extend(reached.tries.iter().filter(|each| each.fired_at.is_some() || each.done_at.is_some()).map(last));
    attempts.sort_by_key(|(at, _)| *at);
    let attempts: Vec<_> = attempts.into_iter().map(|(_, written)| written).collect();
    json!({
        "account": person.account,
        "name": person.name,
        "channels": inbox.into_iter().chain(tries).collect::<Vec<_>>(),
        "read_at": person.read_at,
        "read_channel": person.read_channel,
        "receipt": receipt,
        "attempts": attempts,
    })
}

/// A try, or a state of one, that is not the last.
fn earlier(each: &Attempt) -> (Option<Timestamp>, Value) {
    let written = json!({
        "channel": each.channel, "round": each.round, "attempt": each.nth, "state": each.state,
        "fired_at": each.fired_at, "at": each.at, "detail": each.detail,
    });
    (Some(each.at), written)
}

fn last(each: &Try) -> (Option<Timestamp>, Value) {
    let at = each.done_at.or(each.fired_at);
    let written = json!({
        "channel": each.channel, "round": each.round, "attempt": each.attempts, "state": each.state,
        "fired_at": each.fired_at, "at": at, "detail": each.detail.as_deref().unwrap_or_default(),
    });
    (at, written)
}
