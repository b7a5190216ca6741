//! `[recycle]`: how long what was deleted can be had back.

use super::settings::{Settings, Shown};

/// The recycle bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recycle {
    /// Days after which what was deleted is gone for good.
    pub days: i64,
}

impl Recycle {
    pub(super) fn read(from: &mut Settings<'_>) -> Self {
        let days = from.value("recycle_days", Shown::Plain, "a whole number of days from 1 to 3650", |text| {
            text.parse().ok().filter(|days| (1..=3_650).contains(days))
        });
        Self { days: days.unwrap_or(30) }
    }
}
