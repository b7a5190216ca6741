//! Recording what became of tickets, in one transaction, and planning what follows from it: a
//! retry, the next channel, the next step early.

use std::{
    collections::{BTreeMap, HashSet},
    time::Instant,
};

use channels::{Repeat, SendError};
use chrono::Duration;
use serde_json::{Map, Value, json};

use super::{
    spare::Overtaken,
    work::{AGAIN, Outcome, Worked},
};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, PersonId, TicketId,
        delivery::{Key, State, retry_at},
        send_rule::{Round, To},
    },
    hub::{Change, Hub, Result},
    storage::{
        Tx, accounts,
        attempts::{self, Failed},
        deliveries, is_outage,
        messages::{self, Message},
        tickets::{self, Ticket},
        waves::NOBODY,
    },
};

/// How long results wait for a database that is away, and between two tries.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
const PAUSE: std::time::Duration = std::time::Duration::from_millis(300);

/// One of a message's people whom a ticket did not reach.
#[derive(Clone, Copy)]
pub(super) struct Lost<'a> {
    pub ticket: &'a Ticket,
    pub message: &'a Message,
    pub person: PersonId,
}

impl Hub {
    /// Records what became of tickets, in one transaction. What was sent stays in doubt if this is
    /// not written, so that a database that is away for a moment is waited for.
    pub(super) async fn record(&self, worked: &[Worked]) -> Result<Vec<()>> {
        let begun = Instant::now();
        loop {
            match self.record_all(worked).await {
                Err(crate::hub::Error::Storage(error)) if is_outage(&error) && begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }

    async fn record_all(&self, worked: &[Worked]) -> Result<Vec<()>> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        for worked in worked {
            self.record_one(&mut tx, worked, now).await?;
        }
        tx.commit().await?;
        let messages: HashSet<MessageId> = worked.iter().map(|worked| worked.work.ticket.message_id).collect();
        for id in messages {
            self.announce(Change::Sent(id));
        }
        if worked.iter().any(Worked::leaves_something) {
            self.wake.tickets().notify_one();
        }
        Ok(vec![(); worked.len()])
    }

    /// Records one ticket if it is still ours; otherwise whoever took over has decided.
    async fn record_one(&self, tx: &mut Tx, worked: &Worked, now: Timestamp) -> Result<()> {
        let ticket = &worked.work.ticket;
        if !tickets::remove(tx, ticket.id, worked.claim).await? {
            tracing::warn!(ticket.id = %ticket.id, "the lease of ticket {} was lost, its results are not ours to write", ticket.id);
            return Ok(());
        }
        let attempts: BTreeMap<_, _> =
            worked.work.addresses.iter().map(|address| (address.person_id, address.attempts)).collect();
        let mut references = Map::new();
        let mut untried = Vec::new();
        let failed: Vec<_> =
            worked.outcomes.iter().filter_map(|(person, outcome)| tried_in_vain(*person, outcome)).collect();
        attempts::keep_failed(tx, ticket, &failed, now).await?;
        let has_failed = worked.outcomes.values().any(|outcome| matches!(outcome, Outcome::Failed(_)));
        let message = if has_failed { messages::find(tx, ticket.message_id).await? } else { None };
        for (person, outcome) in &worked.outcomes {
            match outcome {
                Outcome::Sent(accepted) => {
                    let reference = accepted.reference.clone().unwrap_or_default();
                    references.insert(person.simple(), Value::String(reference));
                }
                Outcome::Failed(error) => {
                    let tried = attempts.get(person).copied().unwrap_or(1);
                    if let Some(message) = &message {
                        let lost = Lost { ticket, message, person: *person };
                        self.record_failure(tx, lost, (error, tried), now).await?;
                    }
                }
                Outcome::NotTried => untried.push(*person),
            }
        }
        if !references.is_empty() {
            deliveries::mark_accepted(tx, ticket, &references, now).await?;
            count_result(&ticket.channel, "accepted", references.len());
        }
        self.put_back(tx, ticket, &untried, now).await
    }

    /// What was not handed over waits again: after the provider's rest, together.
    async fn put_back(&self, tx: &mut Tx, ticket: &Ticket, untried: &[PersonId], now: Timestamp) -> Result<()> {
        let (Some(first), Some(last)) = (untried.first(), untried.last()) else { return Ok(()) };
        deliveries::put_back(tx, ticket, untried).await?;
        let size = i64::try_from(untried.len()).unwrap_or(ticket.size);
        let rest = Ticket { id: TicketId::new(), first_person: *first, last_person: *last, size, ..ticket.clone() };
        let resting = self.channels.lane(&ticket.channel).and_then(|lane| lane.resting());
        let pause = resting.and_then(|rest| Duration::from_std(rest).ok()).map_or(AGAIN, |rest| rest.max(AGAIN));
        tickets::insert(tx, &rest, now + pause).await?;
        Ok(())
    }

    async fn record_failure(
        &self,
        tx: &mut Tx,
        lost: Lost<'_>,
        (error, tried): (&SendError, i64),
        now: Timestamp,
    ) -> Result<()> {
        let Lost { ticket, person, .. } = lost;
        let repeat_safe =
            self.channels.lane(&ticket.channel).is_some_and(|lane| lane.supports().repeat == Repeat::Safe);
        if matches!(error, SendError::Ambiguous(_)) {
            count_ambiguous(&ticket.channel, 1);
        }
        let (asked, detail) = match error {
            SendError::Refused { code, reason } => {
                return self.give_up(tx, lost, (State::Refused, &format!("{code} {reason}")), now).await;
            }
            SendError::Ambiguous(_) if !repeat_safe => {
                return self.give_up(tx, lost, (State::Unknown, "ANSWER_LOST"), now).await;
            }
            SendError::Ambiguous(_) => (None, "ANSWER_LOST"),
            SendError::Temporary { retry_after, .. } => (*retry_after, "PROVIDER_BUSY"),
        };
        let asked = asked.and_then(|asked| Duration::from_std(asked).ok());
        let gave_up = (State::Refused, "GAVE_UP");
        let Some(at) = retry_at(tried, now, asked, jitter(person)) else {
            return self.give_up(tx, lost, gave_up, now).await;
        };
        match self.overtaken(tx, ticket, person, at).await? {
            Some(Overtaken::ByCall) => {
                // The next step comes at its own time.
                if deliveries::mark_one(tx, ticket, person, gave_up.0, gave_up.1, now).await? == 1 {
                    count_result(&ticket.channel, gave_up.0.as_str(), 1);
                    self.tell_failed(tx, lost, gave_up, None, now).await?;
                }
                Ok(())
            }
            Some(Overtaken::Otherwise) if self.has_next_channel(lost) => self.give_up(tx, lost, gave_up, now).await,
            _ => {
                deliveries::mark_one(tx, ticket, person, State::Ready, detail, now).await?;
                count_result(&ticket.channel, "retried", 1);
                retry(tx, ticket, person, at).await
            }
        }
    }

    /// The end of one delivery that did not work: told, and the next way is taken at once.
    async fn give_up(&self, tx: &mut Tx, lost: Lost<'_>, (state, detail): (State, &str), now: Timestamp) -> Result<()> {
        if deliveries::mark_one(tx, lost.ticket, lost.person, state, detail, now).await? == 0 {
            // The provider has reported meanwhile, and knows better.
            return Ok(());
        }
        count_result(&lost.ticket.channel, state.as_str(), 1);
        self.after_failure(tx, lost, (state, detail), now).await
    }

    /// What follows from a delivery that did not reach anybody.
    pub(super) async fn after_failure(
        &self,
        tx: &mut Tx,
        lost: Lost<'_>,
        end: (State, &str),
        now: Timestamp,
    ) -> Result<()> {
        let next = self.advance(tx, lost, now).await?;
        self.tell_failed(tx, lost, end, next, now).await
    }

    /// Can this round still try something else?
    fn has_next_channel(&self, Lost { ticket, message, .. }: Lost<'_>) -> bool {
        self.round_of(message, ticket.round).next_channel(&ticket.channel).is_some()
    }

    /// `next`: what takes its place at once.
    pub(super) async fn tell_failed(
        &self,
        tx: &mut Tx,
        Lost { ticket, message, person }: Lost<'_>,
        (state, detail): (State, &str),
        next: Option<String>,
        now: Timestamp,
    ) -> Result<()> {
        let account = accounts::accounts_of(tx, &[person]).await?.pop();
        let failed = json!({
            "account": account, "channel": ticket.channel, "result": state, "code": detail.split(' ').next(),
            "next": next,
        });
        self.tell(tx, now, "delivery.failed", message, failed).await
    }

    /// The next channel of `first_that_works`, or the next step of an escalation early, for one
    /// person whom this delivery did not reach; none: nothing follows at once.
    async fn advance(&self, tx: &mut Tx, lost: Lost<'_>, now: Timestamp) -> Result<Option<String>> {
        let Lost { ticket, message, person } = lost;
        let this = self.round_of(message, ticket.round);
        let Some((round, channel)) = next_way(message, &this, ticket) else { return Ok(None) };
        let step = self.round_of(message, round);
        let callee = match &step.to {
            To::Recipient => Some(person),
            To::Deputy => accounts::deputy_of(tx, person).await?,
            To::Person(account) => accounts::id_of(tx, account).await?,
        };
        // Nobody to call is found out, told and passed over like any other dead end.
        let callee = callee.unwrap_or(NOBODY);
        let key = Key { message: message.id, person, channel: channel.clone(), round };
        let unless = step.unless.map(|unless| unless.as_str());
        if !deliveries::plan_one(tx, &key, callee, unless).await? {
            return Ok(None);
        }
        let next = Ticket { channel: channel.clone(), round, ..one(ticket, person) };
        tickets::insert(tx, &next, now).await?;
        Ok(Some(channel))
    }
}

/// What is kept of a try that did not go through and may be made again: the last one says by itself how
/// it ended.
fn tried_in_vain(person: PersonId, outcome: &Outcome) -> Option<Failed> {
    let (state, detail) = match outcome {
        Outcome::Failed(SendError::Temporary { source, .. }) => {
            (State::Undelivered, format!("PROVIDER_BUSY {}", own_words(&source.to_string())))
        }
        Outcome::Failed(SendError::Ambiguous(_)) => (State::Unknown, "ANSWER_LOST".to_owned()),
        Outcome::Failed(SendError::Refused { .. }) | Outcome::Sent(_) | Outcome::NotTried => return None,
    };
    Some(Failed { person: person.simple(), state, detail: detail.trim_end().to_owned() })
}

/// What a provider said, without where it stands, addresses and numbers: senders read this.
fn own_words(said: &str) -> String {
    if said.contains("://") {
        return String::new();
    }
    let is_number = |word: &str| word.chars().filter(char::is_ascii_digit).count() >= 7;
    let kept = said.split_whitespace().map(|word| if word.contains('@') || is_number(word) { "…" } else { word });
    let kept = kept.collect::<Vec<_>>().join(" ");
    kept.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Within a round of `first_that_works` the next channel; otherwise the first of the next round
/// that chases somebody. No round follows a reminder.
fn next_way(message: &Message, this: &Round, ticket: &Ticket) -> Option<(i64, String)> {
    if let Some(channel) = this.next_channel(&ticket.channel) {
        return Some((ticket.round, channel.clone()));
    }
    let rounds = &message.rounds.0.list;
    let at = usize::try_from(ticket.round).ok()?;
    // What goes out first is waited for; from then on a step that reached nobody calls the next.
    let next = rounds.get(at + 1).filter(|next| at > 0 && next.unless.is_some())?;
    Some((ticket.round + 1, next.channels.first()?.clone()))
}

/// What can come of handing a delivery over, and afterwards: the values of `result`.
const RESULTS: [&str; 6] = ["accepted", "refused", "unknown", "retried", "delivered", "undelivered"];

impl Hub {
    /// Counters of every channel begin at zero, so that their first increment is seen as one.
    pub fn count_from_zero(&self) {
        for channel in self.channels.names() {
            count_ambiguous(channel, 0);
            for result in RESULTS {
                count_result(channel, result, 0);
            }
        }
    }
}

/// So many deliveries over this channel came to this.
pub(super) fn count_result(channel: &str, result: &'static str, number: usize) {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    let channel = channel.to_owned();
    metrics::counter!("zhihui_deliveries_total", "channel" => channel, "result" => result).increment(number);
}

/// So many may or may not have gone out, whatever is done about it.
pub(super) fn count_ambiguous(channel: &str, number: usize) {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    metrics::counter!("zhihui_delivery_ambiguous_total", "channel" => channel.to_owned()).increment(number);
}

async fn retry(tx: &mut Tx, ticket: &Ticket, person: PersonId, at: Timestamp) -> Result<()> {
    tickets::insert(tx, &one(ticket, person), at).await?;
    Ok(())
}

/// A ticket for one person of this one.
fn one(ticket: &Ticket, person: PersonId) -> Ticket {
    Ticket { id: TicketId::new(), first_person: person, last_person: person, size: 1, ..ticket.clone() }
}

/// From 0 to 1, different for different people, so that they do not come back all at once.
fn jitter(person: PersonId) -> f64 {
    f64::from(person.0.as_bytes()[15]) / 255.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_words_are_kept_without_addresses_and_numbers() {
        assert_eq!(own_words("450 <li@x.cn>: greylisted, 13800138000 later"), "450 … greylisted, … later");
        assert_eq!(own_words("error sending request for url (http://10.0.0.1/?token=x)"), "");
    }
}
