//! The gate as tests set it up: rules, approvers, and people who leave or move meanwhile.

use zhihui::{
    clock::Timestamp,
    domain::{
        ApprovalRuleId, PersonId,
        approval::{Approver, Condition, Consent, Node, Rule},
        person::{Role, State},
    },
    hub::Hub,
    storage::{
        access,
        approval_rules::{self, RuleRow},
        people,
    },
};

/// Everything is asked about: all heads of the sender's department have to agree, then any one who has
/// the role.
pub fn two_steps() -> Rule {
    Rule {
        name: "两级审批".to_owned(),
        condition: Condition::default(),
        nodes: vec![
            Node { consent: Consent::All, ..Node::of(Approver::DepartmentHead) },
            Node::of(Approver::ApproverRole),
        ],
    }
}

/// These approval rules and no others.
pub async fn set_rules(hub: &Hub, rules: &[Rule]) {
    let mut tx = hub.db.begin().await.unwrap();
    for row in approval_rules::list(&mut tx).await.unwrap() {
        approval_rules::remove(&mut tx, row.id).await.unwrap();
    }
    for (position, rule) in (0..).zip(rules) {
        approval_rules::insert(&mut tx, &RuleRow::of(ApprovalRuleId::new(), rule), position).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Gives somebody the role of an approver.
pub async fn grant_approver(hub: &Hub, person: PersonId) {
    let mut tx = hub.db.begin().await.unwrap();
    access::grant(&mut tx, person, Role::Approver).await.unwrap();
    tx.commit().await.unwrap();
}

/// 在职, 停用 or 离职.
pub async fn set_state(hub: &Hub, person: PersonId, state: State, at: Timestamp) {
    let mut tx = hub.db.begin().await.unwrap();
    assert!(people::set_state(&mut tx, person, state, at).await.unwrap());
    tx.commit().await.unwrap();
}
