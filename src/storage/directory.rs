//! The address book as readers page through it: `person` with `assignment` and `department`.

use std::collections::BTreeSet;

use super::{Result, Tx};
use crate::domain::{DepartmentId, PersonId, person::State, pinyin_keys};

row! {
    /// A line of a list; the phone number stays sealed.
    #[derive(Debug, Clone)]
    pub struct Listed {
        pub id: PersonId,
        pub account: String,
        pub name: String,
        pub kind: String,
        pub gender: Option<String>,
        pub grade: Option<String>,
        pub title: Option<String>,
        pub phone_sealed: Option<Vec<u8>>,
        pub state: State,
        /// The name of the primary department.
        pub department: Option<String>,
        /// With `id` the place in the list.
        pub search: String,
    }
}

/// Whom to list. `Default` lists everybody active.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'a> {
    /// As typed: a name, pinyin, initials or an account, or part of one.
    pub text: &'a str,
    /// Of a whole phone number, when that is what was typed.
    pub phone_index: Option<&'a [u8]>,
    /// Only this department and those below it.
    pub department: Option<DepartmentId>,
    pub kind: Option<&'a str>,
    pub gender: Option<&'a str>,
    pub grade: Option<&'a str>,
    /// 在职 when not said otherwise.
    pub state: Option<State>,
}

/// Where the last page ended.
#[derive(Debug, Clone)]
pub struct After {
    pub search: String,
    pub id: PersonId,
}

impl From<&Listed> for After {
    fn from(last: &Listed) -> Self {
        Self { search: last.search.clone(), id: last.id }
    }
}

/// People by the sound of their names, `limit` of them after the place given.
pub async fn list(tx: &mut Tx, wanted: &Wanted<'_>, after: Option<&After>, limit: i64) -> Result<Vec<Listed>> {
    let typed = pinyin_keys::query(wanted.text);
    let pattern = super::containing(&typed);
    let state = wanted.state.unwrap_or(State::Active);
    let (search, id) = after.map_or(("", PersonId(uuid::Uuid::nil())), |after| (after.search.as_str(), after.id));
    fetch_all!(
        tx,
        Listed,
        "select person.id, account, name, kind, gender, grade, title, phone_sealed, state, search,
                (select department.name from assignment
                   join department on department.id = assignment.department_id
                  where assignment.person_id = person.id
                  order by is_primary desc, assignment.position, department.id limit 1) as department
           from person
          where account is not null and state = $1
            and ($2 = '' or search like $3 escape '\\' or lower(account) like $3 escape '\\' or phone_index = $4)
            and ($5 is null or exists (
                select 1 from assignment
                  join department_ancestor up on up.department_id = assignment.department_id
                 where assignment.person_id = person.id and up.ancestor_id = $5))
            and ($6 is null or kind = $6) and ($7 is null or gender = $7) and ($8 is null or grade = $8)
            and (search, person.id) > ($9, $10)
          order by search, person.id limit $11",
        [
            state,
            typed.as_str(),
            pattern.as_str(),
            wanted.phone_index,
            wanted.department,
            wanted.kind,
            wanted.gender,
            wanted.grade,
            search,
            id,
            limit
        ]
    )
}

/// What the people of the organisation are told apart by, each in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traits {
    pub kinds: Vec<String>,
    pub genders: Vec<String>,
    pub grades: Vec<String>,
}

/// Which kinds, genders and grades there are among those who are active, the rarest left out when
/// there are more than a list holds.
pub async fn list_traits(tx: &mut Tx) -> Result<Traits> {
    let found: Vec<(String, Option<String>, Option<String>)> = fetch_all!(
        tx,
        (String, Option<String>, Option<String>),
        "select kind, gender, grade from person where account is not null and state = 'active'
          group by kind, gender, grade order by count(*) desc, kind, gender, grade limit 400",
        []
    )?;
    let (mut kinds, mut genders, mut grades) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (kind, gender, grade) in found {
        kinds.insert(kind);
        genders.extend(gender.filter(|gender| !gender.is_empty()));
        grades.extend(grade.filter(|grade| !grade.is_empty()));
    }
    let sorted = |set: BTreeSet<String>| set.into_iter().collect();
    Ok(Traits { kinds: sorted(kinds), genders: sorted(genders), grades: sorted(grades) })
}

/// Members of one department, not of those below it, in the department's own order; `after` is the
/// position and id of the last one seen.
pub async fn list_members(
    tx: &mut Tx,
    department: DepartmentId,
    after: Option<(i64, PersonId)>,
    limit: i64,
) -> Result<Vec<(i64, Listed)>> {
    let (position, id) = after.unwrap_or((i64::MIN, PersonId(uuid::Uuid::nil())));
    let members: Vec<Member> = fetch_all!(
        tx,
        Member,
        "select assignment.position as place, person.id, account, person.name, kind, gender, grade, title,
                phone_sealed, state, search, department.name as department
           from assignment
           join person on person.id = assignment.person_id
           join department on department.id = assignment.department_id
          where assignment.department_id = $1 and account is not null and state = 'active'
            and (assignment.position, person.id) > ($2, $3)
          order by assignment.position, person.id limit $4",
        [department, position, id, limit]
    )?;
    Ok(members.into_iter().map(|member| (member.place, member.listed)).collect())
}

struct Member {
    place: i64,
    listed: Listed,
}

impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for Member
where
    &'static str: sqlx::ColumnIndex<R>,
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Listed: sqlx::FromRow<'r, R>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        Ok(Self { place: row.try_get("place")?, listed: Listed::from_row(row)? })
    }
}
