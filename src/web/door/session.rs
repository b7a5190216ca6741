//! Who comes: the session behind a cookie, looked up once for each request.
//!
//! A page takes [`Me`] when only somebody signed in may see it and [`Guest`] otherwise.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, OriginalUri, Request, State},
    http::{HeaderMap, StatusCode, header::SET_COOKIE, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use url::form_urlencoded;

use super::cookies;
use crate::{
    domain::{PersonId, seal},
    hub::{self, people::sign_in::SignedIn},
    web::{
        Web,
        frame::{page_error::PageError, request::is_safe},
        views::shell::{TextSize, Theme},
        words::text::Lang,
    },
};

/// Twelve hours: the hub lets no session live longer.
const SESSION_SECONDS: i64 = 12 * 3600;
/// For the form to sign in, which belongs to nobody yet.
const OUTSIDE_SECONDS: i64 = 12 * 3600;

/// How somebody wants pages to look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    pub lang: Lang,
    pub theme: Theme,
    pub size: TextSize,
}

impl Look {
    pub fn of(headers: &HeaderMap) -> Self {
        let agent = headers.get("user-agent").and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Self {
            lang: Lang::from_cookie(cookies::read(headers, "lang")),
            theme: Theme::choose(cookies::read(headers, "theme"), agent),
            size: TextSize::from_cookie(cookies::read(headers, "size")),
        }
    }
}

/// What is known of whoever sent a request.
#[derive(Clone)]
pub struct Caller {
    pub look: Look,
    /// What a form must bring back: of the session, or of a cookie while nobody is signed in.
    pub csrf: String,
    pub who: Option<Arc<SignedIn>>,
    /// `X-Fragment`: a script wants one part of the page.
    pub fragment: Option<String>,
    /// `X-Follow`: an open page looks again by itself.
    pub is_following: bool,
}

impl Caller {
    /// Somebody of whom nothing could be found out.
    pub fn nobody(look: Look) -> Self {
        Self { look, csrf: String::new(), who: None, fragment: None, is_following: false }
    }
}

impl Web {
    /// A browser sends a `__Host-` cookie over TLS only, and no neighbour can set it.
    fn cookie(&self, name: &'static str) -> String {
        if self.is_encrypted() { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// The token of the session that a browser sent; empty without one.
    pub(in crate::web) fn token<'a>(&self, headers: &'a HeaderMap) -> &'a str {
        cookies::read(headers, &self.cookie("session"))
    }

    /// Sends a browser on with its session.
    pub(super) fn admit(&self, session: &hub::people::sign_in::Session, to: &str) -> Response {
        let cookie = cookies::write(&self.cookie("session"), &session.token, SESSION_SECONDS);
        ([(SET_COOKIE, cookie)], Redirect::to(to)).into_response()
    }

    /// Sends a browser out without it.
    pub(super) fn dismiss(&self, to: &str) -> Response {
        ([(SET_COOKIE, cookies::write(&self.cookie("session"), "", 0))], Redirect::to(to)).into_response()
    }

    async fn find_session(&self, token: &str, is_use: bool) -> hub::Result<Option<SignedIn>> {
        if token.is_empty() {
            Ok(None)
        } else if is_use {
            self.hub.session(token).await
        } else {
            self.hub.session_unseen(token).await
        }
    }
}

fn is_following(headers: &HeaderMap) -> bool {
    headers.contains_key("x-follow")
}

/// Open pages ask for counts and look again (`X-Follow`) all day long: that is no use of a session.
fn is_use(request: &Request) -> bool {
    let looks_again = is_safe(request.method()) && is_following(request.headers());
    !looks_again && !request.uri().path().starts_with("/events")
}

/// Finds out who comes, for everything further in.
pub async fn find(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let found = web.find_session(web.token(request.headers()), is_use(&request)).await;
    let who = match found {
        Ok(who) => who.map(Arc::new),
        Err(error) => return PageError::from(error).into_response(),
    };
    let outside = cookies::read(request.headers(), &web.cookie("outside"));
    let mut fresh = None;
    let csrf = match &who {
        Some(who) => who.csrf.clone(),
        None if is_token(outside) => outside.to_owned(),
        None => fresh.insert(seal::token().0).clone(),
    };
    let fragment = request.headers().get("x-fragment").and_then(|name| name.to_str().ok()).map(str::to_owned);
    let is_following = is_following(request.headers());
    let caller = Caller { look: Look::of(request.headers()), csrf, who, fragment, is_following };
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    if let Some(token) = fresh {
        let cookie = cookies::write(&web.cookie("outside"), &token, OUTSIDE_SECONDS);
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response.extensions_mut().insert(caller);
    response
}

/// Ours, and not what somebody made up.
fn is_token(text: &str) -> bool {
    text.len() >= 32 && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// Anybody, signed in or not.
pub struct Guest {
    pub web: Web,
    pub caller: Caller,
}

/// Somebody who is signed in.
pub struct Me {
    pub web: Web,
    pub who: Arc<SignedIn>,
    pub caller: Caller,
}

impl Me {
    pub fn id(&self) -> PersonId {
        self.who.person
    }
}

impl FromRequestParts<Web> for Guest {
    type Rejection = PageError;
    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        let caller = parts.extensions.get::<Caller>().cloned();
        let caller = caller.ok_or(PageError::Status(StatusCode::INTERNAL_SERVER_ERROR))?;
        Ok(Self { web: web.clone(), caller })
    }
}

impl FromRequestParts<Web> for Me {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let Guest { web, caller } = Guest::from_request_parts(parts, web).await.map_err(IntoResponse::into_response)?;
        match caller.who.clone() {
            Some(who) => Ok(Self { web, who, caller }),
            None => Err(to_the_door(parts, &caller)),
        }
    }
}

/// To the form to sign in, and back afterwards; a script or a change is only told.
fn to_the_door(parts: &Parts, caller: &Caller) -> Response {
    let is_page = is_safe(&parts.method) && caller.fragment.is_none() && !parts.uri.path().starts_with("/events");
    if !is_page {
        return PageError::Status(StatusCode::UNAUTHORIZED).into_response();
    }
    let asked = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
    let asked = asked.path_and_query().map_or("/", |asked| asked.as_str());
    if asked == "/" {
        return Redirect::to("/login").into_response();
    }
    let next: String = form_urlencoded::byte_serialize(asked.as_bytes()).collect();
    Redirect::to(&format!("/login?next={next}")).into_response()
}
