//! Writes the university into an empty hub: departments, people, posts, roles, groups.

use std::collections::BTreeMap;

use super::university::{ACTORS, University};
use crate::{
    domain::{GroupId, PersonId},
    hub::{Hub, Result},
    storage::{Tx, access, assignments, departments, groups, people},
};

/// A group that one of the actors keeps.
struct Circle {
    owner: &'static str,
    name: &'static str,
    /// codes of departments: everybody in them, or the head alone
    whole: &'static [&'static str],
    heads: &'static [&'static str],
    shared_with: &'static [&'static str],
}

const CIRCLES: [Circle; 6] = [
    Circle {
        owner: "staff",
        name: "软件工程课程组",
        whole: &["jsj-rj"],
        heads: &["jsj-rg", "jsj-2024"],
        shared_with: &["head"],
    },
    Circle {
        owner: "staff", name: "教学秘书联络群", whole: &["jwc-yx"], heads: &["jwc", "jwc-ks"], shared_with: &[]
    },
    Circle {
        owner: "head",
        name: "学院党政班子",
        whole: &["jsj"],
        heads: &["jsj-rj", "jsj-rg"],
        shared_with: &["staff"],
    },
    Circle {
        owner: "approver",
        name: "学院院长",
        whole: &[],
        heads: &["jsj", "jx", "wx", "jg"],
        shared_with: &["head"],
    },
    Circle {
        owner: "undertaker",
        name: "会务保障组",
        whole: &["hqc-hy"],
        heads: &["hqc-sd", "xxc-wl"],
        shared_with: &[],
    },
    Circle {
        owner: "admin",
        name: "网络安全联络员",
        whole: &["xxc-wl"],
        heads: &["xb", "jwc", "bwc"],
        shared_with: &[],
    },
];

/// Writes everybody; the groups by their names.
pub(super) async fn enrol(hub: &Hub, university: &University) -> Result<BTreeMap<&'static str, GroupId>> {
    let now = hub.clock.now();
    let mut tx = hub.db.begin().await?;
    departments::insert_many(&mut tx, &university.departments).await?;
    people::insert_many(&mut tx, &university.people, now).await?;
    assignments::insert_many(&mut tx, &university.posts).await?;
    for actor in &ACTORS {
        let person = id(university, actor.account);
        for role in actor.grants {
            access::grant(&mut tx, person, *role).await?;
        }
    }
    let mut kept = BTreeMap::new();
    for circle in &CIRCLES {
        kept.insert(circle.name, found(&mut tx, hub, university, circle).await?);
    }
    tx.commit().await?;
    Ok(kept)
}

async fn found(tx: &mut Tx, hub: &Hub, university: &University, circle: &Circle) -> Result<GroupId> {
    let owner = id(university, account(circle.owner));
    let group = groups::insert(tx, owner, circle.name, hub.clock.now()).await?;
    let group = group.expect("the demonstration's groups have names of their own");
    let all = circle.whole.iter().flat_map(|code| university.members(code));
    let heads = circle.heads.iter().filter_map(|code| university.members(code).first());
    let members: Vec<_> =
        all.chain(heads).map(|account| id(university, account)).filter(|member| *member != owner).collect();
    groups::set_members(tx, group, &members).await?;
    let shares: Vec<_> = circle.shared_with.iter().map(|role| id(university, account(role))).collect();
    groups::set_shares(tx, group, &shares).await?;
    Ok(group)
}

/// The account of whoever plays `role`.
pub(super) fn account(role: &str) -> &'static str {
    let actor = ACTORS.iter().find(|actor| actor.role == role);
    actor.map(|actor| actor.account).expect("the five roles are fixed")
}

fn id(university: &University, account: &str) -> PersonId {
    university.find(account).map(|person| person.id).expect("it is one of the university's accounts")
}
