//! 审批: who must consent to a message, asking them, and what they say.

pub(super) mod ask;
pub mod decide;
mod replace;
pub mod rules;
pub mod transfer;
