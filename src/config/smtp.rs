//! `[smtp]`: the mail server; without it the hub sends no e-mail.

use reqwest::Url;

use super::{
    secret::SecretUrl,
    settings::{Settings, Shown},
};

/// The mail server and the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// `smtp://…` or `smtps://…`.
    pub url: SecretUrl,
    /// The sender, a bare address or `名称 <address>`.
    pub from: String,
}

impl Smtp {
    pub(super) fn read(from: &mut Settings<'_>) -> Option<Self> {
        let url = from.value(
            "smtp_url",
            Shown::Redacted,
            "smtp://user:password@host:587 or smtps://user:password@host:465",
            url,
        );
        let sender = from.value(
            "smtp_from",
            Shown::Plain,
            "a mail address such as zhihui@example.edu.cn or 知会 <zhihui@example.edu.cn>",
            |text| is_mailbox(text).then(|| text.to_owned()),
        );
        Self::check(from);
        Some(Self { url: url?, from: sender? })
    }

    fn check(from: &mut Settings<'_>) -> Option<()> {
        const BOTH: &str = "smtp.url and smtp.from together, or neither";
        match (from.is_set("smtp_url"), from.is_set("smtp_from")) {
            (true, false) => from.refuse("smtp_url", "a mail server without smtp.from", BOTH),
            (false, true) => from.refuse("smtp_from", "a sender without smtp.url", BOTH),
            _ => Some(()),
        }
    }
}

fn url(text: &str) -> Option<SecretUrl> {
    let url = Url::parse(text).ok()?;
    let usable = matches!(url.scheme(), "smtp" | "smtps") && url.has_host();
    usable.then(|| SecretUrl::new(text))
}

/// Only what saves an operator from a slip; the mail server has the last word.
fn is_mailbox(text: &str) -> bool {
    let address = match text.split_once('<') {
        Some((_, rest)) => match rest.strip_suffix('>') {
            Some(address) => address,
            None => return false,
        },
        None => text,
    };
    let whole = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    let sides = address.split_once('@');
    !text.contains(char::is_control) && sides.is_some_and(|(left, right)| whole(left) && whole(right))
}
