//! Sending what is due, and holding what came too late.
//!
//! A message whose time passed while nobody could send it goes out if it is at most
//! [`LATE`] late; otherwise it waits for its sender. Nothing is sent late in silence.

use chrono::Duration;
use serde_json::json;

use super::{Hub, Result};
use crate::{
    clock::Timestamp,
    domain::{calendar::after_working_minutes, message::State, send_rule::Minutes},
    storage::{
        Tx, audit,
        messages::{self, Message},
        waves,
    },
};

/// The most that a scheduled message goes out late by itself.
pub const LATE: Duration = Duration::minutes(30);
const BATCH: i64 = 20;

impl Hub {
    /// Starts every scheduled message that is due; returns how many.
    pub async fn send_due(&self) -> Result<usize> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let due = messages::list_due(&mut tx, now, BATCH).await?;
        for id in &due {
            let Some(message) = messages::find(&mut tx, *id).await? else { continue };
            let late = message.send_at.is_some_and(|at| now - at > LATE);
            if late || message.expires_at.is_some_and(|until| until <= now) {
                self.hold(&mut tx, &message, State::Scheduled, now).await?;
            } else if messages::mark_sending(&mut tx, *id, State::Scheduled, now).await? {
                self.start(&mut tx, &message, now).await?;
                audit::insert(&mut tx, now, "hub", "message.start", &format!("message:{id}"), json!({})).await?;
            }
        }
        failpoint!("sched.after_claim");
        tx.commit().await?;
        if !due.is_empty() {
            self.wake.all();
        }
        Ok(due.len())
    }

    /// Plans the waves of a message that has just gone to `sending`.
    pub(super) async fn start(&self, tx: &mut Tx, message: &Message, now: Timestamp) -> Result<()> {
        for (nth, round) in (0..).zip(&message.rounds.0.list) {
            let due_at = match round.minutes {
                Minutes::Real => now + round.delay(),
                Minutes::Working => after_working_minutes(now, round.after, self.place.timezone),
            };
            waves::insert(tx, message.id, nth, due_at).await?;
        }
        self.tell(tx, now, "message.sending", message, json!({"state": State::Sending})).await
    }

    /// Too late to go out by itself: the sender decides. False when it was no longer in `from`.
    pub(super) async fn hold(&self, tx: &mut Tx, message: &Message, from: State, now: Timestamp) -> Result<bool> {
        if !messages::transition(tx, message.id, from, State::Held).await? {
            return Ok(false);
        }
        audit::insert(tx, now, "hub", "message.hold", &format!("message:{}", message.id), json!({})).await?;
        self.tell(tx, now, "message.held", message, json!({"state": State::Held})).await?;
        if let Some(sender) = message.sender_id {
            let at = message.send_at.map(|at| self.local(at)).unwrap_or_default();
            let title = format!("未按时发送：{}", message.title);
            let body = format!(
                "《{}》原定 {at} 发送，该时间已过，系统没有自动发送。请在发件箱中选择立即发送或撤回。",
                message.title
            );
            self.note(tx, sender, &title, &body, now).await?;
        }
        Ok(true)
    }

    /// Messages that are through become `sent`; returns how many.
    pub async fn finish(&self) -> Result<usize> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let finished = messages::list_finished(&mut tx, BATCH).await?;
        for id in &finished {
            if messages::mark_sent(&mut tx, *id, now).await?
                && let Some(message) = messages::find(&mut tx, *id).await?
            {
                audit::insert(&mut tx, now, "hub", "message.finish", &format!("message:{id}"), json!({})).await?;
                self.tell(&mut tx, now, "message.sent", &message, json!({})).await?;
            }
        }
        tx.commit().await?;
        Ok(finished.len())
    }

    /// `2026-11-21 10:05` where this installation lives.
    pub fn local(&self, at: Timestamp) -> String {
        at.with_timezone(&self.place.timezone).format("%Y-%m-%d %H:%M").to_string()
    }
}
