//! Tables `setting`, `job_lease` and the small configurable lists (`category`, `send_rule`,
//! `message_template`).

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{ReplicaId, send_rule::Step},
};

pub async fn find(tx: &mut Tx, name: &str) -> Result<Option<serde_json::Value>> {
    let found =
        fetch_optional_value!(tx, Json<serde_json::Value>, "select value from setting where name = $1", [name])?;
    Ok(found.map(|value| value.0))
}

/// Writes a setting unless it is there; says whether it was written.
pub async fn insert(tx: &mut Tx, name: &str, value: serde_json::Value) -> Result<bool> {
    let written = execute!(
        tx,
        "insert into setting (name, value) values ($1, $2) on conflict (name) do nothing",
        [name, Json(&value)]
    )?;
    Ok(written == 1)
}

/// Takes or keeps a job for this replica until `until`; false while another has it.
pub async fn lease_job(tx: &mut Tx, job: &str, owner: ReplicaId, now: Timestamp, until: Timestamp) -> Result<bool> {
    let taken = execute!(
        tx,
        "insert into job_lease (name, owner, lease_until) values ($1, $2, $4)
         on conflict (name) do update set owner = $2, lease_until = $4
          where job_lease.owner = $2 or job_lease.lease_until <= $3",
        [job, owner, now, until]
    )?;
    Ok(taken == 1)
}

/// A process is at work until `until` unless it says so again; returns how many are, itself included.
pub async fn note_worker(tx: &mut Tx, worker: ReplicaId, now: Timestamp, until: Timestamp) -> Result<i64> {
    execute!(tx, "delete from job_lease where name like 'worker:%' and lease_until <= $1", [now])?;
    lease_job(tx, &format!("worker:{worker}"), worker, now, until).await?;
    fetch_value!(tx, i64, "select count(*) from job_lease where name like 'worker:%'", [])
}

pub async fn forget_worker(tx: &mut Tx, worker: ReplicaId) -> Result<u64> {
    execute!(tx, "delete from job_lease where name = $1", [format!("worker:{worker}")])
}

/// Nobody else is at work: the only process that was has ended.
pub async fn forget_workers(tx: &mut Tx) -> Result<u64> {
    execute!(tx, "delete from job_lease where name like 'worker:%'", [])
}

/// Until when a job is taken; none when nobody ever did it.
pub async fn job_until(tx: &mut Tx, job: &str) -> Result<Option<Timestamp>> {
    fetch_optional_value!(tx, Timestamp, "select lease_until from job_lease where name = $1", [job])
}

row! {
    #[derive(Debug, Clone)]
    pub struct Category {
        pub name: String,
        pub label: String,
    }
}

pub async fn list_categories(tx: &mut Tx) -> Result<Vec<Category>> {
    fetch_all!(tx, Category, "select name, label from category order by position, name limit 200", [])
}

pub async fn insert_category(tx: &mut Tx, name: &str, label: &str, position: i64) -> Result<u64> {
    execute!(
        tx,
        "insert into category (name, label, position) values ($1, $2, $3) on conflict (name) do nothing",
        [name, label, position]
    )
}

row! {
    #[derive(Debug, Clone)]
    pub struct SendRuleRow {
        pub name: String,
        pub label: String,
        pub definition: Json<Steps>,
        pub is_offered: bool,
    }
}

/// How a send rule's steps are kept.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Steps {
    pub steps: Vec<Step>,
}

pub async fn list_send_rules(tx: &mut Tx) -> Result<Vec<SendRuleRow>> {
    fetch_all!(
        tx,
        SendRuleRow,
        "select name, label, definition, is_offered from send_rule order by position, name limit 200",
        []
    )
}

pub async fn find_send_rule(tx: &mut Tx, name: &str) -> Result<Option<SendRuleRow>> {
    fetch_optional!(
        tx,
        SendRuleRow,
        "select name, label, definition, is_offered from send_rule where name = $1",
        [name]
    )
}

pub async fn insert_send_rule(tx: &mut Tx, rule: &SendRuleRow, position: i64) -> Result<u64> {
    execute!(
        tx,
        "insert into send_rule (name, label, definition, position, is_offered) values ($1, $2, $3, $4, $5)
         on conflict (name) do nothing",
        [&rule.name, &rule.label, &rule.definition, position, rule.is_offered]
    )
}
