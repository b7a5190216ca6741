//! How far a message has come, in numbers, and how it came there over time.
//!
//! Counting a message to a hundred thousand people takes some tenths of a second, so that of large
//! ones a process keeps the last count: whoever looks at a page gets it at once, and when it is no
//! longer new it is counted again behind his back and open pages hear of it. A page says when its
//! numbers are of. Programs always get a new count.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use chrono::Duration;

use super::{Change, Hub, Result};
use crate::{
    clock::Timestamp,
    domain::{MessageId, delivery::State},
    storage::{
        Tx, additions,
        curve::{self, Step},
        deliveries,
        message_status::{self, ChannelPeople, Totals},
        messages::Message,
        receipts, recipients,
    },
};

/// Steps of a curve: an hour's in minutes and a half, a month's in half days.
pub const STEPS: i64 = 48;
/// Messages to fewer people are counted at every look.
const LARGE: i64 = 2_000;
/// A count of a large one is new for so long.
const NEW: Duration = Duration::seconds(2);
/// So many are kept, the last that were counted.
const KEPT: usize = 100;

/// What was counted of a message, all at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub counted_at: Timestamp,
    /// everybody it goes to, and who was added and has it
    pub people: i64,
    pub totals: Totals,
    /// how many chose what; an action by its id
    pub receipts: Vec<(String, i64)>,
    /// how many tries over each channel are where
    pub channels: Vec<(String, State, i64)>,
    /// the same in people
    pub reached: Vec<ChannelPeople>,
    pub curve: Curve,
}

/// People by the time since a message was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Curve {
    pub from: Option<Timestamp>,
    /// seconds in one step
    pub step: i64,
    /// each step in which something happened
    pub steps: Vec<Step>,
}

#[derive(Clone)]
struct Kept {
    tally: Arc<Tally>,
    is_counting: bool,
}

/// The last counts of large messages.
#[derive(Clone)]
pub struct Tallies {
    kept: Arc<Mutex<HashMap<MessageId, Kept>>>,
    /// Messages to so many people are large.
    pub large: i64,
}

impl Default for Tallies {
    fn default() -> Self {
        Self { kept: Arc::default(), large: LARGE }
    }
}

impl Tallies {
    /// The last count, and whether this caller is to count again.
    fn find(&self, id: MessageId, now: Timestamp) -> Option<(Arc<Tally>, bool)> {
        let mut kept = self.kept.lock().expect("nobody panics while holding this");
        let found = kept.get_mut(&id)?;
        let is_due = !found.is_counting && now - found.tally.counted_at > NEW;
        found.is_counting |= is_due;
        Some((found.tally.clone(), is_due))
    }

    fn keep(&self, id: MessageId, tally: Arc<Tally>) {
        let mut kept = self.kept.lock().expect("nobody panics while holding this");
        kept.insert(id, Kept { tally, is_counting: false });
        if kept.len() > KEPT {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.tally.counted_at).map(|(id, _)| *id);
            oldest.and_then(|id| kept.remove(&id));
        }
    }

    /// It could not be counted: whoever looks next tries again.
    fn give_up(&self, id: MessageId) {
        if let Some(found) = self.kept.lock().expect("nobody panics while holding this").get_mut(&id) {
            found.is_counting = false;
        }
    }
}

impl Hub {
    /// Counts now.
    pub async fn tally(&self, message: &Message) -> Result<Tally> {
        let counted_at = self.clock.now();
        let mut tx = self.db.read().await?;
        let mut parts = vec![message.id];
        parts.extend(additions::list_out(&mut tx, message.id).await?);
        let mut tally = Tally { counted_at, ..Tally::default() };
        for part in &parts {
            tally.people += recipients::count(&mut tx, *part).await?;
            add_totals(&mut tally.totals, &message_status::count(&mut tx, *part).await?);
            for (choice, people) in receipts::count_by_choice(&mut tx, *part).await? {
                add_to(&mut tally.receipts, choice, people);
            }
            for (channel, state, tries) in deliveries::count_by_state(&mut tx, *part).await? {
                match tally.channels.iter_mut().find(|known| known.0 == channel && known.1 == state) {
                    Some(known) => known.2 += tries,
                    None => tally.channels.push((channel, state, tries)),
                }
            }
            for channel in message_status::count_by_channel(&mut tx, *part).await? {
                add_channel(&mut tally.reached, channel);
            }
        }
        tally.curve = curve_of(&mut tx, message, &parts).await?;
        Ok(tally)
    }

    /// The last count of a large message, now's of any other.
    pub async fn last_tally(&self, message: &Message) -> Result<Arc<Tally>> {
        if message.recipients < self.tallies.large {
            return Ok(Arc::new(self.tally(message).await?));
        }
        match self.tallies.find(message.id, self.clock.now()) {
            Some((tally, is_due)) => {
                if is_due {
                    self.count_behind(message.clone(), tally.clone());
                }
                Ok(tally)
            }
            None => {
                let tally = Arc::new(self.tally(message).await?);
                self.tallies.keep(message.id, tally.clone());
                Ok(tally)
            }
        }
    }

    /// Counts again, and tells open pages when anything is different.
    fn count_behind(&self, message: Message, before: Arc<Tally>) {
        let hub = self.clone();
        tokio::spawn(async move {
            match hub.tally(&message).await {
                Ok(tally) => {
                    let is_other = tally != Tally { counted_at: tally.counted_at, ..Tally::clone(&before) };
                    hub.tallies.keep(message.id, Arc::new(tally));
                    if is_other {
                        hub.announce(Change::Sent(message.id));
                    }
                }
                Err(error) => {
                    hub.tallies.give_up(message.id);
                    tracing::warn!(error = &error as &dyn std::error::Error, message.id = %message.id, "message {} could not be counted", message.id);
                }
            }
        });
    }
}

async fn curve_of(tx: &mut Tx, message: &Message, parts: &[MessageId]) -> Result<Curve> {
    let Some(from) = message.sent_at else { return Ok(Curve::default()) };
    let mut last = from;
    for part in parts {
        last = last.max(curve::find_last(tx, *part).await?.unwrap_or(from));
    }
    let step = step_of(last - from);
    let mut steps = Vec::new();
    for part in parts {
        steps.extend(curve::list(tx, *part, from, step, STEPS - 1).await?);
    }
    Ok(Curve { from: Some(from), step, steps })
}

fn add_totals(sum: &mut Totals, part: &Totals) {
    sum.arrived += part.arrived;
    sum.read += part.read;
    sum.sent_outside += part.sent_outside;
    sum.delivered_outside += part.delivered_outside;
    sum.failed += part.failed;
    sum.busy += part.busy;
    sum.answered += part.answered;
}

fn add_to(sums: &mut Vec<(String, i64)>, name: String, count: i64) {
    match sums.iter_mut().find(|(known, _)| *known == name) {
        Some((_, sum)) => *sum += count,
        None => sums.push((name, count)),
    }
}

fn add_channel(sums: &mut Vec<ChannelPeople>, part: ChannelPeople) {
    match sums.iter_mut().find(|known| known.channel == part.channel) {
        Some(known) => {
            known.people += part.people;
            known.sent += part.sent;
            known.failed += part.failed;
        }
        None => sums.push(part),
    }
}

/// Seconds in one step, so that so much time has at most [`STEPS`] of them: a curve shows where
/// something happened, not the months after, and at least as many minutes.
fn step_of(span: Duration) -> i64 {
    (span.num_seconds() / STEPS + 1).max(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_moment_is_within_the_curve() {
        for seconds in [0, 1, 47, 48, 49, 3_600, 86_400 * 30] {
            let step = step_of(Duration::seconds(seconds));
            assert!(seconds / step < STEPS, "{seconds}");
        }
    }
}
