//! The tables of the bare pipeline do on both databases what the benchmark measures.

use chrono::{TimeZone, Utc};
use zhihui::{
    domain::MessageId,
    storage::{Db, bare},
};

use crate::support::database_url;

#[tokio::test]
async fn the_bare_pipeline_reaches_everybody_once() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&database_url(&dir).await).await.unwrap();
    db.migrate().await.unwrap();
    let now = Utc.with_ymd_and_hms(2026, 11, 20, 2, 0, 0).unwrap();
    let mut tx = db.begin().await.unwrap();
    bare::create(&mut tx, 12).await.unwrap();
    bare::fan_out(&mut tx, 1, now).await.unwrap();
    let ready = bare::list_ready(&mut tx, 1).await.unwrap();
    let people: Vec<_> = ready.iter().map(|(person, _)| *person).collect();
    assert_eq!(people, (1..=12).collect::<Vec<_>>());
    assert_eq!((ready[0].1.as_str(), ready[11].1.as_str()), ("13800000001", "13800000012"));
    let results: Vec<_> = people.iter().map(|person| (*person, 200 + person % 2, format!("m{person}"))).collect();
    bare::record(&mut tx, 1, &results, now).await.unwrap();
    assert_eq!(bare::count_accepted(&mut tx, 1).await.unwrap(), 6);
    assert!(bare::list_ready(&mut tx, 1).await.unwrap().is_empty());
    let message = MessageId::new();
    assert_eq!(bare::write_inbox(&mut tx, message, now).await.unwrap(), 0);
    assert_eq!(bare::count_inbox(&mut tx, message).await.unwrap(), 0);
    tx.commit().await.unwrap();
    db.close().await;
}
