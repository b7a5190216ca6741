//! What people live through, told as the manuals do.

mod approval;
mod escalation;
mod import;
mod main_job;
pub mod sending;
mod sign_in;
