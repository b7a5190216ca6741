//! Who sends, and what he is answered.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::policy::Facts;
use crate::{
    domain::{ApprovalId, MessageId, PersonId, Problem, message::State},
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
        Facts::owned(
            message.purged_at.is_none()
                && match self {
                    Self::Producer(producer) => message.producer_id == Some(producer.id),
                    Self::Person(person) => message.sender_id == Some(*person),
                    Self::Hub => false,
                },
        )
    }

    pub fn person(&self) -> Option<PersonId> {
        match self {
            Self::Person(person) => Some(*person),
            Self::Producer(_) | Self::Hub => None,
        }
    }

    /// As whom it keeps groups: a module under its own id.
    pub fn keeper(&self) -> Option<PersonId> {
        match self {
            Self::Person(person) => Some(*person),
            Self::Producer(producer) => Some(PersonId(producer.id.0)),
            Self::Hub => None,
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
    /// what its send rule names and this installation lacks: nothing goes out over these
    #[serde(default)]
    pub missing_channels: Vec<String>,
}

impl Answer {
    /// As a program reads it.
    pub fn document(&self, lang: &str) -> Value {
        let warnings: Vec<_> = self.warnings().iter().map(|warning| warning.note(lang)).collect();
        json!({
            "id": self.id,
            "state": self.state,
            "recipients": self.recipients,
            "repeated": self.repeated,
            "approval": self.approval,
            "warnings": warnings,
        })
    }

    /// What the sender should know although the message was accepted.
    pub fn warnings(&self) -> Vec<Problem> {
        missing(&self.missing_channels).into_iter().collect()
    }
}

/// The warning that a rule reaches nobody over these; none where none is missing.
pub fn missing(channels: &[String]) -> Option<Problem> {
    let (chinese, english) = (channels.join("、"), channels.join(", "));
    let problem = Problem::invalid(
        "CHANNEL_MISSING",
        "/send_rule",
        format!("本系统没有配置此发送规则用到的渠道：{chinese}，消息不会经由它们发出，站内照常送达"),
    );
    let problem = problem.in_english(format!(
        "this installation lacks channels of the send rule: {english}; nothing goes out over them, the inbox gets it"
    ));
    (!channels.is_empty()).then_some(problem)
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalNeeded {
    pub id: ApprovalId,
    pub rule: String,
    /// how many people may decide
    pub approvers: i64,
}
