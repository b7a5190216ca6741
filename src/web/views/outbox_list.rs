//! `/outbox`: what one has sent, a page at a time.

use serde::Serialize;

use super::{Moment, pager::Pager};
use crate::domain::message;

/// `pages/outbox`.
#[derive(Debug, Clone, Serialize)]
pub struct OutboxPage {
    pub tabs: Vec<OutboxTab>,
    /// The tab that is open; words under `outbox.none.<tab>`.
    pub tab: String,
    /// A part of the title searched for; empty: nothing.
    pub query: String,
    pub rows: Vec<OutboxRow>,
    /// Above what is scheduled: series that go on though none of their runs stands there.
    pub resting: Vec<RestingSeries>,
    /// `None` when everything fits on one page.
    pub pager: Option<Pager>,
    /// What was just done, already in the person's language.
    pub notice: Option<String>,
}

/// One tab: `?state=<name>`; words under `outbox.tab.<name>`.
#[derive(Debug, Clone, Serialize)]
pub struct OutboxTab {
    /// `sent`, `pending`, `scheduled`, `rejected`, `draft`, `recalled`.
    pub name: String,
    /// with what is searched for
    pub address: String,
    pub count: i64,
    pub current: bool,
}

impl OutboxTab {
    pub const SCHEDULED: &str = "scheduled";

    /// The tabs in the order of the page, with the states that each shows.
    pub const STATES: [(&str, &[message::State]); 6] = [
        ("sent", &[message::State::Sending, message::State::Sent]),
        ("pending", &[message::State::PendingApproval]),
        (Self::SCHEDULED, &[message::State::Scheduled]),
        ("rejected", &[message::State::Rejected, message::State::Held]),
        ("draft", &[message::State::Draft]),
        ("recalled", &[message::State::Recalled]),
    ];

    /// Those of all tabs.
    pub fn every_state() -> Vec<message::State> {
        Self::STATES.into_iter().flat_map(|(_, states)| states.iter().copied()).collect()
    }

    /// The one called so, with its states; else the first.
    pub fn named(name: &str) -> (&'static str, &'static [message::State]) {
        Self::STATES.into_iter().find(|(known, _)| *known == name).unwrap_or(Self::STATES[0])
    }
}

/// A series between two runs, the last of which was recalled or could not be made.
#[derive(Debug, Clone, Serialize)]
pub struct RestingSeries {
    /// Where it can be stopped.
    pub address: String,
    pub title: String,
    /// How often, in words.
    pub how: String,
    pub next: Moment,
}

/// One message in the list.
#[derive(Debug, Clone, Serialize)]
pub struct OutboxRow {
    pub id: String,
    pub title: String,
    /// 类型: words under `outbox.kind.<kind>`.
    pub kind: message::ListedKind,
    /// Words under `outbox.state.<state>`.
    pub state: message::State,
    /// 已退回: rejected, but only for changes.
    pub returned: bool,
    /// 周期: one of a series.
    pub is_run: bool,
    /// Sent, planned, or last changed.
    pub at: Moment,
    /// 发送人数; `None` as long as nobody is frozen as a recipient.
    pub recipients: Option<People>,
    /// 成功人数; `None` as long as it has not gone out.
    pub reached: Option<People>,
    /// `仅撤回` is possible.
    pub can_recall: bool,
    /// May be written again: drafts, rejected, recalled.
    pub can_edit: bool,
    /// May go into the recycle bin.
    pub can_delete: bool,
}

/// A number of people, none among them.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct People {
    pub people: i64,
}
