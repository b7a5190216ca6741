//! What was said: the notices of `notices.toml`, turned into the commands with which anybody sends.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Datelike, Duration, NaiveTime, TimeZone, Weekday};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::{Value, json};

use super::papers;
use crate::clock::Timestamp;

const TEXT: &str = include_str!("notices.toml");
/// Whoever decides takes so many minutes, unless the notice says otherwise.
const DECIDED_AFTER: i64 = 12;

#[derive(Debug, Deserialize)]
struct Notices {
    notice: Vec<Notice>,
}

/// One message and what became of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    when: String,
    pub from: String,
    pub to: Vec<String>,
    #[serde(default)]
    pub kinds: Vec<String>,
    category: Option<String>,
    rule: Option<String>,
    pub title: String,
    signature: Option<String>,
    body: Option<String>,
    url: Option<String>,
    #[serde(default)]
    attach: Vec<String>,
    receipt: Option<Vec<String>>,
    /// until which working day after the message answers are wanted
    due: Option<i64>,
    /// minutes after it was submitted that it is to go out
    send_in: Option<i64>,
    /// how many in a hundred open it, and how many of those answer
    #[serde(default)]
    pub read: usize,
    #[serde(default)]
    pub answer: usize,
    /// what somebody writes under 其他
    pub other: Option<String>,
    /// It is opened within minutes.
    #[serde(default)]
    pub quick: bool,
    /// It was never sent: a draft.
    #[serde(default)]
    pub draft: bool,
    /// "approve", "wait", or why it is rejected
    decide: Option<String>,
    decide_after: Option<i64>,
    recall_after: Option<i64>,
}

/// What whoever has to decide does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Approve,
    Reject(String),
    Wait,
}

/// Working days and times of one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar {
    pub now: Timestamp,
    pub zone: Tz,
}

/// Everything that was said, in the order of the file.
pub(super) fn all() -> Vec<Notice> {
    toml::from_str::<Notices>(TEXT).expect("the notices are part of the program, and a test reads them").notice
}

impl Notice {
    /// When it was submitted.
    pub fn at(&self, calendar: Calendar) -> Timestamp {
        match self.when.split_once("d ") {
            Some((days, time)) => {
                let time = NaiveTime::parse_from_str(time, "%H:%M").expect("a time such as 08:40; a test reads them");
                calendar.day(calendar.now, -days.parse::<i64>().expect("a number; a test reads them"), time)
            }
            None => {
                let minutes = self.when.trim_end_matches('m').parse().expect("such as 45m; a test reads them");
                calendar.now - Duration::minutes(minutes)
            }
        }
    }

    pub fn verdict(&self) -> Verdict {
        match self.decide.as_deref() {
            None | Some("approve") => Verdict::Approve,
            Some("wait") => Verdict::Wait,
            Some(why) => Verdict::Reject(why.to_owned()),
        }
    }

    pub fn decided_after(&self) -> Duration {
        Duration::minutes(self.decide_after.unwrap_or(DECIDED_AFTER))
    }

    pub fn recalled_after(&self) -> Option<Duration> {
        self.recall_after.map(Duration::minutes)
    }

    pub fn options(&self) -> &[String] {
        self.receipt.as_deref().unwrap_or_default()
    }

    /// To everybody at once; in a large university that is for the inbox alone, or the story of the
    /// past would take longer than the visitor's patience.
    pub fn in_inboxes_alone(&mut self) {
        if self.to.iter().any(|to| to == "everyone") {
            self.rule = None;
        }
    }

    /// Read on a phone rather than in the browser by most.
    pub fn is_on_phones(&self) -> bool {
        self.rule.is_some()
    }

    /// `message.send` (spec/interfaces §4) with this audience.
    pub fn command(&self, audience: &Value, calendar: Calendar) -> anyhow::Result<Value> {
        let at = self.at(calendar);
        let body = self.body.as_deref().map(|body| calendar.fill(body.trim(), at));
        let attachments = self.attach.iter().map(|name| {
            let file = papers::paper(name, &self.title, body.as_deref().unwrap_or_default())?;
            Ok(json!({"name": file.name, "content": STANDARD.encode(file.bytes)}))
        });
        let attachments = attachments.collect::<anyhow::Result<Vec<_>>>()?;
        let due =
            self.due.map(|days| calendar.day(at, days, NaiveTime::from_hms_opt(18, 0, 0).expect("a time of day")));
        let mut command = json!({"title": self.title, "audience": audience});
        let mut set = |name: &str, value: Value| {
            if !value.is_null() {
                command[name] = value;
            }
        };
        set("kind", json!(self.url.as_ref().map(|_| "link")));
        set("body", json!(body));
        set("url", json!(self.url));
        set("signature", json!(self.signature));
        set("category", json!(self.category));
        set("send_rule", json!(self.rule));
        set("receipt", self.receipt.as_ref().map_or(Value::Null, |options| json!({"options": options, "due_at": due})));
        set("send_at", json!(self.send_in.map(|minutes| at + Duration::minutes(minutes))));
        if !attachments.is_empty() {
            set("attachments", Value::Array(attachments));
        }
        Ok(command)
    }
}

impl Calendar {
    /// A time of the nth working day after, or before, a moment.
    pub fn day(self, from: Timestamp, days: i64, time: NaiveTime) -> Timestamp {
        let mut date = from.with_timezone(&self.zone).date_naive();
        let step = Duration::days(days.signum());
        let mut left = days.abs();
        while left > 0 {
            date += step;
            if !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) {
                left -= 1;
            }
        }
        let local = self.zone.from_local_datetime(&date.and_time(time)).earliest();
        // A time that summer time skips does not exist; an hour off harms no story.
        local.map_or(from, |local| local.to_utc())
    }

    /// `{+2}` becomes 11月25日（星期三）.
    fn fill(self, text: &str, at: Timestamp) -> String {
        let mut parts = text.split('{');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let known = part.split_once('}').and_then(|(days, rest)| Some((days.parse::<i64>().ok()?, rest)));
            match known {
                Some((days, rest)) => {
                    let noon = NaiveTime::from_hms_opt(12, 0, 0).expect("a time of day");
                    filled += &said(&self.day(at, days, noon).with_timezone(&self.zone));
                    filled += rest;
                }
                None => {
                    filled.push('{');
                    filled += part;
                }
            }
        }
        filled
    }
}

fn said(day: &DateTime<Tz>) -> String {
    let weekday = ["一", "二", "三", "四", "五", "六", "日"][day.weekday().num_days_from_monday() as usize];
    format!("{}月{}日（星期{weekday}）", day.month(), day.day())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::{self, Name};

    fn saturday() -> Calendar {
        let now = "2026-11-21T10:00:00+08:00".parse().expect("a time");
        Calendar { now, zone: Tz::Asia__Shanghai }
    }

    #[test]
    fn every_notice_is_a_command_that_the_hub_would_take() {
        let calendar = saturday();
        for notice in all() {
            let at = notice.at(calendar);
            assert!(at < calendar.now, "{}", notice.title);
            let command = notice.command(&json!({"everyone": true}), calendar).expect("written");
            assert!(!command.to_string().contains("{+"), "{}", notice.title);
            if let Err(problem) = command::read(Name::MessageSend, &command, at) {
                panic!("{}: {problem}", notice.title);
            }
        }
    }

    #[test]
    fn days_are_working_days() {
        let calendar = saturday();
        let morning = NaiveTime::from_hms_opt(9, 0, 0).expect("a time");
        let local = |days| calendar.day(calendar.now, days, morning).with_timezone(&calendar.zone).to_string();
        assert_eq!(local(-1), "2026-11-20 09:00:00 CST");
        assert_eq!(local(2), "2026-11-24 09:00:00 CST");
        assert_eq!(calendar.fill("自{+1}起{x}", calendar.now), "自11月23日（星期一）起{x}");
    }
}
