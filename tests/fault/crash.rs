//! F01: `kill -9` at every named place between accepting and delivering, on both sets.

use std::{collections::BTreeSet, panic::AssertUnwindSafe, path::Path, time::Duration};

use futures_util::{FutureExt, StreamExt, stream};
use zhihui::{
    domain::{ApprovalId, MessageId, command},
    hub::Source,
};

use crate::{
    series,
    support::{Child, Installation, Set, notice, until},
};

/// The places, those first after which a lease must run out. From accepting to delivering these are
/// all that the code has: `every_place_is_crashed_at` holds the list against it.
const POINTS: [&str; 28] = [
    "deliver.after_fired_commit",
    "esc.before_call",
    "deliver.after_provider_ok",
    "fanout.after_chunk_commit",
    "fanout.mid_chunk",
    "esc.after_step_commit",
    "outbox.after_publish",
    "outbox.after_confirm",
    "deliver.after_claim",
    "deliver.after_result_commit",
    "accept.after_insert",
    "accept.after_commit",
    "attach.after_file_before_row",
    "attach.before_name",
    "approve.after_commit",
    "sched.after_claim",
    "series.before_commit",
    "series.after_commit",
    "recall.after_commit",
    "remind.after_commit",
    "add.after_commit",
    "export.mid",
    "cb.before_update",
    "audit.before_commit",
    "deliver.after_result_commit:3",
    "accept.after_commit:3",
    "shutdown.draining",
    CONSUMED,
];
/// A command is taken from a broker that is no part of the process.
const CONSUMED: &str = "consume.after_work_before_ack";
/// So many need consent, and more are to be written when the first people have the message.
const BROADCAST: usize = 260;
/// Where only a broadcast comes by.
const OF_BROADCASTS: [&str; 2] = ["approve.after_commit", "fanout.after_chunk_commit"];
const FEW: usize = 12;
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
    let has_broker = set != Set::Embedded;
    let points = POINTS.into_iter().filter(|point| has_broker || *point != CONSUMED);
    let crash = |point| crash_at(&set, point);
    let ended: Vec<_> = stream::iter(points).map(crash).buffer_unordered(TOGETHER).collect().await;
    let failed = ended.iter().filter(|went_well| !**went_well).count();
    assert_eq!(failed, 0, "of {} places, {set:?}", ended.len());
}

/// False when it failed. The others go on, so that all that fail are told, and nothing is left on
/// the broker.
async fn crash_at(set: &Set, point: &str) -> bool {
    let place = Installation::start(set, if OF_BROADCASTS.contains(&point) { BROADCAST } else { FEW }).await;
    let story = AssertUnwindSafe(crash(&place, set, point)).catch_unwind().await;
    place.end().await;
    story.is_ok()
}

/// Sends, schedules and recalls until the child dies at `point`; what was not answered is sent again
/// under the same key, as a client does.
async fn crash(place: &Installation, set: &Set, point: &str) {
    let mut doomed = place.child(Some(point)).await;
    let keys = ["one", "two", "three"];
    let mut first = None;
    for key in keys {
        let sent = place.sends(&doomed, key, None).await;
        first = first.or(sent);
    }
    let soon = Some(place.hub.clock.now() + chrono::Duration::seconds(2));
    let later = place.sends(&doomed, "later", soon).await;
    let taken_back = place.sends(&doomed, "recalled", None).await;
    let asked = lead_to(place, &doomed, point, (first, taken_back)).await;
    let died = until(Duration::from_secs(30), || std::future::ready(!doomed.is_alive())).await;
    assert!(died && doomed.was_killed(), "{point} was never passed\n{}", place.last_words());

    let child = place.child(None).await;
    let mut first = None;
    for key in keys {
        first.get_or_insert(place.insists(&child, key, None).await);
    }
    if later.is_none() {
        let soon = Some(place.hub.clock.now() + chrono::Duration::seconds(2));
        place.insists(&child, "later again", soon).await;
    }
    let taken_back = place.insists(&child, "recalled", None).await;
    finish(place, &child, point, (first.unwrap(), taken_back, asked)).await;
    place.judge(&format!("kill -9 at {point}, {set:?}"), 1).await;
}

/// What leads past the places that sending alone does not reach; the request for consent, if there
/// is one.
async fn lead_to(
    place: &Installation,
    doomed: &Child,
    point: &str,
    (first, last): (Option<MessageId>, Option<MessageId>),
) -> Option<ApprovalId> {
    match point {
        "recall.after_commit" => _ = place.recalls(doomed, last.unwrap()).await,
        "remind.after_commit" => _ = place.reminds(doomed, first.unwrap()).await,
        "add.after_commit" => _ = place.adds(doomed, first.unwrap()).await,
        "export.mid" => _ = place.asks_for_evidence(doomed, first.unwrap()).await,
        "attach.after_file_before_row" | "attach.before_name" => _ = place.sends_file(doomed, "file").await,
        "series.before_commit" | "series.after_commit" => {
            let first = place.hub.clock.now() + chrono::Duration::seconds(3);
            assert!(place.sends_daily(doomed, "daily", first).await.is_some(), "{}", place.last_words());
        }
        "shutdown.draining" => doomed.signal("TERM"),
        CONSUMED => place.publishes("command").await,
        "cb.before_update" => {
            let taken = until(Duration::from_secs(20), || async { place.count("'accepted'").await > 0 }).await;
            assert!(taken, "{}", place.last_words());
            place.reports(doomed).await;
        }
        _ if OF_BROADCASTS.contains(&point) => {
            let asked = ask(place).await;
            place.approves(doomed, place.people[0], asked).await;
            return Some(asked);
        }
        _ => {}
    }
    None
}

/// Whoever was not answered asks again, and a second time finds it done.
async fn finish(
    place: &Installation,
    child: &Child,
    point: &str,
    (first, last, asked): (MessageId, MessageId, Option<ApprovalId>),
) {
    match point {
        "recall.after_commit" => assert!(place.recalls(child, last).await),
        "remind.after_commit" => {
            assert!(place.reminds(child, first).await);
            assert_eq!(place.rest().await, []);
            assert_eq!(place.value("select count(*) from delivery where round >= 1000").await, 12, "reminded once");
        }
        "add.after_commit" => {
            assert!(place.adds(child, first).await.is_some(), "{}", place.last_words());
            let added = "select count(*) from recipient join person on person.id = person_id where account is null";
            assert_eq!(place.value(added).await, 1, "added once");
        }
        // Whoever writes it next begins anew; nobody asks for it again.
        "export.mid" => {
            let written = until(Duration::from_secs(90), || async {
                place.value("select count(*) from export where state = 'ready'").await == 1
            });
            assert!(written.await, "{}", place.last_words());
        }
        "attach.after_file_before_row" => {
            assert!(place.sends_file(child, "file").await.is_some());
            assert_eq!(place.files().len(), 1, "the second try found the file of the first");
        }
        "attach.before_name" => assert!(place.sends_file(child, "file").await.is_some()),
        "cb.before_update" => {
            assert_eq!(place.rest().await, []);
            place.reports(child).await;
        }
        "series.before_commit" | "series.after_commit" => {
            assert_eq!(place.rest().await, []);
            series::made_once(place, 1).await;
        }
        CONSUMED => {
            let taken = until(Duration::from_secs(20), || async {
                place.value("select count(*) from intake where idempotency_key = 'command'").await == 1
            });
            assert!(taken.await, "{}", place.last_words());
        }
        _ => {}
    }
    if let Some(asked) = asked {
        assert!(place.approves(child, place.people[0], asked).await, "{}", place.last_words());
    }
}

/// Somebody writes to so many that a head has to agree.
async fn ask(place: &Installation) -> ApprovalId {
    let draft = command::read_send(&notice("text"), place.hub.clock.now()).unwrap();
    let sender = Source::Person(*place.people.last().unwrap());
    let answer = place.hub.accept(&sender, None, [0; 32], draft).await.unwrap();
    place.note(answer.id);
    answer.approval.expect("a message to so many needs consent").id
}

#[test]
fn every_place_is_crashed_at() {
    let mut named = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(path).unwrap();
                named
                    .extend(text.split("failpoint!(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
            }
        }
    }
    named.remove("name");
    let crashed: BTreeSet<_> = POINTS.iter().map(|point| point.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(named, crashed);
}
