//! Forgetting what nobody needs any more: keys of requests long answered, sessions and links long
//! over, what has lain in a recycle bin for its time, files that nothing names. Once an hour, on one
//! replica.

use chrono::Duration;

use crate::{
    clock::Timestamp,
    domain::ReplicaId,
    hub::{Hub, Result, follow::export::KEPT},
    storage::{exports, intake, sessions, settings},
};

/// So long a request may come again and is answered as the first time.
pub const KEYS: Duration = Duration::days(30);
/// So long it can be seen that a session was, after it ended by itself.
pub const SESSIONS: Duration = Duration::days(7);
const EVERY: Duration = Duration::hours(1);
const JOB: &str = "forget";
/// Rows that go in one transaction, so that nobody waits long behind it.
const AT_ONCE: i64 = 1_000;

impl Hub {
    /// Forgets what is due; returns how many rows, and nothing when it is not time.
    pub async fn forget(&self) -> Result<usize> {
        let now = self.clock.now();
        let mut tx = self.db.read().await?;
        let until = settings::job_until(&mut tx, JOB).await?;
        drop(tx);
        if until.is_some_and(|until| until > now) {
            return Ok(0);
        }
        let mut tx = self.db.begin().await?;
        // Nobody renews this lease: it says when the next pass is.
        if !settings::lease_job(&mut tx, JOB, ReplicaId::new(), now, now + EVERY).await? {
            return Ok(0);
        }
        let links = sessions::remove_expired_links(&mut tx, now - SESSIONS).await?;
        tx.commit().await?;
        let sessions = links + self.forget_sessions(now - SESSIONS).await?;
        let keys = self.forget_keys(now - KEYS).await?;
        let purged = self.empty_bins().await?;
        let mut tx = self.db.begin().await?;
        let exports = exports::remove_before(&mut tx, now - KEPT, AT_ONCE).await?;
        tx.commit().await?;
        let files = self.sweep_files().await?;
        let all = keys + sessions + purged + exports + files;
        if all > 0 {
            tracing::info!(
                keys,
                sessions,
                purged,
                exports,
                files,
                "forgot old keys, sessions, exports and files, emptied recycle bins"
            );
        }
        Ok(usize::try_from(all).unwrap_or(usize::MAX))
    }

    /// As [`Self::forget_keys`].
    async fn forget_sessions(&self, before: Timestamp) -> Result<u64> {
        let mut forgotten = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let part = sessions::remove_expired(&mut tx, before, AT_ONCE).await?;
            tx.commit().await?;
            forgotten += part;
            if part == 0 || self.in_hand.is_stopping() {
                return Ok(forgotten);
            }
        }
    }

    /// A part at a time; what a stop leaves over goes an hour later.
    async fn forget_keys(&self, before: Timestamp) -> Result<u64> {
        let mut forgotten = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let part = intake::remove_before(&mut tx, before, AT_ONCE).await?;
            tx.commit().await?;
            forgotten += part;
            if part == 0 || self.in_hand.is_stopping() {
                return Ok(forgotten);
            }
        }
    }
}
