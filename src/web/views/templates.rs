//! `/templates`: texts that are written again and again.

use serde::Serialize;

use super::compose::Placeholder;
use crate::hub::send::templates::Written;

/// `pages/templates`.
#[derive(Debug, Clone, Serialize)]
pub struct TemplatesPage {
    pub rows: Vec<TemplateRow>,
    pub can_add: bool,
    /// What was just done, already in the person's language.
    pub notice: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct TemplateRow {
    /// By which programs use it.
    pub name: String,
    pub label: String,
    pub title: String,
    /// `None`: everybody's.
    pub department: Option<String>,
    pub editable: bool,
}

/// `pages/template`.
#[derive(Debug, Clone, Serialize)]
pub struct TemplatePage {
    pub name: String,
    pub is_new: bool,
    /// What was typed.
    pub form: Written,
    pub units: Vec<Unit>,
    /// It may be everybody's.
    pub for_all: bool,
    pub fields: Vec<Placeholder>,
    /// Why it was not saved, already in the person's language.
    pub problem: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Unit {
    pub code: String,
    pub name: String,
    pub chosen: bool,
}
