//! `/approvals/{id}`: what exactly is decided on, by whoever was asked or is his deputy.
//!
//! Whoever was never asked to decide anything has no approval box (checklist MA-01), and a request
//! that somebody else was asked about does not exist.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};

use super::{changes, list::candidates};
use crate::{
    domain::{
        ApprovalId, PersonId, Problem,
        approval::{Decision, State},
        approval_flow::{self, SeatState, Standing},
        personal,
        seal::hex,
    },
    hub::policy::{self, Action, Facts},
    storage::{
        Tx,
        approval_box::{self, Wanted},
        approvals::{self, Approval},
        attachments,
        messages::{self, Message},
        seats::{self, Seat},
    },
    web::{
        door::session::Me,
        frame::{
            form::Unchecked,
            page::{Answer, Around},
            page_error::{PageError, status_of},
            path::Path,
        },
        message::{plan, recurring, trail},
        views::{
            approvals::{ApprovalPage, Decided, DecisionForm, PassOn},
            shell::Section,
        },
        words::text::Tongue,
    },
};

/// `GET /approvals/{id}`
pub async fn open(me: Me, Path(id): Path<String>) -> Answer {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let asked = find(&me, id).await?;
    me.show_request(&asked, Typed::default(), None).await
}

/// `POST /approvals/{id}` with `do` = `approve`, `reject` or `return`, `opinion`, `hash`.
pub async fn decide(me: Me, Path(id): Path<String>, Unchecked(fields): Unchecked) -> Answer {
    let id: ApprovalId = id.parse().map_err(|_| Problem::not_found())?;
    let asked = find(&me, id).await?;
    let decision: Option<Decision> = fields.get("do").parse().ok();
    let opinion = fields.get("opinion");
    let decided = match (decision, fields.checked()) {
        (None, _) => Err(Problem::invalid("FIELD_VALUE", "/do", "请选择同意、退回或驳回")
            .in_english("approve, return or reject")
            .into()),
        (_, Err(problem)) => Err(problem.into()),
        _ if fields.get("hash") != frozen(&asked.approval) => Err(stale().into()),
        (Some(decision), _) => me.web.hub.decide(me.id(), id, decision, opinion).await.map_err(PageError::from),
    };
    match decided {
        Ok(state) => {
            let done = if decision == Some(Decision::Return) { "returned" } else { state.as_str() };
            let address = format!("/approvals?done={done}&count={}", asked.message.recipients);
            Ok(Redirect::to(&address).into_response())
        }
        Err(error) => {
            let problem = error.into_problem()?;
            let asked = find(&me, id).await?;
            me.show_request(&asked, Typed { opinion, ..Typed::default() }, Some(problem)).await
        }
    }
}

/// `POST /approvals/{id}/transfer` with `to`, an account, and `opinion`, `hash`.
pub async fn transfer(me: Me, Path(id): Path<String>, Unchecked(fields): Unchecked) -> Answer {
    let id: ApprovalId = id.parse().map_err(|_| Problem::not_found())?;
    let asked = find(&me, id).await?;
    let typed = Typed { opinion: fields.get("opinion"), to: fields.get("to") };
    let given = match fields.checked() {
        Err(problem) => Err(problem.into()),
        Ok(()) if fields.get("hash") != frozen(&asked.approval) => Err(stale().into()),
        Ok(()) => me.web.hub.transfer(me.id(), id, typed.to, typed.opinion).await.map_err(PageError::from),
    };
    match given {
        Ok(()) => Ok(Redirect::to("/approvals?done=transferred").into_response()),
        Err(error) => {
            let problem = error.into_problem()?;
            let asked = find(&me, id).await?;
            me.show_request(&asked, typed, Some(problem)).await
        }
    }
}

/// `GET /approvals/{id}/transfer`: where a form that was refused stood.
pub async fn back(_: Me, Path(id): Path<String>) -> Answer {
    let id: ApprovalId = id.parse().map_err(|_| Problem::not_found())?;
    Ok(Redirect::to(&page_of(id)).into_response())
}

/// What had been typed into a form that was refused.
#[derive(Clone, Copy, Default)]
struct Typed<'a> {
    opinion: &'a str,
    /// Whom it was to be passed on to.
    to: &'a str,
}

fn stale() -> Problem {
    Problem::conflict("APPR_STALE", "内容已被修改，请刷新后重新审批")
        .in_english("the message has changed since; look at it again")
}

/// A request with the message that it is about.
pub struct Asked {
    pub approval: Approval,
    pub message: Message,
}

/// A request that this person was asked about.
///
/// # Errors
/// `NOT_FOUND`
pub async fn find(me: &Me, id: ApprovalId) -> Result<Asked, PageError> {
    let mut tx = me.web.hub.db.read().await?;
    let approval = approvals::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let message = messages::find(&mut tx, approval.message_id).await?.ok_or_else(Problem::not_found)?;
    let facts = Facts {
        is_assigned: approvals::may_see(&mut tx, id, me.id(), me.web.hub.clock.now()).await?,
        ..Facts::default()
    };
    policy::require(&*me.who, Action::ReadUnsent, &facts)?;
    Ok(Asked { approval, message })
}

impl Me {
    async fn show_request(&self, asked: &Asked, typed: Typed<'_>, problem: Option<Problem>) -> Answer {
        let status = problem.as_ref().map_or(StatusCode::OK, |problem| status_of(problem.class));
        let is_passing = problem.as_ref().is_some_and(|problem| problem.field == "/to");
        let error = problem.map(|problem| self.in_words(&problem));
        let (error, not_passed) = if is_passing { (None, error) } else { (error, None) };
        let mut tx = self.web.hub.db.read().await?;
        let mut view = self.request(&mut tx, asked, typed, error).await?;
        if let Some(form) = &mut view.form {
            form.pass_on.error = not_passed;
        }
        drop(tx);
        let around = Around::from(Section::Approvals).titled(&personal::shown(&asked.message.title)).status(status);
        self.page(around, "approval", &view).await
    }

    async fn request(
        &self,
        tx: &mut Tx,
        Asked { approval, message }: &Asked,
        typed: Typed<'_>,
        error: Option<String>,
    ) -> Result<ApprovalPage, PageError> {
        let (id, now) = (approval.id, self.web.hub.clock.now());
        let own = seats::list_of_person(tx, id, self.id(), now).await?;
        let facts = Facts { is_assigned: true, is_own: message.sender_id == Some(self.id()), ..Facts::default() };
        let seat = turn_of(&own, approval, self.id()).filter(|_| policy::may(&*self.who, Action::Approve, &facts));
        let heirs: Vec<_> = own.iter().map(|seat| seat.person_id).chain(message.sender_id).chain([self.id()]).collect();
        let wanted = Wanted { person: self.id(), pending: seat.is_some(), search: "", now };
        let (newer, older) = approval_box::neighbours(tx, wanted, (approval.created_at, id)).await?;
        let files = attachments::list(tx, message.id).await?;
        let receipt = message.receipt.as_ref().map(|receipt| &receipt.0);
        Ok(ApprovalPage {
            id: id.to_string(),
            kind: "message".to_owned(),
            letter: crate::web::message::letter::of_message(message, &files, &page_of(id)),
            receipt_options: receipt
                .iter()
                .flat_map(|receipt| receipt.choices())
                .map(|choice| self.choice(choice))
                .collect(),
            actions: message.actions.0.list.iter().map(|action| action.label.clone()).collect(),
            reach: plan::reach(tx, message, self).await?,
            send: plan::send(tx, message, self).await?,
            series: recurring::of_message(tx, message.id, self).await?,
            rule: self.translated("approval_rule.", &approval.rule_name),
            changes: changes::of(tx, message, self).await?,
            trail: trail::of_message(tx, message, self.tongue()).await?,
            form: match seat {
                Some(seat) => Some(DecisionForm {
                    hash: frozen(approval),
                    opinion: typed.opinion.to_owned(),
                    error,
                    behalf: (seat.person_id != self.id()).then(|| seat.name.clone()),
                    is_last: is_last(tx, approval, seat).await?,
                    pass_on: PassOn { to: typed.to.to_owned(), candidates: candidates(tx, &heirs).await?, error: None },
                }),
                None => None,
            },
            decided: decided(tx, approval, self.tongue()).await?,
            frozen: frozen(approval).chars().take(12).collect(),
            previous: newer.map(page_of),
            next: older.map(page_of),
        })
    }
}

fn page_of(id: ApprovalId) -> String {
    format!("/approvals/{id}")
}

/// What was frozen, content and recipients: a decision is about exactly this.
fn frozen(approval: &Approval) -> String {
    let both = [&approval.content_hash[..], &approval.snapshot_hash[..]].concat();
    hex(&crate::domain::seal::sha256(&both))
}

/// The seat on which this person may say something now: his own before those he has for others.
fn turn_of<'a>(own: &'a [Seat], approval: &Approval, person: PersonId) -> Option<&'a Seat> {
    let here = own.iter().filter(|seat| seat.node == approval.node && approval.state == State::Pending);
    here.filter(|seat| seat.state == SeatState::Waiting && seat.is_held).min_by_key(|seat| seat.person_id != person)
}

/// Whether the message goes out when this one agrees.
async fn is_last(tx: &mut Tx, approval: &Approval, own: &Seat) -> Result<bool, PageError> {
    let there = seats::list_of_node(tx, approval.id, approval.node).await?;
    let after = there.iter().map(|seat| approval_flow::Seat {
        state: if seat.person_id == own.person_id { SeatState::Approved } else { seat.state },
        is_needed: seat.is_needed,
        is_held: seat.is_held,
    });
    let is_passed = approval_flow::standing(&after.collect::<Vec<_>>()) == Standing::Passed;
    Ok(is_passed && approval_flow::next(approval.node, approval.last_node).is_none())
}

async fn decided(tx: &mut Tx, approval: &Approval, tongue: Tongue<'_>) -> Result<Option<Decided>, PageError> {
    let Some(at) = approval.decided_at else { return Ok(None) };
    let who = match approval.decided_by {
        Some(_) => {
            let seats = seats::list(tx, approval.id).await?;
            let seat = seats.iter().filter(|seat| seat.decided_by == approval.decided_by);
            seat.max_by_key(|seat| (seat.decided_at, seat.node))
                .map(|seat| trail::speaker(tongue, seat))
                .unwrap_or_default()
        }
        None => messages::find(tx, approval.message_id).await?.map(|message| message.sender_name).unwrap_or_default(),
    };
    let opinion = (!approval.opinion.is_empty()).then(|| approval.opinion.clone());
    Ok(Some(Decided { outcome: approval.state, who, at, opinion }))
}
