//! The checker: what the promise says (reliability, I1 to I27), asked of the database and of what
//! the providers saw. Every test ends with it; an operator may run it at any time.

use std::collections::BTreeMap;

use channels::Repeat;
use chrono::Duration;

use super::{Hub, Result, audience::snapshot_hash, intake::content_hash, seal};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId,
        delivery::{Key, State},
    },
    storage::{
        Tx, approvals, attachments, deliveries,
        invariants::{self, OPEN, Open, UNFINISHED},
        messages::{self, Message},
    },
};

/// Messages whose hashes are compared in one transaction.
const PAGE: i64 = 500;
/// What a worker has in hand when a message is recalled may still leave.
const IN_HAND: Duration = Duration::seconds(2);

/// One promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Violation {
    /// `I1` … `I27`.
    pub id: &'static str,
    pub what: String,
}

/// One message or call that a provider says it has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub channel: String,
    /// [`channels::Outgoing::idempotency_key`].
    pub key: String,
    pub at: Timestamp,
}

/// Everything that holds at every moment, and that nothing is open for longer than it may be.
/// Reads every message, so it may take a while on a large database.
pub async fn check(hub: &Hub) -> Result<Vec<Violation>> {
    let mut found = Vec::new();
    for rule in invariants::rules() {
        let mut tx = hub.db.read().await?;
        for (message, times) in invariants::list_breaches(&mut tx, rule).await? {
            found.push(of(rule.id, message, &format!("{} ({times})", rule.broken)));
        }
    }
    compare_hashes(hub, &mut found).await?;
    if let Some(seal::Break { seal_no }) = seal::verify(&hub.db).await? {
        found.push(Violation { id: "I19", what: format!("the audit does not fit its seals from number {seal_no} on") });
    }
    found.extend(list_stuck(hub).await?);
    Ok(found)
}

/// [`check`] for a hub that has come to rest: nothing that is due is left to do.
pub async fn check_quiet(hub: &Hub) -> Result<Vec<Violation>> {
    let mut found = check(hub).await?;
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

/// What the providers saw against what the database says that they were given (I4, I5, I7, I8).
pub async fn check_provider(hub: &Hub, log: &[Seen]) -> Result<Vec<Violation>> {
    let mut by_key: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for seen in log {
        by_key.entry(&seen.key).or_default().push(seen);
    }
    let mut found = Vec::new();
    let mut tx = hub.db.read().await?;
    for (name, seen) in by_key {
        let Ok(key) = name.parse::<Key>() else {
            found.push(Violation { id: "I4", what: format!("{name} is no delivery of ours") });
            continue;
        };
        witness(hub, &mut tx, &key, &seen, &mut found).await?;
    }
    Ok(found)
}

/// One delivery and all that its provider saw of it.
async fn witness(hub: &Hub, tx: &mut Tx, key: &Key, seen: &[&Seen], found: &mut Vec<Violation>) -> Result<()> {
    let delivery = deliveries::find(tx, key).await?;
    let message = messages::find(tx, key.message).await?;
    let (Some(delivery), Some(message)) = (delivery, message) else {
        found.push(Violation { id: "I4", what: format!("{key} left the hub and is not in the database") });
        return Ok(());
    };
    let may_repeat = hub.channels.lane(&key.channel).is_some_and(|lane| lane.supports().repeat == Repeat::Safe);
    if seen.len() > 1 && !may_repeat {
        let id = if key.channel == "voice" { "I5" } else { "I4" };
        found.push(Violation { id, what: format!("{key} reached its provider {} times", seen.len()) });
    }
    if delivery.attempts < 1 || delivery.state == State::Expired {
        let what = format!("{key} reached its provider and is called {}", delivery.state);
        found.push(Violation { id: "I4", what });
    }
    let consent = approvals::list_of_message(tx, key.message).await?;
    let decided = consent.iter().filter(|approval| approval.state == crate::domain::approval::State::Approved);
    let allowed = if consent.is_empty() { message.sent_at } else { decided.filter_map(|each| each.decided_at).min() };
    let too_early = |at: Timestamp| allowed.is_none_or(|allowed| at < allowed);
    let too_late = |at: Timestamp| message.recalled_at.is_some_and(|recalled| at > recalled + IN_HAND);
    if seen.iter().any(|seen| too_early(seen.at)) {
        found.push(of("I7", key.message, &format!("reached a provider before it was allowed to ({key})")));
    }
    if seen.iter().any(|seen| too_late(seen.at)) {
        found.push(of("I8", key.message, &format!("reached a provider after it was recalled ({key})")));
    }
    Ok(())
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
    if snapshot_hash(tx, message.id).await?[..] != message.snapshot_hash[..] {
        found.push(of("I3", message.id, "does not go any more to whom it was accepted for"));
    }
    Ok(())
}

fn of(id: &'static str, message: MessageId, what: &str) -> Violation {
    Violation { id, what: format!("message {message} {what}") }
}
