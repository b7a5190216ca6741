//! Series killed in the middle: the run that is due is made once, whoever makes it and whoever dies.

use std::time::Duration;

use crate::support::{Installation, Set, moment, times, until};

/// Each of so many series of a day has the run that was due and the one of tomorrow, no more.
pub async fn made_once(place: &Installation, series: i64) {
    let runs = "select count(*) from message where series_id is not null";
    assert_eq!(place.value(runs).await, 2 * series, "runs\n{}", place.last_words());
    let sent = format!("{runs} and state = 'sent'");
    assert_eq!(place.value(&sent).await, series, "the first of each\n{}", place.last_words());
    let whole = "select count(*) from series
                   join message on message.id = series.run_id and message.send_at = series.run_at
                  where message.state = 'scheduled'";
    assert_eq!(place.value(whole).await, series, "the next of each\n{}", place.last_words());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_series_at_once_are_made_once_embedded() {
    many(Set::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_series_at_once_are_made_once_production() {
    many(Set::Production).await;
}

/// All are due in the same second. SQLite has one replica that dies again and again; of two replicas
/// with PostgreSQL both do, one after the other.
async fn many(set: Set) {
    let place = Installation::start(&set, 12).await;
    let replicas = if set == Set::Embedded { 1 } else { 2 };
    let (series, kills) = (times(20, 150), times(4, 20));
    let mut children = Vec::new();
    for _ in 0..replicas {
        children.push(place.child(None).await);
    }
    let first = place.hub.clock.now() + chrono::Duration::seconds(if series > 50 { 12 } else { 4 });
    for nth in 0..series {
        let sent = place.sends_daily(&children[nth % replicas], &format!("daily {nth}"), first).await;
        assert!(sent.is_some(), "{}", place.last_words());
    }
    let made = "select count(*) from message where series_id is not null";
    let begun = until(Duration::from_secs(30), || async { place.value(made).await > series as i64 }).await;
    assert!(begun, "{}", place.last_words());
    for nth in 0..kills {
        tokio::time::sleep(moment(Duration::from_millis(60))).await;
        children[nth % replicas].kill();
        children[nth % replicas] = place.child(None).await;
    }
    place.judge(&format!("{series} series due at once, {replicas} replicas killed, {set:?}"), kills).await;
    made_once(&place, series as i64).await;
    drop(children);
    place.end().await;
}
