//! Keeps open pages true: one task for the whole process, a few questions to the database for
//! everybody who may have something new, however many browsers are open.
//!
//! A page holds one value, the newest: the counts, and how often there was something new in the
//! inbox, the outbox, the approvals. A slow browser skips what it missed.

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
    domain::{ApprovalId, MessageId, PersonId},
    hub::{Change, Hub},
    storage::{
        self, Tx,
        badges::{self, Badge},
        watching,
    },
};

/// Changes come in flocks: a broadcast is one question, not one for each of its chunks.
const GATHER: Duration = Duration::from_millis(150);
/// The same when the question is about a crowd.
const GATHER_CROWD: Duration = Duration::from_secs(1);
const CROWD: usize = 200;
/// However many hints were missed, nobody looks at something old for longer.
const PERIOD: Duration = Duration::from_secs(20);

/// More messages at once are not looked up one by one.
const MANY: usize = 500;
/// So many messages are remembered of which somebody has heard.
const REMEMBERED: usize = 200;

type Open = HashMap<PersonId, Pages>;

/// What somebody's open pages are told: the counts, and how often each kind of page had something new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// None as long as nobody has asked.
    pub badge: Option<Badge>,
    pub inbox: u64,
    pub outbox: u64,
    pub approvals: u64,
}

/// The open pages of one person.
struct Pages {
    told: watch::Sender<Told>,
    /// Messages that have come while a page was open, and whether they were taken back again: a
    /// broadcast is announced many times, and is new to each once.
    seen: HashSet<(MessageId, bool)>,
}

impl Default for Pages {
    fn default() -> Self {
        Self { told: watch::Sender::new(Told::default()), seen: HashSet::new() }
    }
}

/// The open pages of everybody.
#[derive(Clone)]
pub struct Counters {
    open: Arc<Mutex<Open>>,
    opened: Arc<Notify>,
    end: CancellationToken,
    /// Ends the task with the last clone.
    _guard: Arc<DropGuard>,
}

/// Whose counts to ask for, and whose pages to tell of something new.
#[derive(Default)]
struct Due {
    counts: Whose,
    /// Their own inboxes.
    inboxes: HashSet<PersonId>,
    /// Messages that came or went.
    messages: HashSet<MessageId>,
    /// Messages of which their senders alone see something new.
    sent: HashSet<MessageId>,
    approvals: HashSet<ApprovalId>,
    /// Changes were missed: nobody knows which.
    missed: bool,
    /// Every page is told, for what was missed before.
    everything: bool,
}

#[derive(Default)]
enum Whose {
    #[default]
    Nobody,
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
    pub fn watch(&self, person: PersonId) -> watch::Receiver<Told> {
        let mut open = lock(&self.open);
        let pages = open.entry(person).or_default();
        if pages.told.borrow().badge.is_none() {
            self.opened.notify_one();
        }
        pages.told.subscribe()
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

/// A kind of page with something new on it.
#[derive(Clone, Copy)]
enum Place {
    Inbox,
    Outbox,
    Approvals,
}

impl Task {
    async fn run(self) {
        let mut changes = self.hub.live.subscribe();
        let mut period = time::interval(PERIOD);
        period.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut missed = false;
        loop {
            let due = tokio::select! {
                () = self.opened.notified() => Due { counts: Whose::People(self.unknown()), ..Due::default() },
                change = changes.recv() => self.gather(Due::of(change), &mut changes).await,
                // Whoever could not keep up is not asked at once for more: pages look when it is calmer.
                _ = period.tick() => {
                    Due { counts: Whose::Everybody, everything: std::mem::take(&mut missed), ..Due::default() }
                }
            };
            missed |= due.missed;
            if let Err(error) = self.refresh(&due).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "open pages are late");
                missed = true;
            }
        }
    }

    /// Waits a little for what comes right after.
    async fn gather(&self, mut due: Due, changes: &mut broadcast::Receiver<Change>) -> Due {
        let is_crowd = matches!(due.counts, Whose::Everybody) && lock(&self.open).len() > CROWD;
        time::sleep(if is_crowd { GATHER_CROWD } else { GATHER }).await;
        loop {
            match changes.try_recv() {
                Ok(change) => due.add(Ok(change)),
                Err(broadcast::error::TryRecvError::Lagged(many)) => {
                    due.add(Err(broadcast::error::RecvError::Lagged(many)));
                }
                Err(_) => return due,
            }
        }
    }

    async fn refresh(&self, due: &Due) -> storage::Result<()> {
        let (open, wanted) = self.wanted(due);
        if open.is_empty() {
            return Ok(());
        }
        let mut tx = self.hub.db.read().await?;
        let badges =
            if wanted.is_empty() { Vec::new() } else { badges::list(&mut tx, &wanted, self.hub.clock.now()).await? };
        let told = self.told(&mut tx, due, &open).await?;
        drop(tx);
        let mut open = lock(&self.open);
        let mut news: HashMap<PersonId, Told> = HashMap::new();
        for badge in badges {
            if let Some(pages) = open.get(&badge.person_id) {
                news.entry(badge.person_id).or_insert_with(|| *pages.told.borrow()).badge = Some(badge);
            }
        }
        for (person, place, message) in told {
            let Some(pages) = open.get_mut(&person) else { continue };
            if message.is_none_or(|message| pages.hears_first(message)) {
                news.entry(person).or_insert_with(|| *pages.told.borrow()).add(place);
            }
        }
        for (person, told) in news {
            if let Some(pages) = open.get(&person) {
                pages.told.send_if_modified(|known| std::mem::replace(known, told) != told);
            }
        }
        Ok(())
    }

    /// Whose pages of which kind have something new, and for what has come or gone which message.
    async fn told(&self, tx: &mut Tx, due: &Due, open: &[PersonId]) -> storage::Result<Vec<News>> {
        let places = [Place::Inbox, Place::Outbox, Place::Approvals];
        if due.everything {
            let all = open.iter().flat_map(|person| places.map(|place| (*person, place, None)));
            return Ok(all.collect());
        }
        let mut told: Vec<News> = due.inboxes.iter().map(|person| (*person, Place::Inbox, None)).collect();
        let messages: Vec<MessageId> = due.messages.iter().copied().collect();
        if !messages.is_empty() {
            let lines = watching::list_lines(tx, &messages, open).await?;
            told.extend(
                lines.into_iter().map(|(person, message, is_out)| (person, Place::Inbox, Some((message, is_out)))),
            );
            let deciders = watching::list_approvers_of_messages(tx, &messages).await?;
            told.extend(deciders.into_iter().map(|person| (person, Place::Approvals, None)));
        }
        let sent: Vec<MessageId> = due.sent.union(&due.messages).copied().collect();
        if !sent.is_empty() {
            let senders = watching::list_senders(tx, &sent).await?;
            told.extend(senders.into_iter().map(|person| (person, Place::Outbox, None)));
        }
        let approvals: Vec<ApprovalId> = due.approvals.iter().copied().collect();
        if !approvals.is_empty() {
            let deciders = watching::list_approvers(tx, &approvals).await?;
            told.extend(deciders.into_iter().map(|person| (person, Place::Approvals, None)));
            let senders = watching::list_askers(tx, &approvals).await?;
            told.extend(senders.into_iter().map(|person| (person, Place::Outbox, None)));
        }
        Ok(told)
    }

    /// Those who have just opened a page.
    fn unknown(&self) -> HashSet<PersonId> {
        let open = lock(&self.open);
        let unknown = open.iter().filter(|(_, pages)| pages.told.borrow().badge.is_none());
        unknown.map(|(person, _)| *person).collect()
    }

    /// Everybody who has a page open, and those of them whose counts to ask for; whoever closed the
    /// last one is forgotten.
    fn wanted(&self, due: &Due) -> (Vec<PersonId>, Vec<PersonId>) {
        let mut open = lock(&self.open);
        open.retain(|_, pages| pages.told.receiver_count() > 0);
        let all: Vec<PersonId> = open.keys().copied().collect();
        let wanted = match &due.counts {
            Whose::Nobody => Vec::new(),
            Whose::People(people) => all.iter().copied().filter(|person| people.contains(person)).collect(),
            Whose::Everybody => all.clone(),
        };
        (all, wanted)
    }
}

/// Who is told of what kind of page; for an inbox perhaps the message, and whether it is out.
type News = (PersonId, Place, Option<(MessageId, bool)>);

impl Told {
    fn add(&mut self, place: Place) {
        match place {
            Place::Inbox => self.inbox += 1,
            Place::Outbox => self.outbox += 1,
            Place::Approvals => self.approvals += 1,
        }
    }
}

impl Pages {
    fn hears_first(&mut self, message: (MessageId, bool)) -> bool {
        if self.seen.len() >= REMEMBERED {
            self.seen.clear();
        }
        self.seen.insert(message)
    }
}

impl Due {
    fn of(change: Result<Change, broadcast::error::RecvError>) -> Self {
        let mut due = Self::default();
        due.add(change);
        due
    }

    fn add(&mut self, change: Result<Change, broadcast::error::RecvError>) {
        match change {
            Ok(Change::Person(person)) => self.add_person(person),
            Ok(Change::Line { person, message }) => {
                self.add_person(person);
                self.sent.insert(message);
            }
            Ok(Change::Sent(message)) => drop(self.sent.insert(message)),
            // whose counts these change would be a question of its own
            Ok(Change::Message(message)) => {
                self.counts = Whose::Everybody;
                self.messages.insert(message);
            }
            Ok(Change::Approval(approval)) => {
                self.counts = Whose::Everybody;
                self.approvals.insert(approval);
            }
            Err(_) => {
                self.counts = Whose::Everybody;
                self.missed = true;
            }
        }
        if self.messages.len() + self.sent.len() + self.approvals.len() > MANY {
            *self = Self { counts: Whose::Everybody, missed: true, ..Self::default() };
        }
    }

    fn add_person(&mut self, person: PersonId) {
        self.inboxes.insert(person);
        match &mut self.counts {
            Whose::Nobody => self.counts = Whose::People(HashSet::from([person])),
            Whose::People(people) => drop(people.insert(person)),
            Whose::Everybody => {}
        }
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}
