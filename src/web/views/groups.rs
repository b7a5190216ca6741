//! `/groups` and `/groups/{id}`: lists of recipients that somebody keeps, and those shared with him.

use serde::Serialize;

use super::Moment;
use crate::domain::message;

/// `pages/groups`: folders with groups in them.
#[derive(Debug, Clone, Serialize)]
pub struct GroupsPage {
    /// One's own outside of any folder first, then folder by folder.
    pub folders: Vec<FolderView>,
    pub shared: Vec<GroupRow>,
    /// Nothing at all: neither kept nor shared.
    pub none: bool,
    /// What was typed into the form for a group, and which folder was chosen.
    pub name: String,
    pub choices: Vec<FolderChoice>,
    /// The form that was refused, `group` or `folder`; it is shown open. A folder's own: its id.
    pub wrong: String,
    /// Why, already in the person's language.
    pub problem: Option<String>,
    pub notice: Option<String>,
}

/// A folder, or what lies outside of all: then `id` is empty.
#[derive(Debug, Clone, Serialize)]
pub struct FolderView {
    pub id: String,
    pub name: String,
    pub groups: Vec<GroupRow>,
    /// Its form was refused.
    pub open: bool,
}

/// One group in the list.
#[derive(Debug, Clone, Serialize)]
pub struct GroupRow {
    pub id: String,
    pub name: String,
    pub people: i64,
    /// With how many it is shared.
    pub shares: i64,
    /// Who shared it with the reader; `None`: his own.
    pub owner: Option<String>,
    /// The department that it follows.
    pub follows: Option<String>,
    /// The folder that it lies in; empty: none.
    pub folder: String,
}

/// `folder=<id>`
#[derive(Debug, Clone, Serialize)]
pub struct FolderChoice {
    pub id: String,
    pub name: String,
    pub chosen: bool,
}

/// `pages/group`.
#[derive(Debug, Clone, Serialize)]
pub struct GroupPage {
    pub id: String,
    pub name: String,
    pub folder: Option<String>,
    /// Who shared it; `None`: one's own, to be changed.
    pub owner: Option<String>,
    pub people: i64,
    pub members: Vec<MemberRow>,
    /// Search among members.
    pub query: String,
    /// Address of the next page; `None` at the end.
    pub older: Option<String>,
    /// The whole list stands here: it can be sorted by dragging.
    pub whole: bool,
    /// Other groups of one's own, for copying and moving.
    pub targets: Vec<FolderChoice>,
    pub follows: Option<Followed>,
    pub departments: Vec<DepartmentChoice>,
    pub choices: Vec<FolderChoice>,
    /// What was typed as its name.
    pub typed: String,
    pub sharers: Vec<PersonRow>,
    /// What was searched for to share it, and who was found; `None`: nothing yet.
    pub found: Option<Found>,
    pub uses: Vec<UseRow>,
    /// Messages that went to it, and those of others among them.
    pub used: i64,
    pub used_by_others: i64,
    pub problem: Option<String>,
    pub notice: Option<String>,
}

/// Somebody who is listed.
#[derive(Debug, Clone, Serialize)]
pub struct MemberRow {
    pub id: String,
    pub name: String,
    pub account: String,
    pub department: String,
    /// Of somebody outside; masked for whoever does not keep the group.
    pub phone: String,
    pub email: String,
    pub note: String,
    pub outside: bool,
    /// Resigned or frozen: gets nothing.
    pub gone: bool,
}

/// 跟随部门
#[derive(Debug, Clone, Serialize)]
pub struct Followed {
    pub name: String,
    /// With all departments below.
    pub all: bool,
    pub names: Vec<String>,
    /// There are more than those.
    pub more: bool,
}

/// `department=<code>`, by its path from the top.
#[derive(Debug, Clone, Serialize)]
pub struct DepartmentChoice {
    pub code: String,
    pub path: String,
}

/// Somebody by name and account.
#[derive(Debug, Clone, Serialize)]
pub struct PersonRow {
    pub id: String,
    pub account: String,
    pub name: String,
    pub department: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Found {
    pub query: String,
    pub people: Vec<PersonRow>,
}

/// A message of one's own that went to the group.
#[derive(Debug, Clone, Serialize)]
pub struct UseRow {
    pub id: String,
    pub title: String,
    /// Words under `outbox.state.<state>`.
    pub state: message::State,
    pub recipients: i64,
    pub at: Moment,
}

/// `pages/group_add`: by form, from the tree, or by spreadsheet.
#[derive(Debug, Clone, Serialize)]
pub struct GroupAddPage {
    pub id: String,
    pub name: String,
    /// `form`, `tree` or `file`; words under `groups.by.<by>`.
    pub by: String,
    pub ways: Vec<Way>,
    pub form: MemberForm,
    pub tree: Vec<GroupNode>,
    pub query: String,
    /// Who was found, in place of the tree.
    pub found: Option<Found>,
    pub report: Option<ImportReport>,
    pub strict: bool,
    pub problem: Option<String>,
    pub notice: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Way {
    pub name: String,
    pub current: bool,
}

/// What was typed of one person.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MemberForm {
    /// Account or name of somebody inside.
    pub who: String,
    pub outside: bool,
    pub name: String,
    pub phone: String,
    pub email: String,
    pub note: String,
}

/// A department of the tree; `people` when it was opened.
#[derive(Debug, Clone, Serialize)]
pub struct GroupNode {
    /// The group, for the address of its people.
    pub group: String,
    pub code: String,
    pub name: String,
    pub people: i64,
    pub open: bool,
    pub members: Vec<PersonRow>,
    pub children: Vec<GroupNode>,
}

/// `parts/group_people`: members of one department, to be ticked.
#[derive(Debug, Clone, Serialize)]
pub struct GroupPeople {
    pub members: Vec<PersonRow>,
}

/// What became of a file.
#[derive(Debug, Clone, Serialize)]
pub struct ImportReport {
    pub added: u64,
    pub already: u64,
    pub failed: u64,
    /// Nothing was taken because one row was wrong.
    pub refused: bool,
    pub errors: Vec<ImportLine>,
    pub warnings: Vec<ImportLine>,
}

/// What is wrong with one cell.
#[derive(Debug, Clone, Serialize)]
pub struct ImportLine {
    pub row: u32,
    pub column: String,
    pub value: String,
    pub reason: String,
    pub suggestion: String,
}

/// `pages/group_member`: one member, to be edited.
#[derive(Debug, Clone, Serialize)]
pub struct GroupMemberPage {
    pub group: String,
    pub group_name: String,
    pub id: String,
    /// Empty: somebody outside, whose name and addresses may be changed.
    pub account: String,
    pub department: String,
    pub form: MemberForm,
    pub problem: Option<String>,
}
