//! Table `series`: messages that come again and again.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, PersonId, SeriesId,
        message::{Recurrence, State},
    },
};

row! {
    #[derive(Debug, Clone)]
    pub struct Series {
        pub id: SeriesId,
        pub recurrence: Json<Recurrence>,
        /// the last run that was made
        pub run_id: MessageId,
        pub run_at: Timestamp,
        pub ended_at: Option<Timestamp>,
    }
}

macro_rules! series {
    ($rest:literal) => {
        concat!("select series.id, recurrence, run_id, run_at, ended_at from series ", $rest)
    };
}

/// Begins one with its first run.
pub async fn insert(tx: &mut Tx, series: &Series, at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "insert into series (id, recurrence, run_id, run_at, created_at) values ($1, $2, $3, $4, $5)",
        [series.id, &series.recurrence, series.run_id, series.run_at, at]
    )
}

/// The message is a run of it.
pub async fn add_run(tx: &mut Tx, id: SeriesId, message: MessageId) -> Result<u64> {
    execute!(tx, "update message set series_id = $2 where id = $1", [message, id])
}

/// The series that a message is a run of.
pub async fn find_of(tx: &mut Tx, message: MessageId) -> Result<Option<Series>> {
    fetch_optional!(
        tx,
        Series,
        series!("join message on message.series_id = series.id where message.id = $1"),
        [message]
    )
}

/// Nobody moves on or ends the series that these messages are runs of until this transaction ends.
/// Whoever locks runs as well locks their series first, all at once: so no two ever wait for each other.
pub async fn lock_of(tx: &mut Tx, runs: &[MessageId]) -> Result<()> {
    debug_assert!(tx.keeps_locks());
    // SQLite has one writer, which this transaction is.
    if let Tx::Postgres(_) = tx {
        let runs = Json(runs.iter().map(|id| id.simple()).collect::<Vec<_>>());
        let sql = each_id!(
            tx,
            "select id from series where ended_at is null and id in (select series_id from message where id in (",
            "$1",
            ")) order by id for update"
        );
        execute!(tx, sql, [&runs])?;
    }
    Ok(())
}

row! {
    /// One of its messages.
    #[derive(Debug, Clone)]
    pub struct Run {
        pub id: MessageId,
        pub send_at: Option<Timestamp>,
        pub state: State,
    }
}

/// The runs that were made, the latest first, without those that are gone for good.
pub async fn list_runs(tx: &mut Tx, id: SeriesId, limit: i64) -> Result<Vec<Run>> {
    fetch_all!(
        tx,
        Run,
        "select id, send_at, state from message where series_id = $1 and purged_at is null
          order by send_at desc, id desc limit $2",
        [id, limit]
    )
}

row! {
    /// A series between two runs.
    #[derive(Debug, Clone)]
    pub struct Resting {
        /// of the last run
        pub title: String,
        pub recurrence: Json<Recurrence>,
        pub run_at: Timestamp,
        /// the latest run that its sender has not deleted, or the last one
        pub shown_id: MessageId,
    }
}

/// A sender's own that go on though no run waits for its time, because the last one was recalled or the next
/// could not be made. `search` is a part of the title, empty for all.
pub async fn list_resting(
    tx: &mut Tx,
    sender: PersonId,
    search: &str,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Resting>> {
    fetch_all!(
        tx,
        Resting,
        "select message.title, series.recurrence, series.run_at,
                coalesce((select run.id from message as run
                           where run.series_id = series.id and run.deleted_at is null
                           order by run.send_at desc, run.id desc limit 1), message.id) as shown_id
           from series join message on message.id = series.run_id
          where series.ended_at is null and series.run_at > $4 and message.sender_id = $1
            and message.state in ('recalled', 'sending', 'sent') and lower(message.title) like $3 escape '\\'
          order by series.run_at, series.id limit $2",
        [sender, limit, super::containing(search), now]
    )
}

/// Those whose last run has had its time, the longest waiting first.
pub async fn list_due(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<Series>> {
    fetch_all!(
        tx,
        Series,
        series!("where ended_at is null and run_at <= $1 order by run_at, series.id limit $2"),
        [now, limit]
    )
}

/// The next run takes the place of `from`; false when somebody else was faster or it has ended.
pub async fn advance(tx: &mut Tx, id: SeriesId, from: Timestamp, run: MessageId, at: Timestamp) -> Result<bool> {
    let moved = execute!(
        tx,
        "update series set run_id = $3, run_at = $4 where id = $1 and run_at = $2 and ended_at is null",
        [id, from, run, at]
    )?;
    Ok(moved == 1)
}

/// No more runs are made; the last one that was, and none when that was so already.
pub async fn end(tx: &mut Tx, id: SeriesId, at: Timestamp) -> Result<Option<MessageId>> {
    fetch_optional_value!(
        tx,
        MessageId,
        "update series set ended_at = $2 where id = $1 and ended_at is null returning run_id",
        [id, at]
    )
}
