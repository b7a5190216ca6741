//! `/admin`: whether every part works, for those who run the system.

use chrono::{Duration, NaiveTime, TimeZone};

use super::channel_health::OLDEST;
use crate::{
    broker,
    clock::Timestamp,
    domain::{DeadLetterId, DepartmentId, MessageId},
    hub::{
        Hub,
        policy::{self, Action, Facts},
    },
    storage::{
        dead_letters, deliveries,
        departments::{self, Branch},
        tickets,
    },
    web::{
        door::session::Me,
        frame::{cursor::Cursor, page::Answer},
        views::{
            admin::{AdminPage, DeadLetter, DepartmentLine, Health, Part},
            shell::Section,
        },
    },
};

/// Dead letters shown.
const RECENT: i64 = 10;
/// Work that waits longer is late.
const LATE: Duration = Duration::minutes(1);

pub async fn page(me: Me) -> Answer {
    policy::require(&*me.who, Action::Administer, &Facts::STRANGER)?;
    let hub = &me.web.hub;
    let mut tx = hub.db.read().await?;
    let midnight = midnight(hub);
    let waiting = tickets::waiting(&mut tx).await?;
    let counts = deliveries::count_by_state_since(&mut tx, MessageId::first_at(midnight - OLDEST), midnight).await?;
    let dead_letters = dead_letters::count_waiting(&mut tx).await?;
    let top = (Cursor::TOP.at, DeadLetterId(Cursor::TOP.id));
    let recent = dead_letters::list(&mut tx, None, top, RECENT).await?;
    let channels = me.channels(&mut tx, &counts).await?;
    let departments = departments(&departments::list_tree(&mut tx).await?);
    drop(tx);
    let database = Part { name: "database".to_owned(), health: Health::Ok, detail: hub.db.name().to_owned() };
    let page = AdminPage {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: me.web.started_at,
        parts: vec![database, me.broker_part(), me.workers_part(waiting)],
        channels,
        departments,
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
            broker::Health::Reconnecting { reason, .. } => {
                (Health::Down, self.say("admin.detail.away", &[("reason", reason)]))
            }
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
}

/// Every department with its way from the top, as the compose page orders them.
pub fn departments(rows: &[Branch]) -> Vec<DepartmentLine> {
    fn below(rows: &[Branch], parent: Option<DepartmentId>, way: &str, lines: &mut Vec<DepartmentLine>) {
        for row in rows.iter().filter(|row| row.parent_id == parent) {
            let path = if way.is_empty() { row.name.clone() } else { format!("{way} / {}", row.name) };
            lines.push(DepartmentLine { code: row.code.clone(), path: path.clone(), people: row.people });
            below(rows, Some(row.id), &path, lines);
        }
    }
    let mut lines = Vec::with_capacity(rows.len());
    below(rows, None, "", &mut lines);
    lines
}

fn dead_letter(line: dead_letters::Line) -> DeadLetter {
    DeadLetter {
        id: line.id.to_string(),
        producer: line.producer.unwrap_or_default(),
        command: line.kind,
        key: line.idempotency_key,
        queue: line.queue,
        replayed_at: line.replayed_at,
        reason: format!("{} {}", line.code, line.reason),
        at: line.created_at,
    }
}
