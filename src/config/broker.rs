//! `[broker]`: what carries commands, work tickets and events.

use reqwest::Url;

use super::{
    secret::SecretUrl,
    settings::{Settings, Shown},
};

/// What carries the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// `memory:` or `amqp(s)://…`.
    pub url: SecretUrl,
    /// First part of the name of every exchange and queue.
    pub prefix: String,
}

impl Broker {
    pub(super) fn read(from: &mut Settings<'_>) -> Self {
        let url = from.value(
            "broker_url",
            Shown::Redacted,
            "memory: or amqp://user:password@host:5672/vhost (amqps:// with TLS)",
            url,
        );
        let prefix = from.value(
            "broker_prefix",
            Shown::Plain,
            "a letter, then lower-case letters, digits, - or _, at most 60 in all",
            |text| is_prefix(text).then(|| text.to_owned()),
        );
        Self {
            url: url.unwrap_or_else(|| SecretUrl::new("memory:")),
            prefix: prefix.unwrap_or_else(|| "zhihui".into()),
        }
    }

    /// Whether the queues live in this process.
    pub fn is_memory(&self) -> bool {
        self.url.scheme() == "memory"
    }

    /// Whether it is RabbitMQ's shipped account, whose password everybody knows.
    pub(super) fn is_guest(&self) -> bool {
        Url::parse(self.url.expose()).is_ok_and(|url| url.username() == "guest")
    }
}

fn url(text: &str) -> Option<SecretUrl> {
    let url = Url::parse(text).ok()?;
    let usable = match url.scheme() {
        "memory" => text == "memory:",
        "amqp" | "amqps" => url.has_host(),
        _ => false,
    };
    usable.then(|| SecretUrl::new(text))
}

fn is_prefix(text: &str) -> bool {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.len() <= 60 && text.chars().all(known)
}
