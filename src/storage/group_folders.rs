//! Table `group_folder`: 文件夹, where somebody keeps groups. One level; only the owner's own groups
//! lie in one.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{FolderId, PersonId},
};

row! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Folder {
        pub id: FolderId,
        pub name: String,
    }
}

/// None: this owner has a folder of that name. It becomes the last one.
pub async fn insert(tx: &mut Tx, owner: PersonId, name: &str, at: Timestamp) -> Result<Option<FolderId>> {
    let id = FolderId::new();
    let added = execute!(
        tx,
        "insert into group_folder (id, owner_id, name, position, created_at)
         select $1, $2, $3, (select coalesce(max(position), 0) + 1 from group_folder where owner_id = $2), $4
          where true on conflict do nothing",
        [id, owner, name, at]
    )?;
    Ok((added == 1).then_some(id))
}

/// False: this owner has another folder of that name.
pub async fn rename(tx: &mut Tx, id: FolderId, name: &str) -> Result<bool> {
    let changed = execute!(
        tx,
        "update group_folder set name = $2
          where id = $1 and not exists (
            select 1 from group_folder other
             where other.owner_id = group_folder.owner_id and other.name = $2 and other.id <> $1)",
        [id, name]
    )?;
    Ok(changed == 1)
}

/// The groups in it stay, outside of any folder.
pub async fn remove(tx: &mut Tx, id: FolderId) -> Result<bool> {
    execute!(tx, "update person_group set folder_id = null where folder_id = $1", [id])?;
    Ok(execute!(tx, "delete from group_folder where id = $1", [id])? == 1)
}

/// In the owner's order.
pub async fn list(tx: &mut Tx, owner: PersonId) -> Result<Vec<Folder>> {
    fetch_all!(
        tx,
        Folder,
        "select id, name from group_folder where owner_id = $1 order by position, id limit 1000",
        [owner]
    )
}

/// A folder with whose it is.
pub async fn find(tx: &mut Tx, id: FolderId) -> Result<Option<(PersonId, String)>> {
    fetch_optional!(tx, (PersonId, String), "select owner_id, name from group_folder where id = $1", [id])
}

/// The owner's folders come in this order; one that is not named keeps its place number.
pub async fn sort(tx: &mut Tx, owner: PersonId, order: &[FolderId]) -> Result<u64> {
    let rows: Vec<_> = (1..)
        .zip(order)
        .map(|(position, id): (i64, _)| serde_json::json!({ "folder_id": id.simple(), "position": position }))
        .collect();
    let sql = each_row!(
        tx,
        "update group_folder set position = each.position from ",
        "$1",
        { folder_id: uuid, position: bigint },
        " where group_folder.id = each.folder_id and group_folder.owner_id = $2"
    );
    execute!(tx, sql, [Json(&rows), owner])
}
