//! 周期 as people choose it: every day, every working day, some days of the week, a day of the month;
//! and the expression that it means.

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use crate::{
    clock::Timestamp,
    domain::{MessageId, Problem, command, message::Recurrence},
    web::{
        door::session::Me,
        frame::{
            form::{Fields, Query},
            page::Answer,
        },
        views::{
            compose::{Repeating, Runs},
            shell::Section,
        },
    },
};

/// As the cron expressions name them, Monday first.
pub const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// So many runs are shown.
const SHOWN: usize = 5;

/// `GET /compose/runs` with the fields of [`Repeating`]: when the next ones would be.
pub async fn runs(me: Me, Query(query): Query) -> Answer {
    let hub = &me.web.hub;
    let view = match recurrence(&query, hub.place.timezone, hub.clock.now()) {
        Ok(recurrence) => Runs { runs: recurrence.runs(hub.clock.now(), SHOWN), problem: None },
        Err(problem) => Runs { runs: Vec::new(), problem: Some(me.in_words(&problem)) },
    };
    me.part(Section::Compose, "compose_runs", &view).await
}

/// What was chosen, as the form shows it.
pub fn from_fields(fields: &Fields) -> Repeating {
    let text = |name: &str| fields.get(name).to_owned();
    Repeating {
        every: text("every"),
        weekdays: fields.all("weekday").map(str::to_owned).collect(),
        monthday: text("monthday"),
        at: text("run_at"),
        until: text("run_until"),
    }
}

/// The run of a series that this was begun with.
pub fn run_of(fields: &Fields) -> Option<MessageId> {
    fields.get("run_of").parse().ok()
}

/// The same as a draft keeps it.
pub fn kept(fields: &Fields) -> Value {
    let mut kept = json!({});
    if fields.get("when") == "series" {
        kept["repeating"] = json!(from_fields(fields));
    }
    if let Some(run) = run_of(fields) {
        kept["run_of"] = json!(run);
    }
    kept
}

/// Out of what a draft keeps.
pub fn from_kept(attributes: &Value) -> Option<Repeating> {
    serde_json::from_value(attributes.get("repeating")?.clone()).ok()
}

/// The run of a series that a draft began with, out of what the draft keeps.
pub fn run_from_kept(attributes: &Value) -> Option<String> {
    attributes.get("run_of")?.as_str().map(str::to_owned)
}

/// As the form shows it; none where it cannot: programs write what people do not choose.
pub fn from_recurrence(recurrence: &Recurrence, zone: Tz) -> Option<Repeating> {
    if recurrence.timezone != zone.name() {
        return None;
    }
    let parts: Vec<&str> = recurrence.cron.split_whitespace().collect();
    let ["0", minute, hour, day, "*", weekdays] = parts[..] else { return None };
    let at = NaiveTime::from_hms_opt(hour.parse().ok()?, minute.parse().ok()?, 0)?;
    let mut chosen = Repeating { at: at.format("%H:%M").to_string(), ..Repeating::default() };
    match (day, weekdays) {
        ("*", "*") => chosen.every = "day".to_owned(),
        ("*", "Mon-Fri") => chosen.every = "workday".to_owned(),
        ("*", days) if days.split(',').all(|day| DAYS.contains(&day)) => {
            chosen.every = "week".to_owned();
            chosen.weekdays = days.split(',').map(str::to_owned).collect();
        }
        (day, "*") if day.parse::<u32>().is_ok() => {
            chosen.every = "month".to_owned();
            chosen.monthday = day.to_owned();
        }
        _ => return None,
    }
    let until = recurrence.until.map(|until| until.with_timezone(&zone).format("%Y-%m-%d").to_string());
    Some(Repeating { until: until.unwrap_or_default(), ..chosen })
}

/// `recurrence` as a program would write it.
///
/// # Errors
/// `TIME_INVALID` when a time or a date is none, `CRON_INVALID` when no day is chosen.
pub fn command(fields: &Fields, zone: Tz) -> Result<Map<String, Value>, Problem> {
    let chosen = from_fields(fields);
    let at = NaiveTime::parse_from_str(&chosen.at, "%H:%M").map_err(|_| {
        Problem::invalid("TIME_INVALID", "/recurrence", "请填写发送的时刻，例如 08:00")
            .in_english("say at what time, for example 08:00")
    })?;
    let (minute, hour) = (at.format("%-M"), at.format("%-H"));
    let days = match chosen.every.as_str() {
        "workday" => "* * Mon-Fri".to_owned(),
        "week" => {
            let days: Vec<_> =
                DAYS.into_iter().filter(|day| chosen.weekdays.iter().any(|chosen| chosen == day)).collect();
            if days.is_empty() {
                return Err(Problem::invalid("CRON_INVALID", "/recurrence", "请选择每周的哪几天")
                    .in_english("choose the days of the week"));
            }
            format!("* * {}", days.join(","))
        }
        "month" => {
            let day = chosen.monthday.parse::<u32>().ok().filter(|day| (1..=31).contains(day)).ok_or_else(|| {
                Problem::invalid("CRON_INVALID", "/recurrence", "请填写每月的哪一天（1–31）")
                    .in_english("say which day of the month (1 to 31)")
            })?;
            format!("{day} * *")
        }
        _ => "* * *".to_owned(),
    };
    let mut recurrence = Map::new();
    recurrence.insert("cron".into(), json!(format!("0 {minute} {hour} {days}")));
    recurrence.insert("timezone".into(), json!(zone.name()));
    if !chosen.until.is_empty() {
        let until = NaiveDate::parse_from_str(&chosen.until, "%Y-%m-%d").map_err(|_| {
            Problem::invalid("TIME_INVALID", "/recurrence", "截止日期不是有效日期")
                .in_english("the last day is no date")
        })?;
        let until = command::time::local(&format!("{until}T23:59"), zone, "/recurrence")?;
        recurrence.insert("until".into(), json!(until.to_rfc3339()));
    }
    Ok(recurrence)
}

fn recurrence(fields: &Fields, zone: Tz, now: Timestamp) -> Result<Recurrence, Problem> {
    command::read_recurrence(&Value::Object(command(fields, zone)?), now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cron(typed: &str) -> Result<String, &'static str> {
        let fields = Fields::parse(typed.as_bytes()).unwrap();
        let command = command(&fields, chrono_tz::Asia::Shanghai).map_err(|problem| problem.code)?;
        Ok(command["cron"].as_str().unwrap().to_owned())
    }

    #[test]
    fn what_was_chosen_comes_back_onto_the_form() {
        let zone = chrono_tz::Asia::Shanghai;
        for typed in [
            "every=day&run_at=08:05",
            "every=workday&run_at=17:58&run_until=2027-01-31",
            "every=week&weekday=Mon&weekday=Thu&run_at=08:00",
            "every=month&monthday=31&run_at=08:00",
        ] {
            let fields = Fields::parse(typed.as_bytes()).unwrap();
            let now = "2026-11-20T02:00:00Z".parse().unwrap();
            let back = from_recurrence(&recurrence(&fields, zone, now).unwrap(), zone).unwrap();
            assert_eq!(json!(back), json!(from_fields(&fields)), "{typed}");
        }
        let odd =
            Recurrence { cron: "0 0/5 8 * * *".into(), timezone: zone.name().into(), until: None, next_local: None };
        assert!(from_recurrence(&odd, zone).is_none());
        assert!(
            from_recurrence(&Recurrence { cron: "0 0 8 * * *".into(), timezone: "UTC".into(), ..odd }, zone).is_none()
        );
    }

    #[test]
    fn what_people_choose_is_an_expression() {
        assert_eq!(cron("every=day&run_at=08:05").as_deref(), Ok("0 5 8 * * *"));
        assert_eq!(cron("every=workday&run_at=17:58").as_deref(), Ok("0 58 17 * * Mon-Fri"));
        assert_eq!(cron("every=week&weekday=Thu&weekday=Mon&run_at=08:00").as_deref(), Ok("0 0 8 * * Mon,Thu"));
        assert_eq!(cron("every=month&monthday=31&run_at=08:00").as_deref(), Ok("0 0 8 31 * *"));
        assert_eq!(cron("every=week&run_at=08:00"), Err("CRON_INVALID"));
        assert_eq!(cron("every=month&monthday=32&run_at=08:00"), Err("CRON_INVALID"));
        assert_eq!(cron("every=day&run_at="), Err("TIME_INVALID"));
        assert_eq!(cron("every=day&run_at=08:00&run_until=soon"), Err("TIME_INVALID"));
    }
}
