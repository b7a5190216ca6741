//! 依次审批, 会签, 或签, 退回: a message goes out when every node has agreed, and each is told when it is
//! his turn.

use zhihui::{
    domain::{
        approval::{Approver, Condition, Consent, Decision, Node, Rule},
        message::{Draft, State},
    },
    hub::{Change, Source},
    storage::outbox,
};

use super::sending::code;
use crate::{
    schema::run,
    support::{
        TestHub, count,
        people::{Actor, to_department},
    },
};

/// Two heads who both have to agree, then any one of two approvers, told by SMS.
struct Office {
    test: TestHub,
    sender: Actor,
    heads: Vec<Actor>,
    approvers: Vec<Actor>,
}

impl Office {
    async fn open() -> Self {
        let test = TestHub::start().await;
        let office = test.department("jwc", None).await;
        let heads = test.members(&["first", "second"], office, true).await;
        let sender = test.member("clerk", office).await;
        let library = test.department("library", None).await;
        let approvers = test.members(&["wei", "shen"], library, false).await;
        for approver in &approvers {
            test.grants_approver(approver).await;
        }
        test.rules(vec![Rule {
            name: "两级审批".to_owned(),
            condition: Condition::default(),
            nodes: vec![
                Node { consent: Consent::All, ..Node::of(Approver::DepartmentHead) },
                Node { sms: true, ..Node::of(Approver::ApproverRole) },
            ],
        }])
        .await;
        Self { test, sender, heads, approvers }
    }

    async fn sends(&self, title: &str) -> zhihui::hub::Answer {
        let draft = Draft { send_rule: Some("dingtalk".to_owned()), ..to_department("jwc", title) };
        self.test.sends(&self.sender, draft).await.unwrap()
    }
}

fn to(channel: &str, people: &[&Actor]) -> Vec<String> {
    let mut lines: Vec<_> = people.iter().map(|person| format!("{channel} {}", person.phone)).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn each_is_told_when_his_node_is_reached_and_it_goes_out_after_the_last() {
    let Office { mut test, sender, heads, approvers } = Office::open().await;
    let draft = Draft { send_rule: Some("dingtalk".to_owned()), ..to_department("jwc", "全体会议") };
    let answer = test.sends(&sender, draft).await.unwrap();
    assert_eq!((answer.state, answer.approval.map(|asked| asked.approvers)), (State::PendingApproval, Some(2)));
    test.settle().await;
    assert_eq!(test.sent(), to("dingtalk", &[&heads[0], &heads[1]]), "the heads, and nobody after them yet");
    for approver in &approvers {
        assert_eq!(test.waiting_for(approver).await, None, "not before it is his turn");
    }

    assert_eq!(test.approves(&heads[0]).await.unwrap(), State::PendingApproval, "the other has to agree as well");
    test.settle().await;
    assert!(test.sent().is_empty());
    assert_eq!(test.approves(&heads[1]).await.unwrap(), State::PendingApproval);
    test.settle().await;
    let both = [&approvers[0], &approvers[1]];
    let mut told = to("dingtalk", &both);
    told.extend(to("sms", &both));
    assert_eq!(test.sent(), told, "the second node has SMS switched on");

    assert_eq!(test.approves(&approvers[1]).await.unwrap(), State::Sending);
    assert_eq!(test.waiting_for(&approvers[0]).await, None, "one of them is enough");
    test.settle().await;
    assert_eq!(test.sent().len(), 3);
    test.end().await;
}

#[tokio::test]
async fn a_refusal_at_any_node_ends_it() {
    let office = Office::open().await;
    let Office { test, heads, approvers, .. } = &office;
    office.sends("其一").await;
    assert_eq!(test.rejects(&heads[1], "时间冲突").await.unwrap(), State::Rejected);
    assert_eq!(test.waiting_for(&heads[0]).await, None);
    office.sends("其二").await;
    test.approves(&heads[0]).await.unwrap();
    test.approves(&heads[1]).await.unwrap();
    assert_eq!(test.rejects(&approvers[0], "时间冲突").await.unwrap(), State::Rejected);
    assert_eq!(test.waiting_for(&approvers[1]).await, None);
    office.test.end().await;
}

#[tokio::test]
async fn nobody_decides_twice_nor_out_of_turn() {
    let office = Office::open().await;
    let Office { test, heads, approvers, .. } = &office;
    let id = office.sends("全体会议").await.approval.unwrap().id;
    let decide = |who: &Actor| test.decide(who.id, id, Decision::Approve, "");
    assert_eq!(code(decide(&approvers[0]).await), "NOT_FOUND", "his node is not reached");
    decide(&heads[0]).await.unwrap();
    assert_eq!(code(decide(&heads[0]).await), "APPR_DONE");
    assert_eq!(code(test.decide(heads[0].id, id, Decision::Reject, "晚了").await), "APPR_DONE");
    decide(&heads[1]).await.unwrap();
    assert_eq!(code(decide(&heads[1]).await), "APPR_DONE", "it is at the next node");
    decide(&approvers[0]).await.unwrap();
    for late in [&approvers[0], &approvers[1], &heads[0]] {
        assert_eq!(code(decide(late).await), "APPR_DONE");
    }
    office.test.end().await;
}

#[tokio::test]
async fn only_those_of_the_node_who_have_not_decided_are_chased_and_the_chase_goes_on_at_the_next() {
    let mut office = Office::open().await;
    office.sends("全体会议").await;
    let Office { test, heads, approvers, .. } = &mut office;
    test.settle().await;
    test.approves(&heads[0]).await.unwrap();
    test.settle().await;
    test.sent();
    test.after_minutes(30).await;
    assert_eq!(test.sent(), to("sms", &[&heads[1]]), "whoever has decided is left alone");
    test.approves(&heads[1]).await.unwrap();
    test.settle().await;
    test.sent();
    test.after_minutes(30).await;
    let both = [&approvers[0], &approvers[1]];
    assert_eq!(test.sent(), to("sms", &both), "the next node has a clock of its own");
    test.approves(&approvers[0]).await.unwrap();
    test.settle().await;
    test.sent();
    test.after_minutes(120).await;
    assert!(test.sent().is_empty());
    office.test.end().await;
}

#[tokio::test]
async fn what_is_returned_is_told_apart_from_what_is_rejected() {
    let mut office = Office::open().await;
    let id = office.sends("全体会议").await.id;
    let Office { test, heads, sender, .. } = &mut office;
    let asked = test.waiting_for(&heads[0]).await.unwrap();
    assert_eq!(code(test.decide(heads[0].id, asked, Decision::Return, " ").await), "APPR_REASON");
    assert_eq!(test.decide(heads[0].id, asked, Decision::Return, "请写明地点").await.unwrap(), State::Rejected);
    assert_eq!(code(test.decide(heads[1].id, asked, Decision::Approve, "").await), "APPR_DONE");
    let mut tx = test.db.begin().await.unwrap();
    let events = outbox::list(&mut tx, 100).await.unwrap();
    drop(tx);
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert!(kinds.contains(&"message.returned") && !kinds.contains(&"message.rejected"), "{kinds:?}");
    let status = test.message_status(&Source::Person(sender.id), id).await.unwrap();
    assert_eq!(status.approvals[0].state, zhihui::domain::approval::State::Returned);
    test.settle().await;
    test.after_minutes(120).await;
    office.test.end().await;
}

#[tokio::test]
async fn whoever_leaves_holds_no_countersigning_up() {
    let mut office = Office::open().await;
    office.sends("全体会议").await;
    let Office { test, heads, approvers, .. } = &mut office;
    test.approves(&heads[0]).await.unwrap();
    assert_eq!(test.ask_others().await.unwrap(), 0, "the second head may still decide");
    run(&test.db, "update assignment set is_head = false").await;
    assert_eq!(test.ask_others().await.unwrap(), 1, "what the first has said is enough");
    assert_eq!(test.ask_others().await.unwrap(), 0);
    assert!(test.waiting_for(&approvers[0]).await.is_some());
    test.approves(&approvers[0]).await.unwrap();
    office.test.end().await;
}

#[tokio::test]
async fn what_passes_because_somebody_left_is_told_like_any_other_decision() {
    let mut office = Office::open().await;
    let all = Node { consent: Consent::All, ..Node::of(Approver::DepartmentHead) };
    let rule = Rule { name: "会签".to_owned(), condition: Condition::default(), nodes: vec![all] };
    office.test.rules(vec![rule]).await;
    let id = office.sends("全体会议").await.id;
    let Office { test, heads, sender, .. } = &mut office;
    test.approves(&heads[0]).await.unwrap();
    let mut heard = test.live.subscribe();
    run(&test.db, "update assignment set is_head = false").await;
    assert_eq!(test.ask_others().await.unwrap(), 1);
    let changes: Vec<_> = std::iter::from_fn(|| heard.try_recv().ok()).collect();
    assert!(changes.contains(&Change::Message(id)), "open inboxes hear of it: {changes:?}");
    test.settle().await;
    let told = "select count(*) from message where title = '审批已通过：全体会议' and sender_id is null";
    assert_eq!(count(&test.db, told).await, 1);
    let status = test.message_status(&Source::Person(sender.id), id).await.unwrap();
    assert!(status.message.state.is_out());
    office.test.end().await;
}

#[tokio::test]
async fn where_all_have_left_one_of_those_with_the_role_decides_in_their_place() {
    let mut office = Office::open().await;
    office.sends("全体会议").await;
    let Office { test, approvers, .. } = &mut office;
    run(&test.db, "update assignment set is_head = false").await;
    test.settle().await;
    test.sent();
    assert_eq!(test.ask_others().await.unwrap(), 1);
    test.settle().await;
    assert_eq!(test.sent(), to("dingtalk", &[&approvers[0], &approvers[1]]), "they are told");
    while test.ask_others().await.unwrap() > 0 {}
    assert_eq!(test.approves(&approvers[0]).await.unwrap(), State::PendingApproval, "the second node is still to come");
    assert_eq!(test.approves(&approvers[0]).await.unwrap(), State::Sending);
    office.test.end().await;
}

#[tokio::test]
async fn a_rule_that_nobody_could_carry_to_its_end_is_found_when_it_is_handed_in() {
    let office = Office::open().await;
    let Office { test, sender, .. } = &office;
    run(&test.db, "delete from person_role").await;
    assert_eq!(code(test.sends(sender, to_department("jwc", "全体会议")).await), "APPR_NONE");
    assert_eq!(count(&test.db, "select count(*) from approval").await, 0);
    office.test.end().await;
}

#[tokio::test]
async fn named_people_decide_without_being_heads_or_approvers() {
    let office = Office::open().await;
    let Office { test, sender, .. } = &office;
    let archive = test.department("archive", None).await;
    let named = test.member("luo", archive).await;
    let people = vec![named.account.clone(), sender.account.clone()];
    let node = Node { people, consent: Consent::All, ..Node::of(Approver::People) };
    test.rules(vec![Rule { name: "指定".to_owned(), condition: Condition::default(), nodes: vec![node] }]).await;
    office.sends("全体会议").await;
    assert_eq!(test.waiting_for(sender).await, None, "never the sender, though he is named");
    assert_eq!(test.approves(&named).await.unwrap(), State::Sending);
    office.test.end().await;
}
