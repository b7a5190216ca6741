//! `/api/v1/groups/{id}/members`: who is listed in a group of the module's own.

use axum::{
    Json,
    extract::{Query as Pairs, Request, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::{
    Api, ApiError,
    answer::to_the_end,
    body,
    caller::Caller,
    path::{BothInPath, InPath},
    query::Query,
};
use crate::{
    domain::{
        GroupId, PersonId, command,
        person::{mask_email, mask_phone},
    },
    hub::{
        self, Hub,
        groups::{Added, MemberEdit, Named},
    },
    storage::group_members::{self, Member},
};

pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<GroupId>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let query = Query::of(pairs, &["cursor", "limit"])?;
    let (after, limit) = (query.cursor(read_place)?.unwrap_or(group_members::START), query.limit()?);
    let mut tx = api.hub.db.read().await?;
    api.hub.usable_group(&mut tx, &caller.source(), id).await?;
    let mut members = group_members::list(&mut tx, id, "", after, limit + 1).await?;
    drop(tx);
    let is_more = i64::try_from(members.len()).is_ok_and(|found| found > limit);
    members.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = members.last().filter(|_| is_more).map(|last| format!("{}.{}", last.position, last.id));
    let mut items = Vec::with_capacity(members.len());
    for member in &members {
        items.push(written(&api.hub, member).map_err(hub::Error::from)?);
    }
    Ok(Json(json!({"items": items, "next_cursor": next})))
}

pub async fn add(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<GroupId>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let (value, _, held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let chosen = command::read_members(&value)?;
    let added = to_the_end(async move {
        let _held = held;
        let named = Named { inside: chosen.inside, outside: chosen.outside };
        api.hub.add_members(&caller.source(), id, &named).await
    });
    Ok(Json(counted(added.await?)))
}

/// `PUT /api/v1/groups/{id}/members/{member}`
pub async fn edit(
    State(api): State<Api>,
    caller: Caller,
    BothInPath(id, person): BothInPath<GroupId, PersonId>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let (value, _, _held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let (outside, note) = command::read_member(&value)?;
    let edit = MemberEdit { outside, note };
    to_the_end(async move { api.hub.edit_member(&caller.source(), id, person, &edit).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/groups/{id}/members/{member}`
pub async fn remove_one(
    State(api): State<Api>,
    caller: Caller,
    BothInPath(id, person): BothInPath<GroupId, PersonId>,
) -> Result<StatusCode, ApiError> {
    let removed = to_the_end(async move {
        let source = caller.source();
        api.hub.own_group(&mut api.hub.db.read().await?, &source, id).await?;
        api.hub.group_member(&source, id, person).await?;
        api.hub.remove_members(&source, id, &[person]).await
    });
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/groups/{id}/members/remove`
pub async fn remove(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<GroupId>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let (value, _, _held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let people = command::read_chosen(&value)?;
    let removed = to_the_end(async move { api.hub.remove_members(&caller.source(), id, &people).await }).await?;
    Ok(Json(json!({"removed": removed})))
}

/// `POST /api/v1/groups/{id}/members/order`
pub async fn sort(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<GroupId>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let (value, _, _held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let people = command::read_chosen(&value)?;
    to_the_end(async move { api.hub.sort_members(&caller.source(), id, &people).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/groups/{id}/members/copy`
pub async fn copy(
    state: State<Api>,
    caller: Caller,
    id: InPath<GroupId>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    into_another(state, caller, id, request, false).await
}

/// `POST /api/v1/groups/{id}/members/move`
pub async fn shift(
    state: State<Api>,
    caller: Caller,
    id: InPath<GroupId>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    into_another(state, caller, id, request, true).await
}

async fn into_another(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<GroupId>,
    request: Request,
    is_move: bool,
) -> Result<Json<Value>, ApiError> {
    let (value, _, _held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let (to, people) = command::read_copy(&value)?;
    let added =
        to_the_end(async move { api.hub.copy_members(&caller.source(), (id, to), &people, is_move).await }).await?;
    Ok(Json(counted(added)))
}

fn counted(added: Added) -> Value {
    json!({"added": added.added, "already": added.already})
}

/// Numbers and addresses show their ends only: whoever wrote them has them.
fn written(hub: &Hub, member: &Member) -> Result<Value, crate::domain::seal::CannotOpen> {
    let (phone, email) = match member.account {
        None => member.addresses(&hub.sealer)?,
        Some(_) => (None, None),
    };
    Ok(json!({
        "id": member.id,
        "account": member.account,
        "name": member.name,
        "outside": member.account.is_none(),
        "phone": phone.map(|phone| mask_phone(&phone)),
        "email": email.map(|email| mask_email(&email)),
        "note": member.note,
        "state": member.state,
    }))
}

/// `position.id` of the last member of a page.
fn read_place(text: &str) -> Option<(i64, PersonId)> {
    let (position, id) = text.split_once('.')?;
    Some((position.parse().ok()?, id.parse().ok()?))
}
