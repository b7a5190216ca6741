//! Table `reminder`: when a message was reminded of; and whom the next one is for, read from
//! `recipient`, `inbox`, `receipt` and `delivery`.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{MessageId, PersonId},
};

row! {
    /// One reminder of a message.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Reminder {
        /// from 0
        pub nth: i64,
        pub at: Timestamp,
        /// how many it went to
        pub people: i64,
    }
}

/// False when somebody else has just written this one.
pub async fn insert(tx: &mut Tx, message: MessageId, reminder: &Reminder) -> Result<bool> {
    let inserted = execute!(
        tx,
        "insert into reminder (message_id, nth, at, people) values ($1, $2, $3, $4)
         on conflict (message_id, nth) do nothing",
        [message, reminder.nth, reminder.at, reminder.people]
    )?;
    Ok(inserted == 1)
}

pub async fn find_last(tx: &mut Tx, message: MessageId) -> Result<Option<Reminder>> {
    fetch_optional!(
        tx,
        Reminder,
        "select nth, at, people from reminder where message_id = $1 order by nth desc limit 1",
        [message]
    )
}

/// When anybody was last reminded of a message, or sent to again.
pub async fn last_chase(tx: &mut Tx, message: MessageId) -> Result<Option<Timestamp>> {
    fetch_value!(
        tx,
        Option<Timestamp>,
        "select max(at) from (select at from reminder where message_id = $1
                              union all select at from resend where message_id = $1) as chase",
        [message]
    )
}

/// Recipients with deliveries of which none went through. Whoever may have it already (`unknown`) is
/// not among them: nobody is to get it twice without somebody's decision.
pub async fn list_failed(tx: &mut Tx, message: MessageId) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        concat!(
            "select person_id from delivery where message_id = $1
              group by person_id
             having count(*) filter (where state in ('accepted', 'delivered', 'ready', 'sending', 'unknown')) = 0
                and count(*) filter (where state in ",
            failed!(),
            ") > 0 order by person_id limit 100000"
        ),
        [message]
    )
}

pub async fn list_unread(tx: &mut Tx, message: MessageId) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "select person_id from inbox where message_id = $1 and read_at is null order by person_id limit 100000",
        [message]
    )
}

pub async fn list_unanswered(tx: &mut Tx, message: MessageId) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "select person_id from inbox where message_id = $1 and not exists (
            select 1 from receipt where receipt.message_id = $1 and receipt.person_id = inbox.person_id)
          order by person_id limit 100000",
        [message]
    )
}

/// Of these accounts those that are recipients'.
pub async fn list_known(tx: &mut Tx, message: MessageId, accounts: &[String]) -> Result<Vec<String>> {
    let accounts = Json(accounts);
    let sql = each!(
        tx,
        "select person.account from recipient join person on person.id = recipient.person_id
          where recipient.message_id = $1 and person.account in (",
        "$2",
        ") order by person.account limit 100000"
    );
    fetch_values!(tx, String, sql, [message, &accounts])
}

/// Those of the named accounts that are recipients.
pub async fn list_named(tx: &mut Tx, message: MessageId, accounts: &[String]) -> Result<Vec<PersonId>> {
    let accounts = Json(accounts);
    let sql = each!(
        tx,
        "select recipient.person_id from recipient join person on person.id = recipient.person_id
          where recipient.message_id = $1 and person.account in (",
        "$2",
        ") order by recipient.person_id limit 100000"
    );
    fetch_values!(tx, PersonId, sql, [message, &accounts])
}
