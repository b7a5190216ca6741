//! Asking again until somebody has read or confirmed.

use channels::{Report, Status};
use zhihui::{
    domain::{
        MessageId,
        delivery::Bucket,
        message::{Action, Draft},
    },
    hub::Source,
    storage::{audit, inbox, outbox, reached, receipts::Reply, waves::NOBODY},
};

use crate::support::{
    TestHub,
    people::{Actor, to},
};

fn pressed_reply() -> Reply {
    Reply { option: None, action_id: Some("confirm".to_owned()), words: String::new(), channel: "web".to_owned() }
}

fn with_rule(draft: Draft, rule: &str) -> Draft {
    Draft { send_rule: Some(rule.to_owned()), ..draft }
}

#[tokio::test]
async fn an_urgent_message_that_nobody_reads_ends_in_a_phone_call() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let reader = test.member("li", office).await;

    test.sends(&sender, with_rule(to(&[&reader], "停电通知"), "urgent")).await.unwrap();
    test.settle().await;
    assert_eq!(test.sent(), [format!("dingtalk {}", reader.phone)]);
    test.after_minutes(4).await;
    assert!(test.sent().is_empty());
    test.after_minutes(1).await;
    assert_eq!(test.sent(), [format!("sms {}", reader.phone)]);
    test.after_minutes(5).await;
    assert_eq!(test.sent(), [format!("voice {}", reader.phone)]);
    test.after_minutes(60).await;
    assert!(test.sent().is_empty(), "the rule has no further step");
    test.end().await;
}

#[tokio::test]
async fn reading_stops_the_chase_for_that_reader_alone() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let (quick, slow) = (test.member("li", office).await, test.member("wang", office).await);

    let message = test.sends(&sender, with_rule(to(&[&quick, &slow], "停电通知"), "urgent")).await.unwrap();
    test.settle().await;
    test.reads(&quick, message.id).await;
    test.sent();
    test.after_minutes(60).await;
    assert_eq!(test.sent(), [format!("sms {}", slow.phone), format!("voice {}", slow.phone)]);
    test.end().await;
}

#[tokio::test]
async fn the_undertakers_phone_rings_until_he_confirms_and_then_the_deputys() {
    let mut test = TestHub::start().await;
    let office = test.department("hwb", None).await;
    let sender = test.member("zhang", office).await;
    let (undertaker, deputy) = (test.member("li", office).await, test.member("zhao", office).await);
    test.sets_deputy(&undertaker, &deputy).await;
    let mut request = with_rule(to(&[&undertaker], "请确认承接：第五会议室"), "undertaker");
    request.actions = vec![Action { id: "confirm".to_owned(), label: "确认承接".to_owned() }];

    test.sends(&sender, request).await.unwrap();
    test.settle().await;
    test.sent();
    test.after_minutes(5).await;
    assert_eq!(test.sent(), [format!("voice {}", undertaker.phone)]);
    test.after_minutes(5).await;
    assert_eq!(test.sent(), [format!("voice {}", undertaker.phone)]);
    test.after_minutes(10).await;
    assert_eq!(test.sent(), [format!("voice {}", undertaker.phone)]);
    test.after_minutes(5).await;
    assert_eq!(test.sent(), [format!("voice {}", deputy.phone)]);
    test.end().await;
}

/// Asks `undertaker` to confirm and lets his phone ring until his deputy is called; returns the
/// message and the call that the deputy got.
async fn the_deputy_is_called(test: &mut TestHub, undertaker: &Actor, deputy: &Actor) -> (MessageId, Report) {
    test.sets_deputy(undertaker, deputy).await;
    let mut request = with_rule(to(&[undertaker], "请确认承接：第五会议室"), "undertaker");
    request.actions = vec![Action { id: "confirm".to_owned(), label: "确认承接".to_owned() }];
    let asked = test.accept(&Source::Person(deputy.id), None, [0; 32], request).await.unwrap();
    test.settle().await;
    for _ in 0..5 {
        test.after_minutes(5).await;
    }
    let log = test.carrier.log();
    let call = log.last().unwrap();
    assert_eq!((call.channel, &call.address), ("voice", &deputy.phone));
    let report = Report {
        key: call.key.clone(),
        reference: None,
        status: Status::Confirmed,
        detail: String::new(),
        pressed: Some("confirm".to_owned()),
    };
    (asked.id, report)
}

#[tokio::test]
async fn what_the_deputy_presses_is_the_deputys_answer() {
    let mut test = TestHub::start().await;
    let office = test.department("hwb", None).await;
    let (undertaker, deputy) = (test.member("li", office).await, test.member("zhao", office).await);
    let (message, pressed) = the_deputy_is_called(&mut test, &undertaker, &deputy).await;

    let opened = Report { status: Status::Read, pressed: None, ..pressed.clone() };
    test.take_reports("voice", vec![opened, pressed]).await.unwrap();
    let mut tx = test.db.read().await.unwrap();
    let wanted = reached::Wanted { bucket: Bucket::All, search: "", after: NOBODY };
    let row = reached::list(&mut tx, message, wanted, 10).await.unwrap().remove(0);
    assert_eq!(row.action_id.as_deref(), Some("confirm"));
    assert_eq!(row.proxy_account.as_deref(), Some("zhao"));
    assert_eq!(row.read_at, None, "the recipient himself has not looked");
    let letter = inbox::find(&mut tx, undertaker.id, message).await.unwrap().unwrap();
    assert_eq!(letter.answer_proxy.as_deref(), Some("zhao"));
    let history = audit::list_of(&mut tx, &format!("message:{message}"), 50).await.unwrap();
    let noted: Vec<_> = history.iter().filter(|entry| entry.verb == "receipt.submit").collect();
    assert_eq!((noted.len(), &noted[0].actor), (1, &format!("person:{}", deputy.id)));
    let events = outbox::list(&mut tx, 50).await.unwrap();
    let event = &events.iter().find(|event| event.kind == "receipt.submitted").unwrap().event.0;
    assert_eq!((&event["account"], &event["answered_by"]), (&"li".into(), &"zhao".into()));
    drop(tx);

    let refused = test.answer(undertaker.id, message, pressed_reply()).await.unwrap_err();
    assert!(refused.to_string().starts_with("RECEIPT_DONE zhao已于"), "{refused}");
    test.end().await;
}

#[tokio::test]
async fn a_card_that_is_opened_after_the_recall_is_not_read() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("zhang", office).await, test.member("li", office).await);
    let sent = test.sends(&sender, with_rule(to(&[&reader], "停电通知"), "dingtalk")).await.unwrap();
    test.settle().await;
    test.recall(&Source::Person(sender.id), sent.id).await.unwrap();
    let key = test.carrier.log()[0].key.clone();
    let opened = Report { key, reference: None, status: Status::Read, detail: String::new(), pressed: None };
    test.take_reports("dingtalk", vec![opened]).await.unwrap();
    test.reads(&reader, sent.id).await;
    let mut tx = test.db.read().await.unwrap();
    assert_eq!(inbox::find(&mut tx, reader.id, sent.id).await.unwrap().unwrap().read_at, None);
    drop(tx);
    test.end().await;
}
