//! `POST /callbacks/{channel}`: what providers report. Believed only when the channel can verify it.
//!
//! Providers push again whatever is not taken quickly, so everything that is genuine is taken, even
//! what cannot be used: that is counted.

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use channels::CallbackError;
use serde_json::{Value, json};

use super::{Api, ApiError, answer::to_the_end, body, path::InPath};
use crate::domain::{Problem, problem::Class};

pub async fn take(
    State(api): State<Api>,
    InPath(channel): InPath<String>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let provider = api.hub.channels.get(&channel).ok_or_else(Problem::not_found)?;
    let (parts, body) = request.into_parts();
    let (bytes, _held) = body::bytes(api.hub.in_hand.room(), &parts.headers, body, body::CALLBACK).await?;
    let text = |value: &axum::http::HeaderValue| value.to_str().ok().map(str::to_owned);
    let headers: Vec<_> =
        parts.headers.iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect();
    let refused = |reason: &'static str| {
        metrics::counter!("zhihui_callbacks_refused_total", "channel" => provider.name(), "reason" => reason)
            .increment(1);
    };
    match provider.callback(&headers, &bytes, api.hub.clock.now().timestamp()) {
        Ok(reports) => {
            to_the_end(async move { api.hub.take_reports(&channel, reports).await }).await?;
            Ok((StatusCode::OK, taken()))
        }
        Err(CallbackError::Malformed) => {
            refused("malformed");
            Ok((StatusCode::ACCEPTED, taken()))
        }
        Err(CallbackError::Unsupported) => Err(Problem::not_found().into()),
        Err(error @ (CallbackError::BadSignature | CallbackError::Stale)) => {
            refused(if error == CallbackError::Stale { "stale" } else { "signature" });
            Err(Problem::new(Class::Unauthenticated, "CALLBACK_SIGNATURE", "", "回调签名不符或已过期")
                .in_english("the callback's signature does not fit, or it is too old")
                .into())
        }
    }
}

/// Aliyun looks for `code`, Tencent for `result`; both want 0.
fn taken() -> Json<Value> {
    Json(json!({"code": 0, "result": 0, "msg": "ok", "errmsg": "OK"}))
}
