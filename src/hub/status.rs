//! What became of a message, for its sender alone.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Hub, Result, Source,
    policy::{self, Action},
    tallies::Tally,
};
use crate::{
    domain::{MessageId, PersonId, Problem},
    storage::{
        Tx,
        attempts::{self, Attempt},
        message_status::{self, Asked, Person, Seat, Try, Wanted},
        messages::{self, Message},
    },
};

/// A message, and how far it has come.
#[derive(Debug, Clone)]
pub struct MessageStatus {
    pub message: Message,
    pub tally: Arc<Tally>,
    pub approvals: Vec<Asked>,
    /// everybody who was asked, node by node
    pub seats: Vec<Seat>,
}

/// One recipient and every try to reach them.
#[derive(Debug, Clone)]
pub struct Reached {
    pub person: Person,
    /// how each stands
    pub tries: Vec<Try>,
    /// and stood before
    pub earlier: Vec<Attempt>,
}

impl Hub {
    /// Counted now. For everybody but its sender the message does not exist.
    pub async fn message_status(&self, source: &Source, id: MessageId) -> Result<MessageStatus> {
        let (message, approvals, seats) = self.own_with_approvals(source, id).await?;
        Ok(MessageStatus { tally: Arc::new(self.tally(&message).await?), message, approvals, seats })
    }

    /// The same for a page that follows: see [`Hub::last_tally`].
    pub async fn last_status(&self, source: &Source, id: MessageId) -> Result<MessageStatus> {
        let (message, approvals, seats) = self.own_with_approvals(source, id).await?;
        Ok(MessageStatus { tally: self.last_tally(&message).await?, message, approvals, seats })
    }

    async fn own_with_approvals(&self, source: &Source, id: MessageId) -> Result<(Message, Vec<Asked>, Vec<Seat>)> {
        let mut tx = self.db.read().await?;
        let message = own(&mut tx, source, id).await?;
        let approvals = message_status::list_approvals(&mut tx, id).await?;
        let seats = message_status::list_seats(&mut tx, id).await?;
        Ok((message, approvals, seats))
    }

    /// # Errors
    /// `NOT_FOUND` for everybody but its sender.
    pub async fn check_own(&self, source: &Source, id: MessageId) -> Result<()> {
        let mut tx = self.db.read().await?;
        own(&mut tx, source, id).await.map(drop)
    }

    /// A page of recipients, and where the next one begins.
    pub async fn message_deliveries(
        &self,
        source: &Source,
        id: MessageId,
        wanted: Wanted<'_>,
        limit: i64,
    ) -> Result<(Vec<Reached>, Option<PersonId>)> {
        let mut tx = self.db.read().await?;
        own(&mut tx, source, id).await?;
        let mut people = message_status::list(&mut tx, id, wanted, limit + 1).await?;
        let is_more = i64::try_from(people.len()).is_ok_and(|found| found > limit);
        if is_more {
            people.pop();
        }
        let ends = people.first().zip(people.last()).map(|(first, last)| (first.person_id, last.person_id));
        let Some((first, last)) = ends else { return Ok((Vec::new(), None)) };
        let mut tries: BTreeMap<PersonId, Vec<Try>> = BTreeMap::new();
        for each in message_status::list_tries(&mut tx, id, first, last).await? {
            tries.entry(each.person_id).or_default().push(each);
        }
        let mut earlier: BTreeMap<PersonId, Vec<Attempt>> = BTreeMap::new();
        for each in attempts::list(&mut tx, id, first, last).await? {
            earlier.entry(each.person_id).or_default().push(each);
        }
        let reached = people.into_iter().map(|person| Reached {
            tries: tries.remove(&person.person_id).unwrap_or_default(),
            earlier: earlier.remove(&person.person_id).unwrap_or_default(),
            person,
        });
        let reached = reached.collect();
        Ok((reached, is_more.then_some(last)))
    }
}

async fn own(tx: &mut Tx, source: &Source, id: MessageId) -> Result<Message> {
    let message = messages::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    policy::require(source, Action::SeeDeliveries, &source.facts(&message))?;
    Ok(message)
}
