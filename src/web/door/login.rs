//! `/login`, `/login/{token}` of the demonstration, and `/logout`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse, Redirect},
};

use super::session::Guest;
use crate::{
    domain::{Problem, problem::Class, sign_in::SESSION},
    hub::people::sign_in::Ended,
    web::{
        Web,
        frame::{
            form::{Fields, Form, Query},
            page::Answer,
            page_error::{PageError, retry_after, status_of},
            path::{Path, own_path},
        },
        views::door::{DemoPerson, LoginPage},
    },
};

/// `GET /login?next=…`
pub async fn form(guest: Guest, headers: HeaderMap, Query(query): Query) -> Answer {
    let next = own_path(query.get("next"));
    if guest.caller.who.is_some() {
        return Ok(Redirect::to(next).into_response());
    }
    let view = LoginPage {
        account: String::new(),
        next: next.to_owned(),
        error: None,
        ended: guest.why_ended(&headers).await?,
        demo: demo(&guest.web),
    };
    guest.page(StatusCode::OK, "login", &view)
}

/// `POST /login` with `account`, `password`, `next`.
pub async fn sign_in(guest: Guest, Came(from): Came, Form(fields): Form) -> Answer {
    let next = own_path(fields.get("next"));
    match guest.web.try_password(from, &fields).await {
        Ok(session) => Ok(guest.web.admit(&session, next)),
        Err(error) => {
            let problem = error.into_refusal()?;
            let view = LoginPage {
                account: fields.get("account").to_owned(),
                next: next.to_owned(),
                error: Some(problem.text(guest.caller.look.lang.tag()).to_owned()),
                ended: None,
                demo: demo(&guest.web),
            };
            let page = guest.page(status_of(problem.class), "login", &view)?;
            Ok((retry_after(&problem), page).into_response())
        }
    }
}

/// `GET /login/{token}?next=…`: one click, in the demonstration alone.
pub async fn by_link(State(web): State<Web>, Path(token): Path<String>, Query(query): Query) -> Answer {
    if web.demo.is_none() {
        return Err(Problem::not_found().into());
    }
    let session = web.hub.sign_in_by_link(&token).await?;
    Ok(web.admit(&session, own_path(query.get("next"))))
}

/// `POST /logout`
pub async fn sign_out(State(web): State<Web>, headers: HeaderMap) -> Answer {
    web.hub.sign_out(web.token(&headers)).await?;
    Ok(web.dismiss("/login"))
}

impl Guest {
    /// Why the session that this browser still keeps does not serve any more.
    async fn why_ended(&self, headers: &HeaderMap) -> Result<Option<String>, PageError> {
        let Some(ended) = self.web.hub.why_ended(self.web.token(headers)).await? else { return Ok(None) };
        let (key, count) = match ended {
            Ended::Idle(idle) => ("login.ended.idle", idle.num_minutes()),
            Ended::TooLong => ("login.ended.too_long", SESSION.num_hours()),
            Ended::Elsewhere => ("login.ended.elsewhere", 0),
        };
        let words = self.web.templates.words();
        Ok(words.say(self.caller.look.lang, key, &[("count", count.to_string())]))
    }
}

impl Web {
    async fn try_password(
        &self,
        from: IpAddr,
        fields: &Fields,
    ) -> Result<crate::hub::people::sign_in::Session, PageError> {
        let now = self.hub.clock.now();
        self.throttle.check(from, now)?;
        let tried = self.hub.sign_in(fields.get("account"), fields.get("password")).await;
        if let Err(crate::hub::Error::Problem(problem)) = &tried
            && problem.class == Class::Unauthenticated
        {
            self.throttle.note(from, now);
        }
        Ok(tried?)
    }
}

impl PageError {
    /// As [`PageError::into_problem`], and also why somebody was not let in.
    pub fn into_refusal(self) -> Result<Problem, Self> {
        match self {
            Self::Hub(crate::hub::Error::Problem(problem)) => Ok(problem),
            other => Err(other),
        }
    }
}

fn demo(web: &Web) -> Vec<DemoPerson> {
    let person = |link: &crate::web::DemoLink| DemoPerson {
        role: link.role.clone(),
        name: link.name.clone(),
        department: link.department.clone(),
        href: format!("/login/{}", link.token),
    };
    web.demo.iter().flat_map(|demo| &demo.links).map(person).collect()
}

/// The address that a request came from.
pub struct Came(pub IpAddr);

impl FromRequestParts<Web> for Came {
    type Rejection = PageError;
    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
        // A router without a socket is a test.
        let mut from = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let lines = parts.headers.get_all("x-forwarded-for").into_iter().filter_map(|line| line.to_str().ok());
        let hops: Vec<_> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        // Each proxy that we trust vouches for the one before it, from the last to the first.
        for hop in hops.iter().rev() {
            if !web.trusted_proxies.iter().any(|proxy| proxy.contains(&from)) {
                break;
            }
            match hop.parse::<IpAddr>() {
                Ok(address) => from = address.to_canonical(),
                Err(_) => break,
            }
        }
        Ok(Self(from))
    }
}
