//! What became of a message, person by person: a page of its recipients, and every try to reach them.
//! Read from `recipient`, `inbox`, `delivery`, `receipt` and `person`; nothing here knows a phone number.
//!
//! First the ids of a page, each bucket from the table that knows it, then what is shown of them. In one
//! statement a database gathers a hundred thousand rows for thirty. The second names each row by message
//! and person in one list ([`shown`]): PostgreSQL plans a statement for a message as large as most are,
//! and where that message stood beside the list it read all recipients of a large one.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, PersonId,
        delivery::{Bucket, State},
    },
};

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
/// where it is full: of everybody, and of some.
macro_rules! ids {
    ($tx:ident, $from:literal, $condition:expr) => {
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
            concat!(
                " and state in ",
                failed!(),
                " and (select count(*) from delivery as other where other.message_id = $1
                          and other.person_id = delivery.person_id
                          and other.state in ('accepted', 'delivered', 'ready', 'sending', 'unknown')) = 0"
            )
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
    let part = search.trim().to_lowercase();
    if matches!(tx, Tx::Postgres(_)) && part.chars().count() > 1 {
        return list_by_parts(tx, &part, after).await;
    }
    let sql = match search.is_ascii() {
        true => concat!("select id from person where id > $1 and ", is_called!("$2"), " order by id limit $3"),
        false => concat!("select id from person where id > $1 and ", is_named!("$2"), " order by id limit $3"),
    };
    fetch_values!(tx, PersonId, sql, [after, super::containing(search), NAMED])
}

/// The same on PostgreSQL, by the index of what stands beside each other in names and accounts: whoever is
/// called so has all of it that is in `part`, which is in lower case and longer than one character.
async fn list_by_parts(tx: &mut Tx, part: &str, after: PersonId) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        concat!(
            "select person.id from person where person.id > $1 and ",
            parts_of_person!(),
            " @> person_parts($4) and ",
            is_called!("$2"),
            " order by person.id limit $3"
        ),
        [after, super::containing(part), NAMED, part]
    )
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

/// The list of people that a statement begins with.
pub(super) fn shown(message: MessageId, people: &[PersonId]) -> Json<Vec<serde_json::Value>> {
    let message = message.simple();
    let each = |person: &PersonId| serde_json::json!({ "message": message, "person": person.simple() });
    Json(people.iter().map(each).collect())
}

/// Recipients in the order of their ids.
pub async fn list(tx: &mut Tx, message: MessageId, wanted: Wanted<'_>, limit: i64) -> Result<Vec<Person>> {
    let people = if wanted.search.trim().is_empty() {
        let (all, _) = ids_of(tx, wanted.bucket);
        fetch_values!(tx, PersonId, all, [message, wanted.after, limit])?
    } else {
        list_named(tx, message, wanted, limit).await?
    };
    let sql = each_row!(
        tx,
        "select recipient.person_id, person.account, person.name,
                (select department.name from assignment
                   join department on department.id = assignment.department_id
                  where assignment.person_id = person.id order by is_primary desc, department.id limit 1) as department,
                inbox.arrived_at, inbox.read_at, inbox.read_channel,
                receipt.option, receipt.action_id, receipt.words, receipt.answered_at,
                receipt.channel as answer_channel,
                proxy.account as proxy_account, proxy.name as proxy_name
           from ",
        "$1",
        { message: uuid, person: uuid },
        "  join recipient on recipient.message_id = each.message and recipient.person_id = each.person
           join person on person.id = each.person
           left join inbox on inbox.message_id = each.message and inbox.person_id = each.person
           left join receipt on receipt.message_id = each.message and receipt.person_id = each.person
           left join person as proxy on proxy.id = receipt.answered_by and proxy.id <> each.person
          order by recipient.person_id limit 1000"
    );
    fetch_all!(tx, Person, sql, [shown(message, &people)])
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
    let sql = each_row!(
        tx,
        "select delivery.person_id, delivery.channel, delivery.round, delivery.state, delivery.attempts,
                delivery.fired_at, delivery.done_at, delivery.detail, delivery.provider_ref from ",
        "$1",
        { message: uuid, person: uuid },
        "  join delivery on delivery.message_id = each.message and delivery.person_id = each.person
          order by delivery.person_id, delivery.round, delivery.channel limit 100000"
    );
    fetch_all!(tx, Try, sql, [shown(message, people)])
}
