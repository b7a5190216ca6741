//! The pages that are looked at, through the same router as a browser's, signed in, and how long each
//! takes from the request to the last byte of its answer.

use std::time::Instant;

use anyhow::{Context, ensure};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{Request, header},
};
use serde::{Deserialize, Serialize};
use tower::ServiceExt;

use super::fill;
use crate::{
    domain::{MessageId, seal},
    hub::{Hub, Tallies, follow::tallies::Tally},
    storage::{
        crowd::{self, Crowd, LINES, SENT},
        messages::{self, Message},
        sessions::{self, Opening},
    },
    web::{self, Web},
};

/// Looked at before anything is measured: every connection has its statements then.
const WARM: usize = 30;
/// What is looked at beside pages.
const COUNT: &str = "counting a large message";
const FIRST_LOOK: &str = "data page, the first after a start";
/// A count of a large message is asked for as after a start so many times.
const FIRST: usize = 3;

/// Milliseconds of one page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Taken {
    pub page: String,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// Whose page.
#[derive(Debug, Clone, Copy)]
enum Who {
    /// each time another reader
    Readers,
    /// each time another sender
    Senders,
    /// who sent the large message
    First,
    /// who has read nothing
    Last,
}

/// A page and what it must hold.
struct Page {
    name: &'static str,
    who: Who,
    path: String,
    fragment: &'static str,
    holds: String,
}

impl Page {
    fn new(name: &'static str, who: Who, path: impl Into<String>, holds: impl Into<String>) -> Self {
        Self { name, who, path: path.into(), fragment: "", holds: holds.into() }
    }

    /// The table of people alone, as a script asks for it.
    fn people(name: &'static str, path: String, holds: impl Into<String>) -> Self {
        Self { fragment: "people", ..Self::new(name, Who::First, path, holds) }
    }
}

/// A hub with its pages, and everybody's cookie.
pub struct Looker {
    pub hub: Hub,
    pub crowd: Crowd,
    router: Router,
    readers: Vec<(i64, String)>,
    senders: Vec<(i64, String)>,
    last: (i64, String),
}

impl Looker {
    pub async fn new(hub: Hub, crowd: Crowd, requests: usize) -> anyhow::Result<Self> {
        let router = router(&hub)?;
        let readers = spread(crowd.readers, requests + WARM);
        let senders = spread((crowd.messages() / SENT).max(1), requests);
        Ok(Self {
            readers: sessions_of(&hub, readers).await?,
            senders: sessions_of(&hub, senders).await?,
            last: sessions_of(&hub, vec![crowd.last()]).await?.remove(0),
            hub,
            crowd,
            router,
        })
    }

    /// What can be looked at. Last what a message is counted for: that would slow what comes after it.
    pub fn names(&self) -> Vec<&'static str> {
        self.pages().iter().map(|page| page.name).chain([super::BARE, COUNT, FIRST_LOOK]).collect()
    }

    /// The nth of [`Looker::names`] so often.
    pub async fn look(&mut self, nth: usize, requests: usize) -> anyhow::Result<Taken> {
        match self.names().get(nth) {
            Some(&super::BARE) => self.bare(requests).await,
            Some(&COUNT) => self.count().await,
            Some(&FIRST_LOOK) => self.first_look().await,
            _ => self.measure(&self.pages()[nth], requests).await,
        }
    }

    fn pages(&self) -> Vec<Page> {
        use Who::{First, Last, Readers, Senders};
        let cursor = format!("{}.{}", self.crowd.came(LINES / 2).timestamp_micros(), uuid::Uuid::max().simple());
        let large = format!("/outbox/{}", self.crowd.large());
        let people = |query: &str| format!("{large}?{query}");
        let far = crowd::person(self.crowd.people * 9 / 10);
        let row = "data-id=";
        let named = fill::account(self.crowd.people / 2);
        vec![
            Page::new("inbox", Readers, "/inbox", row),
            Page::new("inbox, a later page", Readers, format!("/inbox?cursor={cursor}"), row),
            Page::new("inbox, unread", Readers, "/inbox?tab=unread", row),
            Page::new("inbox, to be answered", Readers, "/inbox?tab=receipt", row),
            Page::new("inbox, with files", Readers, "/inbox?tab=files", ""),
            Page::new("inbox, search", Readers, "/inbox?q=%E4%BC%9A%E8%AE%AE", ""),
            Page::new("inbox, search without a hit", Readers, "/inbox?q=zzzz", ""),
            Page::new("inbox of 10,000 lines", Last, "/inbox", row),
            Page::new("the same, search without a hit", Last, "/inbox?q=zzzz", ""),
            Page::new("unread badge, 50 unread", Readers, "/events/now", "\"inbox\":"),
            Page::new("unread badge, 10,000 unread", Last, "/events/now", "\"inbox\":"),
            Page::new("outbox", Senders, "/outbox", "/outbox/"),
            Page::new("outbox, page 50", Senders, "/outbox?page=50", "/outbox/"),
            Page::new("data page", First, large.clone(), "关于全体师生的通知"),
            Page::people("recipients", people("people=all"), fill::account(1)),
            Page::people("recipients, far behind", people(&format!("people=all&after={far}")), ""),
            Page::people("recipients, unread", people("people=unread"), ""),
            Page::people("recipients, read", people("people=read"), ""),
            Page::people("recipients, failed", people("people=failed"), ""),
            Page::people("recipients, not answered", people("people=no_receipt"), ""),
            Page::people("recipients, answered", people("people=answered"), ""),
            Page::people("recipients, a common surname", people("people=all&q=%E7%8E%8B"), "王"),
            Page::people("recipients, a common sound", people("people=all&q=wang"), "王"),
            Page::people("recipients, unread, a common surname", people("people=unread&q=%E7%8E%8B"), ""),
            Page::people("recipients, an account", people(&format!("people=all&q={named}")), named),
            Page::people("recipients, nobody's name", people("people=all&q=%E9%BE%98%E9%BE%98"), ""),
        ]
    }

    async fn measure(&self, page: &Page, requests: usize) -> anyhow::Result<Taken> {
        let cookies = match page.who {
            Who::Readers => &self.readers,
            Who::Senders => &self.senders,
            Who::First => &self.senders[..1],
            Who::Last => std::slice::from_ref(&self.last),
        };
        self.touch(cookies).await?;
        for nth in 0..WARM.min(requests) {
            let (_, answer) = self.ask(page, &cookies[cookies.len() - 1 - nth % cookies.len()].1, false).await?;
            let answer = String::from_utf8_lossy(&answer);
            ensure!(answer.contains(&page.holds), "{} has no “{}”: {answer}", page.path, page.holds);
        }
        let mut taken = Vec::with_capacity(requests);
        for nth in 0..requests {
            taken.push(self.ask(page, &cookies[nth % cookies.len()].1, true).await?.0);
        }
        Ok(summed(page.name, taken))
    }

    /// These sessions have just been used: else some pages would write that down, once a minute each.
    async fn touch(&self, cookies: &[(i64, String)]) -> anyhow::Result<()> {
        let mut tx = self.hub.db.begin().await?;
        for (_, session) in cookies {
            sessions::mark_seen(&mut tx, &seal::sha256(session.as_bytes()), self.hub.clock.now()).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Milliseconds, and the answer; compressed as a browser asks for it, or readable.
    async fn ask(&self, page: &Page, session: &str, compressed: bool) -> anyhow::Result<(f64, Bytes)> {
        let cookie = format!("session={session}; __Host-session={session}");
        let mut request = Request::get(&page.path).header(header::COOKIE, cookie);
        if compressed {
            request = request.header(header::ACCEPT_ENCODING, "gzip");
        }
        if !page.fragment.is_empty() {
            request = request.header("x-fragment", page.fragment);
        }
        let request = request.body(Body::empty())?;
        let begun = Instant::now();
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        let answer = to_bytes(response.into_body(), usize::MAX).await?;
        let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
        ensure!(status.is_success(), "{} answers {status}", page.path);
        Ok((milliseconds, answer))
    }

    /// The data page as after a start, with what was counted a moment before.
    async fn first_look(&mut self) -> anyhow::Result<Taken> {
        let page = Page::new("", Who::First, format!("/outbox/{}", self.crowd.large()), "");
        self.hub.count_again(&self.large().await?, &Tally::default()).await;
        let mut taken = Vec::new();
        for _ in 0..FIRST {
            self.hub.tallies = Tallies::default();
            self.router = router(&self.hub)?;
            taken.push(self.ask(&page, &self.senders[0].1, true).await?.0);
        }
        Ok(summed(FIRST_LOOK, taken))
    }

    /// Counting the large message, which a page waits for when nobody did of late.
    async fn count(&self) -> anyhow::Result<Taken> {
        let message = self.large().await?;
        let mut taken = Vec::new();
        for _ in 0..FIRST {
            let begun = Instant::now();
            self.hub.tally(&message).await?;
            taken.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(summed(COUNT, taken))
    }

    async fn large(&self) -> anyhow::Result<Message> {
        let message = messages::find(&mut self.hub.db.read().await?, self.crowd.large()).await?;
        message.context("it was written with everything else")
    }

    /// One page of an inbox, asked of the database and not shown.
    async fn bare(&self, requests: usize) -> anyhow::Result<Taken> {
        let before = (crate::clock::END_OF_TIME, MessageId(uuid::Uuid::max()));
        let mut taken = Vec::with_capacity(requests);
        for nth in 0..requests {
            let reader = crowd::person(self.readers[nth % self.readers.len()].0);
            let begun = Instant::now();
            let mut tx = self.hub.db.read().await?;
            let lines = crowd::bare_page(&mut tx, reader, before, 31).await?;
            drop(tx);
            taken.push(begun.elapsed().as_secs_f64() * 1000.0);
            ensure!(lines == 31, "a reader has {lines} lines");
        }
        Ok(summed(super::BARE, taken))
    }
}

fn router(hub: &Hub) -> anyhow::Result<Router> {
    Ok(web::router(Web::open(hub.clone(), None, Vec::new())?))
}

/// So many numbers from 1 on, as far apart as can be.
fn spread(among: i64, wanted: usize) -> Vec<i64> {
    let wanted = i64::try_from(wanted).expect("nobody asks for so many").min(among);
    (0..wanted).map(|nth| 1 + nth * among / wanted).collect()
}

async fn sessions_of(hub: &Hub, people: Vec<i64>) -> anyhow::Result<Vec<(i64, String)>> {
    let at = hub.clock.now();
    let mut tx = hub.db.begin().await?;
    let mut opened = Vec::new();
    for number in people {
        let (token, token_hash) = seal::token();
        let opening = Opening {
            token_hash: &token_hash,
            person: crowd::person(number),
            csrf: "bench",
            at,
            expires_at: at + chrono::Duration::hours(12),
        };
        sessions::insert(&mut tx, &opening).await?;
        opened.push((number, token));
    }
    tx.commit().await?;
    Ok(opened)
}

fn summed(page: &str, mut taken: Vec<f64>) -> Taken {
    taken.sort_by(f64::total_cmp);
    let at = |share: f64| taken[((taken.len() - 1) as f64 * share).round() as usize];
    Taken { page: page.to_owned(), p50_ms: at(0.5), p99_ms: at(0.99) }
}
