//! The way of a message through approval, station by station: the same before an approver and in the
//! outbox of whoever wrote it.

use crate::{
    domain::{
        approval::{Consent, Node, State as ApprovalState},
        approval_flow::SeatState,
        message::State,
    },
    storage::{
        Tx,
        approvals::{self, Approval},
        messages::Message,
        seats::{self, Seat},
    },
    web::{
        frame::page_error::PageError,
        views::approvals::{Said, StepState, TrailStep},
        words::text::Tongue,
    },
};

/// Handed in, asked node by node, decided, sent: each with who and when.
pub async fn of_message(tx: &mut Tx, message: &Message, tongue: Tongue<'_>) -> Result<Vec<TrailStep>, PageError> {
    let submitted = TrailStep {
        who: message.sender_name.clone(),
        at: Some(message.created_at),
        ..TrailStep::named(tongue.say("trail.submitted", &[]), StepState::Done)
    };
    let mut steps = vec![submitted];
    for approval in approvals::list_of_message(tx, message.id).await? {
        let seats = seats::list(tx, approval.id).await?;
        steps.extend((0..=approval.last_node).map(|nth| step(&approval, nth, &seats, tongue)));
    }
    if !matches!(message.state, State::Rejected | State::Recalled) {
        let state = if message.sent_at.is_some() { StepState::Done } else { StepState::Later };
        steps.push(TrailStep { at: message.sent_at, ..TrailStep::named(tongue.say("trail.sent", &[]), state) });
    }
    Ok(steps)
}

/// One node: who has said what, and whose word is waited for since when.
fn step(approval: &Approval, nth: i64, seats: &[Seat], tongue: Tongue<'_>) -> TrailStep {
    let here = seats.iter().filter(|seat| seat.node == nth);
    let waiting: Vec<_> = here.clone().filter(|seat| seat.state == SeatState::Waiting).collect();
    let said = here.filter(|seat| seat.decided_by.is_some()).map(|seat| Said {
        who: speaker(tongue, seat),
        state: seat.state,
        given_to: seat.given_to.clone(),
        opinion: (!seat.opinion.is_empty()).then(|| seat.opinion.clone()),
        at: seat.decided_at,
    });
    let node = approval.node(nth);
    let is_now = nth == approval.node && approval.state == ApprovalState::Pending;
    let names = waiting.iter().map(|seat| seat.name.as_str()).collect::<Vec<_>>();
    TrailStep {
        who: names.join(&tongue.say("list.comma", &[])),
        since: waiting.iter().map(|seat| seat.asked_at).min(),
        chased: waiting.iter().map(|seat| seat.chased).max().unwrap_or(0),
        consent: node.map(|node| node.consent).filter(|consent| *consent == Consent::All),
        said: said.collect(),
        // Withdrawn: nobody has said a word.
        at: approval.decided_at.filter(|_| nth == approval.node && approval.state == ApprovalState::Void),
        ..TrailStep::named(name(approval, node, tongue), if is_now { StepState::Now } else { ended(approval, nth) })
    }
}

fn ended(approval: &Approval, nth: i64) -> StepState {
    if nth < approval.node {
        return StepState::Done;
    }
    match approval.state {
        _ if nth > approval.node => StepState::Later,
        ApprovalState::Pending => StepState::Now,
        ApprovalState::Approved => StepState::Done,
        ApprovalState::Rejected => StepState::Refused,
        ApprovalState::Returned => StepState::Returned,
        ApprovalState::Void => StepState::Withdrawn,
    }
}

/// What it is called; the only node of a rule is called after that, unless it has a name of its own.
fn name(approval: &Approval, node: Option<&Node>, tongue: Tongue<'_>) -> String {
    match node {
        Some(node) if !node.name.is_empty() => node.name.clone(),
        Some(node) if approval.last_node > 0 => tongue.say(&format!("node.{}", node.approver), &[]),
        _ => tongue.words.translated(tongue.lang, "approval_rule.", &approval.rule_name),
    }
}

/// Who spoke on a seat, and for whom.
pub fn speaker(tongue: Tongue<'_>, seat: &Seat) -> String {
    match seat.deputy() {
        Some(deputy) => tongue.say("trail.behalf", &[("who", deputy.to_owned()), ("whom", seat.name.clone())]),
        None => seat.name.clone(),
    }
}
