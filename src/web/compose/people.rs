//! Finding people to write to: the list beside the form, and what was typed or pasted as accounts
//! and phone numbers.

use std::collections::{HashMap, HashSet};

use super::fields::{accounts, refuse_crowd};
use crate::{
    domain::{Problem, contact, phone},
    storage::{Tx, departments, directory, people, recipients},
    web::{
        door::session::Me,
        frame::{
            form::{Fields, Query},
            page::Answer,
            page_error::PageError,
        },
        views::{
            compose::{FoundPeople, PersonChip},
            shell::Section,
        },
    },
};

/// So many are listed; whoever wants more takes a department or looks closer.
const LISTED: i64 = 50;
/// Longest text that is looked for, in characters.
const SEARCH: usize = 100;

/// `GET /compose/people?q=…&kind=…&department=…&gender=…&grade=…`: who fits, to be picked.
pub async fn find(me: Me, Query(query): Query) -> Answer {
    let typed: String = query.get("q").trim().chars().take(SEARCH).collect();
    let phone = phone::mobile(&typed, "").ok().map(|phone| contact::phone_index(&me.web.hub.sealer, &phone));
    let one = |name: &str| Some(query.get(name).to_owned()).filter(|value| !value.is_empty());
    let (kind, gender, grade) = (one("kind"), one("gender"), one("grade"));
    let mut tx = me.web.hub.db.read().await?;
    let department = match one("department") {
        Some(code) => Some(departments::find_by_code(&mut tx, &code).await?.ok_or_else(Problem::not_found)?.id),
        None => None,
    };
    let wanted = directory::Wanted {
        text: &typed,
        phone_index: phone.as_deref(),
        department,
        kind: kind.as_deref(),
        gender: gender.as_deref(),
        grade: grade.as_deref(),
        state: None,
    };
    let mut people = directory::list(&mut tx, &wanted, None, LISTED + 1).await?;
    drop(tx);
    let more = people.len() > usize::try_from(LISTED).unwrap_or(usize::MAX);
    people.truncate(usize::try_from(LISTED).unwrap_or(usize::MAX));
    let people = people.into_iter().map(chip).collect();
    me.part(Section::Compose, "compose_found", &FoundPeople { people, more }).await
}

fn chip(person: directory::Listed) -> PersonChip {
    PersonChip { account: person.account, name: person.name, department: person.department.unwrap_or_default() }
}

impl Me {
    /// Everybody who is named one by one: those who were picked, then those who were typed. A phone
    /// number stands for the one person who has it; what is nobody's stays as it was typed.
    pub(super) async fn named(&self, fields: &Fields) -> Result<Vec<String>, PageError> {
        refuse_crowd(fields)?;
        let mut named: Vec<String> = fields.all("person").map(str::to_owned).collect();
        let mut tx = self.web.hub.db.read().await?;
        let owners = self.owners(&mut tx, fields.get("accounts")).await?;
        let typed = accounts(fields.get("accounts"));
        named.extend(typed.into_iter().map(|typed| owners.get(typed).cloned().unwrap_or_else(|| typed.to_owned())));
        Ok(named)
    }

    /// Of what was typed all that is nobody's account or phone number.
    pub(super) async fn nobody_has(&self, tx: &mut Tx, typed: &str) -> Result<Vec<String>, PageError> {
        let owners = self.owners(tx, typed).await?;
        let typed: Vec<_> = accounts(typed).into_iter().map(str::to_owned).collect();
        let unknown: HashSet<_> = recipients::unknown_accounts(tx, &typed).await?.into_iter().collect();
        let is_nobody = |account: &String| unknown.contains(account) && !owners.contains_key(account.as_str());
        Ok(typed.into_iter().filter(is_nobody).collect())
    }

    /// The phone numbers in what was typed, each with the account of the one person who has it.
    async fn owners<'a>(&self, tx: &mut Tx, typed: &'a str) -> Result<HashMap<&'a str, String>, PageError> {
        let index = |typed: &'a str| {
            let number = phone::mobile(typed, "").ok()?;
            Some((typed, contact::phone_index(&self.web.hub.sealer, &number)))
        };
        let numbers: Vec<_> = accounts(typed).into_iter().filter_map(index).collect();
        if numbers.is_empty() {
            return Ok(HashMap::new());
        }
        let indexes: Vec<_> = numbers.iter().map(|(_, index)| index.as_slice()).collect();
        let owners: HashMap<_, _> = people::list_sole_owners(tx, &indexes).await?.into_iter().collect();
        let owner = |(typed, index): (&'a str, Vec<u8>)| Some((typed, owners.get(&index)?.clone()));
        Ok(numbers.into_iter().filter_map(owner).collect())
    }
}
