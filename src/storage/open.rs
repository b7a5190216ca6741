//! Opening a database by its URL, with the settings that the promise needs, and migrating it.

use std::{borrow::Cow, net::IpAddr, str::FromStr, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgPool, SqlSafeStr,
    migrate::{Migrate, Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Db, Error, Result};

#[derive(rust_embed::RustEmbed)]
#[folder = "migrations"]
struct Files;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the database URL starts with neither sqlite: nor postgres:")]
    Scheme,
    #[error("the database could not be reached")]
    Unreachable(#[source] Error),
    #[error("nothing answers as PostgreSQL at {at}: start it, or correct host and port in the database URL")]
    Silent {
        at: String,
        #[source]
        source: Error,
    },
    #[error("PostgreSQL at {at} has no database “{name}”: create it, or correct the database URL")]
    Missing { at: String, name: String },
    #[error("PostgreSQL at {at} does not let us in")]
    Refused {
        at: String,
        #[source]
        source: Error,
    },
    #[error("the database is at version {found}, this program knows {known}: upgrade the program")]
    Newer { found: i64, known: i64 },
    #[error("a migration failed")]
    Migrate(#[source] sqlx::migrate::MigrateError),
}

/// PostgreSQL's code for it.
const NO_SUCH_DATABASE: &str = "3D000";
const READERS: u32 = 4;
const CONNECTIONS: u32 = 12;
/// Statements that a connection keeps ready: all that the product has, or a busy one would be planned
/// again and again.
const STATEMENTS: usize = 500;
/// A connection that was used so shortly before is not asked whether it still lives: that is a trip to the
/// database for each of the three to five times that a page takes one.
const FRESH: Duration = Duration::from_millis(100);
/// So long a connection to PostgreSQL may take.
const ANSWERS: Duration = Duration::from_secs(3);

impl Db {
    /// Opens without migrating.
    pub async fn open(url: &str) -> std::result::Result<Self, OpenError> {
        if url.starts_with("sqlite:") {
            open_sqlite(url).await.map_err(OpenError::Unreachable)
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            open_postgres(url).await
        } else {
            Err(OpenError::Scheme)
        }
    }

    /// Whether it has everything that this program needs, without changing anything.
    pub async fn is_current(&self) -> bool {
        self.version().await == migrator().iter().map(|step| step.version).max()
    }

    /// Applies what is missing; two replicas at once is fine. Refuses a database of a later program.
    pub async fn migrate(&self) -> std::result::Result<(), OpenError> {
        let migrator = migrator();
        let known = migrator.iter().map(|step| step.version).max().unwrap_or(0);
        if let Some(found) = self.version().await
            && found > known
        {
            return Err(OpenError::Newer { found, known });
        }
        match self {
            Self::Sqlite { write, .. } => migrator.run(write).await,
            Self::Postgres(pool) => {
                // Another replica may be migrating for as long as that takes, and so may we.
                let mut connection = pool.acquire().await.map_err(OpenError::Unreachable)?;
                let patience = "set lock_timeout = 0; set statement_timeout = 0";
                sqlx::raw_sql(patience).execute(&mut *connection).await.map_err(OpenError::Unreachable)?;
                let done = migrator.run(&mut *connection).await;
                let usual = "reset lock_timeout; reset statement_timeout";
                sqlx::raw_sql(usual).execute(&mut *connection).await.map_err(OpenError::Unreachable)?;
                done
            }
        }
        .map_err(OpenError::Migrate)?;
        let Self::Postgres(pool) = self else { return Ok(()) };
        leave_room(pool).await.map_err(OpenError::Unreachable)?;
        index_parts(pool).await.map_err(OpenError::Unreachable)
    }

    /// With `false` commits on SQLite no longer wait for the disk until it is set back: for filling
    /// a database that a power cut may take, because it can be filled again. PostgreSQL waits.
    pub async fn wait_for_disk(&self, waits: bool) -> Result<()> {
        let Self::Sqlite { write, .. } = self else { return Ok(()) };
        if waits {
            sqlx::query("pragma synchronous = full").execute(write).await?;
            // Writes down what was not waited for.
            sqlx::query("pragma wal_checkpoint(truncate)").execute(write).await?;
        } else {
            sqlx::query("pragma synchronous = off").execute(write).await?;
        }
        Ok(())
    }

    /// The version of the newest migration applied; none on an empty database.
    pub async fn version(&self) -> Option<i64> {
        let applied = match self {
            Self::Sqlite { write, .. } => {
                let mut connection = write.acquire().await.ok()?;
                connection.list_applied_migrations("_sqlx_migrations").await
            }
            Self::Postgres(pool) => {
                let mut connection = pool.acquire().await.ok()?;
                connection.list_applied_migrations("_sqlx_migrations").await
            }
        };
        applied.ok()?.iter().map(|step| step.version).max()
    }
}

/// KiB (written negative) that the writer keeps of the database: a broadcast's own pages are not read again.
const WRITE_CACHE: &str = "-16000";
/// The same of each reader: the upper levels of the indexes that lists go by. At ten million inbox rows a page of an
/// inbox read two thirds of its pages again with the default of 2 MiB.
const READ_CACHE: &str = "-8000";
/// Pages of 4 KiB in the log before they are written to their places: a broadcast's pages change often
/// and are written once.
const CHECKPOINT: &str = "4000";

async fn open_sqlite(url: &str) -> Result<Db> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(STATEMENTS)
        .pragma("wal_autocheckpoint", CHECKPOINT);
    Ok(Db::Sqlite {
        // FULL: with NORMAL a power cut may take back the last commits, which were promised.
        write: SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .connect_with(options.clone().synchronous(SqliteSynchronous::Full).pragma("cache_size", WRITE_CACHE))
            .await?,
        read: SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .connect_with(options.pragma("query_only", "on").pragma("cache_size", READ_CACHE))
            .await?,
    })
}

async fn open_postgres(url: &str) -> std::result::Result<Db, OpenError> {
    let options = PgConnectOptions::from_str(url).map_err(OpenError::Unreachable)?;
    let options = options.statement_cache_capacity(STATEMENTS).options([
        ("statement_timeout", "60s"),
        ("lock_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "10s"),
        // A few rows are looked up by index, not found by reading a table of ten thousand people: the
        // default counts a page elsewhere as four, which was true of turning disks.
        ("random_page_cost", "1.1"),
        // Compiling a statement takes longer than any of ours runs.
        ("jit", "off"),
    ]);
    let pool = match is_beside_us(&options, url) {
        true => connect_beside(&options).await,
        false => connect(options.clone()).await,
    };
    match pool {
        Ok(pool) => Ok(Db::Postgres(pool)),
        // The pool tries again until its time is over and then says no more than that.
        Err(Error::PoolTimedOut) => Err(silent(&options).await),
        Err(source) => Err(refused(&options, source)),
    }
}

async fn connect(options: PgConnectOptions) -> Result<PgPool> {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ANSWERS)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for >= FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await
}

/// What never leaves this machine needs no encryption (it was a tenth of all the time that a
/// broadcast took), unless the server insists: `no pg_hba.conf entry …, no encryption`.
async fn connect_beside(options: &PgConnectOptions) -> Result<PgPool> {
    match connect(options.clone().ssl_mode(PgSslMode::Disable)).await {
        Err(Error::Database(refusal)) if refusal.code().as_deref() == Some("28000") => connect(options.clone()).await,
        done => done,
    }
}

/// Is the server on this machine, and does the address leave open how to speak with it?
fn is_beside_us(options: &PgConnectOptions, url: &str) -> bool {
    let host = options.get_host();
    let is_loopback = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    is_loopback && !url.contains("sslmode=") && matches!(options.get_ssl_mode(), PgSslMode::Prefer)
}

/// Why a pool found nobody: one connection says it at once.
async fn silent(options: &PgConnectOptions) -> OpenError {
    let tried = tokio::time::timeout(ANSWERS, options.connect()).await;
    let source = match tried {
        Ok(Err(source)) => source,
        // it came back, or keeps silent
        Ok(Ok(_)) | Err(_) => Error::PoolTimedOut,
    };
    OpenError::Silent { at: place(options), source }
}

fn refused(options: &PgConnectOptions, source: Error) -> OpenError {
    let at = place(options);
    match source.as_database_error().and_then(|refusal| refusal.code()).as_deref() {
        Some(NO_SUCH_DATABASE) => {
            // Without a name it is called as the user is.
            let name = options.get_database().unwrap_or_else(|| options.get_username()).to_owned();
            OpenError::Missing { at, name }
        }
        _ => OpenError::Refused { at, source },
    }
}

/// Never with the user or the password.
fn place(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

/// A delivery changes twice soon after it is written. With room for that on its page PostgreSQL
/// leaves the index alone: measured, half the CPU of the changes and half the size of the index.
/// Not a migration, because SQLite knows no such thing.
async fn leave_room(pool: &PgPool) -> Result<()> {
    let set: bool =
        sqlx::query_scalar("select reloptions is not null from pg_class where oid = to_regclass('delivery')")
            .fetch_one(pool)
            .await?;
    if !set {
        sqlx::raw_sql("alter table delivery set (fillfactor = 40)").execute(pool).await?;
    }
    Ok(())
}

/// Whoever is searched for by a part of a name or an account is found by an index: reading a hundred
/// thousand people takes PostgreSQL 40 ms and more. SQLite reads them in 10 and has no such index.
async fn index_parts(pool: &PgPool) -> Result<()> {
    let is_there: bool = sqlx::query_scalar("select to_regclass('person_part') is not null").fetch_one(pool).await?;
    if is_there {
        return Ok(());
    }
    let mut tx = pool.begin().await?;
    // Another replica may be at it too, and many people take longer than a statement may.
    sqlx::raw_sql("set local lock_timeout = 0; set local statement_timeout = 0; lock table person in share mode")
        .execute(&mut *tx)
        .await?;
    sqlx::raw_sql(
        "create or replace function person_parts(text) returns text[] immutable strict parallel safe language sql
             as 'select array(select distinct substr($1, i, 2) from generate_series(1, length($1) - 1) as i)'",
    )
    .execute(&mut *tx)
    .await?;
    let index = concat!("create index if not exists person_part on person using gin (", parts_of_person!(), ")");
    sqlx::raw_sql(index).execute(&mut *tx).await?;
    tx.commit().await
}

fn migrator() -> Migrator {
    let steps = Files::iter().map(|name| {
        let (version, description) =
            name.trim_end_matches(".sql").split_once('_').expect("a migration is named 0001_what.sql");
        let file = Files::get(&name).expect("the file was just listed");
        let sql = String::from_utf8(file.data.into_owned()).expect("migrations are UTF-8");
        Migration::new(
            version.parse().expect("a migration starts with its number"),
            Cow::Owned(description.to_owned()),
            MigrationType::Simple,
            AssertSqlSafe(sql).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(steps.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_port_is_named_without_the_password() {
        // The port of a listener that is gone.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it has one").port();
        drop(listener);
        let opened = Db::open(&format!("postgres://zhihui:geheim@127.0.0.1:{port}/zhihui")).await;
        let Err(error) = opened else { panic!("somebody is there") };
        let words = format!("{error} {:?}", std::error::Error::source(&error));
        assert!(words.contains(&format!("at 127.0.0.1:{port}")) && words.contains("refused"), "{words}");
        assert!(!words.contains("geheim") && !words.contains("PoolTimedOut"), "{words}");
    }
}
