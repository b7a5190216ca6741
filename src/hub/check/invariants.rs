//! The checker: what the promise says (reliability, I1 to I27), asked of the database. Every test
//! ends with it; an operator may run it at any time. What others saw is held against the database
//! in [`super::witness`].

use chrono::Duration;

use crate::{
    clock::Timestamp,
    domain::{MessageId, SeriesId, message::Recurrence},
    hub::{Hub, Result, engine::seal, send::intake::content_hash},
    storage::{
        Tx, attachments,
        invariants::{self, OPEN, Open, UNFINISHED},
        messages::{self, Message},
        snapshot,
    },
};

/// Messages whose hashes are compared at a time.
const PAGE: i64 = 500;

/// One promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Violation {
    /// `I1` … `I27`.
    pub id: &'static str,
    pub what: String,
}

/// Everything that holds at every moment, and that nothing is open for longer than it may be.
/// Reads every message, so it may take a while on a large database.
pub async fn check(hub: &Hub) -> Result<Vec<Violation>> {
    let mut found = check_always(hub).await?;
    found.extend(list_stuck(hub).await?);
    Ok(found)
}

async fn check_always(hub: &Hub) -> Result<Vec<Violation>> {
    let mut found = Vec::new();
    for rule in invariants::rules() {
        let mut tx = hub.db.read().await?;
        for (message, times) in invariants::list_breaches(&mut tx, rule).await? {
            found.push(of(rule.id, message, &format!("{} ({times})", rule.broken)));
        }
    }
    compare_hashes(hub, &mut found).await?;
    follow_series(hub, &mut found).await?;
    if let Some(seal::Break { seal_no }) = seal::verify(&hub.db).await? {
        found.push(Violation { id: "I19", what: format!("the audit does not fit its seals from number {seal_no} on") });
    }
    Ok(found)
}

/// [`check`] for a hub that has come to rest: nothing that is due is left to do.
pub async fn check_quiet(hub: &Hub) -> Result<Vec<Violation>> {
    let mut found = check_always(hub).await?;
    let now = hub.clock.now();
    for open in OPEN.iter().chain(&UNFINISHED) {
        count(hub, open, now, &mut found).await?;
    }
    Ok(found)
}

/// What has been open for too long (I22). Cheap enough to ask every few seconds.
pub async fn list_stuck(hub: &Hub) -> Result<Vec<Violation>> {
    let mut found = Vec::new();
    for open in &OPEN {
        count(hub, open, hub.clock.now() - Duration::seconds(open.patience), &mut found).await?;
    }
    Ok(found)
}

async fn count(hub: &Hub, open: &Open, before: Timestamp, found: &mut Vec<Violation>) -> Result<()> {
    let mut tx = hub.db.read().await?;
    let number = invariants::count_open(&mut tx, open, before).await?;
    if number > 0 {
        found.push(Violation { id: open.id, what: format!("{number} {}", open.what) });
    }
    Ok(())
}

/// What was agreed to is what is there: contents and recipients, hashed anew (I3).
async fn compare_hashes(hub: &Hub, found: &mut Vec<Violation>) -> Result<()> {
    let mut after = MessageId(uuid::Uuid::nil());
    loop {
        let mut tx = hub.db.read().await?;
        let page = invariants::list_messages(&mut tx, after, PAGE).await?;
        for id in &page {
            if let Some(message) = messages::find(&mut tx, *id).await? {
                compare(&mut tx, &message, found).await?;
            }
        }
        match page.last() {
            Some(last) => after = *last,
            None => return Ok(()),
        }
    }
}

async fn compare(tx: &mut Tx, message: &Message, found: &mut Vec<Violation>) -> Result<()> {
    let files = attachments::list(tx, message.id).await?;
    if content_hash(message, &files)[..] != message.content_hash[..] {
        found.push(of("I3", message.id, "does not say any more what it said when it was accepted"));
    }
    if snapshot::hash(tx, message.id).await? != message.snapshot_hash {
        found.push(of("I3", message.id, "does not go any more to whom it was accepted for"));
    }
    Ok(())
}

/// Every run of a series has a time of it, and none of its times was passed over that had not gone by
/// when the run after it was made (I9).
async fn follow_series(hub: &Hub, found: &mut Vec<Violation>) -> Result<()> {
    let mut after = SeriesId(uuid::Uuid::nil());
    loop {
        let page = invariants::list_series(&mut hub.db.read().await?, after, PAGE).await?;
        for (series, recurrence) in &page {
            follow(hub, *series, &recurrence.0, found).await?;
        }
        match page.last() {
            Some((last, _)) => after = *last,
            None => return Ok(()),
        }
    }
}

async fn follow(hub: &Hub, series: SeriesId, recurrence: &Recurrence, found: &mut Vec<Violation>) -> Result<()> {
    let mut before: Option<Timestamp> = None;
    loop {
        let after = before.unwrap_or(Timestamp::UNIX_EPOCH);
        let runs = invariants::list_runs(&mut hub.db.read().await?, series, after, PAGE).await?;
        if runs.is_empty() {
            return Ok(());
        }
        for (message, at, made_at) in runs {
            // The first begins at the time that its sender names.
            let from = before.map_or(at - Duration::seconds(1), |before| before.max(made_at));
            if recurrence.next_after(from) != Some(at) {
                found.push(of("I9", message, "is a run of a series at none of its times, or not at the next one"));
            }
            before = Some(at);
        }
    }
}

pub(super) fn of(id: &'static str, message: MessageId, what: &str) -> Violation {
    Violation { id, what: format!("message {message} {what}") }
}
