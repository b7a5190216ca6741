//! Commands from the queue: carried out once, answered, and never lost.

use serde_json::{Value, json};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use zhihui::{
    broker::{Envelope, Queue, Target},
    domain::{DeadLetterId, MessageId},
    hub::{Error, Source, people::register::Registration},
    storage::{
        dead_letters::{self, Line},
        intake, messages,
        people::{self, Profile},
        producers::{self, ProducerAudience, ProducerCategories},
    },
};

use crate::support::TestHub;

/// Over AMQP a command can only be sent as the broker's own user; in CI that is `guest`.
const MODULE: &str = "guest";

/// An installation with two people and one trusted module.
async fn hub() -> TestHub {
    let hub = TestHub::start().await;
    let people =
        [("20160899", "李雷"), ("20160900", "韩梅梅")].map(|(account, name)| Profile::of(account, name, "staff"));
    let mut tx = hub.db.begin().await.unwrap();
    people::insert_many(&mut tx, &people, hub.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let registration = Registration {
        name: MODULE.to_owned(),
        label: None,
        audience: ProducerAudience { everyone: true, departments: Vec::new() },
        categories: ProducerCategories { any: true, names: Vec::new() },
        is_trusted: true,
    };
    hub.register_producer(registration).await.unwrap();
    hub
}

fn message() -> Value {
    json!({"title": "会议通知", "body": "九点", "audience": {"people": ["20160899", "20160900"]}})
}

fn command(kind: &str, key: &str, value: &Value) -> Envelope {
    Envelope {
        user_id: Some(MODULE.to_owned()),
        message_id: Some(key.to_owned()),
        content_type: Some("application/json".to_owned()),
        ..Envelope::keyed(kind, value.to_string())
    }
}

async fn answer(hub: &TestHub, envelope: &Envelope) -> Value {
    hub.answer_command(envelope, true).await.unwrap()
}

async fn dead(hub: &TestHub) -> Vec<Line> {
    let mut tx = hub.db.read().await.unwrap();
    let after = (hub.clock.now() + chrono::Duration::days(1), DeadLetterId::new());
    dead_letters::list(&mut tx, None, after, 10).await.unwrap()
}

fn id_of(answer: &Value) -> MessageId {
    answer["id"].as_str().expect("an id").parse().unwrap()
}

#[tokio::test]
async fn a_command_is_carried_out_once_for_its_key() {
    let hub = hub().await;
    let first = answer(&hub, &command("message.send", "k1", &message())).await;
    assert_eq!(
        (&first["status"], &first["state"], &first["problem"]),
        (&json!("accepted"), &json!("sending"), &json!(null))
    );
    assert_eq!(first["recipients"], 2);
    let again = answer(&hub, &command("message.send", "k1", &message())).await;
    assert_eq!((&again["status"], &again["id"]), (&json!("duplicate"), &first["id"]));
    let mut other = message();
    other["body"] = json!("十点");
    let refused = answer(&hub, &command("message.send", "k1", &other)).await;
    assert_eq!((&refused["status"], &refused["problem"]["code"]), (&json!("rejected"), &json!("IDEM_MISMATCH")));
    assert_eq!(dead(&hub).await.len(), 1);
    hub.end().await;
}

#[tokio::test]
async fn a_cloud_event_is_known_by_source_and_id() {
    let hub = hub().await;
    let event = |id: &str| json!({"specversion": "1.0", "id": id, "source": "/meeting", "type": "message.send.v1", "data": message()});
    let envelope = |key: &str, id: &str| Envelope {
        content_type: Some("application/cloudevents+json".to_owned()),
        ..command("message.send", key, &event(id))
    };
    assert_eq!(answer(&hub, &envelope("a", "1")).await["status"], "accepted");
    assert_eq!(answer(&hub, &envelope("b", "1")).await["status"], "duplicate");
    assert_eq!(answer(&hub, &envelope("b", "2")).await["status"], "accepted");
    hub.end().await;
}

#[tokio::test]
async fn what_no_database_keeps_is_buried_all_the_same() {
    let hub = hub().await;
    for (nth, envelope) in [
        Envelope { kind: Some("message\0send".to_owned()), ..command("x", "k1", &message()) },
        command("message.\0", "k2", &message()),
        command("message.send", "k3\0", &message()),
        Envelope { content_type: Some("text/\0".to_owned()), ..command("message.send", "k4", &message()) },
        command("message.send", "k5", &json!({"a\0b": 1})),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(answer(&hub, &envelope).await["status"], "rejected");
        assert_eq!(dead(&hub).await.len(), nth + 1);
    }
    hub.end().await;
}

#[tokio::test]
async fn a_message_is_recalled_once_and_only_by_its_own_module() {
    let hub = hub().await;
    let id = id_of(&answer(&hub, &command("message.send", "k1", &message())).await);
    let recall = command("message.recall", "k2", &json!({"id": id}));
    let done = answer(&hub, &recall).await;
    assert_eq!((&done["status"], &done["state"]), (&json!("accepted"), &json!("recalled")));
    assert_eq!(answer(&hub, &recall).await["status"], "duplicate");
    let twice = answer(&hub, &command("message.recall", "k3", &json!({"id": id}))).await;
    assert_eq!((&twice["problem"]["code"], &twice["problem"]["status"]), (&json!("STATE"), &json!(409)));
    let remind = answer(&hub, &command("message.remind", "k4", &json!({"id": id, "to": "unread"}))).await;
    assert_eq!(remind["problem"]["code"], "STATE");
    let nowhere = answer(&hub, &command("message.recall", "k5", &json!({"id": MessageId::new()}))).await;
    assert_eq!((&nowhere["problem"]["code"], &nowhere["problem"]["status"]), (&json!("NOT_FOUND"), &json!(404)));
    hub.end().await;
}

/// What a crash between the commit of a recall and the word of its providers leaves behind.
async fn forgets_what_the_providers_said(hub: &TestHub, key: &str) {
    let mut tx = hub.db.begin().await.unwrap();
    let producer = producers::find_by_amqp_user(&mut tx, MODULE).await.unwrap().unwrap();
    let source = Source::Producer(producer).key();
    assert_eq!(intake::answer(&mut tx, &source, key, json!({"channels": null})).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_was_recalled_or_reminded_before_a_crash_is_answered_the_same_after_it() {
    let mut hub = hub().await;
    let mut body = message();
    body["send_rule"] = json!("dingtalk");
    body["audience"]["external"] = json!([{"name": "来访者", "phone": "13900000001"}]);
    let id = id_of(&answer(&hub, &command("message.send", "k1", &body)).await);
    hub.settle().await;

    let remind = command("message.remind", "k2", &json!({"id": id, "to": "unread"}));
    let first = answer(&hub, &remind).await;
    assert_eq!((&first["status"], &first["people"]), (&json!("accepted"), &json!(2)));
    // Nobody heard the answer, so the command comes again: not the pause is in its way.
    let again = answer(&hub, &remind).await;
    assert_eq!((&again["status"], &again["people"]), (&json!("duplicate"), &json!(2)));
    let other = command("message.remind", "k2", &json!({"id": id, "to": "failed"}));
    assert_eq!(answer(&hub, &other).await["problem"]["code"], "IDEM_MISMATCH");
    let early = command("message.remind", "k3", &json!({"id": id, "to": "unread"}));
    assert_eq!(answer(&hub, &early).await["problem"]["code"], "REMIND_RATE");
    hub.settle().await;
    hub.after_minutes(5).await;
    let later = command("message.remind", "k4", &json!({"id": id, "to": "unread"}));
    assert_eq!(answer(&hub, &later).await["status"], "accepted");
    hub.settle().await;

    let recall = command("message.recall", "k5", &json!({"id": id}));
    let first = answer(&hub, &recall).await;
    assert_eq!(first["status"], "accepted");
    forgets_what_the_providers_said(&hub, "k5").await;
    for _ in 0..2 {
        let again = answer(&hub, &recall).await;
        assert_eq!((&again["status"], &again["state"]), (&json!("duplicate"), &json!("recalled")));
        assert_eq!(again["channels"].as_array().unwrap().len(), first["channels"].as_array().unwrap().len());
    }
    hub.end().await;
}

#[tokio::test]
async fn what_cannot_be_carried_out_is_a_dead_letter_with_its_reason() {
    let hub = hub().await;
    let good = command("message.send", "k", &message());
    for (envelope, code) in [
        (Envelope { user_id: None, ..good.clone() }, "PRODUCER_UNVERIFIED"),
        (Envelope { user_id: Some("stranger".to_owned()), ..good.clone() }, "PRODUCER_UNVERIFIED"),
        (Envelope { persistent: false, ..good.clone() }, "NOT_PERSISTENT"),
        (Envelope { message_id: None, ..good.clone() }, "IDEM_MISSING"),
        (Envelope { body: b"{".to_vec(), ..good.clone() }, "JSON_SYNTAX"),
        (Envelope { body: vec![b' '; 1024 * 1024], ..good.clone() }, "TOO_LARGE"),
        (Envelope { kind: Some("message.send.v7".to_owned()), ..good.clone() }, "VERSION_UNSUPPORTED"),
        (Envelope { routing_key: "message.burn".to_owned(), ..good.clone() }, "COMMAND_UNKNOWN"),
        (Envelope { routing_key: "task.open".to_owned(), ..good.clone() }, "COMMAND_UNAVAILABLE"),
        (
            command("message.send", "k", &json!({"title": "x", "body": "y", "audience": {"people": ["9"]}})),
            "RCPT_NOT_VISIBLE",
        ),
    ] {
        let before = dead(&hub).await.len();
        let answer = answer(&hub, &envelope).await;
        assert_eq!((&answer["status"], &answer["problem"]["code"]), (&json!("rejected"), &json!(code)));
        assert_eq!(dead(&hub).await.len(), before + 1, "{code}");
    }
    let mut queue = hub.broker.consume(Queue::Dead, 1);
    let first = queue.next().await.unwrap();
    assert_eq!(first.envelope.headers.get("x-problem-code").map(String::as_str), Some("PRODUCER_UNVERIFIED"));
    first.ack().await;
    hub.end().await;
}

#[tokio::test]
async fn the_loop_takes_what_is_good_past_what_is_not() {
    let hub = hub().await;
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let publish = async |envelope| hub.broker.publish(Target::Commands, envelope).await.unwrap();
    publish(Envelope { body: b"not json".to_vec(), ..command("message.send", "bad", &json!({})) }).await;
    publish(command("message.send", "good", &message())).await;
    let consuming = {
        let (hub, tasks, stop) = (hub.hub.clone(), tasks.clone(), stop.clone());
        tokio::spawn(async move { hub.consume_commands(&tasks, &stop).await })
    };
    let mut events = hub.broker.subscribe("test", "message.submitted");
    events.ready().await;
    let mut letters = hub.broker.consume(Queue::Dead, 1);
    letters.next().await.unwrap().ack().await;
    // The event is written with the message, so the command is through when it can be published.
    while hub.relay().await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    let submitted = events.next().await.unwrap();
    stop.cancel();
    tasks.close();
    consuming.await.unwrap();
    tasks.wait().await;
    assert_eq!(hub.broker.depth(Queue::Commands).await, Some(0));
    let event: Value = serde_json::from_slice(&submitted.envelope.body).unwrap();
    submitted.ack().await;
    let id: MessageId = event["data"]["message"].as_str().unwrap().parse().unwrap();
    let mut tx = hub.db.read().await.unwrap();
    assert_eq!(messages::find(&mut tx, id).await.unwrap().unwrap().title, "会议通知");
    drop(tx);
    hub.end().await;
}

#[tokio::test]
async fn a_dead_letter_is_tried_again_once_its_reason_is_gone() {
    let hub = hub().await;
    let envelope = Envelope { user_id: Some("later".to_owned()), ..command("message.send", "k", &message()) };
    assert_eq!(answer(&hub, &envelope).await["problem"]["code"], "PRODUCER_UNVERIFIED");
    let id = dead(&hub).await[0].id;
    let replay = async |owner| hub.replay_dead_letter(id, owner, "hub").await;
    let code = |result: Result<_, Error>| match result {
        Err(Error::Problem(problem)) => problem.code,
        _ => panic!("must be refused"),
    };
    assert_eq!(code(replay(None).await), "PRODUCER_UNVERIFIED");
    assert_eq!(code(replay(Some(MODULE)).await), "NOT_FOUND");
    let registration = Registration {
        name: "later".to_owned(),
        label: None,
        audience: ProducerAudience { everyone: true, departments: Vec::new() },
        categories: ProducerCategories { any: true, names: Vec::new() },
        is_trusted: true,
    };
    hub.register_producer(registration).await.unwrap();
    let done = replay(Some("later")).await.unwrap();
    assert!(!done.duplicate);
    assert_eq!(code(replay(None).await), "STATE");
    hub.end().await;
}

#[tokio::test]
async fn a_command_is_answered_with_what_its_rule_lacks_here() {
    let hub = hub().await;
    let mut value = message();
    value["send_rule"] = json!("email");
    let told = answer(&hub, &command("message.send", "k1", &value)).await;
    assert_eq!((&told["status"], &told["problem"]), (&json!("accepted"), &json!(null)));
    assert_eq!(told["warnings"][0]["code"], "CHANNEL_MISSING");
    let mut english = command("message.send", "k1", &value);
    english.headers.insert("accept-language".to_owned(), "en".to_owned());
    let again = answer(&hub, &english).await;
    assert_eq!(again["status"], "duplicate");
    assert!(again["warnings"][0]["detail"].as_str().unwrap().starts_with("this installation lacks"), "{again}");
    assert_eq!(answer(&hub, &command("message.send", "k2", &message())).await["warnings"], json!([]));
    hub.end().await;
}
