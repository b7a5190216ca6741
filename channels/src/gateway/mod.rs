//! A generic SMS gateway over HTTP, as telecom companies and universities run them.
//!
//! `POST {"to", "text", "ref"}` answers `{"code": 0, "msgid": "…"}`; with a secret,
//! `X-Signature` is the hex HMAC-SHA256 of the body. What the answers mean is in
//! [`answer`], what it reports later in [`report`]. Invariant: once the request has left, nothing but the gateway's own
//! word makes a message "not sent".

mod answer;
mod report;

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use reqwest::{Client, Response, StatusCode, Url, header};
use serde::Serialize;

use self::answer::Answer;
use crate::{
    Accepted, CallbackError, Channel, Outgoing, Repeat, Report, SendError, SetupError, Supports, http, signature,
};

/// From the first byte of a request to the last of its answer.
const TOTAL: Duration = Duration::from_secs(10);
/// An answer longer than this is not one of a gateway.
const MOST_BYTES: usize = 64 * 1024;

pub struct Gateway {
    name: &'static str,
    url: Url,
    secret: Option<String>,
    client: Client,
}

#[derive(Serialize)]
struct Body<'a> {
    to: &'a str,
    text: &'a str,
    #[serde(rename = "ref")]
    reference: &'a str,
}

impl Gateway {
    /// A channel of this name that posts to `url`, signed when there is a secret.
    ///
    /// # Errors
    /// When `url` is no http(s) address, or TLS finds no certificates to trust.
    pub fn new(name: &'static str, url: &str, secret: Option<String>) -> Result<Self, SetupError> {
        Ok(Self {
            name,
            client: http::client(url, TOTAL)?,
            url: Url::parse(url).map_err(|error| SetupError::Url(error.into()))?,
            secret,
        })
    }

    async fn send_one(&self, outgoing: &Outgoing) -> Result<Accepted, SendError> {
        let body = Body { to: &outgoing.address, text: &text(outgoing), reference: &outgoing.idempotency_key };
        let body = serde_json::to_vec(&body).expect("plain strings are always JSON");
        let mut request = self.client.post(self.url.clone()).header(header::CONTENT_TYPE, "application/json");
        if let Some(secret) = &self.secret {
            request = request.header("X-Signature", signature::sign(secret.as_bytes(), &[&body]));
        }
        let response = request.body(body).send().await.map_err(not_answered)?;
        let (status, retry_after) = (response.status(), answer::retry_after(response.headers()));
        let body = read(response).await;
        Answer { status, retry_after, body: body.as_deref() }.judge()
    }
}

/// The hub's words and, unless they hold it already, where to read on.
fn text(outgoing: &Outgoing) -> String {
    match &outgoing.link {
        Some(link) if !outgoing.text.contains(link.as_str()) => format!("{} {link}", outgoing.text),
        _ => outgoing.text.clone(),
    }
}

/// Only a connection that never stood is a proof that nothing was sent. The
/// address is left out of the error: it may hold credentials.
fn not_answered(error: reqwest::Error) -> SendError {
    let unsent = error.is_connect() || error.is_builder();
    let source = error.without_url().into();
    if unsent { SendError::Temporary { source, retry_after: None } } else { SendError::Ambiguous(source) }
}

/// The body, or `None` when it was cut or is far too long.
async fn read(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST_BYTES {
            return None;
        }
    }
    Some(body)
}

#[async_trait]
impl Channel for Gateway {
    fn name(&self) -> &'static str {
        self.name
    }

    fn supports(&self) -> Supports {
        Supports {
            batch: 100,
            // Everything that is handed over leaves at once: nothing waits here that could still be
            // recalled, or that a crash would leave in doubt.
            concurrency: 4,
            repeat: Repeat::Unsafe,
            callbacks: self.secret.is_some(),
            query: false,
            recall: false,
        }
    }

    async fn send(&self, batch: &[Outgoing]) -> Vec<Result<Accepted, SendError>> {
        join_all(batch.iter().map(|outgoing| self.send_one(outgoing))).await
    }

    /// A gateway without a secret cannot prove who it is.
    fn callback(&self, headers: &[(String, String)], body: &[u8], now_unix: i64) -> Result<Vec<Report>, CallbackError> {
        let secret = self.secret.as_ref().ok_or(CallbackError::Unsupported)?;
        signature::verify(secret.as_bytes(), headers, body, now_unix)?;
        report::read(body)
    }

    /// A HEAD: any answer shows that it is in reach; only some gateways also look
    /// at the credentials then.
    async fn check(&self) -> Result<(), SendError> {
        let sent = self.client.head(self.url.clone()).send().await;
        // Nothing was asked for, so that even a lost answer is only "out of reach".
        let status = sent.map_err(|error| SendError::temporary(error.without_url()))?.status();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(SendError::refused(status.as_str(), "the gateway does not take the credentials"))
            }
            status if status.is_server_error() => Err(SendError::temporary(status.to_string())),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
