//! Who comes, and how he proves it: signing in, passwords, sessions, and the proof that a change was
//! meant. What he may then do is said by `hub::policy`.

pub(super) mod cookies;
pub(super) mod csrf;
pub(super) mod login;
pub(super) mod password;
pub(super) mod prove;
pub(super) mod session;
pub(super) mod setup;
pub(super) mod throttle;
