//! Tables `quota`, `quota_month` and `quota_entry`: SMS pieces that departments and modules may use, and
//! the ledger of what their messages hold and have used.
//!
//! Whoever locks several takes the series before its message, that before the entry, and the month, which
//! a whole department shares, last.

use std::collections::{BTreeMap, HashMap};

use serde_json::json;

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{
        DepartmentId, MessageId, PersonId, ProducerId, QuotaId,
        quota::{Mode, Standing},
    },
};

row! {
    /// How many pieces one department or module may use.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Quota {
        pub id: QuotaId,
        /// One of these two is whose it is.
        pub department_id: Option<DepartmentId>,
        pub producer_id: Option<ProducerId>,
        /// of the department or the module
        pub name: String,
        /// in a month; none: as many as it wants
        pub pieces: Option<i64>,
        pub mode: Mode,
    }
}

impl Quota {
    /// How it stands in a month in which so many pieces are held or used.
    pub fn standing(self, month: &str, used: i64) -> Standing {
        Standing { name: self.name, month: month.to_owned(), pieces: self.pieces, used, mode: self.mode }
    }
}

macro_rules! quota {
    ($rest:literal) => {
        concat!(
            "select quota.id, quota.department_id, quota.producer_id,
                    coalesce(department.name, producer.label) as name, quota.pieces, quota.mode
               from quota left join department on department.id = quota.department_id
                          left join producer on producer.id = quota.producer_id ",
            $rest
        )
    };
}

/// All of them, departments before modules.
pub async fn list(tx: &mut Tx, limit: i64) -> Result<Vec<Quota>> {
    fetch_all!(
        tx,
        Quota,
        quota!("order by case when quota.producer_id is null then 0 else 1 end, name, quota.id limit $1"),
        [limit]
    )
}

/// One of them, off or not.
pub async fn find(tx: &mut Tx, id: QuotaId) -> Result<Option<Quota>> {
    fetch_optional!(tx, Quota, quota!("where quota.id = $1"), [id])
}

/// The one that what somebody sends counts against: of his department, or of the nearest above it that
/// has one.
pub async fn find_for_person(tx: &mut Tx, person: PersonId) -> Result<Option<Quota>> {
    fetch_optional!(
        tx,
        Quota,
        quota!(
            "join department_ancestor as up on up.ancestor_id = quota.department_id
             join assignment on assignment.department_id = up.department_id
            where assignment.person_id = $1 and assignment.is_primary and quota.mode <> 'off'
            order by (select count(*) from department_ancestor as above
                       where above.department_id = quota.department_id) desc limit 1"
        ),
        [person]
    )
}

/// The one that a module's messages count against.
pub async fn find_for_producer(tx: &mut Tx, producer: ProducerId) -> Result<Option<Quota>> {
    fetch_optional!(tx, Quota, quota!("where quota.producer_id = $1 and quota.mode <> 'off'"), [producer])
}

/// [`find`], and nobody else changes it until this transaction ends.
pub async fn find_locked(tx: &mut Tx, id: QuotaId) -> Result<Option<Quota>> {
    let sql = dialect!(
        tx,
        sqlite: quota!("where quota.id = $1"),
        postgres: quota!("where quota.id = $1 for update of quota"),
    );
    fetch_optional!(tx, Quota, sql, [id])
}

/// Adds one; false when this department or module has one already.
pub async fn insert(tx: &mut Tx, quota: &Quota, at: Timestamp) -> Result<bool> {
    let inserted = execute!(
        tx,
        "insert into quota (id, department_id, producer_id, pieces, mode, created_at)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        [quota.id, quota.department_id, quota.producer_id, quota.pieces, quota.mode, at]
    )?;
    Ok(inserted == 1)
}

/// Other terms; false: it is not there.
pub async fn update(tx: &mut Tx, id: QuotaId, pieces: Option<i64>, mode: Mode) -> Result<bool> {
    let changed = execute!(tx, "update quota set pieces = $2, mode = $3 where id = $1", [id, pieces, mode])?;
    Ok(changed == 1)
}

/// What is held or used of it in this month.
pub async fn used(tx: &mut Tx, id: QuotaId, month: &str) -> Result<i64> {
    let used = fetch_optional_value!(
        tx,
        i64,
        "select pieces from quota_month where quota_id = $1 and month = $2",
        [id, month]
    )?;
    Ok(used.unwrap_or(0))
}

/// Of all of them in one month.
pub async fn list_used(tx: &mut Tx, month: &str) -> Result<Vec<(QuotaId, i64)>> {
    fetch_all!(tx, (QuotaId, i64), "select quota_id, pieces from quota_month where month = $1", [month])
}

/// The months in which something was held or used of it, the latest first.
pub async fn list_months(tx: &mut Tx, id: QuotaId, limit: i64) -> Result<Vec<(String, i64)>> {
    fetch_all!(
        tx,
        (String, i64),
        "select month, pieces from quota_month where quota_id = $1 order by month desc limit $2",
        [id, limit]
    )
}

/// What a part of a message may take from a quota at most.
#[derive(Debug, Clone)]
pub struct Hold<'a> {
    pub message: MessageId,
    /// the rounds that it is for, both included
    pub rounds: (i64, i64),
    pub quota: QuotaId,
    pub month: &'a str,
    pub people: i64,
    /// pieces of one SMS
    pub segments: i64,
    pub pieces: i64,
}

/// Takes it, whatever is left: whether that may be is asked beforehand, holding the month ([`lock`]).
pub async fn hold(tx: &mut Tx, hold: &Hold<'_>, at: Timestamp) -> Result<()> {
    execute!(
        tx,
        "insert into quota_entry (message_id, first_round, last_round, quota_id, month, people, segments, held, pieces,
                                  held_at, due_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $9)",
        [
            hold.message,
            hold.rounds.0,
            hold.rounds.1,
            hold.quota,
            hold.month,
            hold.people,
            hold.segments,
            hold.pieces,
            at
        ]
    )?;
    add(tx, hold.quota, hold.month, hold.pieces).await
}

/// What is held or used of it in this month, which nobody else changes until this transaction ends.
pub async fn lock(tx: &mut Tx, id: QuotaId, month: &str) -> Result<i64> {
    fetch_value!(
        tx,
        i64,
        "insert into quota_month (quota_id, month, pieces) values ($1, $2, 0)
         on conflict (quota_id, month) do update set pieces = quota_month.pieces returning pieces",
        [id, month]
    )
}

async fn add(tx: &mut Tx, id: QuotaId, month: &str, pieces: i64) -> Result<()> {
    execute!(
        tx,
        "update quota_month set pieces = pieces + $3 where quota_id = $1 and month = $2",
        [id, month, pieces]
    )?;
    Ok(())
}

/// Nothing of an entry's message is left to do in its rounds.
macro_rules! is_at_rest {
    () => {
        "quota_entry.settled_at is null and quota_entry.due_at <= $1
           and exists (select 1 from message where message.id = quota_entry.message_id
                          and message.state in ('sending', 'sent', 'recalled', 'rejected'))
           and not exists (select 1 from wave where wave.message_id = quota_entry.message_id
                              and wave.round between quota_entry.first_round and quota_entry.last_round)
           and not exists (select 1 from ticket where ticket.message_id = quota_entry.message_id
                              and ticket.round between quota_entry.first_round and quota_entry.last_round)"
    };
}

/// So many SMS of an entry's rounds went out, as far as is known: what was refused, or is reported as not
/// delivered, costs nothing.
macro_rules! went_out {
    () => {
        "(select count(*) from delivery
           where delivery.message_id = quota_entry.message_id and delivery.channel = 'sms'
             and delivery.round between quota_entry.first_round and quota_entry.last_round
             and delivery.state in ('sending', 'accepted', 'delivered', 'unknown'))"
    };
}

/// Whether anything can be settled.
pub async fn any_at_rest(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    let found = fetch_optional_value!(
        tx,
        MessageId,
        concat!("select message_id from quota_entry where ", is_at_rest!(), " limit 1"),
        [now]
    )?;
    Ok(found.is_some())
}

/// Settles up to `limit` entries of which nothing is left to do by what went out; returns how many.
///
/// Counts only after it holds the rows: a report that comes meanwhile waits, and has them counted again.
pub async fn settle(tx: &mut Tx, at: Timestamp, limit: i64) -> Result<usize> {
    let sql = dialect!(
        tx,
        sqlite: concat!(
            "select message_id, first_round, quota_id, month, pieces from quota_entry where ",
            is_at_rest!(),
            " order by due_at limit $2"
        ),
        postgres: concat!(
            "select message_id, first_round, quota_id, month, pieces from quota_entry where ",
            is_at_rest!(),
            " order by due_at limit $2 for update skip locked"
        ),
    );
    let entries = fetch_all!(tx, (MessageId, i64, QuotaId, String, i64), sql, [at, limit])?;
    if entries.is_empty() {
        return Ok(0);
    }
    let keys: Vec<_> =
        entries.iter().map(|(message, round, ..)| json!({"message": message.simple(), "round": round})).collect();
    let sql = each_row!(
        tx,
        concat!(
            "update quota_entry set settled_at = $1, pieces = segments * ",
            went_out!(),
            // Looked at once more: whoever held the row meanwhile may have more to do.
            " where ",
            is_at_rest!(),
            " and (message_id, first_round) in (select message, round from "
        ),
        "$2",
        { message: uuid, round: bigint },
        ") returning message_id, first_round, pieces"
    );
    let settled = fetch_all!(tx, (MessageId, i64, i64), sql, [at, Json(&keys)])?;
    let settled: HashMap<_, _> = settled.into_iter().map(|(message, round, took)| ((message, round), took)).collect();
    // In one order, so that two who settle do not wait for each other.
    let mut given_back = BTreeMap::new();
    for (message, round, quota, month, held) in &entries {
        let took = settled.get(&(*message, *round)).unwrap_or(held);
        *given_back.entry((*quota, month)).or_insert(0) += held - took;
    }
    for ((quota, month), pieces) in given_back.into_iter().filter(|(_, pieces)| *pieces != 0) {
        add(tx, quota, month, -pieces).await?;
    }
    Ok(settled.len())
}

/// What a delivery of this round cost has changed, or more is to be sent in it: it is settled once more,
/// from `due_at` on. Called after the change and whether or not it was settled: whoever settles at this
/// moment holds the row, and is waited for.
pub async fn reopen(tx: &mut Tx, message: MessageId, round: i64, due_at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "update quota_entry set settled_at = null, due_at = $3
          where message_id = $1 and $2 between first_round and last_round",
        [message, round, due_at]
    )
}

/// What these messages hold, which nobody else settles or counts again until this transaction ends: the quota,
/// the month and the pieces of each entry.
pub async fn lock_entries(tx: &mut Tx, messages: &[MessageId]) -> Result<Vec<(QuotaId, String, i64)>> {
    debug_assert!(tx.keeps_locks());
    let messages = Json(messages.iter().map(|id| id.simple()).collect::<Vec<_>>());
    // SQLite has one writer, which this transaction is.
    if let Tx::Postgres(_) = tx {
        let sql = each_id!(
            tx,
            "select message_id from quota_entry where settled_at is null and message_id in (",
            "$1",
            ") order by message_id, first_round for update"
        );
        execute!(tx, sql, [&messages])?;
    }
    let sql = each_id!(
        tx,
        "select quota_id, month, pieces from quota_entry where settled_at is null and message_id in (",
        "$1",
        ")"
    );
    fetch_all!(tx, (QuotaId, String, i64), sql, [&messages])
}

/// Nothing of these messages has gone out, and nothing will: what they held is free at once, for the one that
/// takes their place. Of any other message [`settle`] finds out soon enough, which locks nothing else.
/// `held`: their entries ([`lock_entries`]), whose months are locked too.
pub async fn give_back(
    tx: &mut Tx,
    messages: &[MessageId],
    held: &[(QuotaId, String, i64)],
    at: Timestamp,
) -> Result<()> {
    let messages = Json(messages.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "update quota_entry set settled_at = $2, pieces = 0 where settled_at is null and message_id in (",
        "$1",
        ")"
    );
    execute!(tx, sql, [&messages, at])?;
    for (quota, month, pieces) in held {
        add(tx, *quota, month, -pieces).await?;
    }
    Ok(())
}

row! {
    /// A line of the ledger.
    #[derive(Debug, Clone)]
    pub struct Line {
        pub message_id: MessageId,
        pub first_round: i64,
        pub sender_name: String,
        pub people: i64,
        pub segments: i64,
        pub held: i64,
        pub pieces: i64,
        pub held_at: Timestamp,
        pub settled_at: Option<Timestamp>,
    }
}

/// What was taken in a month, the latest first.
pub async fn list_lines(tx: &mut Tx, id: QuotaId, month: &str, limit: i64) -> Result<Vec<Line>> {
    fetch_all!(
        tx,
        Line,
        "select quota_entry.message_id, first_round, message.sender_name, people, segments, held, pieces,
                held_at, settled_at
           from quota_entry join message on message.id = quota_entry.message_id
          where quota_id = $1 and month = $2
          order by held_at desc, quota_entry.message_id desc, first_round desc limit $3",
        [id, month, limit]
    )
}

/// What is held by what has not come to its end.
pub async fn list_held(tx: &mut Tx, month: &str) -> Result<Vec<(QuotaId, i64)>> {
    fetch_all!(
        tx,
        (QuotaId, i64),
        "select quota_id, cast(sum(pieces) as bigint) from quota_entry
          where month = $1 and settled_at is null group by quota_id",
        [month]
    )
}

/// The quota and the month that a message's first way out counts against, and what it takes there.
pub async fn find_charge(tx: &mut Tx, message: MessageId) -> Result<Option<(QuotaId, String, i64)>> {
    fetch_optional!(
        tx,
        (QuotaId, String, i64),
        "select quota_id, month, pieces from quota_entry where message_id = $1 and first_round = 0",
        [message]
    )
}
