//! A dry run: whom a message would reach, what it would cost, and who would have to approve.

use super::{
    audience::{Gathered, Plan},
    intake::{DEFAULT_RULE, find_rule, first_run},
};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId,
        approval::{self, Node},
        command::Sketch,
        message::Audience,
        template,
        wording::{Link, Said},
    },
    hub::{
        Hub, Result, Source,
        approve::ask::whom,
        follow::add_recipients::Adding,
        policy::{self, Action, Facts},
        quota::{Charge, Spending},
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
    /// what they are pieces of; none: its rule sends none, or its title is not known yet
    pub sms_text: Option<String>,
    /// SMS pieces and calls if every step is needed for everybody whom it can reach
    pub cost_units: i64,
    /// whose quota its SMS count against, if one is set
    pub quota: Option<Charge>,
    /// when it goes out, or the first run of its series; none: at once
    pub send_at: Option<Timestamp>,
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
        let link = Some(Link { public_url: &self.place.public_url, message: id });
        // As it would be kept; what has to be filled in first is refused when it is sent.
        let title = template::fill(&sketch.title, "/title", &[], |_| None).unwrap_or_else(|_| sketch.title.clone());
        let said = Said { sender_name: &sender_name, title: &title, body: "", signature: "", link };
        let category = self.category(&mut tx, source, sketch.category.as_deref()).await?;
        let plan = Plan { rounds: &rounds, said, send_rule: &rule.name, category: &category };
        let reach = self.reach(&mut tx, id, source, snapshot.recipients, plan).await?;
        let rules = self.approval_rules(&mut tx).await?;
        let approval = approval::needed(&rules, &reach);
        let approval = self.foresee(&mut tx, source, approval).await?;
        let found = self.resolved(&mut tx, id, snapshot, plan, (reach.cost_units, approval)).await?;
        let now = self.clock.now();
        let send_at = first_run(sketch.recurrence.as_ref(), sketch.send_at, now)?;
        let at = send_at.map_or(now, |at| at.max(now));
        self.with_quota(&mut tx, (source, id), plan, at, Resolved { send_at, ..found }).await
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
        let plan = Plan::of(&addition, &self.place);
        let reach = self.reach(&mut tx, addition.id, source, addition.recipients, plan).await?;
        let rule = self.rule_for_all(&mut tx, source, &first, &addition).await?;
        let approval = self.foresee(&mut tx, source, rule.as_ref()).await?;
        let gathered = Gathered { recipients: addition.recipients, repeated: 0 };
        let found = self.resolved(&mut tx, addition.id, gathered, plan, (reach.cost_units, approval)).await?;
        let now = self.clock.now();
        Ok((self.with_quota(&mut tx, (source, addition.id), plan, now, found).await?, already))
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

    /// With what its SMS would take from whose quota, if it goes out at `at`.
    async fn with_quota(
        &self,
        tx: &mut Tx,
        (payer, message): (&Source, MessageId),
        plan: Plan<'_>,
        at: Timestamp,
        found: Resolved,
    ) -> Result<Resolved> {
        let spending = Spending {
            payer,
            message,
            steps: plan.rounds,
            said: plan.said,
            people: found.recipients,
            gaps: Some(&found.unreachable),
            rounds: (0, 0),
        };
        let quota = self.foresee_quota(tx, &spending, at).await?;
        Ok(Resolved { quota, ..found })
    }

    async fn resolved(
        &self,
        tx: &mut Tx,
        id: MessageId,
        gathered: Gathered,
        plan: Plan<'_>,
        (cost_units, approval): (i64, Option<NeededApproval>),
    ) -> Result<Resolved> {
        let is_texted = plan.rounds.iter().flat_map(|round| &round.channels).any(|channel| channel == "sms");
        Ok(Resolved {
            recipients: gathered.recipients,
            repeated: gathered.repeated,
            by_kind: recipients::count_by_kind(tx, id).await?,
            by_department: recipients::count_by_department(tx, id, DEPARTMENTS).await?,
            unreachable: recipients::count_unreachable(tx, id).await?,
            quota: None,
            send_at: None,
            sms_segments: plan.said.sms_segments(),
            sms_text: (is_texted && !plan.said.title.is_empty()).then(|| plan.said.text_message()),
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
