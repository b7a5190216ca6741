//! Room for what is being posted: so many bytes in the whole process, and so many values that they
//! become, however many post at once.
//!
//! What is small does not wait behind what is large, and whoever is known not behind strangers.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::domain::{Problem, problem::Class};

/// Up to this a body is small.
pub const SMALL: usize = 256 * 1024;
const OF_LARGE: usize = 48 * 1024 * 1024;
const OF_SMALL: usize = 12 * 1024 * 1024;
const OF_STRANGERS: usize = 4 * 1024 * 1024;
/// Values that posted JSON becomes, each up to a quarter of a KB…
const OF_VALUES: usize = 1_000_000;
/// …but so few in one body are not counted.
const FEW_VALUES: usize = 1_000;
/// So long a body waits for its turn, and so long its sender should when it has not come.
const PATIENCE: Duration = Duration::from_secs(2);
const AGAIN: u64 = 5;

/// Who posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// A module with its token, a person who has signed in.
    Known,
    Stranger,
}

/// How many bytes may be in hand.
pub struct Room {
    large: Arc<Semaphore>,
    small: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    values: Arc<Semaphore>,
}

/// The place of one body, for as long as this is kept.
#[derive(Debug, Default)]
pub struct Held {
    bytes: usize,
    /// at most two of bytes, for what seemed small may turn out to be large, and one of values
    permits: Vec<OwnedSemaphorePermit>,
}

impl Default for Room {
    fn default() -> Self {
        let of = |bytes| Arc::new(Semaphore::new(bytes));
        Self { large: of(OF_LARGE), small: of(OF_SMALL), strangers: of(OF_STRANGERS), values: of(OF_VALUES) }
    }
}

impl Room {
    /// Makes `held` cover `bytes`, of a body that has at most `limit`; what is more than small
    /// takes all of its limit at once, so that no two wait for each other.
    ///
    /// # Errors
    /// `BUSY` when there is no room in time.
    pub async fn cover(&self, held: &mut Held, bytes: usize, limit: usize, from: Who) -> Result<(), Problem> {
        if bytes <= held.bytes {
            return Ok(());
        }
        let (pool, wanted) = match from {
            Who::Stranger => (&self.strangers, bytes - held.bytes),
            Who::Known if bytes <= SMALL => (&self.small, bytes - held.bytes),
            Who::Known => (&self.large, limit),
        };
        let permits = u32::try_from(wanted).map_err(|_| busy())?;
        let permit = timeout(PATIENCE, pool.clone().acquire_many_owned(permits)).await;
        held.permits.push(permit.map_err(|_| busy())?.map_err(|_| busy())?);
        held.bytes = if bytes <= SMALL || from == Who::Stranger { bytes } else { limit };
        Ok(())
    }

    /// Makes `held` cover what a text becomes when it is read, too: `values` at most. It is asked
    /// for last, so that whoever holds some waits for nobody.
    ///
    /// # Errors
    /// `BUSY` when there is no room in time.
    pub async fn cover_values(&self, held: &mut Held, values: usize) -> Result<(), Problem> {
        let read = timeout(PATIENCE, self.for_values(values)).await;
        held.permits.extend(read.map_err(|_| busy())?);
        Ok(())
    }

    /// The same for whoever has time: a command on the queue.
    pub async fn for_values(&self, values: usize) -> Option<OwnedSemaphorePermit> {
        if values <= FEW_VALUES {
            return None;
        }
        let wanted = u32::try_from(values.min(OF_VALUES / 2)).ok()?;
        self.values.clone().acquire_many_owned(wanted).await.ok()
    }
}

fn busy() -> Problem {
    let mut problem = Problem::new(Class::TooMany, "BUSY", "", format!("同时提交的内容太多，请 {AGAIN} 秒后再试"))
        .in_english(format!("too much is being posted at once, try again in {AGAIN} seconds"));
    problem.retry_after = Some(AGAIN);
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: usize = 24 * 1024 * 1024;

    async fn held(room: &Room, bytes: usize, from: Who) -> Result<Held, &'static str> {
        let mut held = Held::default();
        room.cover(&mut held, bytes, bytes, from).await.map(|()| held).map_err(|problem| problem.code)
    }

    #[tokio::test]
    async fn of_twelve_large_bodies_two_are_in_hand_and_nobody_else_waits_for_them() {
        let room = Room::default();
        let all = futures_util::future::join_all((0..12).map(|_| held(&room, LARGE, Who::Known))).await;
        assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 2);
        assert!(all.iter().all(|one| one.as_ref().err().is_none_or(|code| *code == "BUSY")));
        let small = held(&room, SMALL, Who::Known).await;
        assert!(small.is_ok());
        let strangers = futures_util::future::join_all((0..100).map(|_| held(&room, 64 * 1024, Who::Stranger))).await;
        assert_eq!(strangers.iter().filter(|one| one.is_ok()).count(), 64);
        assert!(held(&room, SMALL, Who::Known).await.is_ok(), "a stranger stands in nobody's way");
        drop(all);
        assert!(held(&room, LARGE, Who::Known).await.is_ok());
    }

    #[tokio::test]
    async fn of_many_values_two_bodies_are_in_hand_and_few_values_do_not_wait() {
        let room = Room::default();
        let mut held: Vec<_> = (0..4).map(|_| Held::default()).collect();
        room.cover_values(&mut held[0], 2_000_000).await.unwrap();
        room.cover_values(&mut held[1], OF_VALUES / 2).await.unwrap();
        assert_eq!(room.cover_values(&mut held[2], FEW_VALUES + 1).await.unwrap_err().code, "BUSY");
        room.cover_values(&mut held[3], FEW_VALUES).await.unwrap();
        held.remove(0);
        room.cover_values(&mut held[1], FEW_VALUES + 1).await.unwrap();
    }

    #[tokio::test]
    async fn a_body_of_unknown_length_takes_its_limit_once_it_is_not_small() {
        let room = Room::default();
        let mut held = Held::default();
        for bytes in [1, 100, SMALL] {
            room.cover(&mut held, bytes, LARGE, Who::Known).await.unwrap();
            assert_eq!(room.small.available_permits(), OF_SMALL - bytes);
        }
        for bytes in [SMALL + 1, LARGE] {
            room.cover(&mut held, bytes, LARGE, Who::Known).await.unwrap();
            assert_eq!(room.large.available_permits(), OF_LARGE - LARGE);
        }
        drop(held);
        assert_eq!((room.small.available_permits(), room.large.available_permits()), (OF_SMALL, OF_LARGE));
    }
}
