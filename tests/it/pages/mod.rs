//! The pages, through the router and without a socket, as browsers would use them.

mod account;
mod adding;
mod approval_rules;
mod approvals;
pub mod browser;
mod compose;
mod deputies;
mod events;
mod evidence;
mod group_uses;
mod groups;
mod inbox;
mod keeping;
mod login;
mod outbox;
mod outbox_list;
mod pasted;
mod portal;
mod quotas;
mod recycle;
mod refused;
mod sending;
mod series;
mod templates;
mod timeline;
