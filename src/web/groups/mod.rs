//! `/groups/…`: 群分组, the lists of recipients that somebody keeps.

pub(super) mod add;
pub(super) mod list;
pub(super) mod one;
mod view;
