//! 共享: a person lets others use a group. They read it and send to it, and change nothing.

use serde_json::json;

use crate::{
    domain::{GroupId, PersonId, Problem, group, person::State},
    hub::{Hub, Result, Source},
    storage::{group_shares, people},
};

impl Hub {
    /// False: it was shared with them before.
    ///
    /// # Errors
    /// `GROUP_SHARE` for oneself, for somebody who is not active, and for a module's group;
    /// `GROUP_LIMIT`, `NOT_FOUND`.
    pub async fn share_group(&self, source: &Source, id: GroupId, with: &str) -> Result<bool> {
        let Source::Person(owner) = source else {
            return Err(refused("模块的分组不能共享", "groups of modules are not shared").into());
        };
        let mut tx = self.db.begin().await?;
        let shared = self.own_group(&mut tx, source, id).await?;
        let person = people::find_by_account(&mut tx, with).await?;
        let person = person.filter(|person| person.state == State::Active).ok_or_else(|| {
            refused("没有这个账号的人，或该账号已停用", "nobody has this account, or it was disabled")
        })?;
        if person.id == *owner {
            return Err(refused("不能共享给自己", "it is yours already").into());
        }
        let is_added = group_shares::add(&mut tx, id, person.id).await?;
        let shares = usize::try_from(shared.shares).unwrap_or(usize::MAX);
        if is_added && shares >= group::SHARES {
            return Err(Problem::invalid("GROUP_LIMIT", "/person", format!("一个分组最多共享给 {} 人", group::SHARES))
                .in_english(format!("a group is shared with at most {} people", group::SHARES))
                .into());
        }
        if is_added {
            self.audit_group(&mut tx, source, "group.share", id, json!({"with": person.id})).await?;
            tx.commit().await?;
        }
        Ok(is_added)
    }

    /// 取消共享. Messages that were sent to it stay as they are.
    ///
    /// # Errors
    /// `NOT_FOUND`
    pub async fn unshare_group(&self, source: &Source, id: GroupId, with: PersonId) -> Result<()> {
        let mut tx = self.db.begin().await?;
        self.own_group(&mut tx, source, id).await?;
        if !group_shares::remove(&mut tx, id, with).await? {
            return Err(Problem::not_found().into());
        }
        self.audit_group(&mut tx, source, "group.unshare", id, json!({"with": with})).await?;
        Ok(tx.commit().await?)
    }
}

fn refused(detail: &str, english: &str) -> Problem {
    Problem::invalid("GROUP_SHARE", "/person", detail).in_english(english)
}
