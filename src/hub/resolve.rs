//! A dry run: whom a message would reach, what it would cost, and who would have to approve.

use super::{
    Hub, Result, Source,
    add_recipients::Adding,
    ask::whom,
    audience::{Gathered, Plan},
    intake::{DEFAULT_RULE, find_rule},
    policy::{self, Action, Facts},
};
use crate::{
    domain::{
        MessageId,
        approval::{self, Node},
        command::Sketch,
        message::Audience,
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
        let category = self.category(&mut tx, source, sketch.category.as_deref()).await?;
        let plan = Plan { rounds: &rounds, said, send_rule: &rule.name, category: &category };
        let reach = self.reach(&mut tx, id, source, snapshot.recipients, plan).await?;
        let rules = self.approval_rules(&mut tx).await?;
        let approval = approval::needed(&rules, &reach);
        let approval = self.foresee(&mut tx, source, approval).await?;
        self.resolved(&mut tx, id, snapshot, plan, (reach.cost_units, approval)).await
    }

    /// The same of people who would be added to a message that is out; and how many of those who are
    /// named have it already.
    ///
    /// # Errors
    /// The same as adding them.
    pub async fn resolve_addition(
        &self,
        source: &Source,
        id: MessageId,
        audience: Audience,
    ) -> Result<(Resolved, i64)> {
        let mut tx = self.db.begin().await?;
        let Adding { first, addition, already, .. } = self.gather_addition(&mut tx, source, id, audience).await?;
        let plan = Plan::of(&addition);
        let reach = self.reach(&mut tx, addition.id, source, addition.recipients, plan).await?;
        let rule = self.rule_for_all(&mut tx, source, &first, &addition).await?;
        let approval = self.foresee(&mut tx, source, rule.as_ref()).await?;
        let gathered = Gathered { recipients: addition.recipients, repeated: 0 };
        Ok((self.resolved(&mut tx, addition.id, gathered, plan, (reach.cost_units, approval)).await?, already))
    }

    async fn foresee(
        &self,
        tx: &mut Tx,
        source: &Source,
        rule: Option<&approval::Rule>,
    ) -> Result<Option<NeededApproval>> {
        match rule {
            Some(rule) => Ok(Some(self.foresee_approval(tx, source, rule).await?)),
            None => Ok(None),
        }
    }

    async fn resolved(
        &self,
        tx: &mut Tx,
        id: MessageId,
        gathered: Gathered,
        plan: Plan<'_>,
        (cost_units, approval): (i64, Option<NeededApproval>),
    ) -> Result<Resolved> {
        Ok(Resolved {
            recipients: gathered.recipients,
            repeated: gathered.repeated,
            by_kind: recipients::count_by_kind(tx, id).await?,
            by_department: recipients::count_by_department(tx, id, DEPARTMENTS).await?,
            unreachable: recipients::count_unreachable(tx, id).await?,
            sms_segments: plan.said.sms_segments(),
            cost_units,
            approval,
            missing_channels: self.channels.missing(plan.rounds),
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
