//! Working a ticket: claim, send, record. No transaction is open while a provider is asked.
//!
//! A worker first waits for its channel's turn, then claims: the claim commits `sending` just before
//! the first byte leaves, so that after a crash it is known what may have gone out, and that is
//! little. Whoever finds such deliveries asks the provider if it can be asked, repeats where a repeat
//! is safe, and otherwise lets them be unknown: nobody is called twice.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::{Duration as Elapsed, Instant},
};

use channels::{Accepted, Button, Outgoing, Repeat, SendError};
use chrono::Duration;
use futures_util::FutureExt;

use super::{
    lanes::{Call, Lane},
    record::{Lost, count_ambiguous, count_result},
};
use crate::{
    clock::Timestamp,
    domain::{
        ClaimId, MessageId, PersonId, TicketId,
        contact::{open_email, open_phone},
        delivery::{Key, State},
        personal::{self, Reader},
        wording::Said,
    },
    hub::{Hub, Result, engine::in_hand::LEASE},
    storage::{
        Tx, attempts,
        deliveries::{self, Address, Text},
        messages, readers,
        tickets::{self, Due, Ticket},
    },
};

/// So long after its claim a worker sends nothing any more: it may have been asleep, and another
/// may have taken over.
const NO_SENDING_AFTER: Elapsed = Elapsed::from_secs(10);
/// A ticket whose people another worker is just calling waits so long.
const BESIDE: Duration = Duration::seconds(1);
/// What was not handed over is tried again no sooner.
pub(super) const AGAIN: Duration = Duration::seconds(5);

/// What became of one delivery.
pub(in crate::hub) enum Outcome {
    Sent(Accepted),
    Failed(SendError),
    /// Not handed to the provider; goes back as it was.
    NotTried,
}

/// The right to make one call now; nothing where the installation does not have the channel.
pub(in crate::hub) struct Turn(Option<(Arc<Lane>, Call)>);

/// Who wants which ticket.
pub(in crate::hub) type Asked = (TicketId, ClaimId);

/// A ticket with everything that sending needs.
pub(in crate::hub) struct Work {
    pub ticket: Ticket,
    pub addresses: Vec<Address>,
    /// What a lost worker may have sent: the provider is asked before anything is concluded.
    doubtful: BTreeSet<PersonId>,
    text: Option<Arc<Text>>,
    /// Of a text that names its reader: what it names.
    readers: HashMap<PersonId, Reader>,
}

impl Work {
    /// A part of the text for one of its readers.
    fn fill(&self, person: PersonId, text: &str) -> String {
        self.readers.get(&person).map_or_else(|| text.to_owned(), |reader| personal::fill(text, reader))
    }
}

/// A ticket that was worked, and what became of each of its deliveries.
pub(in crate::hub) struct Worked {
    pub work: Work,
    pub claim: ClaimId,
    pub outcomes: BTreeMap<PersonId, Outcome>,
}

impl Worked {
    /// Is there somebody for whom another ticket may have been made?
    pub fn leaves_something(&self) -> bool {
        !self.outcomes.values().all(|outcome| matches!(outcome, Outcome::Sent(_)))
    }
}

impl Hub {
    /// Works one ticket when its channel has a turn for it; false when there was nothing to do for
    /// this worker.
    pub async fn deliver(&self, ticket: &Due) -> Result<bool> {
        match self.turn(ticket).await? {
            Some(turn) => self.deliver_in(turn, ticket).await,
            None => Ok(false),
        }
    }

    /// Waits for a turn of the ticket's channel. None when there is nothing to wait for: its provider
    /// is to be left alone, many urgent ones wait already, or this was an old copy of a ticket that is
    /// done. Such a copy must not cost the channel's rate.
    pub(in crate::hub) async fn turn(&self, ticket: &Due) -> Result<Option<Turn>> {
        let Some(lane) = self.channels.lane(&ticket.channel) else { return Ok(Some(Turn(None))) };
        if let Some(rest) = lane.resting().and_then(|rest| Duration::from_std(rest).ok()) {
            self.put_off(ticket, rest.max(AGAIN)).await?;
            return Ok(None);
        }
        let Some(place) = lane.place(ticket.is_priority).await else {
            self.put_off(ticket, BESIDE).await?;
            return Ok(None);
        };
        if lane.has_rate() && !self.is_open(ticket).await? {
            return Ok(None);
        }
        let call = lane.turn(place, ticket.size).await;
        Ok(Some(Turn(Some((lane, call)))))
    }

    async fn is_open(&self, ticket: &Due) -> Result<bool> {
        let mut tx = self.db.read().await?;
        Ok(tickets::is_open(&mut tx, ticket.id, self.clock.now()).await?)
    }

    /// The ticket comes back after a while.
    pub(super) async fn put_off(&self, ticket: &Due, pause: Duration) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        tickets::put_off(&mut tx, ticket.id, now, now + pause).await?;
        Ok(tx.commit().await?)
    }

    /// Claims, sends and records, in the turn that the channel has given.
    pub(in crate::hub) async fn deliver_in(&self, Turn(turn): Turn, ticket: &Due) -> Result<bool> {
        let begun = Instant::now();
        let claim = self.in_hand.new_claim();
        let Some(work) = self.claim_beside_others((ticket.id, claim.id)).await? else { return Ok(false) };
        failpoint!("deliver.after_fired_commit");
        let outcomes = match turn {
            Some((lane, call)) => {
                let outcomes = self.send(&lane, &work, begun).await;
                drop(call);
                outcomes
            }
            None => refuse_all(&work, "NO_CHANNEL", "此渠道尚未配置"),
        };
        failpoint!("deliver.after_provider_ok");
        let hub = self.clone();
        let recorded = self.in_hand.recording().ask(Worked { work, claim: claim.id, outcomes }, move |worked| {
            let hub = hub.clone();
            async move { hub.record(worked).await }.boxed()
        });
        recorded.await?;
        failpoint!("deliver.after_result_commit");
        Ok(true)
    }

    /// SQLite has one writer, so that those who wait for it share a transaction. PostgreSQL works on
    /// several at once, and writes to the disk together what is committed together.
    async fn claim_beside_others(&self, asked: Asked) -> Result<Option<Work>> {
        if self.db.has_many_writers() {
            return Ok(self.claim(&[asked]).await?.pop().flatten());
        }
        let hub = self.clone();
        let claiming = self.in_hand.claiming();
        claiming
            .ask(asked, move |asked| {
                let hub = hub.clone();
                async move { hub.claim(asked).await }.boxed()
            })
            .await
    }

    /// Claims tickets and moves their deliveries to `sending`, in one transaction.
    async fn claim(&self, asked: &[Asked]) -> Result<Vec<Option<Work>>> {
        let now = self.clock.now();
        let mut texts = BTreeMap::new();
        let mut claimed = Vec::with_capacity(asked.len());
        let mut tx = self.db.begin().await?;
        for asked in asked {
            claimed.push(self.claim_one(&mut tx, *asked, &mut texts, now).await?);
        }
        failpoint!("deliver.after_claim");
        tx.commit().await?;
        Ok(claimed)
    }

    async fn claim_one(
        &self,
        tx: &mut Tx,
        (id, claim): Asked,
        texts: &mut BTreeMap<MessageId, Option<Arc<Text>>>,
        now: Timestamp,
    ) -> Result<Option<Work>> {
        let Some(ticket) = tickets::claim(tx, id, claim, now, now + LEASE).await? else { return Ok(None) };
        if self.spare(tx, &ticket, claim, now).await? {
            return Ok(None);
        }
        let mut doubtful = BTreeSet::new();
        if deliveries::any_sending(tx, &ticket).await? {
            if tickets::is_shared(tx, &ticket, now).await? {
                // No orphans: another worker is at them.
                tickets::postpone(tx, id, now + BESIDE).await?;
                return Ok(None);
            }
            doubtful = self.take_over(tx, &ticket, now).await?;
        }
        deliveries::end_moot(tx, &ticket, now).await?;
        let mut ours: BTreeSet<_> = deliveries::mark_sending(tx, &ticket, now).await?.into_iter().collect();
        ours.extend(&doubtful);
        let mut addresses = deliveries::list_sending(tx, &ticket).await?;
        addresses.retain(|address| ours.contains(&address.person_id));
        if addresses.is_empty() {
            tickets::remove(tx, id, claim).await?;
            return Ok(None);
        }
        let text = match texts.get(&ticket.message_id) {
            Some(text) => text.clone(),
            None => {
                let text = deliveries::find_text(tx, ticket.message_id).await?.map(Arc::new);
                texts.insert(ticket.message_id, text.clone());
                text
            }
        };
        let readers = match &text {
            Some(text) if text.is_personal => {
                let people: Vec<_> = addresses.iter().map(|address| address.person_id).collect();
                readers::list(tx, &people).await?
            }
            _ => HashMap::new(),
        };
        Ok(Some(Work { ticket, addresses, doubtful, text, readers }))
    }

    /// What the worker before left in `sending`: back to `ready` where a repeat is safe, to be asked
    /// about where the provider can be asked, otherwise unknown, and the next way is taken at once.
    async fn take_over(&self, tx: &mut Tx, ticket: &Ticket, now: Timestamp) -> Result<BTreeSet<PersonId>> {
        let supports = self.channels.lane(&ticket.channel).map(|lane| lane.supports());
        let is_safe = supports.is_none_or(|supports| supports.repeat == Repeat::Safe);
        let mut doubtful = BTreeSet::new();
        if !is_safe {
            deliveries::free_without_address(tx, ticket).await?;
        }
        if is_safe {
            attempts::keep_orphans(tx, ticket, now).await?;
            let repeated = deliveries::release_orphans(tx, ticket, State::Ready, now).await?;
            count_ambiguous(&ticket.channel, repeated.len());
        } else if supports.is_some_and(|supports| supports.query) {
            doubtful.extend(deliveries::list_sending(tx, ticket).await?.iter().map(|orphan| orphan.person_id));
        } else {
            let lost = deliveries::release_orphans(tx, ticket, State::Unknown, now).await?;
            count_ambiguous(&ticket.channel, lost.len());
            count_result(&ticket.channel, "unknown", lost.len());
            let message = if lost.is_empty() { None } else { messages::find(tx, ticket.message_id).await? };
            for (person, message) in lost.into_iter().zip(message.iter().cycle()) {
                let lost = Lost { ticket, message, person };
                self.after_failure(tx, lost, (State::Unknown, "WORKER_LOST"), now).await?;
            }
        }
        tracing::warn!(ticket.id = %ticket.id, "took over ticket {} from a worker that was lost", ticket.id);
        Ok(doubtful)
    }

    /// What the provider knows of those that may have been sent before.
    async fn inquire(&self, lane: &Lane, work: &Work) -> BTreeMap<PersonId, Outcome> {
        let people: Vec<_> = work.doubtful.iter().copied().collect();
        let keys: Vec<_> = people.iter().map(|person| key(&work.ticket, *person).to_string()).collect();
        let known = lane.channel.query(&keys).await;
        let outcome = |report: Option<channels::Report>| match report {
            Some(report) => Outcome::Sent(Accepted { reference: report.reference }),
            None => Outcome::Failed(SendError::Ambiguous("the worker was lost and the provider does not know".into())),
        };
        people.into_iter().zip(known.into_iter().map(outcome)).collect()
    }

    /// Hands everything to the provider, as many at once as it takes.
    async fn send(&self, lane: &Lane, work: &Work, begun: Instant) -> BTreeMap<PersonId, Outcome> {
        let mut outcomes = BTreeMap::new();
        if !work.doubtful.is_empty() {
            outcomes = self.inquire(lane, work).await;
        }
        let mut batch: Vec<(PersonId, Outgoing)> = Vec::new();
        let size = lane.supports().batch.max(1);
        for address in work.addresses.iter().filter(|address| !work.doubtful.contains(&address.person_id)) {
            match self.outgoing(work, address) {
                Ok(outgoing) => batch.push((address.person_id, outgoing)),
                Err(refused) => {
                    outcomes.insert(address.person_id, Outcome::Failed(refused));
                }
            }
        }
        // A ticket is made to be one call, except that after a rest one message goes ahead.
        let mut waiting = &batch[..];
        while !waiting.is_empty() {
            if begun.elapsed() > NO_SENDING_AFTER || lane.resting().is_some() {
                outcomes.extend(waiting.iter().map(|(person, _)| (*person, Outcome::NotTried)));
                break;
            }
            let ahead = if lane.is_probing() { 1 } else { size };
            let (part, others) = waiting.split_at(ahead.min(waiting.len()));
            waiting = others;
            let outgoing: Vec<_> = part.iter().map(|(_, outgoing)| outgoing.clone()).collect();
            failpoint!("esc.before_call");
            let answers = lane.channel.send(&outgoing).await;
            note_health(lane, &answers);
            outcomes.extend(
                part.iter()
                    .zip(answers)
                    .map(|((person, _), answer)| (*person, answer.map_or_else(Outcome::Failed, Outcome::Sent))),
            );
        }
        outcomes
    }

    /// What one person is told over this channel, and where.
    fn outgoing(&self, work: &Work, address: &Address) -> std::result::Result<Outgoing, SendError> {
        let ticket = &work.ticket;
        let sealed = address.sealed.as_ref();
        let to = match ticket.channel.as_str() {
            "email" => sealed.and_then(|sealed| open_email(&self.sealer, sealed).ok()),
            "dingtalk" => address.dingtalk_id.clone(),
            _ => sealed.and_then(|sealed| open_phone(&self.sealer, sealed).ok()),
        };
        let to = to.ok_or_else(|| SendError::refused("NO_ADDRESS", "没有可用的联系方式"))?;
        let text = work.text.as_ref().ok_or_else(|| SendError::refused("NO_MESSAGE", "消息已不存在"))?;
        let buttons = text.actions.0.list.iter();
        Ok(Outgoing {
            idempotency_key: key(ticket, address.person_id).to_string(),
            address: to,
            name: address.name.clone().unwrap_or_default(),
            title: work.fill(address.person_id, &text.title),
            text: wording(&ticket.channel, text, |part| work.fill(address.person_id, part)),
            link: Some(self.place.link(ticket.message_id)),
            buttons: buttons.map(|action| Button { id: action.id.clone(), label: action.label.clone() }).collect(),
        })
    }
}

fn key(ticket: &Ticket, person: PersonId) -> Key {
    Key { message: ticket.message_id, person, channel: ticket.channel.clone(), round: ticket.round }
}

/// `fill` makes a text that names its reader one for him.
fn wording(channel: &str, text: &Text, fill: impl Fn(&str) -> String) -> String {
    let Text { sender_name, signature, .. } = text;
    Said { sender_name, title: &fill(&text.title), body: &fill(&text.body), signature, link: None }.on(channel)
}

fn refuse_all(work: &Work, code: &str, reason: &str) -> BTreeMap<PersonId, Outcome> {
    let refused = |address: &Address| (address.person_id, Outcome::Failed(SendError::refused(code, reason)));
    work.addresses.iter().map(refused).collect()
}

/// One refusal says nothing of the provider; being busy or away does.
fn note_health(lane: &Lane, answers: &[std::result::Result<Accepted, SendError>]) {
    for answer in answers {
        match answer {
            Ok(_) | Err(SendError::Refused { .. }) => lane.went_well(),
            Err(SendError::Temporary { retry_after, .. }) => lane.went_wrong(*retry_after),
            Err(SendError::Ambiguous(_)) => lane.went_wrong(None),
        }
    }
}
