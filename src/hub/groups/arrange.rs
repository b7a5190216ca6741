//! Folders, and the order of groups in them.

use serde_json::json;

use super::{find, keeper, own_folder};
use crate::{
    domain::{FolderId, GroupId, Problem, group},
    hub::{
        Hub, Result, Source,
        policy::{self, Action, Facts},
    },
    storage::{Tx, audit, group_folders, group_shares, groups},
};

impl Hub {
    /// # Errors
    /// `GROUP_NAME`, `GROUP_LIMIT`
    pub async fn add_folder(&self, source: &Source, name: &str) -> Result<FolderId> {
        policy::require(source, Action::KeepGroups, &Facts::OWN)?;
        let name = group::name(name, "/name")?;
        let mut tx = self.db.begin().await?;
        let keeper = self.stand_in(&mut tx, source).await?;
        let (_, kept) = groups::count_of(&mut tx, keeper).await?;
        group::is_within(kept + 1, group::FOLDERS, "文件夹", "folders")?;
        let id = group_folders::insert(&mut tx, keeper, &name, self.clock.now()).await?;
        let id = id.ok_or_else(named_alike)?;
        self.note_folder(&mut tx, source, "group_folder.create", id).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// # Errors
    /// `GROUP_NAME`, `NOT_FOUND`
    pub async fn rename_folder(&self, source: &Source, id: FolderId, name: &str) -> Result<()> {
        let name = group::name(name, "/name")?;
        let mut tx = self.db.begin().await?;
        own_folder(&mut tx, source, Some(id)).await?;
        if !group_folders::rename(&mut tx, id, &name).await? {
            return Err(named_alike().into());
        }
        self.note_folder(&mut tx, source, "group_folder.rename", id).await?;
        Ok(tx.commit().await?)
    }

    /// The groups in it stay.
    ///
    /// # Errors
    /// `NOT_FOUND`
    pub async fn remove_folder(&self, source: &Source, id: FolderId) -> Result<()> {
        let mut tx = self.db.begin().await?;
        own_folder(&mut tx, source, Some(id)).await?;
        group_folders::remove(&mut tx, id).await?;
        self.note_folder(&mut tx, source, "group_folder.delete", id).await?;
        Ok(tx.commit().await?)
    }

    /// Folders of one's own come in this order.
    ///
    /// # Errors
    /// `NOT_FOUND` when one of them is somebody else's.
    pub async fn sort_folders(&self, source: &Source, order: &[FolderId]) -> Result<()> {
        let mut tx = self.db.begin().await?;
        for id in order {
            own_folder(&mut tx, source, Some(*id)).await?;
        }
        group_folders::sort(&mut tx, keeper(source)?, order).await?;
        let detail = json!({"folders": order.len()});
        audit::insert(&mut tx, self.clock.now(), &source.actor(), "group_folder.sort", "groups", detail).await?;
        Ok(tx.commit().await?)
    }

    /// These groups lie in this folder, or outside of all, in this order. Those shared with oneself
    /// have an order too, and no folder.
    ///
    /// # Errors
    /// `GROUP_MOVE` for a shared one and a folder, `NOT_FOUND`.
    pub async fn arrange_groups(&self, source: &Source, folder: Option<FolderId>, order: &[GroupId]) -> Result<()> {
        let keeper = keeper(source)?;
        let mut tx = self.db.begin().await?;
        own_folder(&mut tx, source, folder).await?;
        for (position, id) in (1..).zip(order) {
            let found = find(&mut tx, source, *id, Action::UseGroup).await?;
            if found.owner_id == keeper {
                groups::place(&mut tx, *id, folder, position).await?;
            } else if folder.is_some() {
                return Err(Problem::invalid("GROUP_MOVE", "/groups", "他人共享的分组不能移动")
                    .in_english("a group that somebody shared with you cannot be moved into a folder")
                    .into());
            } else {
                group_shares::place(&mut tx, *id, keeper, position).await?;
            }
        }
        let detail = json!({"groups": order.len(), "folder": folder});
        audit::insert(&mut tx, self.clock.now(), &source.actor(), "group.sort", "groups", detail).await?;
        Ok(tx.commit().await?)
    }

    async fn note_folder(&self, tx: &mut Tx, source: &Source, verb: &str, id: FolderId) -> Result<()> {
        let object = format!("group_folder:{id}");
        Ok(audit::insert(tx, self.clock.now(), &source.actor(), verb, &object, json!({})).await?)
    }
}

fn named_alike() -> Problem {
    Problem::invalid("GROUP_NAME", "/name", "已有同名文件夹").in_english("you have a folder of this name already")
}
