//! A database of a later program.

use zhihui::storage::Db;

use crate::{schema::run, support::TestHub};

#[tokio::test]
async fn a_database_of_a_later_version_is_left_alone() {
    let test = TestHub::start().await;
    let known = test.db.version().await.expect("it is migrated");
    run(&test.db, "update _sqlx_migrations set version = version + 41 where version = (select max(version) from _sqlx_migrations)")
        .await;
    let refused = test.db.migrate().await.expect_err("a later program has been here").to_string();
    let found = known + 41;
    assert_eq!(refused, format!("the database is at version {found}, this program knows {known}: upgrade the program"));
    assert_eq!(Db::version(&test.db).await, Some(found), "nothing was changed");
    test.close().await;
}
