//! `/outbox/…`: what this person has sent, what became of it, and what may still be done about it.
//! Writing it is in [`super::compose`].

pub(super) mod exports;
pub(super) mod list;
pub(super) mod one;
mod series;
mod sheet;
mod tally;
mod timeline;
