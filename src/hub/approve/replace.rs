//! Asking others: an approval does not wait for people who have left or may not decide any more.

use serde_json::json;

use super::ask::{Question, seats_of, whom};
use crate::{
    clock::Timestamp,
    domain::{
        ApprovalId, MessageId, Problem,
        approval::{Approver, Decision, Node, State as ApprovalState},
        approval_flow::{self, Standing},
        message::State,
    },
    hub::{Hub, Result},
    storage::{
        Tx,
        approvals::{self, Approval},
        audit,
        messages::{self, Message},
        seats::{self, Seat},
    },
};

impl Hub {
    /// What nobody who was asked may decide any more is put before all who have the role, and a node
    /// does not wait for people who have left when the others have agreed; returns in how many
    /// approvals something changed.
    pub async fn ask_others(&self) -> Result<usize> {
        let mut tx = self.db.read().await?;
        let forsaken = seats::list_forsaken(&mut tx).await?;
        drop(tx);
        let (mut changed, mut stuck) = (0, None);
        for (id, message) in forsaken {
            match self.replace_gone(id, message).await {
                Ok(is_changed) => changed += usize::from(is_changed),
                Err(error) if error.is_away() => return Err(error),
                Err(error) => stuck = Some(error),
            }
        }
        // Told once all the others have been seen to.
        stuck.map_or(Ok(changed), Err)
    }

    async fn replace_gone(&self, id: ApprovalId, message: MessageId) -> Result<bool> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let Some(message) = messages::lock(&mut tx, message).await? else { return Ok(false) };
        let Some(approval) = approvals::find(&mut tx, id).await? else { return Ok(false) };
        if approval.state != ApprovalState::Pending || message.state != State::PendingApproval {
            return Ok(false);
        }
        let there = seats::list_of_node(&mut tx, id, approval.node).await?;
        let mut state = State::PendingApproval;
        let is_changed = match approval_flow::standing(&seats_of(&there)) {
            Standing::Waits => seats::lapse(&mut tx, id, now).await? > 0,
            Standing::Passed => {
                seats::lapse(&mut tx, id, now).await?;
                state = self.pass_by_the_last(&mut tx, &approval, &message, &there, now).await?;
                true
            }
            Standing::Forsaken => {
                let asked = whom(&mut tx, message.sender_id, &Node::of(Approver::ApproverRole)).await?;
                self.seat(&mut tx, &Question::of(&approval, &message), &asked, now).await? > 0
            }
        };
        if !is_changed {
            return Ok(false);
        }
        let detail = json!({"node": approval.node, "message": message.id});
        audit::insert(&mut tx, now, "hub", "approval.ask_others", &format!("approval:{id}"), detail).await?;
        tx.commit().await?;
        self.wake.all();
        self.passed(id, &message, state);
        Ok(true)
    }

    /// Whoever is left has agreed: the last of them has passed it, and its sender hears so.
    async fn pass_by_the_last(
        &self,
        tx: &mut Tx,
        approval: &Approval,
        message: &Message,
        there: &[Seat],
        now: Timestamp,
    ) -> Result<State> {
        let agreed = there.iter().filter(|seat| seat.decided_by.is_some());
        let last = agreed.max_by_key(|seat| seat.decided_at).ok_or_else(Problem::not_found)?;
        let by = last.decided_by.ok_or_else(Problem::not_found)?;
        let state = self.pass(tx, approval, message, (by, &last.opinion), now).await?;
        self.tell_decided(tx, approval.id, now).await?;
        if state != State::PendingApproval {
            let name = last.decider.as_deref().unwrap_or(&last.name);
            self.tell_sender(tx, message, name, (Decision::Approve, &last.opinion), now).await?;
        }
        Ok(state)
    }
}
