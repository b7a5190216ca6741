//! What became of a message: totals, and person by person. Read from `recipient`, `inbox`,
//! `delivery`, `receipt` and `person`; nothing here knows a phone number.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, PersonId,
        delivery::{Bucket, State},
    },
};

row! {
    /// Totals in people, not in sends.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Totals {
        /// have it in their inbox
        pub arrived: i64,
        pub read: i64,
        /// without an inbox, and a provider took it
        pub sent_outside: i64,
        /// without an inbox, and a provider says that it arrived
        pub delivered_outside: i64,
        /// have deliveries of which none went through, and none may have
        pub failed: i64,
        /// have it, and more is on its way to them
        pub busy: i64,
        pub answered: i64,
    }
}

pub async fn count(tx: &mut Tx, message: MessageId) -> Result<Totals> {
    fetch_one!(
        tx,
        Totals,
        "with reached (person_id, sent, delivered, open, unknown) as (
             select person_id, count(*) filter (where state in ('accepted', 'delivered')),
                    count(*) filter (where state = 'delivered'), count(*) filter (where state in ('ready', 'sending')),
                    count(*) filter (where state = 'unknown')
               from delivery where message_id = $1 group by person_id),
         outside (person_id, sent, delivered) as (
             select person_id, sent, delivered from reached
              where sent > 0 and not exists (
                  select 1 from inbox where inbox.message_id = $1 and inbox.person_id = reached.person_id))
         select (select count(*) from inbox where message_id = $1) as arrived,
                (select count(*) from inbox where message_id = $1 and read_at is not null) as read,
                (select count(*) from outside) as sent_outside,
                (select count(*) from outside where delivered > 0) as delivered_outside,
                (select count(*) from reached where sent = 0 and open = 0 and unknown = 0) as failed,
                (select count(*) from reached
                  where open > 0 and (sent > 0 or exists (
                      select 1 from inbox where inbox.message_id = $1 and inbox.person_id = reached.person_id))) as busy,
                (select count(*) from receipt where message_id = $1) as answered",
        [message]
    )
}

row! {
    /// What one channel did, in people: whoever was tried twice counts once.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ChannelPeople {
        pub channel: String,
        /// to be reached over it
        pub people: i64,
        /// a try went through
        pub sent: i64,
        /// a try failed, and none went through or goes on
        pub failed: i64,
    }
}

pub async fn count_by_channel(tx: &mut Tx, message: MessageId) -> Result<Vec<ChannelPeople>> {
    fetch_all!(
        tx,
        ChannelPeople,
        "with tried (channel, person_id, sent, failed, open) as (
             select channel, person_id, count(*) filter (where state in ('accepted', 'delivered')),
                    count(*) filter (where state in ('undelivered', 'refused', 'expired')),
                    count(*) filter (where state in ('ready', 'sending'))
               from delivery where message_id = $1 group by channel, person_id)
         select channel, count(*) as people, count(*) filter (where sent > 0) as sent,
                count(*) filter (where sent = 0 and open = 0 and failed > 0) as failed
           from tried group by channel order by channel limit 100",
        [message]
    )
}

row! {
    /// One recipient.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Person {
        pub person_id: PersonId,
        /// none: somebody outside the organisation
        pub account: Option<String>,
        pub name: String,
        /// the primary one
        pub department: Option<String>,
        pub arrived_at: Option<Timestamp>,
        pub read_at: Option<Timestamp>,
        pub read_channel: Option<String>,
        pub option: Option<String>,
        pub action_id: Option<String>,
        pub words: Option<String>,
        pub answered_at: Option<Timestamp>,
        /// where it was answered
        pub answer_channel: Option<String>,
        /// account and name of whoever answered in their place
        pub proxy_account: Option<String>,
        pub proxy_name: Option<String>,
    }
}

/// Which recipients of a message.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub bucket: Bucket,
    /// A part of the name or account; empty shows all.
    pub search: &'a str,
    /// From behind this one on.
    pub after: PersonId,
}

/// Names that are looked up at once; a message to fewer people is searched among its recipients.
const NAMED: i64 = 500;

/// The ids of a bucket, each from the table that knows it, in the order of its key, so that a page ends
/// where it is full: of everybody, and of some. Two questions, ids and then rows: in one a database
/// gathers a hundred thousand rows for thirty. The second begins with the ids: PostgreSQL plans for a
/// message as large as most are, and would read the whole list of a large one.
macro_rules! ids {
    ($tx:ident, $from:literal, $condition:literal) => {
        (
            concat!(
                "select distinct person_id from ",
                $from,
                " where message_id = $1 and person_id > $2",
                $condition,
                " order by person_id limit $3"
            ),
            each_id!(
                $tx,
                "with named (id) as (",
                "$2",
                concat!(
                    ") select id from named where (select count(*) from ",
                    $from,
                    " where message_id = $1 and person_id = named.id",
                    $condition,
                    ") > 0 order by id limit $3"
                )
            ),
        )
    };
}

/// How a person outside is found by his name, anybody else by his name's sound too.
macro_rules! is_named {
    ($pattern:literal) => {
        concat!(
            "case when person.account is null then lower(person.name) else person.search end like ",
            $pattern,
            " escape '\\'"
        )
    };
}

/// The same, or by the account.
macro_rules! is_called {
    ($pattern:literal) => {
        concat!("(", is_named!($pattern), " or lower(person.account) like ", $pattern, " escape '\\')")
    };
}

/// What answers with the ids of a bucket. Counted, where a database would join: it would join everybody.
fn ids_of(tx: &Tx, bucket: Bucket) -> (&'static str, &'static str) {
    match bucket {
        Bucket::All => ids!(tx, "recipient", ""),
        Bucket::Read => ids!(tx, "inbox", " and read_at is not null"),
        Bucket::Unread => ids!(
            tx,
            "recipient",
            " and (select count(*) from inbox where inbox.message_id = $1 and inbox.person_id = recipient.person_id
                                                and inbox.read_at is not null) = 0"
        ),
        Bucket::Receipt => ids!(tx, "receipt", ""),
        Bucket::NoReceipt => ids!(
            tx,
            "recipient",
            " and (select count(*) from receipt where receipt.message_id = $1
                                                  and receipt.person_id = recipient.person_id) = 0"
        ),
        Bucket::Sent => ids!(
            tx,
            "recipient",
            " and ((select count(*) from inbox where inbox.message_id = $1
                                                 and inbox.person_id = recipient.person_id) > 0
                or (select count(*) from delivery where delivery.message_id = $1
                       and delivery.person_id = recipient.person_id
                       and delivery.state in ('accepted', 'delivered')) > 0)"
        ),
        Bucket::Failed => ids!(
            tx,
            "delivery",
            " and state not in ('accepted', 'delivered', 'ready', 'sending', 'unknown')
              and (select count(*) from delivery as other where other.message_id = $1
                      and other.person_id = delivery.person_id
                      and other.state in ('accepted', 'delivered', 'ready', 'sending', 'unknown')) = 0"
        ),
    }
}

/// The ids of those in a bucket who are called so: first some who are called so, then who of them is in
/// it. Asked at once a database may do either for everybody, which took it half a minute.
async fn list_named(tx: &mut Tx, message: MessageId, wanted: Wanted<'_>, limit: i64) -> Result<Vec<PersonId>> {
    let (_, of_some) = ids_of(tx, wanted.bucket);
    let recipients = "select count(*) from (select 1 from recipient where message_id = $1 limit $2) as few";
    let is_large = fetch_value!(tx, i64, recipients, [message, NAMED])? == NAMED;
    let mut found: Vec<PersonId> = Vec::new();
    let mut after = wanted.after;
    loop {
        let called = match is_large {
            true => list_called(tx, wanted.search, after).await?,
            false => list_called_among(tx, message, wanted.search, after).await?,
        };
        let ids = Json(called.iter().map(|id| id.simple()).collect::<Vec<_>>());
        let missing = limit - found.len() as i64;
        found.extend(fetch_values!(tx, PersonId, of_some, [message, &ids, missing])?);
        match called.last() {
            Some(last) if called.len() as i64 == NAMED && (found.len() as i64) < limit => after = *last,
            _ => return Ok(found),
        }
    }
}

/// Some people who are called so, from behind one on. No account has any but these letters.
async fn list_called(tx: &mut Tx, search: &str, after: PersonId) -> Result<Vec<PersonId>> {
    let sql = match search.is_ascii() {
        true => concat!("select id from person where id > $1 and ", is_called!("$2"), " order by id limit $3"),
        false => concat!("select id from person where id > $1 and ", is_named!("$2"), " order by id limit $3"),
    };
    fetch_values!(tx, PersonId, sql, [after, super::containing(search), NAMED])
}

/// The same among a message's recipients.
async fn list_called_among(tx: &mut Tx, message: MessageId, search: &str, after: PersonId) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        concat!(
            "select recipient.person_id from recipient join person on person.id = recipient.person_id
              where recipient.message_id = $4 and recipient.person_id > $1 and ",
            is_called!("$2"),
            " order by recipient.person_id limit $3"
        ),
        [after, super::containing(search), NAMED, message]
    )
}

/// Recipients in the order of their ids.
pub async fn list(tx: &mut Tx, message: MessageId, wanted: Wanted<'_>, limit: i64) -> Result<Vec<Person>> {
    let people = if wanted.search.trim().is_empty() {
        let (all, _) = ids_of(tx, wanted.bucket);
        fetch_values!(tx, PersonId, all, [message, wanted.after, limit])?
    } else {
        list_named(tx, message, wanted, limit).await?
    };
    let people = Json(people.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "select recipient.person_id, person.account, person.name,
                (select department.name from assignment
                   join department on department.id = assignment.department_id
                  where assignment.person_id = person.id order by is_primary desc, department.id limit 1) as department,
                inbox.arrived_at, inbox.read_at, inbox.read_channel,
                receipt.option, receipt.action_id, receipt.words, receipt.answered_at,
                receipt.channel as answer_channel,
                proxy.account as proxy_account, proxy.name as proxy_name
           from recipient
           join person on person.id = recipient.person_id
           left join inbox on inbox.message_id = $1 and inbox.person_id = recipient.person_id
           left join receipt on receipt.message_id = $1 and receipt.person_id = recipient.person_id
           left join person as proxy on proxy.id = receipt.answered_by and proxy.id <> recipient.person_id
          where recipient.message_id = $1 and recipient.person_id in (",
        "$2",
        ") order by recipient.person_id limit 1000"
    );
    fetch_all!(tx, Person, sql, [message, &people])
}

row! {
    /// One try to reach one recipient.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Try {
        pub person_id: PersonId,
        pub channel: String,
        pub round: i64,
        pub state: State,
        pub attempts: i64,
        pub fired_at: Option<Timestamp>,
        pub done_at: Option<Timestamp>,
        pub detail: Option<String>,
        /// The provider's own word for it.
        pub provider_ref: Option<String>,
    }
}

/// Every try to reach these recipients.
pub async fn list_tries(tx: &mut Tx, message: MessageId, people: &[PersonId]) -> Result<Vec<Try>> {
    let people = Json(people.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "select person_id, channel, round, state, attempts, fired_at, done_at, detail, provider_ref from delivery
          where message_id = $1 and person_id in (",
        "$2",
        ") order by person_id, round, channel limit 100000"
    );
    fetch_all!(tx, Try, sql, [message, &people])
}

row! {
    /// One approval that was asked for.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Asked {
        pub rule_name: String,
        pub state: crate::domain::approval::State,
        pub created_at: Timestamp,
        pub decided_at: Option<Timestamp>,
        /// the decider's account
        pub decided_by: Option<String>,
        pub opinion: String,
        pub id: crate::domain::ApprovalId,
        /// which node is asked, and the last one
        pub node: i64,
        pub last_node: i64,
    }
}

row! {
    /// Somebody who was asked at a node.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Seat {
        pub approval_id: crate::domain::ApprovalId,
        pub node: i64,
        /// accounts of whoever was asked, of who decided, and of who has the seat now
        pub account: Option<String>,
        pub decided_by: Option<String>,
        pub given_to: Option<String>,
        pub state: crate::domain::approval_flow::SeatState,
        pub asked_at: Timestamp,
        pub decided_at: Option<Timestamp>,
        pub opinion: String,
    }
}

/// Everybody who was asked about a message, node by node.
pub async fn list_seats(tx: &mut Tx, message: MessageId) -> Result<Vec<Seat>> {
    fetch_all!(
        tx,
        Seat,
        "select approval_seat.approval_id, approval_seat.node, person.account, decider.account as decided_by,
                keeper.account as given_to, approval_seat.state, approval_seat.asked_at, approval_seat.decided_at,
                approval_seat.opinion
           from approval
           join approval_seat on approval_seat.approval_id = approval.id
           join person on person.id = approval_seat.person_id
           left join person as decider on decider.id = approval_seat.decided_by
           left join person as keeper on keeper.id = approval_seat.given_to
          where approval.message_id = $1
          order by approval.created_at, approval.id, approval_seat.node, approval_seat.asked_at, person.account
          limit 1000",
        [message]
    )
}

/// The approval trail, oldest first.
pub async fn list_approvals(tx: &mut Tx, message: MessageId) -> Result<Vec<Asked>> {
    fetch_all!(
        tx,
        Asked,
        "select approval.rule_name, case when approval.is_returned then 'returned' else approval.state end as state,
                approval.created_at, approval.decided_at, person.account as decided_by, approval.opinion, approval.id,
                approval.node, approval.last_node
           from approval left join person on person.id = approval.decided_by
          where approval.message_id = $1 order by approval.created_at, approval.id limit 50",
        [message]
    )
}
