//! A schema of one's own in a PostgreSQL database, and changes behind the hub's back.

use zhihui::storage::Db;

/// Makes one whose name begins with `kind`; the address that leads into it. What a `test` commits does not
/// wait for the disk: its hub is killed at most, and never the server.
pub async fn fresh(url: &str, kind: &str) -> String {
    let schema = format!("{kind}_{}", uuid::Uuid::now_v7().simple());
    let pool = sqlx::PgPool::connect(url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("create schema {schema}"))).execute(&pool).await.unwrap();
    pool.close().await;
    let sign = if url.contains('?') { '&' } else { '?' };
    let at_once = if kind == "test" { "%20-c%20synchronous_commit%3Doff" } else { "" };
    format!("{url}{sign}options=-c%20search_path%3D{schema}{at_once}")
}

/// Changes rows of whichever database it is.
pub async fn run(db: &Db, sql: &str) {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    match db {
        Db::Sqlite { write, .. } => _ = sqlx::raw_sql(sql).execute(write).await.unwrap(),
        Db::Postgres(pool) => _ = sqlx::raw_sql(sql).execute(pool).await.unwrap(),
    }
}
