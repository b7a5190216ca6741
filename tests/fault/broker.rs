//! F04 and F07: RabbitMQ is stopped and started under load, and forgets everything it had.

use std::time::Duration;

use lapin::{
    Connection, ConnectionProperties,
    options::{QueueDeclareOptions, QueueDeleteOptions},
    types::FieldTable,
};

use crate::support::{Installation, Set, fresh_database, servers::RabbitMq, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_stopped_and_started_loses_nothing() {
    let node = RabbitMq::start().await;
    let set = Set::Own { database: fresh_database().await, broker: node.url() };
    let place = Installation::start(&set, 12).await;
    let child = place.child(None).await;
    let load = async {
        for nth in 0..40 {
            place.sends(&child, &format!("load {nth}"), None).await.expect("the web never waits for the broker");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let fault = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        node.control("stop_app").await;
        node.control("start_app").await;
    };
    tokio::join!(load, fault);
    let outcome = place.judge("RabbitMQ stopped and started, 5 messages/s", 0).await;
    assert_eq!((outcome.accepted, outcome.unknown), (40, 0));
    drop(child);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_every_queue_is_deleted_everything_still_arrives_within_a_minute() {
    let place = Installation::start(&Set::Production, 6_000).await;
    let child = place.child(None).await;
    place.sends(&child, "broadcast", None).await.unwrap();
    let begun = until(Duration::from_secs(30), || std::future::ready(place.provider.log().len() > 200)).await;
    assert!(begun, "{}", place.last_words());
    // More than the twenty that the hub has already taken off the queue.
    let queued = "select count(*) from ticket where queued_until is not null and lease_until is null";
    let waiting = until(Duration::from_secs(5), || async { place.value(queued).await > 22 }).await;
    assert!(waiting, "{}", place.last_words());
    let connection = Connection::connect(&place.broker, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    // At a moment at which some lie there: the hub may have just taken the last.
    let name = format!("{}.work.sms", place.prefix);
    let lies_there = until(Duration::from_secs(10), || async {
        child.signal("STOP");
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let queue = channel.queue_declare(name.as_str().into(), passive, FieldTable::default()).await.unwrap();
        if queue.message_count() == 0 {
            child.signal("CONT");
        }
        queue.message_count() > 0
    });
    assert!(lies_there.await, "{}", place.last_words());
    let mut forgotten = 0;
    for queue in ["work.sms", "work.priority", "commands", "dead"] {
        let name = format!("{}.{queue}", place.prefix);
        forgotten += channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
    }
    assert!(forgotten > 0, "nothing was waiting");
    connection.close(200, "done".into()).await.unwrap();
    child.signal("CONT");
    let outcome = place.judge(&format!("every queue deleted, {forgotten} tickets waiting"), 0).await;
    assert!(outcome.quiet < Duration::from_secs(60));
    drop(child);
    place.end().await;
}
