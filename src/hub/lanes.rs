//! The channels of this installation, each with its own rate, its own pause and its own breaker.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use channels::{Channel, Supports};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Consecutive failures after which a provider is left alone for [`REST`].
const BREAK_AFTER: u32 = 20;
const REST: Duration = Duration::from_secs(30);
/// Most deliveries of one ticket.
const TICKET: i64 = 100;
/// Most tickets of one channel that a process has in hand.
pub(super) const TICKETS: u16 = 20;

#[derive(Clone, Default)]
pub struct Channels {
    lanes: Arc<BTreeMap<&'static str, Arc<Lane>>>,
}

/// One channel and how fast it may go in this process.
pub struct Lane {
    pub channel: Arc<dyn Channel>,
    rate: Option<u32>,
    limiter: Option<DefaultDirectRateLimiter>,
    health: Mutex<Health>,
}

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

    /// How many deliveries one ticket of a channel holds: what it takes at once, and no more than
    /// its rate lets through in a second.
    pub fn ticket_size(&self, name: &str) -> i64 {
        let Some(lane) = self.lanes.get(name) else { return TICKET };
        let batch = i64::try_from(lane.channel.supports().batch).unwrap_or(TICKET);
        batch.min(lane.rate.map_or(TICKET, i64::from)).clamp(1, TICKET)
    }

    /// How many tickets of a channel one process has in hand: what its rate lets through in five
    /// seconds. Whatever is in hand when a worker dies may have to be called unknown.
    pub fn tickets_in_hand(&self, name: &str) -> u16 {
        let Some(lane) = self.lanes.get(name) else { return TICKETS };
        match self.ticket_size(name) {
            // Calls are claimed one at a time: what a crash leaves unknown is one call.
            1 => 1,
            size => {
                let by_rate = lane.rate.map(|rate| i64::from(rate) * 5 / size);
                by_rate.and_then(|tickets| u16::try_from(tickets).ok()).unwrap_or(TICKETS).clamp(1, TICKETS)
            }
        }
    }
}

impl Lane {
    fn new(channel: Arc<dyn Channel>, rate: Option<u32>) -> Self {
        let quota = rate.and_then(NonZeroU32::new).map(Quota::per_second);
        Self { channel, rate, limiter: quota.map(RateLimiter::direct), health: Mutex::default() }
    }

    pub fn supports(&self) -> Supports {
        self.channel.supports()
    }

    /// Waits for the rate to let one more through.
    pub async fn turn(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.until_ready().await;
        }
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
