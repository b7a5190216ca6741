//! The job that the hub is there for: a notice for 1,200 people comes over the queue, the head
//! agrees, everybody has it once, those who do not read get their SMS, the undertaker's phone
//! rings, and the counts add up.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zhihui::{
    broker::{Consumer, Envelope, Queue, Target},
    domain::{MessageId, delivery::State as Delivered, message::State},
    hub::people::register::Registration,
    storage::{
        deliveries, messages,
        producers::{ProducerAudience, ProducerCategories},
    },
};

use crate::support::{TestHub, people::Actor};

/// RabbitMQ lets a program publish in its own name alone; the tests' account is `guest`.
const MODULE: &str = "guest";

async fn register(test: &TestHub, is_trusted: bool) {
    let registration = Registration {
        name: MODULE.to_owned(),
        label: None,
        audience: ProducerAudience { everyone: true, departments: Vec::new() },
        categories: ProducerCategories { any: true, names: Vec::new() },
        is_trusted,
    };
    test.register_producer(registration).await.unwrap();
}

/// Publishes a command as a module would, lets the hub work it, and returns the message's id.
async fn post(test: &TestHub, commands: &mut Consumer, key: &str, body: Value) -> MessageId {
    let envelope = Envelope {
        kind: Some("message.send".to_owned()),
        content_type: Some("application/json".to_owned()),
        message_id: Some(key.to_owned()),
        user_id: Some(MODULE.to_owned()),
        ..Envelope::keyed("message.send", body.to_string())
    };
    test.broker.publish(Target::Commands, envelope).await.unwrap();
    let delivered = commands.next().await.unwrap();
    let answer = test.answer_command(&delivered.envelope, true).await.unwrap();
    assert_eq!(answer["status"], "accepted", "{answer}");
    delivered.ack().await;
    answer["id"].as_str().unwrap().parse().unwrap()
}

/// A school of 1,200 with an approver and an undertaker among them.
async fn school(test: &TestHub) -> (Vec<Actor>, Actor, Actor) {
    let school = test.department("school", None).await;
    let approver = test.member("approver", school).await;
    let undertaker = test.member("undertaker", school).await;
    let accounts: Vec<_> = (0..1_198).map(|nth| format!("t{nth:04}")).collect();
    let staff = test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), school, false).await;
    test.grants_approver(&approver).await;
    (staff, approver, undertaker)
}

#[tokio::test]
async fn a_notice_for_1200_people_adds_up_from_the_queue_to_the_last_phone() {
    let mut test = TestHub::start().await;
    let (staff, approver, undertaker) = school(&test).await;
    register(&test, false).await;
    let mut commands = test.broker.consume(Queue::Commands, 1);

    let notice = json!({
        "title": "关于召开教学工作会议的通知", "body": "定于周三下午召开。", "signature": "教务处",
        "audience": {"departments": [{"code": "school", "recursive": true}]},
        "send_rule": "dingtalk_then_sms", "receipt": {"options": ["参加", "请假"]},
        "attributes": {"booking": "42"}
    });
    let id = post(&test, &mut commands, "notice-1", notice).await;
    test.settle().await;
    assert_eq!(test.sent(), [format!("dingtalk {}", approver.phone)], "nobody else hears before the decision");
    assert_eq!(test.approves(&approver).await.unwrap(), State::Sending);
    test.settle().await;
    assert_eq!(test.sent().len(), 1_200);

    for reader in &staff[..700] {
        test.reads(reader, id).await;
    }
    for reader in &staff[..300] {
        test.answers(reader, id, "参加", "").await.unwrap();
    }
    test.after_minutes(30).await;
    assert_eq!(test.sent().len(), 500, "an SMS to each who has not read");
    let mut tx = test.db.read().await.unwrap();
    let message = messages::find(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((message.recipients, message.state), (1_200, State::Sent));
    let counts: BTreeMap<_, _> = deliveries::count_by_state(&mut tx, id)
        .await
        .unwrap()
        .into_iter()
        .map(|(channel, state, count)| ((channel, state), count))
        .collect();
    drop(tx);
    let accepted = |channel: &str| counts[&(channel.to_owned(), Delivered::Accepted)];
    assert_eq!((accepted("dingtalk"), accepted("sms"), counts.len()), (1_200, 500, 2));

    let request = json!({
        "title": "请确认承接：第五会议室", "body": "会议今天下午两点开始。",
        "audience": {"people": ["undertaker"]}, "send_rule": "undertaker",
        "actions": [{"id": "confirm", "label": "确认承接"}]
    });
    post(&test, &mut commands, "confirm-1", request).await;
    test.settle().await;
    test.sent();
    test.after_minutes(5).await;
    assert_eq!(test.sent(), [format!("voice {}", undertaker.phone)]);
    test.end().await;
}
