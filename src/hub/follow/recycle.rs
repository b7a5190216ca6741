//! 回收站 of the outbox: its sender deletes a message, nobody can open it any more, and until it is
//! gone for good he may restore it. What people delete from their own inboxes is in `receive`.

use chrono::Duration;
use serde_json::json;

use super::refuse::refuse_under_way;
use crate::{
    clock::Timestamp,
    domain::{MessageId, Problem, message::State},
    hub::{
        Change, Hub, Result, Source,
        policy::{self, Action},
    },
    storage::{
        Tx, additions, audit, deliveries,
        messages::{self, Message},
        recycle, series, tickets, waves,
    },
};

/// Rows that go in one transaction, so that nobody waits long behind it.
const AT_ONCE: i64 = 500;

/// What is done to a message of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discard {
    /// into the bin
    Delete,
    /// out of it
    Restore,
    /// for good
    Purge,
}

impl Discard {
    fn verb(self) -> &'static str {
        match self {
            Self::Delete => "message.delete",
            Self::Restore => "message.restore",
            Self::Purge => "message.purge",
        }
    }
}

/// What became of several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Discarded {
    pub done: usize,
    /// Still to go out, or on its way: to be recalled first.
    pub refused: usize,
}

impl Hub {
    /// Does it to one message; false when it was so already.
    ///
    /// # Errors
    /// `NOT_FOUND`; `STATE` for what is still to go out or on its way.
    pub async fn discard(&self, source: &Source, id: MessageId, what: Discard) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        lock_series(&mut tx, &[id], what).await?;
        let changed = self.discard_one(&mut tx, source, id, what).await?;
        tx.commit().await?;
        if changed {
            self.announce(Change::Message(id));
        }
        Ok(changed)
    }

    /// Does it to each of these that is the source's own and may be; the others are left and counted.
    pub async fn discard_many(&self, source: &Source, ids: &[MessageId], what: Discard) -> Result<Discarded> {
        let mut outcome = Discarded::default();
        let mut changed = Vec::new();
        let mut tx = self.db.begin().await?;
        // In one order, so that two such requests never wait for each other.
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        lock_series(&mut tx, &ids, what).await?;
        for id in ids {
            match self.discard_one(&mut tx, source, id, what).await {
                Ok(true) => changed.push(id),
                Ok(false) => {}
                Err(crate::hub::Error::Problem(problem)) if problem.code == "STATE" => outcome.refused += 1,
                Err(crate::hub::Error::Problem(_)) => {}
                Err(error) => return Err(error),
            }
        }
        tx.commit().await?;
        outcome.done = changed.len();
        for id in changed {
            self.announce(Change::Message(id));
        }
        Ok(outcome)
    }

    /// All of a thread or nothing of it: whether each part may go is known before the first is touched.
    async fn discard_one(&self, tx: &mut Tx, source: &Source, id: MessageId, what: Discard) -> Result<bool> {
        let message = messages::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
        policy::require(source, Action::Discard, &source.facts(&message))?;
        let mut added = Vec::new();
        for addition in additions::list(tx, id).await? {
            added.extend(messages::lock(tx, addition.message_id).await?);
        }
        if what != Discard::Restore {
            added.iter().filter(|addition| !is_waiting(addition)).try_for_each(refuse_under_way)?;
        }
        let now = self.clock.now();
        let changed = self.discard_part(tx, &source.actor(), &message, what, now).await?;
        if changed {
            for addition in &added {
                self.discard_addition(tx, &source.actor(), addition, what, now).await?;
            }
        }
        Ok(changed)
    }

    /// What was added to a message goes the same way; what still waits for consent is not wanted any more.
    async fn discard_addition(
        &self,
        tx: &mut Tx,
        actor: &str,
        addition: &Message,
        what: Discard,
        now: Timestamp,
    ) -> Result<()> {
        if is_waiting(addition) && what != Discard::Restore {
            self.take_back(tx, actor, addition, json!({"from": addition.state})).await?;
            let addition = Message { state: State::Recalled, ..addition.clone() };
            self.discard_part(tx, actor, &addition, what, now).await?;
        } else {
            self.discard_part(tx, actor, addition, what, now).await?;
        }
        Ok(())
    }

    async fn discard_part(
        &self,
        tx: &mut Tx,
        actor: &str,
        message: &Message,
        what: Discard,
        now: Timestamp,
    ) -> Result<bool> {
        let id = message.id;
        let changed = match what {
            Discard::Restore => recycle::mark_deleted(tx, id, None).await?,
            Discard::Delete | Discard::Purge => {
                refuse_under_way(message)?;
                self.end_chase(tx, message, now).await?;
                match what {
                    Discard::Delete => recycle::mark_deleted(tx, id, Some(now)).await?,
                    _ => recycle::mark_purged(tx, id, now).await?,
                }
            }
        };
        if changed && what == Discard::Purge {
            self.stop_purged(tx, actor, id).await?;
        }
        if changed {
            let object = format!("message:{id}");
            audit::insert(tx, now, actor, what.verb(), &object, json!({"state": message.state})).await?;
        }
        Ok(changed)
    }

    /// Nobody is called about what he cannot open.
    async fn end_chase(&self, tx: &mut Tx, message: &Message, now: Timestamp) -> Result<()> {
        waves::remove_all(tx, message.id).await?;
        tickets::remove_idle(tx, message.id, now).await?;
        deliveries::cancel_ready(tx, message.id, now).await?;
        Ok(())
    }

    /// Purges what has lain in a bin for as long as this installation keeps it; returns how many lines
    /// and messages.
    pub(in crate::hub) async fn empty_bins(&self) -> Result<u64> {
        let now = self.clock.now();
        let before = now - Duration::days(self.place.recycle_days);
        let mut purged = 0;
        while !self.in_hand.is_stopping() {
            let mut tx = self.db.begin().await?;
            let lines = recycle::purge_lines(&mut tx, before, now, AT_ONCE).await?;
            let expired = recycle::list_expired(&mut tx, before, AT_ONCE).await?;
            series::lock_of(&mut tx, &expired).await?;
            let messages = recycle::purge_messages(&mut tx, &expired, now).await?;
            for id in &messages {
                self.stop_purged(&mut tx, "hub", *id).await?;
                let detail = json!({"days": self.place.recycle_days});
                audit::insert(&mut tx, now, "hub", Discard::Purge.verb(), &format!("message:{id}"), detail).await?;
            }
            tx.commit().await?;
            let part = lines + u64::try_from(messages.len()).unwrap_or(0);
            purged += part;
            if part == 0 {
                break;
            }
        }
        Ok(purged)
    }

    /// When what was deleted at `at` will be gone for good.
    pub fn gone_at(&self, at: Timestamp) -> Timestamp {
        at + Duration::days(self.place.recycle_days)
    }
}

/// What is purged may end a series, whose row comes before those of its runs.
async fn lock_series(tx: &mut Tx, runs: &[MessageId], what: Discard) -> Result<()> {
    if what == Discard::Purge {
        series::lock_of(tx, runs).await?;
    }
    Ok(())
}

/// An addition that nobody has yet and that can be taken back with what it was added to.
fn is_waiting(addition: &Message) -> bool {
    matches!(addition.state, State::PendingApproval | State::Held)
}
