//! `/`: what waits for this person, and the latest messages. Only what is true today.

use chrono::Timelike;
use chrono_tz::Tz;
use serde::Serialize;

use super::{Moment, inbox::InboxRow};

/// `pages/portal`.
#[derive(Debug, Clone, Serialize)]
pub struct PortalPage {
    /// The name alone; `greeting` makes the sentence.
    pub name: String,
    pub greeting: Greeting,
    pub unread: i64,
    /// Messages that still wait for this person's receipt.
    pub waiting: i64,
    /// Requests that wait for this person's decision; `None` for people who decide nothing.
    pub approvals: Option<i64>,
    /// Own messages that wait for an approver.
    pub pending: i64,
    /// Own messages that came back: rejected, or held because their time had passed.
    pub returned: i64,
    /// The newest, eight at most.
    pub latest: Vec<InboxRow>,
}

/// Words under `portal.hello.<greeting>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Greeting {
    Morning,
    Noon,
    Afternoon,
    Evening,
}

impl Greeting {
    /// What one says at this hour in `zone`.
    pub fn at(now: Moment, zone: Tz) -> Self {
        match now.with_timezone(&zone).hour() {
            5..11 => Self::Morning,
            11..13 => Self::Noon,
            13..18 => Self::Afternoon,
            _ => Self::Evening,
        }
    }
}
