//! `[database]`: where the ledger is kept.

use std::path::Path;

use reqwest::Url;

use super::{
    secret::SecretUrl,
    settings::{Settings, Shown},
};

/// Where the ledger is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: SecretUrl,
}

impl Database {
    /// Unset: `zhihui.db` in the data folder.
    pub(super) fn read(from: &mut Settings<'_>, data_dir: &Path) -> Self {
        let url = from.value(
            "database_url",
            Shown::Redacted,
            "sqlite:PATH or postgres://user:password@host:5432/database",
            url,
        );
        let default = || SecretUrl::new(&format!("sqlite:{}", data_dir.join("zhihui.db").display()));
        Self { url: url.unwrap_or_else(default) }
    }

    /// Whether one file on this machine holds everything.
    pub fn is_sqlite(&self) -> bool {
        self.url.scheme() == "sqlite"
    }
}

fn url(text: &str) -> Option<SecretUrl> {
    let url = Url::parse(text).ok()?;
    let usable = match url.scheme() {
        "sqlite" => text.len() > "sqlite://".len(),
        "postgres" | "postgresql" => url.has_host(),
        _ => false,
    };
    usable.then(|| SecretUrl::new(text))
}
