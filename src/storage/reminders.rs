//! Whom a reminder is for, and which there were before: read from `recipient`, `inbox`, `receipt`,
//! `delivery` and `audit`.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{MessageId, PersonId},
};

/// How many reminders a message has had, and when the last one was.
pub async fn earlier(tx: &mut Tx, message: MessageId) -> Result<(i64, Option<Timestamp>)> {
    let object = format!("message:{message}");
    let last = fetch_optional_value!(
        tx,
        Timestamp,
        "select at from audit where object = $1 and verb = 'message.remind' order by id desc limit 1",
        [&object]
    )?;
    let count =
        fetch_value!(tx, i64, "select count(*) from audit where object = $1 and verb = 'message.remind'", [&object])?;
    Ok((count, last))
}

/// Recipients with deliveries of which none went through.
pub async fn list_failed(tx: &mut Tx, message: MessageId) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "select person_id from delivery where message_id = $1
          group by person_id having count(*) filter (where state in ('accepted', 'delivered', 'ready', 'sending')) = 0
          order by person_id limit 100000",
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
