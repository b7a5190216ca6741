//! `/templates`: 消息模板 that one may use, and keeping them for everybody or for a department.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};

use crate::{
    domain::{DepartmentId, Problem},
    hub::{
        policy::{self, Action, Facts},
        send::templates::{Keeper, Written},
    },
    storage::{
        Tx,
        departments::{self, Branch},
        templates,
    },
    web::{
        door::session::Me,
        frame::{
            form::{Fields, Query, Unchecked, no_such_act},
            page::{Answer, Around},
            page_error::{PageError, status_of},
            path::Path,
        },
        views::{
            shell::Section,
            templates::{TemplatePage, TemplateRow, TemplatesPage, Unit},
        },
    },
};

/// `GET /templates`
pub async fn list(me: Me, Query(query): Query) -> Answer {
    let row = |(template, may_edit): (templates::Template, bool)| TemplateRow {
        label: if template.label.is_empty() { template.name.clone() } else { template.label },
        name: template.name,
        title: template.title,
        department: template.department_name,
        editable: may_edit,
    };
    let mut tx = me.web.hub.db.read().await?;
    let rows = me.web.hub.list_templates(&mut tx, &me.who).await?.into_iter().map(row).collect();
    drop(tx);
    let done = ["saved", "removed"].into_iter().find(|known| *known == query.get("done"));
    let view = TemplatesPage {
        rows,
        can_add: me.keeps_templates(),
        notice: done.map(|done| me.say(&format!("templates.done.{done}"), &[])),
    };
    me.page(Section::Templates, "templates", &view).await
}

/// `GET /templates/{name}`; `new`: an empty one.
pub async fn open(me: Me, Path(name): Path<String>) -> Answer {
    let form = match known(&name) {
        None if me.keeps_templates() => Written::default(),
        None => return Err(Problem::not_found().into()),
        Some(name) => {
            let mut tx = me.web.hub.db.read().await?;
            let found =
                me.web.hub.list_templates(&mut tx, &me.who).await?.into_iter().find(|(one, _)| one.name == name);
            let (template, _) = found.filter(|(_, may_edit)| *may_edit).ok_or_else(Problem::not_found)?;
            Written {
                label: template.label,
                title: template.title,
                body: template.body,
                signature: template.signature,
                department: code_of(&mut tx, template.department_id).await?,
            }
        }
    };
    me.show_template(name, form, None).await
}

/// `POST /templates/{name}` with the fields of [`Written`] and `do` = `save` or `delete`.
pub async fn change(me: Me, Path(name): Path<String>, Unchecked(fields): Unchecked) -> Answer {
    let hub = &me.web.hub;
    let done = match (fields.get("do"), known(&name)) {
        ("delete", Some(name)) => hub.remove_template(&me.who, name).await.map(|()| "removed"),
        ("save", name) => match fields.checked() {
            Ok(()) => hub.save_template(&me.who, name, &written(&fields)).await.map(|_| "saved"),
            Err(problem) => Err(problem.into()),
        },
        _ => return Err(no_such_act()),
    };
    match done {
        Ok(done) => Ok(Redirect::to(&format!("/templates?done={done}")).into_response()),
        Err(error) => {
            let problem = PageError::from(error).into_problem()?;
            if problem.code == "NOT_FOUND" {
                return Err(problem.into());
            }
            let form = written(&fields);
            me.show_template(name, form, Some(problem)).await
        }
    }
}

/// None: one that is not there yet.
fn known(name: &str) -> Option<&str> {
    (name != "new").then_some(name)
}

fn written(fields: &Fields) -> Written {
    let text = |name: &str| fields.get(name).to_owned();
    Written {
        label: text("label"),
        title: text("title"),
        body: text("body").replace("\r\n", "\n"),
        signature: text("signature"),
        department: text("department"),
    }
}

impl Me {
    /// Also those of everybody.
    /// For everybody, or for a department whose head one is.
    pub(in crate::web) fn keeps_templates(&self) -> bool {
        self.who.is_head || self.keeps_all()
    }

    fn keeps_all(&self) -> bool {
        policy::may(&*self.who, Action::KeepTemplates, &Facts::STRANGER)
    }

    async fn show_template(&self, name: String, form: Written, problem: Option<Problem>) -> Answer {
        let mut tx = self.web.hub.db.read().await?;
        let keeper = Keeper::of(&mut tx, &self.who).await?;
        let tree = departments::list_tree(&mut tx).await?.into_iter();
        drop(tx);
        let unit =
            |branch: Branch| Unit { chosen: branch.code == form.department, code: branch.code, name: branch.name };
        let units = tree.filter(|branch| keeper.may_keep(Some(branch.id))).map(unit).collect();
        let status = problem.as_ref().map_or(StatusCode::OK, |problem| status_of(problem.class));
        let view = TemplatePage {
            is_new: known(&name).is_none(),
            name,
            units,
            for_all: keeper.keeps_all(),
            form,
            fields: self.placeholders(),
            problem: problem.as_ref().map(|problem| self.in_words(problem)),
        };
        self.page(Around::from(Section::Templates).status(status), "template", &view).await
    }
}

/// Empty: everybody's.
async fn code_of(tx: &mut Tx, department: Option<DepartmentId>) -> Result<String, PageError> {
    let Some(id) = department else { return Ok(String::new()) };
    Ok(departments::find(tx, id).await?.map(|department| department.code).unwrap_or_default())
}
