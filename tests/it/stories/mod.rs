//! What people do with the hub, told as they would tell it.

mod sign_in;
//! What people live through, told as the manuals do.

mod approval;
mod escalation;
pub mod sending;
