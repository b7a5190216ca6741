//! How browsers and programs reach the hub.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use reqwest::Url;

use super::settings::{Settings, Shown};

/// How the hub is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// Where the hub listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The address that people use, without a slash at its end; links in messages begin with it.
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl Web {
    pub(super) fn read(from: &mut Settings<'_>) -> Self {
        let listen = from.value(
            "listen",
            Shown::Plain,
            "an IP address and a port such as 127.0.0.1:8080 or [::]:8080",
            |text| text.parse().ok(),
        );
        let public_url = from.value(
            "public_url",
            Shown::Plain,
            "http:// or https://, a host and at most a port, such as https://zhihui.example.edu.cn",
            origin,
        );
        let trusted_proxies = from.list("trusted_proxies", "IP addresses or networks such as 10.0.0.0/8", network);
        Self {
            listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            public_url,
            trusted_proxies: trusted_proxies.unwrap_or_default(),
        }
    }

    /// What links in messages begin with: the public address, else where the hub listens.
    pub fn origin(&self) -> String {
        match &self.public_url {
            Some(url) => url.clone(),
            None => format!("http://{}", self.listen),
        }
    }

    /// Whether the public address leads nobody here but this machine itself.
    pub(super) fn is_of_this_machine(&self) -> bool {
        let url = Url::parse(&self.origin()).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback() || address.is_unspecified())
    }

    pub(super) fn is_local(&self) -> bool {
        self.listen.ip().is_loopback()
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.origin().starts_with("https://")
    }
}

fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let bare = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    bare.then(|| url.as_str().trim_end_matches('/').to_owned())
}

fn network(text: &str) -> Option<IpNet> {
    let network = text.parse().ok();
    network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
