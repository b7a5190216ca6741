//! The fingerprint of a message's frozen recipients: SHA-256 over their ids in the order of the ids.
//!
//! PostgreSQL takes it where the rows are (its `sha256` and the order of its `uuid` are those of the
//! bytes); SQLite has no such function, and its rows are already in this process.

use sha2::{Digest, Sha256};

use super::{Result, Tx, recipients, waves::NOBODY};
use crate::domain::MessageId;

const AT_ONCE: i64 = 20_000;

/// The same people, the same hash.
pub async fn hash(tx: &mut Tx, message: MessageId) -> Result<Vec<u8>> {
    if let Tx::Postgres(_) = tx {
        return fetch_value!(
            tx,
            Vec<u8>,
            // An aggregate's own `order by` would sort what the index has in order already.
            "select sha256(coalesce(string_agg(uuid_send(person_id), ''::bytea), ''::bytea))
               from (select person_id from recipient where message_id = $1 order by person_id) as ordered",
            [message]
        );
    }
    let mut hash = Sha256::new();
    let mut after = NOBODY;
    loop {
        let people = recipients::list(tx, message, after, AT_ONCE).await?;
        for person in &people {
            hash.update(person.0.as_bytes());
        }
        match people.last() {
            Some(last) => after = *last,
            None => return Ok(hash.finalize().to_vec()),
        }
    }
}

/// How many people a message goes to and another did not, and the other way round.
pub async fn compare(tx: &mut Tx, before: MessageId, after: MessageId) -> Result<(i64, i64)> {
    let mut counts = [0; 2];
    for (count, (from, to)) in counts.iter_mut().zip([(before, after), (after, before)]) {
        *count = fetch_value!(
            tx,
            i64,
            "select count(*) from recipient
              where recipient.message_id = $2 and not exists (
                    select 1 from recipient as other
                     where other.message_id = $1 and other.person_id = recipient.person_id)",
            [from, to]
        )?;
    }
    Ok((counts[0], counts[1]))
}
