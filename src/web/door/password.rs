//! `/me/password`: one's own password changed, knowing the present one. All other browsers are
//! signed out; this one gets a session of its own.

use axum::response::{IntoResponse, Response};

use super::{session::Me, setup};
use crate::{
    domain::Problem,
    hub::people::sign_in::Session,
    storage::access,
    web::{
        frame::{
            form::{Fields, Form, Query},
            page::{Answer, Around},
            page_error::{PageError, retry_after, status_of},
        },
        views::{me::PasswordPage, shell::Section},
    },
};

/// `GET /me/password`
pub async fn form(me: Me, Query(query): Query) -> Answer {
    me.show_password(None, query.get("done") == "1").await
}

/// `POST /me/password` with `present`, `password`, `again`.
pub async fn change(me: Me, Form(fields): Form) -> Answer {
    match me.try_change(&fields).await {
        Ok(session) => Ok(me.web.admit(&session, "/me/password?done=1")),
        Err(error) => {
            let problem = error.into_refusal()?;
            me.show_password(Some(&problem), false).await
        }
    }
}

impl Me {
    async fn try_change(&self, fields: &Fields) -> Result<Session, PageError> {
        setup::check_again(fields)?;
        Ok(self.web.hub.change_password(&self.who, fields.get("present"), fields.get("password")).await?)
    }

    async fn show_password(&self, problem: Option<&Problem>, is_done: bool) -> Answer {
        let mut view = PasswordPage {
            account: self.who.account.clone(),
            rule: setup::rule(&self.web, self.caller.look.lang),
            is_set: self.has_password().await?,
            notice: is_done.then(|| self.say("password.done", &[])),
            ..PasswordPage::default()
        };
        if let Some(problem) = problem {
            view.put(&problem.field, self.in_words(problem));
        }
        self.answer_to(problem, "password", &view).await
    }

    /// There is one to ask for: whoever came by a link of the demonstration may have none.
    pub(super) async fn has_password(&self) -> Result<bool, PageError> {
        let mut tx = self.web.hub.db.read().await?;
        Ok(access::find_credential(&mut tx, self.id()).await?.is_some())
    }

    /// A page of one's own account, with the status of what was wrong.
    pub(super) async fn answer_to(
        &self,
        problem: Option<&Problem>,
        template: &str,
        view: &impl serde::Serialize,
    ) -> Answer {
        let around = Around::from(Section::Me).titled(&self.say(&format!("{template}.title"), &[]));
        let Some(problem) = problem else { return self.page(around, template, view).await };
        let page: Response = self.page(around.status(status_of(problem.class)), template, view).await?;
        Ok((retry_after(problem), page).into_response())
    }
}
