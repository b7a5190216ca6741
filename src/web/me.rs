//! `POST /lang`: the language of the pages, kept in a cookie for a year. Light and size of type are
//! cookies that scripts set.

use axum::{
    http::{
        HeaderMap,
        header::{REFERER, SET_COOKIE},
    },
    response::{IntoResponse, Redirect, Response},
};

use super::{cookies, form::Form, login::own_path, text::Lang};

const ONE_YEAR: i64 = 365 * 24 * 3600;

/// With `lang` = `zh-CN` or `en`; back to the page that it came from.
pub async fn choose_language(headers: HeaderMap, Form(fields): Form) -> Response {
    let lang = Lang::from_cookie(fields.get("lang"));
    ([(SET_COOKIE, cookies::write("lang", lang.tag(), ONE_YEAR))], Redirect::to(&page_before(&headers))).into_response()
}

fn page_before(headers: &HeaderMap) -> String {
    let referer =
        headers.get(REFERER).and_then(|referer| referer.to_str().ok()).and_then(|text| url::Url::parse(text).ok());
    let path = referer.map(|url| match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    });
    let path = path.unwrap_or_default();
    if path.starts_with("/login") { "/login".to_owned() } else { own_path(&path).to_owned() }
}
