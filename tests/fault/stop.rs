//! I25: SIGTERM drains. Nothing new is claimed, what is in hand is recorded, nothing is sent twice.

use std::time::{Duration, Instant};

use crate::support::{Installation, Set, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_in_the_middle_of_a_broadcast_embedded() {
    stop(Set::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_in_the_middle_of_a_broadcast_production() {
    stop(Set::Production).await;
}

async fn stop(set: Set) {
    let place = Installation::start(&set, 3_000).await;
    let mut first = place.child(None).await;
    place.sends(&first, "broadcast", None).await.unwrap();
    let begun = until(Duration::from_secs(30), || std::future::ready(place.provider.log().len() > 300)).await;
    assert!(begun, "{}", place.last_words());
    first.signal("TERM");
    let asked = Instant::now();
    let ended = until(Duration::from_secs(30), || std::future::ready(!first.is_alive())).await;
    assert!(ended && first.ended().unwrap().success(), "{}", place.last_words());
    let took = asked.elapsed().as_secs_f64();
    let left = place.value("select count(*) from ticket where lease_until is not null").await;
    assert_eq!((left, place.count("'sending'").await), (0, 0), "nothing is left in hand");
    let second = place.child(None).await;
    let outcome = place.judge(&format!("SIGTERM while sending, gone after {took:.1} s, {set:?}"), 0).await;
    assert_eq!(outcome.unknown, 0);
    drop(second);
    place.end().await;
}
