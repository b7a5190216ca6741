//! `GET /events`: counts as they change, and which pages have something new, as server-sent events;
//! `GET /events/now`: the counts once, for web views that break streams.
//!
//! One line of JSON each:
//! `{"counts": {"inbox": 30, "approvals": 1}, "changed": ["inbox"], "toast": "…", "href": "…"}`.
//! The first is a full picture of the counts; whoever comes back looks at his page again.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header::CACHE_CONTROL},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use tokio::sync::watch;

use super::counters::Told;
use crate::{
    domain::Problem,
    storage::badges::{self, Badge},
    web::{
        Web,
        door::session::{Look, Me},
        frame::page::Answer,
        views::shell::Counts,
    },
};

const RETRY: Duration = Duration::from_secs(3);
/// After this a browser connects anew, and its session is looked at again.
const LIFETIME: Duration = Duration::from_secs(600);

/// What a page is told.
#[derive(Debug, Serialize)]
struct Line {
    counts: Counts,
    /// Pages with something new: `inbox`, `outbox`, `approvals`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changed: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    toast: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<&'static str>,
}

pub async fn stream(me: Me, headers: HeaderMap) -> Response {
    let counts = me.web.counters.watch(me.id());
    let ended = me.web.counters.closed();
    let token = me.web.token(&headers).to_owned();
    let lines = lines(me.web.clone(), token, me.caller.look, counts);
    let lines = lines.take_until(ended).take_until(tokio::time::sleep(LIFETIME));
    ([(CACHE_CONTROL, "no-store")], Sse::new(lines).keep_alive(KeepAlive::default())).into_response()
}

pub async fn now(State(web): State<Web>, me: Me) -> Answer {
    let mut tx = web.hub.db.read().await?;
    let badge = badges::list(&mut tx, &[me.id()], web.hub.clock.now()).await?.pop().ok_or_else(Problem::not_found)?;
    Ok(Json(Line { counts: badge.into(), changed: Vec::new(), toast: None, href: None }).into_response())
}

/// Nothing more is told to a session that has ended, and the stream ends with it.
fn lines(
    web: Web,
    token: String,
    look: Look,
    told: watch::Receiver<Told>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((web, token, told, None), move |(web, token, mut told, before)| async move {
        // Fails when the task that counts has ended; then the browser comes back to a living one.
        let now = *told.wait_for(|now| now.badge.is_some() && Some(*now) != before).await.ok()?;
        // That it cannot be asked at this moment ends no session.
        if before.is_some() && matches!(web.hub.session_unseen(&token).await, Ok(None)) {
            return None;
        }
        let event = match before {
            None => Event::default().retry(RETRY),
            Some(_) => Event::default(),
        };
        let event = event.json_data(web.line(look, before, now)?).expect("counts and words are plain data");
        Some((Ok(event), (web, token, told, Some(now))))
    })
}

impl Web {
    /// The counts, what is new, and a word when something has come; none without counts.
    fn line(&self, look: Look, before: Option<Told>, now: Told) -> Option<Line> {
        let badge = now.badge?;
        let say = |key, count: i64| self.templates.words().say(look.lang, key, &[("count", count.to_string())]);
        let new =
            |place: &'static str, of: fn(&Told) -> u64| before.filter(|known| of(known) != of(&now)).map(|_| place);
        let changed = [
            new("inbox", |told| told.inbox),
            new("outbox", |told| told.outbox),
            new("approvals", |told| told.approvals),
        ];
        let changed = changed.into_iter().flatten().collect();
        let (toast, href) = match before.and_then(|before| before.badge) {
            Some(before) if badge.pending > before.pending => (say("live.pending", badge.pending), Some("/approvals")),
            Some(before) if badge.unread > before.unread => {
                (say("live.unread", badge.unread), Some("/inbox?tab=unread"))
            }
            _ => (None, None),
        };
        Some(Line { counts: badge.into(), changed, toast, href })
    }
}

impl From<Badge> for Counts {
    fn from(badge: Badge) -> Self {
        Self { inbox: badge.unread, approvals: badge.pending }
    }
}
