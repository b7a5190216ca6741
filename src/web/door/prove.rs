//! `/me/prove`: the password once more, before what could do much harm; then on to where it was
//! asked for.

use axum::{
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use url::form_urlencoded;

use super::session::Me;
use crate::{
    domain::{Problem, sign_in::PROOF},
    hub::policy::{self, Action, Facts},
    web::{
        frame::{
            form::{Form, Query},
            page::Answer,
            path::own_path,
        },
        views::me::ProvePage,
    },
};

/// `GET /me/prove?next=…`
pub async fn form(me: Me, Query(query): Query) -> Answer {
    me.show_proof(query.get("next"), None).await
}

/// `POST /me/prove` with `password`, `next`.
pub async fn prove(me: Me, headers: HeaderMap, Form(fields): Form) -> Answer {
    match me.web.hub.prove(&me.who, me.web.token(&headers), fields.get("password")).await {
        Ok(()) => Ok(Redirect::to(own_path(fields.get("next"))).into_response()),
        Err(error) => {
            let problem = crate::web::frame::page_error::PageError::from(error).into_refusal()?;
            me.show_proof(fields.get("next"), Some(&problem)).await
        }
    }
}

/// Somewhere else only after a proof.
pub fn first(next: &str) -> Response {
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    Redirect::to(&format!("/me/prove?next={next}")).into_response()
}

impl Me {
    /// True: somebody who may come in, but has not just proved who he is.
    ///
    /// # Errors
    /// `NOT_FOUND` for everybody else.
    pub(in crate::web) fn must_prove(&self, action: Action) -> Result<bool, Problem> {
        policy::require(&*self.who, action, &Facts::PROVED)?;
        Ok(!self.who.is_proved)
    }

    async fn show_proof(&self, next: &str, problem: Option<&Problem>) -> Answer {
        let view = ProvePage {
            account: self.who.account.clone(),
            next: own_path(next).to_owned(),
            minutes: PROOF.num_minutes(),
            is_set: self.has_password().await?,
            error: problem.map(|problem| self.in_words(problem)),
        };
        self.answer_to(problem, "prove", &view).await
    }
}
