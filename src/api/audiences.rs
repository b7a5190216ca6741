//! `POST /api/v1/audiences/resolve`

use axum::{
    Json,
    extract::{Request, State},
};
use serde_json::{Value, json};

use crate::{
    api::{
        Api, ApiError,
        answer::{language, to_the_end},
        body,
        caller::Caller,
    },
    domain::{command, quota::Mode},
    hub::{
        self,
        quota::Charge,
        send::resolve::{NeededApproval, NeededNode},
    },
};

/// Departments that are named, the largest first.
const DEPARTMENTS: usize = 50;

pub async fn resolve(State(api): State<Api>, caller: Caller, request: Request) -> Result<Json<Value>, ApiError> {
    let lang = language(request.headers());
    let (value, _, held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
    let sketch = command::read_sketch(&value, api.hub.clock.now())?;
    let found = to_the_end(async move {
        let _held = held;
        api.hub.resolve(&caller.source(), &sketch).await
    })
    .await?;
    let kinds: Vec<_> = found.by_kind.iter().map(|(kind, people)| json!({"kind": kind, "people": people})).collect();
    let departments: Vec<_> = found
        .by_department
        .iter()
        .take(DEPARTMENTS)
        .map(|(name, people)| json!({"name": name, "people": people}))
        .collect();
    let warnings: Vec<_> = hub::missing(&found.missing_channels).iter().map(|warning| warning.note(lang)).collect();
    Ok(Json(json!({
        "recipients": found.recipients,
        "repeated": found.repeated,
        "by_kind": kinds,
        "by_department": departments,
        "without": {
            "phone": found.unreachable.no_phone,
            "email": found.unreachable.no_email,
            "dingtalk": found.unreachable.no_dingtalk,
        },
        "sms_segments": found.sms_segments,
        "cost_units": found.cost_units,
        "quota": found.quota.as_ref().map(quota),
        "approval": found.approval.as_ref().map(needed),
        "warnings": warnings,
    })))
}

/// What its SMS would take, and what is left of the month.
fn quota(charge: &Charge) -> Value {
    let Charge { standing, pieces } = charge;
    json!({
        "name": standing.name,
        "month": standing.month,
        "limit": standing.pieces,
        "used": standing.used,
        "needed": pieces,
        "beyond": standing.beyond(*pieces),
        "strict": standing.mode == Mode::Strict,
    })
}

/// How many would be asked first, and how many at each node after it.
fn needed(needed: &NeededApproval) -> Value {
    let node = |each: &NeededNode| {
        json!({
            "name": each.node.name,
            "approver": each.node.approver,
            "consent": each.node.consent,
            "approvers": each.people.len(),
        })
    };
    json!({
        "rule": needed.rule,
        "approvers": needed.approvers,
        "nodes": needed.nodes.iter().map(node).collect::<Vec<_>>(),
    })
}
