//! How each channel does: what it has taken and refused of late, and which ones send rules name
//! although nobody has set them up.

use std::collections::BTreeMap;

use chrono::Duration;

use crate::{
    domain::{MessageId, delivery::State, send_rule::SendRule},
    storage::{
        Tx,
        deliveries::{self, Recent},
        settings,
    },
    web::{
        door::session::Me,
        frame::page_error::PageError,
        views::admin::{ChannelHealth, Health},
    },
};

/// What was tried within this time says how a channel does now.
const OF_LATE: Duration = Duration::minutes(30);
/// Older messages are no longer looked through: one may wait for its approval or its hour for days.
pub(super) const OLDEST: Duration = Duration::days(7);
/// Refused because of the recipient, which says nothing of the channel.
const NO_ADDRESS: &str = "NO_ADDRESS";

impl Me {
    /// Every channel that is set up, then those that are only named.
    pub(super) async fn channels(
        &self,
        tx: &mut Tx,
        today: &[(String, State, i64)],
    ) -> Result<Vec<ChannelHealth>, PageError> {
        let hub = &self.web.hub;
        let now = hub.clock.now();
        let recent = deliveries::list_recent(tx, MessageId::first_at(now - OLDEST), now - OF_LATE).await?;
        let names = hub.channels.names();
        let mut channels: Vec<_> = names.into_iter().map(|name| self.channel(name, today, &recent)).collect();
        for (name, rules) in missing(self, tx).await? {
            channels.push(ChannelHealth {
                channel: name,
                health: Health::Off,
                waiting: 0,
                sent: 0,
                failed: 0,
                detail: Some(self.say("admin.detail.missing", &[("rules", rules.join("、"))])),
            });
        }
        Ok(channels)
    }

    fn channel(&self, name: &str, today: &[(String, State, i64)], recent: &[Recent]) -> ChannelHealth {
        let count = |states: &[State]| -> i64 {
            let own = today.iter().filter(|(channel, state, _)| channel == name && states.contains(state));
            own.map(|(_, _, count)| count).sum()
        };
        let own: Vec<_> = recent.iter().filter(|line| line.channel == name).collect();
        let resting = self.web.hub.channels.lane(name).and_then(|lane| lane.resting());
        let complaint = own
            .iter()
            .filter(|line| !matches!(weight(line), None | Some(Weight::Well)))
            .find_map(|line| line.detail.as_deref().map(|detail| self.tongue().reason(detail)));
        let rests = resting.map(|time| self.say("admin.detail.resting", &[("count", time.as_secs().to_string())]));
        ChannelHealth {
            channel: name.to_owned(),
            health: judge(&own, resting.is_some()),
            waiting: count(&[State::Ready, State::Sending]),
            sent: count(&[State::Accepted, State::Delivered]),
            failed: count(&[State::Undelivered, State::Refused, State::Unknown, State::Expired]),
            detail: rests.or(complaint),
        }
    }
}

/// The channels that send rules name and this installation lacks, with the rules.
async fn missing(me: &Me, tx: &mut Tx) -> Result<BTreeMap<String, Vec<String>>, PageError> {
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in settings::list_send_rules(tx).await? {
        let label = me.translated("rule.", &row.label);
        let rule = SendRule { name: row.name, label: row.label, steps: row.definition.0.steps };
        for channel in me.web.hub.channels.missing(&rule.rounds()) {
            missing.entry(channel).or_default().push(label.clone());
        }
    }
    Ok(missing)
}

/// What an outcome says of the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Well,
    /// The provider was there and would not have it.
    Refused,
    /// The provider could not be reached, or was too busy, or did not answer.
    Away,
}

/// None: it was not tried, or failed for the recipient's sake.
fn weight(line: &Recent) -> Option<Weight> {
    let says = |code: &str| line.detail.as_deref().is_some_and(|detail| detail.starts_with(code));
    match line.state {
        State::Accepted | State::Delivered | State::Undelivered => Some(Weight::Well),
        State::Unknown => Some(Weight::Away),
        State::Refused if says("GAVE_UP") => Some(Weight::Away),
        State::Refused if !says(NO_ADDRESS) => Some(Weight::Refused),
        // tried, and waiting to be tried again
        State::Ready => Some(Weight::Away),
        _ => None,
    }
}

/// Nobody reached at all: down. Somebody not reached, or more refused than taken: impaired.
fn judge(recent: &[&Recent], is_resting: bool) -> Health {
    let count =
        |wanted| -> i64 { recent.iter().filter(|line| weight(line) == Some(wanted)).map(|line| line.count).sum() };
    let (well, refused, away) = (count(Weight::Well), count(Weight::Refused), count(Weight::Away));
    if away > 0 && well + refused == 0 {
        Health::Down
    } else if is_resting || away > 0 || refused > well {
        Health::Slow
    } else {
        Health::Ok
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(lines: &[(State, &str, i64)]) -> Health {
        let line = |(state, detail, count): &(State, &str, i64)| Recent {
            channel: "sms".to_owned(),
            state: *state,
            detail: (!detail.is_empty()).then(|| (*detail).to_owned()),
            count: *count,
        };
        let lines: Vec<_> = lines.iter().map(line).collect();
        judge(&lines.iter().collect::<Vec<_>>(), false)
    }

    #[test]
    fn a_channel_is_judged_by_what_it_did_of_late() {
        assert_eq!(judged(&[]), Health::Ok);
        assert_eq!(judged(&[(State::Accepted, "", 9), (State::Refused, "isv.MOBILE", 1)]), Health::Ok);
        assert_eq!(judged(&[(State::Accepted, "", 1), (State::Refused, "isv.SIGNATURE", 9)]), Health::Slow);
        assert_eq!(judged(&[(State::Accepted, "", 9), (State::Ready, "PROVIDER_BUSY", 1)]), Health::Slow);
        assert_eq!(judged(&[(State::Ready, "PROVIDER_BUSY", 1)]), Health::Down);
        assert_eq!(judged(&[(State::Refused, "GAVE_UP", 1)]), Health::Down);
        assert_eq!(judged(&[(State::Refused, "NO_ADDRESS 没有可用的联系方式", 5)]), Health::Ok);
        assert_eq!(judged(&[(State::Undelivered, "NO_ANSWER", 5)]), Health::Ok);
        for nothing in [State::Cancelled, State::Expired, State::Sending] {
            assert_eq!(judged(&[(nothing, "", 9)]), Health::Ok, "{nothing:?}");
            assert_eq!(judged(&[(nothing, "", 9), (State::Unknown, "", 1)]), Health::Down, "{nothing:?}");
        }
    }
}
