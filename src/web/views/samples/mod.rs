//! One view of each page in each of its states, of a university that does not exist. The template
//! test renders all of them; nothing else uses them.

mod admin;
mod approval_rules;
mod approvals;
mod compose;
mod door;
mod groups;
mod inbox;
mod letter;
mod me;
mod outbox;
mod phone;
mod portal;
mod quotas;
mod recycle;
mod shell;
mod templates;

use chrono::TimeZone;

use super::Moment;

/// A minute of September 2026 in Shanghai.
fn september(day: u32, hour: u32, minute: u32) -> Moment {
    let zone = chrono_tz::Asia::Shanghai;
    let local = zone.with_ymd_and_hms(2026, 9, day, hour, minute, 0).single();
    local.expect("Shanghai skips no hour in September").to_utc()
}
