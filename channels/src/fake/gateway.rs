//! A fake SMS gateway: takes what [`crate::gateway`] posts, checks the signature,
//! counts, and fails as told.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Deserialize;

use super::http::{Reply, Request, Server};
use crate::signature;

#[derive(Debug, Clone, Default)]
pub struct GatewayOptions {
    /// From request to answer.
    pub latency: Duration,
    /// Every n-th request is answered 500 `{"code":1,"msg":"busy"}` and not taken; 0: none.
    pub fail_every: u64,
    /// Every n-th request is taken and its connection cut without an answer; 0: none.
    pub cut_every: u64,
    /// Requests without its signature are answered 401 and not taken.
    pub secret: Option<String>,
    /// Answers every request with this and takes none.
    pub always: Option<Reply>,
}

/// What was asked of a gateway so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    pub requests: u64,
    /// Not taken because of `fail_every` or `always`.
    pub failed: u64,
    /// Not taken for want of a signature or of sense.
    pub rejected: u64,
    /// Keys taken at least once.
    pub distinct: u64,
    /// Taken although their key had been taken.
    pub duplicates: u64,
}

/// A running gateway; stops when dropped.
pub struct Gateway {
    /// Where to post.
    pub url: String,
    state: Arc<Mutex<State>>,
    _server: Server,
}

#[derive(Default)]
struct State {
    stats: Stats,
    /// Hash of the key → times taken.
    taken: HashMap<u64, u32>,
    last: String,
}

#[derive(Deserialize)]
struct Sms<'a> {
    #[serde(borrow)]
    to: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow, rename = "ref")]
    key: Cow<'a, str>,
}

impl Gateway {
    pub async fn start(options: GatewayOptions) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let kept = state.clone();
        let server = Server::start(move |request| {
            let reply = lock(&kept).answer(&options, &request);
            Reply { after: reply.after.max(options.latency), ..reply }
        })
        .await;
        Self { url: format!("{}/sms", server.url()), state, _server: server }
    }

    pub fn stats(&self) -> Stats {
        lock(&self.state).stats
    }

    /// Times that this key was taken.
    pub fn taken(&self, key: &str) -> u32 {
        lock(&self.state).taken.get(&hash(key)).copied().unwrap_or_default()
    }

    /// The number and the text that were taken last, with a space between.
    pub fn last(&self) -> String {
        lock(&self.state).last.clone()
    }
}

impl State {
    fn answer(&mut self, options: &GatewayOptions, request: &Request<'_>) -> Reply {
        if !request.is("POST") {
            return Reply::new(405, "");
        }
        self.stats.requests += 1;
        let hits = |every: u64| every > 0 && self.stats.requests.is_multiple_of(every);
        let (fails, cuts) = (hits(options.fail_every), hits(options.cut_every));
        let signed = options.secret.as_ref().is_none_or(|secret| {
            let given = request.header("x-signature").unwrap_or_default();
            signature::fits(secret.as_bytes(), &[request.body], given)
        });
        if !signed {
            self.stats.rejected += 1;
            return Reply::new(401, r#"{"code":401,"msg":"bad signature"}"#);
        }
        let Ok(sms) = serde_json::from_slice::<Sms<'_>>(request.body) else {
            self.stats.rejected += 1;
            return Reply::new(400, r#"{"code":400,"msg":"not an SMS"}"#);
        };
        if fails || options.always.is_some() {
            self.stats.failed += 1;
            let busy = || Reply::new(500, r#"{"code":1,"msg":"busy"}"#);
            return options.always.clone().unwrap_or_else(busy);
        }
        self.take(&sms);
        if cuts {
            return Reply::cut();
        }
        Reply::new(200, format!(r#"{{"code":0,"msgid":"m{}"}}"#, self.stats.requests))
    }

    fn take(&mut self, sms: &Sms<'_>) {
        let times = self.taken.entry(hash(&sms.key)).or_default();
        *times += 1;
        match *times {
            1 => self.stats.distinct += 1,
            _ => self.stats.duplicates += 1,
        }
        self.last.clear();
        self.last.extend([&sms.to, " ", &sms.text]);
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
