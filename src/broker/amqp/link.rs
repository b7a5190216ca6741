//! One connection that is always there or being made: the supervisor.
//!
//! On any error it drops the connection, waits, connects, declares the topology and only then
//! hands the connection out again. It never gives up, and it never hurries: a connection that
//! did not last counts as a failed attempt, so that a queue which cannot be declared or used
//! leads to one attempt every half minute and a line in the health, not to a storm. The exception is
//! a message that cannot be read, which comes back at once until the broker gives it up.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use lapin::options::ConfirmSelectOptions;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, Event};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::topology::Topology;
use crate::broker::Error;

/// Connecting and declaring together may take this long.
const OPEN_TIMEOUT: Duration = Duration::from_secs(15);
/// A connection that lasted so long was good, and the next failure is a first one.
const STABLE_AFTER: Duration = Duration::from_secs(30);
const BACKOFF_FIRST: Duration = Duration::from_millis(500);
const BACKOFF_LAST: Duration = Duration::from_secs(30);
/// Where nobody listens an attempt costs nothing, and the restart is to be noticed soon.
const BACKOFF_LAST_AWAY: Duration = Duration::from_secs(4);
/// After a message that cannot be read: it comes again until the broker has counted enough of that
/// and puts it with the dead letters, which is not to take long.
const BACKOFF_GARBLED: Duration = Duration::from_millis(100);
/// After more of that in a row it is no single message any more, and waits like any other failure.
const GARBLED: u32 = 60;
/// So long after such a message they are taken one at a time: what was sent ahead with it would be
/// counted as often as it is.
const CAREFUL: Duration = Duration::from_secs(5);
/// A dropped connection gets this long to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// How long to wait before the next attempt: doubling, and between one and one and a half times
/// as long so that replicas do not come back together; never above `last`.
fn backoff(failures: u32, chance: u32, last: Duration) -> Duration {
    let doubled = BACKOFF_FIRST.saturating_mul(2_u32.saturating_pow(failures.min(16)));
    doubled.mul_f64(1.0 + 0.5 * f64::from(chance) / f64::from(u32::MAX)).min(last)
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Publishing,
    Consuming,
    /// What others write: a message that ends the connection must not end the hub's own work.
    Commands,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Publishing => "publishing",
            Self::Consuming => "consuming",
            Self::Commands => "commands",
        }
    }
}

/// Opens one connection, without lapin's own recovery.
pub(super) async fn connect(uri: &AMQPUri, prefix: &str, purpose: &str) -> lapin::Result<Connection> {
    let properties = ConnectionProperties::default().with_connection_name(format!("{prefix} {purpose}").into());
    Connection::connect_uri_with_runtime(uri.clone(), properties, async_rs::Runtime::tokio_current()).await
}

/// Why a connection is over.
#[derive(Clone, Default)]
struct End {
    reason: String,
    /// what came could not be read: a text in its properties that is not UTF-8 (lapin)
    is_garbled: bool,
}

impl From<String> for End {
    fn from(reason: String) -> Self {
        Self { reason, is_garbled: false }
    }
}

impl From<&str> for End {
    fn from(reason: &str) -> Self {
        reason.to_owned().into()
    }
}

impl From<&lapin::Error> for End {
    fn from(error: &lapin::Error) -> Self {
        Self { reason: error.to_string(), is_garbled: matches!(error.kind(), lapin::ErrorKind::ParsingError(_)) }
    }
}

/// A connection while it lasts, with the idle channels for publishing.
pub(super) struct Wire {
    pub(super) connection: Connection,
    idle: Mutex<Vec<Channel>>,
    failed: watch::Sender<Option<End>>,
}

impl Wire {
    /// Tells the supervisor that this connection is no good. The first reason stays.
    pub(super) fn fail(&self, reason: impl Into<String>) {
        self.end(reason.into().into());
    }

    /// The same for an error of the connection, and of what.
    pub(super) fn fail_with(&self, what: &str, error: &lapin::Error) {
        let end = End::from(error);
        self.end(End { reason: format!("{what}: {}", end.reason), ..end });
    }

    fn end(&self, end: End) {
        self.failed.send_if_modified(|failed| {
            let first = failed.is_none();
            failed.get_or_insert(end);
            first
        });
    }

    /// A channel with confirms for one user alone: lapin gives a returned message to whichever
    /// confirmation comes next, so that on a shared channel a stranger's publish would fail.
    pub(super) async fn borrow(&self) -> lapin::Result<Channel> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(channel) = idle.filter(|channel| channel.status().connected()) {
            return Ok(channel);
        }
        let channel = self.connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(channel)
    }

    /// Only a channel without open confirmations may come back; any other is dropped, which
    /// closes it.
    pub(super) fn give_back(&self, channel: Channel) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(channel);
    }

    /// Resolves with the reason when the connection is over.
    async fn ended(&self) -> End {
        let mut failed = self.failed.subscribe();
        let mut events = Box::pin(self.connection.events_listener());
        loop {
            // Looked at after the subscription, so that no end falls between the two.
            if !self.connection.status().connected() {
                return "the connection was lost".into();
            }
            tokio::select! {
                reason = failed.wait_for(Option::is_some) => {
                    return reason.ok().and_then(|reason| reason.clone()).unwrap_or_default();
                }
                event = events.next() => match event {
                    // One channel's mistake does not end the connection.
                    Some(Event::Error(error)) if !error.is_amqp_soft_error() => return (&error).into(),
                    None => return "the connection was lost".into(),
                    Some(_) => {}
                }
            }
        }
    }
}

enum State {
    Up(Arc<Wire>),
    Down { since: Instant, reason: String },
}

/// The users' end of a supervised connection.
#[derive(Clone)]
pub(super) struct Link {
    state: watch::Receiver<State>,
    garbled: watch::Receiver<Option<Instant>>,
}

impl Link {
    /// The connection, if there is one at this moment.
    pub(super) fn wire(&self) -> Result<Arc<Wire>, Error> {
        match &*self.state.borrow() {
            State::Up(wire) => Ok(wire.clone()),
            State::Down { reason, .. } => Err(Error::Disconnected(reason.clone())),
        }
    }

    /// Waits for a connection that nobody has complained about; `None` when the broker is closed.
    pub(super) async fn wait(&mut self) -> Option<Arc<Wire>> {
        let good = |state: &State| matches!(state, State::Up(wire) if wire.failed.borrow().is_none());
        match &*self.state.wait_for(good).await.ok()? {
            State::Up(wire) => Some(wire.clone()),
            State::Down { .. } => None,
        }
    }

    /// Since when and why there is no connection.
    pub(super) fn trouble(&self) -> Option<(Instant, String)> {
        match &*self.state.borrow() {
            State::Up(_) => None,
            State::Down { since, reason } => Some((*since, reason.clone())),
        }
    }

    /// True for a while after a message that could not be read.
    pub(super) fn is_careful(&self) -> bool {
        self.garbled.borrow().is_some_and(|at| at.elapsed() < CAREFUL)
    }

    /// True while the broker has told this connection to wait.
    pub(super) fn is_blocked(&self) -> bool {
        matches!(&*self.state.borrow(), State::Up(wire) if wire.connection.status().blocked())
    }
}

/// Why there is no connection, for the operator.
#[derive(Default)]
struct Trouble {
    end: End,
    /// nobody was there at all
    is_away: bool,
}

impl From<String> for Trouble {
    fn from(reason: String) -> Self {
        Self { end: reason.into(), is_away: false }
    }
}

/// Keeps one link up until the broker is closed.
pub(super) struct Supervisor {
    uri: AMQPUri,
    purpose: Purpose,
    topology: Arc<Topology>,
    lost: Arc<watch::Sender<u64>>,
    closing: CancellationToken,
    state: watch::Sender<State>,
    garbled: watch::Sender<Option<Instant>>,
}

impl Supervisor {
    pub(super) fn new(
        uri: AMQPUri,
        purpose: Purpose,
        topology: Arc<Topology>,
        lost: Arc<watch::Sender<u64>>,
        closing: CancellationToken,
    ) -> (Self, Link) {
        let state = watch::Sender::new(State::Down { since: Instant::now(), reason: "connecting".into() });
        let garbled = watch::Sender::new(None);
        let link = Link { state: state.subscribe(), garbled: garbled.subscribe() };
        (Self { uri, purpose, topology, lost, closing, state, garbled }, link)
    }

    pub(super) async fn run(self) {
        let closing = self.closing.clone();
        tokio::select! {
            () = closing.cancelled() => {}
            () = self.keep_up() => {}
        }
        if let State::Up(wire) = self.down("closed".into()) {
            goodbye(&wire).await;
        }
    }

    async fn keep_up(&self) {
        let (mut failures, mut garbled) = (0, 0);
        let mut was_up = false;
        loop {
            let opened = timeout(OPEN_TIMEOUT, self.open()).await;
            let trouble = match opened.unwrap_or_else(|_| Err("the broker does not answer".to_owned().into())) {
                Ok((wire, anew)) => {
                    let began = Instant::now();
                    // A connection that carries no tickets takes none with it.
                    self.up(wire.clone(), anew || (was_up && self.purpose != Purpose::Commands));
                    was_up = true;
                    let end = wire.ended().await;
                    failures = if began.elapsed() < STABLE_AFTER { failures } else { 0 };
                    Trouble { end, is_away: false }
                }
                Err(trouble) => trouble,
            };
            let End { reason, is_garbled } = trouble.end;
            let purpose = self.purpose.word();
            if is_garbled {
                self.garbled.send_replace(Some(Instant::now()));
                tracing::warn!(
                    purpose,
                    reason,
                    "a message with a text that is not UTF-8 ended the connection; after some tries the broker puts it with the dead letters"
                );
            } else {
                tracing::warn!(purpose, reason, "no connection to the broker, trying again");
            }
            let last = if trouble.is_away { BACKOFF_LAST_AWAY } else { BACKOFF_LAST };
            if let State::Up(wire) = self.down(reason) {
                goodbye(&wire).await;
            }
            garbled = if is_garbled { garbled + 1 } else { 0 };
            if is_garbled && garbled <= GARBLED {
                sleep(BACKOFF_GARBLED).await;
                continue;
            }
            // Without a random number all replicas wait the same time, which is no reason to fail.
            sleep(backoff(failures, getrandom::u32().unwrap_or_default(), last)).await;
            failures = failures.saturating_add(1);
        }
    }

    /// The connection, ready for use, and whether a queue was missing.
    async fn open(&self) -> Result<(Arc<Wire>, bool), Trouble> {
        let opened = connect(&self.uri, self.topology.names.prefix(), self.purpose.word()).await;
        let connection = opened.map_err(|error| Trouble {
            end: format!("{}:{}: {error}", self.uri.authority.host, self.uri.authority.port).into(),
            is_away: error.is_io_error(),
        })?;
        let anew = self.topology.declare(&connection).await?;
        let wire = Wire { connection, idle: Mutex::default(), failed: watch::Sender::new(None) };
        Ok((Arc::new(wire), anew))
    }

    /// First the link, then the alarm, so that whoever hears it can publish.
    fn up(&self, wire: Arc<Wire>, lost: bool) {
        self.state.send_replace(State::Up(wire));
        if lost {
            self.lost.send_modify(|count| *count += 1);
        }
        tracing::info!(purpose = self.purpose.word(), "connected to the broker");
    }

    /// Keeps the time of the first failure; returns the state before.
    fn down(&self, reason: String) -> State {
        let since = match &*self.state.borrow() {
            State::Up(_) => Instant::now(),
            State::Down { since, .. } => *since,
        };
        self.state.send_replace(State::Down { since, reason })
    }
}

/// Closes the connection in good order, so that its deliveries go back at once.
async fn goodbye(wire: &Wire) {
    // A connection that is already dead cannot be closed, which is what we wanted anyway.
    let _ = timeout(GOODBYE, wire.connection.close(200, "goodbye".into())).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_from_half_a_second_to_half_a_minute() {
        let waits: Vec<u128> = (0..8).map(|failures| backoff(failures, 0, BACKOFF_LAST).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        assert_eq!(backoff(0, u32::MAX, BACKOFF_LAST).as_millis(), 750);
        assert_eq!(backoff(u32::MAX, u32::MAX, BACKOFF_LAST), BACKOFF_LAST);
        assert_eq!(backoff(u32::MAX, u32::MAX, BACKOFF_LAST_AWAY), BACKOFF_LAST_AWAY);
    }
}
