//! What lies on a simulated phone, and what its owner can do with it.
//!
//! Invariant: an item changes only through [`Item::act`], which says at the same
//! time what the carrier must report; no action is possible twice.

use serde::{Deserialize, Serialize};

use super::post::Line;
use crate::{Outgoing, Status};

/// The way an item came to the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    DingTalk,
    Sms,
    Voice,
}

impl Medium {
    /// The channel's name, as [`crate::Channel::name`] gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DingTalk => "dingtalk",
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Lies there unopened.
    Delivered,
    Read,
    /// A button or the right key was pressed.
    Confirmed,
    Recalled,
    Ringing,
    InCall,
    /// The call was taken and ended without the right key.
    HungUp,
    /// The call was cut while it rang.
    Rejected,
    NoAnswer,
    Busy,
}

/// One message, card or call on a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Also the carrier's reference for it.
    pub id: String,
    pub channel: Medium,
    /// Unix microseconds.
    pub at: i64,
    pub title: String,
    pub text: String,
    pub link: Option<String>,
    pub buttons: Vec<Key>,
    pub state: ItemState,
    /// The id of the pressed button.
    pub pressed: Option<String>,
    #[serde(skip)]
    pub(super) idempotency_key: String,
}

/// A button, and the key it has in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    pub key: usize,
    pub id: String,
    pub label: String,
}

/// What the owner of a phone does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act<'a> {
    Answer,
    Press(char),
    HangUp,
    Busy,
    Ignore,
    Button(&'a str),
    Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    #[error("there is no such message or call")]
    Unknown,
    #[error("that cannot be done with it now")]
    NotNow,
}

/// What the carrier reports, in the words of its callbacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    Delivered,
    Read,
    Confirmed,
    Answered,
    WrongKey,
    HungUp,
    Rejected,
    NoAnswer,
    Busy,
}

impl Event {
    pub(super) fn status(self) -> Status {
        match self {
            Self::Delivered => Status::Delivered,
            Self::Read => Status::Read,
            Self::Confirmed => Status::Confirmed,
            Self::Answered | Self::WrongKey | Self::HungUp => Status::Answered,
            Self::Rejected | Self::NoAnswer | Self::Busy => Status::Undelivered,
        }
    }

    pub(super) fn detail(self, pressed: Option<&str>) -> String {
        let words = match self {
            Self::Delivered => "已送达",
            Self::Read => "已查看",
            Self::Confirmed => "已确认",
            Self::Answered => "已接听",
            Self::WrongKey => return format!("已接听，按了 {} 键", pressed.unwrap_or("?")),
            Self::HungUp => "已接听，未按键挂断",
            Self::Rejected => "拒接",
            Self::NoAnswer => "无人接听",
            Self::Busy => "占线",
        };
        words.to_owned()
    }
}

/// An event, and what was pressed if something was.
type Told = Option<(Event, Option<String>)>;

impl Item {
    pub(super) fn new(channel: Medium, id: &str, at: i64, outgoing: &Outgoing) -> Self {
        let buttons = outgoing.buttons.iter().enumerate().map(|(at, button)| Key {
            key: at + 1,
            id: button.id.clone(),
            label: button.label.clone(),
        });
        Self {
            id: id.to_owned(),
            channel,
            at,
            title: outgoing.title.clone(),
            text: outgoing.text.clone(),
            link: outgoing.link.clone(),
            buttons: buttons.collect(),
            state: match channel {
                Medium::Voice => ItemState::Ringing,
                Medium::DingTalk | Medium::Sms => ItemState::Delivered,
            },
            pressed: None,
            idempotency_key: outgoing.idempotency_key.clone(),
        }
    }

    /// This event as the body of a callback holds it.
    pub(super) fn line(&self, event: Event, pressed: Option<String>) -> Line {
        Line { key: self.idempotency_key.clone(), reference: self.id.clone(), event, pressed }
    }

    /// Does it, and says what the carrier has to report (nothing, when nothing changed for it).
    pub(super) fn act(&mut self, act: Act<'_>) -> Result<Told, ActError> {
        use ItemState::{Busy, Delivered, HungUp, InCall, NoAnswer, Read, Rejected, Ringing};
        let (state, event) = match (self.state, act) {
            (Ringing, Act::Answer) => (InCall, Some(Event::Answered)),
            (Ringing, Act::Busy) => (Busy, Some(Event::Busy)),
            (Ringing, Act::Ignore) => (NoAnswer, Some(Event::NoAnswer)),
            (Ringing, Act::HangUp) => (Rejected, Some(Event::Rejected)),
            (InCall, Act::HangUp) => (HungUp, Some(Event::HungUp)),
            (InCall, Act::Press(key)) => return self.press(key),
            (Delivered | Read, Act::Button(id)) => {
                let known = self.buttons.iter().any(|button| button.id == id);
                return known.then(|| self.confirm(id)).ok_or(ActError::Unknown);
            }
            // A carrier of SMS does not learn that somebody looked.
            (Delivered, Act::Open) => (Read, (self.channel == Medium::DingTalk).then_some(Event::Read)),
            (Read | ItemState::Confirmed, Act::Open) => return Ok(None),
            _ => return Err(ActError::NotNow),
        };
        self.state = state;
        Ok(event.map(|event| (event, None)))
    }

    /// Key n is the n-th button; without buttons, key 1 confirms.
    fn press(&mut self, key: char) -> Result<Told, ActError> {
        let number = key.to_digit(10).ok_or(ActError::NotNow)?;
        let button = self.buttons.iter().find(|button| button.key == number as usize);
        match button.map(|button| button.id.clone()) {
            Some(id) => Ok(self.confirm(&id)),
            None if self.buttons.is_empty() && number == 1 => Ok(self.confirm("confirm")),
            None => Ok(Some((Event::WrongKey, Some(key.to_string())))),
        }
    }

    fn confirm(&mut self, id: &str) -> Told {
        self.state = ItemState::Confirmed;
        self.pressed = Some(id.to_owned());
        Some((Event::Confirmed, self.pressed.clone()))
    }

    /// The last word about it, for a hub that asks; `None` while a call goes on or after a recall.
    pub(super) fn event(&self) -> Option<Event> {
        match self.state {
            ItemState::Delivered => Some(Event::Delivered),
            // Opened SMS stay "delivered" for their carrier.
            ItemState::Read if self.channel == Medium::Sms => Some(Event::Delivered),
            ItemState::Read => Some(Event::Read),
            ItemState::Confirmed => Some(Event::Confirmed),
            ItemState::InCall => Some(Event::Answered),
            ItemState::HungUp => Some(Event::HungUp),
            ItemState::Rejected => Some(Event::Rejected),
            ItemState::NoAnswer => Some(Event::NoAnswer),
            ItemState::Busy => Some(Event::Busy),
            ItemState::Ringing | ItemState::Recalled => None,
        }
    }
}

/// One line in the list of phones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhoneSummary {
    pub address: String,
    /// As the hub last wrote it.
    pub name: String,
    pub unread: usize,
    pub ringing: usize,
    /// When the newest item came, in Unix microseconds.
    pub at: i64,
}

/// A phone with all that lies on it, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Phone {
    pub address: String,
    pub name: String,
    pub items: Vec<Item>,
}
