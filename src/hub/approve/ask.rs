//! 送审: putting a message before those who may decide, node by node. Whoever is asked at a node is
//! told when it is reached, not before; never the sender himself.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    clock::Timestamp,
    domain::{
        ApprovalId, MessageId, PersonId, Problem,
        approval::{Approver, Consent, Node, Rule, State as ApprovalState},
        approval_flow,
        message::Draft,
    },
    hub::{ApprovalNeeded, Hub, Result, Source, send::note::note_to},
    storage::{
        Json, Tx, accounts, approval_rules,
        approvals::{self, Approval},
        approvers, audit, delegations,
        messages::{List, Message},
        seats::{self, Asking, Seat},
    },
};

/// Whom a node asks.
pub(in crate::hub) struct Asked {
    pub people: Vec<PersonId>,
    /// by name in the rule
    is_named: bool,
    /// everybody has to agree
    is_needed: bool,
}

/// What is asked at the node that an approval has come to, and by which note.
pub(super) struct Question<'a> {
    pub approval: &'a Approval,
    pub message: &'a Message,
    pub node: Node,
    pub note: MessageId,
}

impl<'a> Question<'a> {
    pub fn of(approval: &'a Approval, message: &'a Message) -> Self {
        let node = approval.node(approval.node).cloned();
        let node = node.unwrap_or_else(|| Node::of(Approver::ApproverRole));
        Self { approval, message, node, note: MessageId::new() }
    }
}

impl Hub {
    pub(in crate::hub) async fn approval_rules(&self, tx: &mut Tx) -> Result<Vec<Rule>> {
        let rows = approval_rules::list(tx).await?;
        Ok(rows.into_iter().map(approval_rules::RuleRow::into_rule).collect())
    }

    /// Puts a message before those who may decide at the first node, and tells them. A rule that has
    /// a node at which nobody could decide is found now, not when the message has come so far.
    pub(in crate::hub) async fn ask(
        &self,
        tx: &mut Tx,
        source: &Source,
        message: &Message,
        rule: &Rule,
        now: Timestamp,
    ) -> Result<ApprovalNeeded> {
        for node in &rule.nodes {
            if whom(tx, source.person(), node).await?.people.is_empty() {
                return Err(nobody(rule).into());
            }
        }
        let approval = Approval {
            id: ApprovalId::new(),
            message_id: message.id,
            message_version: message.version,
            content_hash: message.content_hash.clone(),
            snapshot_hash: message.snapshot_hash.clone(),
            rule_name: rule.name.clone(),
            state: ApprovalState::Pending,
            created_at: now,
            decided_at: None,
            decided_by: None,
            opinion: String::new(),
            nodes: Some(Json(List { list: rule.nodes.clone() })),
            node: 0,
            last_node: i64::try_from(rule.nodes.len()).unwrap_or(i64::MAX) - 1,
        };
        approvals::insert(tx, &approval).await?;
        let approvers = self.open_node(tx, &approval, message, now).await?;
        let detail = json!({"rule": rule.name, "approvers": approvers, "message": message.id});
        audit::insert(tx, now, &source.actor(), "approval.ask", &format!("approval:{}", approval.id), detail).await?;
        Ok(ApprovalNeeded {
            id: approval.id,
            rule: rule.name.clone(),
            approvers: i64::try_from(approvers).unwrap_or(i64::MAX),
        })
    }

    /// Asks those of the node that an approval has come to; returns how many they are.
    pub(super) async fn open_node(
        &self,
        tx: &mut Tx,
        approval: &Approval,
        message: &Message,
        now: Timestamp,
    ) -> Result<usize> {
        let question = Question::of(approval, message);
        let asked = whom(tx, message.sender_id, &question.node).await?;
        self.seat(tx, &question, &asked, now).await
    }

    /// Gives people seats at the present node and tells them; returns how many had none there.
    pub(super) async fn seat(
        &self,
        tx: &mut Tx,
        question: &Question<'_>,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<usize> {
        let Question { approval, message, note, .. } = question;
        let asking = Asking {
            approval: approval.id,
            node: approval.node,
            people: &asked.people,
            is_needed: asked.is_needed,
            is_named: asked.is_named,
            note: *note,
            at: now,
        };
        let people = seats::insert(tx, asking).await?;
        let called = self.called(tx, message).await?;
        let body = format!(
            "{}申请向 {} 人发送{called}，依据“{}”规则需要您审批。",
            sender(message),
            message.recipients,
            approval.rule_name
        );
        self.tell_asked(tx, question, &people, &body, now).await?;
        Ok(people.len())
    }

    /// The note that chases these until they have decided, and one for whoever is their deputy.
    pub(super) async fn tell_asked(
        &self,
        tx: &mut Tx,
        question: &Question<'_>,
        people: &[PersonId],
        body: &str,
        now: Timestamp,
    ) -> Result<()> {
        let Question { approval, message, node, note } = question;
        let title = format!("待审批：{}", message.title);
        let about = |to: Vec<String>, rule: &str, body: &str| Draft {
            send_rule: Some(rule.to_owned()),
            category: Some("approval".to_owned()),
            about_approval: Some(approval.id),
            ..note_to(to, &title, body)
        };
        let told = accounts::accounts_of(tx, people).await?;
        if !told.is_empty() {
            let draft = about(told, node.send_rule(), body);
            Box::pin(self.write(tx, &Source::Hub, *note, draft, now)).await?;
        }
        let mut deputies = BTreeSet::new();
        for acting in delegations::list_acting(tx, people, now).await? {
            let is_asked_himself = people.contains(&acting.deputy_id) || message.sender_id == Some(acting.deputy_id);
            if is_asked_himself || !deputies.insert(acting.deputy_id) {
                continue;
            }
            let to = accounts::accounts_of(tx, &[acting.deputy_id]).await?;
            let body = format!(
                "{}申请向 {} 人发送《{}》，请您代{}审批。",
                sender(message),
                message.recipients,
                message.title,
                acting.person_name
            );
            let rule = if node.sms { "sms" } else { "dingtalk" };
            if !to.is_empty() {
                Box::pin(self.write(tx, &Source::Hub, MessageId::new(), about(to, rule, &body), now)).await?;
            }
        }
        Ok(())
    }
}

/// As the rules of the flow see them.
pub(super) fn seats_of(seats: &[Seat]) -> Vec<approval_flow::Seat> {
    let seat =
        |seat: &Seat| approval_flow::Seat { state: seat.state, is_needed: seat.is_needed, is_held: seat.is_held };
    seats.iter().map(seat).collect()
}

/// Never the sender himself; where there is nobody as the node wants it, those with the role, any one
/// of whom decides.
pub(in crate::hub) async fn whom(tx: &mut Tx, sender: Option<PersonId>, node: &Node) -> Result<Asked> {
    let found = match (node.approver, sender) {
        (Approver::DepartmentHead, Some(sender)) => approvers::nearest_heads(tx, sender).await?,
        (Approver::DepartmentHead, None) => Vec::new(),
        (Approver::ApproverRole, _) => approvers::role_holders(tx, sender).await?,
        (Approver::People, _) => approvers::named(tx, &node.people, sender).await?,
    };
    if found.is_empty() {
        let people = approvers::role_holders(tx, sender).await?;
        return Ok(Asked { people, is_named: false, is_needed: false });
    }
    let is_named = node.approver == Approver::People;
    Ok(Asked { people: found, is_named, is_needed: node.consent == Consent::All })
}

/// With his department; a module belongs to none.
fn sender(message: &Message) -> String {
    match message.sender_department.as_str() {
        "" => message.sender_name.clone(),
        department => format!("{}（{department}）", message.sender_name),
    }
}

fn nobody(rule: &Rule) -> Problem {
    let detail = format!("按“{}”规则需要审批，但没有可以审批的人，请联系管理员设置", rule.name);
    Problem::invalid("APPR_NONE", "", detail)
        .in_english(format!("rule “{}” asks for approval but nobody can give it", rule.name))
}
