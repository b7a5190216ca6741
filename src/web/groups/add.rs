//! `/groups/{id}/add`: members by form, from the tree of departments, by spreadsheet; and
//! `/groups/{id}/members/{person}`, one of them to be edited.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use serde_json::json;

use super::{
    one::parse,
    view::{only_one, person_row},
};
use crate::{
    domain::{
        DepartmentId, GroupId, PersonId, Problem,
        command::read_external,
        message::{Audience, DepartmentChoice, External},
    },
    hub::groups::{MemberEdit, Named},
    producers::{
        self,
        groups::{Complaint, Report},
    },
    storage::{
        departments::{self, Branch},
        directory, people,
    },
    web::{
        door::session::Me,
        frame::{
            form::{Fields, Form, Query},
            page::{Answer, Around},
            page_error::{PageError, status_of},
            path::Path,
        },
        views::{
            groups::{
                Found, GroupAddPage, GroupMemberPage, GroupNode, GroupPeople, ImportLine, ImportReport, MemberForm,
                PersonRow, Way,
            },
            shell::Section,
        },
    },
};

const WAYS: [&str; 3] = ["form", "tree", "file"];
/// Of one department so many are listed to be ticked.
const PEOPLE: i64 = 500;
const FOUND: i64 = 50;

/// `GET /groups/{id}/add?by=…&q=…&open=…`
pub async fn form(me: Me, Path(id): Path<String>, Query(query): Query) -> Answer {
    let id = parse(&id)?;
    if me.wants("people") {
        let mut tx = me.web.hub.db.read().await?;
        me.web.hub.own_group(&mut tx, &me.source(), id).await?;
        let department = departments::find_by_code(&mut tx, query.get("open")).await?.ok_or_else(Problem::not_found)?;
        let members = directory::list_members(&mut tx, department.id, None, PEOPLE).await?;
        let view = GroupPeople { members: members.into_iter().map(|(_, person)| person_row(person)).collect() };
        drop(tx);
        return me.part(Section::Groups, "group_people", &view).await;
    }
    let notice = me.group_notice(&query);
    me.show_add(id, &query, Outcome { notice, ..Outcome::default() }).await
}

/// `POST /groups/{id}/add` with `by` = `form` (one person) or `tree` (`department` and `account`,
/// repeated).
pub async fn add(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let id = parse(&id)?;
    let result = async {
        let named = if fields.get("by") == "tree" { ticked(&fields) } else { me.typed(id, &fields).await? };
        Ok::<_, PageError>(me.web.hub.add_members(&me.source(), id, &named).await?)
    };
    match result.await {
        Ok(done) => {
            let told = format!("done=members&count={}&already={}", done.added, done.already);
            let back = match fields.get("more") {
                "1" => format!("/groups/{id}/add?by={}&{told}", way(&fields)),
                _ => format!("/groups/{id}?{told}"),
            };
            Ok(Redirect::to(&back).into_response())
        }
        Err(error) => me.refuse_add(id, &fields, error).await,
    }
}

/// `POST /groups/{id}/import` with a file and `strict=1`.
pub async fn import(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let id = parse(&id)?;
    me.web.hub.own_group(&mut me.web.hub.db.read().await?, &me.source(), id).await?;
    let is_strict = fields.get("strict") == "1";
    let bytes = fields.files.first().map(|file| file.bytes.to_vec()).unwrap_or_default();
    match producers::groups::import(&me.web.hub, &me.source(), id, bytes, is_strict).await {
        Ok(report) => {
            me.show_add(id, &fields, Outcome { report: Some((report, is_strict)), ..Outcome::default() }).await
        }
        Err(error) => me.refuse_add(id, &fields, error.into()).await,
    }
}

/// `GET /groups/{id}/members/{person}`
pub async fn member(me: Me, Path((id, person)): Path<(String, String)>) -> Answer {
    me.show_member(parse(&id)?, person_of(&person)?, None).await
}

/// `POST /groups/{id}/members/{person}` with `note`, and of somebody outside `name`, `phone`, `email`.
pub async fn edit(me: Me, Path((id, person)): Path<(String, String)>, Form(fields): Form) -> Answer {
    let (id, person) = (parse(&id)?, person_of(&person)?);
    let result = async {
        let member = me.web.hub.group_member(&me.source(), id, person).await?;
        let outside = if member.account.is_none() { Some(outsider(&fields)?) } else { None };
        let edit = MemberEdit { outside, note: fields.get("note").to_owned() };
        Ok::<_, PageError>(me.web.hub.edit_member(&me.source(), id, person, &edit).await?)
    };
    match result.await {
        Ok(()) => Ok(Redirect::to(&format!("/groups/{id}?done=member_saved")).into_response()),
        Err(error) => {
            let problem = error.into_problem()?;
            me.show_member(id, person, Some((typed_form(&fields), problem))).await
        }
    }
}

fn person_of(id: &str) -> Result<PersonId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

/// What the page of adding says beside its forms.
#[derive(Default)]
struct Outcome {
    problem: Option<Problem>,
    notice: Option<String>,
    /// And whether it was taken strictly.
    report: Option<(Report, bool)>,
}

impl Me {
    /// One person, inside or outside.
    async fn typed(&self, id: GroupId, fields: &Fields) -> Result<Named, PageError> {
        if fields.get("outside") == "1" {
            let who = (outsider(fields)?, fields.get("note").to_owned());
            return Ok(Named { outside: vec![who], ..Named::default() });
        }
        let typed = fields.get("who").trim();
        let mut tx = self.web.hub.db.read().await?;
        self.web.hub.own_group(&mut tx, &self.source(), id).await?;
        let by_account = people::find_by_account(&mut tx, typed).await?;
        let wanted = directory::Wanted { text: typed, ..directory::Wanted::default() };
        let found = if typed.is_empty() { Vec::new() } else { directory::list(&mut tx, &wanted, None, FOUND).await? };
        let account = only_one(typed, &found, by_account.as_ref())?;
        Ok(Named { inside: Audience { people: vec![account], ..Audience::default() }, ..Named::default() })
    }

    async fn refuse_add(&self, id: GroupId, fields: &Fields, error: PageError) -> Answer {
        let problem = Some(error.into_problem()?);
        self.show_add(id, fields, Outcome { problem, ..Outcome::default() }).await
    }

    async fn show_add(&self, id: GroupId, query: &Fields, outcome: Outcome) -> Answer {
        let mut tx = self.web.hub.db.read().await?;
        let group = self.web.hub.own_group(&mut tx, &self.source(), id).await?;
        let by = if outcome.report.is_some() || !query.files.is_empty() { "file" } else { way(query) };
        let (mut tree, mut found) = (Vec::new(), None);
        let search: String = query.get("q").trim().chars().take(100).collect();
        if by == "tree" && !search.is_empty() {
            let wanted = directory::Wanted { text: &search, ..directory::Wanted::default() };
            let people = directory::list(&mut tx, &wanted, None, FOUND).await?;
            let people = people.into_iter().map(person_row).collect();
            found = Some(Found { query: search.clone(), people });
        } else if by == "tree" {
            let opened = departments::find_by_code(&mut tx, query.get("open")).await?;
            let mut members = Vec::new();
            if let Some(opened) = &opened {
                let listed = directory::list_members(&mut tx, opened.id, None, PEOPLE).await?;
                members.extend(listed.into_iter().map(|(_, person)| person_row(person)));
            }
            let opened = opened.map(|opened| opened.id);
            tree = nodes(&departments::list_tree(&mut tx).await?, None, id, &mut (opened, members));
        }
        drop(tx);
        let view = GroupAddPage {
            id: id.to_string(),
            name: group.name.clone(),
            by: by.to_owned(),
            ways: WAYS.map(|name| Way { name: name.to_owned(), current: name == by }).into(),
            form: if outcome.problem.is_some() { typed_form(query) } else { MemberForm::default() },
            tree,
            query: search,
            found,
            strict: outcome.report.as_ref().is_some_and(|(_, is_strict)| *is_strict),
            report: outcome.report.map(|(report, is_strict)| report_view(report, is_strict)),
            problem: outcome.problem.as_ref().map(|problem| self.in_words(problem)),
            notice: outcome.notice,
        };
        let status = outcome.problem.map_or(StatusCode::OK, |problem| status_of(problem.class));
        self.page(Around::from(Section::Groups).titled(&group.name).status(status), "group_add", &view).await
    }

    async fn show_member(&self, id: GroupId, person: PersonId, refused: Option<(MemberForm, Problem)>) -> Answer {
        let mut tx = self.web.hub.db.read().await?;
        let group = self.web.hub.own_group(&mut tx, &self.source(), id).await?;
        drop(tx);
        let member = self.web.hub.group_member(&self.source(), id, person).await?;
        let problem = refused.as_ref().map(|(_, problem)| self.in_words(problem));
        let status = refused.as_ref().map_or(StatusCode::OK, |(_, problem)| status_of(problem.class));
        let form = match refused {
            Some((typed, _)) => MemberForm { name: pick(typed.name, &member.name, &member.account), ..typed },
            None => {
                let (phone, email) = match member.account {
                    None => self.addresses(&member)?,
                    Some(_) => (None, None),
                };
                MemberForm {
                    who: String::new(),
                    outside: member.account.is_none(),
                    name: member.name.clone(),
                    phone: phone.unwrap_or_default(),
                    email: email.unwrap_or_default(),
                    note: member.note.clone(),
                }
            }
        };
        let view = GroupMemberPage {
            group: id.to_string(),
            group_name: group.name,
            id: person.to_string(),
            account: member.account.unwrap_or_default(),
            department: member.department.unwrap_or_default(),
            form,
            problem,
        };
        let around = Around::from(Section::Groups).titled(&member.name).status(status);
        self.page(around, "group_member", &view).await
    }
}

/// The name of somebody inside is the directory's, whatever was sent.
fn pick(typed: String, known: &str, account: &Option<String>) -> String {
    if account.is_some() { known.to_owned() } else { typed }
}

fn way(fields: &Fields) -> &'static str {
    WAYS.into_iter().find(|way| *way == fields.get("by")).unwrap_or(WAYS[0])
}

fn ticked(fields: &Fields) -> Named {
    let choice = |code: &str| DepartmentChoice { code: code.to_owned(), recursive: true };
    let inside = Audience {
        people: fields.all("account").map(str::to_owned).collect(),
        departments: fields.all("department").map(choice).collect(),
        ..Audience::default()
    };
    Named { inside, ..Named::default() }
}

/// Somebody outside, as a program would describe them.
fn outsider(fields: &Fields) -> Result<External, Problem> {
    let given = |name: &str| Some(fields.get(name).trim()).filter(|text| !text.is_empty());
    let name = fields.get("name");
    read_external(&json!({"name": name, "phone": given("phone"), "email": given("email")}), "")
}

fn typed_form(fields: &Fields) -> MemberForm {
    let text = |name: &str| fields.get(name).to_owned();
    MemberForm {
        who: text("who"),
        outside: fields.get("outside") == "1",
        name: text("name"),
        phone: text("phone"),
        email: text("email"),
        note: text("note"),
    }
}

/// The tree below `parent`; the people of the department that was opened go to their place.
fn nodes(
    rows: &[Branch],
    parent: Option<DepartmentId>,
    group: GroupId,
    opened: &mut (Option<DepartmentId>, Vec<PersonRow>),
) -> Vec<GroupNode> {
    let children = rows.iter().filter(|row| row.parent_id == parent);
    children
        .map(|row| {
            let is_opened = opened.0 == Some(row.id);
            let members = if is_opened { std::mem::take(&mut opened.1) } else { Vec::new() };
            let children = nodes(rows, Some(row.id), group, opened);
            GroupNode {
                group: group.to_string(),
                code: row.code.clone(),
                name: row.name.clone(),
                people: row.people,
                // the top of the tree is shown open
                open: parent.is_none() || children.iter().any(|child| child.open || !child.members.is_empty()),
                members,
                children,
            }
        })
        .collect()
}

fn report_view(report: Report, is_strict: bool) -> ImportReport {
    ImportReport {
        added: report.created,
        already: report.unchanged,
        failed: report.failed,
        refused: is_strict && report.failed > 0,
        errors: report.errors.into_iter().map(line).collect(),
        warnings: report.warnings.into_iter().map(line).collect(),
    }
}

fn line(complaint: Complaint) -> ImportLine {
    ImportLine {
        row: complaint.row,
        column: complaint.column.to_owned(),
        value: complaint.value,
        reason: complaint.reason,
        suggestion: complaint.suggestion,
    }
}
