//! What the page of a group shows: to whoever may use it, and beyond that to its owner.

use axum::http::StatusCode;
use url::form_urlencoded;

use super::list::choices;
use crate::{
    domain::{
        DepartmentId, GroupId, PersonId, Problem,
        person::{State, mask_email, mask_phone},
    },
    hub::{self, groups::Shelf},
    storage::{
        Tx, departments, directory,
        group_members::{self, Member},
        group_shares,
        groups::Group,
        people::Person,
    },
    web::{
        door::session::Me,
        frame::{
            form::Fields,
            page::{Answer, Around},
            page_error::{PageError, status_of},
        },
        views::{
            groups::{
                DepartmentChoice as DepartmentView, FolderChoice, Followed, Found, GroupPage, MemberRow, PersonRow,
                UseRow,
            },
            shell::Section,
        },
    },
};

/// Members of one page.
const PAGE: i64 = 100;
/// People of a followed department whose names are shown.
const FOLLOWED: usize = 60;
const FOUND: i64 = 20;
const USES: i64 = 10;

impl Me {
    pub async fn show_group(
        &self,
        id: GroupId,
        query: &Fields,
        problem: Option<Problem>,
        notice: Option<String>,
    ) -> Answer {
        let shelf = self.web.hub.shelf(&self.source()).await?;
        let mut tx = self.web.hub.db.read().await?;
        let group = self.web.hub.usable_group(&mut tx, &self.source(), id).await?;
        let is_own = group.owner_id == self.id();
        let mut view = self.group_view(&mut tx, &group, query).await?;
        if is_own {
            self.add_owners_part(&mut tx, &shelf, &group, query, &mut view).await?;
        }
        drop(tx);
        if problem.is_some() && query.get("do") == "save" {
            view.typed = query.get("name").to_owned();
        }
        view.problem = problem.as_ref().map(|problem| self.in_words(problem));
        view.notice = notice;
        let status = problem.map_or(StatusCode::OK, |problem| status_of(problem.class));
        self.page(Around::from(Section::Groups).titled(&group.name).status(status), "group", &view).await
    }

    /// What everybody sees who may use the group.
    async fn group_view(&self, tx: &mut Tx, group: &Group, query: &Fields) -> Result<GroupPage, PageError> {
        let is_own = group.owner_id == self.id();
        let search: String = query.get("q").trim().chars().take(100).collect();
        let after = read_place(query.get("after"));
        let start = after.unwrap_or(group_members::START);
        let mut members = group_members::list(tx, group.id, &search, start, PAGE + 1).await?;
        let shown = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let is_more = members.len() > shown;
        members.truncate(shown);
        let older = members.last().filter(|_| is_more).map(|last| next_page(group.id, &search, last));
        let uses = group_shares::list_uses(tx, group.id, self.id(), USES).await?;
        let used = group_shares::count_uses(tx, group.id).await?.messages;
        let mine = group_shares::count_uses_by(tx, group.id, self.id()).await?;
        let mut rows = Vec::with_capacity(members.len());
        for member in members {
            rows.push(self.member_row(member, is_own)?);
        }
        Ok(GroupPage {
            id: group.id.to_string(),
            name: group.name.clone(),
            folder: group.folder_name.clone().filter(|_| is_own),
            owner: (!is_own).then(|| group.owner_name.clone()),
            people: group.people,
            whole: is_own && search.is_empty() && rows.len() > 1,
            members: rows,
            query: search,
            older,
            targets: Vec::new(),
            follows: followed(tx, group).await?,
            departments: Vec::new(),
            choices: Vec::new(),
            typed: group.name.clone(),
            sharers: Vec::new(),
            found: None,
            uses: uses.into_iter().map(use_row).collect(),
            used: if is_own { used } else { mine },
            used_by_others: if is_own { used - mine } else { 0 },
            problem: None,
            notice: None,
        })
    }

    /// What only the owner sees and does.
    async fn add_owners_part(
        &self,
        tx: &mut Tx,
        shelf: &Shelf,
        group: &Group,
        query: &Fields,
        view: &mut GroupPage,
    ) -> Result<(), PageError> {
        let others = shelf.groups.iter().filter(|other| other.owner_id == self.id() && other.id != group.id);
        let target = |other: &Group| {
            let id = other.id.to_string();
            FolderChoice { chosen: id == query.get("to"), id, name: other.name.clone() }
        };
        view.targets = others.map(target).collect();
        view.choices = choices(shelf, &group.folder_id.map(|id| id.to_string()).unwrap_or_default());
        view.departments = paths(departments::list_tree(tx).await?);
        let sharers = group_shares::list(tx, group.id).await?;
        view.sharers = sharers
            .into_iter()
            .map(|each| PersonRow {
                id: each.id.to_string(),
                account: each.account,
                name: each.name,
                department: each.department.unwrap_or_default(),
            })
            .collect();
        let typed: String = query.get("share").trim().chars().take(100).collect();
        if !typed.is_empty() {
            let people = self.search_people(tx, &typed).await?;
            let known = |person: &PersonRow| {
                view.sharers.iter().any(|sharer| sharer.id == person.id) || person.id == self.id().to_string()
            };
            let people = people.into_iter().filter(|person| !known(person)).collect();
            view.found = Some(Found { query: typed, people });
        }
        Ok(())
    }

    /// By name, sound or account.
    pub async fn search_people(&self, tx: &mut Tx, typed: &str) -> Result<Vec<PersonRow>, PageError> {
        let wanted = directory::Wanted { text: typed, ..directory::Wanted::default() };
        let found = directory::list(tx, &wanted, None, FOUND).await?;
        Ok(found.into_iter().map(person_row).collect())
    }

    fn member_row(&self, member: Member, is_own: bool) -> Result<MemberRow, hub::Error> {
        let (phone, email) = match member.account {
            Some(_) => (None, None),
            None => self.addresses(&member)?,
        };
        let shown = |text: Option<String>, mask: fn(&str) -> String| {
            text.map(|text| if is_own { text } else { mask(&text) }).unwrap_or_default()
        };
        Ok(MemberRow {
            id: member.id.to_string(),
            name: member.name,
            outside: member.account.is_none(),
            account: member.account.unwrap_or_default(),
            department: member.department.unwrap_or_default(),
            phone: shown(phone, mask_phone),
            email: shown(email, mask_email),
            note: member.note,
            gone: member.state != State::Active,
        })
    }

    /// Phone number and address of somebody outside.
    pub fn addresses(&self, member: &Member) -> Result<(Option<String>, Option<String>), hub::Error> {
        Ok(member.addresses(&self.web.hub.sealer)?)
    }
}

pub fn person_row(person: directory::Listed) -> PersonRow {
    PersonRow {
        id: person.id.to_string(),
        account: person.account,
        name: person.name,
        department: person.department.unwrap_or_default(),
    }
}

async fn followed(tx: &mut Tx, group: &Group) -> Result<Option<Followed>, PageError> {
    let (Some(id), Some(name)) = (group.follows_id, group.follows_name.clone()) else { return Ok(None) };
    let limit = i64::try_from(FOLLOWED).unwrap_or(i64::MAX);
    let people = group_members::list_followed(tx, id, group.follows_all, limit + 1).await?;
    let more = people.len() > FOLLOWED;
    let names = people.into_iter().take(FOLLOWED).map(|(name, _)| name).collect();
    Ok(Some(Followed { name, all: group.follows_all, names, more }))
}

fn use_row(used: group_shares::Use) -> UseRow {
    UseRow {
        id: used.id.to_string(),
        title: used.title,
        state: used.state,
        recipients: used.recipients,
        at: used.created_at,
    }
}

/// `position.id` of the last member that was shown.
fn read_place(text: &str) -> Option<(i64, PersonId)> {
    let (position, id) = text.split_once('.')?;
    Some((position.parse().ok()?, id.parse().ok()?))
}

fn next_page(group: GroupId, search: &str, last: &Member) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !search.is_empty() {
        query.append_pair("q", search);
    }
    query.append_pair("after", &format!("{}.{}", last.position, last.id));
    format!("/groups/{group}?{}", query.finish())
}

/// Departments by their paths, in the order of the tree.
fn paths(rows: Vec<departments::Branch>) -> Vec<DepartmentView> {
    fn below(rows: &[departments::Branch], parent: Option<DepartmentId>, above: &str, found: &mut Vec<DepartmentView>) {
        for row in rows.iter().filter(|row| row.parent_id == parent) {
            let path = if above.is_empty() { row.name.clone() } else { format!("{above} / {}", row.name) };
            found.push(DepartmentView { code: row.code.clone(), path: path.clone() });
            below(rows, Some(row.id), &path, found);
        }
    }
    let mut found = Vec::with_capacity(rows.len());
    below(&rows, None, "", &mut found);
    found
}

/// Somebody by an exact account, or by a name that only one has.
pub fn only_one(typed: &str, found: &[directory::Listed], by_account: Option<&Person>) -> Result<String, Problem> {
    if let Some(account) = by_account.and_then(|person| person.account.clone()) {
        return Ok(account);
    }
    let named: Vec<_> = found.iter().filter(|person| person.name == typed).collect();
    match named.as_slice() {
        [one] => Ok(one.account.clone()),
        [] => Err(Problem::invalid("RCPT_NOT_VISIBLE", "/who", format!("没有找到“{typed}”，请填写工号或完整姓名"))
            .in_english(format!("nobody found as {typed}, type an account or a full name"))),
        several => {
            let accounts: Vec<_> = several.iter().map(|person| person.account.as_str()).collect();
            let (count, accounts) = (several.len(), accounts.join("、"));
            Err(Problem::invalid("RCPT_AMBIGUOUS", "/who", format!("有 {count} 人叫“{typed}”，请填写工号：{accounts}"))
                .in_english(format!("{count} people are called {typed}, type an account: {accounts}")))
        }
    }
}
