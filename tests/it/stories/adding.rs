//! 新增发送人 and 重新发送: more people for a message that is out, and the same people once more.

use chrono::Duration;
use zhihui::{
    domain::{
        MessageId,
        command::{RemindTo, ResendTo},
        message::{Audience, Draft, State},
    },
    hub::{
        Once, Result, Source,
        follow::{add_recipients::Added, recycle::Discard},
    },
    storage::reached::Wanted,
};

use super::sending::code;
use crate::support::{
    TestHub, count,
    people::{Actor, to},
};

fn people(actors: &[&Actor]) -> Audience {
    Audience { people: actors.iter().map(|actor| actor.account.clone()).collect(), ..Audience::default() }
}

/// 王 has sent something over DingTalk, and after 30 unread minutes by text message, to 李.
async fn sent(test: &mut TestHub) -> (Actor, Vec<Actor>, MessageId) {
    let office = test.department("jwc", None).await;
    let sender = test.member("wang", office).await;
    let readers = test.members(&["li", "zhao", "qian"], office, false).await;
    let draft = Draft { send_rule: Some("dingtalk_then_sms".to_owned()), ..to(&[&readers[0]], "停水通知") };
    let id = test.sends(&sender, draft).await.unwrap().id;
    test.settle().await;
    test.sent();
    (sender, readers, id)
}

async fn adds(test: &TestHub, sender: &Actor, id: MessageId, audience: Audience) -> Result<Added> {
    test.add_recipients(&Source::Person(sender.id), None, id, audience).await
}

/// MO-13, B-16
#[tokio::test]
async fn whoever_is_added_gets_it_and_nobody_gets_it_twice() {
    let mut test = TestHub::start().await;
    let (sender, readers, id) = sent(&mut test).await;
    let added = adds(&test, &sender, id, people(&[&readers[0], &readers[1]])).await.unwrap();
    assert_eq!((added.state, added.recipients, added.already, added.approval), (State::Sending, 1, 1, None));
    test.settle().await;
    assert_eq!(test.sent(), [format!("dingtalk {}", readers[1].phone)]);
    // Added to the addition is added to the message.
    let more = adds(&test, &sender, added.id, people(&[&readers[1], &readers[2]])).await.unwrap();
    assert_eq!((more.adds_to, more.recipients, more.already), (id, 1, 1));
    assert_eq!(code(adds(&test, &sender, id, people(&[&readers[1]])).await), "RCPT_NONE");
    assert_eq!(code(adds(&test, &readers[0], id, people(&[&readers[1]])).await), "NOT_FOUND");
    test.settle().await;
    test.sent();

    // Its sender sees one message with three people.
    test.reads(&readers[1], added.id).await;
    let source = Source::Person(sender.id);
    let status = test.message_status(&source, id).await.unwrap();
    assert_eq!((status.tally.people, status.tally.totals.arrived, status.tally.totals.read), (3, 3, 1));
    let all = Wanted { bucket: zhihui::domain::delivery::Bucket::All, search: "", after: readers[0].id };
    let (listed, next) = test.message_deliveries(&source, id, all, 10).await.unwrap();
    assert!(next.is_none() && listed.len() == 2 && listed.iter().all(|each| each.tries.len() == 1), "{listed:?}");

    // Unread after half an hour, those who were added get the text message as the others do.
    test.after_minutes(30).await;
    let mut unread: Vec<_> = [&readers[0], &readers[2]].map(|reader| format!("sms {}", reader.phone)).into();
    unread.sort();
    assert_eq!(test.sent(), unread);
    // And a reminder is for all of them.
    let reminded = test.remind(&source, None, id, &RemindTo::Unread).await.unwrap();
    assert_eq!(reminded.people, 2);
    test.settle().await;
    test.end().await;
}

/// B-02: nothing goes to those who are added before somebody has agreed to all of them together.
#[tokio::test]
async fn an_addition_that_widens_the_audience_too_far_waits_for_consent() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (head, sender) = (test.head("chief", office).await, test.member("clerk", office).await);
    let accounts: Vec<_> = (0..55).map(|nth| format!("staff{nth:02}")).collect();
    let staff = test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let (some, others) = staff.split_at(45);
    let of = |actors: &[Actor]| people(&actors.iter().collect::<Vec<_>>());
    let draft = to(&some.iter().collect::<Vec<_>>(), "值班安排");
    let id = test.sends(&sender, draft).await.unwrap().id;
    test.settle().await;
    assert_eq!(adds(&test, &sender, id, of(&others[..4])).await.unwrap().state, State::Sending, "49 are no mass mail");
    let added = adds(&test, &sender, id, of(&others[4..6])).await.unwrap();
    assert_eq!((added.state, added.recipients), (State::PendingApproval, 2), "51 are");
    let waits = adds(&test, &sender, id, of(&others[4..6])).await;
    assert_eq!(code(waits), "RCPT_NONE", "they are asked for already");
    test.settle().await;
    let reached = |status: zhihui::hub::follow::status::MessageStatus| status.tally.totals.arrived;
    let source = Source::Person(sender.id);
    assert_eq!(reached(test.message_status(&source, id).await.unwrap()), 49);
    assert_eq!(
        code(test.decide(sender.id, added.approval.unwrap().id, zhihui::domain::approval::Decision::Approve, "").await),
        "NOT_FOUND"
    );
    assert_eq!(test.rejects(&head, "人数过多").await.unwrap(), State::Rejected);
    test.settle().await;
    assert_eq!(reached(test.message_status(&source, id).await.unwrap()), 49, "it is dropped");

    let again = adds(&test, &sender, id, of(&others[4..6])).await.unwrap();
    assert_eq!(test.approves(&head).await.unwrap(), State::Sending);
    test.settle().await;
    assert_eq!(reached(test.message_status(&source, id).await.unwrap()), 51);
    assert_eq!(reached(test.message_status(&source, again.id).await.unwrap()), 2);
    test.end().await;
}

/// MO-04, MO-07
#[tokio::test]
async fn what_was_added_is_recalled_and_deleted_with_the_message() {
    let mut test = TestHub::start().await;
    let (sender, readers, id) = sent(&mut test).await;
    let source = Source::Person(sender.id);
    let added = adds(&test, &sender, id, people(&[&readers[1]])).await.unwrap().id;
    test.settle().await;
    assert!(test.discard(&source, id, Discard::Delete).await.unwrap());
    assert_eq!(code(adds(&test, &sender, id, people(&[&readers[2]])).await), "DELETED");
    let answered = test.answers(&readers[1], added, "收到", "").await;
    assert_eq!(code(answered), "MSG_DELETED");
    assert!(test.discard(&source, id, Discard::Restore).await.unwrap());
    let outcome = test.recall(&source, id).await.unwrap();
    let dingtalk = outcome.channels.iter().find(|line| line.channel == "dingtalk").unwrap();
    assert_eq!(dingtalk.recalled, 2, "from both");
    assert_eq!(test.message_status(&source, added).await.unwrap().message.state, State::Recalled);
    assert_eq!(code(test.answers(&readers[1], added, "收到", "").await), "MSG_RECALLED");
    assert_eq!(code(adds(&test, &sender, id, people(&[&readers[2]])).await), "STATE");
    test.after_minutes(60).await;
    assert!(test.sent().iter().all(|line| line.starts_with("dingtalk")), "no text message follows");
    test.end().await;
}

/// All of a thread or nothing of it, also when many are deleted at once.
#[tokio::test]
async fn what_is_on_its_way_to_those_who_were_added_keeps_the_whole_message_out_of_the_bin() {
    let mut test = TestHub::start().await;
    let (sender, readers, id) = sent(&mut test).await;
    let source = Source::Person(sender.id);
    adds(&test, &sender, id, people(&[&readers[1]])).await.unwrap();
    assert_eq!(code(test.discard(&source, id, Discard::Delete).await), "STATE");
    let outcome = test.discard_many(&source, &[id], Discard::Delete).await.unwrap();
    assert_eq!((outcome.done, outcome.refused), (0, 1));
    assert_eq!(count(&test.db, "select count(*) from message where deleted_at is not null").await, 0);
    test.settle().await;
    assert_eq!(test.discard_many(&source, &[id], Discard::Delete).await.unwrap().done, 1);
    assert_eq!(count(&test.db, "select count(*) from message where deleted_at is not null").await, 2);
    test.end().await;
}

/// What has expired goes to nobody any more, and nobody is told that it did.
#[tokio::test]
async fn nobody_is_reminded_of_what_has_expired() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("zhang", office).await, test.member("li", office).await);
    let until = Some(test.clock.now() + Duration::hours(1));
    let draft = Draft { expires_at: until, send_rule: Some("dingtalk".to_owned()), ..to(&[&reader], "会议") };
    let id = test.sends(&sender, draft).await.unwrap().id;
    test.settle().await;
    test.after(Duration::hours(2)).await;
    let source = Source::Person(sender.id);
    assert_eq!(code(test.remind(&source, None, id, &RemindTo::Unread).await), "EXPIRED");
    assert_eq!(count(&test.db, "select count(*) from reminder").await, 0);
    test.end().await;
}

/// MO-13: the whole rule once more, its later steps too; a reminder is one step.
#[tokio::test]
async fn a_message_that_is_sent_again_goes_through_its_rule_once_more() {
    let mut test = TestHub::start().await;
    let (sender, readers, id) = sent(&mut test).await;
    let source = Source::Person(sender.id);
    test.after_minutes(30).await;
    test.sent();
    let once = Once { key: "again", fingerprint: &[1; 32] };
    let resent = test.resend(&source, Some(once), id, &ResendTo::All).await.unwrap();
    assert_eq!((resent.people, resent.duplicate), (1, false));
    let again = test.resend(&source, Some(once), id, &ResendTo::All).await.unwrap();
    assert!(again.duplicate && again.people == 1);
    assert_eq!(code(test.resend(&source, None, id, &ResendTo::All).await), "REMIND_RATE");
    assert_eq!(code(test.remind(&source, None, id, &RemindTo::Unread).await), "REMIND_RATE", "they share the pause");
    test.settle().await;
    assert_eq!(test.sent(), [format!("dingtalk {}", readers[0].phone)]);
    test.after_minutes(29).await;
    assert!(test.sent().is_empty());
    test.after_minutes(1).await;
    assert_eq!(test.sent(), [format!("sms {}", readers[0].phone)], "still unread");
    // Read, it goes over its first step alone.
    test.reads(&readers[0], id).await;
    let mistyped = RemindTo::Accounts(vec![readers[0].account.clone(), "nobody".to_owned(), sender.account.clone()]);
    let told = format!("不是这条消息的接收人：nobody、{}", sender.account);
    assert_eq!(detail(test.remind(&source, None, id, &mistyped).await), ("RCPT_UNKNOWN", told.clone()));
    let refused = test.resend(&source, None, id, &ResendTo::Some(mistyped)).await;
    assert_eq!(detail(refused), ("RCPT_UNKNOWN", told), "and nobody is called who was named beside them");
    let accounts = RemindTo::Accounts(vec![readers[0].account.clone()]);
    test.resend(&source, None, id, &ResendTo::Some(accounts)).await.unwrap();
    test.after_minutes(31).await;
    assert_eq!(test.sent(), [format!("dingtalk {}", readers[0].phone)]);
    assert_eq!(code(test.resend(&Source::Person(readers[0].id), None, id, &ResendTo::All).await), "NOT_FOUND");
    let plain = test.sends(&sender, to(&[&readers[1]], "只到站内")).await.unwrap().id;
    assert_eq!(code(test.resend(&source, None, plain, &ResendTo::All).await), "RESEND_NO_CHANNEL");
    test.recall(&source, id).await.unwrap();
    assert_eq!(code(test.resend(&source, None, id, &ResendTo::All).await), "STATE");
    test.end().await;
}

/// Why something was refused, in words.
fn detail<T: std::fmt::Debug>(refused: zhihui::hub::Result<T>) -> (&'static str, String) {
    match refused {
        Err(zhihui::hub::Error::Problem(problem)) => (problem.code, problem.detail),
        other => panic!("{other:?}"),
    }
}
