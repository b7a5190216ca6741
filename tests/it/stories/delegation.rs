//! 转办 and 委派: approvals are passed on, or decided by a deputy while somebody is away.

use chrono::Duration;
use zhihui::{
    domain::{
        ApprovalId, DelegationId,
        approval::{Approver, Condition, Consent, Decision, Node, Rule},
        approval_flow::SeatState,
        message::State,
    },
    hub::Source,
    storage::seats,
};

use super::sending::code;
use crate::support::{
    TestHub,
    people::{Actor, to_department},
};

/// A head, whoever sends, an approver elsewhere and a colleague who may approve nothing.
struct Office {
    test: TestHub,
    head: Actor,
    sender: Actor,
    approver: Actor,
    colleague: Actor,
}

async fn office(consent: Consent) -> Office {
    let test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let head = test.head("chief", office).await;
    let sender = test.member("clerk", office).await;
    let library = test.department("library", None).await;
    let approver = test.member("wei", library).await;
    let colleague = test.member("luo", library).await;
    test.grants_approver(&approver).await;
    let node = Node { consent, ..Node::of(Approver::DepartmentHead) };
    test.rules(vec![Rule { name: "甲".to_owned(), condition: Condition::default(), nodes: vec![node] }]).await;
    Office { test, head, sender, approver, colleague }
}

impl Office {
    /// The colleague stands in for the head for so many hours from now on.
    async fn away(&self, hours: i64) -> DelegationId {
        let now = self.test.clock.now();
        let until = now + Duration::hours(hours);
        self.test.delegate(self.head.id, &self.colleague.account, now, until).await.unwrap()
    }
}

#[tokio::test]
async fn a_seat_is_passed_on_to_somebody_who_may_approve_and_never_to_the_sender() {
    let mut office = office(Consent::All).await;
    let Office { test, head, sender, approver, colleague } = &mut office;
    let id = test.sends(sender, to_department("jwc", "全体会议")).await.unwrap().approval.unwrap().id;
    test.settle().await;
    test.sent();
    for (to, wanted) in [(&*sender, "APPR_TO"), (&*colleague, "APPR_TO"), (&*head, "APPR_TO")] {
        assert_eq!(code(test.transfer(head.id, id, &to.account, "").await), wanted, "{}", to.account);
    }
    assert_eq!(code(test.transfer(head.id, id, "ghost", "").await), "APPR_TO");
    assert_eq!(code(test.transfer(colleague.id, id, &approver.account, "").await), "NOT_FOUND");
    test.transfer(head.id, id, &approver.account, "请您定").await.unwrap();
    test.settle().await;
    assert_eq!(test.sent(), [format!("dingtalk {}", approver.phone)], "who has it now is told");
    assert_eq!(test.waiting_for(head).await, None);
    assert_eq!(code(test.decide(head.id, id, Decision::Approve, "").await), "APPR_DONE");
    test.after_minutes(30).await;
    assert_eq!(test.sent(), [format!("sms {}", approver.phone)], "and chased; whoever gave it away is not");
    let given = seat_of(test, id, head).await;
    assert_eq!((given.given_to.as_deref(), given.opinion.as_str()), (Some("wei"), "请您定"));
    // It may come back, and go again; each time whoever has it is told, and nobody else is chased.
    test.transfer(approver.id, id, &head.account, "还是您定").await.unwrap();
    test.settle().await;
    assert_eq!(test.sent(), [format!("dingtalk {}", head.phone)]);
    assert_eq!((test.waiting_for(head).await, test.waiting_for(approver).await), (Some(id), None));
    let back = seat_of(test, id, head).await;
    assert_eq!((back.state, back.given_to, back.opinion.as_str()), (SeatState::Waiting, None, ""));
    test.after_minutes(30).await;
    assert_eq!(test.sent(), [format!("sms {}", head.phone)]);
    test.transfer(head.id, id, &approver.account, "").await.unwrap();
    test.settle().await;
    assert_eq!(test.sent(), [format!("dingtalk {}", approver.phone)]);
    assert_eq!(test.approves(approver).await.unwrap(), State::Sending);
    office.test.end().await;
}

async fn seat_of(test: &TestHub, id: ApprovalId, person: &Actor) -> seats::Seat {
    let mut tx = test.db.read().await.unwrap();
    seats::list(&mut tx, id).await.unwrap().into_iter().find(|seat| seat.person_id == person.id).unwrap()
}

#[tokio::test]
async fn while_it_lasts_a_deputy_sees_and_decides_and_the_trail_says_for_whom() {
    let mut office = office(Consent::Any).await;
    let asked_before = office.test.sends(&office.sender, to_department("jwc", "其一")).await.unwrap();
    office.away(8).await;
    let Office { test, head, sender, colleague, .. } = &mut office;
    assert_eq!(test.waiting_for(colleague).await, asked_before.approval.map(|asked| asked.id), "also what waited");
    let asked = test.sends(sender, to_department("jwc", "其二")).await.unwrap();
    test.settle().await;
    assert!(test.sent().contains(&format!("dingtalk {}", colleague.phone)), "the deputy is told as well");
    let id = asked.approval.unwrap().id;
    assert_eq!(test.decide(colleague.id, id, Decision::Approve, "可以").await.unwrap(), State::Sending);
    assert_eq!(code(test.decide(head.id, id, Decision::Approve, "").await), "APPR_DONE");
    let mut tx = test.db.read().await.unwrap();
    let seat = seats::list(&mut tx, id).await.unwrap().remove(0);
    drop(tx);
    assert_eq!((seat.person_id, seat.deputy()), (head.id, Some("luo")));
    assert_eq!(test.approves(head).await.unwrap(), State::Sending, "the principal may decide as well");
    office.test.end().await;
}

#[tokio::test]
async fn before_its_time_and_after_it_a_deputy_is_a_stranger() {
    let mut office = office(Consent::Any).await;
    let now = office.test.clock.now();
    let (from, until) = (now + Duration::hours(1), now + Duration::hours(2));
    let id = office.test.delegate(office.head.id, &office.colleague.account, from, until).await.unwrap();
    let Office { test, head, sender, colleague, .. } = &mut office;
    let asked = test.sends(sender, to_department("jwc", "全体会议")).await.unwrap().approval.unwrap().id;
    let decide = Decision::Approve;
    assert_eq!(code(test.decide(colleague.id, asked, decide, "").await), "NOT_FOUND");
    test.after_minutes(60).await;
    assert_eq!(test.waiting_for(colleague).await, Some(asked));
    test.after_minutes(60).await;
    assert_eq!(test.waiting_for(colleague).await, None);
    assert_eq!(code(test.decide(colleague.id, asked, decide, "").await), "NOT_FOUND", "it is over");
    assert_eq!(code(test.end_delegation(head.id, id).await), "NOT_FOUND");
    let id = office.away(1).await;
    let Office { test, head, colleague, .. } = &mut office;
    assert_eq!(test.waiting_for(colleague).await, Some(asked));
    assert_eq!(code(test.end_delegation(colleague.id, id).await), "NOT_FOUND", "it is not his");
    test.end_delegation(head.id, id).await.unwrap();
    assert_eq!(code(test.decide(colleague.id, asked, decide, "").await), "NOT_FOUND", "it was taken back");
    office.test.end().await;
}

#[tokio::test]
async fn a_deputy_never_decides_about_what_he_sends_himself() {
    let mut office = office(Consent::Any).await;
    office.away(8).await;
    let Office { test, head, colleague, .. } = &mut office;
    // The head's own rule asks the approver's side: the colleague sends, and the head is asked by name.
    let node = Node { people: vec![head.account.clone()], ..Node::of(Approver::People) };
    test.rules(vec![Rule { name: "乙".to_owned(), condition: Condition::default(), nodes: vec![node] }]).await;
    let asked = test.sends(colleague, to_department("jwc", "全体会议")).await.unwrap().approval.unwrap().id;
    assert_eq!(test.waiting_for(colleague).await, None);
    assert_eq!(code(test.decide(colleague.id, asked, Decision::Approve, "").await), "APPR_SELF");
    assert_eq!(code(test.transfer(colleague.id, asked, "wei", "").await), "APPR_SELF");
    assert_eq!(test.approves(head).await.unwrap(), State::Sending);
    office.test.end().await;
}

#[tokio::test]
async fn the_chase_reaches_the_deputy_of_the_time() {
    let mut office = office(Consent::Any).await;
    let (head, approver) = (office.head.clone(), office.approver.clone());
    office.test.sets_deputy(&head, &approver).await;
    office.test.sends(&office.sender, to_department("jwc", "全体会议")).await.unwrap();
    office.test.settle().await;
    office.away(8).await;
    let Office { test, head, colleague, .. } = &mut office;
    test.after_minutes(30).await;
    test.sent();
    test.after_minutes(30).await;
    assert_eq!(test.sent(), [format!("sms {}", colleague.phone)], "not the one who is his deputy otherwise");
    test.decide(colleague.id, test.waiting_for(colleague).await.unwrap(), Decision::Reject, "时间冲突").await.unwrap();
    assert_eq!(test.waiting_for(head).await, None);
    office.test.end().await;
}

#[tokio::test]
async fn a_delegation_that_makes_no_sense_is_refused() {
    let office = office(Consent::Any).await;
    let (now, hour) = (office.test.clock.now(), Duration::hours(1));
    let (test, head, colleague) = (&office.test, &office.head, &office.colleague);
    let name = |to: &Actor| to.account.clone();
    let try_it = async |who: &Actor, to: &str, from, until| code(test.delegate(who.id, to, from, until).await);
    assert_eq!(try_it(head, &name(colleague), now + hour, now).await, "DELEGATE_TIME");
    assert_eq!(try_it(head, &name(colleague), now - hour, now).await, "DELEGATE_TIME");
    assert_eq!(try_it(head, &name(colleague), now, now + hour * 24 * 400).await, "DELEGATE_TIME");
    assert_eq!(try_it(head, &name(head), now, now + hour).await, "DELEGATE_TO");
    assert_eq!(try_it(head, "ghost", now, now + hour).await, "DELEGATE_TO");
    assert_eq!(try_it(colleague, &name(head), now, now + hour).await, "NOT_FOUND", "he has nothing to decide");
    office.away(2).await;
    assert_eq!(try_it(head, &name(&office.approver), now + hour, now + hour * 3).await, "DELEGATE_TWICE");
    assert!(test.delegate(head.id, &name(&office.approver), now + hour * 2, now + hour * 3).await.is_ok());
    office.test.end().await;
}

#[tokio::test]
async fn a_withdrawn_request_is_nobodys_to_decide_or_pass_on() {
    let office = office(Consent::All).await;
    office.away(8).await;
    let Office { test, head, sender, approver, colleague } = &office;
    let sent = test.sends(sender, to_department("jwc", "全体会议")).await.unwrap();
    let asked = sent.approval.unwrap().id;
    test.recall(&Source::Person(sender.id), sent.id).await.unwrap();
    assert_eq!(code(test.transfer(head.id, asked, &approver.account, "").await), "APPR_STALE");
    assert_eq!(code(test.decide(colleague.id, asked, Decision::Approve, "").await), "APPR_STALE");
    office.test.end().await;
}

#[tokio::test]
async fn of_two_deputies_made_for_one_time_at_once_one_is_made() {
    let office = office(Consent::All).await;
    let Office { test, head, approver, colleague, .. } = &office;
    let other = test.replica().await;
    let now = test.clock.now();
    let until = now + Duration::hours(8);
    let (one, two) = tokio::join!(
        test.delegate(head.id, &colleague.account, now, until),
        other.delegate(head.id, &approver.account, now, until)
    );
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|is_made| **is_made).count(), 1);
    assert_eq!(code(if one.is_ok() { two } else { one }), "DELEGATE_TWICE");
    office.test.end().await;
}
