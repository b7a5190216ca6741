//! The last counts of large messages, which a process keeps: whoever looks at one says whether it is to be
//! counted again, and by whom.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, Weak},
};

use chrono::Duration;
use tokio::sync::watch;

use super::tallies::Tally;
use crate::{clock::Timestamp, domain::MessageId};

/// Messages to fewer people are counted at every look.
const LARGE: i64 = 2_000;
/// A count of a large one is new for so long at least.
const NEW: Duration = Duration::seconds(2);
/// It is new for so many times as long as it took, but not for longer than it may be shown: counting takes a tenth
/// of one core, however often somebody looks.
const REST: i32 = 10;
/// What is older is shown until it has been counted again, and no longer: buttons go by it.
const OLDEST: Duration = Duration::minutes(1);
/// So many are kept, the last that were looked at.
const KEPT: usize = 100;

#[derive(Default)]
struct Shelf {
    kept: HashMap<MessageId, Kept>,
    /// how often anything was looked for or put there
    looks: u64,
}

struct Kept {
    tally: Arc<Tally>,
    /// how long counting took, when that is known
    took: Duration,
    /// alive while somebody counts again
    counting: Weak<Counting>,
    /// the look in which it was used last
    used: u64,
}

/// Whoever has this counts; when it goes, by a panic too, the next one may, and whoever waits goes on.
#[derive(Debug)]
pub(super) struct Counting(watch::Sender<()>);

/// How old the numbers may be that somebody is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Whatever was counted last: it is looked at again at once.
    Any,
    /// [`OLDEST`] at most: what is older is counted while he waits.
    Recent,
}

/// The last counts of large messages.
#[derive(Clone)]
pub struct Tallies {
    shelf: Arc<Mutex<Shelf>>,
    /// Messages to so many people are large.
    pub large: i64,
}

impl Default for Tallies {
    fn default() -> Self {
        Self { shelf: Arc::default(), large: LARGE }
    }
}

impl Tallies {
    /// The last count, and something to hold when this caller is to count again.
    pub(super) fn find(&self, id: MessageId, now: Timestamp) -> Option<(Arc<Tally>, Option<Arc<Counting>>)> {
        let mut shelf = self.shelf();
        shelf.looks += 1;
        let look = shelf.looks;
        let found = shelf.kept.get_mut(&id)?;
        found.used = look;
        let is_due = found.counting.strong_count() == 0 && now - found.tally.counted_at > pause(found.took);
        let counting = is_due.then(|| Arc::new(Counting(watch::Sender::new(()))));
        if let Some(counting) = &counting {
            found.counting = Arc::downgrade(counting);
        }
        Some((found.tally.clone(), counting))
    }

    /// Returns once nobody counts this.
    pub(super) async fn counted(&self, id: MessageId) {
        let ends = {
            let shelf = self.shelf();
            shelf.kept.get(&id).and_then(|found| found.counting.upgrade()).map(|counting| counting.0.subscribe())
        };
        if let Some(mut ends) = ends {
            // Nothing is ever sent: it goes when the count does.
            let _ = ends.changed().await;
        }
    }

    pub(super) fn keep(&self, id: MessageId, tally: Arc<Tally>, took: Duration) {
        let mut shelf = self.shelf();
        shelf.looks += 1;
        let used = shelf.looks;
        shelf.kept.insert(id, Kept { tally, took, counting: Weak::new(), used });
        if shelf.kept.len() > KEPT {
            let oldest = shelf.kept.iter().min_by_key(|(_, kept)| kept.used).map(|(id, _)| *id);
            oldest.and_then(|id| shelf.kept.remove(&id));
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().expect("nobody panics while holding this")
    }
}

/// What took so long to count is not counted again for so long.
fn pause(took: Duration) -> Duration {
    (took * REST).clamp(NEW, OLDEST)
}

/// Whether it is shown only until it has been counted again.
pub fn is_old(counted_at: Timestamp, now: Timestamp) -> bool {
    now - counted_at > OLDEST
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever became of it, the next one may count.
    #[tokio::test]
    async fn a_count_that_panics_leaves_the_next_one_free() {
        let (tallies, id, begun) = (Tallies::default(), MessageId::new(), Timestamp::UNIX_EPOCH);
        tallies.keep(id, Arc::new(Tally { counted_at: begun, ..Tally::default() }), Duration::zero());
        let now = begun + NEW * 2;
        let is_due = || tallies.find(id, now).and_then(|(_, counting)| counting);
        let counting = is_due().unwrap();
        assert!(is_due().is_none(), "one counts at a time");
        let count = tokio::spawn(async move {
            let _held = counting;
            panic!("as a bug in the counting would");
        });
        assert!(count.await.unwrap_err().is_panic());
        assert!(is_due().is_some());
    }

    /// Ten times as long as it took.
    #[test]
    fn what_takes_long_is_counted_seldom() {
        let (tallies, id, begun) = (Tallies::default(), MessageId::new(), Timestamp::UNIX_EPOCH);
        tallies.keep(id, Arc::new(Tally { counted_at: begun, ..Tally::default() }), Duration::milliseconds(500));
        let is_due =
            |seconds| tallies.find(id, begun + Duration::seconds(seconds)).is_some_and(|(_, due)| due.is_some());
        assert!(!is_due(3) && !is_due(5) && is_due(6));
        let slow = Arc::new(Tally { counted_at: begun + Duration::seconds(6), ..Tally::default() });
        tallies.keep(id, slow, Duration::seconds(30));
        assert!(!is_due(60) && is_due(67), "before it may no longer be shown");
    }

    /// Of an old count too that somebody looks at while younger ones are kept.
    #[test]
    fn what_is_looked_at_stays_kept() {
        let (tallies, begun) = (Tallies::default(), Timestamp::UNIX_EPOCH);
        let put = |seconds: i64| {
            let id = MessageId::new();
            let counted_at = begun + Duration::seconds(seconds);
            tallies.keep(id, Arc::new(Tally { counted_at, ..Tally::default() }), Duration::zero());
            id
        };
        let first = put(1_000);
        for _ in 1..KEPT {
            put(1_000);
        }
        assert!(tallies.find(first, begun).is_some());
        let old = put(0);
        assert!(tallies.find(old, begun).is_some(), "however old it is");
        assert!(tallies.find(first, begun).is_some(), "looked at a moment ago");
        assert_eq!(tallies.shelf().kept.len(), KEPT);
    }
}
