//! Inboxes in bulk, for `zhihui bench pages`: millions of rows in minutes, written by the database
//! itself. They exist in a scratch database only.
//!
//! People and messages are numbered from 1 and their ids are those numbers, so that one statement can
//! say who has what. Readers come in groups of [`GROUP`]; each group has [`LINES`] messages of its own,
//! which came in turn, so that the lines of one reader lie far apart. Behind the messages of all groups
//! comes the large one, which everybody but the last person has, and behind that those of the last
//! person, who has never read any of his.

mod rows;

use serde_json::json;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Db, Json, Result, Tx,
    messages::{self, List, Message},
};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, PersonId,
        message::{Audience, Kind, ReceiptRequest, State},
    },
};

/// Messages of one reader.
pub const LINES: i64 = 200;
/// Those of them that he has not read, the newest.
pub const UNREAD: i64 = 50;
/// Readers who have the same messages.
pub const GROUP: i64 = 100;
/// Messages of one sender.
pub const SENT: i64 = 1_000;
/// Lines that are written at once.
const STEP: i64 = 250_000;

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub struct Crowd {
    pub readers: i64,
    /// everybody but the last person
    pub people: i64,
    /// messages of the last person
    pub heap: i64,
    /// when everything has come
    pub until: Timestamp,
}

impl Crowd {
    /// Messages of the readers.
    pub fn messages(&self) -> i64 {
        self.groups() * LINES
    }

    fn groups(&self) -> i64 {
        (self.readers + GROUP - 1) / GROUP
    }

    /// The message that everybody has.
    pub fn large(&self) -> MessageId {
        MessageId(uuid_of(self.messages() + 1))
    }

    /// The one who has read nothing.
    pub fn last(&self) -> i64 {
        self.people + 1
    }

    /// When the nth line of each reader came, from 0.
    pub fn came(&self, nth: i64) -> Timestamp {
        self.until - chrono::Duration::minutes(LINES - nth)
    }
}

pub fn person(number: i64) -> PersonId {
    PersonId(uuid_of(number))
}

fn uuid_of(number: i64) -> Uuid {
    Uuid::from_u128(number.unsigned_abs().into())
}

/// Everything but the people, who are there already.
pub async fn fill(db: &Db, crowd: &Crowd) -> Result<()> {
    let mut tx = db.begin().await?;
    let indexes = drop_indexes(&mut tx).await?;
    messages::insert(&mut tx, &large(crowd)).await?;
    tx.commit().await?;
    let step = (STEP / GROUP).max(1);
    let mut first = 1;
    while first <= crowd.messages() {
        let last = (first + step - 1).min(crowd.messages());
        let mut tx = db.begin().await?;
        rows::write_lines(&mut tx, crowd, first, last).await?;
        tx.commit().await?;
        first = last + 1;
    }
    let mut tx = db.begin().await?;
    rows::write_large(&mut tx, crowd).await?;
    rows::write_heap(&mut tx, crowd).await?;
    tx.commit().await?;
    for index in indexes {
        let mut tx = db.begin().await?;
        // Long enough for any of them.
        if let Tx::Postgres(tx) = &mut tx {
            let patience = "set local statement_timeout = 0; set local maintenance_work_mem = '256MB'";
            sqlx::raw_sql(patience).execute(&mut **tx).await?;
        }
        execute!(&mut tx, AssertSqlSafe(index.clone()), [])?;
        tx.commit().await?;
    }
    rest(db).await
}

/// The message that everybody has; its sender is the first person.
fn large(crowd: &Crowd) -> Message {
    let sent_at = crowd.until - chrono::Duration::days(3);
    Message {
        id: crowd.large(),
        sender_id: Some(person(1)),
        producer_id: None,
        sender_name: "校长办公室".to_owned(),
        sender_department: "校长办公室".to_owned(),
        kind: Kind::Content,
        title: "关于全体师生的通知".to_owned(),
        body: "各学院、各部门：请按要求准时参加，并在规定时间内回执。".repeat(8),
        signature: "校长办公室".to_owned(),
        url: None,
        category: "notice".to_owned(),
        rule_name: "inbox".to_owned(),
        rounds: Json(List { list: Vec::new() }),
        receipt: Some(Json(ReceiptRequest { options: vec!["参加".to_owned(), "请假".to_owned()], due_at: None })),
        actions: Json(List { list: Vec::new() }),
        attributes: Json(json!({})),
        audience: Json(Audience { everyone: true, ..Audience::default() }),
        about_approval_id: None,
        state: State::Sent,
        version: 1,
        content_hash: vec![0; 32],
        snapshot_hash: vec![0; 32],
        recipients: crowd.people,
        created_at: sent_at,
        send_at: None,
        expires_at: None,
        sent_at: Some(sent_at),
        finished_at: Some(sent_at),
        recalled_at: None,
        deleted_at: None,
        purged_at: None,
        replaces_id: None,
    }
}

/// Takes the indexes of `inbox` away, apart from its key; how they were made. A database sorts ten
/// million rows in a tenth of the time that it needs to put each into its place.
async fn drop_indexes(tx: &mut Tx) -> Result<Vec<String>> {
    let sql = dialect!(
        tx,
        sqlite: "select name, sql from sqlite_master
                  where type = 'index' and tbl_name = 'inbox' and sql is not null order by name",
        postgres: "select cast(indexname as text), indexdef from pg_indexes
                    where schemaname = current_schema() and tablename = 'inbox' and indexname not like '%_pkey'
                    order by indexname",
    );
    let indexes = fetch_all!(tx, (String, String), sql, [])?;
    for (name, _) in &indexes {
        execute!(tx, AssertSqlSafe(format!("drop index {name}")), [])?;
    }
    Ok(indexes.into_iter().map(|(_, made)| made).collect())
}

/// What PostgreSQL does by itself when there is nothing else to do; SQLite does no such thing.
async fn rest(db: &Db) -> Result<()> {
    let Db::Postgres(pool) = db else { return Ok(()) };
    let mut connection = pool.acquire().await?;
    sqlx::raw_sql("set statement_timeout = 0").execute(&mut *connection).await?;
    sqlx::raw_sql("vacuum (analyze) message, recipient, inbox, receipt, delivery, person, assignment")
        .execute(&mut *connection)
        .await?;
    sqlx::raw_sql("reset statement_timeout").execute(&mut *connection).await?;
    Ok(())
}

/// A page of an inbox with nothing around it, the mark for the real one: how many lines came.
pub async fn bare_page(tx: &mut Tx, person: PersonId, before: (Timestamp, MessageId), limit: i64) -> Result<usize> {
    let lines = fetch_all!(
        tx,
        (MessageId, String, String, Timestamp, Option<Timestamp>),
        "select message.id, message.title, message.sender_name, inbox.arrived_at, inbox.read_at
           from inbox join message on message.id = inbox.message_id
          where inbox.person_id = $1 and inbox.deleted_at is null and (inbox.arrived_at, inbox.message_id) < ($2, $3)
          order by inbox.arrived_at desc, inbox.message_id desc limit $4",
        [person, before.0, before.1, limit]
    )?;
    Ok(lines.len())
}
