//! How the rounds of a message are numbered: the inboxes, the steps of its rule, the reckoning, then
//! reminders, then what is sent again.

use std::ops::Range;

/// A reminder's rounds begin here; below are the steps of the rule.
pub(in crate::hub) const REMINDERS: i64 = 1_000;
/// The rounds of what is sent again begin here: a hundred for each time.
pub(in crate::hub) const RESENDS: i64 = 10_000;
/// So many steps of a rule go out again.
pub(in crate::hub) const REPEATED: i64 = 100;

/// The wave that looks whether a chase came to nothing.
pub(in crate::hub) const RECKONING: i64 = REMINDERS - 1;
/// The rounds that chase.
pub(super) const STEPS: Range<i64> = 1..RECKONING;

/// Why a round is none of the rule's own: words under `story.<why>`.
pub fn chase_again(round: i64) -> Option<&'static str> {
    match round {
        ..REMINDERS => None,
        REMINDERS..RESENDS => Some("reminded"),
        RESENDS.. => Some("resent"),
    }
}

/// The step of the rule that a round of a resend repeats.
pub(super) fn step_of(round: i64) -> i64 {
    (round - RESENDS) % REPEATED
}
