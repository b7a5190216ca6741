//! 周期: cron expressions of six fields (second minute hour day month weekday).
//!
//! Weekdays go by name. The `cron` crate counts Sunday as 1, Unix counts Monday as 1, and a weekly
//! notice that comes on the wrong day helps nobody.

use chrono::{Duration, Utc};
use chrono_tz::Tz;
use cron::{Schedule, TimeUnitSpec};

use super::fields::Fields;
use crate::{
    clock::Timestamp,
    domain::{Problem, message::Recurrence},
};

/// Where a series runs whose sender names no zone.
const ZONE: &str = "Asia/Shanghai";
/// Two runs are at least so far apart.
const SHORTEST_MINUTES: u32 = 5;
/// Longest month, by number from 1; the 29th of February comes.
const DAYS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// `start`: the first run is not before it; none: from now on.
pub fn read(fields: &Fields<'_>, now: Timestamp, start: Option<Timestamp>) -> Result<Recurrence, Problem> {
    let at = fields.at("cron");
    let cron = fields.required_text("cron")?.trim().to_owned();
    let schedule = schedule(&cron, &at)?;
    let timezone = fields.text("timezone")?.unwrap_or(ZONE).to_owned();
    let zone: Tz = timezone.parse().map_err(|_| {
        Problem::invalid("CRON_ZONE", fields.at("timezone"), format!("未知时区“{timezone}”，例如 {ZONE}"))
            .in_english(format!("unknown time zone “{timezone}”, for example {ZONE}"))
    })?;
    let until = fields.text("until")?.map(|raw| super::time::moment(raw, &fields.at("until"))).transpose()?;
    // `after` leaves its own second out, and a series may begin at its very start.
    let from = start.map_or(now, |start| start - Duration::seconds(1)).with_timezone(&zone);
    let next = schedule.after(&from).next().ok_or_else(|| never(&at, "", ""))?;
    if until.is_some_and(|until| until < next.fixed_offset()) {
        return Err(over_before_it_began(&fields.at("until")));
    }
    Ok(Recurrence {
        cron,
        timezone,
        until: until.map(|until| until.with_timezone(&Utc)),
        next_local: Some(next.naive_local()),
    })
}

/// A series by itself, which begins now.
///
/// # Errors
/// As in a message.
pub fn read_alone(value: &serde_json::Value, now: Timestamp) -> Result<Recurrence, Problem> {
    read(&Fields::of(value, "/recurrence", &["cron", "timezone", "until"])?, now, None)
}

impl Recurrence {
    /// The first run later than this; none when it has run its time.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let zone: Tz = self.timezone.parse().ok()?;
        let schedule = schedule(&self.cron, "").ok()?;
        let next = schedule.after(&at.with_timezone(&zone)).next()?.with_timezone(&Utc);
        self.until.is_none_or(|until| next <= until).then_some(next)
    }

    /// The next runs after this, `count` of them at most.
    pub fn runs(&self, at: Timestamp, count: usize) -> Vec<Timestamp> {
        std::iter::successors(self.next_after(at), |run| self.next_after(*run)).take(count).collect()
    }
}

/// The expression, checked.
///
/// # Errors
/// `CRON_INVALID`, `CRON_NEVER`, `CRON_TOO_OFTEN`
pub fn schedule(cron: &str, at: &str) -> Result<Schedule, Problem> {
    let parts: Vec<&str> = cron.split_whitespace().collect();
    let count = parts.len();
    if count != 6 {
        return Err(invalid(
            at,
            format!("周期表达式需 6 段（秒 分 时 日 月 周），您填写了 {count} 段"),
            format!("a cron expression has 6 fields (second minute hour day month weekday), this one has {count}"),
        ));
    }
    if parts[5].split(',').any(|part| part.starts_with(|c: char| c.is_ascii_digit())) {
        return Err(invalid(
            at,
            format!(
                "周期表达式的“周”请写 Mon、Tue、Wed、Thu、Fri、Sat、Sun，您填写了 {}（数字在不同系统里含义不同）",
                parts[5]
            ),
            "write weekdays as Mon to Sun: their numbers differ between systems".to_owned(),
        ));
    }
    let schedule: Schedule = cron
        .parse()
        .map_err(|_| invalid(at, format!("周期表达式“{cron}”无法识别"), format!("“{cron}” cannot be read")))?;
    check_days(&schedule, at)?;
    check_distance(&schedule, at)?;
    Ok(schedule)
}

/// At least one of the months has one of the days.
fn check_days(schedule: &Schedule, at: &str) -> Result<(), Problem> {
    let day = schedule.days_of_month().iter().min().unwrap_or(1);
    let months: Vec<u32> = schedule.months().iter().collect();
    let has_day = |month: &u32| DAYS.get(*month as usize - 1).is_some_and(|last| day <= *last);
    if months.iter().any(has_day) {
        return Ok(());
    }
    let shown = months.iter().map(u32::to_string).collect::<Vec<_>>().join("、");
    Err(never(at, &format!("（{shown} 月没有 {day} 日）"), &format!(" (there is no day {day} in these months)")))
}

/// The times of one day, and of that day and the next, are far enough from each other.
fn check_distance(schedule: &Schedule, at: &str) -> Result<(), Problem> {
    let too_often = |shown: String, english: String| {
        Problem::invalid("CRON_TOO_OFTEN", at, format!("周期至少间隔 {SHORTEST_MINUTES} 分钟，当前最短间隔 {shown}"))
            .in_english(format!("runs must be {SHORTEST_MINUTES} minutes apart, these are {english}"))
    };
    let seconds: Vec<u32> = schedule.seconds().iter().collect();
    if let Some(gap) = seconds.windows(2).map(|pair| pair[1] - pair[0]).min() {
        return Err(too_often(format!("{gap} 秒"), format!("{gap} seconds")));
    }
    let minutes: Vec<u32> = schedule.minutes().iter().collect();
    let times: Vec<u32> =
        schedule.hours().iter().flat_map(|hour| minutes.iter().map(move |minute| hour * 60 + minute)).collect();
    let next_day = times.first().map(|first| first + 24 * 60);
    let all: Vec<u32> = times.into_iter().chain(next_day).collect();
    match all.windows(2).map(|pair| pair[1] - pair[0]).min() {
        Some(gap) if gap < SHORTEST_MINUTES => Err(too_often(format!("{gap} 分钟"), format!("{gap} minutes"))),
        _ => Ok(()),
    }
}

fn invalid(at: &str, detail: String, english: String) -> Problem {
    Problem::invalid("CRON_INVALID", at, detail).in_english(english)
}

/// Its end lies before its first run.
pub fn over_before_it_began(at: &str) -> Problem {
    never(at, "（截止时间早于第一次触发）", " (it would end before its first run)")
}

fn never(at: &str, why: &str, english: &str) -> Problem {
    Problem::invalid("CRON_NEVER", at, format!("此规则永远不会触发{why}"))
        .in_english(format!("this rule never fires{english}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_expression_has_six_fields_fires_and_not_too_often() {
        for (cron, code, detail) in [
            ("0 8 * * Mon", "CRON_INVALID", "周期表达式需 6 段（秒 分 时 日 月 周），您填写了 5 段"),
            ("0 0 8 30 2 *", "CRON_NEVER", "此规则永远不会触发（2 月没有 30 日）"),
            ("* * * * * *", "CRON_TOO_OFTEN", "周期至少间隔 5 分钟，当前最短间隔 1 秒"),
            ("0 */2 * * * *", "CRON_TOO_OFTEN", "周期至少间隔 5 分钟，当前最短间隔 2 分钟"),
            ("0 58,0 23,0 * * *", "CRON_TOO_OFTEN", "周期至少间隔 5 分钟，当前最短间隔 2 分钟"),
            ("0 0 25 * * *", "CRON_INVALID", "周期表达式“0 0 25 * * *”无法识别"),
        ] {
            let problem = schedule(cron, "/recurrence/cron").expect_err(cron);
            assert_eq!((problem.code, problem.detail.as_str()), (code, detail));
        }
        assert_eq!(schedule("0 0 8 * * 1-5", "").expect_err("by number").code, "CRON_INVALID");
        for cron in ["0 0 8 * * Mon", "0 0 8 29 2 *", "0 */5 * * * *", "0 0 8 ? * Mon-Fri", "0 0 8 1,31 * *"] {
            assert!(schedule(cron, "").is_ok(), "{cron}");
        }
    }

    #[test]
    fn the_first_run_is_in_the_zone_of_the_series() {
        let now: Timestamp = "2026-11-21T02:03:04Z".parse().expect("a time");
        let value = json!({"cron": "0 0 8 * * Mon", "timezone": "Asia/Shanghai", "until": null});
        let fields = Fields::of(&value, "/recurrence", &["cron", "timezone", "until"]).expect("an object");
        let next = |start| read(&fields, now, start).map(|series| series.next_local.map(|next| next.to_string()));
        assert_eq!(next(None), Ok(Some("2026-11-23 08:00:00".to_owned())));
        let start = "2026-11-30T00:00:00Z".parse().expect("a time");
        assert_eq!(next(Some(start)), Ok(Some("2026-11-30 08:00:00".to_owned())));
    }
}
