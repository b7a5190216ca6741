//! The series of which a message is a run, as its sender sees it beside the message.

use crate::{
    domain::MessageId,
    storage::{Tx, series},
    web::{
        compose::repeating,
        door::session::Me,
        frame::page_error::PageError,
        views::{
            compose::Repeating,
            outbox::{RunLine, SeriesNote},
        },
    },
};

/// Runs that are shown of what is to come.
const NEXT: usize = 5;
/// Runs that are shown of what was made.
const MADE: i64 = 10;

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
    let from = series.run_at - chrono::Duration::seconds(1);
    let chosen = repeating::from_recurrence(&series.recurrence.0, me.web.hub.place.timezone);
    Ok(Some(SeriesNote {
        how: chosen.map(|chosen| how(&chosen, me)),
        next: if has_ended { Vec::new() } else { series.recurrence.0.runs(from, NEXT) },
        has_ended,
        runs: runs.into_iter().map(line).collect(),
    }))
}

/// `每周一、周四 08:00，至 2026-12-31`
fn how(chosen: &Repeating, me: &Me) -> String {
    let days: Vec<_> = chosen.weekdays.iter().map(|day| me.say(&format!("compose.weekday.{day}"), &[])).collect();
    let key = format!("series.how.{}", chosen.every);
    let list = days.join(&me.say("list.comma", &[]));
    let values = [("days", list), ("day", chosen.monthday.clone()), ("at", chosen.at.clone())];
    let mut words = me.say(&key, &values);
    if !chosen.until.is_empty() {
        words.push_str(&me.say("series.how.until", &[("until", chosen.until.clone())]));
    }
    words
}
