//! `/api/v1/groups` and `/api/v1/group-folders`: groups that a module keeps for its own messages.
//! Those of people and of other modules are not there for it.

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Api, ApiError, answer::to_the_end, body, caller::Caller, path::InPath};
use crate::{
    domain::{FolderId, GroupId, command},
    storage::{group_shares, groups::Group},
};

pub async fn list(State(api): State<Api>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let shelf = api.hub.shelf(&caller.source()).await?;
    let items: Vec<_> = shelf.groups.iter().map(written).collect();
    Ok(Json(json!({"items": items, "next_cursor": null})))
}

pub async fn add(State(api): State<Api>, caller: Caller, request: Request) -> Result<Response, ApiError> {
    let (value, _, _held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let group = command::read_group(&value)?;
    let source = caller.source();
    let hub = api.hub.clone();
    let id = to_the_end(async move { hub.add_group(&source, &group.name, group.folder).await }).await?;
    Ok(created(&format!("/api/v1/groups/{id}"), json!({"id": id})))
}

pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<GroupId>,
) -> Result<Json<Value>, ApiError> {
    let mut tx = api.hub.db.read().await?;
    let group = api.hub.usable_group(&mut tx, &caller.source(), id).await?;
    let uses = group_shares::count_uses(&mut tx, id).await?;
    let mut document = written(&group);
    document["uses"] = json!({"messages": uses.messages, "scheduled": uses.scheduled});
    Ok(Json(document))
}

pub async fn edit(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<GroupId>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let (value, _, _held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let group = command::read_group(&value)?;
    let source = caller.source();
    to_the_end(async move { api.hub.edit_group(&source, id, &group.name, group.folder).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn remove(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<GroupId>,
) -> Result<StatusCode, ApiError> {
    to_the_end(async move { api.hub.remove_group(&caller.source(), id).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/groups/order`
pub async fn sort(State(api): State<Api>, caller: Caller, request: Request) -> Result<StatusCode, ApiError> {
    let (value, _, _held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let (folder, order) = command::read_group_order(&value)?;
    to_the_end(async move { api.hub.arrange_groups(&caller.source(), folder, &order).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /api/v1/groups/{id}/department`
pub async fn follow(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<GroupId>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let (value, _, _held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let choice = command::read_follow(&value)?;
    to_the_end(async move { api.hub.follow_department(&caller.source(), id, Some(&choice)).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn unfollow(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<GroupId>,
) -> Result<StatusCode, ApiError> {
    to_the_end(async move { api.hub.follow_department(&caller.source(), id, None).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn list_folders(State(api): State<Api>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let shelf = api.hub.shelf(&caller.source()).await?;
    let items: Vec<_> = shelf.folders.iter().map(|folder| json!({"id": folder.id, "name": folder.name})).collect();
    Ok(Json(json!({"items": items, "next_cursor": null})))
}

pub async fn add_folder(State(api): State<Api>, caller: Caller, request: Request) -> Result<Response, ApiError> {
    let (value, _, _held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let name = command::read_name(&value)?;
    let id = to_the_end(async move { api.hub.add_folder(&caller.source(), &name).await }).await?;
    Ok(created(&format!("/api/v1/group-folders/{id}"), json!({"id": id})))
}

pub async fn rename_folder(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<FolderId>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let (value, _, _held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let name = command::read_name(&value)?;
    to_the_end(async move { api.hub.rename_folder(&caller.source(), id, &name).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn remove_folder(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<FolderId>,
) -> Result<StatusCode, ApiError> {
    to_the_end(async move { api.hub.remove_folder(&caller.source(), id).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn created(address: &str, document: Value) -> Response {
    let location = HeaderValue::from_str(address).expect("an id is plain ASCII");
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(document)).into_response()
}

fn written(group: &Group) -> Value {
    let department = group.follows_code.as_ref().map(|code| json!({"code": code, "recursive": group.follows_all}));
    json!({
        "id": group.id,
        "name": group.name,
        "folder": group.folder_id,
        "people": group.people,
        "department": department,
    })
}
