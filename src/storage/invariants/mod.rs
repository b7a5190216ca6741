//! What the database alone can tell of the promise (docs, "the invariants"): each rule is one
//! statement that finds what breaks it, so that it judges one moment even while the hub works.
//!
//! Rules of the ledger hold at every moment. What is open may be open, but not for long: those
//! rules take a time.

mod chronicle;
mod ledger;
mod quotas;

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{MessageId, SeriesId, delivery::Key, message::Recurrence},
};

/// Most messages that one rule names.
const NAMED: usize = 20;

/// A promise and what breaks it.
pub struct Rule {
    /// `I1` … `I27`.
    pub id: &'static str,
    /// Completes "message … ".
    pub broken: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// Something that must not stay as it is for long.
pub struct Open {
    pub id: &'static str,
    /// Completes "12 …".
    pub what: &'static str,
    /// How long it may last while everything works, in seconds.
    pub patience: i64,
    sql: &'static str,
}

/// One text for both databases: literals as they are, `(object "message" "column")` for the name
/// that the audit gives a row, `(seconds "from" "to")` for the time between two columns, `(planned)`
/// for every round of every message with each channel that it begins with.
macro_rules! rule {
    ($id:literal, $broken:literal, $($part:tt)*) => {
        $crate::storage::invariants::Rule {
            id: $id,
            broken: $broken,
            sqlite: concat!($(rule!(@sqlite $part)),*, " order by 1 limit 20"),
            postgres: concat!($(rule!(@postgres $part)),*, " order by 1 limit 20"),
        }
    };
    (@$db:ident $text:literal) => { $text };
    (@sqlite (object $kind:literal $column:literal)) => {
        concat!(
            "'", $kind, ":' || lower(substr(hex(", $column, "), 1, 8) || '-' || substr(hex(", $column, "), 9, 4) || '-'
             || substr(hex(", $column, "), 13, 4) || '-' || substr(hex(", $column, "), 17, 4) || '-'
             || substr(hex(", $column, "), 21))"
        )
    };
    (@postgres (object $kind:literal $column:literal)) => { concat!("'", $kind, ":' || ", $column, "::text") };
    (@sqlite (planned)) => {
        "(select message.id as message_id, step.key as round, step.value ->> 'unless' as unless, way.value as channel
            from message, json_each(message.rounds, '$.list') as step, json_each(step.value, '$.channels') as way
           where step.value ->> 'mode' = 'together' or way.key = 0) as planned"
    };
    (@postgres (planned)) => {
        "(select message.id as message_id, step.nth - 1 as round, step.value ->> 'unless' as unless,
                 way.value as channel
            from message, jsonb_array_elements(message.rounds -> 'list') with ordinality as step (value, nth),
                 jsonb_array_elements_text(step.value -> 'channels') with ordinality as way (value, nth)
           where step.value ->> 'mode' = 'together' or way.nth = 1) as planned"
    };
    (@sqlite (seconds $from:literal $to:literal)) => { concat!("(unixepoch(", $to, ") - unixepoch(", $from, "))") };
    (@postgres (seconds $from:literal $to:literal)) => { concat!("extract(epoch from ", $to, " - ", $from, ")") };
}
use rule;

/// Everything that holds at every moment.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    ledger::RULES.iter().chain(chronicle::RULES).chain(quotas::RULES)
}

/// The first messages that break a rule, and how often each does.
pub async fn list_breaches(tx: &mut Tx, rule: &Rule) -> Result<Vec<(MessageId, i64)>> {
    let sql = dialect!(tx, sqlite: rule.sqlite, postgres: rule.postgres);
    let found = fetch_all!(tx, (MessageId, i64), sql, [])?;
    debug_assert!(found.len() <= NAMED);
    Ok(found)
}

/// What no loop of a working hub leaves lying about. Looks at the small tables alone.
pub const OPEN: [Open; 9] = [
    Open {
        id: "I22",
        what: "tickets wait for a worker that is gone",
        patience: 60,
        sql: "select count(*) from ticket where lease_until <= $1",
    },
    Open {
        id: "I22",
        what: "due tickets were not put on the queue",
        patience: 60,
        sql: "select count(*) from ticket where due_at <= $1 and queued_until is null and lease_until is null",
    },
    Open {
        id: "I23",
        what: "tickets that the queue lost were not put on it again",
        patience: 60,
        sql: "select count(*) from ticket where queued_until <= $1 and lease_until is null",
    },
    Open {
        id: "I22",
        what: "due waves are not being written",
        patience: 60,
        sql: "select count(*) from wave where round = 0 and due_at <= $1",
    },
    Open {
        id: "I6",
        what: "due steps are not being taken",
        patience: 60,
        sql: "select count(*) from wave where round > 0 and due_at <= $1",
    },
    Open {
        id: "I22",
        what: "events were not published",
        patience: 30,
        sql: "select count(*) from outbox where created_at <= $1",
    },
    Open {
        id: "I9",
        what: "scheduled messages were not started",
        patience: 60,
        sql: "select count(*) from message where state = 'scheduled' and send_at <= $1",
    },
    Open {
        id: "I9",
        what: "series whose last run has had its time got no other",
        patience: 60,
        sql: "select count(*) from series where ended_at is null and run_at <= $1",
    },
    Open {
        id: "I19",
        what: "audit rows were not sealed",
        patience: 60,
        sql: "select count(*) from audit where seal_no is null and at <= $1",
    },
];

/// What must be over as well once the hub has come to rest.
pub const UNFINISHED: [Open; 4] = [
    Open {
        id: "I4",
        what: "deliveries are on their way",
        patience: 0,
        sql: "select count(*) from delivery where state = 'sending' and fired_at <= $1",
    },
    Open { id: "I22", what: "tickets are due", patience: 0, sql: "select count(*) from ticket where due_at <= $1" },
    Open {
        id: "I22",
        what: "messages are through and not called sent",
        patience: 0,
        sql: "select count(*) from message
               where state = 'sending' and sent_at <= $1
                 and not exists (select 1 from wave where wave.message_id = message.id and wave.round = 0)
                 and not exists (select 1 from ticket where ticket.message_id = message.id and ticket.round = 0)",
    },
    Open {
        id: "I22",
        what: "messages are through and still hold SMS pieces of a quota",
        patience: 0,
        sql: "select count(*) from quota_entry join message on message.id = quota_entry.message_id
               where quota_entry.settled_at is null and quota_entry.due_at <= $1
                 and message.state in ('sending', 'sent', 'recalled', 'rejected')
                 and not exists (select 1 from wave where wave.message_id = message.id
                                    and wave.round between quota_entry.first_round and quota_entry.last_round)
                 and not exists (select 1 from ticket where ticket.message_id = message.id
                                    and ticket.round between quota_entry.first_round and quota_entry.last_round)",
    },
];

/// How many have been open since before `before`.
pub async fn count_open(tx: &mut Tx, open: &Open, before: Timestamp) -> Result<i64> {
    let sql = open.sql;
    fetch_value!(tx, i64, sql, [before])
}

/// Since when a delivery's stop condition has held; none while it does not.
pub async fn satisfied_at(tx: &mut Tx, key: &Key, unless: &str) -> Result<Option<Timestamp>> {
    fetch_value!(
        tx,
        Option<Timestamp>,
        "select case $3
                when 'read' then (select read_at from inbox where message_id = $1 and person_id = $2)
                when 'decided' then (select approval_seat.decided_at from approval_seat
                                      where approval_seat.note_id = $1 and approval_seat.person_id = $2)
                else (select answered_at from receipt where message_id = $1 and person_id = $2) end",
        [key.message, key.person, unless]
    )
}

/// Ids of accepted messages after `after`, oldest first.
pub async fn list_messages(tx: &mut Tx, after: MessageId, limit: i64) -> Result<Vec<MessageId>> {
    fetch_values!(
        tx,
        MessageId,
        "select id from message where id > $1 and state <> 'draft' order by id limit $2",
        [after, limit]
    )
}

/// Series after `after`, in the order of their ids.
pub async fn list_series(tx: &mut Tx, after: SeriesId, limit: i64) -> Result<Vec<(SeriesId, Json<Recurrence>)>> {
    fetch_all!(
        tx,
        (SeriesId, Json<Recurrence>),
        "select id, recurrence from series where id > $1 order by id limit $2",
        [after, limit]
    )
}

/// The runs of a series later than `after`, in the order of their times: each with its time and with
/// when it was made.
pub async fn list_runs(
    tx: &mut Tx,
    series: SeriesId,
    after: Timestamp,
    limit: i64,
) -> Result<Vec<(MessageId, Timestamp, Timestamp)>> {
    fetch_all!(
        tx,
        (MessageId, Timestamp, Timestamp),
        "select id, send_at, created_at from message
          where series_id = $1 and send_at > $2 order by send_at, id limit $3",
        [series, after, limit]
    )
}
