//! Who could be asked to approve what somebody sends: read from the directory and `person_role`.

use super::{Json, Result, Tx};
use crate::domain::PersonId;

/// The codes of the departments that a person has a post in.
pub async fn departments_of(tx: &mut Tx, person: PersonId) -> Result<Vec<String>> {
    fetch_values!(
        tx,
        String,
        "select department.code from assignment join department on department.id = assignment.department_id
          where assignment.person_id = $1 order by assignment.is_primary desc, department.code limit 50",
        [person]
    )
}

/// The active heads of a person's primary department, or of the nearest one above that has a head
/// other than himself.
pub async fn nearest_heads(tx: &mut Tx, person: PersonId) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "with recursive up (id, parent_id, depth) as (
             select department.id, department.parent_id, 0 from department
               join assignment on assignment.department_id = department.id
              where assignment.person_id = $1 and assignment.is_primary
             union all
             select department.id, department.parent_id, up.depth + 1
               from department join up on department.id = up.parent_id
         ),
         heads (person_id, depth) as (
             select assignment.person_id, up.depth from up
               join assignment on assignment.department_id = up.id and assignment.is_head
               join person on person.id = assignment.person_id and person.state = 'active'
              where assignment.person_id <> $1
         )
         select distinct person_id from heads where depth = (select min(depth) from heads)
          order by person_id limit 20",
        [person]
    )
}

/// Everybody active with the role `approver`, without `except`.
pub async fn role_holders(tx: &mut Tx, except: Option<PersonId>) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "select person_role.person_id from person_role
           join person on person.id = person_role.person_id and person.state = 'active'
          where person_role.role = 'approver' and ($1 is null or person_role.person_id <> $1)
          order by person_role.person_id limit 100",
        [except]
    )
}

/// Those of these accounts who are active, without `except`.
pub async fn named(tx: &mut Tx, accounts: &[String], except: Option<PersonId>) -> Result<Vec<PersonId>> {
    let accounts = Json(accounts);
    let sql = each!(
        tx,
        "select person.id from person
          where person.state = 'active' and ($1 is null or person.id <> $1) and person.account in (",
        "$2",
        ") order by person.id limit 100"
    );
    fetch_values!(tx, PersonId, sql, [except, &accounts])
}

/// Whether somebody active may approve at all: a head, or with the role.
pub async fn may_approve(tx: &mut Tx, person: PersonId) -> Result<bool> {
    fetch_value!(
        tx,
        bool,
        concat!(
            "select exists (select 1 from person where person.id = $1 and person.state = 'active' and ",
            may_approve!("person.id"),
            ")"
        ),
        [person]
    )
}

/// The departments that a person has a post in and all above them, and whether he is head of one.
pub async fn standing_of(tx: &mut Tx, person: PersonId) -> Result<(Vec<String>, bool)> {
    let departments = fetch_values!(
        tx,
        String,
        "select distinct department.code from assignment
           join department_ancestor on department_ancestor.department_id = assignment.department_id
           join department on department.id = department_ancestor.ancestor_id
          where assignment.person_id = $1 order by department.code limit 200",
        [person]
    )?;
    let is_head = fetch_value!(
        tx,
        bool,
        "select exists (select 1 from assignment where assignment.person_id = $1 and assignment.is_head)",
        [person]
    )?;
    Ok((departments, is_head))
}

/// Names in the order of the list, of those who are known.
pub async fn names(tx: &mut Tx, people: &[PersonId]) -> Result<Vec<String>> {
    let people = Json(people.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(tx, "select name from person where id in (", "$1", ") order by name, id limit 200");
    fetch_values!(tx, String, sql, [&people])
}

row! {
    /// Somebody to choose.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Colleague {
        pub id: PersonId,
        pub account: String,
        pub name: String,
        /// the primary one; empty for none
        pub department: String,
        pub may_approve: bool,
    }
}

macro_rules! colleagues {
    ($where:expr) => {
        concat!(
            "select person.id, person.account, person.name, ",
            may_approve!("person.id"),
            " as may_approve,
                    coalesce((select min(department.name) from assignment
                                join department on department.id = assignment.department_id
                               where assignment.person_id = person.id and assignment.is_primary), '') as department
               from person where person.state = 'active' and person.account is not null and ",
            $where
        )
    };
}

/// Everybody active of this name who has an account; ten at most.
pub async fn list_named(tx: &mut Tx, name: &str) -> Result<Vec<Colleague>> {
    fetch_all!(tx, Colleague, colleagues!("person.name = $1 order by person.account, person.id limit 10"), [name])
}

/// Colleagues who may approve: those with the role first, without `except`.
pub async fn list_candidates(tx: &mut Tx, except: &[PersonId]) -> Result<Vec<Colleague>> {
    let except = Json(except.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        colleagues!(concat!(may_approve!("person.id"), " and person.id not in (")),
        "$1",
        ") order by not exists (select 1 from person_role
                                 where person_role.person_id = person.id and person_role.role = 'approver'),
                    person.name, person.id limit 100"
    );
    fetch_all!(tx, Colleague, sql, [&except])
}
