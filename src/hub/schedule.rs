//! Sending what is due, and holding what came too late.
//!
//! A message whose time passed while nobody could send it goes out if it is at most
//! [`LATE`] late; otherwise it waits for its sender. Nothing is sent late in silence.

use chrono::Duration;
use serde_json::json;

use super::{Error, Hub, Result, complaint::Complaint};
use crate::{
    clock::Timestamp,
    domain::{MessageId, calendar::after_working_minutes, message::State, send_rule::Minutes},
    storage::{
        Tx, audit, is_outage,
        messages::{self, Message},
        waves,
    },
};

/// The most that a scheduled message goes out late by itself.
pub const LATE: Duration = Duration::minutes(30);
const BATCH: i64 = 20;
/// Before every message.
const FIRST: (Timestamp, MessageId) = (Timestamp::UNIX_EPOCH, MessageId(uuid::Uuid::nil()));

static UNREADABLE: Complaint = Complaint::new();

/// What moves a message on by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Job {
    /// scheduled, and its time has come
    Start,
    /// everybody has been tried over the first channels
    Finish,
}

impl Hub {
    /// Starts every scheduled message that is due; returns how many.
    pub async fn send_due(&self) -> Result<usize> {
        let done = self.work_off(Job::Start).await?;
        if done > 0 {
            self.wake.all();
        }
        Ok(done)
    }

    /// Messages that are through become `sent`; returns how many.
    pub async fn finish(&self) -> Result<usize> {
        self.work_off(Job::Finish).await
    }

    /// Works off everything that waits for a job, a batch in one transaction. When that fails each is
    /// taken alone, so that one that cannot be read stops nobody else.
    async fn work_off(&self, job: Job) -> Result<usize> {
        let now = self.clock.now();
        let (mut after, mut done) = (FIRST, 0);
        while !self.in_hand.is_stopping() {
            let mut tx = self.db.read().await?;
            let waiting = match job {
                Job::Start => messages::list_due(&mut tx, now, after, BATCH).await?,
                Job::Finish => messages::list_finished(&mut tx, after, BATCH).await?,
            };
            drop(tx);
            let Some(last) = waiting.last() else { break };
            after = *last;
            done += match self.take_together(job, &waiting, now).await {
                Err(error) if !is_away(&error) => self.take_each(job, &waiting, now).await?,
                done => done?,
            };
        }
        Ok(done)
    }

    async fn take_together(&self, job: Job, waiting: &[(Timestamp, MessageId)], now: Timestamp) -> Result<usize> {
        let mut tx = self.db.begin().await?;
        let mut done = 0;
        for (_, id) in waiting {
            done += usize::from(self.take(&mut tx, job, *id, now).await?);
        }
        failpoint!("sched.after_claim");
        tx.commit().await?;
        Ok(done)
    }

    /// Passes over what cannot be done, and says so: it waits until somebody has mended it.
    async fn take_each(&self, job: Job, waiting: &[(Timestamp, MessageId)], now: Timestamp) -> Result<usize> {
        let mut done = 0;
        for one in waiting {
            match self.take_together(job, std::slice::from_ref(one), now).await {
                Ok(taken) => done += taken,
                Err(error) if is_away(&error) => return Err(error),
                Err(error) => self.complain(one.1, &error, now),
            }
        }
        Ok(done)
    }

    fn complain(&self, id: MessageId, error: &Error, now: Timestamp) {
        if UNREADABLE.is_due(now) {
            tracing::error!(error = error as &dyn std::error::Error, message.id = %id, "message {id} cannot be moved on and is passed over");
        }
    }

    /// Moves one message on; false when somebody else was faster.
    async fn take(&self, tx: &mut Tx, job: Job, id: MessageId, now: Timestamp) -> Result<bool> {
        let Some(message) = messages::find(tx, id).await? else { return Ok(false) };
        let object = format!("message:{id}");
        if job == Job::Finish {
            let is_ours = messages::mark_sent(tx, id, now).await?;
            if is_ours {
                audit::insert(tx, now, "hub", "message.finish", &object, json!({})).await?;
                let message = Message { state: State::Sent, finished_at: Some(now), ..message };
                self.tell(tx, now, "message.sent", &message, json!({})).await?;
            }
            return Ok(is_ours);
        }
        let late = message.send_at.is_some_and(|at| now - at > LATE);
        if late || message.expires_at.is_some_and(|until| until <= now) {
            return self.hold(tx, &message, State::Scheduled, now).await;
        }
        let is_ours = messages::mark_sending(tx, id, State::Scheduled, now).await?;
        if is_ours {
            self.start(tx, &message, now).await?;
            audit::insert(tx, now, "hub", "message.start", &object, json!({})).await?;
        }
        Ok(is_ours)
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
            let (title, body) = self.why_held(message, now);
            self.note(tx, sender, &title, &body, now).await?;
        }
        Ok(true)
    }

    /// What its sender is told of a message that did not go out, and what he can do.
    fn why_held(&self, message: &Message, now: Timestamp) -> (String, String) {
        let title = &message.title;
        if let Some(until) = message.expires_at.filter(|until| *until <= now) {
            let until = self.local(until);
            let body = format!(
                "《{title}》的有效期至 {until}，已经过去，没有发送，也不能再发送。如仍需通知，请撤回后重新编写。"
            );
            return (format!("已过有效期，未发送：{title}"), body);
        }
        let at = message.send_at.map(|at| self.local(at)).unwrap_or_default();
        let body = format!("《{title}》原定 {at} 发送，该时间已过，系统没有自动发送。请在发件箱中选择立即发送或撤回。");
        (format!("未按时发送：{title}"), body)
    }

    /// `2026-11-21 10:05` where this installation lives.
    pub fn local(&self, at: Timestamp) -> String {
        at.with_timezone(&self.place.timezone).format("%Y-%m-%d %H:%M").to_string()
    }
}

/// The whole storage is away, and the next message would fare no better.
fn is_away(error: &Error) -> bool {
    matches!(error, Error::Storage(error) if is_outage(error))
}
