//! How a message spread over time: who had it, had read it, had answered it by when. Counted by
//! `inbox`, `receipt` and, for people outside the organisation, `delivery`, in steps of equal length.

use serde::{Deserialize, Serialize};

use super::{Result, Tx};
use crate::{clock::Timestamp, domain::MessageId};

row! {
    /// So many in one step.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Step {
        /// `sent`, `read`, `answered`
        pub what: String,
        /// from 0
        pub nth: i64,
        pub people: i64,
    }
}

/// The last moment at which somebody got, read or answered it.
pub async fn find_last(tx: &mut Tx, message: MessageId) -> Result<Option<Timestamp>> {
    let last = fetch_all!(
        tx,
        (Option<Timestamp>,),
        "select max(read_at) from inbox where message_id = $1
         union all select max(arrived_at) from inbox where message_id = $1
         union all select max(answered_at) from receipt where message_id = $1",
        [message]
    )?;
    Ok(last.into_iter().filter_map(|(at,)| at).max())
}

/// One count for each step of `seconds` since `from` in which something happened; all that is later
/// than the step `last` counts there.
macro_rules! steps {
    ($since:ident) => {
        concat!(
            "select what, nth, count(*) as people from (
                select 'sent' as what, ",
            $since!("arrived_at"),
            " as nth from inbox where message_id = $1
                union all
                select 'read', ",
            $since!("read_at"),
            " from inbox where message_id = $1 and read_at is not null
                union all
                select 'answered', ",
            $since!("answered_at"),
            " from receipt where message_id = $1
                union all
                select 'sent', ",
            $since!("done_at"),
            " from (
                    select min(delivery.done_at) as done_at from person
                      join delivery on delivery.person_id = person.id
                     where person.account is null and delivery.message_id = $1
                       and delivery.state in ('accepted', 'delivered')
                     group by person.id) as outside
             ) as moments group by what, nth order by what, nth limit 1000"
        )
    };
}

/// The step of a time, on SQLite: whole seconds, rounded down.
macro_rules! sqlite_step {
    ($column:literal) => {
        concat!("max(0, min($4, (unixepoch(", $column, ") - unixepoch($2)) / $3))")
    };
}

macro_rules! postgres_step {
    ($column:literal) => {
        concat!(
            "greatest(0, least($4, cast(floor(extract(epoch from (",
            $column,
            " - cast($2 as timestamptz))) / cast($3 as bigint)) as bigint)))"
        )
    };
}

/// Everything that happened, by step.
pub async fn list(tx: &mut Tx, message: MessageId, from: Timestamp, seconds: i64, last: i64) -> Result<Vec<Step>> {
    let sql = dialect!(tx, sqlite: steps!(sqlite_step), postgres: steps!(postgres_step));
    fetch_all!(tx, Step, sql, [message, from, seconds, last])
}
