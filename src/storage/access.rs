//! Tables `person_role` and `credential`: who may do what, and what their password hashes to.

use super::{Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{PersonId, person::Role},
};

/// False: they have it already.
pub async fn grant(tx: &mut Tx, person: PersonId, role: Role) -> Result<bool> {
    let added = execute!(
        tx,
        "insert into person_role (person_id, role) values ($1, $2) on conflict do nothing",
        [person, role]
    )?;
    Ok(added == 1)
}

/// False: they did not have it.
pub async fn revoke(tx: &mut Tx, person: PersonId, role: Role) -> Result<bool> {
    let removed = execute!(tx, "delete from person_role where person_id = $1 and role = $2", [person, role])?;
    Ok(removed == 1)
}

pub async fn list_roles(tx: &mut Tx, person: PersonId) -> Result<Vec<Role>> {
    fetch_values!(tx, Role, "select role from person_role where person_id = $1 order by role", [person])
}

/// Active people with this role, the longest known first.
pub async fn list_holders(tx: &mut Tx, role: Role) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "select person_id from person_role join person on person.id = person_role.person_id
          where role = $1 and person.state = 'active' order by person_id limit 1000",
        [role]
    )
}

row! {
    #[derive(Debug, Clone)]
    pub struct Credential {
        pub person_id: PersonId,
        /// argon2id, in PHC form
        pub password_hash: String,
        /// wrong ones since the last right one
        pub failures: i64,
        pub locked_until: Option<Timestamp>,
    }
}

pub async fn find_credential(tx: &mut Tx, person: PersonId) -> Result<Option<Credential>> {
    fetch_optional!(
        tx,
        Credential,
        "select person_id, password_hash, failures, locked_until from credential where person_id = $1",
        [person]
    )
}

/// Sets or replaces the password; what failed before is forgotten.
pub async fn set_password(tx: &mut Tx, person: PersonId, password_hash: &str, at: Timestamp) -> Result<()> {
    execute!(
        tx,
        "insert into credential (person_id, password_hash, changed_at, failures, locked_until)
         values ($1, $2, $3, 0, null)
         on conflict (person_id) do update set password_hash = excluded.password_hash,
            changed_at = excluded.changed_at, failures = 0, locked_until = null",
        [person, password_hash, at]
    )?;
    Ok(())
}

/// Replaces the password if it is still `present`; whoever comes second gets `false`.
pub async fn replace_password(tx: &mut Tx, person: PersonId, present: &str, next: &str, at: Timestamp) -> Result<bool> {
    let replaced = execute!(
        tx,
        "update credential set password_hash = $3, changed_at = $4, failures = 0, locked_until = null
          where person_id = $1 and password_hash = $2",
        [person, present, next, at]
    )?;
    Ok(replaced == 1)
}

/// Counts one more failure: how many there are now. None: nobody's password.
pub async fn count_failure(tx: &mut Tx, person: PersonId) -> Result<Option<i64>> {
    fetch_optional_value!(
        tx,
        i64,
        "update credential set failures = failures + 1 where person_id = $1 returning failures",
        [person]
    )
}

pub async fn lock(tx: &mut Tx, person: PersonId, until: Timestamp) -> Result<u64> {
    execute!(tx, "update credential set locked_until = $2 where person_id = $1", [person, until])
}

pub async fn clear_failures(tx: &mut Tx, person: PersonId) -> Result<u64> {
    execute!(
        tx,
        "update credential set failures = 0, locked_until = null where person_id = $1 and failures > 0",
        [person]
    )
}
