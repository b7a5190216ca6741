//! `/admin/quotas`: 短信配额 of departments and modules, and the ledger of each.

use serde::Serialize;

use super::{Moment, approvals::Share};
use crate::domain::quota::Mode;

/// A quota and what is used of it; before an approver and in a forecast with what is asked for.
#[derive(Debug, Clone, Serialize)]
pub struct QuotaLine {
    /// of the department or module
    pub name: String,
    /// `2026-11`
    pub month: String,
    /// Pieces in a month; `None`: no limit.
    pub pieces: Option<i64>,
    /// Held or used in the month, without `asked`.
    pub used: i64,
    /// What this message takes at most; 0 where none is meant.
    pub asked: i64,
    /// What is left after both; never below zero.
    pub left: i64,
    /// So many go beyond.
    pub beyond: i64,
    pub mode: Mode,
    /// `used` and `asked`, to be drawn.
    pub shares: Vec<Share>,
}

/// `pages/quotas`
#[derive(Debug, Clone, Serialize)]
pub struct QuotasPage {
    pub rows: Vec<QuotaRow>,
    pub notice: Option<String>,
}

/// One quota of the list.
#[derive(Debug, Clone, Serialize)]
pub struct QuotaRow {
    pub id: String,
    pub is_module: bool,
    /// Of `used`: by messages that have not come to their end.
    pub held: i64,
    pub line: QuotaLine,
}

/// `pages/quota`: `POST /admin/quotas/{id}` with the fields of this and `do` = `save`.
#[derive(Debug, Clone, Serialize)]
pub struct QuotaPage {
    /// `new`, or whose id it is.
    pub id: String,
    /// of the department or module
    pub name: String,
    /// The choices of a new one.
    pub holders: Vec<HolderGroup>,
    /// As it was typed; empty: no limit.
    pub pieces: String,
    pub mode: Mode,
    pub problem: Option<String>,
    /// `None` of a new one.
    pub ledger: Option<LedgerView>,
}

/// Departments, or modules.
#[derive(Debug, Clone, Serialize)]
pub struct HolderGroup {
    /// Words under `quotas.group.<kind>`.
    pub kind: &'static str,
    pub choices: Vec<HolderChoice>,
}

#[derive(Debug, Clone, Serialize)]
pub struct HolderChoice {
    /// `department:jwc`, `module:visitor`
    pub value: String,
    pub label: String,
    pub is_chosen: bool,
}

/// 台账 of one month.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerView {
    /// `2026-11`
    pub month: String,
    pub line: QuotaLine,
    /// The latest first, each beside the largest.
    pub months: Vec<MonthRow>,
    pub rows: Vec<LedgerRow>,
    /// There are more than these.
    pub is_cut: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct MonthRow {
    pub month: String,
    pub used: i64,
    /// the largest of all, and of the limit
    pub most: i64,
    pub is_shown: bool,
}

/// What one message, reminder or resend takes.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerRow {
    pub sender: String,
    pub at: Moment,
    pub people: i64,
    /// Words under `quotas.what.<why>`: `sent`, `reminded`, `resent`.
    pub why: &'static str,
    /// pieces of one SMS
    pub segments: i64,
    /// at most
    pub held: i64,
    /// in the end; `None`: it has not come to its end
    pub took: Option<i64>,
}
