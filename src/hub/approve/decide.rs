//! 审批: the decision of whoever is asked.
//!
//! What was asked is frozen by two hashes, of the content and of the recipients. A decision counts
//! only while both still hold, nobody decides his own, and of two at once one decides. A deputy
//! decides in the place of whoever made him one, and stands under it himself.

use serde_json::json;

use super::ask::seats_of;
use crate::{
    clock::Timestamp,
    domain::{
        ApprovalId, PersonId, Problem,
        approval::{Decision, State as ApprovalState},
        approval_flow::{self, SeatState, Standing},
        command::text,
        message::State,
    },
    hub::{
        Change, Hub, Result,
        policy::{self, Action, Asker, Facts},
        send::{intake::content_hash, note::Note},
    },
    storage::{
        Tx, accounts, approval_box,
        approvals::{self, Approval},
        attachments, audit,
        messages::{self, Message},
        seats::{self, Place, Seat},
        snapshot,
    },
};

const LONGEST_OPINION: usize = 500;

/// Somebody before an approval that waits for him, its message locked.
pub(super) struct Turn {
    pub approval: Approval,
    pub message: Message,
    /// his own, or of somebody whose deputy he is
    pub seat: Seat,
}

impl Turn {
    pub fn place(&self) -> Place {
        Place { approval: self.approval.id, node: self.seat.node, person: self.seat.person_id }
    }

    /// For whom `who` speaks, where that is somebody else.
    pub fn principal(&self, who: PersonId) -> Option<PersonId> {
        Some(self.seat.person_id).filter(|principal| *principal != who)
    }
}

impl Hub {
    /// Decides for good. Foreign approvals do not exist for `who`; of two deciders one is told
    /// that the other was faster.
    pub async fn decide(&self, who: PersonId, id: ApprovalId, decision: Decision, opinion: &str) -> Result<State> {
        let opinion = check_opinion(decision, opinion)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let turn = self.seat_of(&mut tx, who, id, now).await?;
        let to = match decision {
            Decision::Approve => SeatState::Approved,
            Decision::Reject => SeatState::Rejected,
            Decision::Return => SeatState::Returned,
        };
        if !seats::decide(&mut tx, turn.place(), to, (who, &opinion), now).await? {
            return Err(stale().into());
        }
        let mut detail = json!({"message": turn.message.id, "decision": decision, "node": turn.seat.node, "opinion": !opinion.is_empty()});
        if let Some(principal) = turn.principal(who) {
            detail["on_behalf_of"] = json!(principal);
        }
        audit::insert(&mut tx, now, &format!("person:{who}"), "approval.decide", &format!("approval:{id}"), detail)
            .await?;
        let state = match decision {
            Decision::Approve => self.agree(&mut tx, &turn, (who, &opinion), now).await?,
            Decision::Reject => self.refuse(&mut tx, &turn, ApprovalState::Rejected, (who, &opinion), now).await?,
            Decision::Return => self.refuse(&mut tx, &turn, ApprovalState::Returned, (who, &opinion), now).await?,
        };
        self.tell_decided(&mut tx, id, now).await?;
        let message = turn.message.id;
        if state != State::PendingApproval {
            let mut approver = accounts::name_of(&mut tx, who).await?.unwrap_or_default();
            if turn.principal(who).is_some() {
                approver = format!("{approver}（代{}）", turn.seat.name);
            }
            self.tell_sender(&mut tx, &turn.message, &approver, (decision, &opinion), now).await?;
        }
        tx.commit().await?;
        failpoint!("approve.after_commit");
        tracing::info!(approval.id = %id, message.id = %message, message.state = %state, "decided approval {id}");
        self.wake.all();
        self.passed(id, &turn.message, state);
        Ok(state)
    }

    /// What open pages hear once a decision is committed that left the message in this state.
    pub(super) fn passed(&self, id: ApprovalId, message: &Message, state: State) {
        self.announce(Change::Approval(id));
        if state == State::Sending {
            self.announce(Change::Message(message.id));
        }
    }

    /// Whoever may say something about it now, holding the row of its message.
    pub(super) async fn seat_of(&self, tx: &mut Tx, who: PersonId, id: ApprovalId, now: Timestamp) -> Result<Turn> {
        let approval = approvals::find(tx, id).await?.ok_or_else(Problem::not_found)?;
        let asked = Facts { is_assigned: approvals::may_see(tx, id, who, now).await?, ..Facts::STRANGER };
        policy::require(Asker::Person(&[]), Action::ReadUnsent, &asked)?;
        // Everything that changes a message's fate takes its row first.
        let message = messages::lock(tx, approval.message_id).await?.ok_or_else(Problem::not_found)?;
        let approval = approvals::find(tx, id).await?.ok_or_else(Problem::not_found)?;
        let facts = Facts { is_own: message.sender_id == Some(who), ..asked };
        if !policy::may(Asker::Person(&[]), Action::Approve, &facts) {
            return Err(Problem::forbidden("APPR_SELF", "不能审批自己提交的消息")
                .in_english("nobody approves his own message")
                .into());
        }
        self.refuse_decided(tx, &approval).await?;
        let seats = seats::list_of_person(tx, id, who, now).await?;
        let waits = |seat: &&Seat| seat.node == approval.node && seat.state == SeatState::Waiting && seat.is_held;
        // His own before those that he has in hand for others.
        let seat = seats.iter().filter(waits).min_by_key(|seat| seat.person_id != who).cloned();
        let Some(seat) = seat else { return Err(self.refuse_spared(tx, &approval, &seats).await?.into()) };
        let files = attachments::list(tx, message.id).await?;
        let unchanged = content_hash(&message, &files)[..] == approval.content_hash[..]
            && snapshot::hash(tx, message.id).await? == approval.snapshot_hash;
        if !unchanged || message.state != State::PendingApproval {
            return Err(stale().into());
        }
        Ok(Turn { approval, message, seat })
    }

    /// One more has agreed: it goes on where the node has come to its end.
    async fn agree(&self, tx: &mut Tx, turn: &Turn, said: (PersonId, &str), now: Timestamp) -> Result<State> {
        let there = seats::list_of_node(tx, turn.approval.id, turn.approval.node).await?;
        match approval_flow::standing(&seats_of(&there)) {
            Standing::Passed => self.pass(tx, &turn.approval, &turn.message, said, now).await,
            Standing::Waits | Standing::Forsaken => Ok(State::PendingApproval),
        }
    }

    /// A node is through: the next one is asked, or the message goes on its way.
    pub(super) async fn pass(
        &self,
        tx: &mut Tx,
        approval: &Approval,
        message: &Message,
        (by, opinion): (PersonId, &str),
        now: Timestamp,
    ) -> Result<State> {
        seats::pass_by(tx, approval.id, now).await?;
        let Some(next) = approval_flow::next(approval.node, approval.last_node) else {
            if !approvals::decide(tx, approval.id, ApprovalState::Approved, by, opinion, now).await? {
                return Err(stale().into());
            }
            return self.set_off(tx, message, now).await;
        };
        if !approvals::advance(tx, approval.id, approval.node).await? {
            return Err(stale().into());
        }
        let approval = Approval { node: next, ..approval.clone() };
        let approvers = self.open_node(tx, &approval, message, now).await?;
        let detail = json!({"node": next, "approvers": approvers, "message": message.id});
        audit::insert(tx, now, "hub", "approval.next", &format!("approval:{}", approval.id), detail).await?;
        Ok(State::PendingApproval)
    }

    /// Rejected or returned, at whatever node: nothing goes out.
    async fn refuse(
        &self,
        tx: &mut Tx,
        turn: &Turn,
        to: ApprovalState,
        (by, opinion): (PersonId, &str),
        now: Timestamp,
    ) -> Result<State> {
        seats::spare(tx, turn.approval.id, now).await?;
        if !approvals::decide(tx, turn.approval.id, to, by, opinion, now).await? {
            return Err(stale().into());
        }
        moved(messages::transition(tx, turn.message.id, State::PendingApproval, State::Rejected).await?)?;
        let event = if to == ApprovalState::Returned { "message.returned" } else { "message.rejected" };
        self.tell(tx, now, event, &turn.message, json!({"state": State::Rejected})).await?;
        Ok(State::Rejected)
    }

    /// Tells who was faster.
    async fn refuse_decided(&self, tx: &mut Tx, approval: &Approval) -> Result<()> {
        let word = match approval.state {
            ApprovalState::Pending => return Ok(()),
            ApprovalState::Approved => "通过",
            ApprovalState::Rejected => "驳回",
            ApprovalState::Returned => "退回",
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
        Err(self.done_by(&name, approval.decided_at, word).into())
    }

    /// It still waits, but not for this one: he has said his word, or somebody was faster.
    async fn refuse_spared(&self, tx: &mut Tx, approval: &Approval, own: &[Seat]) -> Result<Problem> {
        let last = own.iter().filter(|seat| seat.decided_at.is_some()).max_by_key(|seat| (seat.node, seat.decided_at));
        let Some(last) = last else { return Ok(stale()) };
        let there = seats::list_of_node(tx, approval.id, last.node).await?;
        let faster = there.iter().filter(|seat| seat.state == SeatState::Approved).max_by_key(|seat| seat.decided_at);
        let said = if last.state == SeatState::Spared { faster.unwrap_or(last) } else { last };
        let name = said.decider.as_deref().unwrap_or(&said.name);
        let word = if said.state == SeatState::Transferred { "转办" } else { "通过" };
        Ok(self.done_by(name, said.decided_at, word))
    }

    fn done_by(&self, name: &str, at: Option<Timestamp>, word: &str) -> Problem {
        let at = at.map(|at| self.local(at)).unwrap_or_default();
        Problem::conflict("APPR_DONE", format!("{name}已于 {at} {word}"))
            .in_english(format!("{name} has already decided ({word}) at {at}"))
    }

    /// Everybody who had to has agreed: approved too late, it waits for the sender.
    async fn set_off(&self, tx: &mut Tx, message: &Message, now: Timestamp) -> Result<State> {
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

    /// What was decided, and by whom in the end.
    pub(super) async fn tell_sender(
        &self,
        tx: &mut Tx,
        message: &Message,
        approver: &str,
        (decision, opinion): (Decision, &str),
        now: Timestamp,
    ) -> Result<()> {
        let Some(sender) = message.sender_id else { return Ok(()) };
        let word = match decision {
            Decision::Approve => "已通过",
            Decision::Reject => "被驳回",
            Decision::Return => "被退回",
        };
        let words = if opinion.is_empty() { String::new() } else { format!("意见：{opinion}") };
        let called = self.called(tx, message).await?;
        let body = format!("您提交的{called}{word}，审批人：{approver}。{words}");
        let title = format!("审批{word}：{}", message.title);
        let note = Note { to: sender, title: &title, body: &body, about: Some(message.id) };
        self.note(tx, note, now).await?;
        Ok(())
    }
}

/// Whether somebody has an approval box (审批箱): whoever may be asked to decide, a head before his
/// first request too, and whoever was asked or decides in another's place.
pub async fn has_box(tx: &mut Tx, who: PersonId, now: Timestamp) -> Result<bool> {
    Ok(approval_box::exists(tx, who, now).await?)
}

pub(super) fn stale() -> Problem {
    Problem::conflict("APPR_STALE", "内容已被修改，请刷新后重新审批")
        .in_english("the message has changed since; look at it again")
}

/// A message that is not where it was when it was asked about is not what was decided on.
fn moved(is_moved: bool) -> Result<(), Problem> {
    if is_moved { Ok(()) } else { Err(stale()) }
}

/// In characters, and said where it is asked for.
fn check_opinion(decision: Decision, opinion: &str) -> Result<String, Problem> {
    let opinion = text::paragraphs(opinion, "/opinion")?;
    let opinion = opinion.trim();
    let length = opinion.chars().count();
    if length > LONGEST_OPINION {
        let detail = format!("审批意见最多 {LONGEST_OPINION} 字，当前 {length} 字");
        return Err(Problem::invalid("APPR_REASON", "/opinion", detail)
            .in_english(format!("an opinion has at most {LONGEST_OPINION} characters, this one has {length}")));
    }
    match decision {
        Decision::Reject if opinion.is_empty() => {
            Err(Problem::invalid("APPR_REASON", "/opinion", "请填写驳回原因（最多 500 字）")
                .in_english("say why you reject it (at most 500 characters)"))
        }
        Decision::Return if opinion.is_empty() => {
            Err(Problem::invalid("APPR_REASON", "/opinion", "请填写要修改什么（最多 500 字）")
                .in_english("say what has to be changed (at most 500 characters)"))
        }
        _ => Ok(opinion.to_owned()),
    }
}
