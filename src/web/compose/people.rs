//! Finding people to write to: the list beside the form, and what was typed or pasted as accounts
//! and phone numbers.

use std::collections::{HashMap, HashSet};

use super::{
    choices::{CHIPS, chips},
    fields::{accounts, refuse_crowd},
};
use crate::{
    domain::{Problem, contact, phone, width::half_width},
    storage::{Tx, departments, directory, people, recipients},
    web::{
        door::session::Me,
        frame::{
            form::{Fields, Query},
            page::Answer,
            page_error::PageError,
        },
        views::{
            compose::{FoundPeople, PastedPerson, PersonChip, Unknown},
            shell::Section,
        },
    },
};

/// So many are listed; whoever wants more takes a department or looks closer.
const LISTED: i64 = 50;
/// Longest text that is looked for, in characters.
const SEARCH: usize = 100;
/// Of what was typed as an account so many characters are said again.
const LONGEST_NAMED: usize = 40;

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

/// Everybody who is named one by one.
pub(super) struct Named {
    /// accounts of those who were picked
    pub picked: Vec<String>,
    /// What was typed, each with the account of whom it means.
    pub typed: Vec<(String, String)>,
    /// What was typed and is nobody's, as it was typed, each once.
    pub unknown: Vec<String>,
}

impl Named {
    /// Their accounts.
    pub fn people(&self) -> Vec<String> {
        self.picked.iter().chain(self.typed.iter().map(|(_, account)| account)).cloned().collect()
    }

    /// As they are sent: what is nobody's is refused there.
    pub fn all(self) -> Vec<String> {
        [self.people(), self.unknown].concat()
    }
}

impl Me {
    /// A phone number stands for the one person who has it.
    ///
    /// # Errors
    /// `TEXT_CONTROL`, `RCPT_LIMIT`
    pub(super) async fn named(&self, fields: &Fields) -> Result<Named, PageError> {
        fields.checked()?;
        refuse_crowd(fields)?;
        let mut tx = self.web.hub.db.read().await?;
        let meant = self.meant(&mut tx, fields.get("accounts")).await?;
        let unknown = nobodys(&meant);
        let typed = meant.into_iter().filter_map(|(typed, account)| Some((typed.to_owned(), account?)));
        Ok(Named { picked: fields.all("person").map(str::to_owned).collect(), typed: typed.collect(), unknown })
    }

    /// Of what was typed all that is nobody's account or phone number.
    pub(super) async fn nobody_has(&self, tx: &mut Tx, typed: &str) -> Result<Vec<String>, PageError> {
        Ok(nobodys(&self.meant(tx, typed).await?))
    }

    /// What is nobody's, as it is said beside the box that it was typed into; none: there is nothing.
    pub(super) fn unknown(&self, typed: &[String]) -> Option<Unknown> {
        let key = match typed.len() {
            0 => return None,
            1 => "compose.unknown_account",
            _ => "compose.unknown_accounts",
        };
        let shown = |typed: &String| typed.chars().take(LONGEST_NAMED).collect::<String>();
        let list = typed.iter().map(shown).collect::<Vec<_>>().join(&self.say("list.comma", &[]));
        let words = self.say(key, &[("count", typed.len().to_string()), ("accounts", list)]);
        Some(Unknown { words, count: typed.len(), accounts: typed.join(" ") })
    }

    /// Those who were typed, as they are shown when they are picked; none where there are too many for that.
    pub(super) async fn pasted(&self, named: &Named) -> Result<Vec<PastedPerson>, PageError> {
        if named.typed.is_empty() || named.picked.len() + named.typed.len() > CHIPS {
            return Ok(Vec::new());
        }
        let accounts: Vec<_> = named.typed.iter().map(|(_, account)| account.clone()).collect();
        let (people, _) = chips(&mut self.web.hub.db.read().await?, &accounts).await?;
        let pasted = |person: PersonChip| {
            let his = named.typed.iter().filter(|(_, account)| *account == person.account);
            let typed = his.map(|(typed, _)| typed.as_str()).collect::<Vec<_>>().join(" ");
            PastedPerson { typed, person }
        };
        Ok(people.into_iter().map(pasted).collect())
    }

    /// Each account and phone number that was typed, with the account of whom it means; none: of nobody.
    async fn meant<'a>(&self, tx: &mut Tx, typed: &'a str) -> Result<Vec<(&'a str, Option<String>)>, PageError> {
        let typed = accounts(typed);
        let owners = self.owners(tx, &typed).await?;
        // No account has letters or digits of a Chinese keyboard, but lists that are pasted do.
        let account = |one: &&str| owners.get(one).cloned().unwrap_or_else(|| one.chars().map(half_width).collect());
        let meant: Vec<String> = typed.iter().map(account).collect();
        if meant.is_empty() {
            return Ok(Vec::new());
        }
        let unknown: HashSet<_> = recipients::unknown_accounts(tx, &meant).await?.into_iter().collect();
        let known = |account: String| Some(account).filter(|account| !unknown.contains(account));
        Ok(typed.into_iter().zip(meant.into_iter().map(known)).collect())
    }

    /// The phone numbers in what was typed, each with the account of the one person who has it.
    async fn owners<'a>(&self, tx: &mut Tx, typed: &[&'a str]) -> Result<HashMap<&'a str, String>, PageError> {
        let index = |typed: &&'a str| {
            let number = phone::mobile(typed, "").ok()?;
            Some((*typed, contact::phone_index(&self.web.hub.sealer, &number)))
        };
        let numbers: Vec<_> = typed.iter().filter_map(index).collect();
        if numbers.is_empty() {
            return Ok(HashMap::new());
        }
        let indexes: Vec<_> = numbers.iter().map(|(_, index)| index.as_slice()).collect();
        let owners: HashMap<_, _> = people::list_sole_owners(tx, &indexes).await?.into_iter().collect();
        let owner = |(typed, index): (&'a str, Vec<u8>)| Some((typed, owners.get(&index)?.clone()));
        Ok(numbers.into_iter().filter_map(owner).collect())
    }
}

/// What nobody has of what was typed, each once.
fn nobodys(meant: &[(&str, Option<String>)]) -> Vec<String> {
    let mut seen = HashSet::new();
    let unknown = meant.iter().filter(|(typed, account)| account.is_none() && seen.insert(*typed));
    unknown.map(|(typed, _)| (*typed).to_owned()).collect()
}
