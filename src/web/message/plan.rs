//! Whom a message reaches, over what and when: the same before an approver and in the outbox.

use std::collections::HashSet;

use crate::{
    domain::{
        quota::Standing,
        send_rule::{Round, To},
    },
    hub::{
        Channels,
        send::{audience::sms_pieces, resolve::Resolved},
    },
    storage::{
        Tx,
        messages::Message,
        recipients::{self, Unreachable},
        settings,
    },
    web::{
        door::session::Me,
        frame::page_error::PageError,
        views::{
            approvals::{ChannelStep, Reach, Rest, SendPlan, Share},
            quotas::QuotaLine,
        },
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
    let said = message.said(&me.web.hub.place.public_url);
    let sms_segments = sms_pieces(&message.rounds.0.list, said, message.recipients, &gaps);
    let charge = me.web.hub.charge_of(tx, message.id).await?;
    let quota = charge.map(|charge| quota_line(me, &charge.standing, charge.pieces));
    Ok(Reach { sms_segments, quota, ..split(me, message.recipients, kinds, departments, &gaps) })
}

/// The same of a message that is only thought of.
pub fn foreseen(me: &Me, found: Resolved) -> Reach {
    let quota = found.quota.as_ref().map(|charge| quota_line(me, &charge.standing, charge.pieces));
    Reach { quota, ..split(me, found.recipients, found.by_kind, found.by_department, &found.unreachable) }
}

/// What a quota says about `asked` pieces more.
pub fn quota_line(me: &Me, standing: &Standing, asked: i64) -> QuotaLine {
    let beyond = standing.beyond(asked);
    let left = standing.left().map_or(0, |left| (left - asked).max(0));
    let share = |key: &str, count: i64| Share { name: me.say(key, &[]), count };
    let mut shares = vec![share("quotas.used", standing.used)];
    if asked > 0 {
        shares.push(share("quotas.asked", asked));
    }
    QuotaLine {
        name: standing.name.clone(),
        month: standing.month.clone(),
        pieces: standing.pieces,
        used: standing.used,
        asked,
        left,
        beyond,
        mode: standing.mode,
        shares,
    }
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
        without_email: if me.web.hub.channels.get("email").is_some() { gaps.no_email } else { 0 },
        sms_segments: 0,
        quota: None,
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
