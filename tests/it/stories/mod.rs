//! What people live through, told as the manuals do.

mod approval;
mod escalation;
mod import;
pub mod sending;
mod sign_in;
