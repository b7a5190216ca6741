//! 升级: what the later steps of a send rule are after, and when they have come to nothing.

use chrono::Duration;

use super::send_rule::{Mode, Round, To, Unless};

/// So long after the last step somebody may still read, answer or press a key before the rule is
/// called exhausted: a call rings and is spoken for a few minutes.
pub const ANSWER_TIME: Duration = Duration::minutes(5);

/// What a chase is for: the last condition that a step after the first waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goal {
    /// the last round that waits for it
    pub round: i64,
    pub unless: Unless,
}

/// None where no later step waits for anything: then nobody is chased.
pub fn goal(rounds: &[Round]) -> Option<Goal> {
    let later = (0..).zip(rounds).skip(1);
    later.filter_map(|(round, step)| Some(Goal { round, unless: step.unless? })).last()
}

/// Channels that cost nothing, for reminders of what went to the inbox alone: nobody has agreed to
/// pay for them.
const FREE: [&str; 2] = ["dingtalk", "email"];

/// 再次提醒: the first step that names a channel, to the recipients themselves and without its
/// condition, for they were chosen just now. Where none does, the first free channel that this
/// installation has; without one, no channel.
pub fn reminder(rounds: &[Round], has: impl Fn(&str) -> bool) -> Round {
    let first = rounds.iter().find(|round| !round.channels.is_empty());
    let free = || FREE.into_iter().find(|channel| has(channel)).map(str::to_owned);
    Round {
        after: 0,
        minutes: super::send_rule::Minutes::Real,
        channels: first.map_or_else(|| free().into_iter().collect(), |round| round.channels.clone()),
        mode: first.map_or(Mode::Together, |round| round.mode),
        unless: None,
        to: To::Recipient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::send_rule::{SendRule, shipped};

    fn rounds(name: &str) -> Vec<Round> {
        shipped().iter().find(|rule| rule.name == name).map(SendRule::rounds).expect("shipped")
    }

    #[test]
    fn a_chase_is_for_what_its_last_steps_wait_for() {
        let goal_of = |name| goal(&rounds(name)).map(|goal| (goal.round, goal.unless));
        assert_eq!(goal_of("inbox"), None);
        assert_eq!(goal_of("dingtalk"), None);
        assert_eq!(goal_of("urgent"), Some((2, Unless::Read)));
        assert_eq!(goal_of("undertaker"), Some((4, Unless::Confirmed)));
        assert_eq!(goal_of("approval"), Some((2, Unless::Decided)));
    }

    #[test]
    fn a_reminder_takes_the_first_channel_that_the_rule_names() {
        let everything = |_: &str| true;
        assert_eq!(reminder(&rounds("sms"), everything).channels, ["sms"]);
        let mut later = rounds("dingtalk_then_sms");
        later[0].channels.clear();
        let found = reminder(&later, everything);
        assert_eq!((found.channels, found.unless), (vec!["sms".to_owned()], None));
    }

    #[test]
    fn a_reminder_of_the_inbox_alone_takes_what_is_there_and_free() {
        let reminder = |has: fn(&str) -> bool| reminder(&rounds("inbox"), has).channels;
        assert_eq!(reminder(|_| true), ["dingtalk"]);
        assert_eq!(reminder(|channel| channel == "email"), ["email"]);
        assert!(reminder(|channel| channel == "sms").is_empty());
    }
}
