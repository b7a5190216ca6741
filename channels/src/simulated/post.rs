//! The callbacks of the simulated carrier: real HTTP POSTs to the hub, signed,
//! in order, tried again for a while as providers do, and how to read them.
//!
//! Invariant: a callback carries the time of its own attempt, so that one tried
//! again is as fresh as one that is new.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use super::phone::{Event, Medium};
use crate::{CallbackError, Report, SetupError, http, signature};

/// Waiting to be posted; more than this are dropped, and the hub must ask.
const MOST_WAITING: usize = 20_000;
/// Events in one POST.
const MOST_TOGETHER: usize = 100;
/// Pauses before the second and the further attempts.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30)];

/// One thing that happened, as the body of a callback holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub key: String,
    #[serde(rename = "ref")]
    pub reference: String,
    pub event: Event,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressed: Option<String>,
}

impl From<Line> for Report {
    fn from(line: Line) -> Self {
        let confirmed = line.event == Event::Confirmed;
        Self {
            detail: line.event.detail(line.pressed.as_deref()),
            status: line.event.status(),
            key: line.key,
            reference: Some(line.reference),
            // A key that stands for nothing is told in words only.
            pressed: line.pressed.filter(|_| confirmed),
        }
    }
}

/// Where callbacks go and how they are signed.
#[derive(Clone)]
struct Target {
    base: String,
    secret: String,
    client: reqwest::Client,
}

/// What the carrier and the task that posts both need.
struct Shared {
    /// Unix microseconds of the last tick.
    now: AtomicI64,
    target: Mutex<Option<Target>>,
    /// Events taken over and not yet posted or given up.
    outstanding: watch::Sender<usize>,
}

pub struct Post {
    shared: Arc<Shared>,
    queue: mpsc::Sender<(Medium, Line)>,
    /// Until the first address is known.
    waiting: Mutex<Option<mpsc::Receiver<(Medium, Line)>>>,
}

impl Post {
    pub fn new() -> Self {
        let (queue, waiting) = mpsc::channel(MOST_WAITING);
        Self {
            shared: Arc::new(Shared {
                now: AtomicI64::new(0),
                target: Mutex::new(None),
                outstanding: watch::Sender::new(0),
            }),
            queue,
            waiting: Mutex::new(Some(waiting)),
        }
    }

    pub fn now(&self) -> i64 {
        self.shared.now.load(Ordering::Relaxed)
    }

    pub fn set_now(&self, micros: i64) {
        self.shared.now.store(micros, Ordering::Relaxed);
    }

    /// From now on events go to `{base}/callbacks/{channel}`; those that waited go first.
    pub fn set_target(&self, base: &str, secret: &str) -> Result<(), SetupError> {
        let target = Target {
            base: base.trim_end_matches('/').to_owned(),
            secret: secret.to_owned(),
            client: http::client(base, Duration::from_secs(10))?,
        };
        *lock(&self.shared.target) = Some(target);
        if let Some(waiting) = lock(&self.waiting).take() {
            tokio::spawn(run(self.shared.clone(), waiting));
        }
        Ok(())
    }

    pub(super) fn tell(&self, channel: Medium, line: Line) {
        self.shared.outstanding.send_modify(|count| *count += 1);
        if self.queue.try_send((channel, line)).is_err() {
            self.shared.outstanding.send_modify(|count| *count -= 1);
            tracing::warn!("a callback of the simulated carrier was dropped: too many are waiting");
        }
    }

    /// Returns when nothing is left to post, at once when there is nowhere to post to.
    pub async fn settled(&self) {
        if lock(&self.shared.target).is_some() {
            let mut outstanding = self.shared.outstanding.subscribe();
            // Cannot fail: the sender lives as long as `self`.
            let _ = outstanding.wait_for(|count| *count == 0).await;
        }
    }

    /// Verifies a callback and reads it.
    pub fn read(&self, headers: &[(String, String)], body: &[u8], now_unix: i64) -> Result<Vec<Report>, CallbackError> {
        let Some(target) = lock(&self.shared.target).clone() else {
            return Err(CallbackError::BadSignature);
        };
        signature::verify(target.secret.as_bytes(), headers, body, now_unix)?;
        let lines: Vec<Line> = serde_json::from_slice(body).map_err(|_| CallbackError::Malformed)?;
        Ok(lines.into_iter().map(Report::from).collect())
    }
}

/// Posts until the carrier is dropped: neighbours of one channel together.
async fn run(shared: Arc<Shared>, mut waiting: mpsc::Receiver<(Medium, Line)>) {
    let mut taken = Vec::with_capacity(MOST_TOGETHER);
    while waiting.recv_many(&mut taken, MOST_TOGETHER).await > 0 {
        for together in taken.chunk_by(|one, next| one.0 == next.0) {
            let lines: Vec<_> = together.iter().map(|(_, line)| line).collect();
            let body = serde_json::to_vec(&lines).expect("plain strings are always JSON");
            if let Err(reason) = post(&shared, together[0].0, body).await {
                tracing::warn!(reason, "the simulated carrier gave up a callback");
            }
            let done = together.len();
            shared.outstanding.send_modify(|count| *count -= done);
        }
        taken.clear();
    }
}

/// Tries until it is taken, surely refused, or the pauses are used up.
async fn post(shared: &Shared, channel: Medium, body: Vec<u8>) -> Result<(), String> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let reason = match attempt(shared, channel, body.clone()).await {
            Ok(status) if status.is_success() => return Ok(()),
            Ok(status) if status.is_client_error() => return Err(status.to_string()),
            Ok(status) => status.to_string(),
            Err(error) => error.without_url().to_string(),
        };
        let Some(pause) = pauses.next() else {
            return Err(reason);
        };
        tokio::time::sleep(pause).await;
    }
}

async fn attempt(shared: &Shared, channel: Medium, body: Vec<u8>) -> reqwest::Result<reqwest::StatusCode> {
    let target = lock(&shared.target).clone();
    let target = target.expect("the task is started after the target was set, and it stays set");
    let timestamp = (shared.now.load(Ordering::Relaxed) / 1_000_000).to_string();
    let signature = sign(&target.secret, &timestamp, &body);
    let url = format!("{}/callbacks/{}", target.base, channel.name());
    let request = target
        .client
        .post(url)
        .header("content-type", "application/json")
        .header("x-timestamp", timestamp)
        .header("x-signature", signature)
        .body(body);
    Ok(request.send().await?.status())
}

/// The `X-Signature` of a callback with this `X-Timestamp` and this body.
pub fn sign(secret: &str, timestamp: &str, body: &[u8]) -> String {
    signature::sign(secret.as_bytes(), &[timestamp.as_bytes(), b".", body])
}

/// A panic elsewhere leaves nothing here half-changed.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
