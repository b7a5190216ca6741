//! The demonstration: a university that is there in seconds, with something in every state.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use zhihui::{
    cli::demo::{self, PEOPLE},
    clock::END_OF_TIME,
    domain::{ApprovalId, MessageId, PersonId, approval::Decision, delivery, message::State, person::Role},
    storage::{access, approval_box, deliveries, inbox, people, receipts, sent},
    web::DemoLink,
};

use crate::support::TestHub;

async fn founded() -> (TestHub, Vec<DemoLink>) {
    let test = TestHub::start().await;
    demo::found(&test.hub, &test.carrier, PEOPLE).await.unwrap();
    let opened = demo::open(&test.hub, &test.carrier, PEOPLE).await.unwrap();
    (test, opened.links)
}

/// Everybody whom `role` may be: found by the link that signs in as them.
async fn whoever(test: &TestHub, keys: &[DemoLink], role: &str) -> PersonId {
    let key = keys.iter().find(|key| key.role == role).unwrap();
    test.sign_in_by_link(&key.token).await.unwrap().person
}

/// What has become of everything that was said.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    states: BTreeMap<State, usize>,
    deliveries: BTreeMap<(String, delivery::State), i64>,
    read: i64,
    unread: i64,
    answers: BTreeMap<String, i64>,
}

async fn tally(test: &TestHub) -> Tally {
    let mut tally = Tally::default();
    let mut tx = test.db.read().await.unwrap();
    for person in people::list_page(&mut tx, None, 1000).await.unwrap() {
        let start = (END_OF_TIME, MessageId(uuid::Uuid::max()));
        let wanted = sent::Wanted { owner: sent::Owner::Person(person.id), states: State::ALL, search: "" };
        for line in sent::list(&mut tx, wanted, sent::From::Behind(start.0, start.1), 1000).await.unwrap() {
            *tally.states.entry(line.state).or_default() += 1;
            for (channel, state, count) in deliveries::count_by_state(&mut tx, line.id).await.unwrap() {
                *tally.deliveries.entry((channel, state)).or_default() += count;
            }
            for (choice, count) in receipts::count_by_choice(&mut tx, line.id).await.unwrap() {
                *tally.answers.entry(choice).or_default() += count;
            }
        }
        let count = inbox::count(&mut tx, person.id, test.hub.clock.now()).await.unwrap();
        tally.read += count.total - count.unread;
        tally.unread += count.unread;
    }
    tally
}

#[tokio::test]
async fn there_is_something_in_every_state_and_it_is_the_same_every_time() {
    let (test, _) = founded().await;
    let seen = tally(&test).await;
    let states = [
        State::Draft,
        State::PendingApproval,
        State::Rejected,
        State::Held,
        State::Scheduled,
        State::Sent,
        State::Recalled,
    ];
    for state in states {
        assert!(seen.states.contains_key(&state), "nothing is {state}: {seen:#?}");
    }
    assert!(seen.states[&State::Sent] > 30, "{seen:#?}");
    use delivery::State::{Delivered, Refused, Undelivered};
    for (channel, state) in [
        ("dingtalk", Delivered),
        ("sms", Delivered),
        ("sms", Refused),
        ("sms", Undelivered),
        ("voice", Delivered),
        ("voice", Undelivered),
    ] {
        assert!(seen.deliveries.contains_key(&(channel.to_owned(), state)), "{channel} {state}: {seen:#?}");
    }
    assert!(seen.read > seen.unread && seen.unread > 300, "{seen:#?}");
    assert!(seen.answers["参加"] > 20 && seen.answers["其他"] > 1 && seen.answers["请假"] > 1, "{seen:#?}");
    let (again, _) = founded().await;
    assert_eq!(seen, tally(&again).await);
    again.end().await;
    test.end().await;
}

#[tokio::test]
async fn each_of_the_five_finds_what_he_is_there_for_and_finds_it_again_after_another_start() {
    let (mut test, keys) = founded().await;
    let roles: BTreeSet<_> = keys.iter().map(|key| key.role.as_str()).collect();
    assert_eq!(roles, BTreeSet::from(["staff", "head", "approver", "undertaker", "admin"]));
    let mut tx = test.db.read().await.unwrap();
    assert_eq!(people::count_active(&mut tx).await.unwrap(), 300);
    drop(tx);
    for role in ["head", "approver"] {
        let person = whoever(&test, &keys, role).await;
        let mut tx = test.db.read().await.unwrap();
        let (waiting, decided) = approval_box::count(&mut tx, person, test.clock.now()).await.unwrap();
        assert!(waiting > 0, "nothing waits for the {role}");
        assert!(role != "head" || decided > 0, "the head has decided before");
    }
    let admin = whoever(&test, &keys, "admin").await;
    let mut tx = test.db.read().await.unwrap();
    assert_eq!(access::list_roles(&mut tx, admin).await.unwrap(), [Role::OrgAdmin, Role::SystemAdmin]);
    for key in &keys {
        let person = whoever(&test, &keys, &key.role).await;
        let count = inbox::count(&mut tx, person, test.hub.clock.now()).await.unwrap();
        assert!(count.unread > 0 && count.total > count.unread, "{}: {count:?}", key.role);
    }
    drop(tx);
    test.settle().await;
    test.sent();
    test.after(Duration::seconds(60)).await;
    assert!(test.sent().is_empty());
    test.after(Duration::seconds(30)).await;
    let rings: Vec<_> = test.sent().into_iter().filter(|line| line.starts_with("voice")).collect();
    assert_eq!(rings.len(), 1, "{rings:?}");

    // And once more, a day later: what was used up is back, and nothing old rings.
    let head = whoever(&test, &keys, "head").await;
    let waiting = |test: &TestHub| {
        let (db, now) = (test.db.clone(), test.clock.now());
        async move {
            let mut tx = db.read().await.unwrap();
            let start = (END_OF_TIME, ApprovalId(uuid::Uuid::max()));
            let wanted = approval_box::Wanted { person: head, pending: true, search: "", now };
            approval_box::list(&mut tx, wanted, start, 10).await.unwrap()
        }
    };
    let asked = waiting(&test).await;
    test.decide(head, asked[0].id, Decision::Approve, "").await.unwrap();
    let before = tally(&test).await;
    test.after_minutes(24 * 60).await;
    test.sent();

    demo::open(&test.hub, &test.carrier, PEOPLE).await.unwrap();
    assert_eq!(waiting(&test).await.len(), asked.len());
    let after = tally(&test).await;
    assert_eq!(after.states[&State::Rejected], before.states[&State::Rejected], "the story is not told twice");
    test.settle().await;
    test.sent();
    test.after(Duration::seconds(90)).await;
    assert_eq!(test.sent().iter().filter(|line| line.starts_with("voice")).count(), 1);
    test.end().await;
}

#[tokio::test]
async fn each_start_says_when_the_phone_really_rings() {
    let (mut test, _) = founded().await;
    test.settle().await;
    test.sent();
    let rings = |test: &mut TestHub| test.sent().iter().filter(|line| line.starts_with("voice")).count();
    test.after(Duration::seconds(80)).await;
    assert_eq!(rings(&mut test), 1);
    for wanted in [false, true] {
        let opened = demo::open(&test.hub, &test.carrier, PEOPLE).await.unwrap();
        assert_eq!((opened.rings.is_late, opened.rings.is_passed_on), (wanted, false));
        test.settle().await;
        while test.clock.now() + Duration::seconds(20) < opened.rings.at {
            test.after(Duration::seconds(20)).await;
        }
        assert_eq!(rings(&mut test), 0, "not before {:?}", opened.rings);
        test.after(Duration::seconds(21)).await;
        assert_eq!(rings(&mut test), 1, "{:?}", opened.rings);
    }
    test.end().await;
}

#[tokio::test]
async fn the_administrator_can_do_what_the_demonstration_says() {
    let (test, keys) = founded().await;
    for key in &keys {
        let session = test.sign_in_by_link(&key.token).await.unwrap();
        let who = test.session(&session.token).await.unwrap().unwrap();
        test.sign_in(&who.account, demo::PASSWORD).await.unwrap();
        test.prove(&who, &session.token, demo::PASSWORD).await.unwrap();
        let who = test.session(&session.token).await.unwrap().unwrap();
        let is_admin = key.role == "admin";
        assert_eq!(who.has(Role::SystemAdmin), is_admin, "how every part does: {}", key.role);
        let top = (END_OF_TIME, MessageId(uuid::Uuid::max()));
        let foreign = test.list_foreign(&who, "", top, 100).await;
        assert_eq!(foreign.is_ok(), is_admin, "{}", key.role);
        if let Ok(foreign) = foreign {
            let sent = foreign.iter().find(|line| line.state == State::Sent).unwrap();
            test.recall_foreign(&who, sent.id, "试一试").await.unwrap();
        }
    }
    // Whoever has chosen another password keeps it.
    let session = test.sign_in_by_link(&keys[0].token).await.unwrap();
    let who = test.session(&session.token).await.unwrap().unwrap();
    test.change_password(&who, demo::PASSWORD, "mist over the river 7").await.unwrap();
    demo::open(&test.hub, &test.carrier, PEOPLE).await.unwrap();
    test.sign_in(&who.account, "mist over the river 7").await.unwrap();
    test.end().await;
}
