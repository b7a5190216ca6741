//! F01: `kill -9` at every named place between accepting and delivering, on both sets.

use std::time::Duration;

use futures_util::{StreamExt, stream};

use crate::support::{Child, Installation, Set, until};

/// The places, those first after which a lease must run out.
const POINTS: [&str; 15] = [
    "deliver.after_fired_commit",
    "esc.before_call",
    "deliver.after_provider_ok",
    "fanout.after_chunk_commit",
    "fanout.mid_chunk",
    "esc.after_step_commit",
    "outbox.after_publish",
    "deliver.after_claim",
    "deliver.after_result_commit",
    "accept.after_insert",
    "accept.after_commit",
    "sched.after_claim",
    "recall.after_commit",
    "audit.before_commit",
    "deliver.after_result_commit:3",
];
/// Scenarios that run at the same time.
const TOGETHER: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_place_loses_and_doubles_nothing_embedded() {
    everywhere(Set::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_place_loses_and_doubles_nothing_production() {
    everywhere(Set::Production).await;
}

async fn everywhere(set: Set) {
    stream::iter(POINTS).map(|point| crash_at(&set, point)).buffer_unordered(TOGETHER).collect::<Vec<_>>().await;
}

/// Sends, schedules and recalls until the child dies at `point`; what was not answered is sent again
/// under the same key, as a client does.
async fn crash_at(set: &Set, point: &str) {
    let place = Installation::start(set, 12).await;
    let mut doomed = place.child(Some(point)).await;
    let keys = ["one", "two", "three"];
    for key in keys {
        place.sends(&doomed, key, None).await;
    }
    let soon = Some(place.hub.clock.now() + chrono::Duration::seconds(2));
    let later = place.sends(&doomed, "later", soon).await;
    let taken_back = place.sends(&doomed, "recalled", None).await;
    if let (Some(id), "recall.after_commit") = (taken_back, point) {
        recall(&place, &doomed, id).await;
    }
    let died = until(Duration::from_secs(30), || std::future::ready(!doomed.is_alive())).await;
    assert!(died && doomed.was_killed(), "{point} was never passed\n{}", place.last_words());

    let child = place.child(None).await;
    for key in keys {
        place.insists(&child, key, None).await;
    }
    if later.is_none() {
        let soon = Some(place.hub.clock.now() + chrono::Duration::seconds(2));
        place.insists(&child, "later again", soon).await;
    }
    place.insists(&child, "recalled", None).await;
    place.judge(&format!("kill -9 at {point}, {set:?}"), 1).await;
    drop(child);
    place.end().await;
}

async fn recall(place: &Installation, child: &Child, id: zhihui::domain::MessageId) {
    place.post(child, &format!("/api/v1/messages/{id}/recall"), None, &serde_json::json!({})).await;
}
