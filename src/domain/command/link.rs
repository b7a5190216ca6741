//! Where a message of the kind `link` leads.

use crate::domain::{Problem, message::limits};

/// Only http and https, with a host, without a name in front of it (`http://bank.cn@evil.cn`).
pub fn link(raw: &str, at: &str) -> Result<String, Problem> {
    let link = super::text::line(raw, at)?;
    let lower = link.to_ascii_lowercase();
    if !["http:", "https:"].iter().any(|scheme| lower.starts_with(scheme)) {
        return Err(Problem::invalid("LINK_SCHEME", at, "链接只能以 http:// 或 https:// 开头")
            .in_english("a link must begin with http:// or https://"));
    }
    let count = super::text::count(&link);
    if count > limits::URL {
        let limit = limits::URL;
        return Err(incomplete(
            at,
            &format!("最多 {limit} 字，当前 {count} 字"),
            &format!("it has {count} characters, at most {limit} are allowed"),
        ));
    }
    let Some((_, rest)) =
        link.split_once("://").filter(|(_, rest)| !rest.is_empty() && !rest.starts_with(['/', '?', '#']))
    else {
        return Err(incomplete(at, "缺少域名", "the host is missing"));
    };
    if rest.contains(|c: char| c.is_whitespace() || c == '\\' || super::text::is_invisible(c)) {
        return Err(incomplete(
            at,
            "含有空格、反斜杠或不可见字符",
            "it holds blanks, backslashes or invisible characters",
        ));
    }
    let parsed = reqwest::Url::parse(&link).map_err(|_| incomplete(at, "缺少域名", "the host is missing"))?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(incomplete(at, "域名前不能有用户名", "a user name in front of the host is not allowed"));
    }
    Ok(link)
}

fn incomplete(at: &str, why: &str, english: &str) -> Problem {
    Problem::invalid("LINK_INVALID", at, format!("链接地址不完整：{why}"))
        .in_english(format!("the link is not complete: {english}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_http_with_a_host() {
        let long = format!("https://a.cn/{}", "a".repeat(188));
        for (raw, expected) in [
            ("https://news.example.edu/1?a=b#c", None),
            ("HTTP://例子.中国/路径", None),
            ("http://127.0.0.1:8080/", None),
            ("javascript:alert(1)", Some("LINK_SCHEME")),
            ("data:text/html,x", Some("LINK_SCHEME")),
            ("file:///etc/passwd", Some("LINK_SCHEME")),
            ("www.example.edu", Some("LINK_SCHEME")),
            (" javascript:alert(1)", Some("LINK_SCHEME")),
            ("http://", Some("LINK_INVALID")),
            ("https:///path", Some("LINK_INVALID")),
            ("http:a.cn", Some("LINK_INVALID")),
            ("http://a b.cn", Some("LINK_INVALID")),
            ("http://bank.cn@evil.cn", Some("LINK_INVALID")),
            (long.as_str(), Some("LINK_INVALID")),
        ] {
            assert_eq!(link(raw, "/url").err().map(|problem| problem.code), expected, "{raw}");
        }
        assert_eq!(
            link("http://", "/url").map_err(|problem| problem.detail),
            Err("链接地址不完整：缺少域名".to_owned())
        );
    }
}
