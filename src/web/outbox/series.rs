//! The series of which a message is a run, as its sender sees it beside the message, and those of which none
//! stands among what is planned.

use crate::{
    domain::{MessageId, message::State, personal},
    storage::{Tx, series},
    web::{
        door::session::Me,
        frame::page_error::PageError,
        message::recurring,
        views::{
            outbox::{RunLine, SeriesNote},
            outbox_list::RestingSeries,
        },
    },
};

/// Runs that are shown of what is to come.
const NEXT: usize = 5;
/// Runs that are shown of what was made.
const MADE: i64 = 10;
/// Series that are named above what is planned.
const RESTING: i64 = 50;

/// None for a message that comes once.
pub async fn note(tx: &mut Tx, message: MessageId, me: &Me) -> Result<Option<SeriesNote>, PageError> {
    let Some(series) = series::find_of(tx, message).await? else { return Ok(None) };
    let runs = series::list_runs(tx, series.id, MADE).await?;
    let line = |run: series::Run| RunLine {
        id: run.id.to_string(),
        at: run.send_at,
        state: run.state,
        current: run.id == message,
    };
    let has_ended = series.ended_at.is_some();
    // The run that waits is the next one, unless it was taken back or refused, or stands for a time that was
    // passed over since.
    let is_off = runs.iter().any(|run| {
        let is_passed = run.send_at.is_some_and(|at| at < series.run_at);
        run.id == series.run_id && (is_passed || matches!(run.state, State::Recalled | State::Rejected))
    });
    let from = if is_off { series.run_at } else { series.run_at - chrono::Duration::seconds(1) };
    Ok(Some(SeriesNote {
        how: recurring::words(&series.recurrence.0, me),
        next: if has_ended { Vec::new() } else { series.recurrence.0.runs(from, NEXT) },
        has_ended,
        runs: runs.into_iter().map(line).collect(),
    }))
}

/// Series that go on though none of their runs waits, by a part of their title.
pub async fn resting(tx: &mut Tx, search: &str, me: &Me) -> Result<Vec<RestingSeries>, PageError> {
    let now = me.web.hub.clock.now();
    let found = series::list_resting(tx, me.id(), search, now, RESTING).await?;
    let line = |found: series::Resting| {
        // One that has run its time has no next.
        let next = found.recurrence.0.next_after(found.run_at.max(now))?;
        Some(RestingSeries {
            address: format!("/outbox/{}#series", found.shown_id),
            title: personal::shown(&found.title),
            how: recurring::words(&found.recurrence.0, me),
            next,
        })
    };
    let mut lines: Vec<_> = found.into_iter().filter_map(line).collect();
    lines.sort_by_key(|line| line.next);
    Ok(lines)
}
