//! `/setup/{token}`: the first password, by a link that serves once.

use axum::http::StatusCode;

use super::session::Guest;
use crate::{
    domain::{Problem, password, sign_in::LinkPurpose},
    hub::people::sign_in::{Session, link_gone},
    storage::sessions::Link,
    web::{
        Web,
        frame::{
            form::{Fields, Form},
            page::Answer,
            page_error::{PageError, status_of},
            path::Path,
        },
        views::door::SetupPage,
        words::text::Lang,
    },
};

pub async fn form(guest: Guest, Path(token): Path<String>) -> Answer {
    let link = guest.find_link(&token).await?;
    show(&guest, link, None)
}

/// `POST` with `password`, `again`.
pub async fn set_password(guest: Guest, Path(token): Path<String>, Form(fields): Form) -> Answer {
    let link = guest.find_link(&token).await?;
    match guest.try_set(&token, &fields).await {
        Ok(session) => Ok(guest.web.admit(&session, "/")),
        Err(error) => {
            let problem = error.into_problem()?;
            show(&guest, link, Some(problem))
        }
    }
}

impl Guest {
    async fn find_link(&self, token: &str) -> Result<Link, PageError> {
        let link = self.web.hub.link(token).await?;
        if link.purpose == LinkPurpose::Setup { Ok(link) } else { Err(link_gone().into()) }
    }

    async fn try_set(&self, token: &str, fields: &Fields) -> Result<Session, PageError> {
        check_again(fields)?;
        Ok(self.web.hub.set_password(token, fields.get("password")).await?)
    }
}

fn show(guest: &Guest, link: Link, problem: Option<Problem>) -> Answer {
    let lang = guest.caller.look.lang;
    let view = SetupPage {
        account: link.account,
        name: link.name,
        rule: rule(&guest.web, lang),
        error: problem.as_ref().map(|problem| problem.text(lang.tag()).to_owned()),
    };
    guest.page(problem.map_or(StatusCode::OK, |problem| status_of(problem.class)), "setup", &view)
}

/// `password` and `again` are the same.
pub fn check_again(fields: &Fields) -> Result<(), Problem> {
    if fields.get("password") == fields.get("again") {
        return Ok(());
    }
    Err(Problem::invalid("PWD_AGAIN", "/again", "两次输入的密码不一致")
        .in_english("the two passwords are not the same"))
}

/// What a password must be, in words.
pub fn rule(web: &Web, lang: Lang) -> String {
    web.templates.words().say(lang, "setup.rule", &[("count", password::SHORTEST.to_string())]).unwrap_or_default()
}
