//! Table `assignment`: who belongs to which department, in which place, and who heads it.

use super::{Json, Result, Tx, people::simple};
use crate::domain::{DepartmentId, PersonId};

row! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Assignment {
        pub person_id: PersonId,
        pub department_id: DepartmentId,
        /// 主职; a person has one.
        pub is_primary: bool,
        /// 部门负责人
        pub is_head: bool,
        /// Small ones come first within the department.
        pub position: i64,
    }
}

/// Adds assignments; one that is already there is replaced.
pub async fn insert_many(tx: &mut Tx, assignments: &[Assignment]) -> Result<u64> {
    let mut added = 0;
    for batch in assignments.chunks(super::BATCH) {
        let rows: Vec<_> = batch
            .iter()
            .map(|one| {
                serde_json::json!({
                    "person_id": one.person_id.simple(), "department_id": one.department_id.simple(),
                    "is_primary": one.is_primary, "is_head": one.is_head, "position": one.position,
                })
            })
            .collect();
        let sql = each_row!(
            tx,
            "insert into assignment (person_id, department_id, is_primary, is_head, position)
             select person_id, department_id, is_primary, is_head, position from ",
            "$1",
            { person_id: uuid, department_id: uuid, is_primary: boolean, is_head: boolean, position: bigint },
            " where true on conflict (person_id, department_id) do update set is_primary = excluded.is_primary,
                is_head = excluded.is_head, position = excluded.position"
        );
        added += execute!(tx, sql, [Json(&rows)])?;
    }
    Ok(added)
}

/// Takes these people out of every department.
pub async fn remove_all_of(tx: &mut Tx, people: &[PersonId]) -> Result<u64> {
    let mut removed = 0;
    for batch in people.chunks(super::BATCH) {
        let sql = each_id!(tx, "delete from assignment where person_id in (", "$1", ")");
        removed += execute!(tx, sql, [Json(simple(batch))])?;
    }
    Ok(removed)
}

/// The departments of these people, each person's primary one first.
pub async fn list_of(tx: &mut Tx, people: &[PersonId]) -> Result<Vec<Assignment>> {
    let mut found = Vec::new();
    for batch in people.chunks(super::BATCH) {
        let sql = each_id!(
            tx,
            "select person_id, department_id, is_primary, is_head, position from assignment where person_id in (",
            "$1",
            ") order by person_id, is_primary desc, position, department_id"
        );
        found.extend(fetch_all!(tx, Assignment, sql, [Json(simple(batch))])?);
    }
    Ok(found)
}

/// This person heads a department, any.
pub async fn is_head(tx: &mut Tx, person: PersonId) -> Result<bool> {
    let headed = fetch_value!(tx, i64, "select count(*) from assignment where person_id = $1 and is_head", [person])?;
    Ok(headed > 0)
}
