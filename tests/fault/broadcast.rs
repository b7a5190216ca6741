//! F02: `kill -9` at random moments of broadcasts to thousands; F14: answers that are lost.

use std::time::Duration;

use crate::support::{Installation, Set, moment, times, until};

const PEOPLE: usize = 5_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_kills_during_broadcasts_embedded() {
    broadcasts(Set::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_kills_during_broadcasts_production() {
    broadcasts(Set::Production).await;
}

async fn broadcasts(set: Set) {
    let place = Installation::start(&set, PEOPLE).await;
    let kills = times(6, 60);
    let mut child = place.child(None).await;
    for nth in 0..kills {
        if nth % 3 == 0 {
            place.insists(&child, &format!("broadcast {nth}"), None).await;
        }
        tokio::time::sleep(Duration::from_millis(50) + moment(Duration::from_millis(1_150))).await;
        child.kill();
        child = place.child(None).await;
    }
    let outcome = place.judge(&format!("random kill -9, broadcasts to {PEOPLE}, {set:?}"), kills).await;
    assert_eq!(outcome.accepted, kills.div_ceil(3));
    drop(child);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_called_unknown_and_never_repeated() {
    let place = Installation::start(&Set::Embedded, 40).await;
    let child = place.child(None).await;
    place.provider.cuts(true);
    place.sends(&child, "cut", None).await.unwrap();
    let over = until(Duration::from_secs(30), || async { place.count("'unknown'").await == 40 }).await;
    assert!(over, "{}", place.last_words());
    place.provider.cuts(false);
    place.sends(&child, "whole", None).await.unwrap();
    let outcome = place.judge("the provider's answers are lost, Embedded", 0).await;
    assert_eq!(outcome.unknown, 40, "as many as were cut");
    assert_eq!(place.provider.log().len(), 80, "each was sent once");
    drop(child);
    place.end().await;
}
