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
mod template;
mod tree;

pub use super::{
    cells::{Complaint, Report},
    sheet::LARGEST,
};
pub use export::{Export, export};
pub use import::{Import, import};
pub use template::{template, write_template};
