//! What the queues and exchanges are called, and which events fit a binding.

use super::{Queue, Target};

/// All names of one installation; they share a prefix.
#[derive(Debug, Clone)]
pub struct Names {
    prefix: String,
}

impl Names {
    /// Names that begin with `prefix`.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// What all names begin with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The topic exchange into which modules publish commands.
    pub fn commands_exchange(&self) -> String {
        format!("{}.commands", self.prefix)
    }

    /// The topic exchange of events.
    pub fn events_exchange(&self) -> String {
        format!("{}.events", self.prefix)
    }

    /// The fanout exchange of live messages.
    pub fn live_exchange(&self) -> String {
        format!("{}.live", self.prefix)
    }

    /// The fanout exchange of dead letters.
    pub fn dead_exchange(&self) -> String {
        format!("{}.dead", self.prefix)
    }

    /// A queue of the hub.
    pub fn queue(&self, queue: &Queue) -> String {
        match queue {
            Queue::Commands => format!("{}.commands", self.prefix),
            Queue::Work(channel) => format!("{}.work.{channel}", self.prefix),
            Queue::Priority => format!("{}.work.priority", self.prefix),
            Queue::Dead => format!("{}.dead", self.prefix),
        }
    }

    /// The event queue of a module.
    pub fn module_queue(&self, name: &str) -> String {
        format!("{}.module.{name}", self.prefix)
    }

    /// The live queue of one listener.
    pub fn live_queue(&self, listener: &str) -> String {
        format!("{}.live.{listener}", self.prefix)
    }

    /// True when the queue belongs to the hub. An answer must never go there: a producer could
    /// otherwise have the hub forge tickets for it by naming a work queue in `reply_to`.
    pub fn is_own(&self, queue: &str) -> bool {
        queue.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix('.')).is_some_and(|rest| {
            ["commands", "events", "dead", "live"].contains(&rest)
                || ["work.", "module.", "live."].iter().any(|kind| rest.starts_with(kind))
        })
    }

    /// The one queue that a target names, where it names one.
    pub(super) fn target_queue(&self, target: &Target) -> Option<String> {
        match target {
            Target::Work(channel) => Some(self.queue(&Queue::Work(channel.clone()))),
            Target::Priority => Some(self.queue(&Queue::Priority)),
            Target::Commands => Some(self.queue(&Queue::Commands)),
            Target::Dead => Some(self.queue(&Queue::Dead)),
            Target::Reply(queue) => Some(queue.clone()),
            Target::Event | Target::Live => None,
        }
    }
}

/// AMQP's topic rule: words between dots, `*` stands for one word, `#` for any number.
pub(super) fn fits(binding: &str, routing_key: &str) -> bool {
    fn words_fit(binding: &[&str], key: &[&str]) -> bool {
        match (binding.split_first(), key.split_first()) {
            (None, None) => true,
            (Some((&"#", rest)), None) => words_fit(rest, key),
            (Some((&"#", rest)), Some((_, later))) => words_fit(rest, key) || words_fit(binding, later),
            (Some((word, rest)), Some((first, later))) => (*word == "*" || word == first) && words_fit(rest, later),
            _ => false,
        }
    }
    let binding: Vec<&str> = binding.split('.').collect();
    let key: Vec<&str> = routing_key.split('.').collect();
    words_fit(&binding, &key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_word_and_a_hash_any_number() {
        for (binding, key, expected) in [
            ("message.sent", "message.sent", true),
            ("message.sent", "message.recalled", false),
            ("message.*", "message.sent", true),
            ("message.*", "message", false),
            ("message.*", "message.sent.late", false),
            ("message.#", "message", true),
            ("message.#", "message.sent.late", true),
            ("#", "visit.registered", true),
            ("#.late", "message.sent.late", true),
            ("#.late", "message.sent", false),
            ("*.step", "escalation.step", true),
        ] {
            assert_eq!(fits(binding, key), expected, "{binding} and {key}");
        }
    }

    #[test]
    fn no_queue_of_the_hub_is_a_place_for_answers() {
        let names = Names::new("zhihui");
        for own in [
            "zhihui.commands",
            "zhihui.dead",
            "zhihui.work.sms",
            "zhihui.work.priority",
            "zhihui.module.visitor",
            "zhihui.live.1",
        ] {
            assert!(names.is_own(own), "{own}");
        }
        for foreign in ["amq.rabbitmq.reply-to.g2", "meeting.answers", "zhihui.answers.meeting", "zhihuiwork.sms"] {
            assert!(!names.is_own(foreign), "{foreign}");
        }
    }
}
