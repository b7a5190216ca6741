//! F18: replicas that want the same.

use std::time::Duration;

use crate::support::{Installation, Set, moment, times, until};

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
