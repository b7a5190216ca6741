//! 通讯录: the directory comes in as a spreadsheet and goes out as one.
//!
//! An import is keyed by account: the same file twice changes nothing the second time. A row that
//! is wrong fails alone and is named with its column, value, reason and what to do; in strict mode
//! one wrong row keeps everything out. A file is one transaction: it is in as a whole or not at all.

mod columns;
mod compare;
mod entry;
mod export;
mod import;
mod sheet;
mod template;
mod tree;

use serde::Serialize;

pub use export::{Export, export};
pub use import::{Import, import};
pub use sheet::LARGEST;
pub use template::{template, write_template};

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// Rows, not errors: a row may have several.
    pub failed: u64,
    pub errors: Vec<Complaint>,
    /// What was taken in, but not quite as it stood.
    pub warnings: Vec<Complaint>,
}

/// What is wrong with one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Complaint {
    /// As the spreadsheet numbers its rows.
    pub row: u32,
    /// The heading of the column.
    pub column: &'static str,
    pub value: String,
    pub reason: String,
    pub suggestion: String,
}
