//! What both databases must do alike below the hub.

use std::{future::Future, pin::pin, task::Poll, time::Duration};

use sha2::{Digest, Sha256};
use zhihui::{
    domain::MessageId,
    storage::{Db, departments, recipients, snapshot, waves::NOBODY},
};

use crate::support::{TestHub, database_url};

/// The fingerprint that an approval holds on to does not depend on who computes it.
#[tokio::test]
async fn the_hash_of_the_recipients_is_over_their_ids_in_order() {
    let test = TestHub::start().await;
    let office = test.department("A", None).await;
    test.members(&["wang", "li", "zhao", "qian", "sun"], office, false).await;
    let message = MessageId::new();
    let mut tx = test.db.begin().await.unwrap();
    let nobody = Sha256::digest(b"").to_vec();
    assert_eq!(snapshot::hash(&mut tx, message).await.unwrap(), nobody);
    recipients::add_everyone(&mut tx, message).await.unwrap();
    let people = recipients::list(&mut tx, message, NOBODY, 1_000).await.unwrap();
    assert!(people.len() == 5 && people.is_sorted());
    let bytes: Vec<u8> = people.iter().flat_map(|person| *person.0.as_bytes()).collect();
    assert_eq!(snapshot::hash(&mut tx, message).await.unwrap(), Sha256::digest(&bytes).to_vec());
    drop(tx);
    test.close().await;
}

/// What is shown beside each other is counted of one moment, whatever is written meanwhile.
#[tokio::test]
async fn one_moment_stays_as_it_is() {
    let test = TestHub::start().await;
    let office = test.department("A", None).await;
    let mut moment = test.db.read_one_moment().await.unwrap();
    let before = departments::find(&mut moment, office).await.unwrap().unwrap();
    let mut tx = test.db.begin().await.unwrap();
    assert!(departments::update(&mut tx, office, "B", 0).await.unwrap());
    tx.commit().await.unwrap();
    let still = departments::find(&mut moment, office).await.unwrap().unwrap();
    assert_eq!(still.name, before.name);
    drop(moment);
    let after = departments::find(&mut test.db.read().await.unwrap(), office).await.unwrap().unwrap();
    assert_eq!(after.name, "B");
    test.close().await;
}

/// Whoever asks for a transaction and goes away leaves nothing open: all connections serve on.
#[tokio::test]
async fn a_transaction_that_nobody_waits_for_leaves_nothing_open() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&database_url(&dir).await).await.unwrap();
    for polls in 0..40 {
        let mut begin = pin!(db.begin());
        for _ in 0..polls {
            let looked = std::future::poll_fn(|context| Poll::Ready(begin.as_mut().poll(context))).await;
            if looked.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let all = async {
        for _ in 0..40 {
            db.begin().await.unwrap().commit().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all).await.expect("the connections came back");
    db.close().await;
}
