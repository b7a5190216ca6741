//! What people live through, told as the manuals do.

mod approval;
mod demo;
mod escalation;
mod import;
mod invariants;
mod main_job;
mod modules;
mod races;
pub mod sending;
mod sign_in;
