//! What people live through, told as the manuals do.

mod approval;
mod escalation;
pub mod sending;
mod sign_in;
