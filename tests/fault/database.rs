//! F09: PostgreSQL is restarted, and crashes, under load.

use std::time::Duration;

use crate::support::{Installation, Set, servers::Postgres, times, variable};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_restarts_and_crashes_loses_nothing_accepted() {
    let cluster = Postgres::start();
    let set = Set::Own { database: cluster.url(), broker: variable("ZHIHUI_TEST_BROKER") };
    let place = Installation::start(&set, 12).await;
    let child = place.child(None).await;
    let restarts = times(2, 10);
    let load = async {
        let mut refused = 0;
        for nth in 0..restarts * 25 {
            // The client asks again under its key until it is answered.
            while place.sends(&child, &format!("load {nth}"), None).await.is_none() {
                refused += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        refused
    };
    let fault = async {
        for nth in 0..restarts {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            cluster.stop(if nth % 2 == 0 { "fast" } else { "immediate" });
            tokio::time::sleep(Duration::from_millis(500)).await;
            cluster.start_again();
        }
    };
    let (refused, ()) = tokio::join!(load, fault);
    let outcome = place.judge(&format!("PostgreSQL stopped and crashed, {refused} requests refused"), restarts).await;
    assert_eq!(outcome.accepted, restarts * 25);
    drop(child);
    place.end().await;
}
