//! Working time: minutes that count only while people are at work.

use chrono::{DateTime, Datelike, Duration, NaiveTime, TimeZone, Weekday};
use chrono_tz::Tz;

use crate::clock::Timestamp;

/// Monday to Friday, 8:30 to 17:30.
const OPENS: NaiveTime = NaiveTime::from_hms_opt(8, 30, 0).expect("a time of day");
const CLOSES: NaiveTime = NaiveTime::from_hms_opt(17, 30, 0).expect("a time of day");

/// The moment `minutes` of working time after `start`.
pub fn after_working_minutes(start: Timestamp, minutes: i64, zone: Tz) -> Timestamp {
    let mut now = start.with_timezone(&zone);
    let mut left = Duration::minutes(minutes);
    // A year of weekends ends any wait that people mean.
    for _ in 0..366 {
        let opens = at(&now, OPENS);
        let closes = at(&now, CLOSES);
        let from = now.max(opens);
        if is_workday(&now) && from < closes {
            let today = closes - from;
            if left <= today {
                return (from + left).to_utc();
            }
            left -= today;
        }
        now = at(&(now + Duration::days(1)), NaiveTime::MIN);
    }
    now.to_utc()
}

fn is_workday(day: &DateTime<Tz>) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// A time of the same day; in a gap of summer time the moment after it.
fn at(day: &DateTime<Tz>, time: NaiveTime) -> DateTime<Tz> {
    let wanted = day.date_naive().and_time(time);
    let zone = day.timezone();
    zone.from_local_datetime(&wanted)
        .earliest()
        .or_else(|| zone.from_local_datetime(&(wanted + Duration::hours(1))).earliest())
        .unwrap_or(*day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: &str, minutes: i64) -> String {
        let start: Timestamp = start.parse().expect("a time");
        let zone = chrono_tz::Asia::Shanghai;
        after_working_minutes(start, minutes, zone).with_timezone(&zone).format("%a %H:%M").to_string()
    }

    #[test]
    fn thirty_minutes_after_friday_evening_is_monday_morning() {
        assert_eq!(after("2026-11-20T17:58:00+08:00", 30), "Mon 09:00");
    }

    #[test]
    fn in_the_middle_of_a_day_every_minute_counts() {
        assert_eq!(after("2026-11-18T10:00:00+08:00", 30), "Wed 10:30");
    }

    #[test]
    fn what_is_left_of_today_is_taken_from_tomorrow() {
        assert_eq!(after("2026-11-18T17:20:00+08:00", 30), "Thu 08:50");
    }
}
