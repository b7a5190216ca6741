//! Who sends, and what he is answered.

use serde::{Deserialize, Serialize};

use super::policy::Facts;
use crate::{
    domain::{ApprovalId, MessageId, PersonId, message::State},
    storage::{messages::Message, producers::Producer},
};

/// Who is behind a command.
#[derive(Debug, Clone)]
pub enum Source {
    Producer(Producer),
    Person(PersonId),
    /// The hub itself: reminders of approvers, answers to senders.
    Hub,
}

impl Source {
    /// As whom it owns idempotency keys.
    pub fn key(&self) -> String {
        match self {
            Self::Producer(producer) => format!("producer:{}", producer.id),
            Self::Person(person) => format!("person:{person}"),
            Self::Hub => "hub".to_owned(),
        }
    }

    /// As whom it stands in the audit.
    pub fn actor(&self) -> String {
        match self {
            Self::Producer(producer) => format!("producer:{}", producer.name),
            Self::Person(_) | Self::Hub => self.key(),
        }
    }

    /// What it is to a message: its sender, or nobody.
    pub fn facts(&self, message: &Message) -> Facts {
        Facts::owned(match self {
            Self::Producer(producer) => message.producer_id == Some(producer.id),
            Self::Person(person) => message.sender_id == Some(*person),
            Self::Hub => false,
        })
    }

    pub fn person(&self) -> Option<PersonId> {
        match self {
            Self::Person(person) => Some(*person),
            Self::Producer(_) | Self::Hub => None,
        }
    }
}

/// What a sender hears at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The same key and body came before; this is the answer of then.
    #[serde(skip)]
    pub duplicate: bool,
    pub id: MessageId,
    pub state: State,
    pub recipients: i64,
    /// named twice, counted once
    pub repeated: i64,
    pub approval: Option<ApprovalNeeded>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalNeeded {
    pub id: ApprovalId,
    pub rule: String,
    /// how many people may decide
    pub approvers: i64,
}
