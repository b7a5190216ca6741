//! The simulated carrier: takes messages and calls, keeps them on phones for a
//! page to show, does what the page's visitor does, and reports it to the hub.
//!
//! Invariants: it has no clock of its own and lives by [`Carrier::tick`]; what it
//! took is in its log, once for each time a person was really written to or
//! called, so that the log can bear witness against the hub.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use serde::Serialize;
use tokio::sync::broadcast;

use super::{
    phone::{Act, ActError, Event, Item, ItemState, Medium, Phone, PhoneSummary},
    post::{Post, lock},
    shelf::Shelf,
};
use crate::{CallbackError, Outgoing, Report, SetupError};

/// A call rings this long, in microseconds: as long as the carriers let it.
const RINGS: i64 = 60_000_000;
/// A call that was answered and forgotten ends after this, in microseconds.
const TALKS: i64 = 120_000_000;
/// Keys remembered for dropping repeats and for answering queries.
const MOST_KEYS: usize = 200_000;
const MOST_LOG_LINES: usize = 1_000_000;

/// What goes wrong with a message: for tests, and for the demo's unlucky ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    Ok,
    /// 429 with its `Retry-After`.
    Busy429 {
        retry_after: Option<Duration>,
    },
    Error500,
    /// For good, with the provider's code.
    Refuse {
        code: String,
    },
    /// The person gets it; the hub does not hear that.
    TakeThenCut,
    /// Taken after this time.
    Slow(Duration),
    /// Taken, but no report of the delivery comes.
    NoReport,
    /// Taken, and the delivery is reported twice.
    ReportTwice,
}

/// One message or call that really reached a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// Unix microseconds.
    pub at: i64,
    pub channel: &'static str,
    pub address: String,
    pub key: String,
}

/// Shared by the channels that it stands behind and by the page that shows the phones.
pub struct Carrier {
    state: Mutex<State>,
    post: Post,
    changes: broadcast::Sender<String>,
}

#[derive(Default)]
struct State {
    shelf: Shelf,
    items: u64,
    /// DingTalk user id → the phone it is signed in on.
    signed_in: HashMap<String, String>,
    keys: HashMap<(Medium, String), String>,
    oldest_keys: VecDeque<(Medium, String)>,
    /// When a call ends by itself, if it is then still in this state.
    ends: BTreeMap<(i64, String), ItemState>,
    faults: HashMap<String, VecDeque<Fault>>,
    lasting_faults: HashMap<String, Fault>,
    log: VecDeque<LogLine>,
}

impl Carrier {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::default()),
            post: Post::new(),
            changes: broadcast::Sender::new(1_024),
        })
    }

    /// Where reports go from now on, and the secret that signs them. Must be
    /// called inside a tokio runtime; reports from before wait for it.
    ///
    /// # Errors
    /// When `base` is no http(s) address.
    pub fn set_callback(&self, base: &str, secret: &str) -> Result<(), SetupError> {
        self.post.set_target(base, secret)
    }

    /// Lets time pass: calls nobody touched end. Call it every second or so.
    pub fn tick(&self, now_unix_micros: i64) {
        self.post.set_now(now_unix_micros);
        let mut state = self.state();
        for (id, act) in state.due(now_unix_micros) {
            // An error says that it has fallen off its phone, and its end was told then.
            let _ = self.act(&mut state, &id, act);
        }
    }

    /// Phones with something on them, those with the newest first.
    pub fn phones(&self) -> Vec<PhoneSummary> {
        self.state().shelf.phones()
    }

    pub fn phone(&self, address: &str) -> Option<Phone> {
        self.state().shelf.phone(address)
    }

    /// The address of each phone on which something changed.
    pub fn subscribe(&self) -> broadcast::Receiver<String> {
        self.changes.subscribe()
    }

    /// Shows what comes for this DingTalk user on this phone, beside its SMS and calls.
    pub fn sign_in(&self, user: &str, phone: &str) {
        self.state().signed_in.insert(user.to_owned(), phone.to_owned());
    }

    pub fn answer(&self, call: &str) -> Result<(), ActError> {
        self.act(&mut self.state(), call, Act::Answer)
    }

    pub fn press(&self, call: &str, key: char) -> Result<(), ActError> {
        self.act(&mut self.state(), call, Act::Press(key))
    }

    pub fn hang_up(&self, call: &str) -> Result<(), ActError> {
        self.act(&mut self.state(), call, Act::HangUp)
    }

    pub fn busy(&self, call: &str) -> Result<(), ActError> {
        self.act(&mut self.state(), call, Act::Busy)
    }

    /// Lets it ring to the end at once.
    pub fn ignore(&self, call: &str) -> Result<(), ActError> {
        self.act(&mut self.state(), call, Act::Ignore)
    }

    pub fn press_button(&self, item: &str, button: &str) -> Result<(), ActError> {
        self.act(&mut self.state(), item, Act::Button(button))
    }

    pub fn open(&self, item: &str) -> Result<(), ActError> {
        self.act(&mut self.state(), item, Act::Open)
    }

    /// What happens to the next message for this address; several queue up.
    pub fn script(&self, address: &str, fault: Fault) {
        self.state().faults.entry(address.to_owned()).or_default().push_back(fault);
    }

    /// What happens to every message for this address that has no script.
    pub fn script_always(&self, address: &str, fault: Fault) {
        self.state().lasting_faults.insert(address.to_owned(), fault);
    }

    /// Everything that reached a person, oldest first (the last million).
    pub fn log(&self) -> Vec<LogLine> {
        self.state().log.iter().cloned().collect()
    }

    /// Returns when all reports are posted or given up.
    pub async fn settled(&self) {
        self.post.settled().await;
    }

    pub(super) fn next_fault(&self, address: &str) -> Fault {
        let mut state = self.state();
        let next = state.faults.get_mut(address).and_then(VecDeque::pop_front);
        next.or_else(|| state.lasting_faults.get(address).cloned()).unwrap_or(Fault::Ok)
    }

    /// Puts it on the phone and answers its reference. DingTalk drops a key it has seen.
    pub(super) fn take(&self, channel: Medium, outgoing: &Outgoing, reports: usize) -> String {
        let now = self.post.now();
        let mut state = self.state();
        let key = (channel, outgoing.idempotency_key.clone());
        if channel == Medium::DingTalk
            && let Some(reference) = state.keys.get(&key)
        {
            return reference.clone();
        }
        state.items += 1;
        let id = format!("sim-{}", state.items);
        state.remember(key, &id, now, &outgoing.address);
        let item = Item::new(channel, &id, now, outgoing);
        let reports = if item.state == ItemState::Ringing { 0 } else { reports };
        for _ in 0..reports {
            self.post.tell(channel, item.line(Event::Delivered, None));
        }
        if item.state == ItemState::Ringing {
            state.ends.insert((now + RINGS, id.clone()), ItemState::Ringing);
        }
        let owner = state.signed_in.get(&outgoing.address);
        let address = owner.unwrap_or(&outgoing.address).clone();
        for mut fallen in state.shelf.put(&address, &outgoing.name, item) {
            // A call that goes on there ends, and the hub hears of it.
            if let Ok(Some((event, pressed))) = fallen.act(Act::Ignore) {
                self.post.tell(fallen.channel, fallen.line(event, pressed));
            }
        }
        let _ = self.changes.send(address);
        id
    }

    pub(super) fn report(&self, channel: Medium, key: &str) -> Option<Report> {
        let mut state = self.state();
        let id = state.keys.get(&(channel, key.to_owned()))?.clone();
        let (_, item) = state.shelf.item(&id)?;
        let event = item.event()?;
        Some(item.line(event, item.pressed.clone()).into())
    }

    /// Whether it could be taken back.
    pub(super) fn recall(&self, channel: Medium, reference: &str) -> bool {
        let mut state = self.state();
        let Some((address, item)) = state.shelf.item(reference) else {
            return false;
        };
        if item.channel != channel {
            return false;
        }
        item.state = ItemState::Recalled;
        item.text.clear();
        item.link = None;
        item.buttons.clear();
        let _ = self.changes.send(address.to_owned());
        true
    }

    pub(super) fn callback(
        &self,
        headers: &[(String, String)],
        body: &[u8],
        now_unix: i64,
    ) -> Result<Vec<Report>, CallbackError> {
        self.post.read(headers, body, now_unix)
    }

    /// The state is held until the report stands in its queue, so that two reports of
    /// one call keep their order.
    fn act(&self, state: &mut State, id: &str, act: Act<'_>) -> Result<(), ActError> {
        let (address, item) = state.shelf.item(id).ok_or(ActError::Unknown)?;
        if let Some((event, pressed)) = item.act(act)? {
            self.post.tell(item.channel, item.line(event, pressed));
        }
        let _ = self.changes.send(address.to_owned());
        if item.state == ItemState::InCall {
            let end = (self.post.now() + TALKS, id.to_owned());
            state.ends.insert(end, ItemState::InCall);
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// The calls that end by `now`, and how.
    fn due(&mut self, now: i64) -> Vec<(String, Act<'static>)> {
        let mut due = Vec::new();
        while let Some(end) = self.ends.first_entry().filter(|end| end.key().0 <= now) {
            let ((_, id), expected) = end.remove_entry();
            let state = self.shelf.item(&id).map(|(_, item)| item.state);
            match expected {
                _ if state != Some(expected) => {}
                ItemState::Ringing => due.push((id, Act::Ignore)),
                _ => due.push((id, Act::HangUp)),
            }
        }
        due
    }

    /// Notes that the person was reached, and under which key.
    fn remember(&mut self, key: (Medium, String), id: &str, now: i64, address: &str) {
        self.log.push_back(LogLine { at: now, channel: key.0.name(), address: address.to_owned(), key: key.1.clone() });
        if self.log.len() > MOST_LOG_LINES {
            self.log.pop_front();
        }
        if self.keys.insert(key.clone(), id.to_owned()).is_none() {
            self.oldest_keys.push_back(key);
        }
        if self.oldest_keys.len() > MOST_KEYS
            && let Some(oldest) = self.oldest_keys.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }
}
