//! `/admin/approval-rules`: which sends need whose consent, as administrators see and change it.

use serde::Serialize;

use crate::domain::approval::{Approver, Consent};

/// `pages/approval_rules`.
#[derive(Debug, Clone, Serialize)]
pub struct RulesPage {
    pub rules: Vec<RuleRow>,
    /// Some rule catches what anybody sends to very many.
    pub is_safe: bool,
    pub notice: Option<String>,
    /// Why nothing was changed.
    pub problem: Option<String>,
    pub trial: Trial,
}

/// One rule in the order in which they are tried.
#[derive(Debug, Clone, Serialize)]
pub struct RuleRow {
    pub id: String,
    pub name: String,
    /// When it applies, in words; empty: always.
    pub conditions: String,
    pub nodes: Vec<NodeLine>,
}

/// One node in a line.
#[derive(Debug, Clone, Serialize)]
pub struct NodeLine {
    /// Its own name, or whom it asks.
    pub name: String,
    /// Names or accounts, 、 between them; empty where that is found out when it is asked.
    pub people: String,
    pub consent: Consent,
    pub sms: bool,
}

/// A name of a list, ticked or not: a department, a send rule, a category.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    pub name: String,
    pub label: String,
    pub chosen: bool,
}

/// 试算: `GET /admin/approval-rules?sender=…&…`
#[derive(Debug, Clone, Serialize)]
pub struct Trial {
    /// An account.
    pub sender: String,
    pub everyone: bool,
    /// Accounts, one a line.
    pub accounts: String,
    /// Codes with their ways from the top.
    pub departments: Vec<Choice>,
    pub send_rules: Vec<Choice>,
    pub categories: Vec<Choice>,
    pub outcome: Option<Outcome>,
    /// It could not be sent at all.
    pub problem: Option<String>,
}

/// What would happen.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    pub recipients: i64,
    /// SMS pieces and calls at most.
    pub cost: i64,
    /// The rule that would apply; `None`: nobody needs to be asked.
    pub rule: Option<String>,
    /// With the names of those who would be asked.
    pub nodes: Vec<NodeLine>,
    /// At some node there is nobody who could decide: it would be refused.
    pub is_stuck: bool,
}

/// `pages/approval_rule`: `POST /admin/approval-rules/{id}` with the fields of this and `do` = `save`,
/// `add_node`, `remove_node.<nth>`, `delete`.
#[derive(Debug, Clone, Serialize)]
pub struct RulePage {
    /// `new`, or whose id it is.
    pub id: String,
    pub name: String,
    pub min_recipients: String,
    pub min_beyond_department: String,
    pub min_cost_units: String,
    /// `people`, `modules`, or empty: both.
    pub by: String,
    /// `yes`, `no`, or empty: both.
    pub head: String,
    /// Codes with their ways from the top.
    pub departments: Vec<Choice>,
    /// Some department, send rule or category is chosen, so that they are shown open.
    pub is_narrow: bool,
    pub send_rules: Vec<Choice>,
    pub categories: Vec<Choice>,
    pub nodes: Vec<NodeForm>,
    pub can_add: bool,
    /// Only with `sure=1` is it done.
    pub asks_sure: bool,
    pub problem: Option<String>,
}

/// The fields `node.<nth>.…` of one node.
#[derive(Debug, Clone, Serialize)]
pub struct NodeForm {
    pub nth: usize,
    /// As people count.
    pub number: usize,
    pub name: String,
    pub approver: Approver,
    /// Accounts, one a line.
    pub people: String,
    pub consent: Consent,
    pub sms: bool,
    pub can_remove: bool,
}
