//! Who works with the system: accounts, passwords, sessions, modules. What they may do is said by
//! [`super::policy`].

pub mod administer;
pub(super) mod hash;
pub(super) mod prove;
pub mod register;
pub(super) mod set_password;
pub mod sign_in;
