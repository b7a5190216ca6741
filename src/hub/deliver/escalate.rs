//! 升级: what others hear of a chase. A step is told when it reached out to somebody, the end when
//! nobody is left to ask and somebody has still not done what was asked, and each person who does it
//! once he was chased.
//!
//! The end is a wave of its own, some minutes after the last step, so that it survives a crash, is
//! told once, and goes with the other waves at a recall.

use serde_json::json;

use super::rounds::{RECKONING, STEPS};
use crate::{
    clock::Timestamp,
    domain::{
        ApprovalId, PersonId,
        chase::{ANSWER_TIME, goal},
        send_rule::Unless,
    },
    hub::{Hub, Result},
    storage::{
        Tx, accounts, audit, chases,
        messages::{self, Message},
        waves,
    },
};

impl Hub {
    /// A step is written for everybody: it is noted, and told if there was somebody to chase.
    pub(super) async fn end_step(&self, tx: &mut Tx, message: &Message, step: i64, now: Timestamp) -> Result<()> {
        let chased = waves::planned_any(tx, message.id, step).await?;
        let object = format!("message:{}", message.id);
        audit::insert(tx, now, "hub", "escalation.step", &object, json!({"step": step, "chased": chased})).await?;
        if chased {
            self.tell(tx, now, "escalation.step", message, json!({"step": step})).await?;
        }
        let rounds = &message.rounds.0.list;
        let is_last = usize::try_from(step).is_ok_and(|step| step + 1 == rounds.len());
        if let Some(goal) = goal(rounds).filter(|_| is_last)
            && self.chases_somebody(tx, message, goal.round).await?
        {
            waves::insert(tx, message.id, RECKONING, now + ANSWER_TIME).await?;
        }
        Ok(())
    }

    /// Has a round, or will it? One in working minutes may come after the last of the rule.
    async fn chases_somebody(&self, tx: &mut Tx, message: &Message, round: i64) -> Result<bool> {
        Ok(waves::planned_any(tx, message.id, round).await? || waves::due_at(tx, message.id, round).await?.is_some())
    }

    /// After the last step: over when nothing of any step is under way or to come any more (working
    /// minutes may last longer than a later step's), and exhausted if somebody whom the last chased
    /// has still not done what it waits for.
    pub(super) async fn reckon(&self, tx: &mut Tx, message: &Message, now: Timestamp) -> Result<()> {
        let Some(goal) = goal(&message.rounds.0.list) else { return Ok(()) };
        if chases::is_under_way(tx, message.id, STEPS).await? {
            waves::postpone(tx, message.id, RECKONING, now + ANSWER_TIME).await?;
            return Ok(());
        }
        waves::remove(tx, message.id, RECKONING).await?;
        if chases::any_left(tx, message.id, goal).await? {
            let object = format!("message:{}", message.id);
            audit::insert(tx, now, "hub", "escalation.exhaust", &object, json!({})).await?;
            self.tell(tx, now, "escalation.exhausted", message, json!({})).await?;
        }
        Ok(())
    }

    /// A person has just done one of these, for the first time: told where he was being chased for it.
    pub(super) async fn tell_satisfied(
        &self,
        tx: &mut Tx,
        message: &Message,
        person: PersonId,
        done: &[Unless],
        now: Timestamp,
    ) -> Result<()> {
        let is_goal = goal(&message.rounds.0.list).is_some_and(|goal| done.contains(&goal.unless));
        if is_goal && chases::has_begun(tx, message.id, person, STEPS).await? {
            let account = accounts::accounts_of(tx, &[person]).await?.pop();
            self.tell(tx, now, "escalation.satisfied", message, json!({"account": account})).await?;
        }
        Ok(())
    }

    /// Some have just decided on an approval, or are spared by those who have: they are not chased for
    /// it any more.
    pub(in crate::hub) async fn tell_decided(&self, tx: &mut Tx, approval: ApprovalId, now: Timestamp) -> Result<()> {
        for (message, person) in chases::list_deciders(tx, approval, now, STEPS).await? {
            if let Some(message) = messages::find(tx, message).await? {
                self.tell_satisfied(tx, &message, person, &[Unless::Decided], now).await?;
            }
        }
        Ok(())
    }
}
