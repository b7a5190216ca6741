//! The people of 青溪大学: who heads what, who teaches, who studies, and the five whom a visitor
//! plays. The same for the same size, on every machine.

use std::collections::{BTreeMap, HashMap};

use super::units::{self, Sort, UNITS};
use crate::{
    domain::{PersonId, person::Role},
    storage::{assignments::Assignment, departments::Department, people::Profile},
};

/// Somebody whom the visitor plays.
pub(super) struct Actor {
    /// As `demo --json` calls them.
    pub role: &'static str,
    pub account: &'static str,
    pub name: &'static str,
    pub title: &'static str,
    pub is_female: bool,
    pub unit: &'static str,
    pub seat: Seat,
    pub grants: &'static [Role],
}

/// A place in a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    Head,
    Deputy,
    Member(usize),
}

pub(super) const ACTORS: [Actor; 5] = [
    Actor {
        role: "staff",
        account: "20160899",
        name: "林知远",
        title: "讲师、教学秘书",
        is_female: false,
        unit: "jsj",
        seat: Seat::Member(0),
        grants: &[],
    },
    Actor {
        role: "head",
        account: "20030112",
        name: "沈一舟",
        title: "院长",
        is_female: false,
        unit: "jsj",
        seat: Seat::Head,
        grants: &[],
    },
    Actor {
        role: "approver",
        account: "20080335",
        name: "周若溪",
        title: "副主任",
        is_female: true,
        unit: "xb",
        seat: Seat::Deputy,
        grants: &[Role::Approver],
    },
    Actor {
        role: "undertaker",
        account: "20110527",
        name: "许怀瑾",
        title: "会务主管",
        is_female: false,
        unit: "hqc-hy",
        seat: Seat::Member(0),
        grants: &[],
    },
    Actor {
        role: "admin",
        account: "20130618",
        name: "叶知秋",
        title: "系统管理员",
        is_female: true,
        unit: "xxc",
        seat: Seat::Member(0),
        grants: &[Role::OrgAdmin, Role::SystemAdmin],
    },
];

/// Everybody and where they belong, ready to be written.
#[derive(Default)]
pub(super) struct University {
    pub departments: Vec<Department>,
    pub people: Vec<Profile>,
    pub posts: Vec<Assignment>,
    /// DingTalk user and phone number of everybody who has both.
    pub phones: Vec<(String, String)>,
    /// the nth of all, by id and by account
    pub(super) places: HashMap<PersonId, usize>,
    pub(super) accounts: HashMap<String, usize>,
    /// by code: the accounts, head first
    pub(super) members: BTreeMap<&'static str, Vec<String>>,
}

/// The smallest university that holds everybody who is needed.
pub(super) fn least() -> usize {
    units::least(&UNITS)
}

impl University {
    /// The accounts of a department's own people, its head first.
    pub fn members(&self, code: &str) -> &[String] {
        self.members.get(code).map_or(&[], Vec::as_slice)
    }

    /// The head of each department but those of classes.
    pub fn heads(&self) -> Vec<String> {
        let headed = UNITS.iter().filter(|unit| unit.sort != Sort::Class);
        headed.filter_map(|unit| self.members(unit.code).first().cloned()).collect()
    }

    pub fn find(&self, account: &str) -> Option<&Profile> {
        self.accounts.get(account).map(|place| &self.people[*place])
    }

    /// The nth of all, the same on every machine.
    pub fn place(&self, person: PersonId) -> Option<usize> {
        self.places.get(&person).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::seal::Sealer;

    fn founded(size: usize) -> University {
        University::found(size, &Sealer::new(&[7; 32]))
    }

    #[test]
    fn everybody_is_counted_once_and_has_an_account_of_his_own() {
        for size in [least(), 300, 12_345] {
            let university = founded(size);
            assert_eq!(university.people.len(), size);
            let accounts: BTreeSet<_> = university.people.iter().map(|person| person.account.clone()).collect();
            assert_eq!(accounts.len(), size);
            let primary = university.posts.iter().filter(|post| post.is_primary).count();
            assert_eq!(primary, size);
        }
    }

    #[test]
    fn every_department_has_a_head_and_the_actors_have_their_seats() {
        let university = founded(300);
        let headed: BTreeSet<_> =
            university.posts.iter().filter(|post| post.is_head).map(|post| post.department_id).collect();
        assert_eq!(headed.len(), university.departments.len());
        for actor in &ACTORS {
            let person = university.find(actor.account);
            assert_eq!(person.map(|person| person.name.as_str()), Some(actor.name));
            assert!(university.members(actor.unit).contains(&actor.account.to_owned()));
        }
        let undertaker = university.people.iter().find(|person| person.name == "许怀瑾").expect("there");
        assert!(undertaker.deputy_id.is_some());
    }

    #[test]
    fn it_is_the_same_every_time() {
        let seen = |university: &University| {
            let line = |person: &Profile| (person.account.clone(), person.name.clone(), person.title.clone());
            university.people.iter().map(line).collect::<Vec<_>>()
        };
        assert_eq!(seen(&founded(300)), seen(&founded(300)));
    }
}
