//! Modules of the hub's own: each brings something in, and posts by the same door as foreign ones.

mod cells;
pub mod directory;
mod door;
pub mod groups;
pub mod meeting;
mod sheet;
pub mod visitor;
