//! From a view to an answer: the shell around it, and the template.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde::Serialize;

use super::page_error::PageError;
use crate::{
    domain::{Problem, person::Role},
    hub::{self, approve::decide::has_box},
    storage::badges,
    web::{
        Web,
        door::session::{Caller, Guest, Me},
        views::{
            Shell,
            shell::{self, Counts, Section},
        },
        words::text::Tongue,
    },
};

/// What a page answers.
pub type Answer = Result<Response, PageError>;

/// What stands around a view: the entry of the navigation, and what the tab says.
pub struct Around {
    section: Section,
    title: Option<String>,
    status: StatusCode,
}

impl From<Section> for Around {
    fn from(section: Section) -> Self {
        Self { section, title: None, status: StatusCode::OK }
    }
}

impl Around {
    pub fn titled(mut self, title: &str) -> Self {
        self.title = Some(title.to_owned());
        self
    }

    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl Web {
    /// Around a page outside: nobody is shown as signed in.
    pub(super) fn outside(&self, caller: &Caller, title: Option<String>) -> Shell {
        Shell {
            lang: caller.look.lang,
            theme: caller.look.theme,
            size: caller.look.size,
            title,
            section: Section::Door,
            csrf: caller.csrf.clone(),
            organisation: self.hub.place.organisation.clone(),
            zone: self.hub.place.timezone.name(),
            now: self.hub.clock.now(),
            me: None,
            counts: Counts::default(),
            is_approver: false,
            is_admin: false,
            is_org_admin: false,
            keeps_templates: false,
            demo: self.demo.is_some(),
        }
    }
}

impl Guest {
    pub fn page(&self, status: StatusCode, template: &str, view: &impl Serialize) -> Answer {
        let shell = self.web.outside(&self.caller, None);
        let html = self.web.templates.render(template, &shell, view)?;
        Ok((status, Html(html)).into_response())
    }
}

impl Me {
    pub(super) async fn shell(&self, around: &Around) -> hub::Result<Shell> {
        let mut tx = self.web.hub.db.read().await?;
        let now = self.web.hub.clock.now();
        let badge = badges::list(&mut tx, &[self.id()], now).await?.pop().ok_or_else(Problem::not_found)?;
        let is_approver = has_box(&mut tx, self.id(), now).await?;
        Ok(Shell {
            section: around.section,
            me: Some(shell::Me { name: self.who.name.clone(), department: self.who.department.clone() }),
            counts: Counts { inbox: badge.unread, approvals: badge.pending },
            is_approver,
            is_admin: self.who.has(Role::SystemAdmin),
            is_org_admin: self.who.has(Role::OrgAdmin),
            keeps_templates: self.keeps_templates(),
            ..self.web.outside(&self.caller, around.title.clone())
        })
    }

    /// A whole page.
    pub async fn page(&self, around: impl Into<Around>, template: &str, view: &impl Serialize) -> Answer {
        let around = around.into();
        let shell = self.shell(&around).await?;
        let html = self.web.templates.render(template, &shell, view)?;
        Ok((around.status, Html(html)).into_response())
    }

    /// One part of a page, for a script that swaps it.
    pub async fn part(&self, around: impl Into<Around>, template: &str, view: &impl Serialize) -> Answer {
        let around = around.into();
        let shell = self.shell(&around).await?;
        let html = self.web.templates.fragment(template, &shell, view)?;
        Ok((around.status, Html(html)).into_response())
    }

    /// A script asks for this part alone.
    pub fn wants(&self, part: &str) -> bool {
        self.caller.fragment.as_deref() == Some(part)
    }

    /// The words of this person's language.
    pub fn tongue(&self) -> Tongue<'_> {
        Tongue { words: self.web.templates.words(), lang: self.caller.look.lang }
    }

    /// Words in the person's language; empty for a key that is none.
    pub fn say(&self, key: &str, values: &[(&str, String)]) -> String {
        self.tongue().say(key, values)
    }

    /// What the product named, in the person's language; see [`crate::web::words::text::Words::translated`].
    pub fn translated(&self, family: &str, text: &str) -> String {
        self.web.templates.words().translated(self.caller.look.lang, family, text)
    }

    /// See [`Tongue::choice`].
    pub fn choice(&self, option: &str) -> String {
        self.tongue().choice(option)
    }

    /// The words of a problem in the person's language, when it is one that the form can show.
    pub fn in_words(&self, problem: &Problem) -> String {
        problem.text(self.caller.look.lang.tag()).to_owned()
    }
}
