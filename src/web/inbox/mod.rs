//! `/inbox/…`: what this person got.

pub(super) mod list;
pub(super) mod one;
