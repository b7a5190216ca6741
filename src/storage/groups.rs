//! Tables `person_group`, `person_group_member` and `person_group_share`: a person's own lists of
//! recipients. Only the owner changes a group; those it is shared with may use it.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{GroupId, PersonId},
};

row! {
    #[derive(Debug, Clone)]
    pub struct Group {
        pub id: GroupId,
        pub owner_id: PersonId,
        pub owner_name: String,
        pub name: String,
        pub members: i64,
        pub shares: i64,
    }
}

/// None: this owner has a group of that name.
pub async fn insert(tx: &mut Tx, owner: PersonId, name: &str, at: Timestamp) -> Result<Option<GroupId>> {
    let id = GroupId::new();
    let added = execute!(
        tx,
        "insert into person_group (id, owner_id, name, created_at) values ($1, $2, $3, $4) on conflict do nothing",
        [id, owner, name, at]
    )?;
    Ok((added == 1).then_some(id))
}

/// False: this owner has another group of that name.
pub async fn rename(tx: &mut Tx, id: GroupId, name: &str) -> Result<bool> {
    let changed = execute!(
        tx,
        "update person_group set name = $2
          where id = $1 and not exists (
            select 1 from person_group other
             where other.owner_id = person_group.owner_id and other.name = $2 and other.id <> $1)",
        [id, name]
    )?;
    Ok(changed == 1)
}

pub async fn remove(tx: &mut Tx, id: GroupId) -> Result<bool> {
    execute!(tx, "delete from person_group_share where group_id = $1", [id])?;
    execute!(tx, "delete from person_group_member where group_id = $1", [id])?;
    Ok(execute!(tx, "delete from person_group where id = $1", [id])? == 1)
}

/// Replaces the members; the order given is the order shown.
pub async fn set_members(tx: &mut Tx, id: GroupId, members: &[PersonId]) -> Result<()> {
    execute!(tx, "delete from person_group_member where group_id = $1", [id])?;
    let rows: Vec<_> = members
        .iter()
        .enumerate()
        .map(|(position, person)| serde_json::json!({ "person_id": person.simple(), "position": position }))
        .collect();
    for batch in rows.chunks(super::BATCH) {
        let sql = each_row!(
            tx,
            "insert into person_group_member (group_id, person_id, position) select $2, person_id, position from ",
            "$1",
            { person_id: uuid, position: bigint },
            " where true on conflict do nothing"
        );
        execute!(tx, sql, [Json(batch), id])?;
    }
    Ok(())
}

/// Replaces those it is shared with.
pub async fn set_shares(tx: &mut Tx, id: GroupId, people: &[PersonId]) -> Result<()> {
    execute!(tx, "delete from person_group_share where group_id = $1", [id])?;
    for batch in people.chunks(super::BATCH) {
        let rows: Vec<_> = batch.iter().map(|person| serde_json::json!({ "person_id": person.simple() })).collect();
        let sql = each_row!(
            tx,
            "insert into person_group_share (group_id, person_id) select $2, person_id from ",
            "$1",
            { person_id: uuid },
            " where true on conflict do nothing"
        );
        execute!(tx, sql, [Json(&rows), id])?;
    }
    Ok(())
}

macro_rules! group {
    ($rest:literal) => {
        concat!(
            "select person_group.id, owner_id, person.name as owner_name, person_group.name,
                    (select count(*) from person_group_member member where member.group_id = person_group.id) as members,
                    (select count(*) from person_group_share share where share.group_id = person_group.id) as shares
               from person_group join person on person.id = person_group.owner_id ",
            $rest
        )
    };
}

/// This person's own groups and those shared with them, the own ones first.
pub async fn list_for(tx: &mut Tx, person: PersonId) -> Result<Vec<Group>> {
    fetch_all!(
        tx,
        Group,
        group!(
            "where owner_id = $1
                or person_group.id in (select group_id from person_group_share where person_id = $1)
             order by case when owner_id = $1 then 0 else 1 end, person_group.name, person_group.id limit 1000"
        ),
        [person]
    )
}

/// The group, when it is this person's own or shared with them.
pub async fn find_for(tx: &mut Tx, person: PersonId, id: GroupId) -> Result<Option<Group>> {
    fetch_optional!(
        tx,
        Group,
        group!(
            "where person_group.id = $2 and (owner_id = $1
                or person_group.id in (select group_id from person_group_share where person_id = $1))"
        ),
        [person, id]
    )
}

/// Members in their order; what they are is the reader's to look up.
pub async fn list_members(tx: &mut Tx, id: GroupId) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "select person_id from person_group_member where group_id = $1 order by position, person_id",
        [id]
    )
}
