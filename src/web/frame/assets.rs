//! What browsers fetch beside the pages: styles, scripts, pictures. All of it is compiled in.
//!
//! Sources are split by section for people and joined for browsers. A name carries the first eight
//! hexadecimal digits of its content's SHA-256, so an answer may be kept for a year and a new
//! version is a new address.

use std::{borrow::Cow, collections::HashMap};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

/// Everything under `templates/`.
#[derive(rust_embed::RustEmbed)]
#[folder = "templates/"]
pub(in crate::web) struct Files;

/// What is served, and the sources that make it, in order: later styles may overrule earlier ones,
/// later scripts use what earlier ones defined.
pub const BUNDLES: [(&str, &[&str]); 5] = [
    (
        "ui.css",
        &[
            "css/tokens.css",
            "css/ground.css",
            "css/shell.css",
            "css/forms.css",
            "css/blocks.css",
            "css/door.css",
            "css/portal.css",
            "css/inbox.css",
            "css/approval.css",
            "css/compose.css",
            "css/charts.css",
            "css/handset.css",
            "css/admin.css",
            "css/groups.css",
            "css/narrow.css",
        ],
    ),
    ("theme.js", &["js/theme.js"]),
    (
        "ui.js",
        &[
            "js/base.js",
            "js/swap.js",
            "js/choose.js",
            "js/inbox.js",
            "js/follow.js",
            "js/live.js",
            "js/forms.js",
            "js/compose.js",
            "js/compose_keep.js",
            "js/compose_words.js",
            "js/groups.js",
            "js/handset.js",
            "js/keys.js",
        ],
    ),
    ("icons.svg", &["img/icons.svg"]),
    ("mark.svg", &["img/mark.svg"]),
];

const ONE_YEAR: &str = "public, max-age=31536000, immutable";

/// One file as it is served.
#[derive(Debug, Clone)]
pub struct Asset {
    pub content_type: &'static str,
    pub body: Cow<'static, [u8]>,
}

/// All files that are served, by the name with the hash.
#[derive(Debug, Clone)]
pub struct Assets {
    served: HashMap<String, Asset>,
    addresses: HashMap<&'static str, String>,
}

impl Assets {
    /// Joins and hashes everything; done once at start.
    ///
    /// # Panics
    /// When a source named in [`BUNDLES`] is not compiled in, which a test rules out.
    pub fn load() -> Self {
        let mut assets = Self { served: HashMap::new(), addresses: HashMap::new() };
        for (name, sources) in BUNDLES {
            let body = join(sources);
            let hashed = hashed_name(name, &body);
            assets.addresses.insert(name, format!("/static/{hashed}"));
            assets.served.insert(hashed, Asset { content_type: content_type(name), body });
        }
        assets
    }

    /// Where `name` is served: `ui.css` → `/static/ui.1a2b3c4d.css`.
    pub fn address(&self, name: &str) -> Option<&str> {
        self.addresses.get(name).map(String::as_str)
    }

    /// The file behind `/static/{name}`.
    pub fn find(&self, name: &str) -> Option<&Asset> {
        self.served.get(name)
    }

    /// Every served name with its file, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.served.iter().map(|(name, asset)| (name.as_str(), asset))
    }

    /// The answer to `GET /static/{name}`.
    pub fn respond(&self, name: &str) -> Response {
        match self.find(name) {
            Some(asset) => (
                [
                    (header::CONTENT_TYPE, asset.content_type),
                    (header::CACHE_CONTROL, ONE_YEAR),
                    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                ],
                asset.body.clone(),
            )
                .into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

fn join(sources: &[&str]) -> Cow<'static, [u8]> {
    let mut parts = sources
        .iter()
        .map(|source| Files::get(&format!("static/{source}")).expect("every source of a bundle is compiled in").data);
    let first = parts.next().unwrap_or_default();
    if sources.len() < 2 {
        return first;
    }
    let mut joined = first.into_owned();
    for part in parts {
        joined.push(b'\n');
        joined.extend_from_slice(&part);
    }
    joined.into()
}

fn hashed_name(name: &str, body: &[u8]) -> String {
    let (stem, extension) = name.rsplit_once('.').expect("every bundle has an extension");
    let digest = Sha256::digest(body);
    let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{stem}.{hash}.{extension}")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_is_served_exactly_once() {
        let mut named: Vec<_> = BUNDLES.iter().flat_map(|(_, sources)| *sources).collect();
        named.sort_unstable();
        let mut stored: Vec<_> =
            Files::iter().filter_map(|path| path.strip_prefix("static/").map(str::to_owned)).collect();
        stored.sort_unstable();
        assert_eq!(named.iter().map(|name| (**name).to_owned()).collect::<Vec<_>>(), stored);
    }

    #[test]
    fn an_address_changes_with_the_content_and_leads_back_to_it() {
        let assets = Assets::load();
        let address = assets.address("ui.css").unwrap();
        let name = address.strip_prefix("/static/").unwrap();
        assert_eq!(name.len(), "ui.12345678.css".len());
        assert_eq!(assets.respond(name).headers()[header::CACHE_CONTROL], ONE_YEAR);
        assert_eq!(assets.respond("ui.css").status(), StatusCode::NOT_FOUND);
        assert_ne!(hashed_name("a.css", b"a"), hashed_name("a.css", b"b"));
    }
}
