//! `POST /lang`: the language of the pages, kept in a cookie for a year. Light and size of type are
//! cookies that scripts set.

use axum::{
    http::{
        HeaderMap,
        header::{HOST, REFERER, SET_COOKIE},
    },
    response::{IntoResponse, Redirect, Response},
};

use super::text::Lang;
use crate::web::{
    door::cookies,
    frame::{form::Form, path::own_path},
};

const ONE_YEAR: i64 = 365 * 24 * 3600;

/// With `lang` = `zh-CN` or `en`; back to the page that it came from.
pub async fn choose_language(headers: HeaderMap, Form(fields): Form) -> Response {
    let lang = Lang::from_cookie(fields.get("lang"));
    ([(SET_COOKIE, cookies::write("lang", lang.tag(), ONE_YEAR))], Redirect::to(&page_before(&headers))).into_response()
}

fn page_before(headers: &HeaderMap) -> String {
    let path = referer(headers).map(|url| path_of(&url)).unwrap_or_default();
    if path.starts_with("/login") { "/login".to_owned() } else { own_path(&path).to_owned() }
}

/// The page of ours that led somewhere; none when it was somebody else's, or a door.
pub fn led_by(headers: &HeaderMap) -> Option<String> {
    let url = referer(headers)?;
    let host = headers.get(HOST)?.to_str().ok()?;
    let path = path_of(&url);
    let is_own = url[url::Position::BeforeHost..url::Position::AfterPort] == *host;
    (is_own && own_path(&path) == path).then_some(path)
}

fn referer(headers: &HeaderMap) -> Option<url::Url> {
    headers.get(REFERER).and_then(|referer| referer.to_str().ok()).and_then(|text| url::Url::parse(text).ok())
}

fn path_of(url: &url::Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_ours_led_here() {
        let led = |host: &str, from: &str| {
            let pairs = [(HOST, host.parse().unwrap()), (REFERER, from.parse().unwrap())];
            led_by(&pairs.into_iter().collect())
        };
        assert_eq!(
            led("a.example:8080", "http://a.example:8080/inbox?tab=unread").as_deref(),
            Some("/inbox?tab=unread")
        );
        assert_eq!(led("a.example", "https://a.example/").as_deref(), Some("/"));
        assert_eq!(led("a.example", "https://b.example/inbox"), None);
        assert_eq!(led("a.example", "https://a.example/login?next=/inbox"), None);
    }
}
