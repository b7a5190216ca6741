//! Times as people read them, in the organisation's zone: `when`, `exact`, `short`, `day`, `date`,
//! `ago`, `left`.
//!
//! Each takes an RFC 3339 string from a view. "Now" is the shell's, so that a page is one moment.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Tz;
use handlebars::{Context, Handlebars, Helper, HelperDef, RenderContext, RenderErrorReason as Reason, ScopedJson};
use serde_json::Value;

use super::text::{Lang, Words};
use crate::web::frame::render::lang_of;

/// Makes the seven forms known to the templates.
pub(in crate::web) fn register(engine: &mut Handlebars<'static>, words: &Arc<Words>) {
    let forms: [(&str, Form); 7] = [
        ("exact", exact),
        ("when", when),
        ("short", short),
        ("day", day),
        ("date", date),
        ("ago", ago),
        ("left", left),
    ];
    for (name, form) in forms {
        engine.register_helper(name, Box::new(TimeText { form, words: words.clone() }));
    }
}

type Form = fn(&Reading) -> String;

/// One time on one page.
struct Reading<'a> {
    at: DateTime<Tz>,
    now: DateTime<Tz>,
    lang: Lang,
    words: &'a Words,
}

impl Reading<'_> {
    fn say(&self, key: &str, values: &[(&str, String)]) -> String {
        self.words.say(self.lang, key, values).unwrap_or_else(|| when(self))
    }
}

/// `2026-09-14 10:48`
fn when(reading: &Reading) -> String {
    reading.at.format("%Y-%m-%d %H:%M").to_string()
}

/// `09-14 10:48:05`: what followed what within a minute.
fn exact(reading: &Reading) -> String {
    format!("{}{}", short(reading), reading.at.format(":%S"))
}

/// `09-14 10:48`, with the year when it is not this one.
fn short(reading: &Reading) -> String {
    if reading.at.year() == reading.now.year() { reading.at.format("%m-%d %H:%M").to_string() } else { when(reading) }
}

/// `2026 年 9 月 14 日`, as under a letter.
fn day(reading: &Reading) -> String {
    reading.say("time.day", &parts(reading))
}

/// `9 月 14 日 · 星期一`, as over a greeting.
fn date(reading: &Reading) -> String {
    reading.say("time.date", &parts(reading))
}

fn parts(reading: &Reading) -> [(&'static str, String); 5] {
    let weekday = format!("time.weekday.{}", reading.at.weekday().number_from_monday());
    [
        ("year", reading.at.year().to_string()),
        ("month", reading.at.month().to_string()),
        ("day", reading.at.day().to_string()),
        ("month_name", reading.at.format("%B").to_string()),
        ("weekday", reading.say(&weekday, &[])),
    ]
}

/// How long ago, for a list: 刚刚, 12 分钟前, 3 小时前, 昨天 16:55, 09-12, 2025-09-12.
fn ago(reading: &Reading) -> String {
    let past = reading.now.signed_duration_since(reading.at);
    let days = reading.now.date_naive().signed_duration_since(reading.at.date_naive()).num_days();
    match past.num_minutes() {
        ..0 => short(reading),
        0 => reading.say("time.now", &[]),
        minutes @ 1..60 => reading.say("time.minutes_ago", &[("count", minutes.to_string())]),
        minutes @ 60..720 => reading.say("time.hours_ago", &[("count", (minutes / 60).to_string())]),
        _ if days == 0 => reading.at.format("%H:%M").to_string(),
        _ if days == 1 => reading.say("time.yesterday", &[("time", reading.at.format("%H:%M").to_string())]),
        _ if reading.at.year() == reading.now.year() => reading.at.format("%m-%d").to_string(),
        _ => reading.at.format("%Y-%m-%d").to_string(),
    }
}

/// How long until then: 还剩 4 天, 还剩 3 小时, 已过期.
fn left(reading: &Reading) -> String {
    let rest = reading.at.signed_duration_since(reading.now);
    let (key, count) = match rest.num_minutes() {
        ..=0 => return reading.say("time.over", &[]),
        minutes @ 1..60 => ("time.minutes_left", minutes),
        minutes @ 60..2880 => ("time.hours_left", minutes / 60),
        minutes => ("time.days_left", minutes / 1440),
    };
    reading.say(key, &[("count", count.to_string())])
}

struct TimeText {
    form: Form,
    words: Arc<Words>,
}

impl HelperDef for TimeText {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        call: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, handlebars::RenderError> {
        let shell = |name: &str| context.data().pointer(name).and_then(Value::as_str);
        let zone: Tz = shell("/shell/zone").and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC);
        let at = call.param(0).and_then(|param| moment(param.value().as_str()));
        let now = moment(shell("/shell/now"));
        let (Some(at), Some(now)) = (at, now) else {
            return Err(Reason::Other(format!("{} needs a time", call.name())).into());
        };
        let reading = Reading {
            at: at.with_timezone(&zone),
            now: now.with_timezone(&zone),
            lang: lang_of(context),
            words: &self.words,
        };
        Ok(ScopedJson::Derived(Value::String((self.form)(&reading))))
    }
}

fn moment(text: Option<&str>) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text?).ok().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: Form, at: &str) -> String {
        let zone = chrono_tz::Asia::Shanghai;
        let words = Words::load().unwrap();
        let at = moment(Some(at)).unwrap().with_timezone(&zone);
        let now = moment(Some("2026-09-14T02:48:00Z")).unwrap().with_timezone(&zone);
        form(&Reading { at, now, lang: Lang::Chinese, words: &words })
    }

    #[test]
    fn times_are_read_in_the_zone_of_the_organisation() {
        assert_eq!(read(when, "2026-09-14T02:48:00Z"), "2026-09-14 10:48");
        assert_eq!(read(day, "2026-09-13T16:00:00Z"), "2026 年 9 月 14 日");
        assert_eq!(read(date, "2026-09-13T16:00:00Z"), "9 月 14 日 · 星期一");
        assert_eq!(read(short, "2025-12-31T16:30:00Z"), "01-01 00:30");
    }

    #[test]
    fn the_past_grows_coarser_with_its_distance() {
        let past = [
            "2026-09-14T02:47:30Z",
            "2026-09-14T02:36:00Z",
            "2026-09-13T23:00:00Z",
            "2026-09-13T08:55:00Z",
            "2026-09-01T00:00:00Z",
            "2025-09-01T00:00:00Z",
        ];
        let read = past.map(|at| read(ago, at));
        assert_eq!(read, ["刚刚", "12 分钟前", "3 小时前", "昨天 16:55", "09-01", "2025-09-01"]);
    }

    #[test]
    fn the_rest_is_counted_down() {
        assert_eq!(read(left, "2026-09-18T10:00:00Z"), "还剩 4 天");
        assert_eq!(read(left, "2026-09-14T03:00:00Z"), "还剩 12 分钟");
        assert_eq!(read(left, "2026-09-14T02:48:00Z"), "已过期");
    }
}
