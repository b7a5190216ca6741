//! Rooms and visitors: the hub's own modules ask, the hub chases, and the asker hears the answer.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use zhihui::{
    clock::END_OF_TIME,
    domain::{MessageId, message::State},
    hub::Source,
    producers::{
        meeting::{self, Booking},
        visitor::{self, Visit},
    },
    storage::{inbox, receipts::Reply},
};

use crate::support::{TestHub, people::Actor};

fn pressed(action: &str) -> Reply {
    Reply { option: None, action_id: Some(action.to_owned()), words: String::new(), channel: "dingtalk".to_owned() }
}

/// The titles in somebody's inbox, newest first.
async fn titles(test: &TestHub, person: &Actor) -> Vec<String> {
    let mut tx = test.db.read().await.unwrap();
    let wanted = inbox::Wanted { person: person.id, tab: inbox::Tab::All, search: "", open: None };
    let start = (END_OF_TIME, MessageId(uuid::Uuid::max()));
    inbox::list(&mut tx, wanted, start, 50).await.unwrap().into_iter().map(|line| line.title).collect()
}

/// Lets events travel until something has come to this person.
async fn hears(test: &mut TestHub, person: &Actor) -> String {
    let heard = async {
        loop {
            test.settle().await;
            if let Some(title) = titles(test, person).await.into_iter().next() {
                return title;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("the module answers")
}

#[tokio::test]
async fn a_booking_rings_until_it_is_confirmed_and_then_the_booker_hears_of_it_once() {
    let mut test = TestHub::start().await;
    let office = test.department("hwb", None).await;
    let (booker, undertaker) = (test.member("zhang", office).await, test.member("li", office).await);
    meeting::register(&test.hub).await.unwrap();
    meeting::register(&test.hub).await.unwrap();
    test.broker.subscribe(meeting::NAME, "receipt.submitted").ready().await;
    let stop = CancellationToken::new();
    let module = tokio::spawn(meeting::hear(test.hub.clone(), stop.clone()));
    let booking = Booking {
        id: "42".to_owned(),
        room: "第五会议室".to_owned(),
        title: "教学工作会议".to_owned(),
        begins_at: test.clock.now() + chrono::Duration::hours(5),
        booker: booker.account.clone(),
        undertaker: undertaker.account.clone(),
    };

    let asked = meeting::book(&test.hub, &booking).await.unwrap();
    assert_eq!(asked.state, State::Sending);
    let again = meeting::book(&test.hub, &booking).await.unwrap();
    assert!(again.duplicate && again.id == asked.id);
    test.settle().await;
    test.sent();
    test.after_minutes(5).await;
    assert_eq!(test.sent(), [format!("voice {}", undertaker.phone)]);
    test.answer(undertaker.id, asked.id, pressed(meeting::CONFIRM)).await.unwrap();
    assert_eq!(hears(&mut test, &booker).await, "承接已确认：第五会议室 2026-11-20 15:00");
    meeting::tell_booker(&test.hub, &booking.attributes(&test.hub)).await.unwrap();
    test.settle().await;
    assert_eq!(titles(&test, &booker).await.len(), 1, "events may come twice");
    test.sent();
    test.after_minutes(60).await;
    assert!(test.sent().is_empty(), "a confirmation ends the chase");
    stop.cancel();
    module.await.unwrap();
    test.end().await;
}

#[tokio::test]
async fn the_gate_hears_what_the_host_decides_and_nothing_of_other_messages() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (host, gate) = (test.member("han", office).await, test.member("gate", office).await);
    visitor::register(&test.hub).await.unwrap();
    test.broker.subscribe(visitor::NAME, "receipt.submitted").ready().await;
    let stop = CancellationToken::new();
    let module = tokio::spawn(visitor::hear(test.hub.clone(), stop.clone()));
    let visit = Visit {
        id: "7".to_owned(),
        visitor: "李雷".to_owned(),
        company: "云岭软件公司".to_owned(),
        reason: "洽谈".to_owned(),
        host: host.account.clone(),
        gate: gate.account.clone(),
    };

    let asked = visitor::announce(&test.hub, &visit).await.unwrap();
    let mut other = crate::support::people::to(&[&host], "别的消息");
    other.actions = vec![zhihui::domain::message::Action { id: "welcome".to_owned(), label: "请进".to_owned() }];
    let other = test.accept(&Source::Person(gate.id), None, [0; 32], other).await.unwrap();
    test.settle().await;
    test.answer(host.id, other.id, pressed("welcome")).await.unwrap();
    test.answer(host.id, asked.id, pressed("wait")).await.unwrap();
    assert_eq!(hears(&mut test, &gate).await, "受访人答复“请稍候”：李雷");
    assert_eq!(titles(&test, &gate).await.len(), 1);
    stop.cancel();
    module.await.unwrap();
    test.end().await;
}
