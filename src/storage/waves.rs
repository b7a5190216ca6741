//! Table `wave`: what is to be written when, one row for each message and round.
//!
//! A wave is worked through in chunks of people, each its own transaction; the row's lock keeps a
//! recall, another worker and a chunk apart.

use super::{Json, Result, Tx, messages::List};
use crate::{
    clock::Timestamp,
    domain::{MessageId, PersonId, send_rule::Unless},
};

row! {
    #[derive(Debug, Clone)]
    pub struct Wave {
        pub message_id: MessageId,
        pub round: i64,
        pub due_at: Timestamp,
        pub after_person: Option<PersonId>,
        pub only_people: Option<Json<List<String>>>,
    }
}

impl Wave {
    pub fn place(&self) -> Place {
        (self.due_at, self.message_id, self.round)
    }
}

pub async fn insert(tx: &mut Tx, message: MessageId, round: i64, due_at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "insert into wave (message_id, round, due_at) values ($1, $2, $3)
         on conflict (message_id, round) do nothing",
        [message, round, due_at]
    )
}

/// A reminder: a wave for these people alone.
pub async fn insert_for(
    tx: &mut Tx,
    message: MessageId,
    round: i64,
    due_at: Timestamp,
    only: &[PersonId],
) -> Result<u64> {
    let only = Json(List { list: only.iter().map(|id| id.simple()).collect() });
    execute!(
        tx,
        "insert into wave (message_id, round, due_at, only_people) values ($1, $2, $3, $4)
         on conflict (message_id, round) do nothing",
        [message, round, due_at, &only]
    )
}

/// A wave's place in the order in which due waves are worked.
pub type Place = (Timestamp, MessageId, i64);

/// Before every wave.
pub const FIRST: Place = (Timestamp::UNIX_EPOCH, MessageId(uuid::Uuid::nil()), 0);

/// The next due wave after a place, its row held until the transaction ends. One that somebody else
/// writes a chunk of at this moment is passed over.
pub async fn next_due(tx: &mut Tx, now: Timestamp, after: Place) -> Result<Option<Wave>> {
    let sql = skip_locked!(
        tx,
        "select message_id, round, due_at, after_person, only_people from wave
          where due_at <= $1 and (due_at, message_id, round) > ($2, $3, $4)
          order by due_at, message_id, round limit 1",
        ""
    );
    fetch_optional!(tx, Wave, sql, [now, after.0, after.1, after.2])
}

pub async fn advance(tx: &mut Tx, message: MessageId, round: i64, person: PersonId) -> Result<u64> {
    execute!(tx, "update wave set after_person = $3 where message_id = $1 and round = $2", [message, round, person])
}

pub async fn remove(tx: &mut Tx, message: MessageId, round: i64) -> Result<u64> {
    execute!(tx, "delete from wave where message_id = $1 and round = $2", [message, round])
}

/// Everything that a message would still have written.
pub async fn remove_all(tx: &mut Tx, message: MessageId) -> Result<u64> {
    execute!(tx, "delete from wave where message_id = $1", [message])
}

/// A round that is still to be written.
pub async fn find(tx: &mut Tx, message: MessageId, round: i64) -> Result<Option<Wave>> {
    fetch_optional!(
        tx,
        Wave,
        "select message_id, round, due_at, after_person, only_people from wave where message_id = $1 and round = $2",
        [message, round]
    )
}

/// When a round begins; none when it has, or never will.
pub async fn due_at(tx: &mut Tx, message: MessageId, round: i64) -> Result<Option<Timestamp>> {
    fetch_optional_value!(
        tx,
        Timestamp,
        "select due_at from wave where message_id = $1 and round = $2",
        [message, round]
    )
}

/// The wave comes again at `due_at`.
pub async fn postpone(tx: &mut Tx, message: MessageId, round: i64, due_at: Timestamp) -> Result<u64> {
    execute!(tx, "update wave set due_at = $3 where message_id = $1 and round = $2", [message, round, due_at])
}

/// The last person of the next chunk and how many it has, or none when nobody is left.
pub async fn chunk_end(tx: &mut Tx, message: MessageId, after: PersonId, size: i64) -> Result<Option<(PersonId, i64)>> {
    fetch_optional!(
        tx,
        (PersonId, i64),
        "select person_id, count(*) over () from (
            select person_id from recipient where message_id = $1 and person_id > $2 order by person_id limit $3
         ) as chunk order by person_id desc limit 1",
        [message, after, size]
    )
}

/// Whom a chunk is for.
#[derive(Debug, Clone, Copy)]
pub struct Chunk {
    pub message: MessageId,
    /// exclusive
    pub after: PersonId,
    /// inclusive
    pub last: PersonId,
}

/// The inbox rows of a chunk; people outside the organisation have no inbox. They are few, so that
/// they are looked up once, not everybody.
///
/// Written once only, because the chunk commits with the wave's place; asking about conflicts that
/// cannot be would cost PostgreSQL as much as the rows themselves.
pub async fn write_inbox(tx: &mut Tx, chunk: Chunk, at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "insert into inbox (message_id, person_id, arrived_at)
         select message_id, person_id, $4 from recipient
          where message_id = $1 and person_id > $2 and person_id <= $3
            and person_id not in (select id from person where account is null)
          order by person_id",
        [chunk.message, chunk.after, chunk.last, at]
    )
}

/// Whom a round's deliveries call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee {
    Recipient,
    Deputy,
    Named(PersonId),
}

/// One channel of a round.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    pub round: i64,
    pub channel: &'a str,
    pub callee: Callee,
    pub unless: Option<Unless>,
    pub at: Timestamp,
    /// A reminder's own people; none: everybody.
    pub only: Option<&'a List<String>>,
}

/// The text that plans a chunk's deliveries, ending with what is done about those that are there.
macro_rules! plan_chunk {
    ($tx:expr, $end:literal) => {
        each_id!(
            $tx,
            concat!(
                "insert into delivery (message_id, person_id, channel, round, callee_id, unless, state, attempts)
             select recipient.message_id, recipient.person_id, $4, $5,
                    case when $7 then coalesce(
                             (select approval_delegation.deputy_id from approval_delegation
                               where approval_delegation.person_id = recipient.person_id
                                 and approval_delegation.ended_at is null and approval_delegation.from_at <= $11
                                 and approval_delegation.until_at > $11
                                 and exists (select 1 from approval_seat
                                              where approval_seat.note_id = $1
                                                and approval_seat.person_id = recipient.person_id)
                               order by approval_delegation.from_at desc, approval_delegation.id limit 1),
                             (select deputy_id from person where person.id = recipient.person_id))
                         when $8 is not null then $8 else recipient.person_id end,
                    nullif($6, ''), 'ready', 0
               from recipient
              where recipient.message_id = $1 and recipient.person_id > $2 and recipient.person_id <= $3
                and ($6 <> 'read' or not exists (
                     select 1 from inbox where inbox.message_id = $1 and inbox.person_id = recipient.person_id
                                           and inbox.read_at is not null))
                and ($6 not in ('receipt', 'confirmed') or not exists (
                     select 1 from receipt where receipt.message_id = $1
                                             and receipt.person_id = recipient.person_id))
                and ($6 <> 'decided' or ",
                is_undecided!("$1", "recipient.person_id"),
                ")
                and ($10 or recipient.person_id in ("
            ),
            "$9",
            concat!("))", $end)
        )
    };
}

/// Plans one channel of a round for everybody in a chunk whose stop condition does not hold yet.
pub async fn write_deliveries(tx: &mut Tx, chunk: Chunk, way: Way<'_>) -> Result<u64> {
    let named = match way.callee {
        Callee::Named(person) => Some(person),
        Callee::Recipient | Callee::Deputy => None,
    };
    let condition = way.unless.map_or("", Unless::as_str);
    let only = way.only.map(|only| Json(&only.list));
    // A later step may have been taken early for somebody; the first is written by its wave alone
    // (see `write_inbox`).
    let sql = match way.round {
        0 => plan_chunk!(tx, ""),
        _ => plan_chunk!(tx, " on conflict (message_id, person_id, channel, round) do nothing"),
    };
    let everybody = only.is_none();
    execute!(
        tx,
        sql,
        [
            chunk.message,
            chunk.after,
            chunk.last,
            way.channel,
            way.round,
            condition,
            way.callee == Callee::Deputy,
            named,
            &only,
            everybody,
            way.at
        ]
    )
}

/// The first and last person, and the number, of every `size` deliveries of a chunk, for its
/// tickets.
pub async fn list_ranges(
    tx: &mut Tx,
    chunk: Chunk,
    round: i64,
    channel: &str,
    size: i64,
) -> Result<Vec<(PersonId, PersonId, i64)>> {
    let bounds = fetch_all!(
        tx,
        (PersonId, i64),
        "select person_id, nth from (
            select person_id, row_number() over (order by person_id) as nth, count(*) over () as total
              from delivery
             where message_id = $1 and person_id > $2 and person_id <= $3 and channel = $4 and round = $5
               and state = 'ready'
         ) as numbered
         where (nth - 1) % $6 = 0 or nth % $6 = 0 or nth = total
         order by person_id",
        [chunk.message, chunk.after, chunk.last, channel, round, size]
    )?;
    Ok(pair_up(&bounds, size))
}

/// First, last, first, last …; a range of one person stands there once.
fn pair_up(bounds: &[(PersonId, i64)], size: i64) -> Vec<(PersonId, PersonId, i64)> {
    let step = if size == 1 { 1 } else { 2 };
    let range = |pair: &[(PersonId, i64)]| {
        let ((first, from), (last, to)) = (pair[0], pair[pair.len() - 1]);
        (first, last, to - from + 1)
    };
    bounds.chunks(step).map(range).collect()
}

/// A keyset starts here: no person's id is smaller.
pub const NOBODY: PersonId = PersonId(uuid::Uuid::nil());

/// Was there still somebody to reach in this round?
pub async fn planned_any(tx: &mut Tx, message: MessageId, round: i64) -> Result<bool> {
    let found = fetch_optional_value!(
        tx,
        PersonId,
        "select person_id from delivery where message_id = $1 and round = $2 limit 1",
        [message, round]
    )?;
    Ok(found.is_some())
}
