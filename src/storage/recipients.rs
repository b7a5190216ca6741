//! Table `recipient`: the frozen list of whom a message goes to, written by the database itself.
//!
//! First each selector of the audience adds people (a person named twice is one row), then the
//! filter and the exceptions take people out. Only the transaction that accepts a message writes
//! its recipients, so that they are looked for instead of asking about conflicts, which costs
//! PostgreSQL as much as the rows themselves.

use super::{Json, Result, Tx};
use crate::domain::{GroupId, MessageId, PersonId};

/// A row of `person_group` that somebody keeps or has by a share: `usable!("$3")`.
macro_rules! usable {
    ($person:literal) => {
        concat!(
            "(person_group.owner_id = ",
            $person,
            " or exists (select 1 from person_group_share
                          where person_group_share.group_id = person_group.id
                            and person_group_share.person_id = ",
            $person,
            "))"
        )
    };
}

/// Takes out of a message whoever outside is `alike` to somebody who came earlier: one join each, so
/// that a database can take the index.
macro_rules! twins {
    ($alike:literal) => {
        concat!(
            "delete from recipient where message_id = $1 and person_id in (
                select twin.id from recipient named
                  join person twin on twin.id = named.person_id and twin.account is null
                  join person first on first.account is null and first.id < twin.id and ",
            $alike,
            " join recipient kept on kept.message_id = $1 and kept.person_id = first.id
                 where named.message_id = $1)"
        )
    };
}

pub async fn add_everyone(tx: &mut Tx, message: MessageId) -> Result<u64> {
    execute!(
        tx,
        "insert into recipient (message_id, person_id)
         select $1, id from person where state = 'active' and account is not null
            and not exists (select 1 from recipient where message_id = $1 and person_id = person.id)",
        [message]
    )
}

pub async fn add_accounts(tx: &mut Tx, message: MessageId, accounts: &[String]) -> Result<u64> {
    let accounts = Json(accounts);
    let sql = each!(
        tx,
        "insert into recipient (message_id, person_id)
         select $1, id from person where state = 'active'
            and not exists (select 1 from recipient where message_id = $1 and person_id = person.id)
            and account in (",
        "$2",
        ")"
    );
    execute!(tx, sql, [message, &accounts])
}

pub async fn add_people(tx: &mut Tx, message: MessageId, people: &[PersonId]) -> Result<u64> {
    let people = Json(people.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "insert into recipient (message_id, person_id)
         select $1, id from person where state = 'active'
            and not exists (select 1 from recipient where message_id = $1 and person_id = person.id)
            and id in (",
        "$2",
        ")"
    );
    execute!(tx, sql, [message, &people])
}

/// Members of these departments, and with `recursive` of all below.
pub async fn add_departments(tx: &mut Tx, message: MessageId, codes: &[String], recursive: bool) -> Result<u64> {
    let codes = Json(codes);
    let sql = each!(
        tx,
        "insert into recipient (message_id, person_id)
         select distinct $1, person.id from department
           join department_ancestor on department_ancestor.ancestor_id = department.id
            and ($3 or department_ancestor.department_id = department.id)
           join assignment on assignment.department_id = department_ancestor.department_id
           join person on person.id = assignment.person_id
          where person.state = 'active' and person.account is not null
            and not exists (select 1 from recipient where message_id = $1 and person_id = person.id)
            and department.code in (",
        "$2",
        ")"
    );
    execute!(tx, sql, [message, &codes, recursive])
}

/// Whoever is listed in a group that `owner` keeps or that was shared with him, or belongs to the
/// department that it follows; nobody for another's group.
pub async fn add_groups(tx: &mut Tx, message: MessageId, groups: &[String], owner: PersonId) -> Result<u64> {
    let groups = Json(groups.iter().map(|id| id.replace('-', "")).collect::<Vec<_>>());
    let listed = each_id!(
        tx,
        concat!(
            "insert into recipient (message_id, person_id)
             select distinct $1, person.id from person_group
               join person_group_member on person_group_member.group_id = person_group.id
               join person on person.id = person_group_member.person_id
              where person.state = 'active' and ",
            usable!("$3"),
            " and not exists (select 1 from recipient where message_id = $1 and person_id = person.id)
              and person_group.id in ("
        ),
        "$2",
        ")"
    );
    let followed = each_id!(
        tx,
        concat!(
            "insert into recipient (message_id, person_id)
             select distinct $1, person.id from person_group
               join department_ancestor up on up.ancestor_id = person_group.follows_id
                and (person_group.follows_all or up.department_id = person_group.follows_id)
               join assignment on assignment.department_id = up.department_id
               join person on person.id = assignment.person_id
              where person.state = 'active' and person.account is not null and ",
            usable!("$3"),
            " and not exists (select 1 from recipient where message_id = $1 and person_id = person.id)
              and person_group.id in ("
        ),
        "$2",
        ")"
    );
    Ok(execute!(tx, listed, [message, &groups, owner])? + execute!(tx, followed, [message, &groups, owner])?)
}

/// Takes out who is outside the organisation and stands there twice: one phone number, or one address
/// without a number, may be known under several names.
pub async fn drop_twins(tx: &mut Tx, message: MessageId) -> Result<u64> {
    let by_phone = execute!(tx, twins!("first.phone_index = twin.phone_index"), [message])?;
    let alike =
        twins!("first.email_index = twin.email_index and first.phone_index is null and twin.phone_index is null");
    Ok(by_phone + execute!(tx, alike, [message])?)
}

/// Keeps only people of these kinds.
pub async fn keep_kinds(tx: &mut Tx, message: MessageId, kinds: &[String]) -> Result<u64> {
    let kinds = Json(kinds);
    let sql = each!(
        tx,
        "delete from recipient where message_id = $1 and person_id in (
            select person.id from recipient join person on person.id = recipient.person_id
             where recipient.message_id = $1 and person.kind not in (",
        "$2",
        "))"
    );
    execute!(tx, sql, [message, &kinds])
}

/// Keeps only people of this gender and grade; none keeps all.
pub async fn keep_like(tx: &mut Tx, message: MessageId, gender: Option<&str>, grade: Option<&str>) -> Result<u64> {
    execute!(
        tx,
        "delete from recipient where message_id = $1 and person_id in (
            select person.id from recipient join person on person.id = recipient.person_id
             where recipient.message_id = $1
               and (coalesce(person.gender, '') <> coalesce($2, person.gender, '')
                 or coalesce(person.grade, '') <> coalesce($3, person.grade, '')))",
        [message, gender, grade]
    )
}

pub async fn drop_accounts(tx: &mut Tx, message: MessageId, accounts: &[String]) -> Result<u64> {
    let accounts = Json(accounts);
    let sql = each!(
        tx,
        "delete from recipient where message_id = $1 and person_id in (
            select id from person where account in (",
        "$2",
        "))"
    );
    execute!(tx, sql, [message, &accounts])
}

pub async fn drop_departments(tx: &mut Tx, message: MessageId, codes: &[String]) -> Result<u64> {
    let codes = Json(codes);
    let sql = each!(
        tx,
        "delete from recipient where message_id = $1 and person_id in (
            select assignment.person_id from department
              join department_ancestor on department_ancestor.ancestor_id = department.id
              join assignment on assignment.department_id = department_ancestor.department_id
             where department.code in (",
        "$2",
        "))"
    );
    execute!(tx, sql, [message, &codes])
}

/// Is the message for this person?
pub async fn contains(tx: &mut Tx, message: MessageId, person: PersonId) -> Result<bool> {
    let found = fetch_optional_value!(
        tx,
        PersonId,
        "select person_id from recipient where message_id = $1 and person_id = $2",
        [message, person]
    )?;
    Ok(found.is_some())
}

pub async fn count(tx: &mut Tx, message: MessageId) -> Result<i64> {
    fetch_value!(tx, i64, "select count(*) from recipient where message_id = $1", [message])
}

/// How many of a message's recipients have no post in any of these departments or below.
pub async fn count_beyond(tx: &mut Tx, message: MessageId, codes: &[String]) -> Result<i64> {
    let codes = Json(codes);
    let sql = each!(
        tx,
        "select count(*) from recipient where message_id = $1 and not exists (
            select 1 from assignment
              join department_ancestor on department_ancestor.department_id = assignment.department_id
              join department on department.id = department_ancestor.ancestor_id
             where assignment.person_id = recipient.person_id and department.code in (",
        "$2",
        "))"
    );
    fetch_value!(tx, i64, sql, [message, &codes])
}

/// Everybody, in the order of their ids: what the snapshot's hash is taken over. Ends when fewer
/// than `limit` come back.
pub async fn list(tx: &mut Tx, message: MessageId, after: PersonId, limit: i64) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "select person_id from recipient where message_id = $1 and person_id > $2 order by person_id limit $3",
        [message, after, limit]
    )
}

/// The named accounts that nobody has or had.
pub async fn unknown_accounts(tx: &mut Tx, accounts: &[String]) -> Result<Vec<String>> {
    let accounts = Json(accounts);
    let sql = each!(
        tx,
        "select value from (",
        "$1",
        ") as named where not exists (select 1 from person where person.account = named.value)"
    );
    fetch_values!(tx, String, sql, [&accounts])
}

/// The named accounts whose person has no post in any of these departments or below. That nobody
/// has such an account makes no difference.
pub async fn accounts_beyond(tx: &mut Tx, accounts: &[String], codes: &[String]) -> Result<Vec<String>> {
    let (accounts, codes) = (Json(accounts), Json(codes));
    let sql = each!(
        tx,
        "select value from (",
        "$1",
        ") as named where not exists (
            select 1 from person
              join assignment on assignment.person_id = person.id
              join department_ancestor on department_ancestor.department_id = assignment.department_id
              join department on department.id = department_ancestor.ancestor_id
             where person.account = named.value and department.code in (",
        "$2",
        "))"
    );
    fetch_values!(tx, String, sql, [&accounts, &codes])
}

/// The codes that no department has.
pub async fn unknown_departments(tx: &mut Tx, codes: &[String]) -> Result<Vec<String>> {
    let codes = Json(codes);
    let sql = each!(
        tx,
        "select value from (",
        "$1",
        ") as named where not exists (select 1 from department where department.code = named.value)"
    );
    fetch_values!(tx, String, sql, [&codes])
}

/// The codes of no department that is one of these `roots` or lies below them.
pub async fn departments_beyond(tx: &mut Tx, codes: &[String], roots: &[String]) -> Result<Vec<String>> {
    let (codes, roots) = (Json(codes), Json(roots));
    let sql = each!(
        tx,
        "select value from (",
        "$1",
        ") as named where not exists (
            select 1 from department
              join department_ancestor on department_ancestor.department_id = department.id
              join department as root on root.id = department_ancestor.ancestor_id
             where department.code = named.value and root.code in (",
        "$2",
        "))"
    );
    fetch_values!(tx, String, sql, [&codes, &roots])
}

/// How many of these groups `owner` keeps or has by a share.
pub async fn count_usable_groups(tx: &mut Tx, groups: &[String], owner: PersonId) -> Result<i64> {
    let groups = Json(groups.iter().map(|id| id.replace('-', "")).collect::<Vec<_>>());
    let sql =
        each_id!(tx, concat!("select count(*) from person_group where ", usable!("$2"), " and id in ("), "$1", ")");
    fetch_value!(tx, i64, sql, [&groups, owner])
}

/// How many people of a group have no post in any of these departments or below.
pub async fn count_beyond_of_group(tx: &mut Tx, group: GroupId, codes: &[String]) -> Result<i64> {
    let codes = Json(codes);
    let sql = each!(
        tx,
        "select count(*) from (
            select person_id from person_group_member where group_id = $1
            union
            select assignment.person_id from person_group
              join department_ancestor up on up.ancestor_id = person_group.follows_id
               and (person_group.follows_all or up.department_id = person_group.follows_id)
              join assignment on assignment.department_id = up.department_id
             where person_group.id = $1
         ) everybody where not exists (
            select 1 from assignment
              join department_ancestor on department_ancestor.department_id = assignment.department_id
              join department on department.id = department_ancestor.ancestor_id
             where assignment.person_id = everybody.person_id and department.code in (",
        "$2",
        "))"
    );
    fetch_value!(tx, i64, sql, [group, &codes])
}

/// Recipients by kind of person: what a forecast and an approver see.
pub async fn count_by_kind(tx: &mut Tx, message: MessageId) -> Result<Vec<(String, i64)>> {
    fetch_all!(
        tx,
        (String, i64),
        "select person.kind, count(*) from recipient join person on person.id = recipient.person_id
          where recipient.message_id = $1 group by person.kind order by 2 desc, 1 limit 20",
        [message]
    )
}

/// Recipients by their primary department, largest first.
pub async fn count_by_department(tx: &mut Tx, message: MessageId, limit: i64) -> Result<Vec<(String, i64)>> {
    fetch_all!(
        tx,
        (String, i64),
        "select department.name, count(*) from recipient
           join assignment on assignment.person_id = recipient.person_id and assignment.is_primary
           join department on department.id = assignment.department_id
          where recipient.message_id = $1
          group by department.id, department.name order by 2 desc, 1 limit $2",
        [message, limit]
    )
}

row! {
    /// How many could not be reached how.
    #[derive(Debug, Clone, Default)]
    pub struct Unreachable {
        pub no_phone: i64,
        /// have no deputy, or one without a phone
        pub no_deputy_phone: i64,
        pub no_email: i64,
        pub no_dingtalk: i64,
    }
}

pub async fn count_unreachable(tx: &mut Tx, message: MessageId) -> Result<Unreachable> {
    fetch_one!(
        tx,
        Unreachable,
        "select count(*) filter (where person.phone_sealed is null) as no_phone,
                count(*) filter (where deputy.phone_sealed is null) as no_deputy_phone,
                count(*) filter (where person.email_sealed is null) as no_email,
                count(*) filter (where person.dingtalk_id is null) as no_dingtalk
           from recipient
           join person on person.id = recipient.person_id
           left join person as deputy on deputy.id = person.deputy_id
          where recipient.message_id = $1",
        [message]
    )
}
