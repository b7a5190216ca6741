//! What each page shows, as plain values: a handler fills them, a template reads them.
//!
//! Every view has a `sample()` that the template test renders. A view holds only what its page
//! shows; an absent value is `None`, never a missing field.

pub mod admin;
pub mod approval_rules;
pub mod approvals;
pub mod compose;
pub mod curve;
pub mod door;
pub mod groups;
pub mod inbox;
pub mod letter;
pub mod me;
pub mod outbox;
pub mod outbox_list;
pub mod pager;
pub mod phone;
pub mod portal;
pub mod quotas;
pub mod recycle;
mod samples;
pub mod shell;
pub mod templates;

pub use shell::Shell;

/// A moment in a view; templates write it in the shell's zone.
pub use crate::clock::Timestamp as Moment;
