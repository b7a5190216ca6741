//! `POST /api/v1/messages/{id}/recall`, `…/remind` and `…/release`
//!
//! Under an `Idempotency-Key` each is done once; the same key over the queue is the same request.

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    Api, ApiError,
    answer::{language, to_the_end},
    body,
    caller::Caller,
    idempotency,
    path::InPath,
};
use crate::{
    domain::{
        MessageId,
        command::{self, Name},
        message,
    },
    hub::{Once, Source, engine::room::Held},
};

pub async fn recall(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<MessageId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let key = idempotency::optional(&headers)?;
    let fingerprint = command::fingerprint(Name::MessageRecall, &json!({"id": id}));
    let outcome = to_the_end(async move {
        let once = key.as_deref().map(|key| Once { key, fingerprint: &fingerprint });
        api.hub.recall_once(&caller.source(), once, id).await
    })
    .await?;
    let warnings: Vec<_> = outcome.warnings().iter().map(|warning| warning.note(language(&headers))).collect();
    let answer = json!({
        "id": id, "state": message::State::Recalled, "channels": outcome.channels, "warnings": warnings,
    });
    Ok(idempotency::mark((StatusCode::ACCEPTED, Json(answer)).into_response(), outcome.duplicate))
}

/// A message that was held because its time had passed goes out now.
pub async fn release(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<MessageId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let key = idempotency::optional(&headers)?;
    let fingerprint = command::fingerprint(Name::MessageRelease, &json!({"id": id}));
    let released = to_the_end(async move {
        let once = key.as_deref().map(|key| Once { key, fingerprint: &fingerprint });
        api.hub.release(&caller.source(), once, id).await
    })
    .await?;
    let answer = json!({"id": id, "state": released.state});
    Ok(idempotency::mark((StatusCode::ACCEPTED, Json(answer)).into_response(), released.duplicate))
}

/// The series of which the message is a run makes no more of them.
pub async fn stop(State(api): State<Api>, caller: Caller, InPath(id): InPath<MessageId>) -> Result<Response, ApiError> {
    to_the_end(async move { api.hub.stop_series(&caller.source(), id).await }).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({"id": id, "state": "stopped"}))).into_response())
}

pub async fn remind(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<MessageId>,
    request: Request,
) -> Result<Response, ApiError> {
    let asked = Asked::read(&api, caller, Name::MessageRemind, id, request).await?;
    let (to, lang) = (command::read_remind_to(&asked.body)?, asked.lang);
    let reminded = to_the_end(async move { api.hub.remind(&asked.source, asked.once(), id, &to).await }).await?;
    let warnings: Vec<_> = reminded.warnings().iter().map(|warning| warning.note(lang)).collect();
    let answer = json!({"id": id, "people": reminded.people, "warnings": warnings});
    Ok(idempotency::mark((StatusCode::ACCEPTED, Json(answer)).into_response(), reminded.duplicate))
}

/// The whole rule once more, to those who are missing or to everybody.
pub async fn resend(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<MessageId>,
    request: Request,
) -> Result<Response, ApiError> {
    let asked = Asked::read(&api, caller, Name::MessageResend, id, request).await?;
    let (to, lang) = (command::read_resend_to(&asked.body)?, asked.lang);
    let resent = to_the_end(async move { api.hub.resend(&asked.source, asked.once(), id, &to).await }).await?;
    let warnings: Vec<_> = resent.warnings().iter().map(|warning| warning.note(lang)).collect();
    let answer = json!({"id": id, "people": resent.people, "warnings": warnings});
    Ok(idempotency::mark((StatusCode::ACCEPTED, Json(answer)).into_response(), resent.duplicate))
}

/// More people for a message that is out.
pub async fn add_recipients(
    State(api): State<Api>,
    caller: Caller,
    InPath(id): InPath<MessageId>,
    request: Request,
) -> Result<Response, ApiError> {
    let asked = Asked::read(&api, caller, Name::MessageAddRecipients, id, request).await?;
    let audience = command::read_added(&asked.body)?;
    let added =
        to_the_end(async move { api.hub.add_recipients(&asked.source, asked.once(), id, audience).await }).await?;
    Ok(idempotency::mark((StatusCode::ACCEPTED, Json(json!(added))).into_response(), added.duplicate))
}

/// What is asked of a message with a body.
struct Asked {
    source: Source,
    lang: &'static str,
    key: Option<String>,
    fingerprint: [u8; 32],
    body: Value,
    /// Room for the body, held until it is done.
    _held: Held,
}

impl Asked {
    async fn read(api: &Api, caller: Caller, name: Name, id: MessageId, request: Request) -> Result<Self, ApiError> {
        let (source, lang) = (caller.source(), language(request.headers()));
        // What is wrong with a body is nothing to whoever may not know of the message.
        api.hub.check_own(&source, id).await?;
        let key = idempotency::optional(request.headers())?;
        let (body, _, held) = body::json(api.hub.in_hand.room(), request, body::WITHOUT_FILES).await?;
        let fingerprint = command::fingerprint(name, &named(body.clone(), id));
        Ok(Self { source, lang, key, fingerprint, body, _held: held })
    }

    fn once(&self) -> Option<Once<'_>> {
        self.key.as_deref().map(|key| Once { key, fingerprint: &self.fingerprint })
    }
}

/// The body as the queue has it, where no address names the message.
fn named(mut body: Value, id: MessageId) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.insert("id".to_owned(), json!(id));
    }
    body
}
