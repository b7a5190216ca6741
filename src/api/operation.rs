//! `GET /healthz`, `/readyz` and `/metrics`: for whoever watches over the hub.

use std::sync::{Arc, OnceLock};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    broker::{Health, Queue},
    hub::Hub,
    storage::{outbox, tickets},
};

/// What the three pages look at.
#[derive(Clone)]
pub struct Operation {
    hub: Hub,
    stop: CancellationToken,
    metrics: Arc<PrometheusHandle>,
}

impl Operation {
    pub fn new(hub: Hub, stop: CancellationToken) -> Self {
        let metrics = recorder();
        hub.count_from_zero();
        Self { hub, stop, metrics }
    }
}

/// One recorder for the process, however many hubs a test runs in it.
fn recorder() -> Arc<PrometheusHandle> {
    static RECORDER: OnceLock<Arc<PrometheusHandle>> = OnceLock::new();
    let make = || {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // somebody else's recorder stays; ours then shows nothing
        let _ = metrics::set_global_recorder(recorder);
        metrics::gauge!("zhihui_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Arc::new(handle)
    };
    RECORDER.get_or_init(make).clone()
}

pub fn router(operation: Operation) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(measured))
        .with_state(operation)
}

async fn alive() -> &'static str {
    "ok"
}

/// 503 when it cannot serve: the database is away, or it is stopping. A broker that is away delays
/// deliveries but loses nothing, so the hub still serves and says `degraded`.
async fn ready(State(operation): State<Operation>) -> impl IntoResponse {
    let hub = &operation.hub;
    let database = match hub.db.read().await {
        Ok(mut tx) => tickets::waiting(&mut tx).await.is_ok(),
        Err(_) => false,
    };
    let stopping = operation.stop.is_cancelled();
    let health = hub.broker.health();
    let broker = match &health {
        Health::Local => json!({"state": "ok", "kind": "memory"}),
        Health::Connected { blocked: false } => json!({"state": "ok", "kind": "amqp"}),
        Health::Connected { blocked: true } => json!({"state": "blocked", "kind": "amqp"}),
        Health::Reconnecting { reason, .. } => json!({"state": "reconnecting", "kind": "amqp", "reason": reason}),
    };
    let state = match (database && !stopping, health.takes_messages()) {
        (false, _) => "down",
        (true, false) => "degraded",
        (true, true) => "ok",
    };
    let code = if state == "down" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let answer = json!({
        "state": state,
        "version": env!("CARGO_PKG_VERSION"),
        "stopping": stopping,
        "parts": {
            "database": {"state": if database { "ok" } else { "down" }, "kind": hub.db.name()},
            "broker": broker,
            "channels": hub.channels.names().into_iter().map(|name| {
                let resting = hub.channels.lane(name).and_then(|lane| lane.resting()).is_some();
                (name, json!({"state": if resting { "resting" } else { "ok" }}))
            }).collect::<std::collections::BTreeMap<_, _>>(),
        },
    });
    (code, Json(answer))
}

async fn measured(State(operation): State<Operation>) -> impl IntoResponse {
    if let Err(error) = gauge(&operation.hub).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "some gauges could not be read");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], operation.metrics.render())
}

/// Reads what is counted in tables at the moment of asking.
async fn gauge(hub: &Hub) -> crate::storage::Result<()> {
    let now = hub.clock.now();
    let age =
        |since: Option<crate::clock::Timestamp>| since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0));
    let mut tx = hub.db.read().await?;
    let (next, waiting) = tickets::waiting(&mut tx).await?;
    #[expect(clippy::cast_precision_loss, reason = "a gauge of tickets need not be exact beyond 2^52")]
    metrics::gauge!("zhihui_tickets_waiting").set(waiting as f64);
    metrics::gauge!("zhihui_oldest_pending_seconds", "what" => "ticket").set(age(next));
    metrics::gauge!("zhihui_oldest_pending_seconds", "what" => "event").set(age(outbox::oldest(&mut tx).await?));
    drop(tx);
    let of_channels = hub.channels.names().into_iter().map(|name| (name, Queue::Work(name.to_owned())));
    let of_all = [("priority", Queue::Priority), ("commands", Queue::Commands), ("dead", Queue::Dead)];
    for (name, queue) in of_channels.chain(of_all) {
        if let Some(depth) = hub.broker.depth(queue).await {
            metrics::gauge!("zhihui_queue_depth", "queue" => name).set(f64::from(depth));
        }
    }
    Ok(())
}
