//! How far a message has come, in numbers, and how it came there over time.
//!
//! Counting a message to a hundred thousand people takes some tenths of a second, so that of large
//! ones a process keeps the last count: whoever looks at a page gets it at once, and when it is no
//! longer new it is counted again behind his back and open pages hear of it. A page says when its
//! numbers are of. What is old is shown only by a page that has just been opened: it looks again by
//! itself, and that look waits for the new count. Programs always get one. The last count is written
//! down, for whoever looks after a start; a large message is counted when it has gone out.

use std::sync::Arc;

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::kept_tallies::{Age, Counting, is_old};
use crate::{
    clock::Timestamp,
    domain::{MessageId, delivery::State},
    hub::{Change, Error, Hub, Result},
    storage::{
        Tx, additions,
        curve::{self, Step},
        deliveries,
        message_status::{self, ChannelPeople, Totals},
        message_tally,
        messages::{self, Message},
        receipts, recipients,
    },
};

/// Steps of a curve: an hour's in minutes and a half, a month's in half days.
pub const STEPS: i64 = 48;

/// What was counted of a message, all at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curve {
    pub from: Option<Timestamp>,
    /// seconds in one step
    pub step: i64,
    /// each step in which something happened
    pub steps: Vec<Step>,
}

impl Hub {
    /// Counts now.
    pub async fn tally(&self, message: &Message) -> Result<Tally> {
        let counted_at = self.clock.now();
        let mut tx = self.db.read_one_moment().await?;
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
    pub async fn last_tally(&self, message: &Message, age: Age) -> Result<Arc<Tally>> {
        if message.recipients < self.tallies.large {
            return Ok(Arc::new(self.tally(message).await?));
        }
        let now = self.clock.now();
        let (tally, counting) = match self.tallies.find(message.id, now) {
            Some(found) => found,
            None => {
                let tally = Arc::new(self.first_tally(message).await?);
                self.tallies.keep(message.id, tally.clone(), Duration::zero());
                self.tallies.find(message.id, now).unwrap_or((tally, None))
            }
        };
        if let Some(counting) = counting {
            self.count_behind(message.clone(), tally.clone(), counting);
        }
        if age == Age::Any || !is_old(tally.counted_at, now) {
            return Ok(tally);
        }
        self.tallies.counted(message.id).await;
        match self.tallies.find(message.id, now) {
            Some((counted, _)) if !is_old(counted.counted_at, now) => Ok(counted),
            // Counting failed: this says why.
            _ => Ok(Arc::new(self.tally(message).await?)),
        }
    }

    /// Counts the large ones of what has just gone out, one after the other, so that nobody waits who looks at
    /// one for the first time.
    pub(in crate::hub) fn count_sent(&self, sent: Vec<Message>) {
        let large: Vec<_> = sent.into_iter().filter(|message| message.recipients >= self.tallies.large).collect();
        if large.is_empty() {
            return;
        }
        let hub = self.clone();
        tokio::spawn(async move {
            for message in large {
                let id = message.id;
                if let Err(error) = hub.count_thread(message).await {
                    complain(&error, id);
                }
            }
        });
    }

    /// What was added to a message is counted with it.
    async fn count_thread(&self, message: Message) -> Result<()> {
        let mut tx = self.db.read().await?;
        let first = match additions::find_first(&mut tx, message.id).await? {
            Some(first) => messages::find(&mut tx, first).await?,
            None => Some(message),
        };
        drop(tx);
        if let Some(first) = first {
            self.last_tally(&first, Age::Any).await?;
        }
        Ok(())
    }

    fn count_behind(&self, message: Message, before: Arc<Tally>, counting: Arc<Counting>) {
        let hub = self.clone();
        tokio::spawn(async move {
            let counted = hub.count_anew(&message, &before).await;
            // Whoever waits does not wait for whatever is being written.
            drop(counting);
            hub.write_down(message.id, counted).await;
        });
    }

    /// What this or another process counted last, before a restart too; without that it is counted now,
    /// and kept.
    async fn first_tally(&self, message: &Message) -> Result<Tally> {
        let kept = message_tally::find(&mut self.db.read().await?, message.id).await?;
        // What an earlier or a later program wrote may hold something else.
        if let Some(tally) = kept.and_then(|kept| serde_json::from_value::<Tally>(kept).ok()) {
            return Ok(tally);
        }
        let tally = self.tally(message).await?;
        let (hub, id, counted) = (self.clone(), message.id, Arc::new(tally.clone()));
        // Nobody who looks waits for whatever is being written.
        tokio::spawn(async move { hub.write_down(id, Some(counted)).await });
        Ok(tally)
    }

    /// Counts once more what is no longer new, and tells open pages when anything is different.
    pub async fn count_again(&self, message: &Message, before: &Tally) {
        let counted = self.count_anew(message, before).await;
        self.write_down(message.id, counted).await;
    }

    /// None: nothing is different, or it could not be counted, and whoever looks next tries again.
    async fn count_anew(&self, message: &Message, before: &Tally) -> Option<Arc<Tally>> {
        let tally = match self.tally(message).await {
            Ok(tally) => Arc::new(tally),
            Err(error) => {
                complain(&error, message.id);
                return None;
            }
        };
        self.tallies.keep(message.id, tally.clone(), self.clock.now() - tally.counted_at);
        let is_other = *tally != Tally { counted_at: tally.counted_at, ..before.clone() };
        if is_other {
            self.announce(Change::Sent(message.id));
        }
        is_other.then_some(tally)
    }

    async fn write_down(&self, id: MessageId, counted: Option<Arc<Tally>>) {
        if let Some(tally) = counted
            && let Err(error) = self.save_tally(id, &tally).await
        {
            complain(&error, id);
        }
    }

    async fn save_tally(&self, id: MessageId, tally: &Tally) -> Result<()> {
        let mut tx = self.db.begin().await?;
        message_tally::save(&mut tx, id, tally.counted_at, tally).await?;
        Ok(tx.commit().await?)
    }
}

fn complain(error: &Error, id: MessageId) {
    tracing::warn!(error = error as &dyn std::error::Error, message.id = %id, "message {id} could not be counted");
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
