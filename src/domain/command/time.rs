//! Moments in the future: with a zone, real, not past, not too far.

use chrono::{
    DateTime, Duration, DurationRound, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;

use crate::{clock::Timestamp, domain::Problem};

/// Nothing is scheduled further ahead than this many days.
pub const FURTHEST_DAYS: i64 = 366;

const EXAMPLE: &str = "2026-11-21T10:00:00+08:00";

/// A time as its sender wrote it: the zone is kept for the texts about it.
pub type Moment = DateTime<FixedOffset>;

/// A moment of RFC 3339.
///
/// # Errors
/// `TIME_ZONE` where the zone is missing, `TIME_INVALID` for everything that no clock shows.
pub fn moment(raw: &str, at: &str) -> Result<Moment, Problem> {
    let moment = DateTime::parse_from_rfc3339(raw).map_err(|_| diagnose(raw, at))?;
    // Leap seconds are not kept either.
    if moment.nanosecond() >= 1_000_000_000 {
        return Err(diagnose(raw, at));
    }
    // PostgreSQL keeps whole microseconds; a time must read back equal.
    Ok(moment.duration_trunc(Duration::microseconds(1)).unwrap_or(moment))
}

/// What a form sends: local time without a zone, `2026-11-21T10:00`.
///
/// # Errors
/// `TIME_INVALID`, also for an hour that the change to summer time skips. Of an hour that comes
/// twice the first is meant.
pub fn local(raw: &str, zone: Tz, at: &str) -> Result<Moment, Problem> {
    let naive = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(raw, format).ok())
        .ok_or_else(|| diagnose(&format!("{raw}Z"), at))?;
    zone.from_local_datetime(&naive).earliest().map(|moment| moment.fixed_offset()).ok_or_else(|| {
        invalid(
            at,
            format!("{} 在时区 {zone} 不存在（夏令时跳过了这一小时）", shown(naive)),
            "the hour is skipped by summer time",
        )
    })
}

/// `what` is the name of the time for people.
///
/// # Errors
/// `TIME_PAST`, `TIME_RANGE`
pub fn check_future(moment: &Moment, now: Timestamp, at: &str, what: &str) -> Result<(), Problem> {
    if *moment <= now {
        let earliest = next_five_minutes(now).with_timezone(&moment.timezone());
        let (given, earliest) = (shown(moment.naive_local()), shown(earliest.naive_local()));
        return Err(Problem::invalid("TIME_PAST", at, format!("{what} {given} 已过，请选择 {earliest} 以后的时间"))
            .in_english(format!("{given} is past, choose a time after {earliest}")));
    }
    if *moment > now + Duration::days(FURTHEST_DAYS) {
        return Err(Problem::invalid("TIME_RANGE", at, format!("最远可定时 {FURTHEST_DAYS} 天"))
            .in_english(format!("at most {FURTHEST_DAYS} days ahead")));
    }
    Ok(())
}

/// A moment of RFC 3339 that is still to come.
pub fn future(raw: &str, now: Timestamp, at: &str, what: &str) -> Result<Timestamp, Problem> {
    let moment = moment(raw, at)?;
    check_future(&moment, now, at, what)?;
    Ok(moment.with_timezone(&Utc))
}

fn next_five_minutes(now: Timestamp) -> Timestamp {
    let step = Duration::minutes(5);
    now.duration_trunc(step).unwrap_or(now) + step
}

fn shown(local: NaiveDateTime) -> String {
    local.format("%Y-%m-%d %H:%M").to_string()
}

/// Says which part of a text is not a time.
fn diagnose(raw: &str, at: &str) -> Problem {
    let example = || {
        invalid(at, format!("“{raw}”不是有效时间，应形如 {EXAMPLE}"), &format!("not a time, write it like {EXAMPLE}"))
    };
    let Some((date, rest)) = raw.split_once(['T', 't', ' ']) else {
        return if looks_like_date(raw) && NaiveDate::parse_from_str(raw, "%Y-%m-%d").is_err() {
            no_date(raw, at)
        } else {
            example()
        };
    };
    if !looks_like_date(date) {
        return example();
    }
    if NaiveDate::parse_from_str(date, "%Y-%m-%d").is_err() {
        return no_date(date, at);
    }
    let (time, zone) = rest.split_at(rest.find(['+', '-', 'Z', 'z']).unwrap_or(rest.len()));
    let is_time = ["%H:%M:%S%.f", "%H:%M"].iter().any(|format| NaiveTime::parse_from_str(time, format).is_ok());
    if !is_time {
        return invalid(at, format!("{time} 不是有效时间"), &format!("{time} is not a time of day"));
    }
    if zone.is_empty() {
        return Problem::invalid("TIME_ZONE", at, format!("时间需带时区，例如 {EXAMPLE}"))
            .in_english(format!("a time needs its zone, for example {EXAMPLE}"));
    }
    example()
}

fn looks_like_date(text: &str) -> bool {
    text.len() == 10
        && text.chars().enumerate().all(|(nth, c)| if nth == 4 || nth == 7 { c == '-' } else { c.is_ascii_digit() })
}

fn no_date(date: &str, at: &str) -> Problem {
    invalid(at, format!("{date} 不是有效日期"), &format!("there is no day {date}"))
}

fn invalid(at: &str, detail: String, english: &str) -> Problem {
    Problem::invalid("TIME_INVALID", at, detail).in_english(english)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T02:03:04Z".parse().expect("a time")
    }

    #[test]
    fn a_time_is_real_has_a_zone_and_is_still_to_come() {
        for (raw, code, detail) in [
            (
                "2026-11-20T08:00:00+08:00",
                "TIME_PAST",
                "定时时间 2026-11-20 08:00 已过，请选择 2026-11-21 10:05 以后的时间",
            ),
            ("2026-02-30T08:00:00+08:00", "TIME_INVALID", "2026-02-30 不是有效日期"),
            ("2026-02-30", "TIME_INVALID", "2026-02-30 不是有效日期"),
            ("2026-12-01T25:00:00+08:00", "TIME_INVALID", "25:00:00 不是有效时间"),
            ("9999-12-31T08:00:00+08:00", "TIME_RANGE", "最远可定时 366 天"),
            ("2026-12-01T08:00:00", "TIME_ZONE", "时间需带时区，例如 2026-11-21T10:00:00+08:00"),
            ("2026-12-01 08:00", "TIME_ZONE", "时间需带时区，例如 2026-11-21T10:00:00+08:00"),
            ("明天", "TIME_INVALID", "“明天”不是有效时间，应形如 2026-11-21T10:00:00+08:00"),
            ("", "TIME_INVALID", "“”不是有效时间，应形如 2026-11-21T10:00:00+08:00"),
        ] {
            let problem = future(raw, now(), "/send_at", "定时时间").expect_err(raw);
            assert_eq!((problem.code, problem.detail.as_str()), (code, detail));
        }
        assert_eq!(
            future("2026-11-22T08:00:00+08:00", now(), "", "").map(|at| at.to_rfc3339()).as_deref(),
            Ok("2026-11-22T00:00:00+00:00")
        );
    }

    #[test]
    fn an_hour_that_summer_time_skips_is_no_time() {
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(local("2027-03-28T02:30", berlin, "").expect_err("skipped").code, "TIME_INVALID");
        assert_eq!(local("2026-02-30T02:30", berlin, "").expect_err("no day").detail, "2026-02-30 不是有效日期");
        assert!(local("2027-03-28T03:30", berlin, "").is_ok());
    }
}
