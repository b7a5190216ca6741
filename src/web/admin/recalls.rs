//! `/admin/recalls`: 紧急撤回, for the organisation's administrator and only behind a fresh proof.
//! Titles and senders alone: what a message says is for those whom it went to.

use axum::response::{IntoResponse, Redirect};

use crate::{
    domain::{MessageId, Problem, personal},
    hub::policy::Action,
    storage::messages::ForeignLine,
    web::{
        door::{prove, session::Me},
        frame::{
            cursor::{Cursor, PAGE, cut, older},
            form::{Fields, Form, Query},
            page::{Answer, Around},
            page_error::{PageError, status_of},
            path::Path,
        },
        outbox,
        views::{
            admin::{ForeignRow, RecallsPage},
            shell::Section,
        },
    },
};

/// `GET /admin/recalls?q=…&cursor=…`
pub async fn list(me: Me, Query(query): Query) -> Answer {
    if me.must_prove(Action::FindForeign)? {
        return Ok(prove::first("/admin/recalls"));
    }
    me.show_recalls(&query, None).await
}

/// `POST /admin/recalls/{id}` with `reason`, and `q` and `cursor` of the list that it stood in.
pub async fn recall(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    if me.must_prove(Action::FindForeign)? {
        return Ok(prove::first("/admin/recalls"));
    }
    let id: MessageId = id.parse().map_err(|_| Problem::not_found())?;
    match me.web.hub.recall_foreign(&me.who, id, fields.get("reason")).await {
        Ok(outcome) => {
            let address = format!("/admin/recalls?done=recalled{}", outbox::one::kept(&outcome));
            Ok(Redirect::to(&address).into_response())
        }
        Err(error) => {
            let problem = PageError::from(error).into_problem()?;
            me.show_recalls(&fields, Some(Refused { id, reason: fields.get("reason"), problem })).await
        }
    }
}

/// `GET /admin/recalls/{id}`: where a form that was refused stood.
pub async fn back(me: Me) -> Answer {
    me.must_prove(Action::FindForeign)?;
    Ok(Redirect::to("/admin/recalls").into_response())
}

/// A recall that was not done: said in its row, or above the list when it has no row there any more.
struct Refused<'a> {
    id: MessageId,
    reason: &'a str,
    problem: Problem,
}

impl Me {
    async fn show_recalls(&self, query: &Fields, refused: Option<Refused<'_>>) -> Answer {
        let search: String = query.get("q").trim().chars().take(100).collect();
        let cursor = Cursor::read(query.get("cursor"))?;
        let before = (cursor.at, MessageId(cursor.id));
        let lines = self.web.hub.list_foreign(&self.who, &search, before, PAGE + 1).await?;
        let (lines, last) = cut(lines, PAGE, |line| Cursor { at: line.created_at, id: line.id.0 });
        let gone = refused.as_ref().filter(|refused| lines.iter().all(|line| line.id != refused.id));
        let view = RecallsPage {
            problem: gone.map(|refused| self.in_words(&refused.problem)),
            cursor: query.get("cursor").to_owned(),
            rows: lines.into_iter().map(|line| self.foreign_row(line, refused.as_ref())).collect(),
            older: last.map(|last| older("/admin/recalls", &[("q", &search)], last)),
            query: search,
            notice: self.notice(query),
        };
        let status = refused.map_or(axum::http::StatusCode::OK, |refused| status_of(refused.problem.class));
        let around = Around::from(Section::Recalls).status(status);
        self.page(around, "recalls", &view).await
    }

    fn foreign_row(&self, line: ForeignLine, refused: Option<&Refused<'_>>) -> ForeignRow {
        let refused = refused.filter(|refused| refused.id == line.id);
        ForeignRow {
            id: line.id.to_string(),
            title: personal::shown(&line.title),
            sender: line.sender_name,
            department: line.sender_department,
            state: line.state,
            recipients: line.recipients,
            at: line.sent_at.unwrap_or(line.created_at),
            reason: refused.map(|refused| refused.reason.to_owned()).unwrap_or_default(),
            error: refused.map(|refused| self.in_words(&refused.problem)),
        }
    }
}
