//! What the verbs ask of table `person`: whose account, which name, who stands in for whom.

use super::{Json, Result, Tx};
use crate::{clock::Timestamp, domain::PersonId};

/// The accounts of those who are active and have one.
pub async fn accounts_of(tx: &mut Tx, people: &[PersonId]) -> Result<Vec<String>> {
    let people = Json(people.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "select account from person where account is not null and state = 'active' and id in (",
        "$1",
        ") order by account limit 1000"
    );
    fetch_values!(tx, String, sql, [&people])
}

pub async fn id_of(tx: &mut Tx, account: &str) -> Result<Option<PersonId>> {
    fetch_optional_value!(tx, PersonId, "select id from person where account = $1 and state = 'active'", [account])
}

pub async fn name_of(tx: &mut Tx, person: PersonId) -> Result<Option<String>> {
    fetch_optional_value!(tx, String, "select name from person where id = $1", [person])
}

/// His active deputy.
pub async fn deputy_of(tx: &mut Tx, person: PersonId) -> Result<Option<PersonId>> {
    fetch_optional_value!(
        tx,
        PersonId,
        "select deputy.id from person join person as deputy on deputy.id = person.deputy_id
          where person.id = $1 and deputy.state = 'active'",
        [person]
    )
}

/// Name and primary department, as they stand under a message.
pub async fn signature_of(tx: &mut Tx, person: PersonId) -> Result<Option<(String, String)>> {
    fetch_optional!(
        tx,
        (String, String),
        "select person.name, coalesce(department.name, '') from person
           left join assignment on assignment.person_id = person.id and assignment.is_primary
           left join department on department.id = assignment.department_id
          where person.id = $1 and person.state = 'active' limit 1",
        [person]
    )
}

/// Somebody outside the organisation, found again by the index of his phone or mail address.
#[derive(Debug, Clone)]
pub struct Outsider {
    pub name: String,
    pub phone: Option<Sealed>,
    pub email: Option<Sealed>,
}

/// A sealed value and the index to find it by.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub sealed: Vec<u8>,
    pub index: Vec<u8>,
}

/// The outsider with this phone number, or else this mail address; written when there is none.
pub async fn find_or_insert_outsider(tx: &mut Tx, outsider: &Outsider, at: Timestamp) -> Result<PersonId> {
    let phone = outsider.phone.as_ref().map(|phone| phone.index.clone());
    let email = outsider.email.as_ref().map(|email| email.index.clone());
    let found = fetch_optional_value!(
        tx,
        PersonId,
        "select id from person
          where account is null and kind = 'external' and name = $3
            and (phone_index = $1 or (phone_index is null and email_index = $2))
          order by id limit 1",
        [&phone, &email, &outsider.name]
    )?;
    if let Some(found) = found {
        return Ok(found);
    }
    let id = PersonId::new();
    execute!(
        tx,
        "insert into person (id, name, search, kind, phone_sealed, phone_index, email_sealed, email_index, state,
                             created_at, updated_at)
         values ($1, $2, lower($2), 'external', $3, $4, $5, $6, 'active', $7, $7)",
        [
            id,
            &outsider.name,
            outsider.phone.as_ref().map(|phone| phone.sealed.clone()),
            &phone,
            outsider.email.as_ref().map(|email| email.sealed.clone()),
            &email,
            at
        ]
    )?;
    Ok(id)
}
