//! A schema of PostgreSQL that is thrown away afterwards, for `zhihui bench`. Its name is made
//! here, so that no other schema can be dropped by mistake.

use sqlx::{AssertSqlSafe, PgPool};

use super::{Db, Result};

/// Begins the name of every scratch schema.
const PREFIX: &str = "zhihui_bench_";

/// A schema; dropped with all that is in it by [`Schema::remove`].
#[derive(Debug)]
pub struct Schema {
    name: String,
    pool: PgPool,
}

impl Schema {
    /// None on a database that has no schemas.
    pub async fn create(db: &Db) -> Result<Option<Self>> {
        let Db::Postgres(pool) = db else { return Ok(None) };
        let name = format!("{PREFIX}{}", uuid::Uuid::now_v7().simple());
        sqlx::raw_sql(AssertSqlSafe(format!("create schema {name}"))).execute(pool).await?;
        Ok(Some(Self { name, pool: pool.clone() }))
    }

    /// The address of the database with this schema in place of the usual one.
    pub fn url(&self, database: &str, application: &str) -> String {
        let sign = if database.contains('?') { '&' } else { '?' };
        format!("{database}{sign}options=-c%20search_path%3D{}&application_name={application}", self.name)
    }

    /// The database's own processes that serve `application`.
    pub async fn backends(&self, application: &str) -> Result<Vec<u32>> {
        let pids: Vec<i32> =
            sqlx::query_scalar("select pid from pg_stat_activity where application_name = $1 order by pid limit 1000")
                .bind(application)
                .fetch_all(&self.pool)
                .await?;
        Ok(pids.into_iter().filter_map(|pid| pid.try_into().ok()).collect())
    }

    /// Ends what the database still does for `application`, which is gone: it would hold the schema.
    pub async fn end_backends(&self, application: &str) -> Result<()> {
        sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1")
            .bind(application)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub async fn remove(&self) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(format!("drop schema {} cascade", self.name))).execute(&self.pool).await?;
        Ok(())
    }
}
