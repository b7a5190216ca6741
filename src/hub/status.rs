//! What became of a message, for its sender alone.

use std::collections::BTreeMap;

use super::{
    Hub, Result, Source,
    policy::{self, Action},
};
use crate::{
    domain::{MessageId, PersonId, Problem, delivery::State},
    storage::{
        Tx, deliveries,
        message_status::{self, Asked, ChannelPeople, Person, Totals, Try, Wanted},
        messages::{self, Message},
        receipts,
    },
};

/// A message and its totals.
#[derive(Debug, Clone)]
pub struct MessageStatus {
    pub message: Message,
    pub totals: Totals,
    /// how many chose what; an action by its id
    pub receipts: Vec<(String, i64)>,
    /// how many tries over each channel are where
    pub channels: Vec<(String, State, i64)>,
    /// the same in people
    pub reached: Vec<ChannelPeople>,
    pub approvals: Vec<Asked>,
}

/// One recipient and every try to reach them.
#[derive(Debug, Clone)]
pub struct Reached {
    pub person: Person,
    pub tries: Vec<Try>,
}

impl Hub {
    /// For everybody but its sender the message does not exist.
    pub async fn message_status(&self, source: &Source, id: MessageId) -> Result<MessageStatus> {
        let mut tx = self.db.read().await?;
        let message = own(&mut tx, source, id).await?;
        Ok(MessageStatus {
            totals: message_status::count(&mut tx, id).await?,
            receipts: receipts::count_by_choice(&mut tx, id).await?,
            channels: deliveries::count_by_state(&mut tx, id).await?,
            reached: message_status::count_by_channel(&mut tx, id).await?,
            approvals: message_status::list_approvals(&mut tx, id).await?,
            message,
        })
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
        let reached = people
            .into_iter()
            .map(|person| Reached { tries: tries.remove(&person.person_id).unwrap_or_default(), person })
            .collect();
        Ok((reached, is_more.then_some(last)))
    }
}

async fn own(tx: &mut Tx, source: &Source, id: MessageId) -> Result<Message> {
    let message = messages::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    policy::require(source, Action::SeeDeliveries, &source.facts(&message))?;
    Ok(message)
}
