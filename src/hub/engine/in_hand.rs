//! What this process has in hand: its claims, kept alive by renewing their leases, and the
//! transactions that its workers share, and room for what is posted.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::Duration;

use super::{room::Room, together::Together};
use crate::{
    clock::Timestamp,
    domain::ClaimId,
    hub::{
        Hub, Result,
        deliver::work::{Asked, Work, Worked},
    },
    storage::{settings, tickets, waves::Place},
};

/// How long a worker has a ticket to itself unless it renews; as long does a ticket lie still after
/// its worker is lost.
pub(in crate::hub) const LEASE: Duration = Duration::seconds(15);

#[derive(Clone, Default)]
pub struct InHand {
    desk: Arc<Desk>,
}

#[derive(Default)]
struct Desk {
    claims: Mutex<BTreeSet<ClaimId>>,
    stopping: AtomicBool,
    claiming: Together<Asked, Option<Work>>,
    recording: Together<Worked, ()>,
    relays_until: Mutex<Option<Timestamp>>,
    left_alone: Mutex<BTreeMap<Place, Timestamp>>,
    room: Room,
}

/// A claim of this process, for as long as this is kept.
pub(in crate::hub) struct Held {
    in_hand: InHand,
    pub id: ClaimId,
}

impl InHand {
    pub(in crate::hub) fn new_claim(&self) -> Held {
        let held = Held { in_hand: self.clone(), id: ClaimId::new() };
        self.claims().insert(held.id);
        held
    }

    pub(in crate::hub) fn claiming(&self) -> &Together<Asked, Option<Work>> {
        &self.desk.claiming
    }

    pub(in crate::hub) fn recording(&self) -> &Together<Worked, ()> {
        &self.desk.recording
    }

    /// A wave that could not be written is not tried before `until`.
    pub(in crate::hub) fn leave_alone(&self, wave: Place, until: Timestamp) {
        self.left_alone().insert(wave, until);
    }

    pub(in crate::hub) fn is_left_alone(&self, wave: Place, now: Timestamp) -> bool {
        let mut left = self.left_alone();
        left.retain(|_, until| *until > now);
        left.contains_key(&wave)
    }

    fn left_alone(&self) -> MutexGuard<'_, BTreeMap<Place, Timestamp>> {
        self.desk.left_alone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long publishing events is this process's own; none when it is not.
    pub(super) fn relays_until(&self) -> Option<Timestamp> {
        *self.desk.relays_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn relay_until(&self, until: Option<Timestamp>) {
        *self.desk.relays_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// For what is being posted.
    pub fn room(&self) -> &Room {
        &self.desk.room
    }

    pub fn is_empty(&self) -> bool {
        self.claims().is_empty()
    }

    /// Nothing new is to be begun.
    pub fn stop(&self) {
        self.desk.stopping.store(true, Ordering::SeqCst);
    }

    pub fn is_stopping(&self) -> bool {
        self.desk.stopping.load(Ordering::SeqCst)
    }

    fn claims(&self) -> MutexGuard<'_, BTreeSet<ClaimId>> {
        self.desk.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.in_hand.claims().remove(&self.id);
    }
}

impl Hub {
    /// This process is alive and still at what it has claimed; and it takes its part of every
    /// channel's rate, as each of those does that are alive.
    /// Returns how many processes there are.
    pub async fn renew_leases(&self) -> Result<i64> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let alive = settings::note_worker(&mut tx, self.replica, now, now + LEASE).await?;
        tx.commit().await?;
        self.channels.share_among(u32::try_from(alive).unwrap_or(1));
        let claims: Vec<_> = self.in_hand.claims().iter().copied().collect();
        if !claims.is_empty() {
            let mut tx = self.db.begin().await?;
            tickets::renew(&mut tx, &claims, now + LEASE).await?;
            tx.commit().await?;
        }
        Ok(alive)
    }

    /// This process works no more: the others may have its part of the rates.
    pub async fn end_work(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        settings::forget_worker(&mut tx, self.replica).await?;
        Ok(tx.commit().await?)
    }

    /// What an earlier process had in hand is free at once; the caller knows that it is the only one
    /// that works on this database.
    pub async fn end_leases(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        tickets::end_leases(&mut tx, self.clock.now()).await?;
        settings::forget_workers(&mut tx).await?;
        Ok(tx.commit().await?)
    }
}
