//! What runs without being asked, and what every verb runs on: loops, bells, leases, keys, the chain of
//! the audit.

pub mod complaint;
pub mod forget;
pub(super) mod in_hand;
pub(super) mod live;
pub(super) mod once;
pub mod relay;
pub mod room;
pub mod run;
pub mod schedule;
pub mod seal;
pub(super) mod setup;
pub mod sweep;
pub(super) mod together;
pub(super) mod wake;
