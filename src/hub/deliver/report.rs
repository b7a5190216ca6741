//! What providers say afterwards: delivered, not delivered, answered, a key pressed, opened.
//!
//! Reports may come twice, late, in any order or for something unknown; a delivery moves only to
//! what ranks higher, and a receipt is given once.

use channels::{Report, Status};
use chrono::Duration;

use super::record::{Lost, count_result};
use crate::{
    domain::{
        TicketId,
        delivery::{Key, State},
    },
    hub::{Change, Hub, Result},
    storage::{
        attempts, deliveries, inbox, messages, quotas,
        receipts::{Answering, Reply},
        tickets::Ticket,
    },
};

/// Reports come one by one: what a quota's entry took is counted again once for many of them.
const RESETTLE: Duration = Duration::minutes(1);

impl Hub {
    /// Takes what a provider reports; unknown keys are counted and forgotten.
    pub async fn take_reports(&self, channel: &str, reports: Vec<Report>) -> Result<()> {
        for report in reports {
            match report.key.parse::<Key>() {
                Ok(key) if key.channel == channel => self.take_report(key, report).await?,
                _ => metrics::counter!("zhihui_callbacks_unknown_total", "channel" => channel.to_owned()).increment(1),
            }
        }
        Ok(())
    }

    async fn take_report(&self, key: Key, report: Report) -> Result<()> {
        let now = self.clock.now();
        // PostgreSQL keeps no text with a NUL, whoever signed it.
        let plain = |text: &str| text.replace('\0', "");
        let (words, reference) = (plain(&report.detail), report.reference.as_deref().map(plain));
        let (to, detail) = match report.status {
            Status::Undelivered => (State::Undelivered, words.as_str()),
            Status::Answered => (State::Delivered, "ANSWERED"),
            Status::Confirmed => (State::Delivered, "CONFIRMED"),
            Status::Delivered | Status::Read => (State::Delivered, ""),
        };
        let mut tx = self.db.begin().await?;
        let Some(delivery) = deliveries::lock(&mut tx, &key).await? else {
            metrics::counter!("zhihui_callbacks_unknown_total", "channel" => key.channel.clone()).increment(1);
            return Ok(());
        };
        // A deputy who opens the card or presses the key is not the recipient.
        let who = Answering { person: key.person, by: delivery.callee_id.unwrap_or(key.person) };
        failpoint!("cb.before_update");
        attempts::keep_reported(&mut tx, &key, to).await?;
        let moved = deliveries::mark_reported(&mut tx, &key, (to, detail), reference.as_deref(), now).await?;
        if moved && to == State::Undelivered {
            self.after_undelivered(&mut tx, &key, detail, now).await?;
        }
        let was_lost = key.channel == "sms" && delivery.state == State::Undelivered;
        // Lost: it costs nothing, and another channel may follow. Found: it does cost.
        if moved && (to == State::Undelivered || was_lost) {
            quotas::reopen(&mut tx, key.message, key.round, now + RESETTLE).await?;
        }
        if report.status == Status::Read
            && who.by == who.person
            && inbox::mark_read(&mut tx, key.message, key.person, &key.channel, now).await?
        {
            self.tell_read(&mut tx, key.message, key.person, &key.channel, now).await?;
        }
        tx.commit().await?;
        if moved {
            count_result(&key.channel, to.as_str(), 1);
        }
        self.announce(Change::Line { person: key.person, message: key.message });
        match report.pressed {
            Some(action) if report.status == Status::Confirmed => self.press(&key, who, &action).await,
            _ => Ok(()),
        }
    }

    /// Nobody was reached that way: within a round of `first_that_works` the next channel follows.
    /// A step of an escalation waits for its own time, so that a busy line is not called at once.
    async fn after_undelivered(
        &self,
        tx: &mut crate::storage::Tx,
        key: &Key,
        detail: &str,
        now: crate::clock::Timestamp,
    ) -> Result<()> {
        let Some(message) = messages::find(tx, key.message).await? else { return Ok(()) };
        let ticket = Ticket {
            id: TicketId::new(),
            message_id: key.message,
            channel: key.channel.clone(),
            round: key.round,
            first_person: key.person,
            last_person: key.person,
            size: 1,
            is_priority: true,
        };
        let (lost, end) =
            (Lost { ticket: &ticket, message: &message, person: key.person }, (State::Undelivered, detail));
        if self.round_of(&message, key.round).next_channel(&key.channel).is_some() {
            self.after_failure(tx, lost, end, now).await
        } else {
            self.tell_failed(tx, lost, end, None, now).await
        }
    }

    /// A button or a key counts as the answer of whoever was reached, once.
    async fn press(&self, key: &Key, who: Answering, action: &str) -> Result<()> {
        let reply = Reply {
            option: None,
            action_id: Some(action.to_owned()),
            words: String::new(),
            channel: key.channel.clone(),
        };
        match self.answer(who, key.message, reply).await {
            Err(crate::hub::Error::Problem(problem)) => {
                tracing::info!(message.id = %key.message, code = problem.code, "a pressed key changed nothing");
                Ok(())
            }
            other => other.map(|_| ()),
        }
    }
}
