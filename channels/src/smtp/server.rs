//! Which mail server, how to speak to it and as whom: read from the address in the settings.

use std::fmt;

use lettre::transport::smtp::{authentication::Credentials, client::TlsParameters};
use percent_encoding::percent_decode_str;
use reqwest::Url;

use crate::{BoxError, SetupError};

pub struct Server {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub credentials: Option<Credentials>,
}

pub enum Tls {
    /// From the first byte.
    Always(TlsParameters),
    /// By STARTTLS, or the server is not used.
    Required(TlsParameters),
    /// By STARTTLS where the server offers it.
    Offered(TlsParameters),
    Never,
}

impl Server {
    /// `smtp://` or `smtps://`, user and password percent-encoded.
    pub fn read(url: &str) -> Result<Self, SetupError> {
        let url = Url::parse(url).map_err(wrong)?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("it names no mail server"))?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let mode = url.query_pairs().find(|(key, _)| key == "tls");
        let mode = mode.map(|(_, value)| value.into_owned());
        let parameters = || {
            let parameters = TlsParameters::new(host.clone());
            parameters.map_err(|error| SetupError::Client(error.into()))
        };
        let (tls, port) = match (url.scheme(), mode.as_deref()) {
            ("smtps", None) => (Tls::Always(parameters()?), 465),
            ("smtp", Some("required")) => (Tls::Required(parameters()?), 587),
            ("smtp", None) => (Tls::Offered(parameters()?), 25),
            ("smtp", Some("none")) => (Tls::Never, 25),
            _ => return Err(wrong("it must begin with smtp:// or smtps://; tls is required or none")),
        };
        let user = decode(url.username())?;
        let password = decode(url.password().unwrap_or_default())?;
        Ok(Self {
            port: url.port().unwrap_or(port),
            credentials: (!user.is_empty()).then(|| Credentials::new(user, password)),
            host,
            tls,
        })
    }
}

fn wrong(reason: impl Into<BoxError>) -> SetupError {
    SetupError::Url(reason.into())
}

fn decode(text: &str) -> Result<String, SetupError> {
    let text = percent_decode_str(text).decode_utf8().map_err(wrong)?;
    Ok(text.into_owned())
}

/// Shows no credentials.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tls = match self.tls {
            Tls::Always(_) => "always",
            Tls::Required(_) => "required",
            Tls::Offered(_) => "offered",
            Tls::Never => "never",
        };
        f.debug_struct("Server")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &tls)
            .field("signs_in", &self.credentials.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> String {
        let server = Server::read(url).unwrap();
        let shown = format!("{server:?}");
        shown.trim_start_matches("Server ").to_owned()
    }

    #[test]
    fn the_address_says_it_all() {
        assert_eq!(
            read("smtps://mail.example.edu.cn"),
            r#"{ host: "mail.example.edu.cn", port: 465, tls: "always", signs_in: false }"#
        );
        assert_eq!(
            read("smtp://notice%40example.edu.cn:p%2Fw@mail.example.edu.cn:2525?tls=none"),
            r#"{ host: "mail.example.edu.cn", port: 2525, tls: "never", signs_in: true }"#
        );
        assert_eq!(
            read("smtp://[::1]?tls=required"),
            r#"{ host: "::1", port: 587, tls: "required", signs_in: false }"#
        );
        assert!(read("smtp://127.0.0.1").contains(r#"port: 25, tls: "offered""#));
    }

    #[test]
    fn an_address_that_cannot_be_meant_is_refused() {
        for url in [
            "",
            "mail.example.com:25",
            "http://mail.example.com",
            "smtp://",
            "smtp://x?tls=maybe",
            "smtps://x?tls=none",
        ] {
            assert!(matches!(Server::read(url), Err(SetupError::Url(_))), "{url}");
        }
    }
}
