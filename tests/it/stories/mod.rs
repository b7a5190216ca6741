//! What people live through, told as the manuals do.

mod adding;
mod approval;
mod calls;
mod chasing;
mod countersign_races;
mod delegation;
mod demo;
mod escalation;
mod files;
mod import;
mod invariants;
mod main_job;
mod mishaps;
mod modules;
mod nodes;
mod personal;
mod quota_races;
pub mod quotas;
mod races;
pub mod sending;
mod series;
mod sign_in;
