//! The people of 青溪大学: who heads what, who teaches, who studies, and the five whom a visitor
//! plays. The same for the same size, on every machine.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    dice::Dice,
    names::Names,
    units::{self, Sort, UNITS, Unit},
};
use crate::{
    domain::{DepartmentId, PersonId, contact::Contact, person::Role, seal::Sealer},
    storage::{assignments::Assignment, departments::Department, people::Profile},
};

/// Somebody whom the visitor plays.
pub(super) struct Actor {
    /// As `demo --json` calls them.
    pub role: &'static str,
    pub account: &'static str,
    pub name: &'static str,
    title: &'static str,
    is_female: bool,
    unit: &'static str,
    seat: Seat,
    pub grants: &'static [Role],
}

/// A place in a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seat {
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

/// The undertaker's deputy: another member of the same section.
const UNDERTAKER: (&str, usize) = ("hqc-hy", 0);
/// One in so many has given no phone number and is reached in the inbox alone.
const WITHOUT_PHONE: usize = 41;
/// Professors who work for an office as well: 兼职.
const SECOND_POSTS: [(&str, &str); 3] = [("jsj-rg", "kyc"), ("jx-zz", "jwc"), ("wx-zw", "xb")];

/// Everybody and where they belong, ready to be written.
pub(super) struct University {
    pub departments: Vec<Department>,
    pub people: Vec<Profile>,
    pub posts: Vec<Assignment>,
    /// DingTalk user and phone number of everybody who has both.
    pub phones: Vec<(String, String)>,
    /// the nth of all, by id and by account
    places: HashMap<PersonId, usize>,
    accounts: HashMap<String, usize>,
    /// by code: the accounts, head first
    members: BTreeMap<&'static str, Vec<String>>,
}

/// The smallest university that holds everybody who is needed.
pub(super) fn least() -> usize {
    units::least()
}

impl University {
    /// # Panics
    /// Below [`least`].
    pub fn found(size: usize, sealer: &Sealer) -> Self {
        assert!(size >= least(), "a university has at least {} people", least());
        let mut founding = Founding::new(sealer);
        for (unit, more) in UNITS.iter().zip(spread(size - least())) {
            founding.fill(unit, unit.sort.least() + more);
        }
        founding.end()
    }

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

/// Those beyond the least, over the departments by their weights; nobody is lost in rounding.
fn spread(rest: usize) -> Vec<usize> {
    let whole: usize = UNITS.iter().map(|unit| unit.sort.weight()).sum();
    let mut reached = 0;
    let mut given = 0;
    let share = |unit: &Unit| {
        reached += unit.sort.weight();
        let until = rest * reached / whole;
        let here = until - given;
        given = until;
        here
    };
    UNITS.iter().map(share).collect()
}

struct Founding<'a> {
    sealer: &'a Sealer,
    names: Names,
    dice: Dice,
    /// by code
    ids: BTreeMap<&'static str, DepartmentId>,
    taken: BTreeSet<String>,
    /// the next number of a year of entry
    numbers: BTreeMap<u32, u32>,
    university: University,
}

/// Whom to add.
struct Newcomer<'a> {
    unit: &'a Unit,
    seat: Seat,
    title: Option<String>,
    kind: &'static str,
}

impl<'a> Founding<'a> {
    fn new(sealer: &'a Sealer) -> Self {
        let mut names = Names::new(2026);
        let mut taken = BTreeSet::new();
        for actor in &ACTORS {
            names.take(actor.name);
            taken.insert(actor.account.to_owned());
        }
        Self {
            sealer,
            names,
            dice: Dice::new(1902),
            ids: BTreeMap::new(),
            taken,
            numbers: BTreeMap::new(),
            university: University {
                departments: Vec::new(),
                people: Vec::new(),
                posts: Vec::new(),
                phones: Vec::new(),
                places: HashMap::new(),
                accounts: HashMap::new(),
                members: BTreeMap::new(),
            },
        }
    }

    fn fill(&mut self, unit: &'a Unit, members: usize) {
        let id = DepartmentId::new();
        let position = i64::try_from(self.university.departments.len()).unwrap_or(i64::MAX);
        self.ids.insert(unit.code, id);
        self.university.departments.push(Department {
            id,
            code: unit.code.to_owned(),
            name: unit.name.to_owned(),
            parent_id: self.ids.get(unit.above).copied(),
            position,
        });
        let head = Newcomer { unit, seat: Seat::Head, title: Some(unit.head().to_owned()), kind: "staff" };
        let head = self.admit(&head);
        if let Some(title) = unit.deputy() {
            let deputy = self.admit(&Newcomer { unit, seat: Seat::Deputy, title: Some(title), kind: "staff" });
            self.university.people[head].deputy_id = Some(self.university.people[deputy].id);
        }
        let titles = unit.sort.titles();
        for nth in 0..members {
            let title = titles.get(nth % titles.len().max(1)).map(|title| (*title).to_owned());
            self.admit(&Newcomer { unit, seat: Seat::Member(nth), title, kind: unit.sort.kind() });
        }
    }

    /// Adds somebody; which of all.
    fn admit(&mut self, newcomer: &Newcomer<'_>) -> usize {
        let place = self.university.people.len();
        let unit = newcomer.unit;
        let actor = ACTORS.iter().find(|actor| actor.unit == unit.code && actor.seat == newcomer.seat);
        let is_female = actor.map_or_else(|| self.dice.percent(48), |actor| actor.is_female);
        let (account, name, title) = match actor {
            Some(actor) => (actor.account.to_owned(), actor.name.to_owned(), Some(actor.title.to_owned())),
            None => (self.account(unit, newcomer.kind), self.names.next(is_female), newcomer.title.clone()),
        };
        let has_phone = actor.is_some() || !place.is_multiple_of(WITHOUT_PHONE);
        // 199 0000 0001 and on: fictional, and enough for everybody.
        let phone = has_phone.then(|| (19_900_000_001 + place).to_string());
        let dingtalk = phone.is_some().then(|| format!("qx{account}"));
        let profile = Profile {
            gender: Some(if is_female { "female" } else { "male" }.to_owned()),
            grade: (newcomer.kind == "student").then(|| grade(unit).to_string()),
            title,
            phone: phone.as_ref().map(|phone| Contact::phone(self.sealer, phone)),
            email: Some(Contact::email(self.sealer, &format!("{account}@example.edu"))),
            dingtalk_id: dingtalk.clone(),
            ..Profile::of(&account, &name, newcomer.kind)
        };
        self.post(&profile, unit.code, newcomer.seat == Seat::Head, true);
        self.university.phones.extend(dingtalk.zip(phone));
        self.university.places.insert(profile.id, place);
        self.university.accounts.insert(account.clone(), place);
        self.university.members.entry(unit.code).or_default().push(account);
        self.university.people.push(profile);
        place
    }

    fn post(&mut self, person: &Profile, code: &str, is_head: bool, is_primary: bool) {
        let position = i64::try_from(self.university.members.get(code).map_or(0, Vec::len)).unwrap_or(i64::MAX);
        let department_id = self.ids[code];
        self.university.posts.push(Assignment { person_id: person.id, department_id, is_primary, is_head, position });
    }

    /// 20160899: the year of entry and a number; students have the year, their college and a number.
    fn account(&mut self, unit: &Unit, kind: &str) -> String {
        let is_student = kind == "student";
        let year = match kind {
            "student" => grade(unit),
            "retired" => 1975 + u32::try_from(self.dice.below(15)).unwrap_or(0),
            _ => 1996 + u32::try_from(self.dice.below(30)).unwrap_or(0),
        };
        loop {
            let number = self.numbers.entry(year).or_insert(100);
            *number += 1;
            let account =
                if is_student { format!("{year}{:06}", 310_000 + *number) } else { format!("{year}{number:04}") };
            if self.taken.insert(account.clone()) {
                return account;
            }
        }
    }

    fn end(mut self) -> University {
        let (section, first) = UNDERTAKER;
        // The head comes first in the list, and a section has no deputy.
        let colleagues = self.university.members(section)[1 + first..].to_vec();
        if let [undertaker, stand_in, ..] = colleagues.as_slice() {
            let undertaker = self.university.accounts[undertaker];
            let stand_in = self.university.find(stand_in).map(|person| person.id);
            self.university.people[undertaker].deputy_id = stand_in;
        }
        for (chair, office) in SECOND_POSTS {
            let professor = self.university.members(chair).get(2);
            if let Some(professor) = professor.and_then(|account| self.university.find(account)).cloned() {
                self.post(&professor, office, false, false);
            }
        }
        self.university
    }
}

/// The year in which a class began, from its code: `jsj-2024`.
fn grade(unit: &Unit) -> u32 {
    unit.code.rsplit('-').next().and_then(|year| year.parse().ok()).unwrap_or(2024)
}

#[cfg(test)]
mod tests {
    use super::*;

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
