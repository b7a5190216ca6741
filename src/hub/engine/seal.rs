//! Chaining the audit: each sealed row holds the hash of the one before, so that a changed or
//! missing row shows. One replica seals at a time, within seconds of the change.

use chrono::Duration;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    hub::{Hub, Result},
    storage::{
        Db,
        audit::{self, Entry},
        settings,
    },
};

/// Two that seal at once are kept apart by the numbers; this only spares the second the work.
const LEASE: Duration = Duration::seconds(5);
const BATCH: i64 = 500;

/// Where the chain breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    pub seal_no: i64,
}

impl Hub {
    /// Seals what is not yet; returns how many rows.
    pub async fn seal_audit(&self) -> Result<usize> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if !settings::lease_job(&mut tx, "seal_audit", self.replica, now, now + LEASE).await? {
            return Ok(0);
        }
        let (mut seal_no, mut prev) = audit::last_sealed(&mut tx).await?.unwrap_or((0, vec![0; 32]));
        let entries = audit::list_unsealed(&mut tx, BATCH).await?;
        for entry in &entries {
            seal_no += 1;
            let hash = link(seal_no, &prev, entry);
            audit::seal(&mut tx, entry.id, seal_no, &prev, &hash).await?;
            prev = hash;
        }
        failpoint!("audit.before_commit");
        tx.commit().await?;
        Ok(entries.len())
    }
}

/// Walks the whole chain; the first row that does not fit, if any.
pub async fn verify(db: &Db) -> Result<Option<Break>> {
    let (mut after, mut prev) = (0, vec![0; 32]);
    loop {
        let mut tx = db.read().await?;
        let entries = audit::list_sealed(&mut tx, after, BATCH).await?;
        drop(tx);
        let Some(last) = entries.last() else { return Ok(None) };
        let end = last.seal_no.unwrap_or(after);
        for entry in &entries {
            let seal_no = after + 1;
            let hash = link(seal_no, &prev, entry);
            if entry.seal_no != Some(seal_no)
                || entry.prev_hash.as_deref() != Some(&prev)
                || entry.hash.as_deref() != Some(&hash)
            {
                return Ok(Some(Break { seal_no }));
            }
            after = seal_no;
            prev = hash;
        }
        debug_assert_eq!(after, end);
    }
}

fn link(seal_no: i64, prev: &[u8], entry: &Entry) -> Vec<u8> {
    let row = json!([
        seal_no,
        entry.id,
        entry.at.timestamp_micros(),
        entry.actor,
        entry.verb,
        entry.object,
        sorted(&entry.detail.0)
    ]);
    let mut hash = Sha256::new();
    hash.update(prev);
    hash.update(row.to_string());
    hash.finalize().to_vec()
}

/// Keys in their order: PostgreSQL's jsonb does not keep the one they were written in.
fn sorted(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(map) => {
            let ordered: std::collections::BTreeMap<_, _> =
                map.iter().map(|(key, value)| (key, sorted(value))).collect();
            json!(ordered)
        }
        other => other.clone(),
    }
}
