//! Table `approval_delegation`: who decides in whose place, and for how long.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{DelegationId, PersonId},
};

row! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Delegation {
        pub id: DelegationId,
        pub person_id: PersonId,
        pub person_name: String,
        pub deputy_id: PersonId,
        pub deputy_name: String,
        pub from_at: Timestamp,
        pub until_at: Timestamp,
    }
}

macro_rules! delegations {
    ($where:literal) => {
        concat!(
            "select approval_delegation.id, approval_delegation.person_id, person.name as person_name,
                    approval_delegation.deputy_id, deputy.name as deputy_name, approval_delegation.from_at,
                    approval_delegation.until_at
               from approval_delegation
               join person on person.id = approval_delegation.person_id
               join person as deputy on deputy.id = approval_delegation.deputy_id
              where approval_delegation.ended_at is null and ",
            $where,
            " order by approval_delegation.from_at, approval_delegation.id limit 100"
        )
    };
}

pub async fn insert(tx: &mut Tx, delegation: &Delegation, at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "insert into approval_delegation (id, person_id, deputy_id, from_at, until_at, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        [delegation.id, delegation.person_id, delegation.deputy_id, delegation.from_at, delegation.until_at, at]
    )
}

/// What has not ended and lasts beyond `now`, of this principal.
pub async fn list_of_principal(tx: &mut Tx, person: PersonId, now: Timestamp) -> Result<Vec<Delegation>> {
    fetch_all!(
        tx,
        Delegation,
        delegations!("approval_delegation.person_id = $1 and approval_delegation.until_at > $2"),
        [person, now]
    )
}

/// Whose deputy somebody is at this moment, or will be.
pub async fn list_of_deputy(tx: &mut Tx, person: PersonId, now: Timestamp) -> Result<Vec<Delegation>> {
    fetch_all!(
        tx,
        Delegation,
        delegations!("approval_delegation.deputy_id = $1 and approval_delegation.until_at > $2"),
        [person, now]
    )
}

/// Those who decide for any of `people` at this moment, and for whom.
pub async fn list_acting(tx: &mut Tx, people: &[PersonId], now: Timestamp) -> Result<Vec<Delegation>> {
    let people = Json(people.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "select approval_delegation.id, approval_delegation.person_id, person.name as person_name,
                approval_delegation.deputy_id, deputy.name as deputy_name, approval_delegation.from_at,
                approval_delegation.until_at
           from approval_delegation
           join person on person.id = approval_delegation.person_id
           join person as deputy on deputy.id = approval_delegation.deputy_id and deputy.state = 'active'
          where approval_delegation.ended_at is null and approval_delegation.from_at <= $1
            and approval_delegation.until_at > $1 and approval_delegation.person_id in (",
        "$2",
        ") order by approval_delegation.from_at, approval_delegation.id limit 200"
    );
    fetch_all!(tx, Delegation, sql, [now, &people])
}

/// Ends it before its time; false when it is over, or not this principal's.
pub async fn end(tx: &mut Tx, id: DelegationId, person: PersonId, now: Timestamp) -> Result<bool> {
    let ended = execute!(
        tx,
        "update approval_delegation set ended_at = $3
          where id = $1 and person_id = $2 and ended_at is null and until_at > $3",
        [id, person, now]
    )?;
    Ok(ended == 1)
}
