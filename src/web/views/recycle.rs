//! `/recycle`: what this person deleted, from either box, and until when it can be had back.

use serde::Serialize;

use super::Moment;
use crate::domain::message;

/// `pages/recycle`: `POST /recycle` with `box`, `do` = `restore` or `purge`, and `id`, repeated.
#[derive(Debug, Clone, Serialize)]
pub struct RecyclePage {
    /// The part that is open: words under `recycle.none.<part>`.
    pub part: Part,
    pub inbox: i64,
    pub outbox: i64,
    pub rows: Vec<BinRow>,
    /// What was searched for; empty: nothing.
    pub query: String,
    /// Days for which what was deleted stays.
    pub days: i64,
    /// Address of the next page; `None` at the end.
    pub older: Option<String>,
    /// What was just done, already in the person's language.
    pub notice: Option<String>,
}

/// Either half of the bin: `?box=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    #[default]
    Inbox,
    Outbox,
}

impl Part {
    /// From `box`; anything unknown is the inbox's.
    pub fn from_query(value: &str) -> Self {
        if value == "outbox" { Self::Outbox } else { Self::Inbox }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Outbox => "outbox",
        }
    }
}

/// One deleted message.
#[derive(Debug, Clone, Serialize)]
pub struct BinRow {
    pub id: String,
    pub title: String,
    /// Who sent it; of one's own: none.
    pub sender: Option<String>,
    /// Of one's own: words under `outbox.state.<state>`.
    pub state: Option<message::State>,
    pub deleted_at: Moment,
    /// Then it is gone for good.
    pub gone_at: Moment,
}
