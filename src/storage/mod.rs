//! Every line of SQL in the product, one file for each group of tables.
//!
//! One text serves SQLite and PostgreSQL. The macros of `query` run it on whichever is open; the
//! few places where the texts differ go through a named macro there.

#[macro_use]
mod query;
mod open;
mod outage;

pub mod access;
pub mod accounts;
pub mod additions;
pub mod approval_box;
pub mod approval_rules;
pub mod approvals;
pub mod approvers;
pub mod assignments;
pub mod attachments;
pub mod attempts;
pub mod audit;
pub mod badges;
pub mod bare;
pub mod calls;
pub mod chases;
pub mod crowd;
pub mod curve;
pub mod dead_letters;
pub mod delegations;
pub mod deliveries;
pub mod departments;
pub mod directory;
pub mod exports;
pub mod external;
pub mod group_folders;
pub mod group_members;
pub mod group_shares;
pub mod groups;
pub mod inbox;
pub mod intake;
pub mod invariants;
pub mod message_status;
pub mod message_tally;
pub mod messages;
pub mod outbox;
pub mod people;
pub mod producers;
pub mod quotas;
pub mod reached;
pub mod readers;
pub mod receipts;
pub mod recipients;
pub mod recycle;
pub mod reminders;
pub mod resends;
pub mod scratch;
pub mod seats;
pub mod sent;
pub mod series;
pub mod sessions;
pub mod settings;
pub mod snapshot;
pub mod templates;
pub mod tickets;
pub mod watching;
pub mod waves;

use std::ops::{Deref, DerefMut};

use sqlx::{Database, PgPool, Postgres, Sqlite, SqlitePool, Transaction, pool::PoolConnection};

pub use outage::is_outage;
pub use sqlx::Error;
pub use sqlx::types::Json;
pub type Result<T> = std::result::Result<T, Error>;

/// Rows that go into one statement as one JSON list.
const BATCH: usize = 1000;

#[derive(Clone, Debug)]
pub enum Db {
    /// SQLite has one writer: `write` holds a single connection, so writers queue in memory and
    /// never meet a busy database.
    Sqlite {
        read: SqlitePool,
        write: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction; dropped without [`Tx::commit`] it leaves no trace. Of [`Db::read`] it is a bare connection.
pub enum Tx {
    Sqlite(Connection<Sqlite>),
    Postgres(Connection<Postgres>),
}

/// What statements run on: `&mut **connection` is the connection.
pub enum Connection<D: Database> {
    Within(Transaction<'static, D>),
    Bare(PoolConnection<D>),
}

impl<D: Database> Deref for Connection<D> {
    type Target = D::Connection;
    fn deref(&self) -> &D::Connection {
        match self {
            Self::Within(transaction) => transaction,
            Self::Bare(connection) => connection,
        }
    }
}

impl<D: Database> DerefMut for Connection<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        match self {
            Self::Within(transaction) => transaction,
            Self::Bare(connection) => connection,
        }
    }
}

impl<D: Database> Connection<D> {
    async fn commit(self) -> Result<()> {
        match self {
            Self::Within(transaction) => transaction.commit().await,
            Self::Bare(_) => Ok(()),
        }
    }
}

impl Db {
    /// A transaction that may write. On SQLite it is the only one until it ends.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(Connection::Within(write.begin_with("begin immediate").await?)),
            Self::Postgres(pool) => begin_postgres(pool, "begin").await?,
        })
    }

    /// For reading alone; it never waits for a writer. Each statement sees the moment that it begins at: a
    /// transaction around them would bring two trips to the database and nothing else.
    pub async fn read(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::Sqlite(Connection::Bare(read.acquire().await?)),
            Self::Postgres(pool) => Tx::Postgres(Connection::Bare(pool.acquire().await?)),
        })
    }

    /// The same, and all its statements see one moment.
    pub async fn read_one_moment(&self) -> Result<Tx> {
        match self {
            Self::Sqlite { read, .. } => Ok(Tx::Sqlite(Connection::Within(read.begin().await?))),
            Self::Postgres(pool) => begin_postgres(pool, "begin isolation level repeatable read read only").await,
        }
    }

    /// May two transactions write at the same time?
    pub fn has_many_writers(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// "SQLite" or "PostgreSQL", for people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// The file of a SQLite database, by its one true name.
    pub fn file(&self) -> std::io::Result<Option<std::path::PathBuf>> {
        match self {
            Self::Sqlite { write, .. } => write.connect_options().get_filename().canonicalize().map(Some),
            Self::Postgres(_) => Ok(None),
        }
    }

    /// Waits for what is running and closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A transaction begun in a task of its own, which goes on when nobody waits for it any more: a
/// future dropped inside sqlx's `begin` would hand back a connection with an open transaction, and
/// what the next one writes would be lost.
async fn begin_postgres(pool: &PgPool, begin: &'static str) -> Result<Tx> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(begin).await });
    begun.await.unwrap_or(Err(Error::WorkerCrashed)).map(|tx| Tx::Postgres(Connection::Within(tx)))
}

impl Tx {
    /// What is locked stays so until it ends; over a bare connection a lock would go with its statement.
    fn keeps_locks(&self) -> bool {
        match self {
            Self::Sqlite(connection) => matches!(connection, Connection::Within(_)),
            Self::Postgres(connection) => matches!(connection, Connection::Within(_)),
        }
    }

    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

/// Somebody else held what this statement wanted for longer than `lock_timeout` (PostgreSQL).
pub fn is_lock_timeout(error: &Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "55P03")
}

/// The pattern for what contains `text`, whatever its case: `%` and `_` mean themselves.
fn containing(text: &str) -> String {
    let text = text.trim().to_lowercase();
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}
