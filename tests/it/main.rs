//! The tests that run in one process: stories, contracts, pages, access and the shape of the tree.

#[path = "../shared/gate.rs"]
mod gate;
#[path = "../shared/parts.rs"]
mod parts;
#[path = "../shared/schema.rs"]
mod schema;
#[path = "../shared/staff.rs"]
mod staff;

mod access;
mod api;
mod bad_input;
mod checklist;
mod contract;
mod pages;
mod stories;
mod support;
mod templates;
mod tidy;
