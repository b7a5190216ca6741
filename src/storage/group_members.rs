//! Table `person_group_member`: who is listed in a group, in the owner's order. Whom a group follows
//! with a department is not listed here; `list_followed` looks them up.

use super::{Json, Result, Tx, people::simple};
use crate::domain::{
    DepartmentId, GroupId, PersonId, contact,
    person::State,
    pinyin_keys,
    seal::{CannotOpen, Sealer},
};

row! {
    /// A line of a group; phone number and address stay sealed.
    #[derive(Debug, Clone)]
    pub struct Member {
        pub id: PersonId,
        /// None: somebody outside the organisation.
        pub account: Option<String>,
        pub name: String,
        pub state: State,
        pub phone_sealed: Option<Vec<u8>>,
        pub email_sealed: Option<Vec<u8>>,
        /// The name of the primary department.
        pub department: Option<String>,
        pub note: String,
        /// With `id` the place in the list.
        pub position: i64,
    }
}

impl Member {
    /// Phone number and e-mail address, opened.
    pub fn addresses(&self, sealer: &Sealer) -> Opened {
        let phone = self.phone_sealed.as_deref().map(|sealed| contact::open_phone(sealer, sealed)).transpose()?;
        let email = self.email_sealed.as_deref().map(|sealed| contact::open_email(sealer, sealed)).transpose()?;
        Ok((phone, email))
    }
}

type Opened = std::result::Result<(Option<String>, Option<String>), CannotOpen>;

/// Somebody to be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub person: PersonId,
    pub note: String,
}

/// Before everybody.
pub const START: (i64, PersonId) = (i64::MIN, PersonId(uuid::Uuid::nil()));

/// Lists these at the end, in their order; those listed already stay as they are.
pub async fn add(tx: &mut Tx, group: GroupId, listings: &[Listing]) -> Result<u64> {
    let mut added = 0;
    for batch in listings.chunks(super::BATCH) {
        let rows: Vec<_> = (1..)
            .zip(batch)
            .map(|(nth, each): (i64, _)| {
                serde_json::json!({ "person_id": each.person.simple(), "nth": nth, "note": each.note })
            })
            .collect();
        let sql = each_row!(
            tx,
            "insert into person_group_member (group_id, person_id, position, note)
             select $2, person_id, nth + (
                select coalesce(max(position), 0) from person_group_member where group_id = $2), note from ",
            "$1",
            { person_id: uuid, nth: bigint, note: text },
            " where true on conflict do nothing"
        );
        added += execute!(tx, sql, [Json(&rows), group])?;
    }
    Ok(added)
}

/// Lists everybody of these departments, and with `recursive` of all below.
pub async fn add_departments(tx: &mut Tx, group: GroupId, codes: &[String], recursive: bool) -> Result<u64> {
    let codes = Json(codes);
    let sql = each!(
        tx,
        "insert into person_group_member (group_id, person_id, position)
         select $1, found.id, row_number() over (order by found.place, found.id) + (
                select coalesce(max(position), 0) from person_group_member where group_id = $1)
           from (select person.id, min(assignment.position) as place from department
                   join department_ancestor on department_ancestor.ancestor_id = department.id
                    and ($3 or department_ancestor.department_id = department.id)
                   join assignment on assignment.department_id = department_ancestor.department_id
                   join person on person.id = assignment.person_id
                  where person.state = 'active' and person.account is not null and department.code in (",
        "$2",
        ") group by person.id) found
          where not exists (
                select 1 from person_group_member member
                 where member.group_id = $1 and member.person_id = found.id)"
    );
    execute!(tx, sql, [group, &codes, recursive])
}

pub async fn remove(tx: &mut Tx, group: GroupId, people: &[PersonId]) -> Result<u64> {
    let sql = each_id!(tx, "delete from person_group_member where group_id = $2 and person_id in (", "$1", ")");
    execute!(tx, sql, [Json(simple(people)), group])
}

pub async fn count(tx: &mut Tx, group: GroupId) -> Result<i64> {
    fetch_value!(tx, i64, "select count(*) from person_group_member where group_id = $1", [group])
}

macro_rules! member {
    ($rest:literal) => {
        concat!(
            "select person.id, account, person.name, state, phone_sealed, email_sealed, note, member.position,
                    (select department.name from assignment
                       join department on department.id = assignment.department_id
                      where assignment.person_id = person.id
                      order by is_primary desc, assignment.position, department.id limit 1) as department
               from person_group_member member join person on person.id = member.person_id ",
            $rest
        )
    };
}

/// `limit` members whose name, its sound, or account holds `text`, from behind `after` on.
pub async fn list(tx: &mut Tx, group: GroupId, text: &str, after: (i64, PersonId), limit: i64) -> Result<Vec<Member>> {
    let typed = pinyin_keys::query(text);
    fetch_all!(
        tx,
        Member,
        member!(
            "where group_id = $1 and (member.position, person.id) > ($2, $3)
               and ($4 = '' or search like $5 escape '\\' or lower(account) like $5 escape '\\')
             order by member.position, person.id limit $6"
        ),
        [group, after.0, after.1, typed.as_str(), super::containing(&typed), limit]
    )
}

pub async fn find(tx: &mut Tx, group: GroupId, person: PersonId) -> Result<Option<Member>> {
    fetch_optional!(tx, Member, member!("where group_id = $1 and person.id = $2"), [group, person])
}

/// Those of `people` who are listed, in the group's order, with their notes.
pub async fn list_chosen(tx: &mut Tx, group: GroupId, people: &[PersonId]) -> Result<Vec<Listing>> {
    let sql = each_id!(
        tx,
        "select person_id, note from person_group_member where group_id = $2 and person_id in (",
        "$1",
        ") order by position, person_id"
    );
    let found: Vec<(PersonId, String)> = fetch_all!(tx, (PersonId, String), sql, [Json(simple(people)), group])?;
    Ok(found.into_iter().map(|(person, note)| Listing { person, note }).collect())
}

/// Another person in the place of one, and another note. False: that one is listed already.
pub async fn replace(tx: &mut Tx, group: GroupId, person: PersonId, by: &Listing) -> Result<bool> {
    let changed = execute!(
        tx,
        "update person_group_member set person_id = $3, note = $4
          where group_id = $1 and person_id = $2 and ($3 = $2 or not exists (
                select 1 from person_group_member other where other.group_id = $1 and other.person_id = $3))",
        [group, person, by.person, &by.note]
    )?;
    Ok(changed == 1)
}

/// These members change places among themselves, so that they come in this order; all others stay.
pub async fn sort(tx: &mut Tx, group: GroupId, order: &[PersonId]) -> Result<u64> {
    let sql = each_id!(
        tx,
        "select position from person_group_member where group_id = $2 and person_id in (",
        "$1",
        ") order by position, person_id"
    );
    let places: Vec<i64> = fetch_values!(tx, i64, sql, [Json(simple(order)), group])?;
    let rows: Vec<_> = order
        .iter()
        .zip(places)
        .map(|(person, position)| serde_json::json!({ "person_id": person.simple(), "position": position }))
        .collect();
    let sql = each_row!(
        tx,
        "update person_group_member set position = each.position from ",
        "$1",
        { person_id: uuid, position: bigint },
        " where person_group_member.person_id = each.person_id and person_group_member.group_id = $2"
    );
    execute!(tx, sql, [Json(&rows), group])
}

/// The member next to one: the last before it, or the first behind it.
pub async fn neighbour(tx: &mut Tx, group: GroupId, person: PersonId, before: bool) -> Result<Option<PersonId>> {
    fetch_optional_value!(
        tx,
        PersonId,
        "select other.person_id from person_group_member member
           join person_group_member other on other.group_id = member.group_id
          where member.group_id = $1 and member.person_id = $2
            and ($3 and (other.position, other.person_id) < (member.position, member.person_id)
              or not $3 and (other.position, other.person_id) > (member.position, member.person_id))
          order by case when $3 then -other.position else other.position end limit 1",
        [group, person, before]
    )
}

/// Active people of a department, and with `with_all_below` of all below, who would get what is sent
/// to a group that follows it: name, account, and the department that the post is in.
pub async fn list_followed(
    tx: &mut Tx,
    department: DepartmentId,
    with_all_below: bool,
    limit: i64,
) -> Result<Vec<(String, String)>> {
    fetch_all!(
        tx,
        (String, String),
        "select distinct person.name, person.account from department_ancestor up
           join assignment on assignment.department_id = up.department_id
           join person on person.id = assignment.person_id
          where up.ancestor_id = $1 and ($2 or up.department_id = $1)
            and person.state = 'active' and person.account is not null
          order by person.account limit $3",
        [department, with_all_below, limit]
    )
}
