//! F23: many decide, pass on, withdraw and delete at once, through two hubs on one database, while
//! children carry out what was decided and people leave.

use std::time::{Duration, Instant};

use zhihui::{
    domain::{
        ApprovalId, MessageId, PersonId,
        approval::{Approver, Decision, Node, Rule, State},
        approval_flow::SeatState,
        command,
        person::State as Employment,
    },
    hub::{Error, Hub, Source, follow::recycle::Discard},
    storage::{
        approvals,
        assignments::{self, Assignment},
        delegations, people, seats,
    },
};

use crate::{
    gate,
    support::{Child, HEADS, Installation, Set, moment, times},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_deciders_one_decides_embedded() {
    one_node(Set::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_deciders_one_decides_production() {
    one_node(Set::Production).await;
}

/// Eight heads decide at once through two hubs, now and then against a recall; children send.
async fn one_node(set: Set) {
    let place = Installation::start(&set, 80).await;
    let child = place.child(None).await;
    let hubs = hubs(&place).await;
    let sender = Source::Person(*place.people.last().unwrap());
    for nth in 0..times(8, 100) {
        let (message, approval) = asks(&place, &hubs[0], nth).await;
        let recalled = async {
            if nth % 4 == 3 {
                match hubs[1].recall(&sender, message).await {
                    Ok(_) => {}
                    // Rejected already.
                    Err(Error::Problem(problem)) => assert_eq!(problem.code, "STATE"),
                    Err(other) => panic!("{other:?}"),
                }
            }
        };
        let heads = place.people[..HEADS].iter().enumerate().map(|(at, head)| {
            let (hub, who) = (hubs[at % 2].clone(), *head);
            let decision = if at % 2 == 0 { Decision::Approve } else { Decision::Reject };
            async move { hub.decide(who, approval, decision, "意见").await }
        });
        let (decided, ()) = tokio::join!(futures_util::future::join_all(heads), recalled);
        let won = decided.iter().filter(|answer| answer.is_ok()).count();
        let clear = decided.iter().all(|answer| match answer {
            Ok(_) => true,
            Err(Error::Problem(problem)) => ["APPR_DONE", "APPR_STALE"].contains(&problem.code),
            Err(_) => false,
        });
        assert!(clear && won <= 1 && (won == 1 || nth % 4 == 3), "{decided:?}");
        let mut tx = hubs[1].db.read().await.unwrap();
        let asked = approvals::list_of_message(&mut tx, message).await.unwrap();
        assert_eq!(asked.iter().filter(|each| each.decided_by.is_some()).count(), won);
    }
    place.judge(&format!("8 deciders and recalls through two hubs, {set:?}"), 0).await;
    drop(child);
    hubs[1].db.close().await;
    place.end().await;
}

/// The last of all sends to everybody, which needs consent.
async fn asks(place: &Installation, hub: &Hub, nth: usize) -> (MessageId, ApprovalId) {
    let sender = Source::Person(*place.people.last().unwrap());
    let body = serde_json::json!({
        "title": format!("第 {nth} 次会议"), "body": "请参加。", "audience": {"departments": [{"code": "all"}]},
        "send_rule": "text",
    });
    let draft = command::read_send(&body, hub.clock.now()).unwrap();
    let answer = hub.accept(&sender, None, [0; 32], draft).await.unwrap();
    place.note(answer.id);
    (answer.id, answer.approval.expect("a message to so many needs consent").id)
}

/// Two on one database, over which everybody speaks.
async fn hubs(place: &Installation) -> [Hub; 2] {
    [place.hub.clone(), place.second().await]
}

/// What happens to an approval of three nodes while everybody who is asked agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    Reject,
    Return,
    Recall,
    Delete,
    /// A head has left for good.
    Leave,
    /// A head is none any more.
    Move,
    Transfer,
    Delegate,
}

const MEANWHILE: [Meanwhile; 9] = [
    Meanwhile::Nothing,
    Meanwhile::Reject,
    Meanwhile::Return,
    Meanwhile::Recall,
    Meanwhile::Delete,
    Meanwhile::Leave,
    Meanwhile::Move,
    Meanwhile::Transfer,
    Meanwhile::Delegate,
];
/// Behind the heads: two with the role, two who are asked by name, and a deputy.
const HOLDERS: [usize; 2] = [HEADS, HEADS + 1];
const NAMED: [usize; 2] = [HEADS + 2, HEADS + 3];
const DEPUTY: usize = HEADS + 4;
/// The head who does not stay.
const LEAVING: usize = 2;
/// Within this everybody speaks.
const MOMENT: Duration = Duration::from_millis(60);
const PATIENCE: Duration = Duration::from_secs(30);
/// What whoever came too late, or may not any more, is told.
const LATE: [&str; 5] = ["APPR_DONE", "APPR_STALE", "APPR_TO", "NOT_FOUND", "STATE"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_pass_once_whatever_happens_meanwhile_embedded() {
    nodes(Set::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_pass_once_whatever_happens_meanwhile_production() {
    nodes(Set::Production).await;
}

/// Two children on PostgreSQL with RabbitMQ, one on SQLite; the deciders speak through two more hubs.
async fn nodes(set: Set) {
    let place = Installation::start(&set, 40).await;
    let mut children: Vec<Child> = vec![place.child(None).await];
    if set != Set::Embedded {
        children.push(place.child(None).await);
    }
    let hubs = hubs(&place).await;
    let rule = gate::two_steps();
    let by_name = NAMED.map(|nth| format!("a{nth}")).to_vec();
    let named = Node { people: by_name, ..Node::of(Approver::People) };
    gate::set_rules(&place.hub, &[Rule { nodes: [rule.nodes.clone(), vec![named]].concat(), ..rule }]).await;
    for holder in HOLDERS {
        gate::grant_approver(&place.hub, place.people[holder]).await;
    }
    let (rounds, mut sent) = (times(1, 6) * MEANWHILE.len(), 0);
    for nth in 0..rounds {
        sent += i64::from(round(&place, &hubs, nth, MEANWHILE[nth % MEANWHILE.len()]).await);
    }
    place.judge(&format!("{rounds} approvals of three nodes, {sent} agreed to, {set:?}"), 0).await;
    let out = "select count(*) from message where state = 'sent' and sender_id is not null";
    assert_eq!(place.value(out).await, sent, "what was agreed to, and nothing else, is out");
    drop(children);
    hubs[1].db.close().await;
    place.end().await;
}

/// Everybody says yes until it is over, and something happens meanwhile; whether it was agreed to.
async fn round(place: &Installation, hubs: &[Hub; 2], nth: usize, meanwhile: Meanwhile) -> bool {
    let (message, id) = asks(place, &hubs[0], nth).await;
    let event = happens(place, &hubs[nth % 2], (id, message), meanwhile);
    let (mut said, more) = tokio::join!(everybody(place, hubs, id), event);
    said += more;
    let begun = Instant::now();
    let state = loop {
        let state = approvals::find(&mut hubs[1].db.read().await.unwrap(), id).await.unwrap().unwrap().state;
        if state != State::Pending {
            break state;
        }
        assert!(begun.elapsed() < PATIENCE, "{meanwhile:?}: it still waits\n{}", place.last_words());
        said += everybody(place, hubs, id).await;
    };
    let may_end = match meanwhile {
        Meanwhile::Reject => state == State::Rejected || state == State::Approved,
        Meanwhile::Return => state == State::Returned || state == State::Approved,
        Meanwhile::Recall => state == State::Void || state == State::Approved,
        _ => state == State::Approved,
    };
    assert!(may_end, "{meanwhile:?} ended {state}");
    let mut decided = 0;
    for node in 0..3 {
        let seats = seats::list_of_node(&mut hubs[1].db.read().await.unwrap(), id, node).await.unwrap();
        decided +=
            seats.iter().filter(|seat| seat.decided_by.is_some() && seat.state != SeatState::Transferred).count();
    }
    assert_eq!(said, decided, "{meanwhile:?}: each yes that was answered is one seat's");
    undo(place, meanwhile).await;
    state == State::Approved && meanwhile != Meanwhile::Recall
}

/// Whoever may ever be asked agrees, each through both hubs at once; how many were taken at their word.
async fn everybody(place: &Installation, hubs: &[Hub; 2], id: ApprovalId) -> usize {
    let speak = |(nth, who): (usize, PersonId)| {
        let hub = hubs[nth % 2].clone();
        tokio::spawn(async move {
            tokio::time::sleep(moment(MOMENT)).await;
            is_taken(hub.decide(who, id, Decision::Approve, "").await)
        })
    };
    let people = &place.people[..=DEPUTY];
    let both = people.iter().chain(people).copied().enumerate();
    let answers = futures_util::future::join_all(both.map(speak)).await;
    answers.into_iter().filter(|taken| *taken.as_ref().unwrap()).count()
}

/// How many decisions came of it.
async fn happens(
    place: &Installation,
    hub: &Hub,
    (id, message): (ApprovalId, MessageId),
    meanwhile: Meanwhile,
) -> usize {
    tokio::time::sleep(moment(MOMENT)).await;
    let sender = Source::Person(*place.people.last().unwrap());
    let now = hub.clock.now();
    match meanwhile {
        Meanwhile::Nothing => {}
        Meanwhile::Reject => {
            return is_taken(hub.decide(place.people[1], id, Decision::Reject, "不妥").await).into();
        }
        Meanwhile::Return => {
            return is_taken(hub.decide(place.people[1], id, Decision::Return, "请改").await).into();
        }
        Meanwhile::Recall => _ = is_taken(hub.recall(&sender, message).await),
        Meanwhile::Delete => {
            for _ in 0..20 {
                _ = is_taken(hub.discard(&sender, message, Discard::Delete).await);
                tokio::time::sleep(moment(MOMENT / 10)).await;
            }
        }
        Meanwhile::Leave => gate::set_state(hub, place.people[LEAVING], Employment::Resigned, now).await,
        Meanwhile::Move => {
            let mut tx = hub.db.begin().await.unwrap();
            assignments::remove_all_of(&mut tx, &[place.people[LEAVING]]).await.unwrap();
            tx.commit().await.unwrap();
        }
        Meanwhile::Transfer => {
            let heir = format!("a{}", HOLDERS[0]);
            _ = is_taken(hub.transfer(place.people[4], id, &heir, "请您定").await);
        }
        Meanwhile::Delegate => {
            let deputy = format!("a{DEPUTY}");
            hub.delegate(place.people[5], &deputy, now, now + chrono::Duration::hours(1)).await.unwrap();
        }
    }
    0
}

/// As it was before.
async fn undo(place: &Installation, meanwhile: Meanwhile) {
    let hub = &place.hub;
    let mut tx = hub.db.begin().await.unwrap();
    match meanwhile {
        Meanwhile::Leave => {
            people::set_state(&mut tx, place.people[LEAVING], Employment::Active, hub.clock.now()).await.unwrap();
        }
        Meanwhile::Move => {
            let like = assignments::list_of(&mut tx, &place.people[..1]).await.unwrap().remove(0);
            let back = Assignment { person_id: place.people[LEAVING], ..like };
            assignments::insert_many(&mut tx, &[back]).await.unwrap();
        }
        Meanwhile::Delegate => {
            let own = delegations::list_of_principal(&mut tx, place.people[5], hub.clock.now()).await.unwrap();
            delegations::end(&mut tx, own[0].id, place.people[5], hub.clock.now()).await.unwrap();
        }
        _ => {}
    }
    tx.commit().await.unwrap();
}

/// Done, or refused with one of the words for that.
fn is_taken<T>(answer: Result<T, Error>) -> bool {
    match answer {
        Ok(_) => true,
        Err(Error::Problem(problem)) if LATE.contains(&problem.code) => false,
        Err(other) => panic!("{other:?}"),
    }
}
