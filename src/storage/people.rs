//! Table `person`: writing people and finding one of them. Lists for readers are in `directory`.

use std::collections::BTreeSet;

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{
        PersonId,
        contact::{self, Contact},
        person::State,
        pinyin_keys,
        seal::{CannotOpen, Sealer, hex},
    },
};

row! {
    #[derive(Debug, Clone)]
    pub struct Person {
        pub id: PersonId,
        /// None: somebody outside the organisation.
        pub account: Option<String>,
        pub name: String,
        pub kind: String,
        pub gender: Option<String>,
        pub grade: Option<String>,
        pub title: Option<String>,
        pub phone_sealed: Option<Vec<u8>>,
        pub phone_index: Option<Vec<u8>>,
        pub email_sealed: Option<Vec<u8>>,
        pub email_index: Option<Vec<u8>>,
        pub dingtalk_id: Option<String>,
        pub deputy_id: Option<PersonId>,
        pub state: State,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

impl Person {
    pub fn phone(&self, sealer: &Sealer) -> std::result::Result<Option<String>, CannotOpen> {
        self.phone_sealed.as_deref().map(|sealed| contact::open_phone(sealer, sealed)).transpose()
    }

    pub fn email(&self, sealer: &Sealer) -> std::result::Result<Option<String>, CannotOpen> {
        self.email_sealed.as_deref().map(|sealed| contact::open_email(sealer, sealed)).transpose()
    }
}

/// Everything that is written of a person; the search keys follow from the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub id: PersonId,
    pub account: Option<String>,
    pub name: String,
    pub kind: String,
    pub gender: Option<String>,
    pub grade: Option<String>,
    pub title: Option<String>,
    pub phone: Option<Contact>,
    pub email: Option<Contact>,
    pub dingtalk_id: Option<String>,
    pub deputy_id: Option<PersonId>,
    pub state: State,
}

impl From<&Person> for Profile {
    fn from(person: &Person) -> Self {
        let contact = |sealed: &Option<Vec<u8>>, index: &Option<Vec<u8>>| {
            sealed.clone().zip(index.clone()).map(|(sealed, index)| Contact { sealed, index })
        };
        Self {
            id: person.id,
            account: person.account.clone(),
            name: person.name.clone(),
            kind: person.kind.clone(),
            gender: person.gender.clone(),
            grade: person.grade.clone(),
            title: person.title.clone(),
            phone: contact(&person.phone_sealed, &person.phone_index),
            email: contact(&person.email_sealed, &person.email_index),
            dingtalk_id: person.dingtalk_id.clone(),
            deputy_id: person.deputy_id,
            state: person.state,
        }
    }
}

impl Profile {
    /// An active person with a fresh id and nothing else known.
    pub fn of(account: &str, name: &str, kind: &str) -> Self {
        Self { account: Some(account.to_owned()), ..Self::outside(name, kind) }
    }

    /// Somebody without an account.
    pub fn outside(name: &str, kind: &str) -> Self {
        Self {
            id: PersonId::new(),
            account: None,
            name: name.to_owned(),
            kind: kind.to_owned(),
            gender: None,
            grade: None,
            title: None,
            phone: None,
            email: None,
            dingtalk_id: None,
            deputy_id: None,
            state: State::Active,
        }
    }

    fn row(&self) -> serde_json::Value {
        let index = |contact: &Option<Contact>| contact.as_ref().map(|each| hex(&each.index));
        let sealed = |contact: &Option<Contact>| contact.as_ref().map(|each| hex(&each.sealed));
        serde_json::json!({
            "id": self.id.simple(), "account": self.account, "name": self.name,
            "search": pinyin_keys::search_text(&self.name), "kind": self.kind, "gender": self.gender,
            "grade": self.grade, "title": self.title,
            "phone_sealed": sealed(&self.phone), "phone_index": index(&self.phone),
            "email_sealed": sealed(&self.email), "email_index": index(&self.email),
            "dingtalk_id": self.dingtalk_id, "deputy_id": self.deputy_id.map(PersonId::simple), "state": self.state,
        })
    }
}

/// Both writers run this text; they differ in what happens to an id that is already there.
macro_rules! write_people {
    ($tx:expr, $batch:expr, $at:expr, $tail:literal) => {{
        let rows = Json(&$batch.iter().map(Profile::row).collect::<Vec<_>>());
        let sql = each_row!(
            $tx,
            "insert into person (id, account, name, search, kind, gender, grade, title, phone_sealed, phone_index,
                                 email_sealed, email_index, dingtalk_id, deputy_id, state, created_at, updated_at)
             select id, account, name, search, kind, gender, grade, title, phone_sealed, phone_index,
                    email_sealed, email_index, dingtalk_id, deputy_id, state, $2, $2 from ",
            "$1",
            {
                id: uuid, account: text, name: text, search: text, kind: text, gender: text, grade: text,
                title: text, phone_sealed: bytea, phone_index: bytea, email_sealed: bytea, email_index: bytea,
                dingtalk_id: text, deputy_id: uuid, state: text
            },
            $tail
        );
        execute!($tx, sql, [rows, $at])
    }};
}

/// Until this transaction ends nobody else does anything that counts how much this person has.
pub async fn lock(tx: &mut Tx, person: PersonId) -> Result<Option<PersonId>> {
    debug_assert!(tx.keeps_locks());
    // SQLite has one writer, which this transaction is.
    let sql = dialect!(
        tx,
        sqlite: "select id from person where id = $1",
        postgres: "select id from person where id = $1 for no key update",
    );
    fetch_optional_value!(tx, PersonId, sql, [person])
}

/// Adds people; fails on an account that is taken.
pub async fn insert_many(tx: &mut Tx, people: &[Profile], at: Timestamp) -> Result<u64> {
    let mut added = 0;
    for batch in people.chunks(super::BATCH) {
        added += write_people!(tx, batch, at, "")?;
    }
    Ok(added)
}

/// Adds people and brings those whose id is already there up to date. The account stays.
pub async fn upsert_many(tx: &mut Tx, people: &[Profile], at: Timestamp) -> Result<u64> {
    let mut written = 0;
    for batch in people.chunks(super::BATCH) {
        written += write_people!(
            tx,
            batch,
            at,
            " where true on conflict (id) do update set
                name = excluded.name, search = excluded.search, kind = excluded.kind, gender = excluded.gender,
                grade = excluded.grade, title = excluded.title, phone_sealed = excluded.phone_sealed,
                phone_index = excluded.phone_index, email_sealed = excluded.email_sealed,
                email_index = excluded.email_index, dingtalk_id = excluded.dingtalk_id,
                deputy_id = excluded.deputy_id, state = excluded.state, updated_at = excluded.updated_at"
        )?;
    }
    Ok(written)
}

macro_rules! person {
    ($rest:literal) => {
        concat!(
            "select id, account, name, kind, gender, grade, title, phone_sealed, phone_index, email_sealed,
                    email_index, dingtalk_id, deputy_id, state, created_at, updated_at
               from person ",
            $rest
        )
    };
}

pub async fn find(tx: &mut Tx, id: PersonId) -> Result<Option<Person>> {
    fetch_optional!(tx, Person, person!("where id = $1"), [id])
}

pub async fn find_by_account(tx: &mut Tx, account: &str) -> Result<Option<Person>> {
    fetch_optional!(tx, Person, person!("where account = $1"), [account])
}

/// Everybody with an account who has this number: families and offices share one.
pub async fn list_by_phone(tx: &mut Tx, phone_index: &[u8]) -> Result<Vec<Person>> {
    fetch_all!(
        tx,
        Person,
        person!("where phone_index = $1 and account is not null order by id limit 100"),
        [phone_index]
    )
}

row! {
    /// An account with its name.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Named {
        pub account: String,
        pub name: String,
        /// The name of the primary department.
        pub department: Option<String>,
    }
}

/// Who has these accounts, whatever their state, in no order; nobody's are left out.
pub async fn list_named(tx: &mut Tx, accounts: &[String]) -> Result<Vec<Named>> {
    let sql = each!(
        tx,
        "select account, name,
                (select department.name from assignment
                   join department on department.id = assignment.department_id
                  where assignment.person_id = person.id
                  order by is_primary desc, assignment.position, department.id limit 1) as department
           from person where account in (",
        "$1",
        ")"
    );
    fetch_all!(tx, Named, sql, [Json(accounts)])
}

/// Of these phone numbers those that exactly one active person has, each with the account.
pub async fn list_sole_owners(tx: &mut Tx, phone_indexes: &[&[u8]]) -> Result<Vec<(Vec<u8>, String)>> {
    let wanted: BTreeSet<_> = phone_indexes.iter().map(|index| hex(index)).collect();
    let wanted = Json(wanted.iter().map(|index| serde_json::json!({"wanted": index})).collect::<Vec<_>>());
    let sql = each_row!(
        tx,
        "select phone_index, min(account) from person join ",
        "$1",
        { wanted: bytea },
        " on each.wanted = person.phone_index
          where account is not null and state = 'active' group by phone_index having count(*) = 1"
    );
    fetch_all!(tx, (Vec<u8>, String), sql, [&wanted])
}

/// The people with these ids, in no order.
pub async fn list(tx: &mut Tx, ids: &[PersonId]) -> Result<Vec<Person>> {
    let mut found = Vec::with_capacity(ids.len());
    for batch in ids.chunks(super::BATCH) {
        let sql = each_id!(tx, person!("where id in ("), "$1", ")");
        found.extend(fetch_all!(tx, Person, sql, [Json(simple(batch))])?);
    }
    Ok(found)
}

/// The people with these accounts, in no order; an account that nobody has is passed over.
pub async fn list_by_accounts(tx: &mut Tx, accounts: &[String]) -> Result<Vec<Person>> {
    let mut found = Vec::with_capacity(accounts.len());
    for batch in accounts.chunks(super::BATCH) {
        let sql = each!(tx, person!("where account in ("), "$1", ")");
        found.extend(fetch_all!(tx, Person, sql, [Json(batch)])?);
    }
    Ok(found)
}

/// Everybody with an account, in the order of their ids: `limit` of them after `after`.
pub async fn list_page(tx: &mut Tx, after: Option<PersonId>, limit: i64) -> Result<Vec<Person>> {
    let after = after.unwrap_or(PersonId(uuid::Uuid::nil()));
    fetch_all!(tx, Person, person!("where account is not null and id > $1 order by id limit $2"), [after, limit])
}

/// Active people with an account.
pub async fn count_active(tx: &mut Tx) -> Result<i64> {
    fetch_value!(tx, i64, "select count(*) from person where account is not null and state = 'active'", [])
}

/// 代理人: who is asked when this person does not answer.
pub async fn set_deputy(tx: &mut Tx, id: PersonId, deputy: Option<PersonId>, at: Timestamp) -> Result<bool> {
    let changed = execute!(tx, "update person set deputy_id = $2, updated_at = $3 where id = $1", [id, deputy, at])?;
    Ok(changed == 1)
}

/// Freezes, resigns or reinstates. False: already so, or not there.
pub async fn set_state(tx: &mut Tx, id: PersonId, state: State, at: Timestamp) -> Result<bool> {
    let changed =
        execute!(tx, "update person set state = $2, updated_at = $3 where id = $1 and state <> $2", [id, state, at])?;
    Ok(changed == 1)
}

/// Ids as `each_id!` takes them.
pub(super) fn simple(ids: &[PersonId]) -> Vec<String> {
    ids.iter().map(|id| id.simple()).collect()
}
