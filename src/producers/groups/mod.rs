//! 群分组 by spreadsheet: rows with an account are people of the organisation, all others are people
//! outside of it.
//!
//! A row that is wrong fails alone and is named with its column, value, reason and what to do; in
//! strict mode one wrong row keeps everything out. Whoever is listed already stays as he is.

mod columns;

use std::collections::HashMap;

use serde_json::json;

use super::{
    cells::{Complaints, Reading, complaint, narrow},
    sheet::{self, Row},
};
use crate::{
    domain::{GroupId, PersonId, Problem, group, message::External, person::State, seal},
    hub::{Hub, Result, Source},
    storage::{
        Tx, audit, external,
        group_members::{self, Listing},
        people,
    },
};
use columns::Column;

pub use super::cells::{Complaint, Report};
pub use columns::template;

/// What a row says.
struct Entry {
    row: u32,
    who: Who,
    note: String,
}

enum Who {
    /// An account, and the name that stands beside it.
    Inside(String, Option<String>),
    Outside(External),
}

/// # Errors
/// `IMPORT_SIZE`, `IMPORT_FORMAT`, `IMPORT_TEMPLATE`, `IMPORT_EMPTY`, `IMPORT_ROWS` for the file as
/// a whole, `GROUP_LIMIT`, `NOT_FOUND` for the group. What is wrong with single rows is in the report.
pub async fn import(hub: &Hub, source: &Source, id: GroupId, bytes: Vec<u8>, is_strict: bool) -> Result<Report> {
    let mut tx = hub.db.read().await?;
    hub.own_group(&mut tx, source, id).await?;
    drop(tx);
    let fingerprint = seal::hex(&seal::sha256(&bytes));
    let (entries, said) =
        tokio::task::spawn_blocking(move || read(&bytes)).await.expect("reading a file does not panic")?;
    let mut tx = hub.db.begin().await?;
    hub.own_group(&mut tx, source, id).await?;
    let report = write(hub, &mut tx, id, entries, said, is_strict).await?;
    let listed = group_members::count(&mut tx, id).await?;
    group::is_within(listed, group::MEMBERS, "一个分组的成员", "members of a group")?;
    let detail = json!({
        "created": report.created, "unchanged": report.unchanged, "failed": report.failed,
        "strict": is_strict, "sha256": fingerprint,
    });
    let object = format!("group:{id}");
    audit::insert(&mut tx, hub.clock.now(), &source.actor(), "group.import", &object, detail).await?;
    tx.commit().await?;
    Ok(report)
}

fn read(bytes: &[u8]) -> Result<(Vec<Entry>, Complaints), Problem> {
    let mut said = Complaints::default();
    let rows = sheet::read::<Column>(bytes)?;
    let entries: Vec<_> = rows.iter().filter_map(|row| entry(row, &mut said)).collect();
    Ok((without_repetitions(entries, &mut said), said))
}

/// None when anything in the row is wrong.
fn entry(row: &Row<Column>, said: &mut Complaints) -> Option<Entry> {
    let errors = said.errors.len();
    let mut reading = Reading { row, said };
    let account = reading.text(Column::Account).map(narrow);
    let name = reading.name(Column::Name);
    let note = reading.short(Column::Note, group::NOTE).unwrap_or_default();
    let who = match account {
        // The directory knows how to reach them.
        Some(account) => Who::Inside(account, name),
        None => Who::Outside(reading.outsider(name)?),
    };
    (said.errors.len() == errors).then_some(Entry { row: row.number, who, note })
}

impl Reading<'_, Column> {
    fn outsider(&mut self, name: Option<String>) -> Option<External> {
        let (phone, email) = (self.phone(Column::Phone), self.email(Column::Email));
        if !self.has_failed() && name.is_none() {
            self.wrong(Column::Name, "", "没有工号，也没有姓名".to_owned(), "本单位人员请填工号，单位外人员请填姓名");
        }
        if !self.has_failed() && phone.is_none() && email.is_none() {
            let suggestion = "请填写手机号或邮箱；本单位人员请填工号";
            self.wrong(Column::Phone, "", "单位外人员没有手机号和邮箱".to_owned(), suggestion);
        }
        Some(External { name: name?, phone, email })
    }

    /// Something in this row is wrong already, and said.
    fn has_failed(&self) -> bool {
        self.said.errors.last().is_some_and(|last| last.row == self.row.number)
    }
}

/// The first row of a person counts.
fn without_repetitions(entries: Vec<Entry>, said: &mut Complaints) -> Vec<Entry> {
    let mut rows: HashMap<String, u32> = HashMap::new();
    let mut kept = Vec::with_capacity(entries.len());
    for entry in entries {
        let (column, key) = match &entry.who {
            Who::Inside(account, _) => (Column::Account, account.clone()),
            Who::Outside(External { phone: Some(phone), .. }) => (Column::Phone, phone.clone()),
            Who::Outside(who) => (Column::Email, who.email.clone().unwrap_or_default().to_lowercase()),
        };
        let first = *rows.entry(key.clone()).or_insert(entry.row);
        if first == entry.row {
            kept.push(entry);
        } else {
            let reason = format!("与第 {first} 行是同一个人");
            said.errors.push(complaint(entry.row, column, &key, reason, "请删除重复的行"));
        }
    }
    kept
}

async fn write(
    hub: &Hub,
    tx: &mut Tx,
    id: GroupId,
    entries: Vec<Entry>,
    mut said: Complaints,
    is_strict: bool,
) -> Result<Report> {
    let accounts: Vec<_> = entries.iter().filter_map(|entry| entry.account()).map(str::to_owned).collect();
    let known = people::list_by_accounts(tx, &accounts).await?;
    let known: HashMap<&str, &people::Person> =
        known.iter().filter_map(|person| Some((person.account.as_deref()?, person))).collect();
    let mut entries = entries;
    entries.retain(|entry| is_known(entry, &known, &mut said));
    let mut failed: Vec<u32> = said.errors.iter().map(|error| error.row).collect();
    failed.sort_unstable();
    failed.dedup();
    said.errors.sort_by_key(|error| error.row);
    said.warnings.retain(|warning| !failed.contains(&warning.row));
    let mut report =
        Report { failed: failed.len() as u64, errors: said.errors, warnings: said.warnings, ..Report::default() };
    if is_strict && report.failed > 0 {
        return Ok(report);
    }
    let listings = listings(hub, tx, &entries, &known).await?;
    report.created = group_members::add(tx, id, &listings).await?;
    report.unchanged = listings.len() as u64 - report.created;
    Ok(report)
}

impl Entry {
    fn account(&self) -> Option<&str> {
        match &self.who {
            Who::Inside(account, _) => Some(account),
            Who::Outside(_) => None,
        }
    }
}

/// Somebody active has the account, and the name that stands beside it.
fn is_known(entry: &Entry, known: &HashMap<&str, &people::Person>, said: &mut Complaints) -> bool {
    let Who::Inside(account, name) = &entry.who else { return true };
    let (column, value, reason, suggestion) = match (known.get(account.as_str()), name) {
        (None, _) => (Column::Account, account, "没有这个工号的人".to_owned(), "请核对工号；单位外人员请留空"),
        (Some(person), _) if person.state != State::Active => {
            (Column::Account, account, "此人已离职或停用".to_owned(), "请删除此行")
        }
        (Some(person), Some(name)) if person.name != *name => {
            (Column::Name, name, "姓名与这个工号的人不同".to_owned(), "请核对工号和姓名")
        }
        _ => return true,
    };
    said.errors.push(complaint(entry.row, column, value, reason, suggestion));
    false
}

/// Everybody in the order of the file.
async fn listings(
    hub: &Hub,
    tx: &mut Tx,
    entries: &[Entry],
    known: &HashMap<&str, &people::Person>,
) -> Result<Vec<Listing>> {
    let outsiders: Vec<_> = entries
        .iter()
        .filter_map(|entry| match &entry.who {
            Who::Outside(who) => Some(hub.outsider(who)),
            Who::Inside(..) => None,
        })
        .collect();
    let mut outside = external::find_or_insert(tx, &outsiders, hub.clock.now()).await?.into_iter();
    let mut next = |entry: &Entry| -> PersonId {
        match entry.account() {
            Some(account) => known[account].id,
            None => outside.next().expect("each of them was found or added"),
        }
    };
    Ok(entries.iter().map(|entry| Listing { person: next(entry), note: entry.note.clone() }).collect())
}
