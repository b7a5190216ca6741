//! 消息模板: texts that are written again and again. Administrators keep those of everybody, heads those
//! of their departments; whoever belongs to one of them may use them. Programs use them by name.

use serde_json::json;

use super::{
    Hub, Result,
    policy::{self, Action, Facts},
    sign_in::SignedIn,
};
use crate::{
    domain::{DepartmentId, Problem, command::text, template},
    storage::{
        Tx, audit, departments,
        templates::{self, Template},
    },
};

/// Templates of one installation that a page lists.
const MOST: i64 = 500;
/// In characters.
const LONGEST_LABEL: usize = 50;

/// A template as it is written.
#[derive(Debug, Clone, Default)]
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
    pub async fn list_templates(&self, who: &SignedIn) -> Result<Vec<(Template, bool)>> {
        let mut tx = self.db.read().await?;
        let keeps_all = policy::may(who, Action::KeepTemplates, &Facts::STRANGER);
        let mut listed = Vec::new();
        for template in templates::list_for(&mut tx, who.person, keeps_all, MOST).await? {
            let may_edit = may_keep(&mut tx, who, template.department_id).await?;
            listed.push((template, may_edit));
        }
        Ok(listed)
    }

    /// One that this person may use.
    ///
    /// # Errors
    /// `NOT_FOUND`
    pub async fn find_template(&self, who: &SignedIn, name: &str) -> Result<Template> {
        let found = self.list_templates(who).await?.into_iter().find(|(template, _)| template.name == name);
        Ok(found.map(|(template, _)| template).ok_or_else(Problem::not_found)?)
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
        if let Some(name) = name {
            let before = templates::find(&mut tx, name).await?.ok_or_else(Problem::not_found)?;
            require(&mut tx, who, before.department_id).await?;
        }
        let department = match written.department.as_str() {
            "" => None,
            code => Some(departments::find_by_code(&mut tx, code).await?.ok_or_else(Problem::not_found)?),
        };
        require(&mut tx, who, department.as_ref().map(|department| department.id)).await?;
        let name = name.map_or_else(|| uuid::Uuid::now_v7().simple().to_string(), str::to_owned);
        let template = Template {
            name: name.clone(),
            label,
            title: written.title.trim().to_owned(),
            body: written.body.clone(),
            signature: written.signature.trim().to_owned(),
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
        require(&mut tx, who, before.department_id).await?;
        templates::remove(&mut tx, name).await?;
        let detail = json!({"label": before.label});
        audit::insert(&mut tx, now, &who.actor(), "template.remove", &format!("template:{name}"), detail).await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn may_keep(tx: &mut Tx, who: &SignedIn, of: Option<DepartmentId>) -> Result<bool> {
    let is_own = match of {
        Some(department) if who.is_head => templates::is_headed_by(tx, department, who.person).await?,
        _ => false,
    };
    Ok(policy::may(who, Action::KeepTemplates, &Facts::owned(is_own)))
}

async fn require(tx: &mut Tx, who: &SignedIn, of: Option<DepartmentId>) -> Result<()> {
    if may_keep(tx, who, of).await? { Ok(()) } else { Err(Problem::not_found().into()) }
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
