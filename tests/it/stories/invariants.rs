//! The checker finds what it is there to find: a small world in which every promise was kept is
//! damaged on purpose, one row at a time.

use chrono::Duration;
use zhihui::{
    domain::{
        MessageId, PersonId, approval,
        command::RemindTo,
        delivery::{self, Key},
        message::{Draft, ReceiptRequest, Recurrence},
        quota::Mode,
    },
    hub::{
        Source,
        check::{
            invariants::{Violation, check, check_quiet},
            witness::{Seen, Told, check_provider, check_told},
        },
    },
    storage::approvals,
};

use crate::{
    schema::run,
    stories::quotas::allow,
    support::{
        TestHub, morning,
        people::{to, to_department},
    },
};

/// What a promise must be held against by now; the others need what is still to be built.
const PROMISED: [&str; 16] =
    ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I12", "I19", "I22", "I23", "I26"];
/// Those whose breach takes more than a changed row: the tests after the first.
const SHOWN_APART: [&str; 4] = ["I2", "I5", "I10", "I26"];

/// Every table that a damage touches, those that others refer to first.
const TABLES: [&str; 16] = [
    "message",
    "recipient",
    "inbox",
    "delivery",
    "ticket",
    "wave",
    "outbox",
    "audit",
    "approval",
    "approval_seat",
    "approval_delegation",
    "receipt",
    "reminder",
    "series",
    "quota_month",
    "quota_entry",
];

/// What is damaged, the promise that is then broken, and a piece of what the checker says.
const DAMAGES: &[(&str, &str, &str)] = &[
    (
        "I1",
        "people did not get it",
        "delete from inbox where person_id = (select person_id from inbox order by 1 limit 1)",
    ),
    ("I1", "is not there", "delete from message where state = 'recalled'"),
    (
        "I3",
        "was not meant for",
        "insert into inbox (message_id, person_id, arrived_at)
         select message.id, person.id, message.sent_at from message, person
          where message.state = 'sent' and not exists (
                select 1 from recipient where message_id = message.id and person_id = person.id) limit 1",
    ),
    ("I3", "does not say any more", "update message set title = 'another' where recipients > 50"),
    (
        "I3",
        "to whom it was accepted for",
        "delete from recipient where person_id = (select person_id from inbox order by 1 limit 1)",
    ),
    ("I3", "deliveries about people", "delete from recipient where message_id in (select message_id from delivery)"),
    ("I12", "number of recipients", "update message set recipients = recipients + 1 where state = 'sent'"),
    ("I12", "another number of SMS", "update quota_entry set pieces = pieces + 1"),
    ("I12", "not the sum", "update quota_month set pieces = pieces + 1"),
    ("I12", "not the sum", "delete from quota_month"),
    ("I22", "still hold SMS", "update quota_entry set settled_at = null"),
    ("I4", "nobody will work on", "update delivery set state = 'ready'"),
    ("I4", "are on their way", "update delivery set state = 'sending'"),
    ("I4", "not a delivery for everybody", "delete from delivery where channel = 'sms'"),
    ("I4", "not a delivery for everybody", "delete from delivery where channel = 'voice'"),
    (
        "I4",
        "not a delivery for everybody",
        "delete from delivery where message_id in (select id from message where recipients > 50)",
    ),
    (
        "I4",
        "not a delivery for everybody",
        "delete from delivery where (message_id, person_id) in (
            select message_id, person_id from recipient
             where message_id in (select id from message where recipients > 50) order by 1, 2 limit 1)",
    ),
    ("I4", "everybody who was reminded", "delete from delivery where round = 1000"),
    (
        "I4",
        "everybody who was reminded",
        "delete from delivery where round = 1000 and (message_id, person_id) in (
            select message_id, person_id from delivery where round = 1000 order by 1, 2 limit 1)",
    ),
    ("I4", "everybody who was reminded", "update reminder set people = people + 1"),
    ("I4", "nobody had asked for it", "update delivery set round = 1001 where round = 1000"),
    ("I4", "without an attempt", "update delivery set fired_at = null where state = 'accepted'"),
    ("I4", "without a time", "update delivery set done_at = null where state = 'accepted'"),
    ("I7", "without consent to just that", "update approval set content_hash = snapshot_hash"),
    ("I7", "without consent to just that", "update approval set state = 'pending'"),
    ("I7", "reached inboxes before", "update approval set decided_at = '2027-01-01T00:00:00+00:00'"),
    ("I7", "left the hub before", "update approval set decided_at = '2027-01-01T00:00:00+00:00'"),
    (
        "I7",
        "its own sender",
        "update approval set decided_by = (select sender_id from message where id = approval.message_id)",
    ),
    ("I7", "who was not asked", "delete from approval_seat"),
    ("I7", "before every node had agreed", "update approval set last_node = last_node + 1"),
    ("I7", "without somebody who had to", "update approval_seat set state = 'spared', is_needed = true"),
    ("I7", "somebody is still asked", "update approval_seat set state = 'waiting'"),
    ("I7", "not his deputy", "update approval_seat set decided_by = approval_id where decided_by is not null"),
    (
        "I7",
        "more than once",
        "insert into approval select message_id, message_id, message_version, content_hash, snapshot_hash, rule_name,
                state, created_at, decided_at, decided_by, opinion, nodes, node, last_node, is_returned from approval",
    ),
    ("I8", "inboxes after it was recalled", "update inbox set arrived_at = '2027-01-01T00:00:00+00:00'"),
    ("I8", "left the hub after it was recalled", "update delivery set fired_at = '2027-01-01T00:00:00+00:00'"),
    ("I8", "after it was deleted", "update message set deleted_at = '2026-01-01T00:00:00+00:00' where state = 'sent'"),
    ("I9", "inboxes before it was sent", "update inbox set arrived_at = '2026-01-01T00:00:00+00:00'"),
    ("I9", "left the hub before it was sent", "update delivery set fired_at = '2026-01-01T00:00:00+00:00'"),
    ("I9", "before its time", "update message set send_at = '2027-01-01T00:00:00+00:00' where send_at is not null"),
    ("I9", "half an hour late", "update message set send_at = '2026-01-01T00:00:00+00:00' where send_at is not null"),
    ("I9", "were not started", "update message set state = 'scheduled' where send_at is not null"),
    (
        "I9",
        "another at the same time",
        "update message set series_id = (select id from series), send_at = (select min(send_at) from message
                                                                            where series_id is not null)
          where recipients > 50",
    ),
    ("I9", "a series that is not there", "delete from series"),
    (
        "I9",
        "an earlier one its last",
        "update series set run_id = (select id from message where series_id is not null order by send_at limit 1)",
    ),
    ("I9", "an earlier one its last", "update series set run_at = '2026-01-01T00:00:00+00:00'"),
    ("I9", "and no run of it", "update message set series_id = null"),
    (
        "I9",
        "or not at the next one",
        "update message set send_at = '2026-11-20T03:01:00+00:00' where series_id is not null and state = 'sent'",
    ),
    (
        "I9",
        "or not at the next one",
        "update message set send_at = '2026-11-27T02:01:00+00:00' where series_id is not null and state = 'scheduled'; update series set run_at = '2026-11-27T02:01:00+00:00'",
    ),
    ("I9", "got no other", "update series set run_at = created_at"),
    ("I11", "somebody who did not get it", "delete from inbox where message_id in (select message_id from receipt)"),
    ("I11", "其他 without words", "update receipt set option = '其他'"),
    ("I19", "once as submitted", "delete from audit where verb = 'message.submit'"),
    ("I19", "once as recalled", "delete from audit where verb = 'message.recall'"),
    ("I19", "once as recalled", "update message set state = 'recalled', recalled_at = sent_at where recipients > 50"),
    ("I19", "once as sent", "delete from audit where verb = 'message.finish'"),
    ("I19", "to its inboxes", "delete from audit where verb = 'message.fan_out'"),
    ("I19", "nobody noted why", "delete from audit where verb = 'message.start'"),
    ("I19", "decisions that were not noted", "delete from audit where verb = 'approval.decide'"),
    ("I11", "nor called in his place", "update receipt set answered_by = message_id"),
    ("I19", "answers that were not noted", "delete from audit where verb = 'receipt.submit'"),
    ("I19", "under the name", "update audit set actor = 'person:nobody' where verb = 'receipt.submit'"),
    (
        "I19",
        "has reminders that were not noted",
        "insert into reminder (message_id, nth, at, people) select id, 9, created_at, 1 from message limit 1",
    ),
    ("I19", "does not fit its seals", "update audit set actor = 'person:nobody' where verb = 'approval.decide'"),
    ("I19", "does not fit its seals", "delete from audit where seal_no = 3"),
    ("I19", "were not sealed", "update audit set seal_no = null where seal_no = (select max(seal_no) from audit)"),
    (
        "I22",
        "a worker that is gone",
        "insert into ticket (id, message_id, channel, round, first_person, last_person, is_priority, due_at,
                             times_queued, lease_until, size)
         select id, id, 'sms', 0, id, id, false, created_at, 1, created_at, 1 from message limit 1",
    ),
    (
        "I22",
        "not put on the queue",
        "insert into ticket (id, message_id, channel, round, first_person, last_person, is_priority, due_at,
                             times_queued, size)
         select id, id, 'sms', 0, id, id, false, created_at, 0, 1 from message limit 1",
    ),
    ("I22", "due waves", "insert into wave (message_id, round, due_at) select id, 0, created_at from message limit 1"),
    ("I6", "due steps", "insert into wave (message_id, round, due_at) select id, 7, created_at from message limit 1"),
    (
        "I6",
        "chased people",
        "update inbox set read_at = '2026-01-01T00:00:00+00:00'; update delivery set unless = 'read'",
    ),
    (
        "I23",
        "that the queue lost",
        "insert into ticket (id, message_id, channel, round, first_person, last_person, is_priority, due_at,
                             times_queued, size, queued_until)
         select id, id, 'sms', 0, id, id, false, created_at, 1, 1, created_at from message limit 1",
    ),
    (
        "I22",
        "not published",
        "insert into outbox (id, kind, event, created_at) select id, 'x', '{}', created_at from message limit 1",
    ),
    ("I22", "not called sent", "update message set state = 'sending' where state = 'sent'"),
];

/// A broadcast that was agreed to, an answer, a scheduled message, a series, a recalled one and one
/// that was chased, all done but the next run.
async fn world() -> TestHub {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    allow(&test, office, 1_000, Mode::Strict).await;
    let head = test.head("chief", office).await;
    let sender = test.member("clerk", office).await;
    let reader = test.member("reader", office).await;
    let accounts: Vec<_> = (0..60).map(|nth| format!("staff{nth}")).collect();
    test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let by = |rule: &str, draft: Draft| Draft { send_rule: Some(rule.to_owned()), ..draft };

    test.sends(&sender, by("dingtalk", to_department("jwc", "全体会议"))).await.unwrap();
    test.after(Duration::seconds(1)).await;
    test.approves(&head).await.unwrap();
    let receipt = Some(ReceiptRequest { options: vec!["参加".to_owned()], due_at: None });
    let asking = test.sends(&sender, Draft { receipt, ..to(&[&reader], "会议") }).await.unwrap().id;
    let at = Some(test.clock.now() + Duration::minutes(2));
    test.sends(&sender, Draft { send_at: at, ..to(&[&reader], "明天停水") }).await.unwrap();
    let recurrence = Some(Recurrence {
        // A minute from now: the first is out at the end, the second waits for tomorrow.
        cron: "0 1 10 * * *".to_owned(),
        timezone: "Asia/Shanghai".to_owned(),
        until: None,
        next_local: None,
    });
    test.sends(&sender, Draft { recurrence, ..to(&[&reader], "每日巡查") }).await.unwrap();
    let source = Source::Person(sender.id);
    let urgent = by("urgent", to(&[&reader], "停电通知"));
    let wrong = test.accept(&source, Some("k1"), [1; 32], urgent).await.unwrap().id;
    test.sends(&sender, by("sms", to(&[&reader, &head], "停课通知"))).await.unwrap();
    let chased = test.sends(&sender, by("urgent", to(&[&reader, &head], "台风警报"))).await.unwrap().id;
    test.read(head.id, chased, "web").await.unwrap();
    test.after_minutes(3).await;
    test.answers(&reader, asking, "参加", "").await.unwrap();
    let everybody = RemindTo::Accounts(vec!["reader".to_owned(), "chief".to_owned()]);
    assert_eq!(test.remind(&source, None, chased, &everybody).await.unwrap().people, 2);
    test.recall(&source, wrong).await.unwrap();
    test.after_minutes(30).await;
    assert_eq!(check_quiet(&test).await.unwrap(), []);
    test
}

fn says(found: &[Violation], id: &str, words: &str) -> bool {
    found.iter().any(|violation| violation.id == id && violation.what.contains(words))
}

#[test]
fn no_promise_is_without_a_breach_that_is_found() {
    let shown: Vec<_> = DAMAGES.iter().map(|(id, ..)| *id).chain(SHOWN_APART).collect();
    let missing: Vec<_> = PROMISED.iter().filter(|id| !shown.contains(id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn every_damage_is_found() {
    let test = world().await;
    for table in TABLES {
        run(&test.db, &format!("create table kept_{table} as select * from {table}")).await;
    }
    let mut missed = Vec::new();
    for (id, words, damage) in DAMAGES {
        run(&test.db, damage).await;
        let found = check_quiet(&test).await.unwrap();
        if !says(&found, id, words) {
            missed.push((damage, found));
        }
        for table in TABLES.iter().rev() {
            run(&test.db, &format!("delete from {table}")).await;
        }
        for table in TABLES {
            run(&test.db, &format!("insert into {table} select * from kept_{table}")).await;
        }
    }
    assert!(missed.is_empty(), "not found: {missed:#?}");
    assert_eq!(check_quiet(&test).await.unwrap(), [], "the world is whole again");

    run(&test.db, "drop table inbox; alter table kept_inbox rename to inbox").await;
    run(&test.db, "insert into inbox select * from inbox limit 1").await;
    assert!(says(&check(&test).await.unwrap(), "I2", "twice"), "a table that has lost its key");
    test.close().await;
}

/// The last line that left the hub of a message to so many.
fn line_to(log: &[Seen], people: usize) -> Seen {
    let message = |seen: &Seen| seen.key.parse::<Key>().unwrap().message;
    let is_it = |seen: &&Seen| log.iter().filter(|other| message(other) == message(seen)).count() == people;
    log.iter().rfind(is_it).expect("it left the hub").clone()
}

#[tokio::test]
async fn what_the_providers_saw_is_held_against_the_database() {
    let test = world().await;
    let log = test.witnessed();
    assert_eq!(check_provider(&test, &log).await.unwrap(), []);
    let (line, recalled) = (line_to(&log, 63), line_to(&log, 1));
    let early = Seen { at: morning(), ..line.clone() };
    let late = Seen { at: morning() + Duration::minutes(5), ..recalled.clone() };
    let known = line.key.parse::<Key>().unwrap();
    let chased = Seen { at: test.clock.now() + Duration::minutes(1), ..line.clone() };
    let all_of_it = "update delivery set unless = 'read'
                      where message_id in (select message_id from delivery group by message_id having count(*) > 60)";
    run(&test.db, all_of_it).await;
    test.read(known.person, known.message, "web").await.unwrap();
    let stranger = Key { person: PersonId::new(), ..known }.to_string();
    for (seen, id, words) in [
        (early, "I7", "before it was allowed to"),
        (late, "I8", "after it was recalled"),
        (chased, "I6", "after it was read"),
        (Seen { key: stranger, ..line.clone() }, "I4", "is not in the database"),
        (Seen { key: "nonsense".to_owned(), ..line.clone() }, "I4", "no delivery of ours"),
    ] {
        let found = check_provider(&test, &[seen]).await.unwrap();
        assert!(says(&found, id, words), "{found:?}");
    }
    test.end().await;
}

#[tokio::test]
async fn a_second_call_is_found() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("clerk", office).await, test.member("reader", office).await);
    let urgent = Draft { send_rule: Some("urgent".to_owned()), ..to(&[&reader], "停电通知") };
    test.sends(&sender, urgent).await.unwrap();
    test.after_minutes(5).await;
    test.after_minutes(5).await;
    let log = test.witnessed();
    let twice = |channel: &str| {
        let seen: Vec<_> = log.iter().filter(|seen| seen.channel == channel).cloned().collect();
        [seen.clone(), seen].concat()
    };
    for (channel, id) in [("sms", "I4"), ("voice", "I5")] {
        let found = check_provider(&test, &twice(channel)).await.unwrap();
        assert!(says(&found, id, "2 times"), "{channel}: {found:?}");
    }
    assert_eq!(check_provider(&test, &twice("dingtalk")).await.unwrap(), [], "DingTalk drops a second one by itself");
    test.end().await;
}

#[tokio::test]
async fn what_was_answered_for_and_is_not_there_is_found() {
    let test = world().await;
    let key = line_to(&test.witnessed(), 63).key.parse::<Key>().unwrap();
    let stranger = Key { person: PersonId::new(), ..key.clone() };
    let mut tx = test.db.read().await.unwrap();
    let asked = approvals::list_of_message(&mut tx, key.message).await.unwrap()[0].id;
    drop(tx);
    let kept = [
        Told::Accepted(key.message),
        Told::Decided(asked, approval::State::Approved),
        Told::Reported(key.clone(), delivery::State::Accepted),
    ];
    assert_eq!(check_told(&test, &kept).await.unwrap(), []);
    for (told, id) in [
        (Told::Accepted(MessageId::new()), "I1"),
        (Told::Recalled(key.message), "I26"),
        (Told::Decided(asked, approval::State::Rejected), "I26"),
        (Told::Reported(key, delivery::State::Delivered), "I10"),
        (Told::Reported(stranger, delivery::State::Accepted), "I10"),
    ] {
        let found = check_told(&test, std::slice::from_ref(&told)).await.unwrap();
        assert_eq!(found.iter().map(|broken| broken.id).collect::<Vec<_>>(), [id], "{told:?}");
    }
    test.end().await;
}
