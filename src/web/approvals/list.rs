//! `/approvals`: what waits for this person's decision, what he has decided, and who stands in for him.
//!
//! Whoever may not be asked to decide anything has no approval box (checklist MA-01), and a request
//! that somebody else was asked about does not exist.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};

use crate::{
    clock::Timestamp,
    domain::{ApprovalId, PersonId, Problem, command::time, personal},
    hub::approve::decide::has_box,
    storage::{
        Tx,
        approval_box::{self, Line, Wanted},
        approvers,
        delegations::{self, Delegation},
    },
    web::{
        door::session::Me,
        frame::{
            cursor::{Cursor, PAGE, cut, older},
            form::{Fields, Form, Query, no_such_act},
            page::{Answer, Around},
            page_error::{PageError, status_of},
        },
        views::{
            approvals::{ApprovalRow, ApprovalTab, ApprovalsPage, Colleague, DelegationRow, StandingIn},
            shell::Section,
        },
        words::text::Tongue,
    },
};

/// `GET /approvals?state=done&q=…&cursor=…`
pub async fn page(me: Me, Query(query): Query) -> Answer {
    me.show_box(&query, None).await
}

/// `POST /approvals/delegations` with `do` = `add` and `to`, `from`, `until`, or `do` = `end` and `id`.
pub async fn change(me: Me, Form(fields): Form) -> Answer {
    me.require_box().await?;
    let done = match fields.get("do") {
        "add" => me.delegate(&fields).await.map(|()| "delegated"),
        "end" => {
            let id = fields.get("id").parse().map_err(|_| Problem::not_found())?;
            me.web.hub.end_delegation(me.id(), id).await.map(|()| "undelegated").map_err(PageError::from)
        }
        _ => return Err(no_such_act()),
    };
    match done {
        Ok(done) => Ok(Redirect::to(&format!("/approvals?done={done}")).into_response()),
        Err(error) => {
            let problem = error.into_problem()?;
            me.show_box(&fields, Some(problem)).await
        }
    }
}

/// `GET /approvals/delegations`: where a form that was refused stood.
pub async fn back(_: Me) -> Redirect {
    Redirect::to("/approvals")
}

/// What can just have been done: words under `approvals.done.<word>`.
const DONE: [&str; 9] = [
    "sending",
    "scheduled",
    "held",
    "rejected",
    "returned",
    "pending_approval",
    "transferred",
    "delegated",
    "undelegated",
];

impl Me {
    /// # Errors
    /// `NOT_FOUND` for whoever has nothing to do with approvals.
    async fn require_box(&self) -> Result<(), PageError> {
        let mut tx = self.web.hub.db.read().await?;
        let now = self.web.hub.clock.now();
        if has_box(&mut tx, self.id(), now).await? { Ok(()) } else { Err(Problem::not_found().into()) }
    }

    async fn delegate(&self, fields: &Fields) -> Result<(), PageError> {
        let zone = self.web.hub.place.timezone;
        let moment = |name: &str| time::local(fields.get(name).trim(), zone, &format!("/{name}"));
        let from = match fields.get("from").trim() {
            "" => self.web.hub.clock.now(),
            _ => moment("from")?.to_utc(),
        };
        let until = match fields.get("until").trim() {
            "" => {
                return Err(Problem::invalid("DELEGATE_TIME", "/until", "请填写委派到什么时候结束")
                    .in_english("say until when")
                    .into());
            }
            _ => moment("until")?.to_utc(),
        };
        self.web.hub.delegate(self.id(), fields.get("to"), from, until).await?;
        Ok(())
    }

    /// `problem` is why a delegation was refused, of which `query` has the fields.
    async fn show_box(&self, query: &Fields, problem: Option<Problem>) -> Answer {
        self.require_box().await?;
        let tab = ApprovalTab::from_query(query.get("state"));
        let search: String = query.get("q").trim().chars().take(100).collect();
        let cursor = Cursor::read(query.get("cursor"))?;
        let now = self.web.hub.clock.now();
        let mut tx = self.web.hub.db.read().await?;
        let wanted = Wanted { person: self.id(), pending: tab == ApprovalTab::Pending, search: &search, now };
        let lines = approval_box::list(&mut tx, wanted, (cursor.at, ApprovalId(cursor.id)), PAGE + 1).await?;
        let (pending, done) = approval_box::count(&mut tx, self.id(), now).await?;
        let standing_in = self.standing_in(&mut tx, query, problem.as_ref()).await?;
        drop(tx);
        let (lines, last) = cut(lines, PAGE, |line| Cursor { at: line.created_at, id: line.id.0 });
        let page = ApprovalsPage {
            rows: lines.into_iter().map(|line| row(line, tab, self.tongue())).collect(),
            tab,
            pending,
            done,
            older: last.map(|last| older("/approvals", &[("state", query.get("state")), ("q", &search)], last)),
            query: search,
            notice: self.verdict(query),
            standing_in,
        };
        let status = problem.map_or(StatusCode::OK, |problem| status_of(problem.class));
        self.page(Around::from(Section::Approvals).status(status), "approvals", &page).await
    }

    /// What was just done, out of the address: known words and a number alone.
    fn verdict(&self, query: &Fields) -> Option<String> {
        let done = DONE.into_iter().find(|known| *known == query.get("done"))?;
        let count = query.get("count").parse::<i64>().unwrap_or(0);
        Some(self.say(&format!("approvals.done.{done}"), &[("count", count.to_string())]))
    }

    async fn standing_in(
        &self,
        tx: &mut Tx,
        typed: &Fields,
        problem: Option<&Problem>,
    ) -> Result<StandingIn, PageError> {
        let now = self.web.hub.clock.now();
        let own = delegations::list_of_principal(tx, self.id(), now).await?;
        let others = delegations::list_of_deputy(tx, self.id(), now).await?;
        let text = |name: &str| problem.map(|_| typed.get(name).to_owned()).unwrap_or_default();
        Ok(StandingIn {
            own: own.into_iter().map(|each| delegation(each.deputy_name.clone(), &each, now)).collect(),
            others: others.into_iter().map(|each| delegation(each.person_name.clone(), &each, now)).collect(),
            may_add: true,
            to: text("to"),
            from: text("from"),
            until: text("until"),
            problem: problem.map(|problem| self.in_words(problem)),
            wrong: problem.map_or("", |problem| field_of(problem)).to_owned(),
            candidates: candidates(tx, &[self.id()]).await?,
        })
    }
}

/// The field of the form that a problem is about; empty: the whole of it.
fn field_of(problem: &Problem) -> &'static str {
    ["to", "from", "until"].into_iter().find(|name| problem.field == format!("/{name}")).unwrap_or_default()
}

fn delegation(name: String, each: &Delegation, now: Timestamp) -> DelegationRow {
    DelegationRow {
        id: each.id.to_string(),
        name,
        from: each.from_at,
        until: each.until_at,
        is_now: each.from_at <= now,
    }
}

/// Colleagues who may approve, without these.
pub async fn candidates(tx: &mut Tx, except: &[PersonId]) -> Result<Vec<Colleague>, PageError> {
    let found = approvers::list_candidates(tx, except).await?;
    Ok(found.into_iter().map(colleague).collect())
}

fn colleague(found: approvers::Colleague) -> Colleague {
    Colleague { account: found.account, name: found.name, department: found.department }
}

fn row(line: Line, tab: ApprovalTab, tongue: Tongue<'_>) -> ApprovalRow {
    // What the principal has decided himself is his alone.
    let key = if tab == ApprovalTab::Pending || line.is_decider { "approvals.behalf" } else { "approvals.behalf_of" };
    ApprovalRow {
        behalf: line.principal_name.map(|who| tongue.say(key, &[("who", who)])),
        id: line.id.to_string(),
        sender: line.sender_name,
        department: line.sender_department,
        title: personal::shown(&line.title),
        kind: "message".to_owned(),
        is_run: line.is_run,
        reach: line.recipients,
        at: line.decided_at.unwrap_or(line.created_at),
        outcome: (tab == ApprovalTab::Done).then_some(line.state),
    }
}
