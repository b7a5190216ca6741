//! Keeps the counts on open pages true: one task for the whole process, one question to the
//! database for everybody whose counts may have changed, however many browsers are open.
//!
//! A page holds one value, the newest; a slow browser skips what it missed.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, broadcast, watch},
    time,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    domain::PersonId,
    hub::{Change, Hub},
    storage::{
        self,
        badges::{self, Badge},
    },
};

/// Changes come in flocks: a broadcast is one question, not one for each of its chunks.
const GATHER: Duration = Duration::from_millis(150);
/// The same when the question is about a crowd.
const GATHER_CROWD: Duration = Duration::from_secs(1);
const CROWD: usize = 200;
/// However many hints were missed, nobody looks at a wrong count for longer.
const PERIOD: Duration = Duration::from_secs(20);

type Open = HashMap<PersonId, watch::Sender<Option<Badge>>>;

/// The counts of everybody with an open page.
#[derive(Clone)]
pub struct Counters {
    open: Arc<Mutex<Open>>,
    opened: Arc<Notify>,
    end: CancellationToken,
    /// Ends the task with the last clone.
    _guard: Arc<DropGuard>,
}

/// Whose counts to ask for.
enum Due {
    /// Those who have just opened a page.
    Unknown,
    People(HashSet<PersonId>),
    Everybody,
}

impl Counters {
    pub fn start(hub: &Hub) -> Self {
        let end = CancellationToken::new();
        let open = Arc::<Mutex<Open>>::default();
        let opened = Arc::<Notify>::default();
        let task = Task { hub: hub.clone(), open: open.clone(), opened: opened.clone() };
        let ending = end.clone();
        tokio::spawn(async move { ending.run_until_cancelled(task.run()).await });
        Self { open, opened, _guard: Arc::new(end.clone().drop_guard()), end }
    }

    /// Follows somebody's counts; the first value is there as soon as it has been asked for.
    pub fn watch(&self, person: PersonId) -> watch::Receiver<Option<Badge>> {
        let mut open = lock(&self.open);
        let counts = open.entry(person).or_insert_with(|| watch::Sender::new(None));
        if counts.borrow().is_none() {
            self.opened.notify_one();
        }
        counts.subscribe()
    }

    /// Open pages let go, so that the process can stop.
    pub fn close(&self) {
        self.end.cancel();
    }

    /// Resolves when [`Counters::close`] was called.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + 'static {
        self.end.clone().cancelled_owned()
    }
}

struct Task {
    hub: Hub,
    open: Arc<Mutex<Open>>,
    opened: Arc<Notify>,
}

impl Task {
    async fn run(self) {
        let mut changes = self.hub.live.subscribe();
        let mut period = time::interval(PERIOD);
        period.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            let due = tokio::select! {
                () = self.opened.notified() => Due::Unknown,
                change = changes.recv() => self.gather(Due::of(change), &mut changes).await,
                _ = period.tick() => Due::Everybody,
            };
            if let Err(error) = self.refresh(&due).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "counts on open pages are late");
            }
        }
    }

    /// Waits a little for what comes right after.
    async fn gather(&self, mut due: Due, changes: &mut broadcast::Receiver<Change>) -> Due {
        let is_crowd = matches!(due, Due::Everybody) && lock(&self.open).len() > CROWD;
        time::sleep(if is_crowd { GATHER_CROWD } else { GATHER }).await;
        loop {
            let more = match changes.try_recv() {
                Ok(change) => Due::of(Ok(change)),
                Err(broadcast::error::TryRecvError::Lagged(_)) => Due::Everybody,
                Err(_) => return due,
            };
            due = due.and(more);
        }
    }

    async fn refresh(&self, due: &Due) -> storage::Result<()> {
        let people = self.wanted(due);
        if people.is_empty() {
            return Ok(());
        }
        let mut tx = self.hub.db.read().await?;
        let badges = badges::list(&mut tx, &people).await?;
        drop(tx);
        let open = lock(&self.open);
        for badge in badges {
            if let Some(counts) = open.get(&badge.person_id) {
                counts.send_if_modified(|known| known.replace(badge) != Some(badge));
            }
        }
        Ok(())
    }

    /// Those of `due` who have a page open; whoever closed the last one is forgotten.
    fn wanted(&self, due: &Due) -> Vec<PersonId> {
        let mut open = lock(&self.open);
        open.retain(|_, counts| counts.receiver_count() > 0);
        let is_wanted = |(person, counts): &(&PersonId, &watch::Sender<Option<Badge>>)| match due {
            Due::Unknown => counts.borrow().is_none(),
            Due::People(people) => people.contains(person),
            Due::Everybody => true,
        };
        open.iter().filter(is_wanted).map(|(person, _)| *person).collect()
    }
}

impl Due {
    fn of(change: Result<Change, broadcast::error::RecvError>) -> Self {
        match change {
            Ok(Change::Person(person)) => Self::People(HashSet::from([person])),
            // whose inbox or approvals these are would be a question of its own
            Ok(Change::Message(_) | Change::Approval(_)) | Err(_) => Self::Everybody,
        }
    }

    fn and(self, more: Self) -> Self {
        match (self, more) {
            (Self::People(mut people), Self::People(more)) => {
                people.extend(more);
                Self::People(people)
            }
            _ => Self::Everybody,
        }
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}
