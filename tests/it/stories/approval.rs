//! Nothing goes out to many before somebody has agreed to exactly that.

use chrono::Duration;
use zhihui::domain::{approval::Decision, message::Draft, message::State};

use super::sending::code;
use crate::{
    schema::run,
    support::{
        TestHub,
        people::{Actor, to_department},
    },
};

/// A department with a head and so many members that its mass mail needs consent.
async fn department(test: &TestHub) -> (Actor, Actor) {
    let office = test.department("jwc", None).await;
    let head = test.head("chief", office).await;
    let sender = test.member("clerk", office).await;
    let accounts: Vec<_> = (0..60).map(|nth| format!("staff{nth}")).collect();
    test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    (head, sender)
}

#[tokio::test]
async fn a_broadcast_waits_for_the_head_and_leaves_when_he_agrees() {
    let mut test = TestHub::start().await;
    let (head, sender) = department(&test).await;
    let draft = Draft { send_rule: Some("dingtalk".to_owned()), ..to_department("jwc", "全体会议") };

    let answer = test.sends(&sender, draft).await.unwrap();
    assert_eq!((answer.state, answer.recipients), (State::PendingApproval, 62));
    test.settle().await;
    assert_eq!(test.sent(), [format!("dingtalk {}", head.phone)], "only the head hears of it");
    assert_eq!(test.approves(&head).await.unwrap(), State::Sending);
    test.settle().await;
    assert_eq!(test.sent().len(), 62);
    test.end().await;
}

#[tokio::test]
async fn a_rejected_broadcast_goes_to_nobody_and_needs_a_reason() {
    let mut test = TestHub::start().await;
    let (head, sender) = department(&test).await;
    test.sends(&sender, to_department("jwc", "全体会议")).await.unwrap();
    assert_eq!(code(test.rejects(&head, " ").await), "APPR_REASON");
    assert_eq!(code(test.rejects(&head, &"长".repeat(501)).await), "APPR_REASON");
    assert_eq!(test.rejects(&head, "时间冲突").await.unwrap(), State::Rejected);
    test.sent();
    test.after_minutes(600).await;
    assert!(test.sent().is_empty());
    test.end().await;
}

#[tokio::test]
async fn nobody_decides_twice_nor_for_others() {
    let test = TestHub::start().await;
    let (head, sender) = department(&test).await;
    test.sends(&sender, to_department("jwc", "全体会议")).await.unwrap();
    let id = test.waiting_for(&head).await.unwrap();
    assert_eq!(code(test.decide(sender.id, id, Decision::Approve, "").await), "NOT_FOUND");
    test.approves(&head).await.unwrap();
    assert_eq!(code(test.decide(head.id, id, Decision::Reject, "晚了").await), "APPR_DONE");
    test.end().await;
}

#[tokio::test]
async fn whoever_lost_the_right_decides_no_more_and_others_are_asked() {
    let test = TestHub::start().await;
    let (head, sender) = department(&test).await;
    test.sends(&sender, to_department("jwc", "全体会议")).await.unwrap();
    let id = test.waiting_for(&head).await.unwrap();
    run(&test.db, "update assignment set is_head = false").await;
    assert_eq!(code(test.decide(head.id, id, Decision::Approve, "").await), "NOT_FOUND");
    assert_eq!(test.waiting_for(&head).await, None, "nor does he see it");
    assert_eq!(test.ask_others().await.unwrap(), 0, "there is nobody else");

    let office = test.department("office", None).await;
    let other = test.member("other", office).await;
    test.grants_approver(&other).await;
    test.grants_approver(&sender).await;
    assert_eq!(test.ask_others().await.unwrap(), 1, "the sender is not asked about his own");
    assert_eq!(test.ask_others().await.unwrap(), 0, "once");
    assert_eq!(test.waiting_for(&sender).await, None);
    assert_eq!(test.approves(&other).await.unwrap(), State::Sending);
    test.end().await;
}

#[tokio::test]
async fn a_head_who_sends_himself_is_not_his_own_approver() {
    let test = TestHub::start().await;
    let school = test.department("school", None).await;
    let principal = test.head("principal", school).await;
    let office = test.department("jwc", Some(school)).await;
    let head = test.head("chief", office).await;
    let accounts: Vec<_> = (0..60).map(|nth| format!("staff{nth}")).collect();
    test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    test.sends(&head, to_department("jwc", "全体会议")).await.unwrap();
    assert_eq!(test.waiting_for(&head).await, None);
    assert!(test.waiting_for(&principal).await.is_some(), "the head of the department above is asked");
    test.end().await;
}

#[tokio::test]
async fn an_approver_who_does_not_decide_is_chased() {
    let mut test = TestHub::start().await;
    let (head, sender) = department(&test).await;
    test.sends(&sender, to_department("jwc", "全体会议")).await.unwrap();
    test.settle().await;
    test.sent();
    test.after_minutes(30).await;
    assert_eq!(test.sent(), [format!("sms {}", head.phone)]);
    test.approves(&head).await.unwrap();
    test.settle().await;
    test.sent();
    test.after_minutes(90).await;
    assert!(test.sent().is_empty(), "a decision ends the chase");
    test.end().await;
}

#[tokio::test]
async fn approved_after_its_time_a_message_waits_for_the_sender() {
    let mut test = TestHub::start().await;
    let (head, sender) = department(&test).await;
    let at = test.clock.now() + Duration::minutes(10);
    test.sends(&sender, Draft { send_at: Some(at), ..to_department("jwc", "全体会议") }).await.unwrap();
    test.after_minutes(20).await;
    assert_eq!(test.approves(&head).await.unwrap(), State::Held);
    test.end().await;
}

#[tokio::test]
async fn a_withdrawn_request_cannot_be_approved() {
    let test = TestHub::start().await;
    let (head, sender) = department(&test).await;
    let message = test.sends(&sender, to_department("jwc", "全体会议")).await.unwrap().id;
    let id = test.waiting_for(&head).await.unwrap();
    test.recall(&zhihui::hub::Source::Person(sender.id), message).await.unwrap();
    assert_eq!(code(test.decide(head.id, id, Decision::Approve, "").await), "APPR_STALE");
    test.end().await;
}

#[tokio::test]
async fn nobody_agrees_to_his_own_or_to_what_has_changed() {
    let test = TestHub::start().await;
    let (head, sender) = department(&test).await;
    test.sends(&sender, to_department("jwc", "全体会议")).await.unwrap();
    let id = test.waiting_for(&head).await.unwrap();
    test.grants_approver(&sender).await;
    // Neither comes about by itself: whoever sends is not asked, and a change voids the request.
    run(
        &test.db,
        "insert into approval_seat (approval_id, node, person_id, state, is_needed, is_named, asked_at, opinion)
         select approval.id, 0, sender_id, 'waiting', false, false, approval.created_at, ''
           from approval join message on message.id = message_id",
    )
    .await;
    assert_eq!(code(test.decide(sender.id, id, Decision::Approve, "").await), "APPR_SELF");
    run(&test.db, "update message set title = title || '（改）'").await;
    assert_eq!(code(test.approves(&head).await), "APPR_STALE");
    test.close().await;
}
