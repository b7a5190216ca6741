//! Writing waves: round 0 puts a message into every inbox, later rounds plan the next way to reach
//! those who have not read, answered, decided or confirmed.
//!
//! A wave is written in chunks of people by `insert … select`; each chunk commits with the place it
//! came to, so that a crash costs one chunk, done again without a second row. The chunk holds the
//! wave's row: a recall waits for it, and after the recall nothing is written. The first people are
//! written in the transaction that lets the message go: most messages go to few, and to those they go
//! without another commit.

use chrono::Duration;
use serde_json::json;

use super::rounds::{RECKONING, REMINDERS, RESENDS, step_of};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, PersonId, TicketId,
        chase::reminder,
        send_rule::{Round, To},
    },
    hub::{Change, Hub, Result},
    storage::{
        Tx, accounts, audit, calls,
        messages::{self, Message},
        tickets::{self, Ticket},
        waves::{self, Callee, Chunk, FIRST, NOBODY, Place, Wave, Way},
    },
};

/// So few that the first messages leave while the rest are still being written.
const PEOPLE: i64 = 2_000;
/// So few that whoever lets a message go does not wait for them.
const FIRST_PEOPLE: i64 = 200;
/// A wave that failed is tried again after so long.
const AGAIN: Duration = Duration::seconds(10);
/// Messages to so few people overtake broadcasts.
const FEW: i64 = 5;

impl Hub {
    /// Writes every wave that is due; returns how many chunks were written.
    pub async fn fan_out(&self) -> Result<usize> {
        let (mut chunks, mut before) = (0, 0);
        let (mut after, mut now) = (FIRST, self.clock.now());
        while !self.in_hand.is_stopping() {
            match self.write_next(now, after).await? {
                Some((place, is_written)) => {
                    after = place;
                    chunks += usize::from(is_written);
                }
                // One chunk of each in turn: what has come due meanwhile waits for one of each that was,
                // and no broadcast waits for all that comes.
                None if chunks > before => (after, before, now) = (FIRST, chunks, self.clock.now()),
                None => break,
            }
        }
        Ok(chunks)
    }

    /// Writes one chunk of the next wave after a place that was due at `now`; says which, and whether
    /// it was written: what cannot be is left alone for a while and stops nobody else.
    async fn write_next(&self, now: Timestamp, after: Place) -> Result<Option<(Place, bool)>> {
        let mut tx = self.db.begin().await?;
        let Some(wave) = waves::next_due(&mut tx, now, after).await? else { return Ok(None) };
        let (place, id) = (wave.place(), wave.message_id);
        if self.in_hand.is_left_alone(place, now) {
            return Ok(Some((place, false)));
        }
        let written = self.write_chunk(tx, wave).await;
        if let Err(error) = &written {
            self.in_hand.leave_alone(place, now + AGAIN);
            tracing::error!(error = error as &dyn std::error::Error, message.id = %id, "a part of message {id} could not be written, it is tried again");
        }
        Ok(Some((place, written.is_ok())))
    }

    async fn write_chunk(&self, mut tx: Tx, wave: Wave) -> Result<()> {
        let (now, id) = (self.clock.now(), wave.message_id);
        let message = messages::find(&mut tx, id).await?;
        let Some(message) = message.filter(|message| message.state.is_out()) else {
            waves::remove(&mut tx, id, wave.round).await?;
            return Ok(tx.commit().await?);
        };
        if message.expires_at.is_some_and(|until| until <= now) {
            self.end_expired(&mut tx, id, wave.round, now).await?;
            return Ok(tx.commit().await?);
        }
        if wave.round == RECKONING {
            self.reckon(&mut tx, &message, now).await?;
            return Ok(tx.commit().await?);
        }
        self.write_next_people(&mut tx, &message, &wave, PEOPLE).await?;
        tx.commit().await?;
        failpoint!("fanout.after_chunk_commit");
        self.wake.tickets().notify_one();
        self.announce(Change::Message(id));
        Ok(())
    }

    /// Puts a message that has just gone to `sending` into the first inboxes.
    pub(in crate::hub) async fn write_first(&self, tx: &mut Tx, id: MessageId) -> Result<()> {
        let Some(wave) = waves::find(tx, id, 0).await?.filter(|wave| wave.due_at <= self.clock.now()) else {
            return Ok(());
        };
        let Some(message) = messages::find(tx, id).await? else { return Ok(()) };
        self.write_next_people(tx, &message, &wave, FIRST_PEOPLE).await
    }

    /// One chunk of at most so many people, and the place that the wave came to.
    async fn write_next_people(&self, tx: &mut Tx, message: &Message, wave: &Wave, most: i64) -> Result<()> {
        let after = wave.after_person.unwrap_or(NOBODY);
        let next = waves::chunk_end(tx, message.id, after, most).await?;
        if let Some((last, _)) = next {
            self.write_people(tx, message, wave, Chunk { message: message.id, after, last }).await?;
        }
        match next.filter(|(_, people)| *people == most) {
            Some((last, _)) => waves::advance(tx, message.id, wave.round, last).await.map(drop)?,
            None => self.end_wave(tx, message, wave).await?,
        }
        Ok(())
    }

    /// What a wave does for the people of one chunk.
    async fn write_people(&self, tx: &mut Tx, message: &Message, wave: &Wave, chunk: Chunk) -> Result<()> {
        let now = self.clock.now();
        if wave.round == 0 {
            waves::write_inbox(tx, chunk, now).await?;
        }
        failpoint!("fanout.mid_chunk");
        self.plan(tx, message, wave, chunk).await?;
        if let Some(before) = calls_instead_of(message, wave.round) {
            let people = (chunk.after, chunk.last);
            calls::cancel_earlier(tx, message.id, people, (wave.round, before), now).await?;
        }
        Ok(())
    }

    /// The deliveries of a chunk and the tickets for them.
    async fn plan(&self, tx: &mut Tx, message: &Message, wave: &Wave, chunk: Chunk) -> Result<()> {
        let round = self.round_of(message, wave.round);
        let callee = match &round.to {
            To::Recipient => Callee::Recipient,
            To::Deputy => Callee::Deputy,
            // Somebody who is gone is found out, told and passed over like any other dead end.
            To::Person(account) => Callee::Named(accounts::id_of(tx, account).await?.unwrap_or(NOBODY)),
        };
        for channel in round.at_once() {
            let only = wave.only_people.as_ref().map(|only| &only.0);
            let way = Way { round: wave.round, channel, callee, unless: round.unless, at: self.clock.now(), only };
            waves::write_deliveries(tx, chunk, way).await?;
            let size = self.channels.ticket_size(channel);
            let ranges = waves::list_ranges(tx, chunk, wave.round, channel, size).await?;
            let ticket = |(first_person, last_person, size): (PersonId, PersonId, i64)| Ticket {
                id: TicketId::new(),
                message_id: message.id,
                channel: channel.clone(),
                round: wave.round,
                first_person,
                last_person,
                size,
                is_priority: message.recipients <= FEW,
            };
            let tickets: Vec<_> = ranges.into_iter().map(ticket).collect();
            tickets::insert_many(tx, &tickets, wave.due_at).await?;
        }
        failpoint!("esc.after_step_commit");
        Ok(())
    }

    /// Nobody else gets what has expired; where that leaves people without it, the audit says why.
    async fn end_expired(&self, tx: &mut Tx, id: MessageId, round: i64, now: Timestamp) -> Result<()> {
        waves::remove(tx, id, round).await?;
        if round == 0 {
            audit::insert(tx, now, "hub", "message.expire", &format!("message:{id}"), json!({})).await?;
        }
        Ok(())
    }

    /// The last chunk is written: the row goes, and a step of an escalation is told.
    async fn end_wave(&self, tx: &mut Tx, message: &Message, wave: &Wave) -> Result<()> {
        let now = self.clock.now();
        waves::remove(tx, message.id, wave.round).await?;
        if wave.round == 0 {
            let object = format!("message:{}", message.id);
            audit::insert(tx, now, "hub", "message.fan_out", &object, json!({"recipients": message.recipients}))
                .await?;
            return Ok(());
        }
        if wave.round >= REMINDERS {
            return Ok(());
        }
        self.end_step(tx, message, wave.round, now).await
    }
}

impl Hub {
    /// A step of the rule, or what a reminder goes over.
    pub(in crate::hub) fn round_of(&self, message: &Message, nth: i64) -> Round {
        let rounds = &message.rounds.0.list;
        let nth = if nth >= RESENDS { step_of(nth) } else { nth };
        let step = usize::try_from(nth).ok().and_then(|nth| rounds.get(nth)).cloned();
        step.unwrap_or_else(|| reminder(rounds, |channel| self.channels.get(channel).is_some()))
    }
}

/// A step that calls does so instead of those before the first of its own minute: that one's number.
/// Another step's text message is no call, and steps of the same minute go beside each other.
fn calls_instead_of(message: &Message, round: i64) -> Option<i64> {
    let rounds = &message.rounds.0.list;
    let this = rounds.get(usize::try_from(round).ok()?).filter(|this| this.calls())?;
    let first = (0..).zip(rounds).find_map(|(nth, step)| (step.after == this.after).then_some(nth));
    first.filter(|first| *first > 0)
}
