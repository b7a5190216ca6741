//! 消息模板: texts that are written again and again. Administrators keep those of everybody, heads those
//! of their departments; whoever belongs to one of them may use them. Programs use them by name.

use std::collections::HashSet;

use serde_json::json;

use crate::{
    domain::{DepartmentId, Problem, command::text, message::Draft, template},
    hub::{
        Hub, Result,
        people::sign_in::SignedIn,
        policy::{self, Action, Facts},
    },
    storage::{
        Tx, audit, departments,
        templates::{self, Template},
    },
};

/// Templates of one installation that a page lists.
const MOST: i64 = 500;
/// In characters.
const LONGEST_LABEL: usize = 50;

/// A template as it is written. The names are the names in the form.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Written {
    pub label: String,
    pub title: String,
    pub body: String,
    pub signature: String,
    /// The code of the department whose it is; empty: everybody's.
    pub department: String,
}

impl Hub {
    /// Those that this person may use, each with whether he may change it.
    pub async fn list_templates(&self, tx: &mut Tx, who: &SignedIn) -> Result<Vec<(Template, bool)>> {
        let keeper = Keeper::of(tx, who).await?;
        let listed = templates::list_for(tx, who.person, keeper.keeps_all(), MOST).await?;
        let marked = |template: Template| {
            let may_edit = keeper.may_keep(template.department_id);
            (template, may_edit)
        };
        Ok(listed.into_iter().map(marked).collect())
    }

    /// One that this person may use.
    pub async fn find_template(&self, who: &SignedIn, name: &str) -> Result<Option<Template>> {
        let mut tx = self.db.read().await?;
        let found = self.list_templates(&mut tx, who).await?.into_iter().find(|(template, _)| template.name == name);
        Ok(found.map(|(template, _)| template))
    }

    /// Writes a template: the one of this name, or a new one. Returns its name.
    ///
    /// # Errors
    /// `TPL_LABEL`, `TPL_SYNTAX`, what [`text::fits`] says of texts that are too long; `NOT_FOUND` for
    /// whoever may not keep it, where it was and where it goes.
    pub async fn save_template(&self, who: &SignedIn, name: Option<&str>, written: &Written) -> Result<String> {
        let label = check(written)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let keeper = Keeper::of(&mut tx, who).await?;
        if let Some(name) = name {
            let before = templates::find(&mut tx, name).await?.ok_or_else(Problem::not_found)?;
            keeper.require(before.department_id)?;
        }
        let department = match written.department.as_str() {
            "" => None,
            code => Some(departments::find_by_code(&mut tx, code).await?.ok_or_else(Problem::not_found)?),
        };
        keeper.require(department.as_ref().map(|department| department.id))?;
        let name = name.map_or_else(|| uuid::Uuid::now_v7().simple().to_string(), str::to_owned);
        let template = Template {
            name: name.clone(),
            label,
            title: text::line(&written.title, "/title")?,
            body: text::paragraphs(&written.body, "/body")?,
            signature: text::line(&written.signature, "/signature")?,
            department_id: department.as_ref().map(|department| department.id),
            department_name: None,
        };
        templates::save(&mut tx, &template, now).await?;
        let detail = json!({"label": template.label, "department": department.map(|department| department.code)});
        audit::insert(&mut tx, now, &who.actor(), "template.save", &format!("template:{name}"), detail).await?;
        tx.commit().await?;
        Ok(name)
    }

    /// # Errors
    /// `NOT_FOUND`
    pub async fn remove_template(&self, who: &SignedIn, name: &str) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let before = templates::find(&mut tx, name).await?.ok_or_else(Problem::not_found)?;
        Keeper::of(&mut tx, who).await?.require(before.department_id)?;
        templates::remove(&mut tx, name).await?;
        let detail = json!({"label": before.label});
        audit::insert(&mut tx, now, &who.actor(), "template.remove", &format!("template:{name}"), detail).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What somebody may keep.
pub struct Keeper<'a> {
    who: &'a SignedIn,
    headed: HashSet<DepartmentId>,
}

impl<'a> Keeper<'a> {
    pub async fn of(tx: &mut Tx, who: &'a SignedIn) -> Result<Self> {
        let headed = if who.is_head { templates::list_headed(tx, who.person).await? } else { Vec::new() };
        Ok(Self { who, headed: headed.into_iter().collect() })
    }

    /// Those of this department; none: of everybody.
    pub fn may_keep(&self, department: Option<DepartmentId>) -> bool {
        let is_own = department.is_some_and(|department| self.headed.contains(&department));
        policy::may(self.who, Action::KeepTemplates, &Facts::owned(is_own))
    }

    /// Also those of everybody.
    pub fn keeps_all(&self) -> bool {
        self.may_keep(None)
    }

    fn require(&self, department: Option<DepartmentId>) -> Result<(), Problem> {
        if self.may_keep(department) { Ok(()) } else { Err(Problem::not_found()) }
    }
}

/// The label, trimmed. What a text lacks is filled when it is used; a template language is refused here.
fn check(written: &Written) -> Result<String, Problem> {
    let label = written.label.trim();
    let length = label.chars().count();
    if length == 0 || length > LONGEST_LABEL || label.chars().any(char::is_control) {
        return Err(Problem::invalid(
            "TPL_LABEL",
            "/label",
            format!("模板名称应为 1–{LONGEST_LABEL} 字，当前 {length} 字"),
        )
        .in_english(format!("a template's name has 1 to {LONGEST_LABEL} characters, this one {length}")));
    }
    text::fits(&written.title, &written.body, &written.signature, "")?;
    for (text, at) in [(&written.title, "/title"), (&written.body, "/body")] {
        template::fill(text, at, &[], |name| Some(name.to_owned()))?;
    }
    Ok(label.to_owned())
}

/// Title and body with every placeholder filled.
pub(super) async fn fill(tx: &mut Tx, draft: &Draft) -> Result<(String, String)> {
    let (title, body, values) = match &draft.template {
        Some(used) => {
            let Some(kept) = templates::find(tx, &used.name).await? else {
                return Err(Problem::invalid(
                    "TPL_UNKNOWN",
                    "/template/name",
                    format!("没有名为“{}”的消息模板", used.name),
                )
                .in_english(format!("there is no message template “{}”", used.name))
                .into());
            };
            (draft.title.clone(), kept.body, Some(&used.values))
        }
        None => (draft.title.clone(), draft.body.clone(), None),
    };
    let value = |name: &str| {
        values.and_then(|values| values.get(name)).map(|value| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    };
    let names: Vec<_> = values.iter().flat_map(|values| values.keys()).map(String::as_str).collect();
    let (title, body) =
        (template::fill(&title, "/title", &names, value)?, template::fill(&body, "/body", &names, value)?);
    if draft.template.is_none() {
        return Ok((title, body));
    }
    // What a template and its values make together keeps to the rules of any text.
    Ok((text::title(&title, "/title")?, text::body(&body, "/body")?))
}
