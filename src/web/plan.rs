//! Whom a message reaches, over what and when: the same before an approver and in the outbox.

use std::collections::HashSet;

use super::{
    page_error::PageError,
    session::Me,
    views::approvals::{ChannelStep, Reach, Rest, SendPlan, Share},
};
use crate::{
    domain::send_rule::{Round, To},
    hub::{Channels, audience::sms_pieces, resolve::Resolved},
    storage::{
        Tx,
        messages::Message,
        recipients::{self, Unreachable},
        settings,
    },
};

/// Departments shown by name.
const DEPARTMENTS: usize = 8;
/// Departments counted at all; one organisation has a few hundred.
const ALL_DEPARTMENTS: i64 = 10_000;

/// Whom it reaches, by kind and department, and who cannot be reached how.
pub async fn reach(tx: &mut Tx, message: &Message, me: &Me) -> Result<Reach, PageError> {
    let kinds = recipients::count_by_kind(tx, message.id).await?;
    let departments = recipients::count_by_department(tx, message.id, ALL_DEPARTMENTS).await?;
    let gaps = recipients::count_unreachable(tx, message.id).await?;
    let sms_segments = sms_pieces(&message.rounds.0.list, message.said(), message.recipients, &gaps);
    Ok(Reach { sms_segments, ..split(me, message.recipients, kinds, departments, &gaps) })
}

/// The same of a message that is only thought of.
pub fn foreseen(me: &Me, found: Resolved) -> Reach {
    split(me, found.recipients, found.by_kind, found.by_department, &found.unreachable)
}

fn split(
    me: &Me,
    people: i64,
    kinds: Vec<(String, i64)>,
    mut departments: Vec<(String, i64)>,
    gaps: &Unreachable,
) -> Reach {
    let others = departments.split_off(DEPARTMENTS.min(departments.len()));
    let rest = (!others.is_empty()).then(|| Rest {
        departments: i64::try_from(others.len()).unwrap_or(i64::MAX),
        people: others.iter().map(|(_, count)| count).sum(),
    });
    let share = |(name, count)| Share { name, count };
    let kind = |(name, count): (String, i64)| {
        let word = me.web.templates.words().say(me.caller.look.lang, &format!("person.kind.{name}"), &[]);
        Share { name: word.unwrap_or(name), count }
    };
    Reach {
        people,
        kinds: kinds.into_iter().map(kind).collect(),
        departments: departments.into_iter().map(share).collect(),
        rest,
        without_phone: gaps.no_phone,
        without_dingtalk: gaps.no_dingtalk,
        sms_segments: 0,
    }
}

/// The rule as it was when the message was handed in, channel by channel.
pub async fn send(tx: &mut Tx, message: &Message, me: &Me) -> Result<SendPlan, PageError> {
    let rule = settings::find_send_rule(tx, &message.rule_name).await?;
    Ok(SendPlan {
        rule: rule.map_or_else(|| message.rule_name.clone(), |rule| me.translated("rule.", &rule.label)),
        steps: steps(&message.rounds.0.list, &me.web.hub.channels),
        send_at: message.send_at,
        receipt_due_at: message.receipt.as_ref().and_then(|receipt| receipt.0.due_at),
    })
}

/// Every channel with the minutes after which it is used; the inbox always is, at once.
pub fn steps(rounds: &[Round], channels: &Channels) -> Vec<ChannelStep> {
    let mut seen = HashSet::from([("inbox", 0, false)]);
    let inbox = ChannelStep { channel: "inbox".to_owned(), after_minutes: 0, deputy: false, missing: false };
    let missing = channels.missing(rounds);
    let mut steps = vec![inbox];
    for round in rounds {
        let deputy = round.to == To::Deputy;
        for channel in &round.channels {
            if seen.insert((channel.as_str(), round.after, deputy)) {
                steps.push(ChannelStep {
                    channel: channel.clone(),
                    after_minutes: round.after,
                    deputy,
                    missing: missing.contains(channel),
                });
            }
        }
    }
    steps
}
