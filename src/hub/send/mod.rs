//! From what somebody writes to a message that is accepted and has its time: drafts, files, templates,
//! whom it reaches, when it comes again.

pub mod audience;
pub mod draft;
pub mod files;
pub mod intake;
pub mod note;
pub mod origin;
pub mod preview;
pub mod release;
pub mod resolve;
pub mod series;
pub mod templates;
