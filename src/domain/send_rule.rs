//! 发送规则: a named list of steps, spread out into rounds when a message is accepted.
//!
//! Rounds are what the engine works on: round 0 goes with the fan-out, each later one is a wave of
//! its own that passes over everybody whose stop condition holds. Unread, unreceipted, undecided
//! and unconfirmed are chased by the same rounds.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{calls, words::words};

words! {
    /// What ends the chase for one person.
    pub enum Unless {
        Read => "read",
        Receipt => "receipt",
        Decided => "decided",
        Confirmed => "confirmed",
    }
}

words! {
    pub enum Mode {
        Together => "together",
        FirstThatWorks => "first_that_works",
    }
}

words! {
    /// Whether a delay counts every minute or those of working time.
    pub enum Minutes {
        Real => "real",
        Working => "working",
    }
}

/// Whom a step reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum To {
    #[default]
    Recipient,
    Deputy,
    /// an account
    Person(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub channels: Vec<String>,
    #[serde(default = "together")]
    pub mode: Mode,
    /// minutes after the message went out
    #[serde(default)]
    pub after: i64,
    #[serde(default = "real")]
    pub minutes: Minutes,
    #[serde(default)]
    pub unless: Option<Unless>,
    #[serde(default)]
    pub repeat: Option<Repeat>,
    #[serde(default)]
    pub to: To,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    pub times: u32,
    /// minutes between
    pub every: i64,
}

fn together() -> Mode {
    Mode::Together
}

fn real() -> Minutes {
    Minutes::Real
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendRule {
    pub name: String,
    pub label: String,
    pub steps: Vec<Step>,
}

/// One moment of a rule: everything that happens `after` minutes, to the same people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    pub after: i64,
    pub minutes: Minutes,
    pub channels: Vec<String>,
    pub mode: Mode,
    pub unless: Option<Unless>,
    pub to: To,
}

impl Round {
    pub fn delay(&self) -> Duration {
        Duration::minutes(self.after)
    }

    /// The channels that its wave takes; of `first_that_works` the others follow one by one.
    pub fn at_once(&self) -> &[String] {
        match self.mode {
            Mode::Together => &self.channels,
            Mode::FirstThatWorks => &self.channels[..self.channels.len().min(1)],
        }
    }

    /// Does its wave call people?
    pub fn calls(&self) -> bool {
        self.at_once().iter().any(|channel| channel == calls::CHANNEL)
    }

    /// Of `first_that_works` what follows when this channel has reached nobody.
    pub fn next_channel(&self, channel: &str) -> Option<&String> {
        let nth = self.channels.iter().position(|own| own == channel)?;
        self.channels.get(nth + 1).filter(|_| self.mode == Mode::FirstThatWorks)
    }

    /// Whether another round's channels can go out in this one and mean the same.
    fn takes(&self, other: &Self) -> bool {
        self.mode == Mode::Together && other.mode == Mode::Together && self.unless == other.unless
    }
}

impl SendRule {
    /// Everything that it would ever use to reach a recipient, at once and whatever he has done: for
    /// looking at it.
    pub fn all_at_once(&self) -> Vec<Round> {
        let rounds = self.rounds();
        let mut channels: Vec<String> = Vec::new();
        for channel in rounds.iter().filter(|round| round.to == To::Recipient).flat_map(|round| &round.channels) {
            if !channels.contains(channel) {
                channels.push(channel.clone());
            }
        }
        let minutes = Minutes::Real;
        vec![Round { after: 0, minutes, channels, mode: Mode::Together, unless: None, to: To::Recipient }]
    }

    /// Round 0 is what goes out at once (no channels when only the inbox does); the others follow
    /// in the order of their delays, repeats spread out. Of several steps at minute 0 those that ask
    /// for the same as the first join it, the others keep their own mode and condition.
    pub fn rounds(&self) -> Vec<Round> {
        let mut later: Vec<Round> = Vec::new();
        let mut first = Round {
            after: 0,
            minutes: Minutes::Real,
            channels: Vec::new(),
            mode: Mode::Together,
            unless: None,
            to: To::Recipient,
        };
        for step in &self.steps {
            let round = step.round(step.after);
            if step.after != 0 || step.to != To::Recipient {
                later.push(round);
            } else if first.channels.is_empty() {
                first = Round { minutes: Minutes::Real, ..round };
            } else if first.takes(&round) {
                let own = round.channels.into_iter().filter(|channel| !first.channels.contains(channel));
                let own: Vec<_> = own.collect();
                first.channels.extend(own);
            } else if !round.channels.is_empty() {
                later.push(round);
            }
            if let Some(repeat) = step.repeat {
                let again = (1..=i64::from(repeat.times)).map(|nth| step.round(step.after + nth * repeat.every));
                later.extend(again);
            }
        }
        later.sort_by_key(|round| round.after);
        let mut rounds = vec![first];
        rounds.extend(later);
        rounds
    }
}

impl Step {
    /// A channel that is named twice goes out once.
    fn round(&self, after: i64) -> Round {
        let mut channels: Vec<String> = Vec::with_capacity(self.channels.len());
        for channel in self.channels.iter().filter(|channel| *channel != "inbox") {
            if !channels.contains(channel) {
                channels.push(channel.clone());
            }
        }
        Round { after, minutes: self.minutes, channels, mode: self.mode, unless: self.unless, to: self.to.clone() }
    }
}

/// The rules that every installation starts with (spec/interfaces §5), and those with which the hub
/// itself chases an approver.
pub fn shipped() -> Vec<SendRule> {
    let rule =
        |name: &str, label: &str, steps: Vec<Step>| SendRule { name: name.to_owned(), label: label.to_owned(), steps };
    let at_once = |channel: &str| step(channel, 0, None);
    let deputy = |after, unless| Step { to: To::Deputy, ..step("voice", after, Some(unless)) };
    vec![
        rule("inbox", "站内", vec![at_once("inbox")]),
        rule("dingtalk", "钉钉提醒", vec![at_once("dingtalk")]),
        rule("sms", "短信", vec![at_once("sms")]),
        rule("email", "邮件", vec![at_once("email")]),
        rule("dingtalk_then_sms", "钉钉，未读转短信", vec![at_once("dingtalk"), step("sms", 30, Some(Unless::Read))]),
        rule(
            "urgent",
            "紧急",
            vec![at_once("dingtalk"), step("sms", 5, Some(Unless::Read)), step("voice", 10, Some(Unless::Read))],
        ),
        // 5, 10 and 20 minutes keep under every carrier's limit for one number (spec/vocabulary §2.4).
        rule(
            "undertaker",
            "承接确认",
            vec![
                at_once("dingtalk"),
                step("voice", 5, Some(Unless::Confirmed)),
                step("voice", 10, Some(Unless::Confirmed)),
                step("voice", 20, Some(Unless::Confirmed)),
                deputy(25, Unless::Confirmed),
            ],
        ),
        rule(
            "approval",
            "审批提醒",
            vec![
                step("dingtalk", 0, Some(Unless::Decided)),
                step("sms", 30, Some(Unless::Decided)),
                Step { to: To::Deputy, ..step("sms", 60, Some(Unless::Decided)) },
            ],
        ),
        rule(
            "approval_sms",
            "审批提醒（含短信）",
            vec![
                Step {
                    channels: vec!["dingtalk".to_owned(), "sms".to_owned()],
                    ..step("dingtalk", 0, Some(Unless::Decided))
                },
                step("sms", 30, Some(Unless::Decided)),
                Step { to: To::Deputy, ..step("sms", 60, Some(Unless::Decided)) },
            ],
        ),
    ]
}

fn step(channel: &str, after: i64, unless: Option<Unless>) -> Step {
    Step {
        channels: vec![channel.to_owned()],
        mode: Mode::Together,
        after,
        minutes: Minutes::Real,
        unless,
        repeat: None,
        to: To::Recipient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timetable(name: &str) -> Vec<(i64, String)> {
        let rule = shipped().into_iter().find(|rule| rule.name == name).expect("shipped");
        rule.rounds().into_iter().map(|round| (round.after, round.channels.join("+"))).collect()
    }

    #[test]
    fn the_undertakers_phone_rings_at_five_ten_and_twenty_minutes_then_the_deputys() {
        let rings: Vec<_> = timetable("undertaker").into_iter().map(|(after, _)| after).collect();
        assert_eq!(rings, [0, 5, 10, 20, 25]);
    }

    #[test]
    fn a_rule_of_the_inbox_alone_has_nothing_to_send() {
        assert_eq!(timetable("inbox"), [(0, String::new())]);
    }

    #[test]
    fn steps_of_the_same_minute_keep_their_own_mode_and_condition() {
        let mode = |mode, step| Step { mode, ..step };
        let cases = [
            (vec![step("inbox", 0, None), step("sms", 0, Some(Unless::Read))], vec!["sms"]),
            (vec![step("dingtalk", 0, None), step("inbox", 0, Some(Unless::Read))], vec!["dingtalk"]),
            (vec![step("dingtalk", 0, None), step("sms", 0, None), step("dingtalk", 0, None)], vec!["dingtalk+sms"]),
            (vec![step("dingtalk", 0, None), step("sms", 0, Some(Unless::Read))], vec!["dingtalk", "sms"]),
            (
                vec![mode(Mode::FirstThatWorks, step("dingtalk", 0, None)), step("sms", 0, None)],
                vec!["dingtalk", "sms"],
            ),
        ];
        for (steps, wanted) in cases {
            let rule = SendRule { name: "r".into(), label: "r".into(), steps: steps.clone() };
            let rounds = rule.rounds();
            let found: Vec<_> = rounds.iter().map(|round| round.channels.join("+")).collect();
            assert_eq!(found, wanted, "{steps:?}");
            for round in &rounds {
                let step = steps.iter().find(|step| step.channels[0] == round.channels[0]).expect("it came from one");
                assert_eq!((round.mode, round.unless), (step.mode, step.unless), "{steps:?}");
            }
        }
    }

    #[test]
    fn a_channel_that_a_step_names_twice_goes_out_once() {
        let named = |channels: [&str; 4]| channels.map(str::to_owned).to_vec();
        for after in [0, 5] {
            let twice = Step { channels: named(["sms", "voice", "inbox", "sms"]), ..step("sms", after, None) };
            let rule = SendRule { name: "r".into(), label: "r".into(), steps: vec![twice] };
            assert_eq!(rule.rounds().pop().expect("one").channels, ["sms", "voice"], "{after}");
        }
    }

    #[test]
    fn of_channels_one_after_the_other_only_the_first_goes_out_at_once() {
        let channels = vec!["sms".to_owned(), "voice".to_owned()];
        let together = Step { channels, ..step("sms", 5, None) }.round(5);
        let in_turn = Round { mode: Mode::FirstThatWorks, ..together.clone() };
        assert_eq!((together.calls(), in_turn.calls()), (true, false));
        assert_eq!((together.next_channel("sms"), in_turn.next_channel("voice")), (None, None));
        assert_eq!(in_turn.next_channel("sms").map(String::as_str), Some("voice"));
    }

    #[test]
    fn a_repeat_is_spread_out_into_rounds() {
        let rule = SendRule {
            name: "nag".into(),
            label: "催".into(),
            steps: vec![Step {
                repeat: Some(Repeat { times: 2, every: 30 }),
                ..step("sms", 10, Some(Unless::Receipt))
            }],
        };
        let after: Vec<_> = rule.rounds().iter().map(|round| round.after).collect();
        assert_eq!(after, [0, 10, 40, 70]);
    }
}
