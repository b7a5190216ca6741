//! The channels of this installation, each with its own rate, its own pause and its own breaker.
//!
//! A worker waits here for its turn *before* it claims a ticket: whatever is claimed goes out within
//! the same moment, so that a worker that dies leaves in doubt only what was just leaving. A ticket
//! that waits is nobody's, and any other worker may have it.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use channels::{Channel, Supports};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{Mutex as Line, MutexGuard, OwnedSemaphorePermit, Semaphore};

use super::breaker::Breaker;
use crate::domain::send_rule::Round;

/// Most deliveries of one ticket.
const TICKET: i64 = 100;
/// Most tickets of one channel that a process takes off the queue; they wait in it for their turn.
pub(in crate::hub) const TICKETS: u16 = 20;

#[derive(Clone, Default)]
pub struct Channels {
    lanes: Arc<BTreeMap<&'static str, Arc<Lane>>>,
}

/// Urgent tickets that wait for one channel at most; more of them come back a moment later, so that
/// a slow channel does not hold up the urgent messages of the others.
const URGENT: usize = 10;

/// One channel and how fast it may go in this process.
pub struct Lane {
    pub channel: Arc<dyn Channel>,
    rate: Option<NonZeroU32>,
    /// This process's share of the rate, and how many processes share it.
    pace: Mutex<Option<(u32, Arc<Pace>)>>,
    /// Where tickets of broadcasts wait, so that an urgent one finds at most one of them before it.
    broadcasts: Line<()>,
    urgent: AtomicUsize,
    /// As many messages as the channel has on their way at one time.
    room: Arc<Semaphore>,
    breaker: Mutex<Breaker>,
}

type Pace = DefaultDirectRateLimiter;

/// A place in a channel's line.
pub struct Place<'lane> {
    lane: &'lane Lane,
    is_priority: bool,
    _line: Option<MutexGuard<'lane, ()>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.is_priority {
            self.lane.urgent.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// The right to send a ticket now.
pub type Call = OwnedSemaphorePermit;

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

    /// How many deliveries one ticket of a channel holds: what it takes at once, and so few that the
    /// rate is kept in every second to within three per cent.
    pub fn ticket_size(&self, name: &str) -> i64 {
        let Some(lane) = self.lanes.get(name) else { return TICKET };
        let batch = i64::try_from(lane.channel.supports().batch).unwrap_or(TICKET);
        batch.min(lane.rate.map_or(TICKET, |rate| i64::from(burst(rate.get())))).clamp(1, TICKET)
    }

    /// Has any channel a rate to keep?
    pub fn any_rated(&self) -> bool {
        self.lanes.values().any(|lane| lane.has_rate())
    }

    /// So many processes work on the same contracts now: each takes its part of every rate.
    pub fn share_among(&self, processes: u32) {
        for lane in self.lanes.values() {
            lane.share_among(processes);
        }
    }
}

impl Lane {
    fn new(channel: Arc<dyn Channel>, rate: Option<u32>) -> Self {
        let supports = channel.supports();
        let lane = Self {
            channel,
            rate: rate.and_then(NonZeroU32::new),
            pace: Mutex::default(),
            broadcasts: Line::default(),
            urgent: AtomicUsize::new(0),
            room: Arc::new(Semaphore::new((supports.batch * supports.concurrency).max(1))),
            breaker: Mutex::default(),
        };
        lane.share_among(1);
        lane
    }

    pub fn supports(&self) -> Supports {
        self.channel.supports()
    }

    /// Does it have a rate to keep?
    pub fn has_rate(&self) -> bool {
        self.rate.is_some()
    }

    fn share_among(&self, processes: u32) {
        let Some(rate) = self.rate else { return };
        let mut pace = lock(&self.pace);
        if pace.as_ref().is_none_or(|(among, _)| *among != processes) {
            let share = NonZeroU32::new(rate.get() / processes.max(1)).unwrap_or(NonZeroU32::MIN);
            let some = NonZeroU32::new(burst(share.get())).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::per_second(share).allow_burst(some);
            *pace = Some((processes, Arc::new(RateLimiter::direct(quota))));
        }
    }

    /// Waits for a place in front of the channel; none for an urgent ticket when many wait there.
    pub async fn place(&self, is_priority: bool) -> Option<Place<'_>> {
        if is_priority {
            let before = self.urgent.fetch_add(1, Ordering::SeqCst);
            let place = Place { lane: self, is_priority, _line: None };
            return (before < URGENT).then_some(place);
        }
        Some(Place { lane: self, is_priority, _line: Some(self.broadcasts.lock().await) })
    }

    /// Waits until the channel has room for `size` messages and the rate lets them through. A
    /// provider that has just rested is tried by one ticket alone.
    pub async fn turn(&self, _place: Place<'_>, size: i64) -> Call {
        let supports = self.channel.supports();
        let most = u32::try_from((supports.batch * supports.concurrency).max(1)).unwrap_or(u32::MAX);
        let size = u32::try_from(size).unwrap_or(1).clamp(1, most);
        let room = if self.is_probing() { most } else { size };
        let call = self.room.clone().acquire_many_owned(room).await.expect("it is never closed");
        let pace = lock(&self.pace).as_ref().map(|(_, pace)| pace.clone());
        let Some(pace) = pace else { return call };
        for _ in 0..size {
            pace.until_ready().await;
        }
        call
    }

    /// How long the provider is still to be left alone.
    pub fn resting(&self) -> Option<Duration> {
        lock(&self.breaker).resting(Instant::now())
    }

    /// The provider's rest is over, and one message is to show whether it helped.
    pub fn is_probing(&self) -> bool {
        lock(&self.breaker).is_probing(Instant::now())
    }

    /// The provider took something.
    pub fn went_well(&self) {
        lock(&self.breaker).went_well(Instant::now());
    }

    /// The provider was busy or away; `asked` is how long it wants to be left alone.
    pub fn went_wrong(&self, asked: Option<Duration>) {
        lock(&self.breaker).went_wrong(asked, Instant::now());
    }
}

/// What may leave at once: three per cent of a second, at least one.
fn burst(rate: u32) -> u32 {
    (rate / 33).max(1)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use channels::gateway::Gateway;

    use super::*;

    fn lanes(rate: u32) -> Channels {
        let gateway = Gateway::new("sms", "http://127.0.0.1:9", None).expect("an address");
        Channels::new(vec![(Arc::new(gateway) as Arc<dyn Channel>, Some(rate))])
    }

    #[test]
    fn a_ticket_is_three_per_cent_of_a_second_and_no_more_than_the_channel_takes() {
        assert_eq!([20, 300, 5_000].map(|rate| lanes(rate).ticket_size("sms")), [1, 9, 100]);
        assert_eq!(lanes(20).ticket_size("pigeon"), TICKET);
    }

    #[tokio::test]
    async fn the_rate_is_kept_from_the_first_message_on_and_shared_among_processes() {
        for (processes, most) in [(1, 340), (2, 170)] {
            let channels = lanes(1_000);
            channels.share_among(processes);
            let lane = channels.lane("sms").expect("it is there");
            let begun = Instant::now();
            let mut sent = 0;
            while begun.elapsed() < Duration::from_millis(300) {
                let place = lane.place(false).await.expect("broadcasts wait");
                drop(lane.turn(place, 10).await);
                sent += 10;
            }
            assert!(sent <= most, "{sent} in 0.3 s at 1,000 a second among {processes}");
        }
    }

    #[tokio::test]
    async fn urgent_tickets_do_not_pile_up_in_front_of_a_slow_channel() {
        let channels = lanes(1);
        let lane = channels.lane("sms").expect("it is there");
        let mut places = Vec::new();
        for _ in 0..URGENT {
            places.push(lane.place(true).await.expect("there is room"));
        }
        assert!(lane.place(true).await.is_none());
        places.pop();
        assert!(lane.place(true).await.is_some());
    }
}
