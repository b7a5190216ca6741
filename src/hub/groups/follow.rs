//! 跟随部门: a group that is kept in step with a department. Its people are looked up when they are
//! needed, so that who joins belongs to it from that moment on.

use serde_json::json;

use crate::{
    domain::{
        GroupId, Problem,
        message::{Audience, DepartmentChoice},
    },
    hub::{Hub, Result, Source, send::audience},
    storage::{departments, group_members, groups},
};

impl Hub {
    /// Besides those who are listed, the people of this department belong to the group, or no
    /// department's any more.
    ///
    /// # Errors
    /// `RCPT_NOT_VISIBLE` for a department that is not there, or not in a module's range; `NOT_FOUND`.
    pub async fn follow_department(
        &self,
        source: &Source,
        id: GroupId,
        department: Option<&DepartmentChoice>,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        self.own_group(&mut tx, source, id).await?;
        let found = match department {
            None => None,
            Some(choice) => {
                let audience = Audience { departments: vec![choice.clone()], ..Audience::default() };
                audience::refuse_unknown(&mut tx, &audience, source).await?;
                Some(departments::find_by_code(&mut tx, &choice.code).await?.ok_or_else(Problem::not_found)?.id)
            }
        };
        let with_all_below = department.is_some_and(|choice| choice.recursive);
        groups::follow(&mut tx, id, found, with_all_below).await?;
        let detail = json!({"department": found, "recursive": with_all_below});
        self.audit_group(&mut tx, source, "group.follow", id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// 停止跟随: whoever belongs to the department at this moment is listed in the group from now on.
    ///
    /// # Errors
    /// `GROUP_LIMIT`, `NOT_FOUND`
    pub async fn keep_followed(&self, source: &Source, id: GroupId) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        let group = self.own_group(&mut tx, source, id).await?;
        let added = match group.follows_code {
            Some(code) => group_members::add_departments(&mut tx, id, &[code], group.follows_all).await?,
            None => 0,
        };
        super::members::fits(&mut tx, id).await?;
        groups::follow(&mut tx, id, None, false).await?;
        self.audit_group(&mut tx, source, "group.unfollow", id, json!({"kept": added})).await?;
        tx.commit().await?;
        Ok(added)
    }
}
