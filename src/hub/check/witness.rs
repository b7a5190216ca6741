//! What others saw, held against the database: clients what they were answered, providers what
//! they took. The tests keep both; it is the other half of [`super::invariants`].

use std::collections::BTreeMap;

use channels::Repeat;
use chrono::Duration;

use super::invariants::{Violation, of};
use crate::{
    clock::Timestamp,
    domain::{
        ApprovalId, MessageId, approval,
        delivery::{Key, State},
        message,
    },
    hub::{Hub, Result},
    storage::{
        Tx, approvals, deliveries,
        invariants::satisfied_at,
        messages::{self, Message},
    },
};

/// What a worker has in hand when a message is recalled or answered may still leave.
const IN_HAND: Duration = Duration::seconds(2);

/// One message or call that a provider says it has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub channel: String,
    /// [`channels::Outgoing::idempotency_key`].
    pub key: String,
    pub at: Timestamp,
}

/// Something that was answered with a 2xx, so that it must have been committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Accepted(MessageId),
    Recalled(MessageId),
    Decided(ApprovalId, approval::State),
    /// A provider's report of this delivery was taken.
    Reported(Key, State),
}

/// What was answered for is there (I1, I26), and no report was undone by a later one (I10).
pub async fn check_told(hub: &Hub, told: &[Told]) -> Result<Vec<Violation>> {
    let mut found = Vec::new();
    let mut tx = hub.db.read().await?;
    for one in told {
        let broken = match one {
            Told::Accepted(id) => {
                let is_gone = messages::find(&mut tx, *id).await?.is_none();
                is_gone.then(|| of("I1", *id, "was accepted and is gone"))
            }
            Told::Recalled(id) => {
                let is_recalled = |kept: &Message| kept.state == message::State::Recalled;
                let kept = messages::find(&mut tx, *id).await?;
                (!kept.is_some_and(|kept| is_recalled(&kept))).then(|| of("I26", *id, "was recalled and is not"))
            }
            Told::Decided(id, state) => {
                let kept = approvals::find(&mut tx, *id).await?.map(|kept| kept.state);
                (kept != Some(*state)).then(|| Violation { id: "I26", what: format!("approval {id} is not {state}") })
            }
            Told::Reported(key, state) => {
                let kept = deliveries::find(&mut tx, key).await?.map(|kept| kept.state);
                let is_lower = kept.is_none_or(|kept| kept.rank() < state.rank());
                is_lower.then(|| Violation { id: "I10", what: format!("{key} was reported {state} and is {kept:?}") })
            }
        };
        found.extend(broken);
    }
    Ok(found)
}

/// What the providers saw against what the database says that they were given (I4 to I8).
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
    let decided = consent.iter().filter(|each| each.state == approval::State::Approved);
    let allowed = if consent.is_empty() { message.sent_at } else { decided.filter_map(|each| each.decided_at).min() };
    let too_early = |at: Timestamp| allowed.is_none_or(|allowed| at < allowed);
    let too_late = |at: Timestamp| message.recalled_at.is_some_and(|recalled| at > recalled + IN_HAND);
    if seen.iter().any(|seen| too_early(seen.at)) {
        found.push(of("I7", key.message, &format!("reached a provider before it was allowed to ({key})")));
    }
    if seen.iter().any(|seen| too_late(seen.at)) {
        found.push(of("I8", key.message, &format!("reached a provider after it was recalled ({key})")));
    }
    if let Some(unless) = &delivery.unless
        && let Some(at) = satisfied_at(tx, key, unless).await?
        && seen.iter().any(|seen| seen.at > at + IN_HAND)
    {
        found.push(of("I6", key.message, &format!("reached a provider after it was {unless} ({key})")));
    }
    Ok(())
}
