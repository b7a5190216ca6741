//! Table `audit`: who did what to what, in the transaction of the change itself.

use super::{Json, Result, Tx};
use crate::{clock::Timestamp, domain::AuditId};

/// One row for one change. `actor` is `person:<id>`, `producer:<name>` or `hub`; `object` is
/// `message:<id>` and the like. `detail` is a JSON object without personal data.
pub async fn insert(
    tx: &mut Tx,
    at: Timestamp,
    actor: &str,
    verb: &str,
    object: &str,
    detail: serde_json::Value,
) -> Result<()> {
    execute!(
        tx,
        "insert into audit (id, at, actor, verb, object, detail) values ($1, $2, $3, $4, $5, $6)",
        [AuditId::new(), at, actor, verb, object, Json(&detail)]
    )?;
    Ok(())
}

row! {
    /// What is hashed of a row, and where it stands in the chain.
    #[derive(Debug, Clone)]
    pub struct Entry {
        pub id: AuditId,
        pub at: Timestamp,
        pub actor: String,
        pub verb: String,
        pub object: String,
        pub detail: Json<serde_json::Value>,
        pub seal_no: Option<i64>,
        pub prev_hash: Option<Vec<u8>>,
        pub hash: Option<Vec<u8>>,
    }
}

/// The end of the chain: its number and hash.
pub async fn last_sealed(tx: &mut Tx) -> Result<Option<(i64, Vec<u8>)>> {
    fetch_optional!(
        tx,
        (i64, Vec<u8>),
        "select seal_no, hash from audit where seal_no is not null order by seal_no desc limit 1",
        []
    )
}

pub async fn list_unsealed(tx: &mut Tx, limit: i64) -> Result<Vec<Entry>> {
    fetch_all!(
        tx,
        Entry,
        "select id, at, actor, verb, object, detail, seal_no, prev_hash, hash
           from audit where seal_no is null order by id limit $1",
        [limit]
    )
}

pub async fn seal(tx: &mut Tx, id: AuditId, seal_no: i64, prev_hash: &[u8], hash: &[u8]) -> Result<u64> {
    execute!(
        tx,
        "update audit set seal_no = $2, prev_hash = $3, hash = $4 where id = $1 and seal_no is null",
        [id, seal_no, prev_hash, hash]
    )
}

/// The chain from `after` on, in its order.
pub async fn list_sealed(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<Entry>> {
    fetch_all!(
        tx,
        Entry,
        "select id, at, actor, verb, object, detail, seal_no, prev_hash, hash
           from audit where seal_no > $1 order by seal_no limit $2",
        [after, limit]
    )
}

/// What happened to one object, oldest first.
pub async fn list_of(tx: &mut Tx, object: &str, limit: i64) -> Result<Vec<Entry>> {
    fetch_all!(
        tx,
        Entry,
        "select id, at, actor, verb, object, detail, seal_no, prev_hash, hash
           from audit where object = $1 order by id limit $2",
        [object, limit]
    )
}

/// What was done to one object, in its order.
pub async fn list_of_object(tx: &mut Tx, object: &str, limit: i64) -> Result<Vec<Entry>> {
    fetch_all!(
        tx,
        Entry,
        "select id, at, actor, verb, object, detail, seal_no, prev_hash, hash
           from audit where object = $1 order by id limit $2",
        [object, limit]
    )
}
