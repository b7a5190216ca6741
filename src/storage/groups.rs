//! Table `person_group`: lists of recipients that somebody keeps. Only the owner changes a group;
//! those it is shared with may use it. Who belongs to one is in `group_members`.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{DepartmentId, FolderId, GroupId, PersonId},
};

row! {
    /// A group as one person sees it.
    #[derive(Debug, Clone)]
    pub struct Group {
        pub id: GroupId,
        pub owner_id: PersonId,
        pub owner_name: String,
        pub name: String,
        pub folder_id: Option<FolderId>,
        pub folder_name: Option<String>,
        /// 跟随部门: its people belong to the group at the time of use.
        pub follows_id: Option<DepartmentId>,
        /// With all departments below.
        pub follows_all: bool,
        /// None also when that department is no more.
        pub follows_code: Option<String>,
        pub follows_name: Option<String>,
        /// The person who asks has it by a share.
        pub is_shared: bool,
        /// Active, listed or of the department that is followed, each once.
        pub people: i64,
        /// Those it is shared with.
        pub shares: i64,
    }
}

/// None: this owner has a group of that name. It goes to the end of its folder.
pub async fn insert(
    tx: &mut Tx,
    owner: PersonId,
    name: &str,
    folder: Option<FolderId>,
    at: Timestamp,
) -> Result<Option<GroupId>> {
    let id = GroupId::new();
    let added = execute!(
        tx,
        "insert into person_group (id, owner_id, name, folder_id, position, created_at)
         select $1, $2, $3, $4, (select coalesce(max(position), 0) + 1 from person_group where owner_id = $2), $5
          where true on conflict do nothing",
        [id, owner, name, folder, at]
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

/// Puts a group into a folder, or out of all of them, at this place.
pub async fn place(tx: &mut Tx, id: GroupId, folder: Option<FolderId>, position: i64) -> Result<u64> {
    execute!(tx, "update person_group set folder_id = $2, position = $3 where id = $1", [id, folder, position])
}

/// Into another folder, behind all others; nothing when it is there already.
pub async fn put_into(tx: &mut Tx, id: GroupId, folder: Option<FolderId>) -> Result<u64> {
    execute!(
        tx,
        "update person_group set folder_id = $2, position =
            (select coalesce(max(other.position), 0) + 1 from person_group other
              where other.owner_id = person_group.owner_id)
          where id = $1 and (folder_id <> $2 or (folder_id is null) <> ($2 is null))",
        [id, folder]
    )
}

/// None: it follows no department any more.
pub async fn follow(tx: &mut Tx, id: GroupId, department: Option<DepartmentId>, with_all_below: bool) -> Result<u64> {
    execute!(
        tx,
        "update person_group set follows_id = $2, follows_all = $3 where id = $1",
        [id, department, with_all_below]
    )
}

pub async fn remove(tx: &mut Tx, id: GroupId) -> Result<bool> {
    execute!(tx, "delete from person_group_share where group_id = $1", [id])?;
    execute!(tx, "delete from person_group_member where group_id = $1", [id])?;
    Ok(execute!(tx, "delete from person_group where id = $1", [id])? == 1)
}

macro_rules! group {
    ($rest:literal) => {
        concat!(
            "select person_group.id, person_group.owner_id, owner.name as owner_name, person_group.name, folder_id,
                    folder.name as folder_name, follows_id, follows_all, department.code as follows_code,
                    department.name as follows_name, mine.person_id is not null as is_shared,
                    (select count(*) from (
                        select member.person_id from person_group_member member
                          join person on person.id = member.person_id and person.state = 'active'
                         where member.group_id = person_group.id
                        union
                        select person.id from department_ancestor up
                          join assignment on assignment.department_id = up.department_id
                          join person on person.id = assignment.person_id and person.state = 'active'
                           and person.account is not null
                         where up.ancestor_id = person_group.follows_id
                           and (person_group.follows_all or up.department_id = person_group.follows_id)
                    ) everybody) as people,
                    (select count(*) from person_group_share share where share.group_id = person_group.id) as shares
               from person_group
               join person owner on owner.id = person_group.owner_id
               left join group_folder folder on folder.id = person_group.folder_id
               left join department on department.id = person_group.follows_id
               left join person_group_share mine on mine.group_id = person_group.id and mine.person_id = $1 ",
            $rest
        )
    };
}

/// This person's own groups, folder by folder, then those shared with them.
pub async fn list_for(tx: &mut Tx, person: PersonId) -> Result<Vec<Group>> {
    fetch_all!(
        tx,
        Group,
        group!(
            "where person_group.owner_id = $1 or mine.person_id is not null
             order by case when person_group.owner_id = $1 then 0 else 1 end,
                      coalesce(case when person_group.owner_id = $1 then folder.position end, 0),
                      coalesce(mine.position, person_group.position), person_group.name, person_group.id
             limit 2000"
        ),
        [person]
    )
}

/// Any group, and what it is to this person.
pub async fn find(tx: &mut Tx, person: PersonId, id: GroupId) -> Result<Option<Group>> {
    fetch_optional!(tx, Group, group!("where person_group.id = $2"), [person, id])
}

/// How many groups and folders somebody keeps.
pub async fn count_of(tx: &mut Tx, owner: PersonId) -> Result<(i64, i64)> {
    fetch_one!(
        tx,
        (i64, i64),
        "select (select count(*) from person_group where owner_id = $1),
                (select count(*) from group_folder where owner_id = $1)",
        [owner]
    )
}

/// A message went to these groups.
pub async fn record_use(tx: &mut Tx, message: crate::domain::MessageId, groups: &[String]) -> Result<u64> {
    let groups = Json(groups.iter().map(|id| id.replace('-', "")).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "insert into message_group (group_id, message_id) select id, $2 from person_group where id in (",
        "$1",
        ") on conflict do nothing"
    );
    execute!(tx, sql, [&groups, message])
}
