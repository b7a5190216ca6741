//! `/admin`: whether every part works, in one look.

use serde::Serialize;

use super::Moment;
use crate::domain::message;

/// `pages/recalls`: `POST /admin/recalls/{id}` with `reason`, `q` and `cursor`.
#[derive(Debug, Clone, Serialize)]
pub struct RecallsPage {
    pub rows: Vec<ForeignRow>,
    /// A part of a title or a sender's name; empty: nothing.
    pub query: String,
    /// Where this page of the list begins; empty: at the top.
    pub cursor: String,
    /// Address of the next page; `None` at the end.
    pub older: Option<String>,
    /// What was just done, already in the person's language.
    pub notice: Option<String>,
    /// Why nothing was done, when the message is not in the list.
    pub problem: Option<String>,
}

/// A message of somebody else, as far as an administrator sees it.
#[derive(Debug, Clone, Serialize)]
pub struct ForeignRow {
    pub id: String,
    pub title: String,
    pub sender: String,
    /// Empty for a module.
    pub department: String,
    /// Words under `outbox.state.<state>`.
    pub state: message::State,
    pub recipients: i64,
    /// Sent, or handed in.
    pub at: Moment,
    /// What was typed, after an error.
    pub reason: String,
    pub error: Option<String>,
}

/// `pages/admin`.
#[derive(Debug, Clone, Serialize)]
pub struct AdminPage {
    pub version: String,
    pub started_at: Moment,
    /// Database, broker, workers; words under `admin.part.<name>`.
    pub parts: Vec<Part>,
    pub channels: Vec<ChannelHealth>,
    /// Commands that nobody could read or accept.
    pub dead_letters: i64,
    /// The most recent of them.
    pub recent: Vec<DeadLetter>,
    /// Parents before their children.
    pub departments: Vec<DepartmentLine>,
}

/// One department, by what programs call it.
#[derive(Debug, Clone, Serialize)]
pub struct DepartmentLine {
    pub code: String,
    /// From the top: `青溪大学 / 教务处`.
    pub path: String,
    pub people: i64,
}

/// One part of the system.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    pub name: String,
    pub health: Health,
    /// What it is, and what is wrong with it: `SQLite 3.50, 12 MB`.
    pub detail: String,
}

/// Words under `admin.health.<health>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    Ok,
    /// Works, but late or in part.
    Slow,
    Down,
    /// Not set up.
    Off,
}

/// One channel.
#[derive(Debug, Clone, Serialize)]
pub struct ChannelHealth {
    pub channel: String,
    pub health: Health,
    /// Waiting to be sent, of messages that were handed in since midnight.
    pub waiting: i64,
    /// Of messages that were handed in since midnight.
    pub sent: i64,
    /// Of messages that were handed in since midnight.
    pub failed: i64,
    /// The last thing that went wrong, or what it is missed for; `None`: nothing of late.
    pub detail: Option<String>,
}

/// One dead letter.
#[derive(Debug, Clone, Serialize)]
pub struct DeadLetter {
    pub id: String,
    /// Which producer sent it, when that is known.
    pub producer: String,
    /// The command that it was to be, when that could be read.
    pub command: Option<String>,
    pub key: Option<String>,
    pub queue: String,
    pub replayed_at: Option<Moment>,
    /// Stable code and words.
    pub reason: String,
    pub at: Moment,
}
