//! 群分组: lists of recipients that a person, or a module, keeps for messages to come.
//!
//! Whoever keeps a group changes it; whoever it is shared with reads and uses it; for everybody else
//! it is not there. Modules keep groups of their own, which are never shared. Each change and its
//! audit row are one transaction.

mod arrange;
mod follow;
mod members;
mod share;

use serde_json::{Value, json};

use super::{
    Error, Hub, Result, Source,
    policy::{self, Action, Asker, Facts},
};
use crate::{
    domain::{FolderId, GroupId, PersonId, Problem, group, person::State},
    storage::{
        Tx, audit, group_folders, group_shares, groups,
        groups::Group,
        people::{self, Profile},
    },
};

pub use members::{Added, MemberEdit, Named};

/// 文件夹 and groups of one person, as they stand on the page.
pub struct Shelf {
    pub folders: Vec<group_folders::Folder>,
    /// Their own folder by folder, those outside of any first; then those shared with them.
    pub groups: Vec<Group>,
}

impl Hub {
    /// What somebody keeps and may use.
    pub async fn shelf(&self, source: &Source) -> Result<Shelf> {
        let keeper = keeper(source)?;
        let mut tx = self.db.read().await?;
        let folders = group_folders::list(&mut tx, keeper).await?;
        Ok(Shelf { folders, groups: groups::list_for(&mut tx, keeper).await? })
    }

    /// A group that `source` may open and send to.
    ///
    /// # Errors
    /// `NOT_FOUND`
    pub async fn usable_group(&self, tx: &mut Tx, source: &Source, id: GroupId) -> Result<Group> {
        find(tx, source, id, Action::UseGroup).await
    }

    /// A group that `source` may change.
    ///
    /// # Errors
    /// `NOT_FOUND`
    pub async fn own_group(&self, tx: &mut Tx, source: &Source, id: GroupId) -> Result<Group> {
        find(tx, source, id, Action::EditGroup).await
    }

    /// # Errors
    /// `GROUP_NAME`, `GROUP_LIMIT`, `NOT_FOUND` for the folder.
    pub async fn add_group(&self, source: &Source, name: &str, folder: Option<FolderId>) -> Result<GroupId> {
        policy::require(source, Action::KeepGroups, &Facts::OWN)?;
        let name = group::name(name, "/name")?;
        let mut tx = self.db.begin().await?;
        let keeper = self.stand_in(&mut tx, source).await?;
        let (kept, _) = groups::count_of(&mut tx, keeper).await?;
        group::is_within(kept + 1, group::GROUPS, "分组", "groups")?;
        own_folder(&mut tx, source, folder).await?;
        let id = groups::insert(&mut tx, keeper, &name, folder, self.clock.now()).await?;
        let id = id.ok_or_else(|| taken("/name"))?;
        self.audit_group(&mut tx, source, "group.create", id, json!({"folder": folder})).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Another name, and another folder: then it goes to the end there.
    ///
    /// # Errors
    /// `GROUP_NAME`, `GROUP_MOVE`, `NOT_FOUND`.
    pub async fn edit_group(&self, source: &Source, id: GroupId, name: &str, folder: Option<FolderId>) -> Result<()> {
        let name = group::name(name, "/name")?;
        let mut tx = self.db.begin().await?;
        self.own_group(&mut tx, source, id).await?;
        own_folder(&mut tx, source, folder).await?;
        if !groups::rename(&mut tx, id, &name).await? {
            return Err(taken("/name").into());
        }
        groups::put_into(&mut tx, id, folder).await?;
        self.audit_group(&mut tx, source, "group.edit", id, json!({"folder": folder})).await?;
        Ok(tx.commit().await?)
    }

    /// # Errors
    /// `GROUP_IN_USE` while a message to it waits for its time; `NOT_FOUND`.
    pub async fn remove_group(&self, source: &Source, id: GroupId) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let found = self.own_group(&mut tx, source, id).await?;
        let waiting = group_shares::count_uses(&mut tx, id).await?.scheduled;
        if waiting > 0 {
            return Err(Problem::conflict("GROUP_IN_USE", format!("被 {waiting} 条定时消息使用"))
                .in_english(format!("{waiting} scheduled messages use it"))
                .into());
        }
        groups::remove(&mut tx, id).await?;
        let detail = json!({"people": found.people, "shares": found.shares});
        self.audit_group(&mut tx, source, "group.delete", id, detail).await?;
        Ok(tx.commit().await?)
    }

    async fn audit_group(&self, tx: &mut Tx, source: &Source, verb: &str, id: GroupId, detail: Value) -> Result<()> {
        let object = format!("group:{id}");
        Ok(audit::insert(tx, self.clock.now(), &source.actor(), verb, &object, detail).await?)
    }

    /// Whoever keeps what is added. A module stands in `person` under its own id, so that what it
    /// keeps has an owner; it has resigned from the start, and nobody writes to it.
    async fn stand_in(&self, tx: &mut Tx, source: &Source) -> Result<PersonId> {
        let keeper = keeper(source)?;
        if let Source::Producer(producer) = source {
            let profile = Profile { id: keeper, state: State::Resigned, ..Profile::outside(&producer.label, "module") };
            people::upsert_many(tx, &[profile], self.clock.now()).await?;
        }
        Ok(keeper)
    }
}

async fn find(tx: &mut Tx, source: &Source, id: GroupId, action: Action) -> Result<Group> {
    let keeper = keeper(source)?;
    let found = groups::find(tx, keeper, id).await?.ok_or_else(Problem::not_found)?;
    let facts = Facts { is_own: found.owner_id == keeper, is_shared: found.is_shared, ..Facts::STRANGER };
    policy::require(Asker::from(source), action, &facts)?;
    Ok(found)
}

/// A folder of one's own, or none at all.
async fn own_folder(tx: &mut Tx, source: &Source, folder: Option<FolderId>) -> Result<()> {
    let Some(folder) = folder else { return Ok(()) };
    let (owner, _) = group_folders::find(tx, folder).await?.ok_or_else(Problem::not_found)?;
    policy::require(Asker::from(source), Action::EditGroup, &Facts::owned(keeper(source)? == owner))?;
    Ok(())
}

fn keeper(source: &Source) -> Result<PersonId, Error> {
    Ok(source.keeper().ok_or_else(Problem::not_found)?)
}

fn taken(field: &str) -> Problem {
    Problem::invalid("GROUP_NAME", field, "已有同名分组").in_english("you have one of this name already")
}
