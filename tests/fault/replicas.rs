//! F18, F22 and F23: replicas that want the same, recalls at any moment, many deciders at once.

use std::time::Duration;

use zhihui::{
    domain::{approval::Decision, command},
    hub::{Error, Source},
    storage::approvals,
};

use crate::support::{HEADS, Installation, Set, moment, times, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_start_schedules_and_take_steps_once() {
    let place = Installation::start(&Set::Production, 12).await;
    let (mut one, mut two) = (place.child(None).await, place.child(None).await);
    let messages = times(8, 60);
    let at = place.hub.clock.now() + chrono::Duration::seconds(3);
    for nth in 0..messages {
        let body = serde_json::json!({
            "title": "停电通知", "body": "今晚停电。", "audience": {"departments": [{"code": "all"}]},
            "send_rule": "text_twice", "send_at": at,
        });
        let answer = place.post(&one, "/api/v1/messages", Some(&format!("k{nth}")), &body).await.unwrap();
        place.note(answer["id"].as_str().unwrap().parse().unwrap());
    }
    let begun = until(Duration::from_secs(20), || async { place.count("'sending', 'accepted'").await > 0 }).await;
    assert!(begun, "{}", place.last_words());
    tokio::time::sleep(moment(Duration::from_millis(300))).await;
    one.kill();
    one = place.child(None).await;
    // The second step is an hour away; it becomes due for both replicas at the same moment.
    let written = until(Duration::from_secs(90), || async {
        place.value("select count(*) from wave where round = 0").await == 0
    });
    assert!(written.await, "{}", place.last_words());
    place.run("update wave set due_at = (select sent_at from message where message.id = wave.message_id)").await;
    tokio::time::sleep(moment(Duration::from_millis(300))).await;
    two.kill();
    let outcome = place.judge("two replicas, schedules and steps, one killed each time", 2).await;
    assert_eq!(outcome.accepted, messages);
    assert_eq!(place.value("select count(*) from delivery where round = 1").await, 12 * messages as i64);
    drop(one);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recalls_at_any_moment_embedded() {
    recalls(Set::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recalls_at_any_moment_production() {
    recalls(Set::Production).await;
}

async fn recalls(set: Set) {
    let place = Installation::start(&set, 400).await;
    let child = place.child(None).await;
    for nth in 0..times(6, 30) {
        let scheduled = (nth % 3 == 2).then(|| place.hub.clock.now() + chrono::Duration::milliseconds(800));
        let id = place.sends(&child, &format!("k{nth}"), scheduled).await.unwrap();
        tokio::time::sleep(moment(Duration::from_millis(1_500))).await;
        let begun = std::time::Instant::now();
        let done = place.recalls(&child, id).await;
        assert!(done && begun.elapsed() < Duration::from_secs(2), "{}", place.last_words());
    }
    let recalled = times(6, 30) as i64;
    place.judge(&format!("recalls at random moments, {set:?}"), 0).await;
    assert_eq!(place.value("select count(*) from message where state = 'recalled'").await, recalled);
    drop(child);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_deciders_one_decides_embedded() {
    deciders(Set::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_deciders_one_decides_production() {
    deciders(Set::Production).await;
}

/// Eight heads decide at once through two hubs, now and then against a recall; children send.
async fn deciders(set: Set) {
    let place = Installation::start(&set, 80).await;
    let child = place.child(None).await;
    let hubs = [place.hub.clone(), place.second().await];
    let sender = Source::Person(*place.people.last().unwrap());
    for nth in 0..times(8, 100) {
        let body = serde_json::json!({
            "title": format!("第 {nth} 次会议"), "body": "请参加。", "audience": {"departments": [{"code": "all"}]},
            "send_rule": "text",
        });
        let draft = command::read_send(&body, hubs[0].clock.now()).unwrap();
        let answer = hubs[0].accept(&sender, None, [0; 32], draft).await.unwrap();
        place.note(answer.id);
        let approval = answer.approval.expect("a message to so many needs consent").id;
        let recalled = async {
            if nth % 4 == 3 {
                match hubs[1].recall(&sender, answer.id).await {
                    Ok(_) => {}
                    // Rejected already.
                    Err(Error::Problem(problem)) => assert_eq!(problem.code, "STATE"),
                    Err(other) => panic!("{other:?}"),
                }
            }
        };
        let heads = place.people[..HEADS].iter().enumerate().map(|(at, head)| {
            let (hub, who) = (hubs[at % 2].clone(), *head);
            let decision = if at % 2 == 0 { Decision::Approve } else { Decision::Reject };
            async move { hub.decide(who, approval, decision, "意见").await }
        });
        let (decided, ()) = tokio::join!(futures_util::future::join_all(heads), recalled);
        let won = decided.iter().filter(|answer| answer.is_ok()).count();
        let clear = decided.iter().all(|answer| match answer {
            Ok(_) => true,
            Err(Error::Problem(problem)) => ["APPR_DONE", "APPR_STALE"].contains(&problem.code),
            Err(_) => false,
        });
        assert!(clear && won <= 1 && (won == 1 || nth % 4 == 3), "{decided:?}");
        let mut tx = hubs[1].db.read().await.unwrap();
        let asked = approvals::list_of_message(&mut tx, answer.id).await.unwrap();
        assert_eq!(asked.iter().filter(|each| each.decided_by.is_some()).count(), won);
    }
    place.judge(&format!("8 deciders and recalls through two hubs, {set:?}"), 0).await;
    drop(child);
    hubs[1].db.close().await;
    place.end().await;
}
