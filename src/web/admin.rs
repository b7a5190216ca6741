//! `/admin`: whether every part works, for those who run the system.

use chrono::{Duration, NaiveTime, TimeZone};

use super::{
    cursor::Cursor,
    page::Answer,
    session::Me,
    views::{
        admin::{AdminPage, ChannelHealth, DeadLetter, Health, Part},
        shell::Section,
    },
};
use crate::{
    broker,
    clock::Timestamp,
    domain::{DeadLetterId, MessageId, delivery::State},
    hub::{
        Hub,
        policy::{self, Action, Facts},
    },
    storage::{dead_letters, deliveries, tickets},
};

/// Dead letters shown.
const RECENT: i64 = 10;
/// Work that waits longer is late.
const LATE: Duration = Duration::minutes(1);

pub async fn page(me: Me) -> Answer {
    policy::require(&*me.who, Action::Administer, &Facts::STRANGER)?;
    let hub = &me.web.hub;
    let mut tx = hub.db.read().await?;
    let waiting = tickets::waiting(&mut tx).await?;
    let counts = deliveries::count_by_state_since(&mut tx, MessageId::first_at(midnight(hub))).await?;
    let dead_letters = dead_letters::count_waiting(&mut tx).await?;
    let top = (Cursor::TOP.at, DeadLetterId(Cursor::TOP.id));
    let recent = dead_letters::list(&mut tx, None, top, RECENT).await?;
    drop(tx);
    let database = Part { name: "database".to_owned(), health: Health::Ok, detail: hub.db.name().to_owned() };
    let page = AdminPage {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: me.web.started_at,
        parts: vec![database, me.broker_part(), me.workers_part(waiting)],
        channels: hub.channels.names().into_iter().map(|name| me.channel(name, &counts)).collect(),
        dead_letters,
        recent: recent.into_iter().map(dead_letter).collect(),
    };
    me.page(Section::Admin, "admin", &page).await
}

/// When today began where this installation lives.
fn midnight(hub: &Hub) -> Timestamp {
    let (now, zone) = (hub.clock.now(), hub.place.timezone);
    let today = now.with_timezone(&zone).date_naive().and_time(NaiveTime::MIN);
    zone.from_local_datetime(&today).earliest().map_or(now, |midnight| midnight.to_utc())
}

impl Me {
    fn broker_part(&self) -> Part {
        let (health, detail) = match self.web.hub.broker.health() {
            broker::Health::Local => (Health::Ok, self.say("admin.detail.local", &[])),
            broker::Health::Connected { blocked: false } => (Health::Ok, self.say("admin.detail.amqp", &[])),
            broker::Health::Connected { blocked: true } => (Health::Slow, self.say("admin.detail.blocked", &[])),
            broker::Health::Reconnecting { reason, .. } => (Health::Down, reason),
        };
        Part { name: "broker".to_owned(), health, detail }
    }

    fn workers_part(&self, (next, count): (Option<Timestamp>, i64)) -> Part {
        let is_late = next.is_some_and(|due| due + LATE < self.web.hub.clock.now());
        Part {
            name: "workers".to_owned(),
            health: if is_late { Health::Slow } else { Health::Ok },
            detail: self.say("admin.detail.waiting", &[("count", count.to_string())]),
        }
    }

    fn channel(&self, name: &str, counts: &[(String, State, i64)]) -> ChannelHealth {
        let count = |states: &[State]| -> i64 {
            let own = counts.iter().filter(|(channel, state, _)| channel == name && states.contains(state));
            own.map(|(_, _, count)| count).sum()
        };
        let resting = self.web.hub.channels.lane(name).and_then(|lane| lane.resting());
        ChannelHealth {
            channel: name.to_owned(),
            health: if resting.is_some() { Health::Slow } else { Health::Ok },
            waiting: count(&[State::Ready, State::Sending]),
            sent: count(&[State::Accepted, State::Delivered]),
            failed: count(&[State::Undelivered, State::Refused, State::Expired]),
            detail: resting.map(|time| self.say("admin.detail.resting", &[("count", time.as_secs().to_string())])),
        }
    }
}

fn dead_letter(line: dead_letters::Line) -> DeadLetter {
    DeadLetter {
        id: line.id.to_string(),
        producer: line.producer.unwrap_or_default(),
        reason: format!("{} {}", line.code, line.reason),
        at: line.created_at,
    }
}
