//! How often a message comes again, in words: the same before an approver and in the outbox.

use crate::{
    domain::{MessageId, message::Recurrence},
    storage::{Tx, series},
    web::{compose::repeating, door::session::Me, frame::page_error::PageError},
};

/// Of the series that a message begins or continues; none for a message that comes once, or whose series has
/// ended.
pub async fn of_message(tx: &mut Tx, message: MessageId, me: &Me) -> Result<Option<String>, PageError> {
    let series = series::find_of(tx, message).await?.filter(|series| series.ended_at.is_none());
    Ok(series.map(|series| words(&series.recurrence.0, me)))
}

/// `每周一、周四 08:00，至 2026-12-31`; as its expression where a program chose what no form offers.
pub fn words(recurrence: &Recurrence, me: &Me) -> String {
    let Some(chosen) = repeating::from_recurrence(recurrence, me.web.hub.place.timezone) else {
        let values = [("cron", recurrence.cron.clone()), ("zone", recurrence.timezone.clone())];
        return me.say("series.how.other", &values);
    };
    let days: Vec<_> = chosen.weekdays.iter().map(|day| me.say(&format!("compose.weekday.{day}"), &[])).collect();
    let key = format!("series.how.{}", chosen.every);
    let list = days.join(&me.say("list.comma", &[]));
    let values = [("days", list), ("day", chosen.monthday.clone()), ("at", chosen.at.clone())];
    let mut words = me.say(&key, &values);
    if !chosen.until.is_empty() {
        words.push_str(&me.say("series.how.until", &[("until", chosen.until)]));
    }
    words
}
