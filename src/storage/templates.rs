//! Table `message_template`: what is written again and again.

use super::{Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{DepartmentId, PersonId},
};

row! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Template {
        /// Stable, for programs.
        pub name: String,
        /// For people; empty for one that only programs know.
        pub label: String,
        pub title: String,
        pub body: String,
        pub signature: String,
        /// Whose it is, with all below; none: everybody's.
        pub department_id: Option<DepartmentId>,
        pub department_name: Option<String>,
    }
}

macro_rules! template {
    ($rest:literal) => {
        concat!(
            "select message_template.name, label, title, body, signature, department_id,
                    department.name as department_name
               from message_template left join department on department.id = department_id ",
            $rest
        )
    };
}

/// Those that somebody may use: everybody's, and those of his departments and of all above them; with
/// `all` every one.
pub async fn list_for(tx: &mut Tx, person: PersonId, all: bool, limit: i64) -> Result<Vec<Template>> {
    fetch_all!(
        tx,
        Template,
        template!(
            "where $2 or department_id is null or exists (
                select 1 from assignment
                  join department_ancestor up on up.department_id = assignment.department_id
                 where assignment.person_id = $1 and up.ancestor_id = message_template.department_id)
             order by label, message_template.name limit $3"
        ),
        [person, all, limit]
    )
}

pub async fn find(tx: &mut Tx, name: &str) -> Result<Option<Template>> {
    fetch_optional!(tx, Template, template!("where message_template.name = $1"), [name])
}

/// Adds one or writes it anew.
pub async fn save(tx: &mut Tx, template: &Template, at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "insert into message_template (name, label, title, body, signature, department_id, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (name) do update set label = excluded.label, title = excluded.title, body = excluded.body,
            signature = excluded.signature, department_id = excluded.department_id, updated_at = excluded.updated_at",
        [
            &template.name,
            &template.label,
            &template.title,
            &template.body,
            &template.signature,
            template.department_id,
            at
        ]
    )
}

pub async fn remove(tx: &mut Tx, name: &str) -> Result<bool> {
    Ok(execute!(tx, "delete from message_template where name = $1", [name])? == 1)
}

/// The departments that this person heads, with all below them.
pub async fn list_headed(tx: &mut Tx, person: PersonId) -> Result<Vec<DepartmentId>> {
    fetch_values!(
        tx,
        DepartmentId,
        "select distinct up.department_id
           from assignment join department_ancestor up on up.ancestor_id = assignment.department_id
          where assignment.person_id = $1 and assignment.is_head",
        [person]
    )
}
