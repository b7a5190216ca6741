//! `[sms]`: the SMS gateway; without it the hub sends no SMS.

use reqwest::Url;

use super::{
    secret::{Secret, SecretUrl},
    settings::{Settings, Shown},
};

/// The SMS gateway and what was agreed with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// Where the gateway takes messages.
    pub url: SecretUrl,
    /// Signs what goes to the gateway and proves what comes back.
    pub secret: Secret,
    /// Messages a second that the contract allows, from 1.
    pub rate_per_second: u32,
}

impl Sms {
    pub(super) fn read(from: &mut Settings<'_>) -> Option<Self> {
        let url = from.value("sms_url", Shown::Redacted, "the http:// or https:// address of an SMS gateway", url);
        let secret = from.value(
            "sms_secret",
            Shown::Hidden,
            "the secret agreed with the gateway, at least 16 characters",
            |text| (text.chars().count() >= 16).then(|| Secret::new(text)),
        );
        let rate = from.value("sms_rate_per_second", Shown::Plain, "a whole number from 1 to 10000", |text| {
            text.parse().ok().filter(|rate| (1..=10_000).contains(rate))
        });
        Self::check(from);
        Some(Self { url: url?, secret: secret?, rate_per_second: rate.unwrap_or(20) })
    }

    fn check(from: &mut Settings<'_>) -> Option<()> {
        const BOTH: &str = "sms.url and sms.secret together, or neither";
        match (from.is_set("sms_url"), from.is_set("sms_secret")) {
            (true, false) => from.refuse("sms_url", "a gateway without sms.secret", BOTH),
            (false, true) => from.refuse("sms_secret", "a secret without sms.url", BOTH),
            _ => Some(()),
        }
    }
}

fn url(text: &str) -> Option<SecretUrl> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| SecretUrl::new(text))
}
