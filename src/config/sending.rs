//! `[sending]`: what becomes of messages that people send from the page.

use super::settings::{Settings, Shown};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sending {
    /// For so many seconds a message that was sent at once can be taken back before anything of it is
    /// out; 0: it leaves at once.
    pub undo_seconds: i64,
}

impl Sending {
    pub(super) fn read(from: &mut Settings<'_>) -> Self {
        let seconds =
            from.value("sending_undo_seconds", Shown::Plain, "a whole number of seconds from 0 to 60", |text| {
                text.parse().ok().filter(|seconds| (0..=60).contains(seconds))
            });
        Self { undo_seconds: seconds.unwrap_or(5) }
    }
}
