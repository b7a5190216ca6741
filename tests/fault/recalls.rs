//! F22: recalls at any moment, alone and beside everything else that its sender does to a message.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde_json::json;
use zhihui::{
    domain::{MessageId, approval::Decision, command},
    hub::{Error, Source, check::witness::Told, send::origin::Origin},
    storage::messages,
};

use crate::support::{Child, Installation, Set, moment, notice, times, until};

const PEOPLE: usize = 400;
/// A recall is answered within this.
const PROMPT: Duration = Duration::from_secs(2);
/// Within this it comes.
const SOON: Duration = Duration::from_millis(1_200);
/// Messages that are recalled at the same time.
const TOGETHER: usize = 3;

/// What is done to a message beside its recall.
#[derive(Debug, Clone, Copy)]
enum Beside {
    Nothing,
    /// It has yet to go out.
    Schedule,
    /// Into the bin and out of it, again and again.
    Restore,
    /// Into the bin, and away from there for good.
    Purge,
    Add,
    Resend,
    /// Somebody agrees to it, and then it is written once more and agreed to again.
    Rewrite,
}

const BESIDE: [Beside; 7] =
    [Beside::Nothing, Beside::Schedule, Beside::Restore, Beside::Purge, Beside::Add, Beside::Resend, Beside::Rewrite];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recalls_at_any_moment_embedded() {
    recalls(Set::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recalls_at_any_moment_production() {
    recalls(Set::Production).await;
}

async fn recalls(set: Set) {
    let place = Installation::start(&set, PEOPLE).await;
    let child = place.child(None).await;
    let number = times(2 * BESIDE.len(), 10 * BESIDE.len());
    let one = |nth: usize| recall(&place, &child, nth, BESIDE[nth % BESIDE.len()]);
    let took: Vec<Duration> = stream::iter(0..number).map(one).buffer_unordered(TOGETHER).collect().await;
    let slowest = took.into_iter().max().unwrap();
    place.judge(&format!("{number} recalls beside all else, <= {slowest:.1?}, {set:?}"), 0).await;

    let gone = "select count(*) from message where (sender_id is not null or producer_id is not null)
                                               and state not in ('sending', 'sent')";
    assert_eq!(place.value(&format!("{gone} and state <> 'recalled'")).await, 0);
    let visible = "select count(*) from inbox join message on message.id = inbox.message_id
                    where (message.sender_id is not null or message.producer_id is not null)
                      and message.state in ('sending', 'sent') and message.deleted_at is null";
    let rewritten = (0..number).filter(|nth| matches!(BESIDE[nth % BESIDE.len()], Beside::Rewrite)).count();
    assert_eq!(place.value(visible).await, (rewritten * PEOPLE) as i64, "the second versions alone");
    let second = "select count(*) from message where version = 2 and state = 'sent' and replaces_id is not null";
    assert_eq!(place.value(second).await, rewritten as i64);
    drop(child);
    place.end().await;
}

/// How long the recall took; at its end nobody sees the message any more.
async fn recall(place: &Installation, child: &Child, nth: usize, beside: Beside) -> Duration {
    let key = format!("k{nth}");
    if let Beside::Rewrite = beside {
        return rewrite(place, nth).await;
    }
    let later = matches!(beside, Beside::Schedule).then(|| place.hub.clock.now() + chrono::Duration::milliseconds(800));
    let id = place.sends(child, &key, later).await.expect("the hub answers");
    let recalled = async {
        tokio::time::sleep(moment(SOON)).await;
        take_back(place, child, id).await
    };
    let (took, ()) = tokio::join!(recalled, go_on(place, child, id, beside));
    let mut tx = place.hub.db.read().await.unwrap();
    let kept = messages::find(&mut tx, id).await.unwrap().unwrap();
    drop(tx);
    // Whatever was first: what was taken out of the bin after a recall was refused there is recalled now.
    if kept.recalled_at.is_none() && kept.purged_at.is_none() {
        assert!(take_back(place, child, id).await.0, "{beside:?} {kept:?}");
    }
    let (_, page) = place.opens(child, place.people[nth], id).await;
    assert!(!page.contains("今晚停电。"), "{beside:?}\n{page}");
    took.1
}

/// Whether it is recalled now, and how long the answer took. What lies in the bin, or was purged, nobody sees.
async fn take_back(place: &Installation, child: &Child, id: MessageId) -> (bool, Duration) {
    let begun = Instant::now();
    let answer = place.try_post(child, &format!("/api/v1/messages/{id}/recall"), None, &json!({})).await;
    let took = begun.elapsed();
    assert!(took < PROMPT, "{took:?}\n{}", place.last_words());
    let (status, answer) = answer.unwrap_or_else(|| panic!("no answer\n{}", place.last_words()));
    if status.is_success() {
        place.told(Told::Recalled(id));
    } else {
        // What was purged meanwhile is nobody's any more.
        let refused = (status.as_u16(), answer["code"].as_str().unwrap_or_default());
        assert!([(409, "DELETED"), (404, "NOT_FOUND")].contains(&refused), "{answer}");
    }
    (status.is_success(), took)
}

/// Refused or not, each of these is answered.
async fn go_on(place: &Installation, child: &Child, id: MessageId, beside: Beside) {
    let at = |what: &str| format!("/api/v1/messages/{id}/{what}");
    let until_then = moment(SOON);
    match beside {
        Beside::Nothing | Beside::Schedule | Beside::Rewrite => {}
        Beside::Restore | Beside::Purge => {
            let begun = Instant::now();
            while begun.elapsed() < until_then {
                let (status, answer) = place.deletes(child, id).await.unwrap();
                assert!(status.is_success() || answer["code"] == "STATE", "{answer}");
                let (status, answer) = place.try_post(child, &at("restore"), None, &json!({})).await.unwrap();
                assert!(status.is_success(), "{answer}");
                // As fast as a person clicks: a program that is faster is told to wait.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            if let Beside::Purge = beside {
                let (status, answer) = place.try_post(child, &at("purge"), None, &json!({})).await.unwrap();
                assert!(status.is_success() || answer["code"] == "STATE", "{answer}");
            }
        }
        Beside::Add => {
            tokio::time::sleep(until_then).await;
            // The end of an id is different for each, as a phone number has to be.
            let phone = format!("139{:08}", id.0.as_u128() % 100_000_000);
            let body = json!({"audience": {"external": [{"name": "李雷", "phone": phone}]}});
            let (status, answer) = place.try_post(child, &at("recipients"), None, &body).await.unwrap();
            assert!(status.is_success() || answer["code"] == "STATE", "{answer}");
            if let Some(added) = answer["id"].as_str().filter(|_| status.is_success()) {
                place.note(added.parse().unwrap());
            }
        }
        Beside::Resend => {
            tokio::time::sleep(until_then).await;
            let (status, answer) = place.try_post(child, &at("resend"), None, &json!({"to": "all"})).await.unwrap();
            assert!(status.is_success() || answer["code"] == "STATE", "{answer}");
        }
    }
}

/// Its sender withdraws what its head agrees to at the same moment, and sends it again.
async fn rewrite(place: &Installation, nth: usize) -> Duration {
    let (hub, head) = (&place.hub, place.people[0]);
    let who = *place.people.last().unwrap();
    let draft = |title: &str| {
        let mut body = notice("text");
        body["title"] = json!(format!("{title} {nth}"));
        command::read_send(&body, hub.clock.now()).unwrap()
    };
    let first = hub.accept(&Source::Person(who), None, [0; 32], draft("第一版")).await.unwrap();
    place.note(first.id);
    let agreed = async {
        tokio::time::sleep(moment(SOON / 2)).await;
        hub.decide(head, first.approval.unwrap().id, Decision::Approve, "").await
    };
    let recalled = async {
        tokio::time::sleep(moment(SOON)).await;
        let begun = Instant::now();
        hub.recall(&Source::Person(who), first.id).await.expect("nobody else recalls it");
        begun.elapsed()
    };
    let (agreed, took) = tokio::join!(agreed, recalled);
    if let Err(Error::Problem(problem)) = &agreed {
        assert_eq!(problem.code, "APPR_STALE");
    } else {
        agreed.unwrap();
    }
    assert!(took < PROMPT, "{took:?}");
    place.told(Told::Recalled(first.id));
    let origin = Origin { message: Some(first.id), ..Origin::default() };
    let second = hub.send_written(who, None, [0; 32], draft("第二版"), &origin).await.unwrap();
    place.note(second.id);
    hub.decide(head, second.approval.unwrap().id, Decision::Approve, "").await.unwrap();
    let arrived = format!(
        "select count(*) from inbox join message on message.id = inbox.message_id
          where message.version = 2 and message.title = '第二版 {nth}'"
    );
    let all = until(Duration::from_secs(60), || async { place.value(&arrived).await == PEOPLE as i64 }).await;
    assert!(all, "{}", place.last_words());
    took
}
