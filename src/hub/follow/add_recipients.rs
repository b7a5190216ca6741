//! 新增发送人: a message that is out goes to more people.
//!
//! The addition is a message of its own with the words of the first, so that everything that holds for a
//! message holds for it: its people are frozen, the gate is passed by the same rules, asked of the whole
//! widened audience, nothing goes out before consent, and a recall takes it back with the first
//! (docs/decisions/0013). Whoever has the message already is not in it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::refuse::{refuse_deleted, refuse_expired};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, Problem,
        approval::{self, Reach},
        message::{Audience, State},
    },
    hub::{
        ApprovalNeeded, Change, Hub, Once, Result, Source,
        engine::once::Keyed,
        policy::{self, Action},
        send::{
            audience::{Gathered, Plan, refuse_many},
            intake::content_hash,
        },
    },
    storage::{
        Json, Tx, additions, attachments, audit,
        messages::{self, Message},
        recipients, snapshot,
    },
};

/// People who were added, or are to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// The same key came before; this is the answer of then.
    #[serde(skip)]
    pub duplicate: bool,
    /// the addition, a message of its own
    pub id: MessageId,
    /// what it adds to
    pub adds_to: MessageId,
    pub state: State,
    /// how many are added
    pub recipients: i64,
    /// of those who were named so many have it already
    pub already: i64,
    pub approval: Option<ApprovalNeeded>,
}

/// An addition that is not written yet.
pub(in crate::hub) struct Adding {
    pub first: Message,
    pub addition: Message,
    pub files: Vec<attachments::Attachment>,
    /// of those who were named so many have it
    pub already: i64,
}

impl Hub {
    /// Adds people to a message that is out, once for each key; to an addition: to the message itself.
    ///
    /// # Errors
    /// `NOT_FOUND`, `STATE`, `DELETED`, `EXPIRED`, `RCPT_NONE`, `RCPT_LIMIT`, `RCPT_NOT_VISIBLE`, `APPR_NONE`,
    /// `QUOTA_SHORT`
    pub async fn add_recipients(
        &self,
        source: &Source,
        once: Option<Once<'_>>,
        id: MessageId,
        audience: Audience,
    ) -> Result<Added> {
        let write = async |tx: &mut Tx| self.write_addition(tx, source, id, audience).await;
        let added = match self.do_once(source, once, id, write).await? {
            Keyed::Done(added) => added,
            Keyed::Earlier(earlier) => return Ok(Added { duplicate: true, ..earlier }),
        };
        failpoint!("add.after_commit");
        tracing::info!(message.id = %added.id, recipients = added.recipients, "added people to message {}", added.adds_to);
        self.wake.all();
        self.announce(Change::Sent(added.adds_to));
        if added.state == State::Sending {
            self.announce(Change::Message(added.id));
        }
        if let Some(approval) = &added.approval {
            self.announce(Change::Approval(approval.id));
        }
        Ok(added)
    }

    /// Whom it would go to besides, as the rows of an addition.
    pub(in crate::hub) async fn gather_addition(
        &self,
        tx: &mut Tx,
        source: &Source,
        id: MessageId,
        audience: Audience,
    ) -> Result<Adding> {
        let now = self.clock.now();
        let named = messages::find(tx, id).await?.ok_or_else(Problem::not_found)?;
        policy::require(source, Action::AddRecipients, &source.facts(&named))?;
        let first = additions::find_first(tx, id).await?.unwrap_or(id);
        let first = messages::lock(tx, first).await?.ok_or_else(Problem::not_found)?;
        policy::require(source, Action::AddRecipients, &source.facts(&first))?;
        refuse_deleted(&first)?;
        refuse_over(&first, now)?;
        let mut addition = blank(&first, now, audience);
        let files = attachments::list(tx, first.id).await?;
        let files: Vec<_> = files.into_iter().map(attachments::Attachment::again).collect();
        self.attach(tx, addition.id, &files).await?;
        let Gathered { recipients: named, .. } = self.gather(tx, addition.id, &addition.audience.0, source).await?;
        let already = i64::try_from(additions::drop_those_in(tx, addition.id, first.id).await?).unwrap_or(named);
        addition.recipients = named - already;
        if addition.recipients == 0 {
            return Err(nobody_new(named).into());
        }
        Ok(Adding { first, addition, files, already })
    }

    async fn write_addition(&self, tx: &mut Tx, source: &Source, id: MessageId, audience: Audience) -> Result<Added> {
        let Adding { first, mut addition, files, already } = self.gather_addition(tx, source, id, audience).await?;
        // One moment for all of it: what goes out at once goes out when it was made.
        let now = addition.created_at;
        addition.snapshot_hash = snapshot::hash(tx, addition.id).await?;
        addition.content_hash = content_hash(&addition, &files).to_vec();
        let rule = self.rule_for_all(tx, source, &first, &addition).await?;
        addition.state = if rule.is_some() { State::PendingApproval } else { State::Sending };
        addition.sent_at = (addition.state == State::Sending).then_some(now);
        // Before the question to the approvers, which says that it is one.
        additions::insert(tx, addition.id, first.id, now).await?;
        let detail = json!({"people": addition.recipients, "already": already, "addition": addition.id});
        audit::insert(tx, now, &source.actor(), "message.add_recipients", &format!("message:{}", first.id), detail)
            .await?;
        let approval = self.submit(tx, source, &addition, (rule, false), now).await?;
        self.hold_for(tx, source, &addition, &[]).await?;
        Ok(Added {
            duplicate: false,
            id: addition.id,
            adds_to: first.id,
            state: addition.state,
            recipients: addition.recipients,
            already,
            approval,
        })
    }

    /// The rule that asks for consent to the message going to all that it then goes to.
    pub(in crate::hub) async fn rule_for_all(
        &self,
        tx: &mut Tx,
        source: &Source,
        first: &Message,
        addition: &Message,
    ) -> Result<Option<approval::Rule>> {
        let plan = Plan::of(addition, &self.place);
        let mut reach = self.reach(tx, addition.id, source, addition.recipients, plan).await?;
        let mut others = vec![first.id];
        others.extend(additions::list(tx, first.id).await?.into_iter().filter(is_alive).map(|other| other.message_id));
        for other in others {
            let people = recipients::count(tx, other).await?;
            let theirs = self.reach(tx, other, source, people, plan).await?;
            reach = together(reach, theirs);
        }
        if reach.recipients > crate::domain::message::limits::RECIPIENTS {
            return Err(refuse_many(reach.recipients).into());
        }
        Ok(approval::needed(&self.approval_rules(tx).await?, &reach).cloned())
    }

    /// How a message is called where somebody is asked or told about it.
    pub(in crate::hub) async fn called(&self, tx: &mut Tx, message: &Message) -> Result<String> {
        let is_addition = additions::find_first(tx, message.id).await?.is_some();
        let of = if is_addition { "（新增发送人）" } else { "" };
        Ok(format!("《{}》{of}", message.title))
    }
}

fn is_alive(addition: &additions::Addition) -> bool {
    !matches!(addition.state, State::Rejected | State::Recalled)
}

fn together(one: Reach, other: Reach) -> Reach {
    Reach {
        recipients: one.recipients + other.recipients,
        beyond_department: one.beyond_department + other.beyond_department,
        cost_units: one.cost_units + other.cost_units,
        ..one
    }
}

/// The words of the first, and nothing yet of its own.
fn blank(first: &Message, now: Timestamp, audience: Audience) -> Message {
    Message {
        id: MessageId::new(),
        audience: Json(audience),
        about_approval_id: None,
        state: State::Draft,
        version: 1,
        recipients: 0,
        created_at: now,
        send_at: None,
        sent_at: None,
        finished_at: None,
        recalled_at: None,
        deleted_at: None,
        purged_at: None,
        // What its first message was changed from is not what an addition changes.
        replaces_id: None,
        ..first.clone()
    }
}

fn refuse_over(first: &Message, now: Timestamp) -> Result<(), Problem> {
    if !first.state.is_out() {
        return Err(Problem::conflict("STATE", "只有已发送的消息可以新增发送人")
            .in_english("people can be added to a message that is out"));
    }
    refuse_expired(first, now)
}

fn nobody_new(named: i64) -> Problem {
    let detail = format!("没有可新增的人：所选 {named} 人都已收到此消息，或正等待审批");
    Problem::invalid("RCPT_NONE", "/audience", detail)
        .in_english(format!("nobody is added: all {named} have this message already, or wait for consent to it"))
}
