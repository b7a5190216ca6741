//! E-mail over SMTP: `smtp://user:password@host:port` (STARTTLS when offered) or
//! `smtps://…`; `?tls=required` insists on STARTTLS, `?tls=none` never asks for it.
//!
//! Invariants: the Message-ID comes from the idempotency key, so that a mail sent
//! twice is the same mail to its reader's software; a panic while one mail is
//! written costs that mail and nothing else.

mod letter;
mod line;
mod server;

use std::{future::Future, sync::Arc};

use async_trait::async_trait;
use futures_util::future::join_all;
use lettre::message::Mailbox;
use tokio::sync::Semaphore;

use self::{line::Line, server::Server};
use crate::{Accepted, Channel, Outgoing, Repeat, SendError, SetupError, Supports};

/// Connections at one time, over all calls: mail servers dislike more from one client.
const CONNECTIONS: usize = 8;

pub struct Smtp {
    office: Arc<Office>,
}

/// What every mail's own task shares.
struct Office {
    from: Mailbox,
    line: Line,
    connections: Semaphore,
}

impl Smtp {
    /// Mail by the server at `url`, from `from` (`notice@example.edu.cn` or
    /// `知会 <notice@example.edu.cn>`). Connects only when there is something to send.
    ///
    /// # Errors
    /// When one of the two cannot be read, or TLS finds no certificates to trust.
    pub fn new(url: &str, from: &str) -> Result<Self, SetupError> {
        let from = letter::sender(from).map_err(SetupError::From)?;
        let office = Office { from, line: Line::new(Server::read(url)?), connections: Semaphore::new(CONNECTIONS) };
        Ok(Self { office: Arc::new(office) })
    }
}

impl Office {
    async fn send(&self, outgoing: &Outgoing) -> Result<Accepted, SendError> {
        let letter = letter::compose(&self.from, outgoing)?;
        let _turn = self.connections.acquire().await.expect("it is never closed");
        let answer = self.line.deliver(letter.envelope(), &letter.formatted()).await?;
        let reference = answer.first_line().map(str::to_owned);
        Ok(Accepted { reference })
    }
}

/// Runs it in a task of its own; if that panics, the mail is at fault (lettre
/// panics on some display names) and would be again.
async fn isolated<T: Send + 'static>(
    send: impl Future<Output = Result<T, SendError>> + Send + 'static,
) -> Result<T, SendError> {
    match tokio::spawn(send).await {
        Ok(answer) => answer,
        Err(stopped) if stopped.is_panic() => {
            Err(SendError::refused("unwritable", "the mail could not be put into words"))
        }
        Err(stopped) => Err(SendError::Ambiguous(stopped.into())),
    }
}

#[async_trait]
impl Channel for Smtp {
    fn name(&self) -> &'static str {
        "email"
    }

    fn supports(&self) -> Supports {
        Supports {
            batch: CONNECTIONS,
            concurrency: 1,
            repeat: Repeat::Safe,
            callbacks: false,
            query: false,
            recall: false,
        }
    }

    async fn send(&self, batch: &[Outgoing]) -> Vec<Result<Accepted, SendError>> {
        join_all(batch.iter().map(|outgoing| {
            let (office, outgoing) = (self.office.clone(), outgoing.clone());
            isolated(async move { office.send(&outgoing).await })
        }))
        .await
    }

    async fn check(&self) -> Result<(), SendError> {
        let office = self.office.clone();
        isolated(async move { office.line.check().await }).await
    }
}

#[cfg(test)]
mod tests;
