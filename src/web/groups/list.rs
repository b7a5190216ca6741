//! `/groups`: 群分组 of this person in their folders, and those that others share with him.

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Redirect},
};

use crate::{
    domain::{FolderId, GroupId, PersonId, Problem},
    hub::{self, Source, groups::Shelf},
    producers,
    storage::groups::Group,
    web::{
        door::session::Me,
        frame::{
            form::{Fields, Form, Query, ids, no_such_act, shifted},
            page::{Answer, Around},
            page_error::{PageError, status_of},
        },
        message::attachments::disposition,
        views::{
            groups::{FolderChoice, FolderView, GroupRow, GroupsPage},
            shell::Section,
        },
    },
};

/// `GET /groups`
pub async fn page(me: Me, Query(query): Query) -> Answer {
    me.show_shelf(Refused::default(), me.group_notice(&query)).await
}

/// `POST /groups` with `name` and `folder`.
pub async fn add(me: Me, Form(fields): Form) -> Answer {
    let added = async { me.web.hub.add_group(&me.source(), fields.get("name"), folder_of(&fields)?).await };
    match added.await {
        Ok(id) => Ok(Redirect::to(&format!("/groups/{id}?done=added")).into_response()),
        Err(error) => me.refuse_on_shelf("group", &fields, error).await,
    }
}

/// `POST /groups/folders` with `do` = `add`, `rename`, `delete`, `up`, `down` or `sort`.
pub async fn folders(me: Me, Form(fields): Form) -> Answer {
    let (hub, source, name) = (&me.web.hub, me.source(), fields.get("name"));
    let id = fields.get("id").parse::<FolderId>().map_err(|_| Problem::not_found());
    let (done, result) = match fields.get("do") {
        "add" => ("folder_added", hub.add_folder(&source, name).await.map(|_| ())),
        "rename" => ("saved", hub.rename_folder(&source, id?, name).await),
        "delete" => ("folder_deleted", hub.remove_folder(&source, id?).await),
        "sort" => ("sorted", hub.sort_folders(&source, &ids(&fields, "id")?).await),
        step @ ("up" | "down") => {
            let order: Vec<_> = hub.shelf(&source).await?.folders.into_iter().map(|folder| folder.id).collect();
            ("sorted", hub.sort_folders(&source, &shifted(order, id?, step == "up")).await)
        }
        _ => return Err(no_such_act()),
    };
    let form = if fields.get("do") == "rename" { fields.get("id") } else { "folder" };
    me.after_sorting(done, result, form, &fields).await
}

/// `POST /groups/arrange`: `folder` and its groups in their order (`id`, repeated), or `do` = `up` or
/// `down` for one of them.
pub async fn arrange(me: Me, Form(fields): Form) -> Answer {
    let (hub, source) = (&me.web.hub, me.source());
    let result = async {
        let (folder, mut order) = (folder_of(&fields)?, ids::<GroupId>(&fields, "id")?);
        if let (step @ ("up" | "down"), [one]) = (fields.get("do"), order.as_slice()) {
            let shelf = hub.shelf(&source).await?;
            order = shifted(beside(&shelf, *one, me.id()), *one, step == "up");
        }
        hub.arrange_groups(&source, folder, &order).await
    };
    me.after_sorting("sorted", result.await, "", &fields).await
}

/// `GET /groups/template`: the empty spreadsheet.
pub async fn template(me: Me) -> Answer {
    let bytes = tokio::task::spawn_blocking(producers::groups::template).await;
    let bytes = bytes.expect("writing a spreadsheet does not panic").map_err(std::io::Error::other);
    let bytes = bytes.map_err(hub::Error::from)?;
    let name = me.say("groups.template_name", &[]);
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static(kind)), (CONTENT_DISPOSITION, disposition(&format!("{name}.xlsx")))];
    Ok((headers, bytes).into_response())
}

/// A form that was refused, with what had been typed.
#[derive(Default)]
struct Refused<'a> {
    /// `group`, `folder`, or the id of a folder.
    form: &'a str,
    name: &'a str,
    folder: &'a str,
    problem: Option<Problem>,
}

impl Me {
    pub fn source(&self) -> Source {
        Source::Person(self.id())
    }

    async fn refuse_on_shelf(&self, form: &str, fields: &Fields, error: hub::Error) -> Answer {
        let problem = Some(PageError::from(error).into_problem()?);
        let refused = Refused { form, name: fields.get("name"), folder: fields.get("folder"), problem };
        self.show_shelf(refused, None).await
    }

    /// A script that sorted the page needs no other one.
    async fn after_sorting(&self, done: &str, result: hub::Result<()>, form: &str, fields: &Fields) -> Answer {
        match result {
            Ok(()) if self.wants("order") => Ok(StatusCode::NO_CONTENT.into_response()),
            Ok(()) => Ok(Redirect::to(&format!("/groups?done={done}")).into_response()),
            Err(error) => self.refuse_on_shelf(form, fields, error).await,
        }
    }

    async fn show_shelf(&self, refused: Refused<'_>, notice: Option<String>) -> Answer {
        let shelf = self.web.hub.shelf(&self.source()).await?;
        let (own, shared): (Vec<_>, Vec<_>) = shelf.groups.iter().partition(|group| group.owner_id == self.id());
        let rows = |folder: Option<FolderId>| {
            own.iter().filter(|group| group.folder_id == folder).map(|group| self.group_row(group)).collect()
        };
        let outside = FolderView { id: String::new(), name: String::new(), groups: rows(None), open: false };
        let folders = shelf.folders.iter().map(|folder| FolderView {
            id: folder.id.to_string(),
            name: folder.name.clone(),
            groups: rows(Some(folder.id)),
            open: folder.id.to_string() == refused.form,
        });
        let view = GroupsPage {
            folders: std::iter::once(outside).chain(folders).collect(),
            shared: shared.iter().map(|group| self.group_row(group)).collect(),
            none: shelf.groups.is_empty() && shelf.folders.is_empty(),
            name: refused.name.to_owned(),
            choices: choices(&shelf, refused.folder),
            wrong: refused.form.to_owned(),
            problem: refused.problem.as_ref().map(|problem| self.in_words(problem)),
            notice,
        };
        let status = refused.problem.map_or(StatusCode::OK, |problem| status_of(problem.class));
        self.page(Around::from(Section::Groups).status(status), "groups", &view).await
    }

    fn group_row(&self, group: &Group) -> GroupRow {
        let is_own = group.owner_id == self.id();
        GroupRow {
            id: group.id.to_string(),
            name: group.name.clone(),
            people: group.people,
            shares: if is_own { group.shares } else { 0 },
            owner: (!is_own).then(|| group.owner_name.clone()),
            follows: group.follows_name.clone(),
            folder: group.folder_id.map(|id| id.to_string()).unwrap_or_default(),
        }
    }

    /// What was just done, out of the address: known words and numbers alone.
    pub fn group_notice(&self, query: &Fields) -> Option<String> {
        const DONE: [&str; 15] = [
            "added",
            "saved",
            "deleted",
            "folder_added",
            "folder_deleted",
            "sorted",
            "members",
            "removed",
            "copied",
            "moved",
            "member_saved",
            "shared",
            "unshared",
            "follows",
            "unfollowed",
        ];
        let done = query.get("done");
        let number = |name: &str| query.get(name).parse::<i64>().unwrap_or(0).to_string();
        let values = [("count", number("count")), ("already", number("already"))];
        DONE.contains(&done).then(|| self.say(&format!("groups.done.{done}"), &values))
    }
}

/// Folders of one's own to choose from.
pub fn choices(shelf: &Shelf, chosen: &str) -> Vec<FolderChoice> {
    let choice = |folder: &crate::storage::group_folders::Folder| {
        let id = folder.id.to_string();
        FolderChoice { chosen: id == chosen, id, name: folder.name.clone() }
    };
    shelf.folders.iter().map(choice).collect()
}

/// `folder`; empty: outside of any.
pub fn folder_of(fields: &Fields) -> Result<Option<FolderId>, Problem> {
    match fields.get("folder") {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| Problem::not_found()),
    }
}

/// The groups among which one stands: of its folder, or all that are shared.
fn beside(shelf: &Shelf, one: GroupId, me: PersonId) -> Vec<GroupId> {
    let Some(found) = shelf.groups.iter().find(|group| group.id == one) else { return vec![one] };
    let is_own = found.owner_id == me;
    let peers = shelf
        .groups
        .iter()
        .filter(|group| (group.owner_id == me) == is_own && (!is_own || group.folder_id == found.folder_id));
    peers.map(|group| group.id).collect()
}
