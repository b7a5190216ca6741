//! Tables `department` and `department_ancestor`.
//!
//! The second always holds every department with each of its ancestors and itself: whatever
//! changes the tree keeps it right in the same transaction.

use serde::Serialize;

use super::{Json, Result, Tx};
use crate::domain::{DepartmentId, PersonId};

/// A department deeper than this is refused (reliability: bad input 36).
pub const DEEPEST: i64 = 20;

row! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Department {
        pub id: DepartmentId,
        /// Stable, for programs: `jwc`.
        pub code: String,
        pub name: String,
        pub parent_id: Option<DepartmentId>,
        /// Small ones come first among siblings.
        pub position: i64,
    }
}

row! {
    /// A node of the tree with its active people.
    #[derive(Debug, Clone, Serialize)]
    pub struct Branch {
        pub id: DepartmentId,
        pub code: String,
        pub name: String,
        pub parent_id: Option<DepartmentId>,
        pub position: i64,
        /// 1 for a root.
        pub depth: i64,
        /// Its own and those of all departments below it, each once.
        pub people: i64,
    }
}

/// What became of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    Done,
    /// The place asked for lies inside the department itself.
    IntoItself,
    TooDeep,
}

/// What became of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    Done,
    /// It still has so many people or departments of its own.
    NotEmpty {
        people: i64,
        departments: i64,
    },
}

/// Adds departments; a parent is among them or already there. Fails on a code that is taken.
pub async fn insert_many(tx: &mut Tx, departments: &[Department]) -> Result<u64> {
    let mut added = 0;
    for batch in departments.chunks(super::BATCH) {
        added += insert_batch(tx, batch).await?;
    }
    Ok(added)
}

async fn insert_batch(tx: &mut Tx, batch: &[Department]) -> Result<u64> {
    let rows: Vec<_> = batch
        .iter()
        .map(|one| {
            serde_json::json!({
                "id": one.id.simple(), "code": one.code, "name": one.name,
                "parent_id": one.parent_id.map(DepartmentId::simple), "position": one.position,
            })
        })
        .collect();
    let rows = Json(&rows);
    let sql = each_row!(
        tx,
        "insert into department (id, code, name, parent_id, position) select id, code, name, parent_id, position from ",
        "$1",
        { id: uuid, code: text, name: text, parent_id: uuid, position: bigint },
        ""
    );
    let added = execute!(tx, sql, [&rows])?;
    // `union` drops what was seen, so even a circle would end.
    let sql = each_row!(
        tx,
        "with recursive up (department_id, ancestor_id) as (select id, id from ",
        "$1",
        { id: uuid },
        " union select up.department_id, department.parent_id
            from up join department on department.id = up.ancestor_id where department.parent_id is not null)
         insert into department_ancestor (department_id, ancestor_id)
         select department_id, ancestor_id from up where true on conflict do nothing"
    );
    execute!(tx, sql, [&rows])?;
    Ok(added)
}

pub async fn find(tx: &mut Tx, id: DepartmentId) -> Result<Option<Department>> {
    fetch_optional!(tx, Department, "select id, code, name, parent_id, position from department where id = $1", [id])
}

pub async fn find_by_code(tx: &mut Tx, code: &str) -> Result<Option<Department>> {
    fetch_optional!(
        tx,
        Department,
        "select id, code, name, parent_id, position from department where code = $1",
        [code]
    )
}

/// Every department; there are a few thousand at most.
pub async fn list(tx: &mut Tx) -> Result<Vec<Department>> {
    fetch_all!(tx, Department, "select id, code, name, parent_id, position from department order by position, id", [])
}

/// The whole tree with head counts; siblings in their order.
pub async fn list_tree(tx: &mut Tx) -> Result<Vec<Branch>> {
    fetch_all!(
        tx,
        Branch,
        "select department.id, code, name, parent_id, position,
                (select count(*) from department_ancestor up where up.department_id = department.id) as depth,
                coalesce(heads.people, 0) as people
           from department
           left join (select down.ancestor_id, count(distinct assignment.person_id) as people
                        from department_ancestor down
                        join assignment on assignment.department_id = down.department_id
                        join person on person.id = assignment.person_id and person.state = 'active'
                       group by down.ancestor_id) heads on heads.ancestor_id = department.id
          order by position, department.id",
        []
    )
}

/// Itself first, then upwards.
pub async fn list_ancestors(tx: &mut Tx, id: DepartmentId) -> Result<Vec<Department>> {
    fetch_all!(
        tx,
        Department,
        "select department.id, code, name, parent_id, position
           from department_ancestor up join department on department.id = up.ancestor_id
          where up.department_id = $1
          order by (select count(*) from department_ancestor further where further.department_id = department.id) desc",
        [id]
    )
}

/// Itself and everything below it.
pub async fn list_below(tx: &mut Tx, id: DepartmentId) -> Result<Vec<DepartmentId>> {
    fetch_values!(
        tx,
        DepartmentId,
        "select department_id from department_ancestor where ancestor_id = $1 order by department_id",
        [id]
    )
}

/// `inner` is `outer` or lies below it.
pub async fn is_within(tx: &mut Tx, inner: DepartmentId, outer: DepartmentId) -> Result<bool> {
    let found = fetch_value!(
        tx,
        i64,
        "select count(*) from department_ancestor where department_id = $1 and ancestor_id = $2",
        [inner, outer]
    )?;
    Ok(found > 0)
}

/// 1 for a root, 0 for a department that is not there.
pub async fn depth(tx: &mut Tx, id: DepartmentId) -> Result<i64> {
    fetch_value!(tx, i64, "select count(*) from department_ancestor where department_id = $1", [id])
}

pub async fn update(tx: &mut Tx, id: DepartmentId, name: &str, position: i64) -> Result<bool> {
    let changed = execute!(tx, "update department set name = $2, position = $3 where id = $1", [id, name, position])?;
    Ok(changed == 1)
}

/// Hangs a department with everything below it under another parent, or makes it a root.
pub async fn move_to(tx: &mut Tx, id: DepartmentId, parent: Option<DepartmentId>) -> Result<Moved> {
    if let Some(parent) = parent {
        if is_within(tx, parent, id).await? {
            return Ok(Moved::IntoItself);
        }
        if depth(tx, parent).await? + height(tx, id).await? > DEEPEST {
            return Ok(Moved::TooDeep);
        }
    }
    execute!(tx, "update department set parent_id = $2 where id = $1", [id, parent])?;
    // The subtree keeps its own inner pairs and loses those that lead out of it …
    execute!(
        tx,
        "delete from department_ancestor
          where department_id in (select department_id from department_ancestor where ancestor_id = $1)
            and ancestor_id not in (select department_id from department_ancestor where ancestor_id = $1)",
        [id]
    )?;
    // … then every member of it gets every ancestor of the parent.
    execute!(
        tx,
        "insert into department_ancestor (department_id, ancestor_id)
         select inside.department_id, above.ancestor_id
           from department_ancestor inside cross join department_ancestor above
          where inside.ancestor_id = $1 and above.department_id = $2",
        [id, parent]
    )?;
    Ok(Moved::Done)
}

/// Levels of the subtree, itself counted.
async fn height(tx: &mut Tx, id: DepartmentId) -> Result<i64> {
    let deepest = fetch_value!(
        tx,
        i64,
        "select coalesce(max(depth), 0) from (
            select count(*) as depth from department_ancestor up
             where up.department_id in (select department_id from department_ancestor where ancestor_id = $1)
             group by up.department_id) depths",
        [id]
    )?;
    Ok(deepest - depth(tx, id).await? + 1)
}

/// Only a department without people and without departments of its own goes.
pub async fn remove(tx: &mut Tx, id: DepartmentId) -> Result<Removed> {
    let (people, departments) = fetch_one!(
        tx,
        (i64, i64),
        "select (select count(*) from assignment where department_id = $1),
                (select count(*) from department where parent_id = $1)",
        [id]
    )?;
    if people + departments > 0 {
        return Ok(Removed::NotEmpty { people, departments });
    }
    execute!(tx, "delete from department_ancestor where department_id = $1", [id])?;
    execute!(tx, "delete from department where id = $1", [id])?;
    Ok(Removed::Done)
}

/// Those marked as its heads 部门负责人, in their order.
pub async fn list_heads(tx: &mut Tx, id: DepartmentId) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "select person_id from assignment join person on person.id = assignment.person_id
          where department_id = $1 and is_head and person.state = 'active' order by position, person_id",
        [id]
    )
}
