//! `GET /api/v1/messages`: what a module itself has sent, newest first.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Query as Pairs, State},
};
use serde_json::{Value, json};

use super::{Api, ApiError, caller::Caller, query::Query};
use crate::{
    clock::{END_OF_TIME, Timestamp},
    domain::{MessageId, Problem, message::State as Fate},
    hub::Source,
    storage::sent::{self, From, Line, Owner, Wanted},
};

pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let query = Query::of(pairs, &["state", "q", "cursor", "limit"])?;
    let states = match query.get("state") {
        Some(word) => vec![state(word)?],
        None => Fate::ALL.to_vec(),
    };
    let search: String = query.get("q").unwrap_or_default().chars().take(100).collect();
    let (at, id) = query.cursor(place)?.unwrap_or((END_OF_TIME, MessageId(uuid::Uuid::max())));
    let limit = query.limit()?;
    let Source::Producer(producer) = caller.source() else { return Err(Problem::not_found().into()) };
    let mut tx = api.hub.db.read().await?;
    let wanted = Wanted { owner: Owner::Producer(producer.id), states: &states, search: &search };
    let mut lines = sent::list(&mut tx, wanted, From::Behind(at, id), limit + 1).await?;
    let fits = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_more = lines.len() > fits;
    lines.truncate(fits);
    let out: Vec<_> = lines.iter().filter(|line| line.sent_at.is_some()).map(|line| line.id).collect();
    let reached: HashMap<_, _> = sent::count_reached(&mut tx, &out).await?.into_iter().collect();
    drop(tx);
    let last = lines.last().filter(|_| is_more);
    let next = last.map(|line| format!("{}.{}", line.created_at.timestamp_micros(), line.id));
    let items: Vec<_> = lines.iter().map(|line| written(line, &reached)).collect();
    Ok(Json(json!({"items": items, "next_cursor": next})))
}

fn written(line: &Line, reached: &HashMap<MessageId, i64>) -> Value {
    json!({
        "id": line.id, "title": line.title, "kind": line.kind, "state": line.state, "recipients": line.recipients,
        "sent": reached.get(&line.id).copied().unwrap_or(0), "created_at": line.created_at,
        "send_at": line.send_at, "sent_at": line.sent_at, "recalled_at": line.recalled_at,
    })
}

/// The last line of the page before.
fn place(text: &str) -> Option<(Timestamp, MessageId)> {
    let (at, id) = text.split_once('.')?;
    let at = Timestamp::from_timestamp_micros(at.parse().ok()?)?;
    let is_sane = at >= Timestamp::UNIX_EPOCH && at <= END_OF_TIME;
    is_sane.then_some((at, id.parse().ok()?))
}

fn state(word: &str) -> Result<Fate, Problem> {
    word.parse().map_err(|_| {
        let known = Fate::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>();
        let shown: String = word.chars().take(40).collect();
        Problem::invalid("FIELD_VALUE", "/state", format!("state 的值“{shown}”无效，可用：{}", known.join("、")))
            .in_english(format!("“{shown}” is not a state, allowed: {}", known.join(", ")))
    })
}
