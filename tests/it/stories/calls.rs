//! Rules that somebody wrote himself: steps beside each other, one channel after the other, calls
//! that come to nothing.

use channels::{Report, Status, simulated::Fault};
use chrono::Duration;
use serde_json::{Value, json};
use zhihui::{
    domain::{
        MessageId,
        command::RemindTo,
        message::{Action, Draft},
    },
    hub::Source,
    storage::{
        Json, outbox,
        settings::{SendRuleRow, Steps, insert_send_rule},
    },
};

use crate::support::{
    TestHub, count,
    people::{Actor, to},
};

/// An office with its own rule `own`: whoever sends, and whoever reads.
async fn office(test: &TestHub, steps: Value) -> (Actor, Actor) {
    add_rule(test, "own", steps).await;
    let office = test.department("jwc", None).await;
    (test.member("zhang", office).await, test.member("li", office).await)
}

pub async fn add_rule(test: &TestHub, name: &str, steps: Value) {
    let definition = Json(Steps { steps: serde_json::from_value(steps).unwrap() });
    let row = SendRuleRow { name: name.to_owned(), label: name.to_owned(), definition, is_offered: true };
    let mut tx = test.db.begin().await.unwrap();
    insert_send_rule(&mut tx, &row, 90).await.unwrap();
    tx.commit().await.unwrap();
}

async fn send(test: &TestHub, (sender, reader): (&Actor, &Actor), rule: &str) -> MessageId {
    let actions = vec![Action { id: "confirm".to_owned(), label: "确认".to_owned() }];
    let draft = Draft { send_rule: Some(rule.to_owned()), actions, ..to(&[reader], "停电通知") };
    test.sends(sender, draft).await.unwrap().id
}

fn busy(test: &TestHub, reader: &Actor, times: usize) {
    for _ in 0..times {
        test.carrier.script(&reader.phone, Fault::Busy429 { retry_after: None });
    }
}

/// What leaves within so many minutes, as channels.
async fn within(test: &mut TestHub, minutes: i64) -> Vec<String> {
    for _ in 0..minutes * 3 {
        test.after(Duration::seconds(20)).await;
    }
    let sent = test.sent();
    sent.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// Nobody was reached by what left last.
async fn fails(test: &mut TestHub, channel: &str) {
    reports(test, channel).await;
    test.settle().await;
}

async fn reports(test: &TestHub, channel: &str) {
    let key = test.carrier.log().last().unwrap().key.clone();
    let status = Status::Undelivered;
    let report = Report { key, reference: None, status, detail: "忙".to_owned(), pressed: None };
    test.take_reports(channel, vec![report]).await.unwrap();
}

/// What producers hear of ways that led nowhere.
async fn told(test: &TestHub) -> Vec<String> {
    let mut tx = test.db.begin().await.unwrap();
    let events = outbox::list(&mut tx, 100).await.unwrap();
    let failed = events.iter().filter(|event| event.kind == "delivery.failed").map(|event| {
        let data = &event.event.0;
        format!("{} {} {}", data["account"], data["channel"], data["next"])
    });
    failed.collect()
}

#[tokio::test]
async fn a_text_message_of_the_same_minute_cancels_no_call() {
    for minute in [0, 5] {
        let mut test = TestHub::start().await;
        let steps = json!([
            {"channels": ["dingtalk"]},
            {"channels": ["voice"], "after": minute, "unless": "read"},
            {"channels": ["sms"], "after": minute, "unless": "read"},
        ]);
        let (sender, reader) = office(&test, steps).await;
        send(&test, (&sender, &reader), "own").await;
        assert_eq!(within(&mut test, 6).await, ["dingtalk", "sms", "voice"], "minute {minute}");
        test.end().await;
    }
}

#[tokio::test]
async fn two_calls_of_the_same_minute_both_ring() {
    let mut test = TestHub::start().await;
    let steps = json!([
        {"channels": ["inbox"]},
        {"channels": ["voice"], "after": 5, "unless": "read"},
        {"channels": ["voice"], "after": 5, "unless": "confirmed"},
    ]);
    let (sender, reader) = office(&test, steps).await;
    send(&test, (&sender, &reader), "own").await;
    assert_eq!(within(&mut test, 6).await, ["voice", "voice"]);
    test.end().await;
}

#[tokio::test]
async fn a_busy_phone_is_called_again_although_a_text_message_has_gone_out() {
    let mut test = TestHub::start().await;
    let steps = json!([
        {"channels": ["inbox"]},
        {"channels": ["voice"], "after": 5, "unless": "read"},
        {"channels": ["sms"], "after": 7, "unless": "read"},
    ]);
    let (sender, reader) = office(&test, steps).await;
    send(&test, (&sender, &reader), "own").await;
    assert!(within(&mut test, 4).await.is_empty());
    busy(&test, &reader, 3);
    assert_eq!(within(&mut test, 10).await, ["sms", "voice"]);
    test.end().await;
}

#[tokio::test]
async fn a_busy_phone_is_called_again_where_the_next_step_passed_over_its_owner() {
    let mut test = TestHub::start().await;
    let steps = json!([
        {"channels": ["inbox"]},
        {"channels": ["voice"], "after": 5, "unless": "confirmed"},
        {"channels": ["voice"], "after": 10, "unless": "read"},
    ]);
    let (sender, reader) = office(&test, steps).await;
    add_rule(&test, "once", json!([{"channels": ["voice"], "after": 4, "unless": "read"}])).await;
    for _ in 0..2 {
        send(&test, (&sender, &reader), "once").await;
    }
    let message = send(&test, (&sender, &reader), "own").await;
    test.settle().await;
    assert_eq!(within(&mut test, 6).await, ["voice", "voice"], "the third waits: enough calls for now");
    test.reads(&reader, message).await;
    assert!(within(&mut test, 5).await.is_empty());
    busy(&test, &reader, 1);
    assert_eq!(within(&mut test, 5).await, ["voice"]);
    test.end().await;
}

#[tokio::test]
async fn the_next_channel_of_a_step_does_not_wait_for_a_call_beside_the_next_step() {
    let mut test = TestHub::start().await;
    let steps = json!([
        {"channels": ["inbox"]},
        {"channels": ["voice", "sms"], "mode": "first_that_works", "after": 5, "unless": "read"},
        {"channels": ["dingtalk"], "after": 7, "unless": "read"},
    ]);
    let (sender, reader) = office(&test, steps).await;
    send(&test, (&sender, &reader), "own").await;
    assert!(within(&mut test, 4).await.is_empty());
    busy(&test, &reader, 3);
    assert_eq!(within(&mut test, 10).await, ["dingtalk", "sms"]);
    test.end().await;
}

#[tokio::test]
async fn a_busy_line_is_not_called_at_once_when_no_channel_of_its_step_is_left() {
    let mut test = TestHub::start().await;
    let steps = json!([
        {"channels": ["inbox"]},
        {"channels": ["sms", "voice"], "mode": "first_that_works", "after": 5, "unless": "read"},
        {"channels": ["voice"], "after": 30, "unless": "read"},
    ]);
    let (sender, reader) = office(&test, steps).await;
    send(&test, (&sender, &reader), "own").await;
    assert_eq!(within(&mut test, 6).await, ["sms"]);
    reports(&test, "sms").await;
    assert_eq!(told(&test).await, [r#""li" "sms" "voice""#], "with what takes its place");
    assert_eq!(within(&mut test, 1).await, ["voice"]);
    reports(&test, "voice").await;
    assert_eq!(told(&test).await, [r#""li" "voice" null"#]);
    test.settle().await;
    assert!(within(&mut test, 20).await.is_empty(), "the next step has its own time");
    assert_eq!(within(&mut test, 5).await, ["voice"]);
    test.end().await;
}

#[tokio::test]
async fn a_reminder_tries_one_channel_after_the_other_too() {
    let mut test = TestHub::start().await;
    let steps = json!([{"channels": ["dingtalk", "sms", "voice"], "mode": "first_that_works"}]);
    let (sender, reader) = office(&test, steps).await;
    let message = send(&test, (&sender, &reader), "own").await;
    assert_eq!(within(&mut test, 1).await, ["dingtalk"]);
    test.carrier.script(&reader.phone, Fault::Refuse { code: "NO_USER".to_owned() });
    test.remind(&Source::Person(sender.id), None, message, &RemindTo::Unread).await.unwrap();
    assert_eq!(within(&mut test, 1).await, ["sms"]);
    fails(&mut test, "sms").await;
    assert_eq!(within(&mut test, 1).await, ["voice"]);
    test.end().await;
}

#[tokio::test]
async fn a_call_that_will_not_be_made_does_not_wait_for_its_turn() {
    let mut test = TestHub::start().await;
    let steps = json!([{"channels": ["inbox"]}, {"channels": ["voice"], "after": 5, "unless": "read"}]);
    let (sender, reader) = office(&test, steps).await;
    add_rule(&test, "once", json!([{"channels": ["voice"], "after": 4, "unless": "read"}])).await;
    for _ in 0..2 {
        send(&test, (&sender, &reader), "once").await;
    }
    let message = send(&test, (&sender, &reader), "own").await;
    test.settle().await;
    test.after_minutes(4).await;
    test.clock.advance(Duration::minutes(1));
    assert!(test.fan_out().await.unwrap() > 0);
    let waiting = "select count(*) from delivery where state = 'ready'";
    assert_eq!(count(&test.db, waiting).await, 1);
    test.reads(&reader, message).await;
    test.settle().await;
    assert_eq!(count(&test.db, waiting).await, 0);
    test.end().await;
}
