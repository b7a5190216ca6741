//! JSON for other modules, provider callbacks, the documents that describe them, and what an
//! operator watches.
//!
//! Every route stands in [`ROUTES`]; a test holds that table against the OpenAPI document. Nothing
//! here decides anything: an endpoint reads its input, calls one verb of the hub and writes the
//! answer. Verbs that write run in a task of their own, so that a caller who hangs up cannot cut
//! them in the middle.

mod answer;
mod audiences;
mod body;
mod callbacks;
mod caller;
mod dead_letters;
mod deliveries;
pub mod documents;
mod exports;
mod follow_up;
mod group_members;
mod groups;
mod idempotency;
mod messages;
pub mod operation;
mod path;
mod query;
mod recycle;
mod reference;
mod sent;

use std::{num::NonZeroU32, sync::Arc};

use axum::{
    Router, middleware,
    routing::{MethodRouter, any, delete, get, post, put},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::{
    domain::{Problem, ProducerId},
    hub::Hub,
};

pub use answer::ApiError;

/// Requests of one module that one process takes, a second and at once.
const A_SECOND: NonZeroU32 = NonZeroU32::new(50).expect("not zero");
const AT_ONCE: NonZeroU32 = NonZeroU32::new(200).expect("not zero");

/// What the endpoints need.
#[derive(Clone)]
pub struct Api {
    hub: Hub,
    rates: Arc<DefaultKeyedRateLimiter<ProducerId>>,
}

/// One endpoint.
pub struct Route {
    /// Lower case, as in OpenAPI.
    pub method: &'static str,
    pub path: &'static str,
    endpoint: fn() -> MethodRouter<Api>,
}

/// All of them.
#[rustfmt::skip]
pub const ROUTES: [Route; 43] = [
    Route { method: "post", path: "/api/v1/messages", endpoint: || post(messages::send) },
    Route { method: "get", path: "/api/v1/messages", endpoint: || get(sent::list) },
    Route { method: "post", path: "/api/v1/messages/{id}/exports", endpoint: || post(exports::begin) },
    Route { method: "get", path: "/api/v1/messages/{id}/exports/{kind}", endpoint: || get(exports::show) },
    Route { method: "get", path: "/api/v1/messages/{id}/exports/{kind}/content", endpoint: || get(exports::content) },
    Route { method: "get", path: "/api/v1/messages/{id}", endpoint: || get(messages::show) },
    Route { method: "get", path: "/api/v1/messages/{id}/deliveries", endpoint: || get(deliveries::list) },
    Route { method: "post", path: "/api/v1/messages/{id}/recall", endpoint: || post(follow_up::recall) },
    Route { method: "post", path: "/api/v1/messages/{id}/remind", endpoint: || post(follow_up::remind) },
    Route { method: "post", path: "/api/v1/messages/{id}/resend", endpoint: || post(follow_up::resend) },
    Route { method: "post", path: "/api/v1/messages/{id}/recipients", endpoint: || post(follow_up::add_recipients) },
    Route { method: "post", path: "/api/v1/messages/{id}/release", endpoint: || post(follow_up::release) },
    Route { method: "post", path: "/api/v1/messages/{id}/stop", endpoint: || post(follow_up::stop) },
    Route { method: "delete", path: "/api/v1/messages/{id}", endpoint: || delete(recycle::delete) },
    Route { method: "post", path: "/api/v1/messages/{id}/restore", endpoint: || post(recycle::restore) },
    Route { method: "post", path: "/api/v1/messages/{id}/purge", endpoint: || post(recycle::purge) },
    Route { method: "post", path: "/api/v1/audiences/resolve", endpoint: || post(audiences::resolve) },
    Route { method: "get", path: "/api/v1/groups", endpoint: || get(groups::list) },
    Route { method: "post", path: "/api/v1/groups", endpoint: || post(groups::add) },
    Route { method: "post", path: "/api/v1/groups/order", endpoint: || post(groups::sort) },
    Route { method: "get", path: "/api/v1/groups/{id}", endpoint: || get(groups::show) },
    Route { method: "put", path: "/api/v1/groups/{id}", endpoint: || put(groups::edit) },
    Route { method: "delete", path: "/api/v1/groups/{id}", endpoint: || delete(groups::remove) },
    Route { method: "put", path: "/api/v1/groups/{id}/department", endpoint: || put(groups::follow) },
    Route { method: "delete", path: "/api/v1/groups/{id}/department", endpoint: || delete(groups::unfollow) },
    Route { method: "get", path: "/api/v1/groups/{id}/members", endpoint: || get(group_members::list) },
    Route { method: "post", path: "/api/v1/groups/{id}/members", endpoint: || post(group_members::add) },
    Route { method: "post", path: "/api/v1/groups/{id}/members/remove", endpoint: || post(group_members::remove) },
    Route { method: "post", path: "/api/v1/groups/{id}/members/order", endpoint: || post(group_members::sort) },
    Route { method: "post", path: "/api/v1/groups/{id}/members/copy", endpoint: || post(group_members::copy) },
    Route { method: "post", path: "/api/v1/groups/{id}/members/move", endpoint: || post(group_members::shift) },
    Route { method: "put", path: "/api/v1/groups/{id}/members/{member}", endpoint: || put(group_members::edit) },
    Route { method: "delete", path: "/api/v1/groups/{id}/members/{member}", endpoint: || delete(group_members::remove_one) },
    Route { method: "get", path: "/api/v1/group-folders", endpoint: || get(groups::list_folders) },
    Route { method: "post", path: "/api/v1/group-folders", endpoint: || post(groups::add_folder) },
    Route { method: "put", path: "/api/v1/group-folders/{id}", endpoint: || put(groups::rename_folder) },
    Route { method: "delete", path: "/api/v1/group-folders/{id}", endpoint: || delete(groups::remove_folder) },
    Route { method: "get", path: "/api/v1/dead-letters", endpoint: || get(dead_letters::list) },
    Route { method: "post", path: "/api/v1/dead-letters/{id}/replay", endpoint: || post(dead_letters::replay) },
    Route { method: "post", path: "/callbacks/{channel}", endpoint: || post(callbacks::take) },
    Route { method: "get", path: "/openapi.json", endpoint: || get(documents::openapi) },
    Route { method: "get", path: "/asyncapi.json", endpoint: || get(documents::asyncapi) },
    Route { method: "get", path: "/api/docs", endpoint: || get(reference::show) },
];

/// The endpoints, ready to be merged with the pages.
pub fn router(hub: Hub) -> Router {
    let quota = Quota::per_second(A_SECOND).allow_burst(AT_ONCE);
    let api = Api { hub, rates: Arc::new(RateLimiter::keyed(quota)) };
    let router = ROUTES.iter().fold(Router::new(), |router, route| router.route(route.path, (route.endpoint)()));
    router
        .route("/api/docs.css", get(reference::style))
        .route("/api/{*rest}", any(nowhere))
        .layer(middleware::from_fn(answer::frame))
        .with_state(api)
}

/// An address that is none gets the same kind of answer as all others.
async fn nowhere() -> ApiError {
    Problem::not_found().into()
}
