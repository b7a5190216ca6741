//! 发件箱 as a list: what somebody has written, a page at a time. Going on is a keyset over the sender's
//! own index; a jump passes over at most [`FURTHEST`] lines of it.

use super::{Json, Result, Tx, messages::List};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, PersonId, ProducerId,
        message::{Kind, State},
        send_rule::Round,
    },
};

/// A jump goes no further, and no more are counted: what is older is searched for.
pub const FURTHEST: i64 = 10_000;

/// Whose messages.
#[derive(Debug, Clone, Copy)]
pub enum Owner {
    Person(PersonId),
    Producer(ProducerId),
}

row! {
    /// A line of the outbox.
    #[derive(Debug, Clone)]
    pub struct Line {
        pub id: MessageId,
        pub title: String,
        pub kind: Kind,
        pub rule_name: String,
        pub rounds: Json<List<Round>>,
        pub state: State,
        pub recipients: i64,
        pub created_at: Timestamp,
        pub send_at: Option<Timestamp>,
        pub sent_at: Option<Timestamp>,
        pub recalled_at: Option<Timestamp>,
        /// 退回: rejected, but only for changes
        pub is_returned: bool,
        /// one of a series
        pub is_run: bool,
    }
}

/// Which lines, and whose.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub owner: Owner,
    pub states: &'a [State],
    /// A part of the title; empty shows all.
    pub search: &'a str,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy)]
pub enum From {
    /// behind this line
    Behind(Timestamp, MessageId),
    /// after so many lines, [`FURTHEST`] at most
    Nth(i64),
}

/// The text about what a sender has not deleted: by the column that names him.
macro_rules! of_owner {
    ($tx:expr, $owner:expr, $head:literal, $tail:literal) => {
        match $owner {
            Owner::Person(id) => (id.0, of_owner!(@text $tx, $head, "sender_id", $tail)),
            Owner::Producer(id) => (id.0, of_owner!(@text $tx, $head, "producer_id", $tail)),
        }
    };
    (@text $tx:expr, $head:literal, $column:literal, $tail:literal) => {
        each!(
            $tx,
            concat!($head, " from message where ", $column,
                " = $1 and deleted_at is null and ", is_no_addition!(), " and ($3 = '%%' or lower(title) like $3 escape '\\') and state in ("),
            "$2",
            $tail
        )
    };
}

/// Newest first.
pub async fn list(tx: &mut Tx, wanted: Wanted<'_>, from: From, limit: i64) -> Result<Vec<Line>> {
    let (states, pattern) = (Json(wanted.states), super::containing(wanted.search));
    let (at, id, skipped) = match from {
        From::Behind(at, id) => (at, id, 0),
        From::Nth(nth) => (crate::clock::END_OF_TIME, MessageId(uuid::Uuid::max()), nth.clamp(0, FURTHEST)),
    };
    let (owner, sql) = of_owner!(
        tx,
        wanted.owner,
        "select id, title, kind, rule_name, rounds, state, recipients, created_at, send_at, sent_at, recalled_at,
                exists (select 1 from approval where approval.message_id = message.id and approval.is_returned)
                    as is_returned,
                series_id is not null as is_run",
        ") and (created_at, id) < ($4, $5) order by created_at desc, id desc limit $6 offset $7"
    );
    fetch_all!(tx, Line, sql, [owner, &states, &pattern, at, id, limit, skipped])
}

/// How many are in each state, [`FURTHEST`] in all.
pub async fn count_by_state(tx: &mut Tx, wanted: Wanted<'_>) -> Result<Vec<(State, i64)>> {
    let (states, pattern) = (Json(wanted.states), super::containing(wanted.search));
    let (owner, sql) = of_owner!(
        tx,
        wanted.owner,
        "select state, count(*) from (select state",
        ") limit $4) as counted group by state order by state"
    );
    fetch_all!(tx, (State, i64), sql, [owner, &states, &pattern, FURTHEST])
}

/// How many people have each of these messages: in their inbox, or, outside the organisation, from a
/// provider. Of what is through everybody with an account has it, so that those few without are
/// counted and not the others.
pub async fn count_reached(tx: &mut Tx, messages: &[MessageId]) -> Result<Vec<(MessageId, i64)>> {
    let messages = Json(messages.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "select message.id,
                case when message.state = 'sent' and message.expires_at is null
                     then message.recipients - (
                         select count(*) from person join recipient on recipient.person_id = person.id
                          where person.account is null and recipient.message_id = message.id)
                     else (select count(*) from inbox where inbox.message_id = message.id) end
                + (select count(distinct delivery.person_id) from person
                     join delivery on delivery.person_id = person.id
                    where person.account is null and delivery.message_id = message.id
                      and delivery.state in ('accepted', 'delivered'))
           from message where message.id in (",
        "$1",
        ") order by message.id"
    );
    fetch_all!(tx, (MessageId, i64), sql, [&messages])
}
