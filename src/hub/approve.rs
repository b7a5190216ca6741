//! 审批: asking whoever may decide, and his decision.
//!
//! What was asked is frozen by two hashes, of the content and of the recipients. A decision counts
//! only while both still hold, nobody decides his own, and of two at once one decides.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Answer, ApprovalNeeded, Change, Hub, Result, Source,
    intake::content_hash,
    policy::{self, Action, Asker, Facts},
};
use crate::{
    clock::Timestamp,
    domain::{
        ApprovalId, MessageId, PersonId, Problem,
        approval::{Approver, Decision, Rule, State as ApprovalState},
        message::{Audience, Draft, State},
    },
    storage::{
        Tx, accounts,
        approvals::{self, Approval},
        attachments, audit,
        messages::{self, Message},
        settings, snapshot,
    },
};

const LONGEST_OPINION: usize = 500;

impl Hub {
    pub(super) async fn approval_rules(&self, tx: &mut Tx) -> Result<Vec<Rule>> {
        let rows = settings::list_approval_rules(tx).await?;
        let rule = |row: settings::ApprovalRuleRow| Rule {
            name: row.name,
            condition: row.condition.0,
            approver: row.approver,
        };
        Ok(rows.into_iter().map(rule).collect())
    }

    /// Puts a message before those who may decide, and tells them.
    pub(super) async fn ask(
        &self,
        tx: &mut Tx,
        source: &Source,
        message: &Message,
        rule: &Rule,
        now: Timestamp,
    ) -> Result<ApprovalNeeded> {
        let approvers = find_approvers(tx, source, rule.approver).await?;
        if approvers.is_empty() {
            return Err(Problem::invalid(
                "APPR_NONE",
                "",
                format!("按“{}”规则需要审批，但没有可以审批的人，请联系管理员设置", rule.name),
            )
            .in_english(format!("rule “{}” asks for approval but nobody can give it", rule.name))
            .into());
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
        };
        approvals::insert(tx, &approval, &approvers).await?;
        let detail = json!({"rule": rule.name, "approvers": approvers.len(), "message": message.id});
        audit::insert(tx, now, &source.actor(), "approval.ask", &format!("approval:{}", approval.id), detail).await?;
        let title = format!("待审批：{}", message.title);
        // A module belongs to no department.
        let department = match message.sender_department.as_str() {
            "" => String::new(),
            department => format!("（{department}）"),
        };
        let body = format!(
            "{}{department}申请向 {} 人发送《{}》，依据“{}”规则需要您审批。",
            message.sender_name, message.recipients, message.title, rule.name
        );
        let accounts = accounts::accounts_of(tx, &approvers).await?;
        let note = Draft {
            send_rule: Some("approval".to_owned()),
            category: Some("approval".to_owned()),
            about_approval: Some(approval.id),
            ..note_to(accounts, &title, &body)
        };
        Box::pin(self.write(tx, &Source::Hub, MessageId::new(), note, now)).await?;
        Ok(ApprovalNeeded {
            id: approval.id,
            rule: rule.name.clone(),
            approvers: i64::try_from(approvers.len()).unwrap_or(i64::MAX),
        })
    }

    /// Decides for good. Foreign approvals do not exist for `who`; of two deciders one is told
    /// that the other was faster.
    pub async fn decide(&self, who: PersonId, id: ApprovalId, decision: Decision, opinion: &str) -> Result<State> {
        let opinion = check_opinion(decision, opinion)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let approval = approvals::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        let asked = Facts { is_assigned: approvals::is_approver(&mut tx, id, who).await?, ..Facts::STRANGER };
        policy::require(Asker::Person(&[]), Action::ReadUnsent, &asked)?;
        // Everything that changes a message's fate takes its row first.
        let message = messages::lock(&mut tx, approval.message_id).await?.ok_or_else(Problem::not_found)?;
        let approval = approvals::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        let facts = Facts { is_own: message.sender_id == Some(who), ..asked };
        if !policy::may(Asker::Person(&[]), Action::Approve, &facts) {
            return Err(Problem::forbidden("APPR_SELF", "不能审批自己提交的消息")
                .in_english("nobody approves his own message")
                .into());
        }
        self.refuse_decided(&mut tx, &approval).await?;
        let files = attachments::list(&mut tx, message.id).await?;
        let unchanged = content_hash(&message, &files)[..] == approval.content_hash[..]
            && snapshot::hash(&mut tx, message.id).await? == approval.snapshot_hash;
        let to = match decision {
            Decision::Approve => ApprovalState::Approved,
            Decision::Reject => ApprovalState::Rejected,
        };
        if !unchanged || !approvals::decide(&mut tx, id, to, who, &opinion, now).await? {
            return Err(stale().into());
        }
        let state = self.carry_out(&mut tx, &message, decision, now).await?;
        let detail = json!({"message": message.id, "decision": decision, "opinion": !opinion.is_empty()});
        audit::insert(&mut tx, now, &format!("person:{who}"), "approval.decide", &format!("approval:{id}"), detail)
            .await?;
        self.tell_decided(&mut tx, id, now).await?;
        self.tell_sender(&mut tx, &message, who, (decision, &opinion), now).await?;
        tx.commit().await?;
        failpoint!("approve.after_commit");
        tracing::info!(approval.id = %id, message.id = %message.id, message.state = %state, "decided approval {id}");
        self.wake.all();
        self.announce(Change::Approval(id));
        if state == State::Sending {
            self.announce(Change::Message(message.id));
        }
        Ok(state)
    }

    /// What nobody who was asked may decide any more is put before all who have the role; returns how
    /// many approvals that were. A pending message must not wait for people who have left.
    pub async fn ask_others(&self) -> Result<usize> {
        let mut tx = self.db.read().await?;
        let is_idle = !approvals::any_forsaken(&mut tx).await?;
        drop(tx);
        if is_idle {
            return Ok(0);
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let mut people: BTreeMap<ApprovalId, usize> = BTreeMap::new();
        for id in approvals::ask_others(&mut tx).await? {
            *people.entry(id).or_default() += 1;
        }
        for (id, people) in &people {
            let detail = json!({"approvers": people});
            audit::insert(&mut tx, now, "hub", "approval.ask_others", &format!("approval:{id}"), detail).await?;
        }
        tx.commit().await?;
        people.keys().for_each(|id| self.announce(Change::Approval(*id)));
        Ok(people.len())
    }

    /// Tells who was faster.
    async fn refuse_decided(&self, tx: &mut Tx, approval: &Approval) -> Result<()> {
        let word = match approval.state {
            ApprovalState::Pending => return Ok(()),
            ApprovalState::Approved => "通过",
            ApprovalState::Rejected => "驳回",
            ApprovalState::Void => {
                return Err(Problem::conflict("APPR_STALE", "此申请已撤回或修改，无需审批")
                    .in_english("this request was withdrawn or changed")
                    .into());
            }
        };
        let name = match approval.decided_by {
            Some(person) => accounts::name_of(tx, person).await?.unwrap_or_default(),
            None => String::new(),
        };
        let at = approval.decided_at.map(|at| self.local(at)).unwrap_or_default();
        Err(Problem::conflict("APPR_DONE", format!("{name}已于 {at} {word}"))
            .in_english(format!("{name} has already decided ({word}) at {at}"))
            .into())
    }

    /// What a decision makes of the message: approved too late, it waits for the sender.
    async fn carry_out(&self, tx: &mut Tx, message: &Message, decision: Decision, now: Timestamp) -> Result<State> {
        if decision == Decision::Reject {
            moved(messages::transition(tx, message.id, State::PendingApproval, State::Rejected).await?)?;
            self.tell(tx, now, "message.rejected", message, json!({"state": State::Rejected})).await?;
            return Ok(State::Rejected);
        }
        self.tell(tx, now, "message.approved", message, json!({"state": "approved"})).await?;
        let expired = message.expires_at.is_some_and(|until| until <= now);
        match message.send_at {
            Some(at) if at > now && !expired => {
                moved(messages::transition(tx, message.id, State::PendingApproval, State::Scheduled).await?)?;
                self.tell(tx, now, "message.scheduled", message, json!({"state": State::Scheduled})).await?;
                Ok(State::Scheduled)
            }
            None if !expired => {
                moved(messages::mark_sending(tx, message.id, State::PendingApproval, now).await?)?;
                self.start(tx, message, now).await?;
                Ok(State::Sending)
            }
            _ => {
                moved(self.hold(tx, message, State::PendingApproval, now).await?)?;
                Ok(State::Held)
            }
        }
    }

    async fn tell_sender(
        &self,
        tx: &mut Tx,
        message: &Message,
        who: PersonId,
        (decision, opinion): (Decision, &str),
        now: Timestamp,
    ) -> Result<()> {
        let Some(sender) = message.sender_id else { return Ok(()) };
        let approver = accounts::name_of(tx, who).await?.unwrap_or_default();
        let word = match decision {
            Decision::Approve => "已通过",
            Decision::Reject => "被驳回",
        };
        let words = if opinion.is_empty() { String::new() } else { format!("意见：{opinion}") };
        let body = format!("您提交的《{}》{word}，审批人：{approver}。{words}", message.title);
        let title = format!("审批{word}：{}", message.title);
        self.note(tx, sender, &title, &body, now).await?;
        Ok(())
    }

    /// A few words of the hub to one person's inbox; nothing for somebody who has left.
    pub(super) async fn note(
        &self,
        tx: &mut Tx,
        to: PersonId,
        title: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<Option<Answer>> {
        let accounts = accounts::accounts_of(tx, &[to]).await?;
        if accounts.is_empty() {
            return Ok(None);
        }
        let note = note_to(accounts, title, body);
        Box::pin(self.write(tx, &Source::Hub, MessageId::new(), note, now)).await.map(Some)
    }
}

fn stale() -> Problem {
    Problem::conflict("APPR_STALE", "内容已被修改，请刷新后重新审批")
        .in_english("the message has changed since; look at it again")
}

/// A message that is not where it was when it was asked about is not what was decided on.
fn moved(is_moved: bool) -> Result<(), Problem> {
    if is_moved { Ok(()) } else { Err(stale()) }
}

/// A draft of the hub's own.
fn note_to(accounts: Vec<String>, title: &str, body: &str) -> Draft {
    let title: String = title.chars().take(200).collect();
    Draft::content(title, body, Audience { people: accounts, ..Audience::default() })
}

/// Never the sender himself; where a department has no other head, those with the role.
pub(super) async fn find_approvers(tx: &mut Tx, source: &Source, approver: Approver) -> Result<Vec<PersonId>> {
    let sender = source.person();
    if let (Approver::DepartmentHead, Some(sender)) = (approver, sender) {
        let heads = approvals::nearest_heads(tx, sender).await?;
        if !heads.is_empty() {
            return Ok(heads);
        }
    }
    Ok(approvals::role_holders(tx, sender).await?)
}

fn check_opinion(decision: Decision, opinion: &str) -> Result<String, Problem> {
    let opinion = opinion.trim();
    let length = opinion.chars().count();
    if length > LONGEST_OPINION {
        let detail = format!("审批意见最多 {LONGEST_OPINION} 字，当前 {length} 字");
        return Err(Problem::invalid("APPR_REASON", "/opinion", detail)
            .in_english(format!("an opinion has at most {LONGEST_OPINION} characters, this one has {length}")));
    }
    if decision == Decision::Reject && opinion.is_empty() {
        return Err(Problem::invalid("APPR_REASON", "/opinion", "请填写驳回原因（最多 500 字）")
            .in_english("say why you reject it (at most 500 characters)"));
    }
    Ok(opinion.to_owned())
}
