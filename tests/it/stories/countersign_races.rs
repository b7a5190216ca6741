//! F23 on nodes: many decide, pass on and withdraw at once, through two replicas.

use zhihui::{
    domain::{approval::Decision, message::State, person},
    hub::{Error, Hub, Source},
};

use super::sending::code;
use crate::{
    gate,
    support::{
        TestHub, count,
        people::{Actor, to_department},
    },
};

/// Four heads who all have to agree, then any one of two approvers.
async fn office() -> (TestHub, Hub, Actor, Vec<Actor>, Vec<Actor>) {
    let test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let heads = test.members(&["h0", "h1", "h2", "h3"], office, true).await;
    let sender = test.member("clerk", office).await;
    let library = test.department("library", None).await;
    let approvers = test.members(&["wei", "shen"], library, false).await;
    for approver in &approvers {
        test.grants_approver(approver).await;
    }
    test.rules(vec![gate::two_steps()]).await;
    let other = test.replica().await;
    (test, other, sender, heads, approvers)
}

#[tokio::test]
async fn two_replicas_decide_one_countersign_node_at_once_and_it_passes_once() {
    let (mut test, other, sender, heads, approvers) = office().await;
    for round in 0..5 {
        let title = format!("第 {round} 次会议");
        let approval = test.sends(&sender, to_department("jwc", &title)).await.unwrap().approval.unwrap().id;
        let before = count(&test.db, "select count(*) from message where about_approval_id is not null").await;
        // Each of the four says it twice, once through each replica.
        let said = heads.iter().chain(&heads).enumerate().map(|(nth, head)| {
            let (hub, who) = (if nth < heads.len() { test.hub.clone() } else { other.clone() }, head.id);
            tokio::spawn(async move { hub.decide(who, approval, Decision::Approve, "").await })
        });
        let answers = futures_util::future::join_all(said.collect::<Vec<_>>()).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().map(Result::unwrap).partition(Result::is_ok);
        assert_eq!(won.len(), heads.len(), "each once");
        for answer in lost {
            assert_eq!(code(answer), "APPR_DONE");
        }
        let notes = count(&test.db, "select count(*) from message where about_approval_id is not null").await;
        assert_eq!(notes - before, 1, "the next node is asked once");

        let said = approvers.iter().zip([test.hub.clone(), other.clone()]).map(|(approver, hub)| {
            let who = approver.id;
            tokio::spawn(async move { hub.decide(who, approval, Decision::Approve, "").await })
        });
        let answers = futures_util::future::join_all(said.collect::<Vec<_>>()).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().map(Result::unwrap).partition(Result::is_ok);
        assert_eq!(won.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [State::Sending]);
        assert_eq!(lost.into_iter().map(code).collect::<Vec<_>>(), ["APPR_DONE"]);
    }
    test.settle().await;
    test.end().await;
}

#[tokio::test]
async fn agreeing_refusing_passing_on_and_withdrawing_at_once_leave_one_outcome() {
    let (mut test, other, sender, heads, approvers) = office().await;
    for round in 0..8 {
        let title = format!("第 {round} 次会议");
        let sent = test.sends(&sender, to_department("jwc", &title)).await.unwrap();
        let (id, approval) = (sent.id, sent.approval.unwrap().id);
        let (first, second, third) = (heads[0].id, heads[1].id, heads[2].id);
        let source = Source::Person(sender.id);
        let (agreed, refused, given, recalled) = tokio::join!(
            test.decide(first, approval, Decision::Approve, ""),
            other.decide(second, approval, if round % 2 == 0 { Decision::Reject } else { Decision::Return }, "不妥"),
            other.transfer(third, approval, &approvers[0].account, "请您定"),
            async { if round % 4 == 3 { test.recall(&source, id).await.map(|_| ()) } else { Ok(()) } },
        );
        for lost in [agreed.map(|_| ()), refused.map(|_| ()), given, recalled].into_iter().filter_map(Result::err) {
            let Error::Problem(problem) = lost else { panic!("{lost:?}") };
            assert!(["APPR_DONE", "APPR_STALE", "STATE"].contains(&problem.code), "{problem:?}");
        }
        let open = count(&test.db, "select count(*) from approval where state = 'pending'").await;
        assert_eq!(open, 0, "a refusal or the sender has ended it");
    }
    test.settle().await;
    assert_eq!(count(&test.db, "select count(*) from message where state in ('sending', 'sent') and sender_id = (select id from person where account = 'clerk')").await, 0);
    test.end().await;
}

#[tokio::test]
async fn the_last_who_agrees_does_not_wait_for_one_who_has_just_left() {
    let (mut test, _, sender, heads, approvers) = office().await;
    let approval = test.sends(&sender, to_department("jwc", "会议")).await.unwrap().approval.unwrap().id;
    test.becomes(&heads[3], person::State::Resigned).await;
    for head in &heads[..3] {
        test.decide(head.id, approval, Decision::Approve, "").await.unwrap();
    }
    // Before anybody has looked who is gone.
    let lapsed = "select count(*) from approval_seat where state = 'lapsed' and is_needed";
    assert_eq!(count(&test.db, lapsed).await, 1, "he was not spared: he had to agree and was gone");
    assert_eq!(test.decide(approvers[0].id, approval, Decision::Approve, "").await.unwrap(), State::Sending);
    test.settle().await;
    test.end().await;
}
