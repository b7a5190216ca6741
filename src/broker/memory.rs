//! The broker inside this process: queues that keep order and are shared fairly, oldest waiting
//! consumer first. Nothing survives the process, and nothing has to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::names::fits;
use super::{DELIVERY_LIMIT, Delivered, Envelope, Error, Names, Queue, Target};

/// How many live messages a listener may be behind before it misses the oldest.
const LIVE_BACKLOG: usize = 4096;

/// See the module's head.
#[derive(Clone)]
pub struct Memory(Arc<Inner>);

struct Inner {
    names: Names,
    queues: Mutex<BTreeMap<String, Arc<Store>>>,
    bindings: Mutex<Vec<(String, Arc<Store>)>>,
    live: broadcast::Sender<Envelope>,
    lost: watch::Sender<u64>,
    closed: CancellationToken,
}

impl Drop for Inner {
    /// With the last handle gone nothing can arrive any more: consumers end.
    fn drop(&mut self) {
        self.closed.cancel();
    }
}

/// A poisoned lock is no reason to stop: no code panics halfway through a change under it.
fn guard<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Memory {
    /// A broker with the hub's queues and one work queue for each channel.
    pub(super) fn new(names: Names, channels: &[&str]) -> Self {
        let memory = Self(Arc::new(Inner {
            names,
            queues: Mutex::default(),
            bindings: Mutex::default(),
            live: broadcast::Sender::new(LIVE_BACKLOG),
            lost: watch::Sender::new(0),
            closed: CancellationToken::new(),
        }));
        let work = channels.iter().map(|channel| Queue::Work((*channel).to_owned()));
        for queue in [Queue::Commands, Queue::Priority].into_iter().chain(work) {
            memory.store(&memory.0.names.queue(&queue));
        }
        memory
    }

    /// The queue of that name, made if it is missing.
    fn store(&self, name: &str) -> Arc<Store> {
        let dead_name = self.0.names.queue(&Queue::Dead);
        let mut queues = guard(&self.0.queues);
        let mut find = |name: &str, dead| {
            let store = || Arc::new(Store::new(name, dead, self.0.closed.clone()));
            queues.entry(name.to_owned()).or_insert_with(store).clone()
        };
        let dead = find(&dead_name, None);
        find(name, Some(dead))
    }

    pub(super) fn publish(&self, target: &Target, mut envelope: Envelope) -> Result<(), Error> {
        if !self.is_open() {
            return Err(Error::Closed);
        }
        envelope.redelivered = false;
        let Some(name) = self.0.names.target_queue(target) else {
            self.spread(target, envelope);
            return Ok(());
        };
        match target {
            Target::Reply(_) if self.0.names.is_own(&name) => return Err(Error::NotForReplies(name)),
            Target::Commands | Target::Dead => {}
            _ => envelope.routing_key.clone_from(&name),
        }
        let store = guard(&self.0.queues).get(&name).cloned().ok_or(Error::Unroutable(name))?;
        store.push_back(envelope);
        Ok(())
    }

    fn spread(&self, target: &Target, envelope: Envelope) {
        if *target == Target::Live {
            // An error means that nobody listens, which is fine.
            let _ = self.0.live.send(envelope);
            return;
        }
        let mut wanted: BTreeMap<String, Arc<Store>> = BTreeMap::new();
        for (binding, store) in guard(&self.0.bindings).iter() {
            if fits(binding, &envelope.routing_key) {
                wanted.insert(store.name.clone(), store.clone());
            }
        }
        for store in wanted.values() {
            store.push_back(envelope.clone());
        }
    }

    pub(super) fn consume(&self, queue: &Queue, prefetch: u16) -> MemoryConsumer {
        MemoryConsumer::new(self.store(&self.0.names.queue(queue)), prefetch)
    }

    pub(super) fn subscribe(&self, name: &str, binding: &str) -> MemoryConsumer {
        let store = self.store(&self.0.names.module_queue(name));
        guard(&self.0.bindings).push((binding.to_owned(), store.clone()));
        MemoryConsumer::new(store, super::SUBSCRIBER_PREFETCH)
    }

    pub(super) fn listen(&self) -> MemoryListener {
        MemoryListener { live: self.0.live.subscribe(), closed: self.0.closed.clone() }
    }

    pub(super) fn is_open(&self) -> bool {
        !self.0.closed.is_cancelled()
    }

    pub(super) fn lost(&self) -> watch::Receiver<u64> {
        self.0.lost.subscribe()
    }

    pub(super) fn depth(&self, queue: &Queue) -> Option<u32> {
        let store = guard(&self.0.queues).get(&self.0.names.queue(queue)).cloned()?;
        let waiting = guard(&store.waiting).len();
        Some(u32::try_from(waiting).unwrap_or(u32::MAX))
    }

    pub(super) fn close(&self) {
        self.0.closed.cancel();
    }

    pub(super) fn purge(&self) {
        self.close();
        guard(&self.0.bindings).clear();
        guard(&self.0.queues).clear();
    }
}

/// One queue. Invariant: `ready` has as many permits as `waiting` has messages, except in the
/// moment between taking a permit and taking its message; a semaphore serves in order of asking.
struct Store {
    name: String,
    waiting: Mutex<VecDeque<Message>>,
    ready: Semaphore,
    dead: Option<Arc<Store>>,
    closed: CancellationToken,
}

struct Message {
    envelope: Envelope,
    returned: u32,
}

impl Store {
    fn new(name: &str, dead: Option<Arc<Store>>, closed: CancellationToken) -> Self {
        Self { name: name.to_owned(), waiting: Mutex::default(), ready: Semaphore::new(0), dead, closed }
    }

    /// The next message. Can be dropped without loss: nothing waits after the permit is taken.
    async fn take(&self) -> Option<Message> {
        self.ready.acquire().await.ok()?.forget();
        guard(&self.waiting).pop_front()
    }

    fn push_back(&self, envelope: Envelope) {
        guard(&self.waiting).push_back(Message { envelope, returned: 0 });
        self.ready.add_permits(1);
    }

    /// Back to the front, or to the dead letters when it has come back too often.
    fn take_back(&self, mut message: Message) {
        message.returned += 1;
        message.envelope.redelivered = true;
        if message.returned > DELIVERY_LIMIT && self.dead.is_some() {
            return self.bury(message.envelope, "delivery_limit");
        }
        guard(&self.waiting).push_front(message);
        self.ready.add_permits(1);
    }

    /// To the dead letters; what is rejected there is gone.
    fn bury(&self, mut envelope: Envelope, reason: &str) {
        if let Some(dead) = &self.dead {
            envelope.redelivered = false;
            envelope.headers.insert(Envelope::DEAD_FROM.into(), self.name.clone());
            envelope.headers.insert(Envelope::DEAD_BECAUSE.into(), reason.into());
            dead.push_back(envelope);
        }
    }
}

/// One consumer of one queue.
pub(super) struct MemoryConsumer {
    store: Arc<Store>,
    free: Arc<Semaphore>,
}

impl MemoryConsumer {
    fn new(store: Arc<Store>, prefetch: u16) -> Self {
        let limit = if prefetch == 0 { Semaphore::MAX_PERMITS } else { usize::from(prefetch) };
        Self { store, free: Arc::new(Semaphore::new(limit)) }
    }

    pub(super) async fn next(&mut self) -> Option<Delivered> {
        let take = async {
            let slot = self.free.clone().acquire_owned().await.ok()?;
            let message = self.store.take().await?;
            let envelope = message.envelope.clone();
            let settlement = MemorySettlement { message: Some(message), store: self.store.clone(), _slot: slot };
            Some(Delivered::memory(envelope, settlement))
        };
        tokio::select! {
            biased;
            () = self.store.closed.cancelled() => None,
            delivered = take => delivered,
        }
    }
}

/// A message that is out of its queue until it is settled; dropped, it goes back.
pub(super) struct MemorySettlement {
    message: Option<Message>,
    store: Arc<Store>,
    _slot: OwnedSemaphorePermit,
}

impl MemorySettlement {
    pub(super) fn ack(mut self) {
        self.message = None;
    }

    pub(super) fn reject(mut self) {
        if let Some(message) = self.message.take() {
            self.store.bury(message.envelope, "rejected");
        }
    }
}

impl Drop for MemorySettlement {
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            self.store.take_back(message);
        }
    }
}

/// One listener's view of the live messages.
pub(super) struct MemoryListener {
    live: broadcast::Receiver<Envelope>,
    closed: CancellationToken,
}

impl MemoryListener {
    pub(super) async fn next(&mut self) -> Option<Envelope> {
        let hear = async {
            loop {
                match self.live.recv().await {
                    Ok(envelope) => return Some(envelope),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        };
        tokio::select! {
            biased;
            () = self.closed.cancelled() => None,
            heard = hear => heard,
        }
    }
}
