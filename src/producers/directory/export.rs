//! The directory as a spreadsheet with the columns of the template: what goes out can come in again.
//! A second sheet has the codes of the departments.
//!
//! Every cell is a typed text, so that nothing in a name is ever taken for a formula.

use std::collections::HashMap;

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};
use serde_json::json;

use super::{columns::Column, template::headings, tree::Tree};
use crate::{
    domain::{
        DepartmentId, PersonId, Problem, kind,
        person::{State, mask_email, mask_phone},
        seal::Sealer,
    },
    hub::{Hub, Result},
    storage::{
        Tx,
        assignments::{self, Assignment},
        audit, departments,
        people::{self, Person},
    },
};

const PAGE: i64 = 1000;
const MOST_PEOPLE: i64 = 200_000;

/// What is exported, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Export<'a> {
    /// Phone numbers and addresses show their ends only.
    pub is_masked: bool,
    /// Only members of this department and of those below it.
    pub department: Option<DepartmentId>,
    /// As whom it stands in the audit.
    pub actor: &'a str,
}

/// Everybody who has not resigned.
///
/// # Errors
/// `EXPORT_LIMIT` above 200,000 people.
pub async fn export(hub: &Hub, what: &Export<'_>) -> Result<Vec<u8>> {
    let mut tx = hub.db.read_one_moment().await?;
    if people::count_active(&mut tx).await? > MOST_PEOPLE {
        return Err(Problem::invalid("EXPORT_LIMIT", "", format!("一次最多导出 {MOST_PEOPLE} 人，请按部门导出"))
            .in_english("an export has at most 200,000 people: export by department")
            .into());
    }
    let lines = gather(&mut tx, &hub.sealer, what).await?;
    let codes = codes(&mut tx, what.department).await?;
    drop(tx);
    let count = lines.len();
    let bytes = tokio::task::spawn_blocking(move || book(&lines, &codes))
        .await
        .expect("writing a spreadsheet does not panic")
        .map_err(std::io::Error::other)?;
    let mut tx = hub.db.begin().await?;
    let detail = json!({"people": count, "masked": what.is_masked, "department": what.department});
    audit::insert(&mut tx, hub.clock.now(), what.actor, "directory.export", "directory", detail).await?;
    tx.commit().await?;
    Ok(bytes)
}

type Line = [String; Column::ALL.len()];

async fn gather(tx: &mut Tx, sealer: &Sealer, what: &Export<'_>) -> Result<Vec<Line>> {
    let tree = Tree::of(departments::list(tx).await?);
    let within = match what.department {
        Some(root) => Some(departments::list_below(tx, root).await?),
        None => None,
    };
    let mut lines = Vec::new();
    let mut after = None;
    loop {
        let page = people::list_page(tx, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(lines) };
        after = Some(last.id);
        let ids: Vec<PersonId> = page.iter().map(|person| person.id).collect();
        let mut posts: HashMap<PersonId, Vec<Assignment>> = HashMap::new();
        for post in assignments::list_of(tx, &ids).await? {
            posts.entry(post.person_id).or_default().push(post);
        }
        let deputy_ids: Vec<PersonId> = page.iter().filter_map(|person| person.deputy_id).collect();
        let deputies = people::list(tx, &deputy_ids).await?.into_iter();
        let deputies: HashMap<PersonId, String> =
            deputies.filter_map(|deputy| Some((deputy.id, deputy.account?))).collect();
        for person in page.iter().filter(|person| person.state != State::Resigned) {
            let own = posts.get(&person.id).map(Vec::as_slice).unwrap_or_default();
            let is_within = |within: &Vec<DepartmentId>| own.iter().any(|post| within.contains(&post.department_id));
            if within.as_ref().is_none_or(is_within) {
                let deputy = person.deputy_id.and_then(|id| deputies.get(&id)).cloned().unwrap_or_default();
                lines.push(line(sealer, person, &posts_shown(&tree, own), deputy, what.is_masked)?);
            }
        }
    }
}

/// Paths, the primary one first, and whether the person heads that one.
fn posts_shown(tree: &Tree, posts: &[Assignment]) -> (String, bool) {
    let paths: Vec<String> = posts.iter().map(|post| tree.path_of(post.department_id)).collect();
    (paths.join(";"), posts.first().is_some_and(|post| post.is_head))
}

fn line(sealer: &Sealer, person: &Person, posts: &(String, bool), deputy: String, is_masked: bool) -> Result<Line> {
    let (phone, email) = (person.phone(sealer)?.unwrap_or_default(), person.email(sealer)?.unwrap_or_default());
    let shown = |value: String, mask: fn(&str) -> String| {
        if is_masked && !value.is_empty() { mask(&value) } else { value }
    };
    let (phone, email) = (shown(phone, mask_phone), shown(email, mask_email));
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Ok(Column::ALL.map(|column| match column {
        Column::Account => text(&person.account),
        Column::Name => person.name.clone(),
        Column::Phone => phone.clone(),
        Column::Email => email.clone(),
        Column::Department => posts.0.clone(),
        Column::Title => text(&person.title),
        Column::Kind => kind::label(&person.kind).to_owned(),
        Column::Gender => person.gender.as_deref().map(kind::gender_label).unwrap_or_default().to_owned(),
        Column::Grade => text(&person.grade),
        Column::Dingtalk => text(&person.dingtalk_id),
        Column::Head => if posts.1 { "是" } else { "" }.to_owned(),
        Column::Deputy => deputy.clone(),
    }))
}

/// Departments as paths, with the codes by which programs name them.
async fn codes(tx: &mut Tx, root: Option<DepartmentId>) -> Result<Vec<[String; 2]>> {
    let all = departments::list(tx).await?;
    let tree = Tree::of(all.clone());
    let within = match root {
        Some(root) => Some(departments::list_below(tx, root).await?),
        None => None,
    };
    let shown = all.into_iter().filter(|row| within.as_ref().is_none_or(|within| within.contains(&row.id)));
    let mut codes: Vec<_> = shown.map(|row| [tree.path_of(row.id), row.code]).collect();
    codes.sort();
    Ok(codes)
}

fn book(lines: &[Line], codes: &[[String; 2]]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet: &mut Worksheet = book.add_worksheet();
    sheet.set_name("通讯录")?;
    headings(sheet)?;
    for (row, line) in (1..).zip(lines) {
        for (column, text) in (0..).zip(line).filter(|(_, text)| !text.is_empty()) {
            sheet.write_string(row, column, text)?;
        }
    }
    let sheet = book.add_worksheet();
    sheet.set_name("部门代码")?;
    for (column, (heading, width)) in (0..).zip([("部门路径", 44.0), ("代码", 20.0)]) {
        sheet.write_string(0, column, heading)?;
        sheet.set_column_width(column, width)?;
    }
    for (row, cells) in (1..).zip(codes) {
        for (column, text) in (0..).zip(cells) {
            sheet.write_string(row, column, text)?;
        }
    }
    book.save_to_buffer()
}
