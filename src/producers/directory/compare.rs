//! What an entry changes about somebody: an empty cell changes nothing.

use super::entry::Entry;
use crate::{
    domain::{
        DepartmentId, PersonId,
        contact::{self, Contact},
        seal::Sealer,
    },
    storage::{
        assignments::Assignment,
        people::{Person, Profile},
    },
};

/// Somebody as they are: nothing yet for a new one.
pub struct Known<'a> {
    pub person: Option<&'a Person>,
    pub posts: &'a [Assignment],
}

/// Somebody as they are to be, and what of it has to be written.
pub struct Merged {
    pub profile: Profile,
    pub posts: Vec<Assignment>,
    pub is_new: bool,
    pub has_profile_changed: bool,
    pub have_posts_changed: bool,
}

/// What the entry names by account or by path, found.
pub struct Resolved {
    pub id: PersonId,
    pub departments: Option<Vec<DepartmentId>>,
    pub deputy: Option<PersonId>,
}

pub fn merge(sealer: &Sealer, entry: &Entry, resolved: &Resolved, known: &Known<'_>) -> Merged {
    let before = known.person.map(Profile::from);
    let mut profile = before.clone().unwrap_or_else(|| Profile {
        id: resolved.id,
        ..Profile::of(&entry.account, entry.name.as_deref().unwrap_or_default(), "staff")
    });
    let set = |field: &mut Option<String>, said: Option<&str>| {
        if let Some(said) = said {
            *field = Some(said.to_owned());
        }
    };
    if let Some(name) = &entry.name {
        profile.name.clone_from(name);
    }
    if let Some(kind) = &entry.kind {
        profile.kind.clone_from(kind);
    }
    set(&mut profile.title, entry.title.as_deref());
    set(&mut profile.gender, entry.gender);
    set(&mut profile.grade, entry.grade.as_deref());
    set(&mut profile.dingtalk_id, entry.dingtalk_id.as_deref());
    profile.deputy_id = resolved.deputy.or(profile.deputy_id);
    if let Some(number) = &entry.phone
        && profile.phone.as_ref().is_none_or(|kept| kept.index != contact::phone_index(sealer, number))
    {
        profile.phone = Some(Contact::phone(sealer, number));
    }
    if let Some(address) = &entry.email
        && profile.email.as_ref().is_none_or(|kept| kept.index != contact::email_index(sealer, address))
    {
        profile.email = Some(Contact::email(sealer, address));
    }
    let posts = merge_posts(entry, resolved, known.posts);
    Merged {
        is_new: before.is_none(),
        has_profile_changed: before.is_none_or(|before| before != profile),
        have_posts_changed: !same(&posts, known.posts),
        profile,
        posts,
    }
}

/// The departments named are all there are, the first the primary one. Who heads the primary
/// department is said apart; what is not said stays.
fn merge_posts(entry: &Entry, resolved: &Resolved, known: &[Assignment]) -> Vec<Assignment> {
    let mut posts = match &resolved.departments {
        None => known.to_vec(),
        Some(departments) => (departments.iter().enumerate())
            .map(|(at, department)| {
                let before = known.iter().find(|post| post.department_id == *department);
                Assignment {
                    person_id: resolved.id,
                    department_id: *department,
                    is_primary: at == 0,
                    is_head: before.is_some_and(|post| post.is_head),
                    position: before.map_or(i64::from(entry.row), |post| post.position),
                }
            })
            .collect(),
    };
    if let Some(is_head) = entry.is_head
        && let Some(primary) = posts.iter_mut().find(|post| post.is_primary)
    {
        primary.is_head = is_head;
    }
    posts
}

fn same(some: &[Assignment], others: &[Assignment]) -> bool {
    some.len() == others.len() && some.iter().all(|post| others.contains(post))
}
