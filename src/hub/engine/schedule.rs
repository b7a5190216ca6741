//! Sending what is due, and holding what came too late.
//!
//! A message whose time passed while nobody could send it goes out if it is at most
//! [`LATE`] late; otherwise it waits for its sender. Nothing is sent late in silence.

use chrono::Duration;
use serde_json::json;

use super::complaint::Complaint;
use crate::{
    clock::Timestamp,
    domain::{
        MessageId,
        calendar::after_working_minutes,
        message::State,
        send_rule::{Minutes, Round},
    },
    hub::{Change, Error, Hub, Result, send::note::Note},
    storage::{
        Tx, audit,
        messages::{self, Message},
        waves,
    },
};

/// The most that a scheduled message goes out late by itself.
pub const LATE: Duration = Duration::minutes(30);
/// So few that nobody waits long for a row of theirs: each may bring the first people's rows with it.
const BATCH: i64 = 5;
/// Before every message.
const FIRST: (Timestamp, MessageId) = (Timestamp::UNIX_EPOCH, MessageId(uuid::Uuid::nil()));

/// So many messages that cannot be moved on are named in one line.
const NAMED: usize = 50;

/// What moves a message on by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Job {
    /// scheduled, and its time has come
    Start,
    /// everybody has been tried over the first channels
    Finish,
}

impl Job {
    fn complaint(self) -> &'static Complaint {
        static NOT_STARTED: Complaint = Complaint::new();
        static NOT_FINISHED: Complaint = Complaint::new();
        match self {
            Self::Start => &NOT_STARTED,
            Self::Finish => &NOT_FINISHED,
        }
    }
}

/// What one pass could not move on, and why the last of it.
#[derive(Default)]
struct PassedOver {
    ids: Vec<MessageId>,
    why: Option<Error>,
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
        let mut bad = PassedOver::default();
        while !self.in_hand.is_stopping() {
            let mut tx = self.db.read().await?;
            let waiting = match job {
                Job::Start => messages::list_due(&mut tx, now, after, BATCH).await?,
                Job::Finish => messages::list_finished(&mut tx, after, BATCH).await?,
            };
            drop(tx);
            let Some(last) = waiting.last() else {
                bad.tell(job.complaint(), now);
                break;
            };
            after = *last;
            done += match self.take_together(job, &waiting, now).await {
                Err(error) if !error.is_away() => self.take_each(job, &waiting, now, &mut bad).await?,
                done => done?,
            };
        }
        Ok(done)
    }

    async fn take_together(&self, job: Job, waiting: &[(Timestamp, MessageId)], now: Timestamp) -> Result<usize> {
        let mut tx = self.db.begin().await?;
        let mut done = Vec::new();
        for (_, id) in waiting {
            done.extend(self.take(&mut tx, job, *id, now).await?);
        }
        failpoint!("sched.after_claim");
        tx.commit().await?;
        let taken = done.len();
        for message in &done {
            self.announce(match job {
                Job::Start => Change::Message(message.id),
                Job::Finish => Change::Sent(message.id),
            });
        }
        if job == Job::Finish {
            self.count_sent(done);
        }
        Ok(taken)
    }

    /// Passes over what cannot be done, and says so: it waits until somebody has mended it.
    async fn take_each(
        &self,
        job: Job,
        waiting: &[(Timestamp, MessageId)],
        now: Timestamp,
        bad: &mut PassedOver,
    ) -> Result<usize> {
        let mut done = 0;
        for one in waiting {
            match self.take_together(job, std::slice::from_ref(one), now).await {
                Ok(taken) => done += taken,
                Err(error) if error.is_away() => return Err(error),
                Err(error) => {
                    bad.ids.push(one.1);
                    bad.why = Some(error);
                }
            }
        }
        Ok(done)
    }

    /// Moves one message on; none when somebody else was faster.
    async fn take(&self, tx: &mut Tx, job: Job, id: MessageId, now: Timestamp) -> Result<Option<Message>> {
        let Some(message) = messages::find(tx, id).await? else { return Ok(None) };
        let object = format!("message:{id}");
        if job == Job::Finish {
            if !messages::mark_sent(tx, id, now).await? {
                return Ok(None);
            }
            audit::insert(tx, now, "hub", "message.finish", &object, json!({})).await?;
            let message = Message { state: State::Sent, finished_at: Some(now), ..message };
            self.tell(tx, now, "message.sent", &message, json!({})).await?;
            return Ok(Some(message));
        }
        let late = message.send_at.is_some_and(|at| now - at > LATE);
        if late || message.expires_at.is_some_and(|until| until <= now) {
            let is_ours = self.hold(tx, &message, State::Scheduled, now).await?;
            return Ok(is_ours.then_some(message));
        }
        if !messages::mark_sending(tx, id, State::Scheduled, now).await? {
            return Ok(None);
        }
        self.start(tx, &message, now).await?;
        audit::insert(tx, now, "hub", "message.start", &object, json!({})).await?;
        Ok(Some(message))
    }

    /// Plans the waves of a message that has just gone to `sending`, and puts it into the first inboxes.
    /// Whoever calls this announces [`Change::Message`] once it is committed. What the hub itself says is
    /// written by the fan-out alone, which announces it: nobody's decision waits for a note about it.
    pub(in crate::hub) async fn start(&self, tx: &mut Tx, message: &Message, now: Timestamp) -> Result<()> {
        for (nth, round) in (0..).zip(&message.rounds.0.list) {
            waves::insert(tx, message.id, nth, due_at(self, now, round)).await?;
        }
        self.tell(tx, now, "message.sending", message, json!({"state": State::Sending})).await?;
        if message.sender_id.is_some() || message.producer_id.is_some() {
            self.write_first(tx, message.id).await?;
        }
        Ok(())
    }

    /// Too late to go out by itself: the sender decides. False when it was no longer in `from`.
    pub(in crate::hub) async fn hold(
        &self,
        tx: &mut Tx,
        message: &Message,
        from: State,
        now: Timestamp,
    ) -> Result<bool> {
        if !messages::transition(tx, message.id, from, State::Held).await? {
            return Ok(false);
        }
        audit::insert(tx, now, "hub", "message.hold", &format!("message:{}", message.id), json!({})).await?;
        self.tell(tx, now, "message.held", message, json!({"state": State::Held})).await?;
        if let Some(sender) = message.sender_id {
            let (title, body) = self.why_held(message, now);
            let note = Note { to: sender, title: &title, body: &body, about: Some(message.id) };
            self.note(tx, note, now).await?;
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

    /// `19:34`, the nearest minute: for what is to come soon.
    pub fn clock_time(&self, at: Timestamp) -> String {
        (at + Duration::seconds(30)).with_timezone(&self.place.timezone).format("%H:%M").to_string()
    }
}

/// When a round begins of what goes out at `from`.
pub(in crate::hub) fn due_at(hub: &Hub, from: Timestamp, round: &Round) -> Timestamp {
    match round.minutes {
        Minutes::Real => from + round.delay(),
        Minutes::Working => after_working_minutes(from, round.after, hub.place.timezone),
    }
}

impl PassedOver {
    /// At the end of a whole pass.
    fn tell(&self, complaint: &Complaint, now: Timestamp) {
        match (&self.why, self.line(complaint, now)) {
            (Some(error), Some(line)) => tracing::error!(error = error as &dyn std::error::Error, "{line}"),
            (None, Some(line)) => tracing::info!("{line}"),
            (_, None) => {}
        }
    }

    /// Names every message, the first [`NAMED`] at least: whoever mends them has to find them.
    fn line(&self, complaint: &Complaint, now: Timestamp) -> Option<String> {
        if self.ids.is_empty() {
            return complaint.is_over().then(|| "every message is moved on again".to_owned());
        }
        let ids: Vec<_> = self.ids.iter().take(NAMED).map(ToString::to_string).collect();
        let more = if self.ids.len() > NAMED { " and others" } else { "" };
        let (count, ids) = (self.ids.len(), ids.join(", "));
        complaint.is_due(now).then(|| format!("{count} messages cannot be moved on and are passed over: {ids}{more}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_that_is_passed_over_is_named_and_the_end_of_it_is_told() {
        let (complaint, now) = (Complaint::new(), Timestamp::UNIX_EPOCH);
        let bad = |count| PassedOver { ids: (0..count).map(|_| MessageId::new()).collect(), why: None };
        let two = bad(2);
        let line = two.line(&complaint, now).expect("it is news");
        assert!(line.starts_with("2 messages") && two.ids.iter().all(|id| line.contains(&id.to_string())), "{line}");
        assert_eq!(two.line(&complaint, now), None, "once a minute");
        assert!(
            bad(NAMED + 1).line(&complaint, now + Duration::minutes(1)).is_some_and(|line| line.ends_with("others"))
        );
        assert_eq!(bad(0).line(&complaint, now).as_deref(), Some("every message is moved on again"));
        assert_eq!(bad(0).line(&complaint, now), None);
    }
}
