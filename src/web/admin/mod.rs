//! `/admin/…`: what only those who run the organisation or the installation see and change. A page that
//! others use too is not here.

pub(super) mod approval_rules;
mod channel_health;
pub(super) mod overview;
pub(super) mod quotas;
pub(super) mod recalls;
mod rule_form;
