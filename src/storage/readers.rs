//! What a text can name of its reader: `person` with the department of his primary post.

use std::collections::HashMap;

use super::{Json, Result, Tx};
use crate::domain::{
    MessageId, PersonId,
    personal::{Reader, Trait},
};

row! {
    #[derive(Debug, Clone)]
    pub struct Line {
        pub id: PersonId,
        pub name: String,
        pub account: Option<String>,
        pub title: Option<String>,
        pub department: Option<String>,
    }
}

/// What texts can name of these people.
pub async fn list(tx: &mut Tx, people: &[PersonId]) -> Result<HashMap<PersonId, Reader>> {
    let people = Json(people.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "select person.id, person.name, person.account, person.title, department.name as department
           from person
           left join assignment on assignment.person_id = person.id and assignment.is_primary
           left join department on department.id = assignment.department_id
          where person.id in (",
        "$1",
        ")"
    );
    let lines: Vec<Line> = fetch_all!(tx, Line, sql, [&people])?;
    let reader = |line: Line| {
        let reader = Reader {
            name: line.name,
            department: line.department.unwrap_or_default(),
            account: line.account.unwrap_or_default(),
            title: line.title.unwrap_or_default(),
        };
        (line.id, reader)
    };
    Ok(lines.into_iter().map(reader).collect())
}

/// How many recipients of a message have nothing for a text to name.
pub async fn count_lacking(tx: &mut Tx, message: MessageId, of: Trait) -> Result<i64> {
    let column = match of {
        Trait::Name => return Ok(0),
        Trait::Department => "department",
        Trait::Account => "account",
        Trait::Title => "title",
    };
    fetch_value!(
        tx,
        i64,
        "select count(*) from recipient join person on person.id = recipient.person_id
          where recipient.message_id = $1
            and (($2 = 'account' and person.account is null)
              or ($2 = 'title' and coalesce(person.title, '') = '')
              or ($2 = 'department' and not exists (
                 select 1 from assignment where assignment.person_id = person.id and assignment.is_primary)))",
        [message, column]
    )
}
