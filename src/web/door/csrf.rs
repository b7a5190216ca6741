//! The proof that a change was meant by the person at the browser: the token of the session comes
//! back in the form or in a header, and the request comes from our own pages (security 7.1, 7).

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Multipart, Request, State},
    http::{
        HeaderMap,
        header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN},
        request::Parts,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use super::session::Caller;
use crate::{
    domain::Problem,
    hub::engine::room::{Held, Who},
    web::{
        BODY_BYTES, UPLOAD_BYTES, Web,
        frame::{form, page_error::PageError, request::is_safe},
    },
};

const FORM: &str = "application/x-www-form-urlencoded";
const FILES: &str = "multipart/form-data";

/// Lets nothing through that changes something and is not proved to be meant.
pub async fn check(State(web): State<Web>, request: Request, next: Next) -> Response {
    if is_safe(request.method()) {
        return next.run(request).await;
    }
    match prove(&web, request).await {
        Ok((request, _held)) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn prove(web: &Web, request: Request) -> Result<(Request, Held), PageError> {
    let caller = request.extensions().get::<Caller>();
    let expected = caller.map(|caller| caller.csrf.clone()).unwrap_or_default();
    let is_upload = has_type(request.headers(), FILES);
    let who = if caller.is_some_and(|caller| caller.who.is_some()) { Who::Known } else { Who::Stranger };
    let limit = if is_upload && who == Who::Known { UPLOAD_BYTES } else { BODY_BYTES };
    if !is_own_page(request.headers(), &web.hub.place.public_url) {
        return Err(expired().into());
    }
    let (parts, body) = request.into_parts();
    let length = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let length: usize = length.unwrap_or(limit);
    if length > limit {
        return Err(too_large().into());
    }
    let mut held = Held::default();
    web.hub.in_hand.room().cover(&mut held, length, length, who).await?;
    let body = to_bytes(body, limit).await.map_err(|_| too_large())?;
    let given = match parts.headers.get("x-csrf") {
        Some(token) => token.to_str().unwrap_or_default().to_owned(),
        None if is_upload => in_files(&parts, &body).await,
        None if has_type(&parts.headers, FORM) => in_form(&body),
        None => String::new(),
    };
    let fits: bool = given.as_bytes().ct_eq(expected.as_bytes()).into();
    if expected.is_empty() || !fits {
        return Err(PageError::Kept(Box::new((expired(), written(&parts, &body).await))));
    }
    Ok((Request::from_parts(parts, Body::from(body)), held))
}

/// New browsers say where a request comes from, older ones at least its origin. Whoever says
/// neither is no browser that a foreign page could misuse, and has to know the token anyway.
fn is_own_page(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site".parse().expect("a fixed name"))
        && site != "same-origin"
    {
        return false;
    }
    let Some(origin) = text(ORIGIN) else { return !headers.contains_key(ORIGIN) };
    let host = text(HOST).unwrap_or_default();
    origin == public_url || origin.split_once("://").is_some_and(|(_, named)| !host.is_empty() && named == host)
}

fn has_type(headers: &HeaderMap, wanted: &str) -> bool {
    headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.starts_with(wanted))
}

/// The token is the first field of such a form.
async fn in_files(parts: &Parts, body: &Bytes) -> String {
    let request = Request::from_parts(parts.clone(), Body::from(body.clone()));
    let Ok(mut fields) = Multipart::from_request(request, &()).await else { return String::new() };
    match fields.next_field().await {
        Ok(Some(field)) if field.name() == Some("csrf") => field.text().await.unwrap_or_default(),
        _ => String::new(),
    }
}

fn in_form(body: &[u8]) -> String {
    let field = form_urlencoded::parse(body).find(|(name, _)| name == "csrf");
    field.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// What somebody wrote in a form of our own that cannot be taken: it is given back to be copied.
async fn written(parts: &Parts, body: &Bytes) -> Vec<String> {
    let is_form = has_type(&parts.headers, FORM) || has_type(&parts.headers, FILES);
    let request = Request::from_parts(parts.clone(), Body::from(body.clone()));
    match form::read(request).await {
        Ok(fields) if is_form => fields.written(),
        _ => Vec::new(),
    }
}

fn expired() -> Problem {
    Problem::forbidden("CSRF", "页面已过期，请刷新后重试").in_english("this page is too old, reload it and try again")
}

fn too_large() -> Problem {
    Problem::new(crate::domain::problem::Class::TooLarge, "BODY_SIZE", "", "提交的内容太大")
        .in_english("this is too much to send at once")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_change_something() {
        let own = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            is_own_page(&headers, "https://zhihui.example.edu.cn")
        };
        assert!(own(&[("sec-fetch-site", "same-origin"), ("origin", "https://zhihui.example.edu.cn")]));
        assert!(own(&[("origin", "http://localhost:8080"), ("host", "localhost:8080")]));
        assert!(own(&[]));
        assert!(!own(&[("sec-fetch-site", "same-site")]));
        assert!(!own(&[("sec-fetch-site", "cross-site"), ("origin", "https://zhihui.example.edu.cn")]));
        assert!(!own(&[("origin", "null"), ("host", "localhost:8080")]));
        assert!(!own(&[("origin", "http://localhost:8081"), ("host", "localhost:8080")]));
    }
}
