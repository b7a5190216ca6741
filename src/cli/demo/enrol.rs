//! Writes the university into an empty hub: departments, people, posts, roles, quotas, groups.

use std::collections::BTreeMap;

use super::university::{ACTORS, University};
use crate::{
    domain::{GroupId, PersonId, QuotaId, message::External, quota::Mode},
    hub::{Hub, Result},
    storage::{
        Tx, access, assignments, departments, external, group_folders,
        group_members::{self, Listing},
        group_shares, groups, people,
        quotas::{self, Quota},
    },
};

/// A group that one of the actors keeps.
struct Circle {
    owner: &'static str,
    name: &'static str,
    /// codes of departments: everybody in them, or the head alone
    whole: &'static [&'static str],
    heads: &'static [&'static str],
    /// name, phone number, note
    outside: &'static [(&'static str, &'static str, &'static str)],
    /// the code of a department that it is kept in step with
    follows: &'static str,
    /// of the owner; empty: outside of any
    folder: &'static str,
    shared_with: &'static [&'static str],
}

/// One that holds nobody yet.
const EMPTY: Circle =
    Circle { owner: "", name: "", whole: &[], heads: &[], outside: &[], follows: "", folder: "", shared_with: &[] };

const CIRCLES: [Circle; 9] = [
    Circle {
        owner: "staff",
        name: "软件工程课程组",
        whole: &["jsj-rj"],
        heads: &["jsj-rg", "jsj-2024"],
        folder: "教学工作",
        shared_with: &["head"],
        ..EMPTY
    },
    Circle {
        owner: "staff",
        name: "教学秘书联络群",
        whole: &["jwc-yx"],
        heads: &["jwc", "jwc-ks"],
        folder: "教学工作",
        ..EMPTY
    },
    Circle {
        owner: "staff",
        name: "校外实践导师",
        heads: &["jsj"],
        outside: &[
            ("陈启航", "13900020001", "青溪软件公司"),
            ("沈若琳", "13900020002", "省数据中心"),
            ("Peter Novak", "13900020003", "客座教授，请用英文"),
        ],
        folder: "教学工作",
        ..EMPTY
    },
    Circle { owner: "staff", name: "教务处全员", follows: "jwc", ..EMPTY },
    Circle {
        owner: "head",
        name: "学院党政班子",
        whole: &["jsj"],
        heads: &["jsj-rj", "jsj-rg"],
        shared_with: &["staff"],
        ..EMPTY
    },
    Circle { owner: "head", name: "全院教师", follows: "jsj", ..EMPTY },
    Circle {
        owner: "approver", name: "学院院长", heads: &["jsj", "jx", "wx", "jg"], shared_with: &["head"], ..EMPTY
    },
    Circle { owner: "undertaker", name: "会务保障组", whole: &["hqc-hy"], heads: &["hqc-sd", "xxc-wl"], ..EMPTY },
    Circle { owner: "admin", name: "网络安全联络员", whole: &["xxc-wl"], heads: &["xb", "jwc", "bwc"], ..EMPTY },
];

/// SMS pieces a month, and what becomes of what goes beyond.
const QUOTAS: [(&str, i64, Mode); 3] =
    [("qx", 200_000, Mode::Strict), ("jwc", 5_000, Mode::Strict), ("bwc", 20_000, Mode::Lenient)];

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
    for (code, pieces, mode) in QUOTAS {
        let department = departments::find_by_code(&mut tx, code).await?.map(|department| department.id);
        let quota = Quota {
            id: QuotaId::new(),
            department_id: department,
            producer_id: None,
            name: String::new(),
            pieces: Some(pieces),
            mode,
        };
        quotas::insert(&mut tx, &quota, now).await?;
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
    let now = hub.clock.now();
    let folder = match circle.folder {
        "" => None,
        name => match group_folders::list(tx, owner).await?.into_iter().find(|folder| folder.name == name) {
            Some(folder) => Some(folder.id),
            None => group_folders::insert(tx, owner, name, now).await?,
        },
    };
    let group = groups::insert(tx, owner, circle.name, folder, now).await?;
    let group = group.expect("the demonstration's groups have names of their own");
    let all = circle.whole.iter().flat_map(|code| university.members(code));
    let heads = circle.heads.iter().filter_map(|code| university.members(code).first());
    let members: Vec<_> =
        all.chain(heads).map(|account| id(university, account)).filter(|member| *member != owner).collect();
    let outside: Vec<_> = circle.outside.iter().map(|(name, phone, _)| hub.outsider(&outsider(name, phone))).collect();
    let outside = external::find_or_insert(tx, &outside, now).await?;
    let notes = circle.outside.iter().map(|(_, _, note)| (*note).to_owned());
    let inside = members.into_iter().map(|person| Listing { person, note: String::new() });
    let listings: Vec<_> =
        inside.chain(outside.into_iter().zip(notes).map(|(person, note)| Listing { person, note })).collect();
    group_members::add(tx, group, &listings).await?;
    if !circle.follows.is_empty() {
        let department = departments::find_by_code(tx, circle.follows).await?;
        groups::follow(tx, group, department.map(|department| department.id), true).await?;
    }
    for role in circle.shared_with {
        group_shares::add(tx, group, id(university, account(role))).await?;
    }
    Ok(group)
}

/// Somebody whom the university's people write to, with a number that nobody has.
fn outsider(name: &str, phone: &str) -> External {
    External { name: name.to_owned(), phone: Some(phone.to_owned()), email: None }
}

/// The account of whoever plays `role`.
pub(super) fn account(role: &str) -> &'static str {
    let actor = ACTORS.iter().find(|actor| actor.role == role);
    actor.map(|actor| actor.account).expect("the five roles are fixed")
}

fn id(university: &University, account: &str) -> PersonId {
    university.find(account).map(|person| person.id).expect("it is one of the university's accounts")
}
