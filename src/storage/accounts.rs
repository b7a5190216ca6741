//! What the verbs ask of table `person`: whose account, which name, who stands in for whom.

use super::{Json, Result, Tx};
use crate::domain::PersonId;

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
