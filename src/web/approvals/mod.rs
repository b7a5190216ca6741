//! `/approvals/…`: what waits for a person's decision, and deciding on it.

mod changes;
pub(super) mod list;
pub(super) mod one;
