//! A spreadsheet into the directory: read and checked off the serving threads, written in one
//! transaction, a thousand rows to a statement.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::{
    Complaint, Report,
    columns::Column,
    compare::{self, Known, Merged, Resolved},
    entry::{self, Entry},
    tree::Tree,
};
use crate::{
    clock::Timestamp,
    domain::{PersonId, Problem, seal},
    hub::{Error, Hub, Result},
    producers::{
        cells::{Complaints, complaint},
        sheet,
    },
    storage::{
        self, Tx,
        assignments::{self, Assignment},
        audit, departments, people,
        people::Person,
    },
};

/// How a file is to be taken in, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Import<'a> {
    /// One wrong row keeps everything out.
    pub is_strict: bool,
    /// As whom it stands in the audit: `person:<id>`, or `hub` for the command line.
    pub actor: &'a str,
}

/// # Errors
/// `IMPORT_SIZE`, `IMPORT_FORMAT`, `IMPORT_TEMPLATE`, `IMPORT_EMPTY`, `IMPORT_ROWS` for the file as
/// a whole; `IMPORT_BUSY` when another import wrote the same people meanwhile. What is wrong with
/// single rows is in the report.
pub async fn import(hub: &Hub, bytes: Vec<u8>, how: &Import<'_>) -> Result<Report> {
    let fingerprint = seal::hex(&seal::sha256(&bytes));
    let (entries, said) =
        tokio::task::spawn_blocking(move || read(&bytes)).await.expect("reading a file does not panic")?;
    let mut tx = hub.db.begin().await?;
    let now = hub.clock.now();
    match write(hub, &mut tx, entries, said, how.is_strict).await {
        Ok(report) => {
            let detail = json!({
                "created": report.created, "updated": report.updated, "unchanged": report.unchanged,
                "failed": report.failed, "strict": how.is_strict, "sha256": fingerprint,
            });
            audit::insert(&mut tx, now, how.actor, "directory.import", "directory", detail).await?;
            tx.commit().await?;
            Ok(report)
        }
        Err(Error::Storage(storage::Error::Database(error))) if error.is_unique_violation() => {
            Err(Problem::conflict("IMPORT_BUSY", "同时有另一次导入或修改，请稍后重试")
                .in_english("another import or change came between, try again")
                .into())
        }
        Err(error) => Err(error),
    }
}

fn read(bytes: &[u8]) -> Result<(Vec<Entry>, Complaints), Problem> {
    let mut said = Complaints::default();
    let rows = sheet::read(bytes)?;
    let entries: Vec<Entry> = rows.iter().filter_map(|row| entry::read(row, &mut said)).collect();
    Ok((without_repetitions(entries, &mut said), said))
}

/// The first row of an account counts.
fn without_repetitions(entries: Vec<Entry>, said: &mut Complaints) -> Vec<Entry> {
    let mut accounts: HashMap<String, u32> = HashMap::new();
    let mut phones: HashMap<String, u32> = HashMap::new();
    let mut kept = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Some(first) = accounts.get(&entry.account) {
            let reason = format!("账号在第 {first} 行已经出现");
            said.errors.push(complaint(entry.row, Column::Account, &entry.account, reason, "请删除重复的行"));
            continue;
        }
        accounts.insert(entry.account.clone(), entry.row);
        if let Some(phone) = &entry.phone {
            let first = *phones.entry(phone.clone()).or_insert(entry.row);
            if first != entry.row {
                let reason = format!("手机号与第 {first} 行相同，两人都不能用手机号登录");
                said.warnings.push(complaint(entry.row, Column::Phone, phone, reason, "请核对"));
            }
        }
        kept.push(entry);
    }
    kept
}

/// The people and departments that a file speaks of, as they are.
struct Present {
    people: HashMap<String, Person>,
    posts: HashMap<PersonId, Vec<Assignment>>,
    departments: Vec<departments::Department>,
    /// Of everybody in the file, new ones too, and of deputies outside it.
    ids: HashMap<String, PersonId>,
}

async fn write(hub: &Hub, tx: &mut Tx, entries: Vec<Entry>, mut said: Complaints, is_strict: bool) -> Result<Report> {
    let present = load(tx, &entries).await?;
    let (merged, tree) = settle(hub, entries, &present, &mut said);
    let failed: HashSet<u32> = said.errors.iter().map(|error| error.row).collect();
    let mut report =
        Report { failed: failed.len() as u64, errors: said.errors, warnings: said.warnings, ..Report::default() };
    report.warnings.retain(|warning| !failed.contains(&warning.row));
    sort(&mut report.errors);
    sort(&mut report.warnings);
    if is_strict && !report.errors.is_empty() {
        return Ok(report);
    }
    for each in &merged {
        match (each.is_new, each.has_profile_changed || each.have_posts_changed) {
            (true, _) => report.created += 1,
            (false, true) => report.updated += 1,
            (false, false) => report.unchanged += 1,
        }
    }
    departments::insert_many(tx, &tree.added).await?;
    apply(tx, merged, hub.clock.now()).await?;
    Ok(report)
}

fn sort(complaints: &mut [Complaint]) {
    complaints.sort_by_key(|complaint| complaint.row);
}

async fn load(tx: &mut Tx, entries: &[Entry]) -> Result<Present> {
    let mut accounts: Vec<String> =
        entries.iter().flat_map(|entry| [Some(&entry.account), entry.deputy.as_ref()]).flatten().cloned().collect();
    accounts.sort_unstable();
    accounts.dedup();
    let known = people::list_by_accounts(tx, &accounts).await?;
    let ids: Vec<PersonId> = known.iter().map(|person| person.id).collect();
    let mut posts: HashMap<PersonId, Vec<Assignment>> = HashMap::new();
    for post in assignments::list_of(tx, &ids).await? {
        posts.entry(post.person_id).or_default().push(post);
    }
    let people: HashMap<String, Person> =
        known.into_iter().filter_map(|person| Some((person.account.clone()?, person))).collect();
    let mut ids: HashMap<String, PersonId> =
        people.iter().map(|(account, person)| (account.clone(), person.id)).collect();
    for entry in entries {
        ids.entry(entry.account.clone()).or_insert_with(PersonId::new);
    }
    Ok(Present { people, posts, departments: departments::list(tx).await?, ids })
}

/// Finds what each entry names. An entry that fails takes its departments with it, and whoever
/// named it as deputy: so again from the start until nobody fails.
fn settle(hub: &Hub, mut entries: Vec<Entry>, present: &Present, said: &mut Complaints) -> (Vec<Merged>, Tree) {
    entries.retain(|entry| is_named(entry, present, said));
    loop {
        let before = entries.len();
        let coming: HashSet<String> = entries.iter().map(|entry| entry.account.clone()).collect();
        entries.retain(|entry| has_deputy(entry, present, &coming, said));
        let mut tree = Tree::of(present.departments.clone());
        let mut merged = Vec::with_capacity(entries.len());
        entries.retain(|entry| match tree.place_all(entry.departments.as_deref().unwrap_or_default()) {
            Ok(departments) => {
                let departments = entry.departments.is_some().then_some(departments);
                merged.push(merge(hub, entry, departments, present));
                true
            }
            Err((reason, suggestion)) => {
                let value =
                    entry.departments.iter().flatten().map(|path| path.join("->")).collect::<Vec<_>>().join(";");
                said.errors.push(complaint(entry.row, Column::Department, &value, reason, suggestion));
                false
            }
        });
        if entries.len() == before {
            return (merged, tree);
        }
    }
}

fn is_named(entry: &Entry, present: &Present, said: &mut Complaints) -> bool {
    let is_new = !present.people.contains_key(&entry.account);
    if is_new && entry.name.is_none() {
        let reason = "新增人员没有姓名".to_owned();
        said.errors.push(complaint(entry.row, Column::Name, "", reason, "请填写姓名，或核对账号"));
        return false;
    }
    if is_new && entry.departments.is_none() {
        let reason = "没有部门，不会出现在部门树和按部门选择的范围中".to_owned();
        said.warnings.push(complaint(entry.row, Column::Department, "", reason, "请填写部门"));
    }
    true
}

fn has_deputy(entry: &Entry, present: &Present, coming: &HashSet<String>, said: &mut Complaints) -> bool {
    let Some(deputy) = &entry.deputy else { return true };
    let (reason, suggestion) = if *deputy == entry.account {
        ("代理人是本人", "请填写另一人的账号")
    } else if present.people.contains_key(deputy) || coming.contains(deputy) {
        return true;
    } else {
        ("没有这个账号的人", "请核对代理人的账号，或先导入代理人")
    };
    said.errors.push(complaint(entry.row, Column::Deputy, deputy, reason.to_owned(), suggestion));
    false
}

fn merge(hub: &Hub, entry: &Entry, departments: Option<Vec<crate::domain::DepartmentId>>, present: &Present) -> Merged {
    let id = present.ids[&entry.account];
    let resolved = Resolved {
        id,
        departments,
        deputy: entry.deputy.as_ref().and_then(|account| present.ids.get(account).copied()),
    };
    let known = Known {
        person: present.people.get(&entry.account),
        posts: present.posts.get(&id).map(Vec::as_slice).unwrap_or_default(),
    };
    compare::merge(&hub.sealer, entry, &resolved, &known)
}

async fn apply(tx: &mut Tx, merged: Vec<Merged>, now: Timestamp) -> Result<()> {
    let moved: Vec<PersonId> =
        merged.iter().filter(|each| each.have_posts_changed && !each.is_new).map(|each| each.profile.id).collect();
    let posts: Vec<Assignment> =
        merged.iter().filter(|each| each.have_posts_changed).flat_map(|each| each.posts.iter().cloned()).collect();
    let profiles: Vec<people::Profile> =
        merged.into_iter().filter(|each| each.has_profile_changed).map(|each| each.profile).collect();
    people::upsert_many(tx, &profiles, now).await?;
    assignments::remove_all_of(tx, &moved).await?;
    assignments::insert_many(tx, &posts).await?;
    Ok(())
}
