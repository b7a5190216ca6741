//! Two replicas on one database, and what happens when both want the same thing at once.

use std::{collections::BTreeSet, sync::Arc};

use channels::{Report, Status, simulated::Fault};
use chrono::Duration;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use zhihui::{
    app::{App, Role},
    domain::{
        approval::Decision,
        delivery::{Key, State},
        message::{Audience, Draft, Kind},
    },
    hub::{
        Error, Hub, Place, Source,
        send::{draft::Writing, origin::Origin},
    },
    storage::{Db, deliveries, messages},
    web::Web,
};

use super::sending::code;
use crate::{
    schema::run,
    support::{
        TestHub,
        people::{to, to_department},
    },
};

#[tokio::test]
async fn of_many_requests_with_one_key_one_is_carried_out() {
    let test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("zhang", office).await, test.member("li", office).await);
    let hubs = [test.hub.clone(), test.replica().await];
    let asked = (0..8).map(|nth| {
        let (hub, draft) = (hubs[nth % 2].clone(), to(&[&reader], "会议"));
        tokio::spawn(async move { hub.accept(&Source::Person(sender.id), Some("k1"), [1; 32], draft).await.unwrap() })
    });
    let answers = futures_util::future::join_all(asked.collect::<Vec<_>>()).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.duplicate).count(), 1);
    assert_eq!(answers.iter().map(|answer| answer.id).collect::<BTreeSet<_>>().len(), 1);

    let other = hubs[1].accept(&Source::Person(sender.id), Some("k1"), [2; 32], to(&[&reader], "另一会议")).await;
    assert_eq!(code(other), "IDEM_MISMATCH");
    let mut tx = hubs[1].db.read().await.unwrap();
    assert!(messages::find(&mut tx, answers[0].id).await.unwrap().is_some(), "what was answered is committed");
    drop(tx);
    test.end().await;
}

/// One row takes it, the other window keeps a draft of its own; neither loses what was typed.
#[tokio::test]
async fn two_windows_that_save_one_draft_at_once_both_keep_their_words() {
    let test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let writer = test.member("zhang", office).await.id;
    let hubs = [test.hub.clone(), test.replica().await];
    for _ in 0..8 {
        let first = hubs[0].keep_draft(writer, &Origin::default(), writing("一"), &[]).await.unwrap();
        let origin = Origin { message: Some(first.id), saved_at: Some(first.saved_at), ..Origin::default() };
        test.clock.advance(Duration::seconds(1));
        let (one, two) = tokio::join!(
            hubs[0].keep_draft(writer, &origin, writing("二"), &[]),
            hubs[1].keep_draft(writer, &origin, writing("三"), &[])
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_ne!(one.id, two.id);
        assert_eq!([one.is_apart, two.is_apart].iter().filter(|is_apart| **is_apart).count(), 1);
        let mut tx = test.db.read().await.unwrap();
        for (kept, words) in [(one, "二"), (two, "三")] {
            assert_eq!(messages::find(&mut tx, kept.id).await.unwrap().unwrap().body, words);
        }
    }
    test.end().await;
}

fn writing(body: &str) -> Writing {
    Writing {
        kind: Kind::Content,
        title: "会议".to_owned(),
        body: body.to_owned(),
        signature: String::new(),
        url: None,
        audience: Audience::default(),
        send_rule: "inbox".to_owned(),
        category: String::new(),
        receipt: None,
        send_at: None,
        attributes: serde_json::json!({}),
    }
}

#[tokio::test]
async fn of_eight_deciders_one_decides_and_the_others_hear_who() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("clerk", office).await;
    let heads = test.members(&["h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7"], office, true).await;
    let accounts: Vec<_> = (0..60).map(|nth| format!("staff{nth}")).collect();
    test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    test.sends(&sender, to_department("jwc", "全体会议")).await.unwrap();
    let approval = test.waiting_for(&heads[0]).await.expect("an approval waits");
    let hubs = [test.hub.clone(), test.replica().await];
    let decided = heads.iter().enumerate().map(|(nth, head)| {
        let (hub, who) = (hubs[nth % 2].clone(), head.id);
        let decision = if nth % 3 == 0 { Decision::Reject } else { Decision::Approve };
        tokio::spawn(async move { hub.decide(who, approval, decision, "同意或不同意").await })
    });
    let answers = futures_util::future::join_all(decided.collect::<Vec<_>>()).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().map(Result::unwrap).partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for answer in lost {
        assert_eq!(code(answer), "APPR_DONE");
    }
    test.settle().await;
    test.end().await;
}

#[tokio::test]
async fn a_decision_and_a_recall_at_once_do_not_block_each_other() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let head = test.head("chief", office).await;
    let sender = test.member("clerk", office).await;
    let accounts: Vec<_> = (0..60).map(|nth| format!("staff{nth}")).collect();
    test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let other = test.replica().await;
    for round in 0..10 {
        let title = format!("第 {round} 次会议");
        let message = test.sends(&sender, to_department("jwc", &title)).await.unwrap().id;
        let approval = test.waiting_for(&head).await.expect("an approval waits");
        let source = Source::Person(sender.id);
        let (decided, recalled) =
            tokio::join!(test.decide(head.id, approval, Decision::Approve, ""), other.recall(&source, message));
        recalled.unwrap();
        match decided {
            Ok(_) => {}
            Err(Error::Problem(problem)) => assert_eq!(problem.code, "APPR_STALE"),
            Err(other) => panic!("{other:?}"),
        }
        test.settle().await;
    }
    test.end().await;
}

#[tokio::test]
async fn two_replicas_start_a_schedule_and_a_step_once() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let accounts: Vec<_> = (0..10).map(|nth| format!("reader{nth}")).collect();
    let readers = test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let other = test.replica().await;
    let at = Some(test.clock.now() + Duration::minutes(1));
    for reader in &readers {
        let draft = to(&[reader], "停电通知");
        test.sends(&sender, Draft { send_at: at, send_rule: Some("urgent".to_owned()), ..draft }).await.unwrap();
    }
    for _ in 0..12 {
        test.clock.advance(Duration::minutes(1));
        test.carrier.tick(test.clock.now().timestamp_micros());
        let (here, there) = tokio::join!(test.send_due(), other.send_due());
        assert!(here.unwrap() + there.unwrap() <= 10);
        let (here, there) = tokio::join!(test.fan_out(), other.fan_out());
        here.unwrap();
        there.unwrap();
        test.settle().await;
    }
    let calls = test.sent().into_iter().filter(|line| line.starts_with("voice")).count();
    assert_eq!(calls, 10, "one call for each message");
    test.end().await;
}

/// A step that was taken early for one person has a ticket of its own; when the step is due for
/// everybody, two tickets hold that person.
#[tokio::test]
async fn two_workers_with_one_person_in_both_tickets_send_once() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let (unlucky, reader) = (test.member("li", office).await, test.member("wang", office).await);
    let busy = Fault::Busy429 { retry_after: None };
    for fault in [Fault::Ok, Fault::Refuse { code: "NO_SUCH_NUMBER".to_owned() }, busy] {
        test.carrier.script(&unlucky.phone, fault);
    }
    let draft = Draft { send_rule: Some("urgent".to_owned()), ..to(&[&unlucky, &reader], "停电通知") };
    let message = test.sends(&sender, draft).await.unwrap().id;
    test.settle().await;
    test.after_minutes(5).await;
    test.sent();

    test.clock.advance(Duration::minutes(5));
    test.fan_out().await.unwrap();
    let other = test.replica().await;
    let due = test.queue_tickets().await.unwrap();
    assert_eq!(due.len(), 3, "the second attempt for one, and the step for both");
    test.loses(&due).await;
    test.carrier.script(&unlucky.phone, Fault::Slow(std::time::Duration::from_millis(300)));
    let worked = due.iter().enumerate().map(|(nth, ticket)| [&test.hub, &other][nth % 2].deliver(ticket));
    for done in futures_util::future::join_all(worked).await {
        done.unwrap();
    }
    test.after(Duration::minutes(2)).await;
    assert_eq!(test.sent(), [format!("voice {}", unlucky.phone), format!("voice {}", reader.phone)]);
    for person in [&unlucky, &reader] {
        let key = Key { message, person: person.id, channel: "voice".to_owned(), round: 2 };
        let mut tx = test.db.read().await.unwrap();
        assert_eq!(deliveries::find(&mut tx, &key).await.unwrap().unwrap().state, State::Accepted);
    }
    test.end().await;
}

#[tokio::test]
async fn workers_with_copies_of_a_ticket_at_the_same_moment_send_once() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let accounts: Vec<_> = (0..20).map(|nth| format!("reader{nth}")).collect();
    let readers = test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, true).await;
    let id = if test.db.has_many_writers() { "gen_random_uuid()" } else { "randomblob(16)" };
    for round in 0..5 {
        let draft = Draft { send_rule: Some("sms".to_owned()), ..to(&readers.iter().collect::<Vec<_>>(), "会议") };
        test.sends(&sender, draft).await.unwrap();
        test.fan_out().await.unwrap();
        for _ in 0..2 {
            let copy = format!(
                "insert into ticket (id, message_id, channel, round, first_person, last_person, size, is_priority,
                                     due_at, times_queued)
                 select {id}, message_id, channel, round, first_person, last_person, size, is_priority, due_at, 0
                   from ticket"
            );
            run(&test.db, &copy).await;
        }
        let due = test.queue_tickets().await.unwrap();
        assert_eq!(due.len(), 4);
        test.loses(&due).await;
        for done in futures_util::future::join_all(due.iter().map(|ticket| test.deliver(ticket))).await {
            done.unwrap();
        }
        test.after(Duration::minutes(2)).await;
        assert_eq!(test.sent().len(), readers.len(), "round {round}");
    }
    test.end().await;
}

#[tokio::test]
async fn tickets_that_the_queue_lost_are_queued_again() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("zhang", office).await, test.member("li", office).await);
    let draft = Draft { send_rule: Some("dingtalk".to_owned()), ..to(&[&reader], "会议") };
    test.sends(&sender, draft).await.unwrap();
    test.fan_out().await.unwrap();
    test.forgets_its_queue().await;
    test.after(Duration::seconds(59)).await;
    assert!(test.sent().is_empty(), "the queue is still trusted");
    test.after(Duration::seconds(1)).await;
    assert_eq!(test.sent(), [format!("dingtalk {}", reader.phone)]);
    test.end().await;
}

#[tokio::test]
async fn a_ticket_that_the_storage_failed_comes_back_soon() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("zhang", office).await, test.member("li", office).await);
    let draft = Draft { send_rule: Some("dingtalk".to_owned()), ..to(&[&reader], "会议") };
    test.sends(&sender, draft).await.unwrap();
    test.fan_out().await.unwrap();
    run(&test.db, "alter table delivery rename to delivery_away").await;
    let queued = test.queue_tickets().await.unwrap();
    for ticket in &queued {
        test.work_one(ticket).await;
    }
    run(&test.db, "alter table delivery_away rename to delivery").await;
    test.settle().await;
    assert!(test.sent().is_empty(), "it does not spin");
    test.after(Duration::seconds(5)).await;
    assert_eq!(test.sent(), [format!("dingtalk {}", reader.phone)]);
    test.end().await;
}

#[tokio::test]
async fn an_idle_hub_stops_at_once() {
    let test = TestHub::start().await;
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    test.work(&tasks, &stop);
    tokio::task::yield_now().await;
    stop.cancel();
    tasks.close();
    tokio::time::timeout(std::time::Duration::from_secs(3), tasks.wait()).await.expect("nothing is in hand");
    test.end().await;
}

#[tokio::test]
async fn one_process_works_on_a_file_whatever_its_data_folder() {
    let test = TestHub::start().await;
    let start = async |hub: &Hub| {
        let web = Web::open(hub.clone(), None, Vec::new()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        App::start(hub.clone(), Role::Work, web, listener).await
    };
    let elsewhere = tempfile::tempdir().unwrap();
    let place = Place { data_dir: elsewhere.path().to_owned(), ..Place::clone(&test.place) };
    let second = Hub { place: Arc::new(place), ..test.replica().await };
    let first = start(&test).await.unwrap();
    let refused = start(&second).await.err();
    match test.db {
        Db::Sqlite { .. } => assert!(refused.unwrap().to_string().contains("another zhihui works on")),
        Db::Postgres(_) => assert!(refused.is_none(), "there may be many"),
    }
    first.run_until(std::future::ready(())).await.unwrap();
}

#[tokio::test]
async fn a_provider_that_is_left_alone_costs_no_attempts() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let accounts: Vec<_> = (0..30).map(|nth| format!("reader{nth}")).collect();
    let readers = test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    for reader in &readers {
        test.carrier.script_always(&reader.phone, Fault::Error500);
    }
    let draft = to(&readers.iter().collect::<Vec<_>>(), "会议");
    let message = test.sends(&sender, Draft { send_rule: Some("dingtalk".to_owned()), ..draft }).await.unwrap().id;
    test.settle().await;
    for _ in 0..20 {
        test.after(Duration::seconds(10)).await;
    }
    let key = Key { message, person: readers[0].id, channel: "dingtalk".to_owned(), round: 0 };
    let mut tx = test.db.read().await.unwrap();
    let delivery = deliveries::find(&mut tx, &key).await.unwrap().unwrap();
    assert_eq!((delivery.state, delivery.attempts), (State::Ready, 1), "it waits with its attempts kept");
    drop(tx);
    test.end().await;
}

/// Every order of these words of a provider, each said twice, ends at the same state and never
/// goes back on the way.
#[tokio::test]
async fn reports_in_any_order_end_at_the_same_state() {
    let words = [Status::Delivered, Status::Undelivered, Status::Answered, Status::Read];
    let orders = permutations(&words);
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let accounts: Vec<_> = (0..orders.len()).map(|nth| format!("reader{nth}")).collect();
    let readers = test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let draft = to(&readers.iter().collect::<Vec<_>>(), "会议");
    let message = test.sends(&sender, Draft { send_rule: Some("dingtalk".to_owned()), ..draft }).await.unwrap().id;
    test.settle().await;
    for (reader, order) in readers.iter().zip(&orders) {
        let key = Key { message, person: reader.id, channel: "dingtalk".to_owned(), round: 0 };
        let mut rank = State::Accepted.rank();
        for status in order.iter().flat_map(|status| [status, status]) {
            let report =
                Report { key: key.to_string(), reference: None, status: *status, detail: String::new(), pressed: None };
            test.take_reports("dingtalk", vec![report]).await.unwrap();
            let mut tx = test.db.read().await.unwrap();
            let now = deliveries::find(&mut tx, &key).await.unwrap().unwrap().state;
            assert!(now.rank() >= rank, "{order:?} went back to {now}");
            rank = now.rank();
        }
        assert_eq!(rank, State::Delivered.rank(), "{order:?}");
    }
    test.end().await;
}

fn permutations(words: &[Status]) -> Vec<Vec<Status>> {
    if words.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |nth: usize| {
        let rest: Vec<_> = words.iter().enumerate().filter(|(at, _)| *at != nth).map(|(_, word)| *word).collect();
        permutations(&rest).into_iter().map(move |order| [vec![words[nth]], order].concat()).collect::<Vec<_>>()
    };
    (0..words.len()).flat_map(with_first).collect()
}
