//! A message: what somebody wants to say, to whom, how, and when.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use super::{ApprovalId, MessageId, PersonId, send_rule::Round, words::words};
use crate::clock::Timestamp;

words! {
    pub enum Kind {
        Content => "content",
        Link => "link",
    }
}

words! {
    /// 类型 as lists show it (checklist MC-17): what goes out as a text message alone is a 短信.
    pub enum ListedKind {
        Notice => "notice",
        Text => "text",
        Link => "link",
    }
}

impl ListedKind {
    /// The rounds of a draft are not spread out yet: its rule tells by its name.
    pub fn of(kind: Kind, rounds: &[Round], rule: &str) -> Self {
        let is_text = match rounds.first() {
            Some(first) => !first.channels.is_empty() && first.channels.iter().all(|channel| channel == "sms"),
            None => rule == "sms",
        };
        match kind {
            Kind::Link => Self::Link,
            Kind::Content if is_text => Self::Text,
            Kind::Content => Self::Notice,
        }
    }
}

words! {
    /// 草稿 审批 驳回 (held: waits for the sender) 定时 已发送 已撤回
    pub enum State {
        Draft => "draft",
        PendingApproval => "pending_approval",
        Rejected => "rejected",
        /// Approved after its time had passed: the sender decides.
        Held => "held",
        Scheduled => "scheduled",
        Sending => "sending",
        Sent => "sent",
        Recalled => "recalled",
    }
}

impl State {
    /// The allowed transitions, spec/vocabulary §2.1, and no others.
    pub fn may_become(self, next: Self) -> bool {
        use State::{Draft, Held, PendingApproval, Recalled, Rejected, Scheduled, Sending, Sent};
        matches!(
            (self, next),
            (Draft, PendingApproval | Scheduled | Sending)
                | (PendingApproval, Rejected | Scheduled | Sending | Held | Recalled)
                | (Rejected | Recalled, Draft)
                | (Held, Scheduled | Sending | Recalled)
                | (Scheduled, Sending | Held | Recalled)
                | (Sending, Sent | Recalled)
                | (Sent, Recalled)
        )
    }

    /// The word for it in what people read.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::PendingApproval => "审批中",
            Self::Rejected => "已驳回",
            Self::Held => "已过发送时间",
            Self::Scheduled => "定时",
            Self::Sending => "发送中",
            Self::Sent => "已发送",
            Self::Recalled => "已撤回",
        }
    }

    /// Recipients may see it.
    pub fn is_out(self) -> bool {
        matches!(self, Self::Sending | Self::Sent)
    }
}

/// `message.send` (spec/interfaces §4), read and checked by itself; nothing looked up yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Draft {
    pub kind: Kind,
    pub title: String,
    pub body: String,
    pub signature: String,
    pub url: Option<String>,
    pub category: Option<String>,
    pub audience: Audience,
    pub send_rule: Option<String>,
    pub receipt: Option<ReceiptRequest>,
    pub actions: Vec<Action>,
    pub send_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub recurrence: Option<Recurrence>,
    pub template: Option<TemplateUse>,
    pub attachments: Vec<AttachedFile>,
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// Set by the hub alone: the approval that this message asks somebody to decide.
    #[serde(skip)]
    pub about_approval: Option<ApprovalId>,
    /// Set by the hub alone.
    #[serde(skip)]
    pub replaces: Option<Replaces>,
    /// Set by the hub alone: whom it shows what he himself would send.
    #[serde(skip)]
    pub preview_of: Option<PersonId>,
    /// Set by the hub alone: until then it waits and can be taken back.
    #[serde(skip)]
    pub undo_until: Option<Timestamp>,
    /// Of what is written on a page: to how many its writer has said that it may go. None: nobody asks him.
    #[serde(skip)]
    pub confirmed: Option<i64>,
    /// Set by the hub alone: what was taken back or refused for this one before any of it was out, and whose
    /// SMS pieces are free.
    #[serde(skip)]
    pub instead_of: Vec<MessageId>,
}

/// What is written once more stands in place of a message that was recalled or sent back: it is the
/// next version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaces {
    pub id: MessageId,
    pub version: i64,
}

impl Draft {
    /// These words to these people, and nothing more.
    pub fn content(title: impl Into<String>, body: impl Into<String>, audience: Audience) -> Self {
        Self {
            kind: Kind::Content,
            title: title.into(),
            body: body.into(),
            signature: String::new(),
            url: None,
            category: None,
            audience,
            send_rule: None,
            receipt: None,
            actions: Vec::new(),
            send_at: None,
            expires_at: None,
            recurrence: None,
            template: None,
            attachments: Vec::new(),
            attributes: serde_json::Map::new(),
            about_approval: None,
            replaces: None,
            preview_of: None,
            undo_until: None,
            confirmed: None,
            instead_of: Vec::new(),
        }
    }
}

/// 接收范围: who is meant, not yet resolved to people.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audience {
    pub everyone: bool,
    /// accounts
    pub people: Vec<String>,
    pub departments: Vec<DepartmentChoice>,
    /// ids of groups
    pub groups: Vec<String>,
    pub filter: Filter,
    pub external: Vec<External>,
    #[serde(rename = "except")]
    pub exceptions: Exceptions,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepartmentChoice {
    pub code: String,
    #[serde(default)]
    pub recursive: bool,
}

/// Keeps only people of these kinds, this gender, this grade; empty keeps all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    pub kind: Vec<String>,
    pub gender: Option<String>,
    pub grade: Option<String>,
}

/// Somebody outside the organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct External {
    pub name: String,
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exceptions {
    pub people: Vec<String>,
    pub departments: Vec<String>,
}

/// The answers asked for. 其他 is added by the hub and cannot be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiptRequest {
    pub options: Vec<String>,
    pub due_at: Option<Timestamp>,
}

/// The option that every receipt ends with; it alone takes words.
pub const OTHER: &str = "其他";

impl ReceiptRequest {
    /// What a person may choose from, 其他 last.
    pub fn choices(&self) -> impl Iterator<Item = &str> {
        self.options.iter().map(String::as_str).chain([OTHER])
    }
}

/// A button, a signed link, or a key on the phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    pub id: String,
    pub label: String,
}

/// A series: each run is a message of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recurrence {
    pub cron: String,
    pub timezone: String,
    pub until: Option<Timestamp>,
    /// The next run, local time, for people.
    #[serde(skip)]
    pub next_local: Option<NaiveDateTime>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateUse {
    pub name: String,
    #[serde(default)]
    pub values: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttachedFile {
    pub name: String,
    #[serde(skip)]
    pub bytes: Vec<u8>,
    pub media_type: String,
}

/// Longest texts, in Unicode characters (checklist MC-06).
pub mod limits {
    pub const TITLE: usize = 200;
    pub const BODY: usize = 10_000;
    pub const SIGNATURE: usize = 30;
    pub const URL: usize = 200;
    pub const RECEIPT_OPTIONS: usize = 20;
    pub const RECIPIENTS: i64 = 100_000;
    /// To so many nobody sends from a page without having confirmed the number.
    pub const CONFIRMED: i64 = 500;
    pub const ATTACHMENTS: usize = 10;
    pub const ATTACHMENT_BYTES: usize = 5 * 1024 * 1024;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_recalled_or_rejected_message_can_be_edited_again() {
        let editable: Vec<_> =
            State::ALL.iter().filter(|state| state.may_become(State::Draft)).map(|state| state.as_str()).collect();
        assert_eq!(editable, ["rejected", "recalled"]);
    }

    #[test]
    fn nothing_is_recalled_twice() {
        assert!(!State::Recalled.may_become(State::Recalled));
        assert!(State::Sent.may_become(State::Recalled));
    }
}
