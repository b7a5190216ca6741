//! 经过: everything that was done to reach one person and what he did, in the order in which it
//! happened (checklist MO-15).

use crate::{
    clock::Timestamp,
    domain::delivery::State,
    hub::{chase_again, follow::status::Reached},
    storage::{
        messages::Message,
        reached::{Person, Try},
    },
    web::{
        views::outbox::{ChannelResult, Happening},
        words::text::Tongue,
    },
};

/// One person's, oldest first.
pub fn of(tongue: Tongue<'_>, reached: &Reached, message: &Message) -> Vec<Happening> {
    let told = Told { tongue };
    let mut all: Vec<Happening> = Vec::new();
    all.extend(reached.person.arrived_at.map(|at| told.plain("arrived", at, "ok")));
    for each in &reached.earlier {
        all.push(told.tried((&each.channel, each.round, each.nth), each.state, Some(each.at), &each.detail));
    }
    all.extend(reached.tries.iter().map(|each| told.last(each)));
    all.extend(told.own_deeds(&reached.person, message));
    all.extend(message.recalled_at.map(|at| told.plain("recalled", at, "none")));
    all.extend(message.deleted_at.map(|at| told.plain("deleted", at, "none")));
    // What waits has no time yet and comes last.
    all.sort_by_key(|happening| happening.at.unwrap_or(crate::clock::END_OF_TIME));
    all
}

struct Told<'a> {
    tongue: Tongue<'a>,
}

impl Told<'_> {
    fn plain(&self, what: &str, at: Timestamp, tone: &'static str) -> Happening {
        Happening { at: Some(at), tone, what: self.tongue.say(&format!("story.{what}"), &[]), detail: None }
    }

    fn channel(&self, channel: &str) -> String {
        self.tongue.say(&format!("channel.{channel}"), &[])
    }

    /// How a delivery stands.
    fn last(&self, each: &Try) -> Happening {
        let at = each.done_at.or(each.fired_at);
        let way = (each.channel.as_str(), each.round, each.attempts);
        self.tried(way, each.state, at, each.detail.as_deref().unwrap_or_default())
    }

    /// `再次提醒 · 钉钉 第 2 次：已提交`
    fn tried(
        &self,
        (channel, round, nth): (&str, i64, i64),
        state: State,
        at: Option<Timestamp>,
        detail: &str,
    ) -> Happening {
        let ChannelResult { tone, .. } = ChannelResult::of(channel.to_owned(), state, None, None);
        let state = self.tongue.say(&format!("delivery.{state}"), &[]);
        let key = if nth > 1 { "story.tried_again" } else { "story.tried" };
        let said =
            self.tongue.say(key, &[("channel", self.channel(channel)), ("nth", nth.to_string()), ("state", state)]);
        let what = match chase_again(round) {
            Some(why) => format!("{} · {said}", self.tongue.say(&format!("story.{why}"), &[])),
            None => said,
        };
        let detail = (!detail.is_empty()).then(|| self.words(channel, detail));
        Happening { at, tone, what, detail }
    }

    /// Our words for our codes, and then the provider's own.
    fn words(&self, channel: &str, detail: &str) -> String {
        if detail.starts_with("NO_ADDRESS") {
            return self.tongue.say(&format!("delivery.lacks.{channel}"), &[]);
        }
        let ours = self.tongue.reason(detail);
        match detail.split_once(' ') {
            Some(("PROVIDER_BUSY", theirs)) => format!("{ours}：{theirs}"),
            _ => ours,
        }
    }

    fn own_deeds(&self, person: &Person, message: &Message) -> Vec<Happening> {
        let mut deeds = Vec::new();
        if let Some(at) = person.read_at {
            let over = person.read_channel.as_deref().map(|channel| self.channel(channel)).unwrap_or_default();
            let what = self.tongue.say("story.read", &[("channel", over)]);
            deeds.push(Happening { at: Some(at), tone: "ok", what, detail: None });
        }
        if let Some(at) = person.answered_at {
            let pressed = |id: &String| {
                message.actions.0.list.iter().find(|action| action.id == *id).map(|action| action.label.clone())
            };
            let answer = match (&person.option, &person.action_id) {
                (Some(option), _) => self.tongue.choice(option),
                (None, Some(id)) => pressed(id).unwrap_or_else(|| id.clone()),
                (None, None) => String::new(),
            };
            let over = person.answer_channel.as_deref().map(|channel| self.channel(channel)).unwrap_or_default();
            let what = match &person.proxy_name {
                Some(name) => self
                    .tongue
                    .say("story.answered_by", &[("name", name.clone()), ("channel", over), ("answer", answer)]),
                None => self.tongue.say("story.answered", &[("channel", over), ("answer", answer)]),
            };
            let detail = person.words.clone().filter(|words| !words.is_empty());
            deeds.push(Happening { at: Some(at), tone: "ok", what, detail });
        }
        deeds
    }
}
