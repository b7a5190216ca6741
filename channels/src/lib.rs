//! The ways a notification leaves the hub: one file for each provider.
//!
//! Invariant: nothing here knows the database, the broker, the clock or who the
//! people are. A channel gets an address and a text, and says what became of
//! them; whether and when to try again is the hub's decision.

#[cfg(any(test, feature = "fake"))]
pub mod fake;
pub mod gateway;
mod http;
mod signature;
pub mod simulated;
pub mod smtp;

use std::{fmt, time::Duration};

use async_trait::async_trait;

/// Any error of a library below, kept as the source of ours.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What the hub asks a channel to send to one address.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Same on every retry, so that a provider can drop a repeat; also the
    /// reference callbacks come back with. At most 64 of `[A-Za-z0-9_-]`.
    pub idempotency_key: String,
    /// Phone number, e-mail address or DingTalk user id, as the channel wants it.
    pub address: String,
    /// The person's display name as it stands in the directory: may hold anything.
    pub name: String,
    pub title: String,
    pub text: String,
    /// Where to read it in full.
    pub link: Option<String>,
    /// What may be answered; on the phone the n-th is key n.
    pub buttons: Vec<Button>,
}

/// Shows nothing personal, so that an `Outgoing` may stand in a log line.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("idempotency_key", &self.idempotency_key).finish_non_exhaustive()
    }
}

/// One answer a recipient can give without opening the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    pub id: String,
    pub label: String,
}

/// A provider took the message; `reference` is its own word for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub reference: Option<String>,
}

/// Why a message was not surely sent: says whether trying again can help.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Certainly not sent; trying again can help, not before `retry_after` if given.
    #[error("the provider is busy or out of reach")]
    Temporary { source: BoxError, retry_after: Option<Duration> },
    /// Certainly not sent, and never will be: the provider's own code and words.
    #[error("the provider refused the message with {code}: {reason}")]
    Refused { code: String, reason: String },
    /// The request left and the answer was lost: may or may not have been sent.
    #[error("the provider's answer was lost")]
    Ambiguous(#[source] BoxError),
}

impl SendError {
    /// Certainly not sent, worth trying again whenever the hub likes.
    pub fn temporary(source: impl Into<BoxError>) -> Self {
        Self::Temporary { source: source.into(), retry_after: None }
    }

    /// Certainly not sent, and never will be.
    pub fn refused(code: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Refused { code: code.into(), reason: reason.into() }
    }
}

/// Why a channel cannot be made from its settings.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("the address of the provider cannot be used")]
    Url(#[source] BoxError),
    #[error("the sender's address cannot be used")]
    From(#[source] BoxError),
    #[error("the connection cannot be prepared")]
    Client(#[source] BoxError),
}

/// May an ambiguous send be repeated with the same key?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// The provider drops a second one, or a second one is marked as the same.
    Safe,
    /// The person would be told, or called, twice.
    Unsafe,
}

/// What a channel is able to do, so that the hub need not know its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supports {
    /// Most messages one call of [`Channel::send`] takes.
    pub batch: usize,
    /// Most calls of [`Channel::send`] at one time in one process.
    pub concurrency: usize,
    pub repeat: Repeat,
    /// Does the provider report by itself ([`Channel::callback`])?
    pub callbacks: bool,
    /// Can it be asked ([`Channel::query`])?
    pub query: bool,
    /// Can a sent message be taken back ([`Channel::recall`])?
    pub recall: bool,
}

/// How far a message got, from the provider's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It reached the device or the mailbox.
    Delivered,
    /// It did not, and will not.
    Undelivered,
    /// Somebody or something picked up the phone; voicemail does so too.
    Answered,
    /// A key or a button was pressed: a person has seen it.
    Confirmed,
    /// It was opened.
    Read,
}

/// One word of a provider about one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// [`Outgoing::idempotency_key`].
    pub key: String,
    pub reference: Option<String>,
    pub status: Status,
    /// For people: why it was not delivered, which key was pressed.
    pub detail: String,
    /// The id of the button, or the key of the phone where there are no buttons.
    pub pressed: Option<String>,
}

/// What became of the wish to take a message back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recalled {
    Done,
    NotPossible { reason: String },
}

/// Why a callback is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    #[error("this channel takes no callbacks")]
    Unsupported,
    #[error("the signature does not fit")]
    BadSignature,
    #[error("the callback is too old, or its clock is wrong")]
    Stale,
    #[error("the callback cannot be read")]
    Malformed,
}

/// A provider. Implementations never panic and never answer later than their
/// own time limits allow.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Stable name (`dingtalk`, `sms`, `voice`, `email`), stored with every delivery.
    fn name(&self) -> &'static str;

    fn supports(&self) -> Supports;

    /// One answer for each, in the same order.
    async fn send(&self, batch: &[Outgoing]) -> Vec<Result<Accepted, SendError>>;

    /// Asks the provider what became of these keys: `None` where it cannot say.
    async fn query(&self, keys: &[String]) -> Vec<Option<Report>> {
        vec![None; keys.len()]
    }

    /// Takes back what it can of these [`Accepted::reference`]s.
    async fn recall(&self, references: &[String]) -> Vec<Recalled> {
        let reason = "this channel cannot take a message back".to_owned();
        vec![Recalled::NotPossible { reason }; references.len()]
    }

    /// Verifies and reads what the provider posted to `/callbacks/{name}`;
    /// `headers` in any case, `now_unix` in seconds.
    fn callback(
        &self,
        _headers: &[(String, String)],
        _body: &[u8],
        _now_unix: i64,
    ) -> Result<Vec<Report>, CallbackError> {
        Err(CallbackError::Unsupported)
    }

    /// Is the provider in reach and does it take our credentials? Sends nothing.
    async fn check(&self) -> Result<(), SendError>;
}
