//! Founding 青溪大学: names, accounts and numbers for everybody, seat by seat.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    dice::Dice,
    names::Names,
    units::{self, MORE_UNITS, UNITS, Unit},
    university::{ACTORS, Seat, University, least},
};
use crate::{
    domain::{DepartmentId, contact::Contact, seal::Sealer},
    storage::{assignments::Assignment, departments::Department, people::Profile},
};

/// The undertaker's deputy: another member of the same section.
const UNDERTAKER: (&str, usize) = ("hqc-hy", 0);
/// One in so many has given no phone number and is reached in the inbox alone.
const WITHOUT_PHONE: usize = 41;
/// Professors who work for an office as well: 兼职.
const SECOND_POSTS: [(&str, &str); 3] = [("jsj-rg", "kyc"), ("jx-zz", "jwc"), ("wx-zw", "xb")];

impl University {
    /// # Panics
    /// Below [`least`].
    pub fn found(size: usize, sealer: &Sealer) -> Self {
        assert!(size >= least(), "a university has at least {} people", least());
        let mut founding = Founding::new(sealer);
        let is_large = size >= super::PEOPLE + units::least(&MORE_UNITS);
        let here = if is_large { super::PEOPLE } else { size };
        founding.fill_all(&UNITS, here);
        if is_large {
            founding.fill_all(&MORE_UNITS, size - here);
        }
        founding.end()
    }
}

/// Those beyond the least, over the departments by their weights; nobody is lost in rounding.
fn spread(units: &[Unit], rest: usize) -> Vec<usize> {
    let whole: usize = units.iter().map(|unit| unit.sort.weight()).sum();
    let mut reached = 0;
    let mut given = 0;
    let share = |unit: &Unit| {
        reached += unit.sort.weight();
        let until = rest * reached / whole;
        let here = until - given;
        given = until;
        here
    };
    units.iter().map(share).collect()
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
            university: University::default(),
        }
    }

    /// So many people over these departments.
    fn fill_all(&mut self, units: &'a [Unit], people: usize) {
        for (unit, more) in units.iter().zip(spread(units, people - units::least(units))) {
            self.fill(unit, unit.sort.least() + more);
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
