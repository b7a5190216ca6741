//! What became of a message, for its sender alone.

use std::{collections::BTreeMap, sync::Arc};

use super::{kept_tallies::Age, tallies::Tally};
use crate::{
    domain::{MessageId, PersonId, Problem},
    hub::{
        Hub, Result, Source,
        policy::{self, Action},
    },
    storage::{
        Tx,
        additions::{self, Addition},
        attempts::{self, Attempt},
        message_status::{self, Asked, Seat},
        messages::{self, Message},
        reached::{self, Person, Try, Wanted},
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
    /// the message of the thread by which they got it
    pub part: MessageId,
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

    /// The same for a page: see [`Hub::last_tally`].
    pub async fn last_status(&self, source: &Source, id: MessageId, age: Age) -> Result<MessageStatus> {
        let (message, approvals, seats) = self.own_with_approvals(source, id).await?;
        Ok(MessageStatus { tally: self.last_tally(&message, age).await?, message, approvals, seats })
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

    /// A page of recipients, those who were added among them, and where the next one begins.
    pub async fn message_deliveries(
        &self,
        source: &Source,
        id: MessageId,
        wanted: Wanted<'_>,
        limit: i64,
    ) -> Result<(Vec<Reached>, Option<PersonId>)> {
        self.check_own(source, id).await?;
        self.list_reached(id, wanted, limit).await
    }

    /// [`Hub::message_deliveries`] for whoever has been let in already.
    pub async fn list_reached(
        &self,
        id: MessageId,
        wanted: Wanted<'_>,
        limit: i64,
    ) -> Result<(Vec<Reached>, Option<PersonId>)> {
        list_reached(&mut self.db.read().await?, id, wanted, limit).await
    }

    /// See [`thread`].
    pub async fn thread(&self, message: &Message) -> Result<(Option<MessageId>, Vec<Addition>)> {
        thread(&mut self.db.read().await?, message).await
    }
}

/// What was added to a message, oldest first, and what it adds to itself.
pub async fn thread(tx: &mut Tx, message: &Message) -> Result<(Option<MessageId>, Vec<Addition>)> {
    Ok((additions::find_first(tx, message.id).await?, additions::list(tx, message.id).await?))
}

/// [`Hub::message_deliveries`] for whoever has been let in already and asks for more besides.
pub async fn list_reached(
    tx: &mut Tx,
    id: MessageId,
    wanted: Wanted<'_>,
    limit: i64,
) -> Result<(Vec<Reached>, Option<PersonId>)> {
    let mut parts = vec![id];
    parts.extend(additions::list_out(tx, id).await?);
    let mut people: Vec<(MessageId, Person)> = Vec::new();
    for part in &parts {
        let found = reached::list(tx, *part, wanted, limit + 1).await?;
        people.extend(found.into_iter().map(|person| (*part, person)));
    }
    people.sort_by_key(|(_, person)| person.person_id);
    let fits = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_more = people.len() > fits;
    people.truncate(fits);
    let last = people.last().map(|(_, person)| person.person_id);
    let mut tried: BTreeMap<PersonId, (Vec<Try>, Vec<Attempt>)> = BTreeMap::new();
    for part in parts {
        let own = people.iter().filter(|(of, _)| *of == part);
        let own: Vec<_> = own.map(|(_, person)| person.person_id).collect();
        if own.is_empty() {
            continue;
        }
        for each in reached::list_tries(tx, part, &own).await? {
            tried.entry(each.person_id).or_default().0.push(each);
        }
        for each in attempts::list(tx, part, &own).await? {
            tried.entry(each.person_id).or_default().1.push(each);
        }
    }
    let reached = people.into_iter().map(|(part, person)| {
        let (tries, earlier) = tried.remove(&person.person_id).unwrap_or_default();
        Reached { person, part, tries, earlier }
    });
    Ok((reached.collect(), last.filter(|_| is_more)))
}

async fn own(tx: &mut Tx, source: &Source, id: MessageId) -> Result<Message> {
    let message = messages::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    policy::require(source, Action::SeeDeliveries, &source.facts(&message))?;
    Ok(message)
}
