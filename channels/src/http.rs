//! The HTTP client of all providers: no proxy from the environment, no
//! redirects (a redirected POST would lose its body or its signature), kept
//! connections, and rustls with ring, set once for the process.

use std::{sync::Once, time::Duration};

use reqwest::Url;

use crate::SetupError;

/// To reach the provider.
const CONNECT: Duration = Duration::from_secs(3);

/// A client for this address, whose calls end after `total`, answered or not.
pub fn client(url: &str, total: Duration) -> Result<reqwest::Client, SetupError> {
    let url = Url::parse(url).map_err(|error| SetupError::Url(error.into()))?;
    if !["http", "https"].contains(&url.scheme()) || !url.has_host() {
        return Err(SetupError::Url("it must begin with http:// or https://".into()));
    }
    static RING: Once = Once::new();
    RING.call_once(|| {
        // An error means that somebody in this process has set one already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let mut builder = reqwest::Client::builder();
    if url.scheme() == "http" {
        // Else a machine without CA certificates could not even be given this client.
        builder = builder.tls_certs_only([]);
    }
    builder
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(total)
        .tcp_nodelay(true)
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("zhihui/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| SetupError::Client(error.into()))
}
