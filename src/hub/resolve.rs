//! A dry run: whom a message would reach, what it would cost, and who would have to approve.

use super::{
    Hub, Result, Source,
    ask::whom,
    audience::Plan,
    intake::{DEFAULT_CATEGORY, DEFAULT_RULE, find_rule},
    policy::{self, Action, Facts},
};
use crate::{
    domain::{
        MessageId,
        approval::{self, Node},
        command::Sketch,
        wording::Said,
    },
    storage::{
        Tx, approvers,
        recipients::{self, Unreachable},
    },
};

/// Departments counted at all; one organisation has a few hundred.
const DEPARTMENTS: i64 = 10_000;

/// What would happen.
#[derive(Debug, Clone)]
pub struct Resolved {
    pub recipients: i64,
    /// named more than once, counted once
    pub repeated: i64,
    pub by_kind: Vec<(String, i64)>,
    /// all of them, the largest first
    pub by_department: Vec<(String, i64)>,
    pub unreachable: Unreachable,
    /// pieces of one SMS
    pub sms_segments: i64,
    /// SMS pieces and calls if every step is needed for everybody whom it can reach
    pub cost_units: i64,
    pub approval: Option<NeededApproval>,
    /// what the send rule names and this installation lacks
    pub missing_channels: Vec<String>,
}

/// Who would have to approve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededApproval {
    pub rule: String,
    /// how many people are asked first; none: the message would be refused
    pub approvers: i64,
    /// one after the other
    pub nodes: Vec<NeededNode>,
}

/// Who would be asked at one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededNode {
    pub node: Node,
    /// names
    pub people: Vec<String>,
}

impl Hub {
    /// Counts inside the database and leaves no trace there.
    ///
    /// # Errors
    /// The same as accepting such a message.
    pub async fn resolve(&self, source: &Source, sketch: &Sketch) -> Result<Resolved> {
        self.resolve_in(source, sketch, None).await
    }

    /// The same of a message in a category.
    pub(super) async fn resolve_in(
        &self,
        source: &Source,
        sketch: &Sketch,
        category: Option<&str>,
    ) -> Result<Resolved> {
        policy::require(source, Action::Send, &Facts::STRANGER)?;
        // Resolving writes the snapshot and counts it; dropping the transaction takes it back.
        let mut tx = self.db.begin().await?;
        let id = MessageId::new();
        let snapshot = self.gather(&mut tx, id, &sketch.audience, source).await?;
        let rule = find_rule(&mut tx, source, sketch.send_rule.as_deref().unwrap_or(DEFAULT_RULE)).await?;
        let (sender_name, _) = self.sender(&mut tx, source).await?;
        let rounds = rule.rounds();
        // What costs does not say the body.
        let said = Said { sender_name: &sender_name, title: &sketch.title, body: "", signature: "" };
        let plan =
            Plan { rounds: &rounds, said, send_rule: &rule.name, category: category.unwrap_or(DEFAULT_CATEGORY) };
        let reach = self.reach(&mut tx, id, source, snapshot.recipients, plan).await?;
        let approval = match approval::needed(&self.approval_rules(&mut tx).await?, &reach) {
            Some(rule) => Some(self.foresee_approval(&mut tx, source, rule).await?),
            None => None,
        };
        Ok(Resolved {
            recipients: snapshot.recipients,
            repeated: snapshot.repeated,
            by_kind: recipients::count_by_kind(&mut tx, id).await?,
            by_department: recipients::count_by_department(&mut tx, id, DEPARTMENTS).await?,
            unreachable: recipients::count_unreachable(&mut tx, id).await?,
            sms_segments: said.sms_segments(),
            cost_units: reach.cost_units,
            approval,
            missing_channels: self.channels.missing(&rounds),
        })
    }

    /// Whom a rule would ask about something of this sender, node by node.
    pub(super) async fn foresee_approval(
        &self,
        tx: &mut Tx,
        source: &Source,
        rule: &approval::Rule,
    ) -> Result<NeededApproval> {
        let mut nodes = Vec::with_capacity(rule.nodes.len());
        for node in &rule.nodes {
            let asked = whom(tx, source.person(), node).await?;
            nodes.push(NeededNode { node: node.clone(), people: approvers::names(tx, &asked.people).await? });
        }
        let is_stuck = nodes.iter().any(|node| node.people.is_empty());
        let first = nodes.first().filter(|_| !is_stuck).map_or(0, |node| node.people.len());
        Ok(NeededApproval { rule: rule.name.clone(), approvers: i64::try_from(first).unwrap_or(i64::MAX), nodes })
    }
}
