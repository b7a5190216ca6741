//! Working a ticket: claim, send, record. No transaction is open while a provider is asked.
//!
//! The claim commits `sending` before the first byte leaves, so that after a crash it is known what
//! may have gone out. Whoever finds such deliveries asks the provider if it can be asked, repeats
//! where a repeat is safe, and otherwise lets them be unknown: nobody is called twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration as Elapsed, Instant},
};

use channels::{Accepted, Button, Outgoing, Repeat, SendError};
use chrono::Duration;

use super::{Hub, Result, lanes::Lane};
use crate::{
    clock::Timestamp,
    domain::{
        PersonId, TicketId,
        contact::{open_email, open_phone},
        delivery::{Key, State},
    },
    storage::{
        Tx,
        deliveries::{self, Address, Text},
        tickets::{self, Ticket},
    },
};

/// How long a worker has a ticket to itself.
const LEASE: Duration = Duration::seconds(60);
/// After so long a worker lets go of what it has not sent yet: it may have been asleep.
const NO_SENDING_AFTER: Elapsed = Elapsed::from_secs(30);

/// A ticket whose people another worker is just calling waits so long.
const BESIDE: Duration = Duration::seconds(1);

/// What became of one delivery.
pub(super) enum Outcome {
    Sent(Accepted),
    Failed(SendError),
    /// Not handed to the provider; goes back as it was.
    NotTried,
}

/// A ticket with everything that sending needs.
pub(super) struct Work {
    pub ticket: Ticket,
    pub addresses: Vec<Address>,
    /// What a lost worker may have sent: the provider is asked before anything is concluded.
    doubtful: BTreeSet<PersonId>,
    text: Option<Text>,
}

impl Hub {
    /// Works one ticket; false when there was nothing to do for this worker.
    pub async fn deliver(&self, id: TicketId) -> Result<bool> {
        let begun = Instant::now();
        let Some(work) = self.take(id).await? else { return Ok(false) };
        failpoint!("deliver.after_fired_commit");
        let outcomes = match self.channels.lane(&work.ticket.channel) {
            Some(lane) => self.send(&lane, &work, begun).await,
            None => refuse_all(&work, "NO_CHANNEL", "此渠道尚未配置"),
        };
        failpoint!("deliver.after_provider_ok");
        self.record(&work, outcomes).await?;
        failpoint!("deliver.after_result_commit");
        Ok(true)
    }

    /// Claims a ticket and moves its deliveries to `sending`, in one transaction.
    async fn take(&self, id: TicketId) -> Result<Option<Work>> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let Some(ticket) = tickets::claim(&mut tx, id, self.replica, now, now + LEASE).await? else {
            return Ok(None);
        };
        let orphans = deliveries::list_sending(&mut tx, &ticket).await?;
        if !orphans.is_empty() && tickets::is_shared(&mut tx, &ticket, now).await? {
            // No orphans: another worker is at them.
            tickets::postpone(&mut tx, id, now + BESIDE).await?;
            tx.commit().await?;
            return Ok(None);
        }
        let doubtful = self.take_over(&mut tx, &ticket, &orphans, now).await?;
        deliveries::settle_moot(&mut tx, &ticket, now).await?;
        let moved = deliveries::mark_sending(&mut tx, &ticket, now).await?;
        let mut addresses = deliveries::list_sending(&mut tx, &ticket).await?;
        addresses.retain(|address| moved.contains(&address.person_id) || doubtful.contains(&address.person_id));
        let text = deliveries::find_text(&mut tx, ticket.message_id).await?;
        if addresses.is_empty() {
            tickets::remove(&mut tx, id, self.replica).await?;
        }
        failpoint!("deliver.after_claim");
        tx.commit().await?;
        Ok((!addresses.is_empty()).then_some(Work { ticket, addresses, doubtful, text }))
    }

    /// What the worker before left in `sending`: back to `ready` where a repeat is safe, to be asked
    /// about where the provider can be asked, otherwise unknown, and the next way is taken at once.
    async fn take_over(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        orphans: &[Address],
        now: Timestamp,
    ) -> Result<BTreeSet<PersonId>> {
        if orphans.is_empty() {
            return Ok(BTreeSet::new());
        }
        tracing::warn!(ticket.id = %ticket.id, deliveries = orphans.len(), "took over ticket {} from a worker that was lost", ticket.id);
        let supports = self.channels.lane(&ticket.channel).map(|lane| lane.supports());
        if supports.is_none_or(|supports| supports.repeat == Repeat::Safe) {
            deliveries::release_orphans(tx, ticket, State::Ready, now).await?;
            return Ok(BTreeSet::new());
        }
        if supports.is_some_and(|supports| supports.query) {
            return Ok(orphans.iter().map(|orphan| orphan.person_id).collect());
        }
        for person in deliveries::release_orphans(tx, ticket, State::Unknown, now).await? {
            self.after_failure(tx, ticket, person, (State::Unknown, "WORKER_LOST"), now).await?;
        }
        Ok(BTreeSet::new())
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

    /// Hands everything to the provider, as many at once as it takes and as fast as it may.
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
        for part in batch.chunks(size) {
            for _ in part {
                lane.turn().await;
            }
            if begun.elapsed() > NO_SENDING_AFTER || lane.resting().is_some() {
                outcomes.extend(part.iter().map(|(person, _)| (*person, Outcome::NotTried)));
                continue;
            }
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
        let to = match ticket.channel.as_str() {
            "email" => address.email_sealed.as_ref().and_then(|sealed| open_email(&self.sealer, sealed).ok()),
            "dingtalk" => address.dingtalk_id.clone(),
            _ => address.phone_sealed.as_ref().and_then(|sealed| open_phone(&self.sealer, sealed).ok()),
        };
        let to = to.ok_or_else(|| SendError::refused("NO_ADDRESS", "没有可用的联系方式"))?;
        let text = work.text.as_ref().ok_or_else(|| SendError::refused("NO_MESSAGE", "消息已不存在"))?;
        let buttons = text.actions.0.list.iter();
        Ok(Outgoing {
            idempotency_key: key(ticket, address.person_id).to_string(),
            address: to,
            name: address.name.clone().unwrap_or_default(),
            title: text.title.clone(),
            text: wording(&ticket.channel, text),
            link: Some(format!("{}/inbox/{}", self.place.public_url, ticket.message_id)),
            buttons: buttons.map(|action| Button { id: action.id.clone(), label: action.label.clone() }).collect(),
        })
    }
}

fn key(ticket: &Ticket, person: PersonId) -> Key {
    Key { message: ticket.message_id, person, channel: ticket.channel.clone(), round: ticket.round }
}

/// A text message is short, a call is spoken, a mail and a card say all.
fn wording(channel: &str, text: &Text) -> String {
    match channel {
        "sms" => format!("{}：{}。详情请登录查看", text.sender_name, text.title),
        "voice" => format!("您好，{}通知您：{}。", text.sender_name, text.title),
        _ if text.signature.is_empty() => text.body.clone(),
        _ => format!("{}\n\n{}", text.body, text.signature),
    }
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
