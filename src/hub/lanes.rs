//! The channels of this installation, each with its own rate, its own pause and its own breaker.
//!
//! A worker waits here for its turn *before* it claims a ticket: whatever is claimed goes out within
//! the same moment, so that a worker that dies leaves in doubt only what was just leaving. A ticket
//! that waits is nobody's, and any other worker may have it.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use channels::{Channel, Supports};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{Mutex as Line, OwnedSemaphorePermit, Semaphore};

use crate::domain::send_rule::Round;

/// Consecutive failures after which a provider is left alone for [`REST`].
const BREAK_AFTER: u32 = 20;
const REST: Duration = Duration::from_secs(30);
/// Most deliveries of one ticket.
const TICKET: i64 = 100;
/// Most tickets of one channel that a process takes off the queue; they wait in it for their turn.
pub(super) const TICKETS: u16 = 20;

#[derive(Clone, Default)]
pub struct Channels {
    lanes: Arc<BTreeMap<&'static str, Arc<Lane>>>,
}

/// One channel and how fast it may go in this process.
pub struct Lane {
    pub channel: Arc<dyn Channel>,
    rate: Option<NonZeroU32>,
    limiter: Option<DefaultDirectRateLimiter>,
    /// Where tickets of broadcasts wait, so that an urgent one finds at most one of them before it.
    broadcasts: Line<()>,
    calls: Arc<Semaphore>,
    health: Mutex<Health>,
}

/// The right to make one call.
pub type Call = OwnedSemaphorePermit;

#[derive(Default)]
struct Health {
    failures: u32,
    resting_until: Option<Instant>,
}

impl Channels {
    /// `rate` is in messages a second; none is unlimited.
    pub fn new(channels: Vec<(Arc<dyn Channel>, Option<u32>)>) -> Self {
        let lanes = channels.into_iter().map(|(channel, rate)| (channel.name(), Arc::new(Lane::new(channel, rate))));
        Self { lanes: Arc::new(lanes.collect()) }
    }

    pub fn lane(&self, name: &str) -> Option<Arc<Lane>> {
        self.lanes.get(name).cloned()
    }

    pub fn get(&self, name: &str) -> Option<Arc<dyn Channel>> {
        self.lanes.get(name).map(|lane| lane.channel.clone())
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.lanes.keys().copied().collect()
    }

    /// What these rounds name and this installation lacks, each once.
    pub fn missing(&self, rounds: &[Round]) -> Vec<String> {
        let named: BTreeSet<_> = rounds.iter().flat_map(|round| &round.channels).collect();
        named.into_iter().filter(|name| !self.lanes.contains_key(name.as_str())).cloned().collect()
    }

    /// How many deliveries one ticket of a channel holds: what it takes at once, and no more than
    /// its rate lets through in a second.
    pub fn ticket_size(&self, name: &str) -> i64 {
        let Some(lane) = self.lanes.get(name) else { return TICKET };
        let batch = i64::try_from(lane.channel.supports().batch).unwrap_or(TICKET);
        batch.min(lane.rate.map_or(TICKET, |rate| i64::from(rate.get()))).clamp(1, TICKET)
    }
}

impl Lane {
    fn new(channel: Arc<dyn Channel>, rate: Option<u32>) -> Self {
        let rate = rate.and_then(NonZeroU32::new);
        Self {
            rate,
            limiter: rate.map(|rate| RateLimiter::direct(Quota::per_second(rate))),
            broadcasts: Line::default(),
            calls: Arc::new(Semaphore::new(channel.supports().concurrency.max(1))),
            channel,
            health: Mutex::default(),
        }
    }

    pub fn supports(&self) -> Supports {
        self.channel.supports()
    }

    /// Waits until one more call may be made and the rate lets all of `size` through.
    pub async fn turn(&self, size: i64, is_priority: bool) -> Call {
        let _line = match is_priority {
            true => None,
            false => Some(self.broadcasts.lock().await),
        };
        let call = self.calls.clone().acquire_owned().await.expect("it is never closed");
        let (Some(limiter), Some(rate)) = (&self.limiter, self.rate) else { return call };
        let mut left = u32::try_from(size).unwrap_or(1);
        // Never more at once than the rate lets through in a second.
        while let Some(some) = NonZeroU32::new(left.min(rate.get())) {
            limiter.until_n_ready(some).await.expect("a second's worth fits");
            left -= some.get();
        }
        call
    }

    /// How long the provider is still to be left alone.
    pub fn resting(&self) -> Option<Duration> {
        let health = self.health.lock().expect("nobody panics while holding it");
        health.resting_until.and_then(|until| until.checked_duration_since(Instant::now()))
    }

    /// The provider took something.
    pub fn went_well(&self) {
        *self.health.lock().expect("nobody panics while holding it") = Health::default();
    }

    /// The provider was busy or away; `asked` is how long it wants to be left alone.
    pub fn went_wrong(&self, asked: Option<Duration>) {
        let mut health = self.health.lock().expect("nobody panics while holding it");
        health.failures += 1;
        let rest = asked.or((health.failures >= BREAK_AFTER).then_some(REST));
        if let Some(rest) = rest {
            health.resting_until = Some(Instant::now() + rest.min(Duration::from_secs(300)));
        }
    }
}
