//! Sending, scheduling, reading, answering, recalling.

use chrono::Duration;
use zhihui::{
    domain::{
        MessageId,
        message::{Audience, Draft, ReceiptRequest, State},
        seal,
    },
    hub::{Error, Source, engine::forget},
    storage::{inbox, intake, messages, sessions},
};

use crate::support::{
    TestHub,
    people::{Actor, draft, to, to_department},
};

/// The code of a refusal.
pub fn code<T>(result: zhihui::hub::Result<T>) -> &'static str {
    match result {
        Err(Error::Problem(problem)) => problem.code,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("was not refused"),
    }
}

async fn unread(test: &TestHub, person: &Actor) -> i64 {
    let mut tx = test.db.read().await.unwrap();
    inbox::count(&mut tx, person.id, test.hub.clock.now()).await.unwrap().unread
}

#[tokio::test]
async fn somebody_named_twice_gets_one_copy() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let reader = test.member("li", office).await;
    let mut twice = to_department("jwc", "教学工作会议");
    twice.audience.people = vec!["li".to_owned(), "li".to_owned()];

    let answer = test.sends(&sender, twice).await.unwrap();
    assert_eq!((answer.recipients, answer.repeated), (2, 1));
    test.settle().await;
    assert_eq!(unread(&test, &reader).await, 1);
    test.end().await;
}

#[tokio::test]
async fn a_scheduled_message_goes_out_at_its_time_and_not_before() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let reader = test.member("li", office).await;
    let at = test.clock.now() + Duration::hours(1);

    let answer = test.sends(&sender, Draft { send_at: Some(at), ..to(&[&reader], "明天停水") }).await.unwrap();
    assert_eq!(answer.state, State::Scheduled);
    test.after_minutes(59).await;
    assert_eq!(unread(&test, &reader).await, 0);
    test.after_minutes(1).await;
    assert_eq!(unread(&test, &reader).await, 1);
    test.end().await;
}

#[tokio::test]
async fn what_is_due_long_ago_waits_for_its_sender() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let reader = test.member("li", office).await;
    let at = test.clock.now() + Duration::hours(1);

    let answer = test.sends(&sender, Draft { send_at: Some(at), ..to(&[&reader], "今晚停水") }).await.unwrap();
    test.clock.advance(Duration::hours(5));
    test.settle().await;
    assert_eq!(unread(&test, &reader).await, 0, "nothing is sent late in silence");
    assert_eq!(unread(&test, &sender).await, 1, "the sender is asked");
    test.release(&Source::Person(sender.id), None, answer.id).await.unwrap();
    test.settle().await;
    assert_eq!(unread(&test, &reader).await, 1);
    test.end().await;
}

#[tokio::test]
async fn a_receipt_is_given_once_and_其他_needs_words() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let reader = test.member("li", office).await;
    let receipt = Some(ReceiptRequest { options: vec!["参加".to_owned()], due_at: None });

    let message = test.sends(&sender, Draft { receipt, ..to(&[&reader], "会议") }).await.unwrap().id;
    test.settle().await;
    assert_eq!(code(test.answers(&reader, message, "其他", " ").await), "RECEIPT_OPT");
    assert_eq!(code(test.answers(&reader, message, "不知道", "").await), "RECEIPT_OPT");
    test.answers(&reader, message, "其他", "请张明代为参加").await.unwrap();
    assert_eq!(code(test.answers(&reader, message, "参加", "").await), "RECEIPT_DONE");
    assert_eq!(code(test.answers(&sender, message, "参加", "").await), "NOT_FOUND");
    assert_eq!(unread(&test, &reader).await, 0, "answering is reading");
    test.end().await;
}

#[tokio::test]
async fn a_recalled_message_is_gone_and_nothing_more_goes_out() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let reader = test.member("li", office).await;
    let urgent = Draft { send_rule: Some("urgent".to_owned()), ..to(&[&reader], "停电通知") };

    let message = test.sends(&sender, urgent).await.unwrap().id;
    test.settle().await;
    assert_eq!(code(test.recall(&Source::Person(reader.id), message).await), "NOT_FOUND");
    test.recall(&Source::Person(sender.id), message).await.unwrap();
    test.sent();
    test.after_minutes(60).await;
    assert!(test.sent().is_empty());
    assert_eq!(unread(&test, &reader).await, 0);
    assert_eq!(code(test.recall(&Source::Person(sender.id), message).await), "STATE");
    assert_eq!(code(test.answers(&reader, message, "参加", "").await), "MSG_RECALLED");
    test.end().await;
}

#[tokio::test]
async fn the_same_key_and_body_get_the_same_answer_and_another_body_is_refused() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let reader = test.member("li", office).await;
    let source = Source::Person(sender.id);

    let first = test.accept(&source, Some("k1"), [1; 32], to(&[&reader], "一")).await.unwrap();
    let again = test.accept(&source, Some("k1"), [1; 32], to(&[&reader], "一")).await.unwrap();
    assert_eq!((again.id, again.duplicate), (first.id, true));
    assert_eq!(code(test.accept(&source, Some("k1"), [2; 32], to(&[&reader], "二")).await), "IDEM_MISMATCH");
    test.settle().await;
    assert_eq!(unread(&test, &reader).await, 1);
    test.end().await;
}

#[tokio::test]
async fn nobody_and_strangers_are_refused_without_telling_who_exists() {
    let test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    assert_eq!(code(test.sends(&sender, draft("空", Audience::default())).await), "RCPT_NONE");
    let stranger = Audience { people: vec!["zhang".to_owned(), "nobody".to_owned()], ..Audience::default() };
    match test.sends(&sender, draft("错", stranger)).await {
        Err(Error::Problem(problem)) => {
            assert_eq!((problem.code, problem.field.as_str()), ("RCPT_NOT_VISIBLE", "/audience/people/1"));
        }
        other => panic!("{other:?}"),
    }
    test.end().await;
}

#[tokio::test]
async fn a_message_is_sent_when_its_first_round_has_ended_everywhere() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let reader = test.member("li", office).await;
    let draft = Draft { send_rule: Some("dingtalk".to_owned()), ..to(&[&reader], "会议") };
    let message = test.sends(&sender, draft).await.unwrap().id;
    test.settle().await;
    let mut tx = test.db.read().await.unwrap();
    let message = messages::find(&mut tx, message).await.unwrap().unwrap();
    assert_eq!(message.state, State::Sent);
    drop(tx);
    assert_eq!(zhihui::hub::engine::seal::verify(&test.db).await.unwrap(), None);
    test.end().await;
}

#[tokio::test]
async fn however_many_keys_are_old_they_are_forgotten_in_one_pass() {
    let test = TestHub::start().await;
    let mut tx = test.db.begin().await.unwrap();
    for nth in 0..2_100 {
        let at = test.clock.now() + Duration::seconds(i64::from(nth % 2));
        assert!(intake::take(&mut tx, "hub", &format!("k{nth}"), &[1; 32], MessageId::new(), at).await.unwrap());
    }
    let young = test.clock.now() + Duration::days(1);
    assert!(intake::take(&mut tx, "hub", "young", &[1; 32], MessageId::new(), young).await.unwrap());
    tx.commit().await.unwrap();
    test.clock.advance(forget::KEYS + Duration::minutes(1));
    assert_eq!(test.forget().await.unwrap(), 2_100);
    let mut tx = test.db.read().await.unwrap();
    assert!(intake::find(&mut tx, "hub", "young").await.unwrap().is_some());
    drop(tx);
    // These keys answered for nothing.
    test.close().await;
}

#[tokio::test]
async fn a_key_is_known_for_a_month_and_then_forgotten_with_old_sessions() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("zhang", office).await, test.member("li", office).await);
    let source = Source::Person(sender.id);
    let send = async |test: &TestHub| test.accept(&source, Some("k"), [1; 32], to(&[&reader], "通知")).await.unwrap();
    let first = send(&test).await;
    let (_, token_hash) = seal::token();
    let opening = sessions::Opening {
        token_hash: &token_hash,
        person: reader.id,
        csrf: "",
        at: test.clock.now(),
        expires_at: test.clock.now() + Duration::hours(12),
    };
    let mut tx = test.db.begin().await.unwrap();
    sessions::insert(&mut tx, &opening).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(test.forget().await.unwrap(), 0);
    test.after(Duration::days(8)).await;
    assert_eq!(test.forget().await.unwrap(), 1, "the session");
    assert_eq!(test.forget().await.unwrap(), 0);
    test.after(Duration::days(21)).await;
    assert_eq!(test.forget().await.unwrap(), 0);
    assert_eq!(send(&test).await.id, first.id);
    test.after(Duration::days(2)).await;
    assert_eq!(test.replica().await.forget().await.unwrap(), 1, "the key");
    assert_ne!(send(&test).await.id, first.id);
    test.after(Duration::minutes(59)).await;
    assert_eq!(test.forget().await.unwrap(), 0, "once an hour, whoever does it");
    test.end().await;
}
