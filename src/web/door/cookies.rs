//! Cookies: reading those that came, writing one's own.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

/// The cookie that a browser sent under `name`; empty when there is none.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

/// A cookie that scripts cannot read and other sites cannot send with a change. `seconds` 0
/// removes it. `value` is one of our own tokens or words, never typed text.
pub fn write(name: &str, value: &str, seconds: i64) -> HeaderValue {
    let secure = if name.starts_with("__Host-") { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"))
        .expect("tokens and names of cookies are plain ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "xsession=1; session=abc=; theme=dark".parse().unwrap());
        assert_eq!([read(&headers, "session"), read(&headers, "theme"), read(&headers, "s")], ["abc=", "dark", ""]);
        assert!(write("__Host-session", "t", 9).to_str().unwrap().ends_with("; Secure"));
    }
}
