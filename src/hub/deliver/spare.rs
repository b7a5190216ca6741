//! Sparing people calls: whoever was called often enough is called later, whatever it is about.

use std::collections::BTreeMap;

use crate::{
    clock::Timestamp,
    domain::{
        ClaimId, PersonId, TicketId,
        calls::{CHANNEL, LOOKS_BACK, wait_until},
        delivery::{Key, State},
    },
    hub::{Hub, Result},
    storage::{
        Tx, calls, deliveries, messages,
        tickets::{self, Ticket},
        waves::{self, NOBODY},
    },
};

impl Hub {
    /// Puts calls off that would be too many for who is called; true when the claimed ticket was put
    /// off or, being for several people, taken apart.
    pub(super) async fn spare(&self, tx: &mut Tx, ticket: &Ticket, claim: ClaimId, now: Timestamp) -> Result<bool> {
        if ticket.channel != CHANNEL {
            return Ok(false);
        }
        // A call that will not be made takes nobody's place.
        deliveries::end_moot(tx, ticket, now).await?;
        let open = calls::list_open(tx, ticket).await?;
        let ready = open.iter().filter(|(_, _, state)| *state == State::Ready);
        let mut callees: Vec<_> = ready.filter_map(|(_, callee, _)| *callee).collect();
        callees.sort_unstable();
        callees.dedup();
        calls::lock(tx, &callees).await?;
        let mut called: BTreeMap<PersonId, Vec<Timestamp>> = BTreeMap::new();
        for (callee, at) in calls::list_recent(tx, &callees, now - LOOKS_BACK).await? {
            called.entry(callee).or_default().push(at);
        }
        let mut due = Vec::with_capacity(open.len());
        for (person, callee, state) in open {
            let times = called.entry(callee.filter(|callee| *callee != NOBODY).unwrap_or(person)).or_default();
            let until = wait_until(times, now).filter(|_| state == State::Ready);
            if until.is_none() && state == State::Ready {
                times.push(now);
            }
            due.push((person, until));
        }
        if due.iter().all(|(_, until)| until.is_none()) {
            return Ok(false);
        }
        tracing::info!(ticket.id = %ticket.id, message.id = %ticket.message_id, "calls of ticket {} wait: enough calls for now", ticket.id);
        if let [(_, Some(until))] = due[..] {
            tickets::postpone(tx, ticket.id, until).await?;
            return Ok(true);
        }
        tickets::remove(tx, ticket.id, claim).await?;
        for (person, until) in due {
            let alone =
                Ticket { id: TicketId::new(), first_person: person, last_person: person, size: 1, ..ticket.clone() };
            tickets::insert(tx, &alone, until.unwrap_or(now)).await?;
        }
        Ok(true)
    }

    /// When somebody for whom a call is due at `due` will be called, after those of the last hour; none:
    /// then.
    pub async fn next_call(&self, callee: PersonId, due: Timestamp) -> Result<Option<Timestamp>> {
        let mut tx = self.db.read().await?;
        let called = calls::list_recent(&mut tx, &[callee], due - LOOKS_BACK).await?;
        let times: Vec<_> = called.into_iter().map(|(_, at)| at).collect();
        Ok(wait_until(&times, due))
    }

    /// Would another try of a call at `at` come when a later step has begun? Several steps of one
    /// minute go beside each other.
    pub(super) async fn overtaken(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        person: PersonId,
        at: Timestamp,
    ) -> Result<Option<Overtaken>> {
        if ticket.channel != CHANNEL {
            return Ok(None);
        }
        let Some(message) = messages::find(tx, ticket.message_id).await? else { return Ok(None) };
        let rounds = &message.rounds.0.list;
        let Some(this) = usize::try_from(ticket.round).ok().and_then(|nth| rounds.get(nth)) else { return Ok(None) };
        let mut found = None;
        for (round, step) in (0..).zip(rounds).filter(|(_, step)| step.after > this.after) {
            let begins = waves::due_at(tx, message.id, round).await?;
            if begins.is_some_and(|begins| begins > at) {
                continue;
            }
            let call = Key { message: message.id, person, channel: CHANNEL.to_owned(), round };
            // A wave that is through has passed over whoever did what it waits for.
            if step.calls() && (begins.is_some() || deliveries::find(tx, &call).await?.is_some()) {
                return Ok(Some(Overtaken::ByCall));
            }
            found = Some(Overtaken::Otherwise);
        }
        Ok(found)
    }
}

/// What a later step does that has begun before a call is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overtaken {
    /// It calls instead.
    ByCall,
    /// It does something else, or nothing for this person.
    Otherwise,
}
