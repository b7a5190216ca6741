//! Table `resend`: when a message was sent again, and to how many.

use super::{Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{MessageId, PersonId},
};

row! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Resend {
        /// from 0
        pub nth: i64,
        pub at: Timestamp,
        pub people: i64,
    }
}

/// False when somebody else has just written this one.
pub async fn insert(tx: &mut Tx, message: MessageId, resend: &Resend) -> Result<bool> {
    let inserted = execute!(
        tx,
        "insert into resend (message_id, nth, at, people) values ($1, $2, $3, $4)
         on conflict (message_id, nth) do nothing",
        [message, resend.nth, resend.at, resend.people]
    )?;
    Ok(inserted == 1)
}

pub async fn find_last(tx: &mut Tx, message: MessageId) -> Result<Option<Resend>> {
    fetch_optional!(
        tx,
        Resend,
        "select nth, at, people from resend where message_id = $1 order by nth desc limit 1",
        [message]
    )
}

/// Everybody.
pub async fn list_all(tx: &mut Tx, message: MessageId) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "select person_id from recipient where message_id = $1 order by person_id limit 100000",
        [message]
    )
}
