//! The connections to the mail server: kept, and used by one mail at a time.
//!
//! Why not lettre's own pool: it does not say at which command a mail failed, and
//! that alone tells "not sent" from "maybe sent". Invariant: an error is ambiguous
//! only if the mail's text had begun to leave.

use std::{
    fmt::Display,
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lettre::{
    address::Envelope,
    transport::smtp::{
        Error,
        authentication::DEFAULT_MECHANISMS,
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Noop, Rcpt, Rset},
        extension::{ClientId, Extension, MailParameter},
        response::{Response, Severity},
    },
};
use tokio::time::timeout;

use super::server::{Server, Tls};
use crate::{BoxError, SendError};

/// To connect, agree on TLS and sign in.
const CONNECT: Duration = Duration::from_secs(20);
/// For the answer to one command.
const COMMAND: Duration = Duration::from_secs(30);
/// For the answer to the mail's text; servers scan it for viruses meanwhile.
const TEXT: Duration = Duration::from_secs(120);
/// Sign-in wanted, too weak or wrong (RFC 4954): our settings are at fault, not the mail.
const SIGN_IN: [u16; 4] = [530, 534, 535, 538];
/// The server closes the connection (RFC 5321, 3.8).
const CLOSING: u16 = 421;

pub struct Line {
    server: Server,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

/// Why one step of the conversation went wrong.
enum Problem {
    Answer { code: u16, permanent: bool, words: String },
    Lost(BoxError),
}

/// Why a mail did not go out, and what that leaves of its connection.
struct Failed {
    error: SendError,
    connection: Left,
}

enum Left {
    /// It was dead before the mail was named on it: another one may do better.
    Stale,
    Broken,
    Usable,
}

impl Line {
    pub fn new(server: Server) -> Self {
        Self { server, idle: Mutex::new(Vec::new()) }
    }

    /// Sends one mail over a kept connection or, if that has died meanwhile, over a new one.
    pub async fn deliver(&self, envelope: &Envelope, text: &[u8]) -> Result<Response, SendError> {
        let kept = self.idle().pop();
        if let Some(connection) = kept {
            match self.converse(connection, envelope, text).await {
                // The other kept ones are as old and as dead.
                Err(Failed { connection: Left::Stale, .. }) => self.idle().clear(),
                answer => return answer.map_err(|failed| failed.error),
            }
        }
        let connection = self.connect().await?;
        self.converse(connection, envelope, text).await.map_err(|failed| failed.error)
    }

    /// Connects and signs in anew, so that a password changed since is noticed.
    pub async fn check(&self) -> Result<(), SendError> {
        let mut connection = self.connect().await?;
        within(COMMAND, connection.command(Noop)).await.map_err(Problem::unsent)?;
        self.idle().push(connection);
        Ok(())
    }

    /// One mail; the connection is kept if it can carry another.
    async fn converse(
        &self,
        mut connection: AsyncSmtpConnection,
        envelope: &Envelope,
        text: &[u8],
    ) -> Result<Response, Failed> {
        let answer = converse(&mut connection, envelope, text).await;
        let usable = match &answer {
            Ok(_) => true,
            Err(Failed { connection: Left::Usable, .. }) => say(&mut connection, Rset).await.is_ok(),
            Err(_) => false,
        };
        if usable {
            self.idle().push(connection);
        }
        answer
    }

    /// Whatever goes wrong here is not the mail's fault, and nothing has been sent.
    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let connected = within(CONNECT, async {
            let server = &self.server;
            let address = (server.host.as_str(), server.port);
            let name = ClientId::default();
            let first = match &server.tls {
                Tls::Always(tls) => Some(tls.clone()),
                _ => None,
            };
            let mut connection =
                AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), &name, first, None).await?;
            match &server.tls {
                Tls::Required(tls) => connection.starttls(tls.clone(), &name).await?,
                Tls::Offered(tls) if connection.can_starttls() => {
                    connection.starttls(tls.clone(), &name).await?;
                }
                _ => {}
            }
            if let Some(credentials) = &server.credentials {
                connection.auth(DEFAULT_MECHANISMS, credentials).await?;
            }
            Ok(connection)
        });
        connected.await.map_err(Problem::unsent)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn converse(connection: &mut AsyncSmtpConnection, envelope: &Envelope, text: &[u8]) -> Result<Response, Failed> {
    let mut parameters = Vec::new();
    if envelope.to().iter().chain(envelope.from()).any(|address| !address.to_string().is_ascii()) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let error = SendError::refused("address", "the mail server takes Latin addresses only");
            return Err(Failed { error, connection: Left::Usable });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let mail = say(connection, Mail::new(envelope.from().cloned(), parameters)).await;
    mail.map_err(|problem| Failed {
        connection: match problem {
            Problem::Answer { code, .. } if code != CLOSING => Left::Usable,
            _ => Left::Stale,
        },
        // A refused sender is our setting, not the mail.
        error: problem.unsent(),
    })?;
    for address in envelope.to() {
        say(connection, Rcpt::new(address.clone(), Vec::new())).await.map_err(Problem::before_text)?;
    }
    say(connection, Data).await.map_err(Problem::before_text)?;
    within(TEXT, connection.message(text)).await.map_err(|problem| match problem {
        Problem::Lost(source) => Failed { error: SendError::Ambiguous(source), connection: Left::Broken },
        answer => answer.before_text(),
    })
}

async fn say(connection: &mut AsyncSmtpConnection, command: impl Display) -> Result<Response, Problem> {
    within(COMMAND, connection.command(command)).await
}

async fn within<T>(time: Duration, step: impl Future<Output = Result<T, Error>>) -> Result<T, Problem> {
    let error = match timeout(time, step).await {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(error)) => error,
        Err(elapsed) => return Err(Problem::Lost(elapsed.into())),
    };
    Err(match error.status() {
        Some(code) => Problem::Answer {
            permanent: code.severity == Severity::PermanentNegativeCompletion,
            code: code.into(),
            words: std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default(),
        },
        None => Problem::Lost(error.into()),
    })
}

impl Problem {
    /// Not sent, for a reason that is not the mail's.
    fn unsent(self) -> SendError {
        SendError::temporary(match self {
            Self::Answer { code, words, .. } => format!("{code} {words}").into(),
            Self::Lost(source) => source,
        })
    }

    /// Not sent: the answer says whether for good.
    fn before_text(self) -> Failed {
        let connection = match &self {
            Self::Answer { code, .. } if *code != CLOSING => Left::Usable,
            _ => Left::Broken,
        };
        let error = match self {
            Self::Answer { code, permanent: true, words } if !SIGN_IN.contains(&code) => {
                SendError::refused(code.to_string(), words)
            }
            other => other.unsent(),
        };
        Failed { error, connection }
    }
}
