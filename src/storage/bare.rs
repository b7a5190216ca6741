//! The tables of the bare pipeline, against which `zhihui bench` measures the hub: the same job
//! with nothing of the hub's in it. They exist in a scratch database only, never in a migration.

use super::{Result, Tx};
use crate::{clock::Timestamp, domain::MessageId};

const TABLES: [&str; 5] = [
    "create table bare_person (id bigint primary key, phone text not null)",
    "create table bare_message (id bigint primary key, title text not null, body text not null, approved_at timestamptz)",
    "create table bare_inbox (message_id bigint not null, person_id bigint not null, arrived_at timestamptz not null,
        read_at timestamptz, primary key (message_id, person_id))",
    "create index bare_inbox_page on bare_inbox (person_id, arrived_at desc)",
    "create table bare_delivery (message_id bigint not null, person_id bigint not null, phone text not null,
        state text not null, code bigint, provider_ref text, done_at timestamptz,
        primary key (message_id, person_id))",
];

/// Makes the tables and `people` people with a phone each.
pub async fn create(tx: &mut Tx, people: i64) -> Result<()> {
    for table in TABLES {
        execute!(tx, table, [])?;
    }
    execute!(
        tx,
        "insert into bare_person (id, phone)
         with recursive counted (n) as (select cast(1 as bigint) union all select n + 1 from counted where n < $1)
         select n, '138' || substr('00000000' || n, length('00000000' || n) - 7) from counted",
        [people]
    )?;
    execute!(tx, "analyze bare_person", [])?;
    Ok(())
}

/// Accepted, approved and fanned out to everybody.
pub async fn fan_out(tx: &mut Tx, message: i64, now: Timestamp) -> Result<()> {
    execute!(
        tx,
        "insert into bare_message (id, title, body, approved_at) values ($1, 'a title', 'a body', $2)",
        [message, now]
    )?;
    execute!(
        tx,
        "insert into bare_inbox (message_id, person_id, arrived_at) select $1, id, $2 from bare_person",
        [message, now]
    )?;
    execute!(
        tx,
        "insert into bare_delivery (message_id, person_id, phone, state) select $1, id, phone, 'ready' from bare_person",
        [message]
    )?;
    Ok(())
}

/// Everybody who is still to be reached, and where.
pub async fn list_ready(tx: &mut Tx, message: i64) -> Result<Vec<(i64, String)>> {
    fetch_all!(
        tx,
        (i64, String),
        "select person_id, phone from bare_delivery where message_id = $1 and state = 'ready' order by person_id",
        [message]
    )
}

/// What the gateway answered: person, HTTP status, its own reference. Each database is given the
/// text that it is fastest with.
pub async fn record(tx: &mut Tx, message: i64, results: &[(i64, i64, String)], now: Timestamp) -> Result<()> {
    match tx {
        // An update that joins a list is planned as a scan for each of its rows.
        Tx::Sqlite(tx) => {
            for (person, code, reference) in results {
                sqlx::query(
                    "update bare_delivery set state = case when $3 = 200 then 'accepted' else 'refused' end, code = $3,
                            provider_ref = $4, done_at = $5 where message_id = $1 and person_id = $2",
                )
                .bind(message)
                .bind(person)
                .bind(code)
                .bind(reference)
                .bind(now)
                .execute(&mut **tx)
                .await?;
            }
        }
        Tx::Postgres(tx) => {
            let (people, rest): (Vec<_>, Vec<_>) =
                results.iter().map(|(person, code, reference)| (*person, (*code, reference.as_str()))).unzip();
            let (codes, references): (Vec<_>, Vec<_>) = rest.into_iter().unzip();
            sqlx::query(
                "update bare_delivery set state = case when code_of = 200 then 'accepted' else 'refused' end,
                        code = code_of, provider_ref = reference_of, done_at = $5
                   from unnest($2::bigint[], $3::bigint[], $4::text[]) as each (person_of, code_of, reference_of)
                  where message_id = $1 and person_id = person_of",
            )
            .bind(message)
            .bind(&people)
            .bind(&codes)
            .bind(&references)
            .bind(now)
            .execute(&mut **tx)
            .await?;
        }
    }
    Ok(())
}

pub async fn count_accepted(tx: &mut Tx, message: i64) -> Result<i64> {
    fetch_value!(tx, i64, "select count(*) from bare_delivery where message_id = $1 and state = 'accepted'", [message])
}

/// One message into everybody's inbox, the hub's own table with all its indexes, in one statement:
/// as fast as the database itself can fan out.
pub async fn write_inbox(tx: &mut Tx, message: MessageId, now: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "insert into inbox (message_id, person_id, arrived_at)
         select $1, id, $2 from person where account is not null order by id",
        [message, now]
    )
}

/// What a hub has still to do: due waves and tickets. One statement, for it is asked while the hub works.
pub async fn count_left(tx: &mut Tx, now: Timestamp) -> Result<i64> {
    fetch_value!(
        tx,
        i64,
        "select (select count(*) from ticket) + (select count(*) from wave where due_at <= $1)",
        [now]
    )
}

/// How many inboxes a message lies in.
pub async fn count_inbox(tx: &mut Tx, message: MessageId) -> Result<i64> {
    fetch_value!(tx, i64, "select count(*) from inbox where message_id = $1", [message])
}

/// What a database knows by itself once it has rested: how many people there are.
pub async fn analyze_people(tx: &mut Tx) -> Result<()> {
    execute!(tx, "analyze person", [])?;
    Ok(())
}
