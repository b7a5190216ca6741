//! E-mail addresses: plain ones, that every mail server takes.

use super::Problem;

/// Longest address that SMTP carries (RFC 5321).
const LONGEST: usize = 254;

/// Without blanks around it, the host in lower case. `at` is the field complained of.
///
/// # Errors
/// `EMAIL`
pub fn address(raw: &str, at: &str) -> Result<String, Problem> {
    let refused = |why: &str, english: &str| {
        Problem::invalid("EMAIL", at, format!("邮箱地址不正确：{why}"))
            .in_english(format!("not an e-mail address: {english}"))
    };
    let text = raw.trim_matches([' ', '\u{3000}']);
    if let Some(found) = text.chars().find(|c| !c.is_ascii_graphic()) {
        let shown = found.escape_debug();
        return Err(refused(&format!("含有“{shown}”"), &format!("it holds “{shown}”")));
    }
    if text.len() > LONGEST {
        let count = text.len();
        return Err(refused(&format!("最多 {LONGEST} 字，当前 {count} 字"), &format!("it has {count} characters")));
    }
    let Some((name, host)) = text.split_once('@') else {
        return Err(refused("缺少 @", "the @ is missing"));
    };
    if !is_name(name) {
        return Err(refused("@ 前的部分无效", "the part before the @ is not valid"));
    }
    let host = host.to_ascii_lowercase();
    if !is_host(&host) {
        return Err(refused("@ 后应为完整域名，例如 example.edu.cn", "a full host name must follow the @"));
    }
    Ok(format!("{name}@{host}"))
}

fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.split('.').all(|part| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c))
        })
}

fn is_host(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let last = labels.last().copied().unwrap_or_default();
    labels.len() >= 2 && labels.iter().all(is_label) && last.len() >= 2 && !last.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_pass_and_the_rest_does_not() {
        assert_eq!(address(" Li.Lei+a@Example.EDU.cn ", "").as_deref(), Ok("Li.Lei+a@example.edu.cn"));
        let long = format!("{}@example.edu", "a".repeat(389));
        for raw in [
            "a@b",
            "a@x.com\r\nBcc: b@x.com",
            &long,
            "",
            "a",
            "@x.com",
            "a@@x.com",
            "a..b@x.com",
            "a@1.2.3.4",
            "李@x.com",
            "a@-x.com",
        ] {
            assert_eq!(address(raw, "/email").expect_err(raw).code, "EMAIL");
        }
    }
}
